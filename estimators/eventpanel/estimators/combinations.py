"""Linear combinations of a path: differences between groups, sums, averages, and any other by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.hypotheses import is_equation, restrictions
from eventpanel.estimators.path import Term

__all__ = ["average", "between", "combined", "cumulative", "difference", "lincom", "one_group"]

Span = tuple[int | None, int | None]


def combined(estimate: Estimate, matrix: Floats, values: Floats, terms: Sequence[Term]) -> Estimate:
    """Linear combinations less constants; a term without variance spoils only the combinations it is in.

    Parameters
    ----------
    estimate : Estimate
    matrix : ndarray, shape (m, k)
        One row a combination.
    values : ndarray, shape (m,)
        Taken off.
    terms : sequence of Term, length m
        What the combinations are. Each has the fewest degrees of freedom of its parts.
    """
    done = estimate.combine(matrix, tuple(terms))
    return replace(done, coef=done.coef - values)


def between(estimate: Estimate, group: str, first: float, last: float) -> list[Term]:
    """Terms of a group's path from one event time to another.

    Parameters
    ----------
    estimate : Estimate
    group : str
    first, last : float
        Both included.
    """
    return [t for t in estimate.path if t.group == group and first <= (t.event_time or 0) <= last]


def one_group(estimate: Estimate, group: str | None) -> str:
    """Return the group asked for, or the only one.

    Raises
    ------
    DesignError
        No such group, or none named of several.
    """
    if group is None and len(estimate.groups) == 1:
        return estimate.groups[0]
    if group is None or group not in estimate.groups:
        raise DesignError(
            f"Unknown group {group!r}.", f"groups: {', '.join(estimate.groups)}", "name one of the groups"
        )
    return group


def lincom(estimate: Estimate, expressions: str | Sequence[str]) -> Estimate:
    """Linear combinations of terms, by name.

    Parameters
    ----------
    estimate : Estimate
    expressions : str or sequence of str
        ``"x[0] - x[-1]"``, ``"(x[1, low] + x[2, low]) / 2"``, ``"x[0] - 0.5"``: see
        :mod:`eventpanel.estimators.hypotheses` for names.

    Returns
    -------
    Estimate
        One term per expression, called as it was written.

    Raises
    ------
    DesignError
        A name that the estimate does not have, or text with ``=``, which is for a test.

    Examples
    --------
    See :func:`eventpanel.estimators.inference.joint_test`.
    """
    rows = restrictions(estimate, expressions)
    for text in [expressions] if isinstance(expressions, str) else expressions:
        if is_equation(text):
            raise DesignError(f"{text!r} is a hypothesis.", "", "use joint_test, or leave the = out")
    matrix, values = np.array([row.weights for row in rows]), np.array([row.value for row in rows])
    return combined(estimate, matrix.reshape(-1, len(estimate.terms)), values, [Term(row.text) for row in rows])


def difference(estimate: Estimate, first: str, second: str) -> Estimate:
    """Path of one group minus the path of another, with the covariance between them.

    Parameters
    ----------
    estimate : Estimate
        With a moderator.
    first, second : str
        The difference is ``first`` minus ``second``.

    Returns
    -------
    Estimate
        One term per event time that both groups have, in the group ``"first - second"``.
    """
    label = f"{one_group(estimate, first)} - {one_group(estimate, second)}"
    where = {(t.event_time, t.group): i for i, t in enumerate(estimate.terms)}
    shared = [t for t in estimate.path if t.group == first and (t.event_time, second) in where]
    matrix = np.zeros((len(shared), len(estimate.terms)))
    for row, term in enumerate(shared):
        matrix[row, where[term.event_time, first]] = 1.0
        matrix[row, where[term.event_time, second]] = -1.0
    terms = [Term(t.variable, t.event_time, label, t.binned) for t in shared]
    return combined(estimate, matrix, np.zeros(len(shared)), terms)


def cumulative(estimate: Estimate, first: int | None = None, last: int | None = None) -> Estimate:
    """Sum of the path from one event time to another, for every group, binned ends left out.

    Parameters
    ----------
    estimate : Estimate
    first, last : int, optional
        Event times, both included; the whole window without them.

    Returns
    -------
    Estimate
        One term per group, missing where nothing was estimated; its label says what was summed.
    """
    rows = [_indicators(estimate, group, (first, last)) for group in estimate.groups]
    terms = [
        Term(f"sum of {estimate.design.event.column}, {_span(estimate, row)}" + (f" [{group}]" if group else ""))
        for group, row in zip(estimate.groups, rows, strict=True)
    ]
    return _of_groups(estimate, rows, terms)


def average(
    estimate: Estimate, first: int | None = None, last: int | None = None, *, minus: Span | None = None
) -> Estimate:
    """Average of the estimated path from one event time to another, for every group, binned ends left out.

    A term left out by the window is not averaged over: it is zero by restriction, not an estimate.

    Parameters
    ----------
    estimate : Estimate
    first, last : int, optional
        Event times, both included; the whole window without them.
    minus : pair of int or None, optional
        First and last event time of an average to take off: ``average(estimate, 0, minus=(None, -1))`` is after minus
        before.

    Returns
    -------
    Estimate
        One term per group, missing where nothing was estimated; its label says what was averaged.
    """
    rows, terms = [], []
    for group in estimate.groups:
        one = _indicators(estimate, group, (first, last))
        label = f"average of {estimate.design.event.column}, {_span(estimate, one)}"
        row = one / one.sum()
        if minus is not None:
            other = _indicators(estimate, group, minus)
            label += f", minus that of {_span(estimate, other)}"
            row = row - other / other.sum()
        rows.append(row)
        terms.append(Term(label + (f" [{group}]" if group else "")))
    return _of_groups(estimate, rows, terms)


def _indicators(estimate: Estimate, group: str, span: Span) -> Floats:
    """One for each term of the span, missing where there is none, shape (k,)."""
    low, high = -np.inf if span[0] is None else span[0], np.inf if span[1] is None else span[1]
    inside = [t for t in between(estimate, group, low, high) if not t.binned]
    row = np.isin(np.arange(len(estimate.terms)), [estimate.terms.index(t) for t in inside]).astype(float)
    return row if inside else np.full(len(row), np.nan)


def _span(estimate: Estimate, row: Floats) -> str:
    """First and last event time of a row, and the times between that it does not have."""
    times = [t.event_time for t, one in zip(estimate.terms, row, strict=True) if one == 1 and t.event_time is not None]
    if not times:
        return "nothing"
    gaps = sorted({*range(min(times), max(times))} - {*times})
    return f"{min(times)} to {max(times)}" + (f" without {', '.join(map(str, gaps))}" if gaps else "")


def _of_groups(estimate: Estimate, rows: Sequence[Floats], terms: Sequence[Term]) -> Estimate:
    matrix = np.array(rows).reshape(len(terms), len(estimate.terms))
    return combined(estimate, matrix, np.zeros(len(terms)), terms)
