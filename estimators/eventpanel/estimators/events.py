"""What counts as an event: a dose, a threshold, an onset, a spell or a change; coded on the whole event record.

Events are coded and shifted on the record of each unit, along its calendar, before any row is dropped: a year that
is not in the record gives a missing lead, never the wrong year.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, PanelError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.periods import ordinal

__all__ = ["Event", "Threshold"]

Kind = Literal["dose", "threshold", "onset", "spell", "change"]
KINDS: tuple[Kind, ...] = ("dose", "threshold", "onset", "spell", "change")
RULES = ("absolute", "unit_sd", "unit_median", "quantile")
TRANSFORMS = ("none", "log1p")
SCALES = ("none", "sd", "unit_sd", "period_sd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Above which value a period counts as an event.

    Parameters
    ----------
    rule : {"absolute", "unit_sd", "unit_median", "quantile"}
        More than ``value``; more than the unit's own mean plus ``value`` standard deviations; more than the unit's
        own median; more than the ``value`` quantile of all units and periods.
    value : float
        See ``rule``; not used by ``"unit_median"``.
    """

    rule: Literal["absolute", "unit_sd", "unit_median", "quantile"]
    value: float = 0.0

    def __post_init__(self) -> None:
        _one_of("threshold rule", self.rule, RULES)
        if self.rule == "quantile" and not 0 <= self.value < 1:
            raise DesignError("A quantile lies between 0 and 1.", f"value={self.value}", "for example 0.75")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The event, and how it is coded.

    Parameters
    ----------
    column : str
        Column of the panel: a count, a share, a 0/1 variable or a policy level.
    kind : {"dose", "threshold", "onset", "spell", "change"}
        ``"dose"``: the value itself. ``"threshold"``: 1 in every period above the threshold. ``"onset"``: 1 in the
        first such period after at least ``quiet`` periods without one. ``"spell"``: 1 from the first to the last
        period of a spell, quiet gaps shorter than ``quiet`` included. ``"change"``: first difference, for a policy
        level.
    by : str, optional
        Unit column along whose calendar the event moves, such as ``"importer"``; needed where the panel has several.
    transform : {"none", "log1p"}
        Applied first.
    scale : {"none", "sd", "unit_sd", "period_sd"}
        Standardisation of a dose: over all units and periods of the record, within the unit, within the period.
    threshold : Threshold, optional
        Needed for a threshold, an onset or a spell.
    quiet : int
        Periods without an event that end a spell.

    Raises
    ------
    DesignError
        A combination that has no meaning.

    Examples
    --------
    >>> Event(column="protests", kind="dose", scale="sd").describe()
    'protests, dose, in standard deviations over the whole record'
    """

    column: str
    kind: Kind
    by: str | None = None
    transform: Literal["none", "log1p"] = "none"
    scale: Literal["none", "sd", "unit_sd", "period_sd"] = "none"
    threshold: Threshold | None = None
    quiet: int = 1

    def __post_init__(self) -> None:
        _one_of("kind of event", self.kind, KINDS)
        _one_of("transform", self.transform, TRANSFORMS)
        _one_of("scale", self.scale, SCALES)
        binary = self.kind in ("threshold", "onset", "spell")
        if binary and self.threshold is None:
            raise DesignError(f"An event of kind {self.kind!r} needs a threshold.", self.column, "state one")
        if not binary and self.threshold is not None:
            raise DesignError(f"An event of kind {self.kind!r} takes no threshold.", self.column, "remove it")
        if self.kind != "dose" and self.scale != "none":
            raise DesignError(f"An event of kind {self.kind!r} cannot be standardised.", self.column, "scale='none'")
        if self.quiet < 1:
            raise DesignError("quiet must be at least 1.", f"quiet={self.quiet}", "use 1 for every gap")

    @property
    def is_binary(self) -> bool:
        """Whether the coded event is 0 or 1."""
        return self.threshold is not None

    def describe(self) -> str:
        """One line for tables and figures."""
        parts = [self.column if self.transform == "none" else f"log(1 + {self.column})", self.kind]
        if self.threshold is not None:
            parts.append(_describe_threshold(self.threshold))
            parts.append(f"spells end after {self.quiet} quiet period(s)" if self.kind != "threshold" else "")
        parts.append(
            {
                "none": "",
                "sd": "in standard deviations over the whole record",
                "unit_sd": "in standard deviations within the unit",
                "period_sd": "in standard deviations within the period",
            }[self.scale]
        )
        return ", ".join(part for part in parts if part)


def _describe_threshold(threshold: Threshold) -> str:
    return {
        "absolute": f"above {threshold.value:g}",
        "unit_sd": f"above the unit's own mean + {threshold.value:g} s.d.",
        "unit_median": "above the unit's own median",
        "quantile": f"above the {threshold.value:.0%} quantile",
    }[threshold.rule]


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise DesignError(f"Unknown {what} {value!r}.", "", f"choose one of {', '.join(allowed)}")


@dataclass(frozen=True, slots=True)
class Record:
    """The event of every unit along its calendar.

    Attributes
    ----------
    by : str
        Unit column.
    raw : Series
        The column as given, indexed by unit and period ordinal, sorted, missing values left out.
    coded : Series
        The coded event on the same index; missing where it cannot be told.
    """

    by: str
    raw: pd.Series
    coded: pd.Series


def record(panel: Panel, event: Event) -> Record:
    """Code the event on the whole record of the panel.

    Raises
    ------
    DesignError
        The panel has several unit columns and ``event.by`` does not say which.
    PanelError
        The event differs between rows of one unit and period.
    """
    by = event_unit(panel, event)
    values = pd.DataFrame({"unit": panel.column(by), "time": calendar(panel), "x": panel.number(event.column)})
    values = values.dropna().drop_duplicates().sort_values(["unit", "time"])
    twice = values.duplicated(["unit", "time"], keep=False)
    if twice.any():
        raise PanelError(
            f"{event.column!r} differs between rows of one {by} and period.",
            first_few(f"{u} {t}" for u, t in values.loc[twice, ["unit", "time"]].drop_duplicates().to_numpy()),
            f"make it one value per {by} and period, or choose another column for `by`",
        )
    raw = values.set_index(["unit", "time"])["x"]
    return Record(by, raw, _code(raw, event))


def event_unit(panel: Panel, event: Event) -> str:
    """Return the unit column along whose calendar the event moves."""
    if event.by is not None:
        panel.column(event.by)
        return event.by
    if len(panel.unit) == 1:
        return panel.unit[0]
    raise DesignError(
        "The panel has several unit columns, and the event does not say which it belongs to.",
        f"unit: {', '.join(panel.unit)}",
        "set `by` in the event, for example by='importer'",
    )


def calendar(panel: Panel) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Period ordinals of the panel's rows, shape (n,)."""
    if panel.period is None:
        raise DesignError("The panel has no periods.", "", "an event study needs a column of years or periods")
    return ordinal(panel.frame[panel.period])


def shift(series: pd.Series, event_time: int) -> pd.Series:
    """Value ``event_time`` periods earlier on the calendar (later if negative), on the same index.

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples([("KEN", 2010), ("KEN", 2011), ("KEN", 2013)])
    >>> shift(pd.Series([1.0, 2.0, 3.0], index=index), 1).tolist()
    [nan, 1.0, nan]
    """
    units, times = series.index.get_level_values(0), series.index.get_level_values(1)
    earlier = pd.MultiIndex.from_arrays([units, times - event_time])
    return pd.Series(series.reindex(earlier).to_numpy(), index=series.index)


def _code(raw: pd.Series, event: Event) -> pd.Series:
    x = pd.Series(np.log1p(raw.to_numpy()), index=raw.index) if event.transform == "log1p" else raw
    if event.kind == "change":
        return x - shift(x, 1)
    if event.threshold is None:
        return _standardise(x, event.scale)
    above = (x > _cut(x, event.threshold)).astype(float)
    if event.kind == "threshold":
        return above
    return _onsets(above, event.quiet) if event.kind == "onset" else _spells(above, event.quiet)


def _standardise(x: pd.Series, scale: str) -> pd.Series:
    if scale == "none":
        return x
    if scale == "sd":
        return (x - x.mean()) / _positive(x.std())
    groups = x.groupby(level=0 if scale == "unit_sd" else 1)
    spread = groups.transform("std")
    return (x - groups.transform("mean")) / spread.where(spread > 0)


def _positive(spread: float) -> float:
    return spread if spread > 0 else np.nan


def _cut(x: pd.Series, threshold: Threshold) -> pd.Series | float:
    own = x.groupby(level=0)
    if threshold.rule == "unit_sd":
        return own.transform("mean") + threshold.value * own.transform("std").fillna(0.0)
    if threshold.rule == "unit_median":
        return own.transform("median")
    return float(x.quantile(threshold.value)) if threshold.rule == "quantile" else threshold.value


def _onsets(above: pd.Series, quiet: int) -> pd.Series:
    before = pd.concat([shift(above, k) for k in range(1, quiet + 1)], axis=1)
    # An earlier event settles the matter even where other periods of the record are missing.
    ongoing = before.max(axis=1) == 1
    unknown = before.isna().any(axis=1) & ~ongoing
    return above.where(~(unknown & (above == 1)), np.nan).where(~ongoing, 0.0)


def _spells(above: pd.Series, quiet: int) -> pd.Series:
    inside = above.copy()
    for gap in range(1, quiet):
        for start in range(1, gap + 1):
            ends = pd.concat([shift(above, start), shift(above, start - gap - 1)], axis=1)
            between = [shift(above, start - k) for k in range(1, gap + 1)]
            bridged = (ends == 1).all(axis=1) & (pd.concat(between, axis=1) == 0).all(axis=1)
            inside = inside.where(~bridged, 1.0)
    return inside
