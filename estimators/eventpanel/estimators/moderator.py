"""Moderator: what the path is allowed to differ by, such as the regime of the importer or the exporter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few, number
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.calendar import calendar
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.shifts import shifted

__all__ = ["Moderator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderator:
    """A grouping of rows by a column of the panel.

    Parameters
    ----------
    name : str
        What to call it in tables: ``"regime"``.
    column : str
        Column of the panel; numbers with ``below``, else texts.
    timing : {"base", "lagged", "contemporaneous", "fixed"}
        ``"base"``: the value in the period ``base``, for all periods. ``"lagged"``: the value ``lag`` periods before.
        ``"contemporaneous"``: the value of the same period, which the event may have changed; results are labelled
        post-treatment. ``"fixed"``: an attribute of the unit that never changes, such as the exporter.
    by : str, optional
        Unit column that the moderator belongs to; needed for ``"base"`` and ``"lagged"``.
    below : float, optional
        Cutoff for numbers: values below it are the first group, others the second. There is no default: Polity
        below 7 and below 6 both occur in the literature.
    groups : tuple of str, optional
        Names of the two groups, below first. Without ``below``: which values to use, in this order.
    base : int, optional
        Period ordinal (the year) of ``timing="base"``.
    lag : int
        Periods back, for ``timing="lagged"``.

    Raises
    ------
    DesignError
        Settings that do not fit together.

    Examples
    --------
    >>> Moderator(name="regime", column="polity2", timing="base", base=2007, by="importer", below=7,
    ...           groups=("autocracy", "democracy")).describe()
    'regime: polity2 below 7 is autocracy, else democracy; value of 2007'
    """

    name: str
    column: str
    timing: Literal["base", "lagged", "contemporaneous", "fixed"]
    by: str | None = None
    below: float | None = None
    groups: tuple[str, ...] = ()
    base: int | None = None
    lag: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", tuple(self.groups))
        if self.timing not in ("base", "lagged", "contemporaneous", "fixed"):
            raise DesignError(
                f"Unknown timing {self.timing!r} of the moderator.",
                self.name,
                "choose one of base, lagged, contemporaneous, fixed",
            )
        if self.timing in ("base", "lagged") and self.by is None:
            raise DesignError(f"The moderator {self.name!r} needs `by`.", "", "for example by='importer'")
        if (self.timing == "base") != (self.base is not None):
            raise DesignError(
                f"The moderator {self.name!r}: timing 'base' and a base period go together.",
                f"base={self.base}",
                "state base=2007 with timing='base', and no base otherwise",
            )
        if self.below is not None and len(self.groups) != 2:
            raise DesignError(
                f"The moderator {self.name!r} has a cutoff and needs two group names.",
                f"groups={self.groups}",
                "for example groups=('autocracy', 'democracy')",
            )
        if self.lag < 1:
            raise DesignError("The lag of a moderator must be at least 1.", f"lag={self.lag}", "use 1 or more")

    def describe(self) -> str:
        """One line for tables and figures."""
        cut = ""
        if self.below is not None:
            cut = f"{self.column} below {self.below:g} is {self.groups[0]}, else {self.groups[1]}; "
        when = {
            "base": f"value of {self.base}",
            "lagged": f"value {number(self.lag, 'period')} before",
            "contemporaneous": "value of the same period (post-treatment: the event may have changed it)",
            "fixed": "fixed attribute",
        }[self.timing]
        return f"{self.name}: {cut}{when}"


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Group of every row of the panel.

    Attributes
    ----------
    codes : ndarray, shape (n,)
        Position among the names; -1 where it cannot be told.
    names : tuple of str
        As the moderator orders them, else sorted.
    """

    codes: Codes
    names: tuple[str, ...]

    @property
    def with_unknown(self) -> Codes:
        """Codes in which rows whose group cannot be told are a group of their own."""
        return np.where(self.codes < 0, len(self.names), self.codes)

    def of(self, name: str) -> Mask:
        """Rows of one group, shape (n,); none of a group that is not there."""
        return np.asarray(self.codes == (self.names.index(name) if name in self.names else len(self.names)))


def groups_of(panel: Panel, moderator: Moderator) -> Groups:
    """Find the group of every row of the panel; worked out once for a panel.

    Raises
    ------
    DesignError
        A group that no row has, or a moderator that varies although it is called fixed.
    """
    return panel.once(("groups", moderator), lambda: _groups_of(panel, moderator))


def groups_or_one(panel: Panel, moderator: Moderator | None) -> Groups:
    """Find the group of every row of the panel, or one group without a name where there is no moderator.

    Raises
    ------
    DesignError
        As :func:`groups_of`.
    """
    return (
        Groups(np.zeros(len(panel.frame), dtype=np.int64), ("",)) if moderator is None else groups_of(panel, moderator)
    )


def _groups_of(panel: Panel, moderator: Moderator) -> Groups:
    if moderator.below is not None:
        values = _timed(panel, moderator, panel.values(moderator.column))
        high = (values >= moderator.below).astype(np.int64)
        return Groups(np.where(np.isnan(values), -1, high), moderator.groups)
    coded = panel.codes(moderator.column)
    codes = coded.codes
    if moderator.timing in ("base", "lagged"):
        values = _timed(panel, moderator, np.where(codes < 0, np.nan, codes.astype(np.float64)))
        codes = np.where(np.isnan(values), -1, values).astype(np.int64)
    elif moderator.timing == "fixed":
        _refuse_varying(panel, moderator, codes)
    texts = [str(label) for label in coded.labels]
    names = moderator.groups or tuple(sorted(set(texts)))
    present = {
        text for text, rows in zip(texts, np.bincount(codes + 1, minlength=len(texts) + 1)[1:], strict=True) if rows
    }
    absent = [name for name in moderator.groups if name not in present]
    if absent:
        raise DesignError(
            f"The moderator {moderator.name!r} never takes the value {first_few(map(repr, absent))}.",
            f"values: {first_few(sorted(present), 12)}",
            "correct its groups",
        )
    position = np.array([names.index(text) if text in names else -1 for text in texts] + [-1])
    return Groups(position[codes], names)


def moderator_groups(panel: Panel, moderator: Moderator) -> pd.Series:
    """Group name of every row of the panel, shape (n,); missing where it cannot be told.

    Raises
    ------
    DesignError
        As :func:`groups_of`.
    """
    groups = groups_of(panel, moderator)
    names = np.array([*groups.names, None], dtype=object)
    return pd.Series(names[groups.codes], index=panel.frame.index, dtype=object)


def group_order(groups: pd.Series, moderator: Moderator) -> tuple[str, ...]:
    """Order groups as the moderator names them, else sort them."""
    present = set(groups.dropna().unique())
    return tuple(g for g in moderator.groups if g in present) or tuple(sorted(present))


def _timed(panel: Panel, moderator: Moderator, values: Floats) -> Floats:
    if moderator.timing == "fixed":
        _refuse_varying(panel, moderator, pd.factorize(values)[0].astype(np.int64))
    if moderator.timing in ("contemporaneous", "fixed"):
        return values
    where = calendar(panel, str(moderator.by))
    grid, differs = where.grid(values)
    if differs.any():
        raise DesignError(
            f"{moderator.column!r} differs between rows of one {moderator.by} and period.",
            moderator.name,
            "choose another column for `by`",
        )
    if moderator.timing == "lagged":
        return np.asarray(where.rows(shifted(grid, moderator.lag)), dtype=np.float64)
    base = (moderator.base or 0) - where.first
    held = grid[:, base] if 0 <= base < where.periods else np.full(len(grid), np.nan)
    # Rows without a unit have code -1: the last row of the grid.
    return np.asarray(held[panel.codes(str(moderator.by)).codes])


def _refuse_varying(panel: Panel, moderator: Moderator, values: Codes) -> None:
    """Refuse values that differ between periods of a unit; negative codes are missing."""
    unit = panel.codes(panel.unit[0]).codes
    for name in panel.unit[1:]:
        coded = panel.codes(name)
        unit = unit * len(coded.labels) + coded.codes
    known = np.flatnonzero(values >= 0)
    unit, values = (unit, values) if len(known) == len(unit) else (unit[known], values[known])
    held = np.zeros(int(unit.max(initial=-1)) + 1, dtype=np.int64)
    held[unit] = values
    varying = held[unit] != values
    if varying.any():
        units = panel.frame[list(panel.unit)].iloc[known[varying]].drop_duplicates()
        raise DesignError(
            f"The moderator {moderator.name!r} is called fixed but changes over time.",
            first_few(" ".join(map(str, row)) for row in units.itertuples(index=False)),
            "use timing='base', 'lagged' or 'contemporaneous'",
        )
