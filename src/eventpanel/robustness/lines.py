"""Line: one row of the table of results, whatever check it comes from."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from eventpanel.estimators.core.distributions import t_quantile
from eventpanel.estimators.estimate import Estimate

__all__ = [
    "ABSENT",
    "Found",
    "Line",
    "Role",
    "Row",
    "line_of",
    "line_of_row",
    "lines_table",
    "made",
    "not_made",
    "plain_found",
    "read_found",
    "unmade",
    "with_interval",
]

# What a number is for the reader. headline: the number under test. variation: the same quantity in another way, which
# should stay. other: another quantity, of which only sign and significance compare. placebo: should be nothing. test:
# a p-value or interval of the headline by another way of inference. size: a fact about the design, such as power.
# "not made": could not be made, and why.
Role = Literal["headline", "variation", "other", "placebo", "test", "size", "not made"]
NONE = float("nan")
# Why an estimate that was made holds no number.
ABSENT = "not identified"
Row = Mapping[Hashable, Any]


class Line(NamedTuple):
    """A number, what it is of, and how sure.

    Attributes
    ----------
    check : str
        Name of the check.
    part : str
        Group of lines within the check, such as what was left out.
    label : str
        What differs from the headline.
    role : str
        See the module.
    quantity : str
        What the number is: the target, or ``"p-value, wild bootstrap"``.
    unit : str
        What one of it means: outcome and unit of the event; numbers of other units do not compare.
    estimate, std_error, dof, p_value, conf_low, conf_high : float
        Two-sided p-value; the interval at the level of the study. Missing where there is none.
    nobs, n_clusters, n_treated : float
    p_error : float
        Monte Carlo standard error of the p-value; missing where nothing is drawn.
    draws : float
    position : float
        Place on the axis of a sweep, such as the cutoff.
    note : str
        What to know beside the number; for what was not made, why.
    """

    check: str
    part: str
    label: str
    role: Role
    quantity: str
    unit: str = ""
    estimate: float = NONE
    std_error: float = NONE
    dof: float = NONE
    p_value: float = NONE
    conf_low: float = NONE
    conf_high: float = NONE
    nobs: float = NONE
    n_clusters: float = NONE
    n_treated: float = NONE
    p_error: float = NONE
    draws: float = NONE
    position: float = NONE
    note: str = ""

    @property
    def is_significant(self) -> bool:
        """Whether the interval leaves zero out."""
        return bool(self.conf_low > 0 or self.conf_high < 0)


TEXTS = ("check", "part", "label", "role", "quantity", "unit", "note")


class Found(NamedTuple):
    """What a part of a check found: lines, and draws behind them by label, where a figure or a joint test needs them.

    Attributes
    ----------
    lines : tuple of Line
    draws : dict of str to tuple of float
    """

    lines: tuple[Line, ...]
    draws: dict[str, tuple[float, ...]] = {}  # noqa: RUF012


def plain_found(found: Found) -> dict[str, Any]:
    """Lay out what was found as lists of texts and numbers; what is missing or beyond all bounds as JSON can say it.

    Parameters
    ----------
    found : Found

    Examples
    --------
    >>> plain_found(Found((), {"mean": (1.0, float("nan"), float("inf"))}))
    {'lines': [], 'draws': {'mean': [1.0, None, 'inf']}}
    """
    lines = [[one if isinstance(one, str) else _plain(one) for one in line] for line in found.lines]
    return {"lines": lines, "draws": {label: [_plain(one) for one in values] for label, values in found.draws.items()}}


def _plain(value: float) -> float | str | None:
    value = float(value)
    if np.isfinite(value):
        return value
    return None if np.isnan(value) else str(value)


def read_found(plain: Mapping[str, Any]) -> Found:
    """Read what :func:`plain_found` laid out.

    Parameters
    ----------
    plain : mapping

    Raises
    ------
    ValueError, KeyError, TypeError
        Anything else.

    Examples
    --------
    >>> read_found({"lines": [], "draws": {"mean": [1.0, None, "inf"]}}).draws
    {'mean': (1.0, nan, inf)}
    """
    return Found(
        tuple(map(_read_line, plain["lines"])),
        {label: tuple(map(_number, values)) for label, values in plain["draws"].items()},
    )


def _read_line(values: Sequence[Any]) -> Line:
    named = zip(Line._fields, values, strict=True)
    return Line._make(value if name in TEXTS else _number(value) for name, value in named)


def _number(value: float | str | None) -> float:
    return NONE if value is None else float(value)


def line_of(line: Line, one: Estimate | str, level: float) -> Line:
    """Fill a line with an estimate of one term; one that is not there or not identified says why.

    Parameters
    ----------
    line : Line
        What the number is.
    one : Estimate or str
        Of a single term; see :meth:`eventpanel.estimators.target.Target.of`. Or why there is none.
    level : float
        Of the interval.
    """
    if isinstance(one, str):
        return not_made(line, one)
    if np.isnan(one.coef).all():
        return not_made(line, ABSENT)
    table = one.tidy(level).iloc[0]
    return line._replace(
        estimate=float(table["estimate"]),
        std_error=float(table["std_error"]),
        dof=float(one.dof[0]),
        p_value=float(table["p_value"]),
        conf_low=float(table["conf_low"]),
        conf_high=float(table["conf_high"]),
        nobs=float(one.nobs),
        n_clusters=float(one.n_clusters),
        n_treated=float(one.n_treated),
    )


def line_of_row(line: Line, row: Row, level: float) -> Line:
    """Fill a line with a row of a table of an estimator; one without an estimate says why.

    Parameters
    ----------
    line : Line
        What the number is.
    row : mapping
        With estimate, std_error, dof, p_value, note.
    level : float
        Of the interval.
    """
    if np.isnan(row["estimate"]):
        return not_made(line, str(row["note"]) or ABSENT)
    filled = line._replace(
        estimate=float(row["estimate"]),
        std_error=float(row["std_error"]),
        dof=float(row["dof"]),
        p_value=float(row["p_value"]),
    )
    return with_interval(filled, level)


def with_interval(line: Line, level: float) -> Line:
    """Fill the interval of a line from its estimate, standard error and degrees of freedom.

    Parameters
    ----------
    line : Line
    level : float
    """
    half = float(t_quantile(0.5 + level / 2, np.array([line.dof]))[0]) * line.std_error
    return line._replace(conf_low=line.estimate - half, conf_high=line.estimate + half)


def not_made(line: Line, reason: str) -> Line:
    """Say of a line why its number could not be made.

    Parameters
    ----------
    line : Line
    reason : str
        One line.
    """
    return line._replace(role="not made", note=reason)


def lines_table(lines: Iterable[Line]) -> pd.DataFrame:
    """Lay out lines as a tidy table, one row a line.

    Parameters
    ----------
    lines : iterable of Line
    """
    return pd.DataFrame(list(lines), columns=list(Line._fields))


def made(lines: Sequence[Line], *roles: Role) -> list[Line]:
    """Lines of some roles that hold an estimate or a p-value, in order.

    Parameters
    ----------
    lines : sequence of Line
    *roles : str
    """
    return [line for line in lines if line.role in roles and not (np.isnan(line.estimate) and np.isnan(line.p_value))]


def unmade(lines: Sequence[Line]) -> list[Line]:
    """Lines whose number could not be made; the notes say why.

    Parameters
    ----------
    lines : sequence of Line
    """
    return [line for line in lines if line.role == "not made"]
