"""Placebo units: every unit in turn plays the one that was treated."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.permutation import TIE
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate, Term
from eventpanel.estimators.solution import EstimationWarning

__all__ = ["Placebo", "placebo_units", "ranks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placebo:
    """Who plays whom.

    Parameters
    ----------
    by : str
        Unit column of the panel, such as ``"exporter"``.
    actual : object
        The unit that was treated, such as ``"CHN"``.
    column : str
        Column that tells it apart: the event, or what the moderator is made of. In each placebo the unit and
        ``actual`` exchange its values.
    among : tuple
        Units that take part; all units of the panel without it.
    """

    by: str
    actual: object
    column: str
    among: tuple[object, ...] = ()


def placebo_units(
    panel: Panel,
    design: Design,
    placebo: Placebo,
    *,
    estimator: Callable[[Panel, Design], Estimate] = distributed_lag,
    step: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Estimate the path with every unit in the place of the treated one, and rank them.

    Parameters
    ----------
    panel : Panel
    design : Design
    placebo : Placebo
    estimator : callable
        A function of panel and design, such as ``ppml``.
    step : callable, optional
        Called with the unit's name after each estimate.

    Returns
    -------
    DataFrame
        One row per unit and term: unit, actual, term, event_time, group, estimate, statistic (t), p_estimate and
        p_statistic (rank by absolute value over the number of units, ties counted against the unit; the rows with
        ``actual`` hold the p-values of the data), remark (why a placebo could not be estimated; it then ranks first).

    Raises
    ------
    DesignError
        As the estimator raises it for the data; units that are not there.

    Warns
    -----
    EstimationWarning
        As the estimator warns for the data.

    Examples
    --------
    See docs/methods/few_treated.md.
    """
    units = _units(panel, placebo)
    estimate = estimator(panel, design)
    tables = [_table(estimate, placebo.actual, estimate.path)]
    for unit in units:
        with warnings.catch_warnings():
            # The cautions of the data hold for every placebo.
            warnings.simplefilter("ignore", EstimationWarning)
            tables.append(_one(estimator, _exchanged(panel, placebo, unit), design, unit, estimate.path))
        if step is not None:
            step(str(unit))
    table = pd.concat(tables, ignore_index=True)
    table.insert(1, "actual", table["unit"] == placebo.actual)
    for name in ("estimate", "statistic"):
        ranked = [ranks(part.to_numpy()) for _, part in table.groupby("term", sort=False)[name]]
        order = np.concatenate([part.index for _, part in table.groupby("term", sort=False)])
        table[f"p_{name}"] = pd.Series(np.concatenate(ranked), index=order)
    return table[[name for name in table.columns if name != "remark"] + ["remark"]]


def _units(panel: Panel, placebo: Placebo) -> list[object]:
    """Units that play the treated one, in order."""
    panel.column(placebo.column)
    if placebo.by not in panel.unit:
        raise DesignError(
            f"{placebo.by!r} is no unit column of the panel.", f"unit: {', '.join(panel.unit)}", "choose one of them"
        )
    present = panel.column(placebo.by).unique().tolist()
    wanted = list(placebo.among) or sorted(present, key=str)
    absent = [unit for unit in [placebo.actual, *wanted] if unit not in present]
    if absent:
        raise DesignError(
            f"There is no {placebo.by} {first_few(map(repr, absent))}.", first_few(sorted(map(str, present)), 12), ""
        )
    return [unit for unit in dict.fromkeys(wanted) if unit != placebo.actual]


def _exchanged(panel: Panel, placebo: Placebo, unit: object) -> Panel:
    """Panel in which two units have exchanged a column, period by period."""
    frame, other = panel.frame, {placebo.actual: unit, unit: placebo.actual}
    keys = _keys(panel, placebo)
    values = frame[[*keys, placebo.column]].drop_duplicates().set_index(keys)[placebo.column]
    rows = frame[placebo.by].isin(list(other))
    wanted = frame.loc[rows, keys].assign(**{placebo.by: frame.loc[rows, placebo.by].map(other)})
    index = pd.MultiIndex.from_frame(wanted) if len(keys) > 1 else pd.Index(wanted[placebo.by])
    column = frame[placebo.column].copy()
    column[rows] = values.reindex(index).to_numpy()
    return panel.with_frame(frame.assign(**{placebo.column: column}))


def _keys(panel: Panel, placebo: Placebo) -> list[str]:
    """Fewest keys that tell the column's values: the unit, unit and period, or all."""
    time = [] if panel.period is None else [panel.period]
    for keys in ([placebo.by], [placebo.by, *time]):
        if not panel.frame[[*keys, placebo.column]].drop_duplicates().duplicated(keys).any():
            return keys
    return list(panel.keys)


def _one(
    estimator: Callable[[Panel, Design], Estimate], panel: Panel, design: Design, unit: object, terms: Sequence[Term]
) -> pd.DataFrame:
    try:
        return _table(estimator(panel, design), unit, terms)
    except DesignError as error:
        return _table(None, unit, terms).assign(remark=error.what)


def _table(estimate: Estimate | None, unit: object, terms: Sequence[Term]) -> pd.DataFrame:
    """Rows of one unit for the terms of the data; missing where they could not be estimated."""
    numbers: dict[Term, tuple[float, float]] = {}
    if estimate is not None:
        numbers = dict(zip(estimate.terms, zip(estimate.coef, estimate.tstats, strict=True), strict=True))
    return pd.DataFrame(
        {
            "unit": [unit] * len(terms),
            "term": [str(term) for term in terms],
            "event_time": pd.array([term.event_time for term in terms], dtype="Int64"),
            "group": [term.group for term in terms],
            "estimate": [numbers.get(term, (np.nan, np.nan))[0] for term in terms],
            "statistic": [numbers.get(term, (np.nan, np.nan))[1] for term in terms],
            "remark": ["" if term in numbers else "not identified" for term in terms],
        }
    )


def ranks(values: Floats) -> Floats:
    """Share of values at least as large in absolute terms; missing ones are largest.

    Parameters
    ----------
    values : ndarray, shape (units,)
    """
    size = np.where(np.isnan(values), np.inf, np.abs(values))
    margin = TIE * np.where(np.isinf(size), 1.0, np.maximum(size, 1e-300))
    return np.array([(size >= own - slack).mean() for own, slack in zip(size, margin, strict=True)])
