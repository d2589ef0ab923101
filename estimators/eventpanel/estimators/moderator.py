"""Moderator: what the path is allowed to differ by, such as the regime of the importer or the exporter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.events import calendar

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
            "lagged": f"value {self.lag} period(s) before",
            "contemporaneous": "value of the same period (post-treatment: the event may have changed it)",
            "fixed": "fixed attribute",
        }[self.timing]
        return f"{self.name}: {cut}{when}"


def moderator_groups(panel: Panel, moderator: Moderator) -> pd.Series:
    """Group name of every row of the panel, shape (n,); missing where it cannot be told.

    Raises
    ------
    DesignError
        A group that no row has, or a moderator that varies although it is called fixed.
    """
    values = panel.column(moderator.column) if moderator.below is None else panel.number(moderator.column)
    values = _timed(panel, moderator, values)
    if moderator.below is not None:
        low = pd.Series(np.where(values < moderator.below, *moderator.groups), index=values.index, dtype=object)
        return low.where(values.notna(), None)
    labels = values.astype(object).where(values.notna(), None).map(lambda v: v if v is None else str(v))
    if not moderator.groups:
        return labels
    absent = [group for group in moderator.groups if not (labels == group).any()]
    if absent:
        raise DesignError(
            f"The moderator {moderator.name!r} never takes the value {first_few(map(repr, absent))}.",
            f"values: {first_few(sorted(labels.dropna().unique()), 12)}",
            "correct its groups",
        )
    return labels.where(labels.isin(moderator.groups), None)


def group_order(groups: pd.Series, moderator: Moderator) -> tuple[str, ...]:
    """Order groups as the moderator names them, else sort them."""
    present = set(groups.dropna().unique())
    return tuple(g for g in moderator.groups if g in present) or tuple(sorted(present))


def _timed(panel: Panel, moderator: Moderator, values: pd.Series) -> pd.Series:
    if moderator.timing in ("contemporaneous", "fixed"):
        if moderator.timing == "fixed":
            _refuse_varying(panel, moderator, values)
        return values
    unit, times = panel.column(str(moderator.by)), calendar(panel)
    history = pd.DataFrame({"unit": unit, "time": times, "value": values}).dropna().drop_duplicates()
    if history.duplicated(["unit", "time"]).any():
        raise DesignError(
            f"{moderator.column!r} differs between rows of one {moderator.by} and period.",
            moderator.name,
            "choose another column for `by`",
        )
    lookup = history.set_index(["unit", "time"])["value"]
    when = np.full(len(times), moderator.base) if moderator.timing == "base" else times - moderator.lag
    wanted = pd.MultiIndex.from_arrays([unit, when])
    return pd.Series(lookup.reindex(wanted).to_numpy(), index=values.index)


def _refuse_varying(panel: Panel, moderator: Moderator, values: pd.Series) -> None:
    keys = list(panel.unit)
    varying = values.groupby([panel.frame[key] for key in keys]).nunique() > 1
    if varying.any():
        raise DesignError(
            f"The moderator {moderator.name!r} is called fixed but changes over time.",
            first_few(varying.index[varying]),
            "use timing='base', 'lagged' or 'contemporaneous'",
        )
