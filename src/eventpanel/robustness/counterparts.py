"""Counterparts: the headline's question asked of another unit, and what lies between two estimates."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from eventpanel.datasets.errors import NotAvailableError
from eventpanel.estimators.bootstrap import Bootstrap
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.joint import joined
from eventpanel.estimators.multiple import romano_wolf
from eventpanel.estimators.path import Term
from eventpanel.robustness.case import Case
from eventpanel.robustness.lines import Line
from eventpanel.robustness_section import PlaceboUnitsSection

__all__ = ["family_lines", "in_its_place", "is_alone", "other_units", "units_section", "weighted"]


def units_section(case: Case) -> PlaceboUnitsSection:
    """Return what the study says about other units.

    Raises
    ------
    NotAvailableError
        Nothing, a column that names no unit, or an actual one that is not there.
    """
    section = case.section.placebo_units
    if section is None:
        raise NotAvailableError("The study names no other units.", "[robustness.placebo_units]", "add by and actual")
    if section.by not in case.panel.unit:
        raise NotAvailableError(
            f"{section.by!r} is no unit of the panel.", f"units: {', '.join(case.panel.unit)}", "name one of them"
        )
    if section.actual not in case.panel.column(section.by).unique():
        raise NotAvailableError(f"There is no {section.by} {section.actual!r}.", "robustness.placebo_units.actual", "")
    return section


def other_units(case: Case) -> tuple[str, ...]:
    """Units that can take the place of the actual one, in order.

    Raises
    ------
    NotAvailableError
        As :func:`units_section`; none but the actual one.
    """
    section = units_section(case)
    among = section.among or sorted(map(str, case.panel.column(section.by).unique()))
    others = tuple(unit for unit in dict.fromkeys(among) if unit != section.actual)
    if not others:
        raise NotAvailableError(f"There is no other {section.by}.", section.actual, "add units to the panel")
    return others


def is_alone(case: Case) -> bool:
    """Whether the sample of the headline is the actual unit alone.

    Parameters
    ----------
    case : Case
    """
    section = units_section(case)
    return dict(case.design.sample.where).get(section.by) == (section.actual,)


def in_its_place(case: Case, unit: str) -> dict[str, Any]:
    """Put another unit in the place of the actual one in the sample, as changes of the headline.

    Parameters
    ----------
    case : Case
    unit : str
    """
    return {"sample": {"where": {units_section(case).by: [unit]}}}


def weighted(estimates: Sequence[Estimate], weights: Sequence[float], term: Term) -> Estimate:
    """Sum of estimates of one term each, with the covariance between them from the clusters they share.

    Parameters
    ----------
    estimates : sequence of Estimate
        All of a single term, on panels with the same rows.
    weights : sequence of float
    term : Term
        What the sum is.

    Raises
    ------
    DesignError
        Estimates that do not tell what each cluster contributes, or have different clusters.
    """
    row = np.array(weights, dtype=np.float64)
    contributions = joined(estimates).combine(row[None])
    return replace(
        estimates[0],
        terms=(term,),
        coef=np.array([row @ np.array([one.coef[0] for one in estimates])]),
        vcov=contributions.vcov,
        dof=np.min([one.dof for one in estimates], axis=0),
        contributions=contributions,
        nobs=int(np.logical_or.reduce([one.sample for one in estimates]).sum()),
        n_clusters=len(contributions.values),
        n_treated=max(one.n_treated for one in estimates),
    )


def family_lines(case: Case, blank: Line, designs: Mapping[str, Design]) -> tuple[Line, ...]:
    """P-values of the target in several designs, for the whole family: Romano and Wolf, from common draws.

    Parameters
    ----------
    case : Case
    blank : Line
        Check and part.
    designs : mapping of label to Design
        Linear, with clusters of one column.

    Raises
    ------
    DesignError
        As :func:`eventpanel.estimators.multiple.romano_wolf`.
    """
    bootstrap = Bootstrap(draws=case.section.draws, seed=case.section.seed)
    table = romano_wolf(case.panel, designs, bootstrap, [_hypothesis(case)])
    return tuple(_family_line(blank, row) for row in table.to_dict("records"))


def _hypothesis(case: Case) -> str | Term:
    target, column = case.target, case.design.event.column
    if not target.minus:
        return Term(column, target.event_time, target.group)
    return " - ".join(f"`{column}`[{target.event_time}, {group}]" for group in (target.group, target.minus))


def _family_line(blank: Line, row: Mapping[Hashable, Any]) -> Line:
    p, draws = float(row["p_romano_wolf"]), float(row["draws"])
    return blank._replace(
        label=str(row["estimate"]),
        role="test",
        quantity="p-value, Romano-Wolf",
        p_value=p,
        p_error=float("nan") if row["enumerated"] else float(np.sqrt(p * (1 - p) / draws)),
        draws=draws,
        note=f"for the whole family by common draws (alone {row['p_value']:.3g})",
    )
