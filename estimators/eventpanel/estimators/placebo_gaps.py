"""Placebo gaps: every unit in the place of the one that is told apart, from one pass over the rows.

A comparison such as ``china x ai`` rests on one cluster: its clustered standard error measures nothing (MacKinnon and
Webb 2018, doi:10.1111/ectj.12107). What can be asked is how large the coefficient is when the mark is given to any
other unit.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.cautions import EstimationWarning
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.marks import Columns, mark_each
from eventpanel.estimators.core.permutation import TIE
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.covariance.rules import check_choice
from eventpanel.estimators.linear import Linear, count, linear
from eventpanel.estimators.linear_fit import LinearFit
from eventpanel.estimators.linear_rows import LinearRows, columns_of, linear_rows
from eventpanel.estimators.placebo_units import ranks
from eventpanel.estimators.solution import removed
from eventpanel.estimators.tidy import check_level

__all__ = ["placebo_gaps", "placebo_interval"]


def placebo_gaps(
    panel: Panel, model: Linear, *, by: str, actual: object, column: str, terms: tuple[str, ...]
) -> pd.DataFrame:
    """Estimate a gap with every unit in the place of the one that is told apart, and rank them.

    Each row is what :func:`linear` finds when ``column`` is 1 for that unit instead of ``actual``. All rows stay in
    the sample, so that the actual unit is one of the others of each placebo, as in :func:`placebo_units`: units
    exchange their marks, and p-values are exact where they could. A true gap then enters the placebos too; beside them
    stand the gaps found where the actual unit is left out.

    Parameters
    ----------
    panel : Panel
    model : Linear
        Clustered one way, CRV1.
    by : str
        Unit column of the panel, such as ``"exporter"``.
    actual : object
        The unit that is told apart, such as ``"CHN"``.
    column : str
        Column that is 1 in its rows and 0 in all others, such as ``"china"``.
    terms : tuple of str
        All terms of the model with this column, such as ``("china", "china:ai")``; the last is the gap.

    Returns
    -------
    DataFrame
        One row per unit with rows in the sample: unit, actual, estimate, statistic (t), p_estimate and p_statistic
        (rank by absolute value over the number of units, ties counted against the unit; the row with ``actual`` holds
        the p-values of the data), remark (why a placebo could not be estimated; it then ranks first), without_actual
        (the estimate where ``actual`` is not in the sample; its own estimate for that unit).

    Raises
    ------
    DesignError
        As :func:`linear` raises it for the data; a column that is not that mark, terms that are not those with it,
        another covariance.

    Warns
    -----
    EstimationWarning, ConditioningWarning
        As :func:`linear` warns for the data.

    Examples
    --------
    See docs/methods/linear.md.
    """
    mark = _Mark(by, actual, column, terms)
    _check(panel, model, mark)
    found = linear(panel, model)
    units, values, remarks = _each(panel, model, mark)
    if actual not in units:
        raise DesignError(f"The sample has no row of {actual!r}.", first_few(units, 12), "use a wider sample")
    place = units.index(actual)
    values[place], remarks[place] = _gap(found, terms[-1]), ""
    table = _table(units, actual, values, remarks)
    return table.assign(without_actual=_without(panel, model, mark, table))


@dataclass(frozen=True, slots=True)
class _Mark:
    """What tells a unit apart."""

    by: str
    actual: object
    column: str
    terms: tuple[str, ...]


def _check(panel: Panel, model: Linear, mark: _Mark) -> None:
    if mark.by not in panel.unit:
        raise DesignError(
            f"{mark.by!r} is no unit column of the panel.", f"unit: {', '.join(panel.unit)}", "choose one of them"
        )
    held = tuple(term for term in model.terms if mark.column in columns_of(panel, term))
    if set(held) != set(mark.terms) or len(held) != len(mark.terms) or not held:
        raise DesignError(
            f"The terms are not those of the model with {mark.column!r}.",
            f"given: {first_few(mark.terms)}; in the model: {first_few(held)}",
            "name all of them, the gap last",
        )
    asked = model.covariance
    if not isinstance(asked, Clustered) or len(asked.ways) > 1 or asked.kind != "CRV1":
        raise DesignError("Placebo gaps rest on clusters of one way.", asked.describe(), "use Clustered, kind CRV1")
    used = {
        model.outcome,
        *(part for name in (*model.fixed_effects, *asked.ways) for part in name.split("^")),
        *(name for name, _ in model.sample.where),
        *(moderator.column for moderator, _ in model.sample.among),
    }
    if mark.column in used:
        raise DesignError(f"{mark.column!r} is more than a mark.", "", "use it in terms alone, not for the sample")
    wrong = panel.values(mark.column) != (panel.column(mark.by) == mark.actual).to_numpy()
    if wrong.any() or not panel.values(mark.column).any():
        raise DesignError(
            f"{mark.column!r} does not tell {mark.actual!r} apart.",
            f"{int(wrong.sum())} rows in which it is not 1 for {mark.actual!r} and 0 for others",
            f"make a column that is 1 where {mark.by} is {mark.actual!r}",
        )


def _each(panel: Panel, model: Linear, mark: _Mark) -> tuple[list[object], Floats, list[str]]:
    """Units of the sample, gap and t of each but the actual one, shape (units, 2), and why some have none."""
    rows, unit = linear_rows(panel, model), panel.codes(mark.by)
    units: list[object] = unit.labels[np.unique(unit.codes[rows.lost.keep])].tolist()
    values, remarks = _at_once(panel, model, mark, rows), [""] * len(units)
    for place, one in enumerate(units):
        if np.isnan(values[place]).any() and one != mark.actual:
            values[place], remarks[place] = _again(panel, model, mark, one)
    return units, values, remarks


def _without(panel: Panel, model: Linear, mark: _Mark, table: pd.DataFrame) -> Floats:
    """Gap of each unit where the actual one is not in the sample, shape (units,); its own gap for that one."""
    others = panel.with_frame(panel.frame[(panel.column(mark.by) != mark.actual).to_numpy()])
    try:
        units, values, _ = _each(others, model, mark)
    except DesignError:
        # Too few units are left.
        units, values = [], np.empty((0, 2))
    found = dict(zip(units, values[:, 0], strict=True))
    rows = zip(table["unit"], table["actual"], table["estimate"], strict=True)
    return np.array([own if actual else found.get(unit, np.nan) for unit, actual, own in rows])


def _gap(fit: LinearFit, term: str) -> tuple[float, float]:
    estimate, error, _ = fit.coefficient(term)
    return estimate, estimate / error


def _again(panel: Panel, model: Linear, mark: _Mark, unit: object) -> tuple[tuple[float, float], str]:
    """Gap of one unit from a regression of its own, where cross-products would not tell its digits."""
    column = (panel.column(mark.by) == unit).astype(float)
    with warnings.catch_warnings():
        # The cautions of the data hold for every placebo.
        warnings.simplefilter("ignore", EstimationWarning)
        try:
            fit = linear(panel.with_frame(panel.frame.assign(**{mark.column: column})), model)
        except DesignError as error:
            return (np.nan, np.nan), error.what
    gap = _gap(fit, mark.terms[-1])
    return gap, "" if mark.terms[-1] in fit.terms else "not identified"


def _at_once(panel: Panel, model: Linear, mark: _Mark, rows: LinearRows) -> Floats:
    """Gap and t of each unit of the sample, shape (units, 2); missing where cross-products do not hold its digits."""
    keep = rows.lost.keep
    marked = np.ones((len(mark.terms), len(rows.y)))
    for values, term in zip(marked, mark.terms, strict=True):
        for name in columns_of(panel, term):
            if name != mark.column:
                values *= panel.values(name)[keep]
    others = rows.X[:, [term not in mark.terms for term in model.terms]]
    unit = recode(panel.codes(mark.by).codes[keep])
    try:
        found = mark_each(Columns(rows.y, others, marked.T, rows.groupings), unit, rows.ways[0])
    except ArithmeticError:
        # Effects too large for cross-products: a regression for each unit.
        return np.full((int(unit.max()) + 1, 2), np.nan)
    rank = removed(np.empty((len(rows.y), 0)), rows.groupings).rank
    factor = model.covariance.factor(count(rows, found.terms, rank))
    return np.column_stack([found.coef, found.coef / np.sqrt(factor * found.variance)])


def _table(units: list[object], actual: object, values: Floats, remarks: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "unit": units,
            "actual": [unit == actual for unit in units],
            "estimate": values[:, 0],
            "statistic": values[:, 1],
        }
    )
    return table.assign(p_estimate=ranks(values[:, 0]), p_statistic=ranks(values[:, 1]), remark=remarks)


def placebo_interval(
    table: pd.DataFrame, level: float, *, placebos: Literal["estimate", "without_actual"] = "estimate"
) -> tuple[float, float]:
    """Interval for the actual gap from the placebo gaps of the other units.

    The gap is the true one plus an error, and the gaps of units without a true one are errors alone. If units could be
    exchanged, the actual error would be any of them with equal chance: a true gap b is not rejected as long as
    ``|estimate - b|`` ranks low enough among the placebo gaps, by the rule of ``p_estimate``, p = rank / units. All
    such b are the interval: the estimate plus and minus the smallest half-width w such that the actual unit and the
    others with a gap beyond w are together at most the share ``1 - level`` of all units. With U units it is infinite
    for levels above 1 - 1/U. Conley and Taber (2011, doi:10.1162/REST_a_00049) take residuals of controls for
    the error of a treated group in this way; here, as in randomisation inference, whole estimates stand for it.

    Parameters
    ----------
    table : DataFrame
        From :func:`placebo_gaps`; placebos that could not be estimated count as beyond any width.
    level : float
    placebos : {"estimate", "without_actual"}
        Column of the placebo gaps: by the test of ``p_estimate``, or free of the actual gap, of which the others carry
        a part of the order of one over the number of units with the sign turned.

    Returns
    -------
    lower, upper : float

    Raises
    ------
    DesignError
        A level outside (0, 1), another column, or no single actual unit.

    Examples
    --------
    >>> table = pd.DataFrame({"actual": [True] + [False] * 9, "estimate": [5.0, *np.arange(-4.0, 5.0)]})
    >>> placebo_interval(table, 0.9)  # one of ten may lie outside: the actual unit itself
    (1.0, 9.0)
    """
    check_level(level)
    check_choice("kind of placebo", placebos, ("estimate", "without_actual"))
    if table["actual"].sum() != 1:
        raise DesignError("One unit is the actual one.", f"{table['actual'].sum()} rows", "give a whole table")
    estimate = float(table.loc[table["actual"], "estimate"].iloc[0])
    others = np.sort(np.abs(table.loc[~table["actual"], placebos].fillna(np.inf).to_numpy()))[::-1]
    outside = int(np.floor((1 - level) * len(table) + TIE))
    # The actual unit is outside by itself.
    half = float(others[outside - 1]) if 0 < outside <= len(others) else np.inf
    return estimate - half, estimate + half
