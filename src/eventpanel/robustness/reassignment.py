"""Reassignment: the headline under other assignments of the event, drawn and put into lines."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, NotAvailableError
from eventpanel.estimators.coding import over
from eventpanel.estimators.placebo_draws import PlaceboDraws, placebo_draws
from eventpanel.estimators.randomisation import Randomisation
from eventpanel.estimators.record import event_unit, record
from eventpanel.robustness.case import Case
from eventpanel.robustness.lines import Line
from eventpanel.robustness.variation import unit_of

__all__ = ["Reassigned", "Scheme", "drawn", "line_of_draws", "need_regression", "units_with_event", "values_of"]

Scheme = Literal["permute", "shift", "spells"]
# Estimators of the headline whose path is one regression.
REGRESSIONS = ("distributed_lag", "ppml")


def need_regression(case: Case) -> None:
    """Refuse a headline that is no regression of the path.

    Parameters
    ----------
    case : Case

    Raises
    ------
    NotAvailableError
    """
    if case.question.estimator not in REGRESSIONS:
        raise NotAvailableError(
            "This check is for headlines by distributed lag or Poisson.",
            f"estimator: {case.question.estimator}",
            "name another headline",
        )


class Reassigned(NamedTuple):
    """Draws of the headline.

    Attributes
    ----------
    draws : PlaceboDraws
    note : str
        What to know of them, or empty.
    """

    draws: PlaceboDraws
    note: str = ""


def drawn(case: Case, scheme: Scheme) -> Reassigned:
    """Draw the headline under other assignments; histories are permuted within the strata of the study.

    Where records do not cover the same periods, only units whose records do exchange them.

    Parameters
    ----------
    case : Case
    scheme : {"permute", "shift", "spells"}

    Raises
    ------
    DesignError
        Histories that cannot be reassigned, with the units concerned.
    """
    section = case.section
    how = Randomisation(
        draws=section.draws,
        seed=section.seed,
        scheme=scheme,
        strata=tuple(section.randomisation.strata) if scheme == "permute" else (),
        model="linear" if case.is_linear else "poisson score",
    )
    try:
        return Reassigned(placebo_draws(case.panel, case.design, how, case.target))
    except DesignError:
        if scheme != "permute":
            raise
    matched = placebo_draws(case.panel, case.design, replace(how, unequal="match"), case.target)
    return Reassigned(matched, "exchanged only between units whose records cover the same periods")


def line_of_draws(case: Case, blank: Line, reassigned: Reassigned, side: Literal["two", "one"] = "two") -> Line:
    """Fill a line with what draws say.

    Parameters
    ----------
    case : Case
    blank : Line
        What the number is.
    reassigned : Reassigned
    side : {"two", "one"}
        Draws as large in absolute value, or in the predicted direction.
    """
    found = reassigned.draws
    p = found.p_value if side == "two" else found.p_directed
    notes = [note for note in (blank.note, reassigned.note) if note]
    if found.enumerated:
        notes.append("all assignments there are")
    lost = int(np.isnan(found.statistics).sum())
    if lost:
        notes.append(f"{lost} draws could not be estimated and count as larger")
    if found.held:
        unit = event_unit(case.panel, case.design.event)
        notes.append(f"{len(found.held)} of {found.units} {unit} units keep their own history in every draw")
    if not case.is_linear:
        notes.append("score test: the number is one Newton step from a fit without the path")
    return blank._replace(
        unit=unit_of(case.question),
        estimate=found.estimate,
        p_value=p,
        p_error=found.error_of(p),
        draws=float(len(found.statistics)),
        nobs=float(case.estimate.nobs),
        n_clusters=float(case.estimate.n_clusters),
        n_treated=float(case.estimate.n_treated),
        note="; ".join(notes),
    )


def values_of(reassigned: Reassigned) -> tuple[float, ...]:
    """Values that a histogram needs: the data's, then those of the draws that could be estimated.

    Parameters
    ----------
    reassigned : Reassigned
    """
    found = reassigned.draws
    return (found.estimate, *found.estimates[~np.isnan(found.estimates)].tolist())


def units_with_event(case: Case) -> int:
    """Count the units of the sample whose record holds an event.

    Parameters
    ----------
    case : Case
    """
    events = record(case.panel, case.design.event)
    struck = (over(events.given, case.design.event)[:-1] == 1).any(axis=1)
    sampled = pd.Index(case.panel.column(events.by)[case.estimate.sample].unique())
    return int(struck[events.calendar.units.get_indexer(sampled)].sum())
