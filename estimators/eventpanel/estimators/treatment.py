"""Treatment: which rows an event still reaches, which are untreated, and how long ago the most recent event was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from eventpanel.datasets.errors import DesignError, IdentificationError, WindowError, first_few
from eventpanel.estimators.core.arrays import Codes, Mask
from eventpanel.estimators.design import Design
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.uses import Uses, compared

__all__ = ["LAGS", "Reach", "Treatment", "classified", "reference", "told_apart", "treatment"]

# No event: further away than any calendar is long.
FAR = np.int64(1) << 40
REASONS = (
    "it is the end of a spell, not the start of one",
    "no row of its window is in the sample",
    "no row of its window is its own: another event, an unknown record, or the end of the carry-over",
    "its rows cannot be imputed: untreated rows do not tell the effects of their unit and period",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far an event reaches.

    Parameters
    ----------
    carry_over : int or None
        Periods after an event, or after the last period of a spell, that still count as treated; ``None`` for the
        lags of the window.
    anticipation : int
        Periods before an event that already count as treated.
    overlap : {"exclude", "latest"}
        Rows in the windows of several events are left out of the averages, or belong to the most recent one; what is
        left of earlier events is then counted as an effect of the last.

    Raises
    ------
    DesignError
        Negative numbers, another overlap.
    """

    carry_over: int | None = None
    anticipation: int = 0
    overlap: Literal["exclude", "latest"] = "exclude"

    def __post_init__(self) -> None:
        if (self.carry_over or 0) < 0 or self.anticipation < 0:
            raise DesignError(
                "carry_over and anticipation count periods, and cannot be negative.",
                f"carry_over={self.carry_over}, anticipation={self.anticipation}",
                "use 0 for none",
            )
        if self.overlap not in ("latest", "exclude"):
            raise DesignError(f"Unknown overlap {self.overlap!r}.", "", "use 'latest' or 'exclude'")

    @property
    def rule(self) -> str:
        """What is done with rows in the windows of several events."""
        if self.overlap == "exclude":
            return "rows in the windows of several events are left out"
        return "rows in the windows of several events count for the most recent one"

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it assumes; each a sentence."""
        after = "the lags of the window" if self.carry_over is None else f"{self.carry_over} periods"
        return (
            f"An event has no effect on rows more than {after} after it, which are untreated (limited carry-over).",
            f"An event has no effect on rows more than {self.anticipation} periods before it (limited anticipation).",
            "Outside a unit's record there is no event.",
        )

    def periods(self, design: Design) -> int:
        """Periods after an event that count as treated."""
        return design.window.lags if self.carry_over is None else self.carry_over


# As far as the lags of the window, without anticipation.
LAGS = Reach()


@dataclass(frozen=True, slots=True, eq=False)
class Treatment:
    """Treatment of every cell; the sample is not looked at.

    Attributes
    ----------
    start : ndarray of bool, shape (U, T)
        Events that start something: all, but for a level the changes upwards only.
    untreated : ndarray of bool, shape (U, T)
        Cells that no known event reaches, and no unknown one can.
    time : ndarray, shape (U, T)
        Periods since the most recent event in the cells it reaches; negative in those before an event that count as
        treated; ``FAR`` in all others.
    lead : ndarray, shape (U, T)
        Periods until the next event; ``FAR`` without one, -1 where an unknown record may hold one first.
    """

    start: Mask
    untreated: Mask
    time: Codes
    lead: Codes


def reference(name: str, design: Design) -> None:
    """Refuse windows with binned ends, or with a reference other than none or the period before the event.

    Parameters
    ----------
    name : str
        The estimator that asks.
    design : Design

    Raises
    ------
    WindowError
    """
    window = design.window
    if window.reference not in (None, -1) or window.ends != "none":
        raise WindowError(
            f"{name} compares outcomes with imputed ones; only a lead can be left out.",
            f"reference={window.reference}, ends={window.ends!r}",
            "use a window with reference=None or reference=-1, and ends='none'",
        )


def told_apart(name: str, design: Design, collinear: Mask) -> None:
    """Refuse controls that unit and period effects, and the controls before them, explain among untreated rows.

    Parameters
    ----------
    name : str
        The estimator that asks.
    design : Design
    collinear : ndarray of bool, shape (c,)

    Raises
    ------
    IdentificationError
    """
    if collinear.any():
        raise IdentificationError(
            f"{name} cannot tell controls from unit and period effects among untreated rows.",
            first_few(column for column, is_one in zip(design.controls, collinear, strict=True) if is_one),
            "leave them out",
        )


def treatment(t: Trajectories, design: Design, reach: Reach) -> Treatment:
    """Say which cells are treated, and since when.

    Outside a unit's record no event is assumed; an unknown period within it may be one.

    Parameters
    ----------
    t : Trajectories
    design : Design
    reach : Reach

    Raises
    ------
    DesignError
        Events of several sizes.
    """
    change = design.event.kind == "change"
    start = t.happened & (t.event > 0) if change else t.happened
    _one_size(t, start)
    on = np.asarray(np.nan_to_num(t.level) != 0) if change else t.happened
    unknown = _within_record(np.isnan(t.level))
    since_on, since_start, since_unknown = (_since(mask) for mask in (on, start, unknown))
    until_start, until_unknown = (_since(mask[:, ::-1])[:, ::-1] for mask in (start, unknown))
    # A start is not after its own period: the next one counts from the period that follows.
    until_start, until_unknown = _later(until_start), _later(until_unknown)
    carry, ahead = reach.periods(design), reach.anticipation
    treated = since_on <= carry
    unsure = (since_unknown <= carry) | (until_unknown <= np.minimum(ahead, until_start))
    before = ~treated & (until_start <= ahead)
    told = treated & (since_start < since_unknown) & (since_start <= design.window.lags)
    hidden = before & (until_start < until_unknown) & (since_unknown > carry)
    if reach.overlap == "exclude":
        told &= (_count(start, design.window.lags) == 1) & (until_start > ahead)
    time = np.where(told, since_start, np.where(hidden, -until_start, FAR))
    lead = np.where(until_start < until_unknown, until_start, np.where(until_unknown < FAR, -1, FAR))
    lead = np.where((lead == -1) & (until_unknown > design.window.leads), FAR, lead)
    return Treatment(start, ~treated & ~before & ~unsure, time, lead)


def _one_size(t: Trajectories, start: Mask) -> None:
    sizes = np.unique(t.event[start & t.inside.any(axis=1, keepdims=True)])
    if len(sizes) > 1:
        raise DesignError(
            "Events must be of one size: what would have been without them is imputed, not what a dose adds.",
            f"{len(sizes)} sizes: {first_few(sizes)}",
            "use an event of kind 'threshold', 'onset' or 'spell', or distributed_lag for doses",
        )


def _within_record(missing: Mask) -> Mask:
    known = ~missing
    first = np.maximum.accumulate(known, axis=1)
    last = np.maximum.accumulate(known[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(missing & first & last)


def _since(mask: Mask) -> Codes:
    """Periods since the last marked cell, its own included; ``FAR`` without one."""
    place = np.arange(mask.shape[1], dtype=np.int64)
    last = np.maximum.accumulate(np.where(mask, place, -FAR), axis=1)
    return np.minimum(place - last, FAR)


def _later(until: Codes) -> Codes:
    """Periods until the next marked cell, its own not included."""
    out = np.full_like(until, FAR)
    out[:, :-1] = np.minimum(until[:, 1:] + 1, FAR)
    return out


def _count(start: Mask, lags: int) -> npt.NDArray[np.int64]:
    """Count marked cells in the last ``lags`` periods and the cell's own."""
    total = np.cumsum(start, axis=1, dtype=np.int64)
    out = total.copy()
    if lags + 1 < start.shape[1]:
        out[:, lags + 1 :] -= total[:, : -lags - 1]
    return out


def classified(t: Trajectories, design: Design, s: Treatment, averaged: Mask, weighted: Mask) -> Uses:
    """Say what is done with every event.

    Parameters
    ----------
    t : Trajectories
    design : Design
    s : Treatment
    averaged : ndarray of bool, shape (U, T)
        Cells whose effects are averaged.
    weighted : ndarray of bool, shape (U, T)
        Untreated cells that carry weight.
    """
    lags = design.window.lags
    own = t.inside & (s.time >= 0) & (s.time <= lags)
    used = _back(averaged, s, lags) & s.start & t.events
    reason = np.full(t.shape, -1)
    near = compared(t.events, t.inside, lags)
    unused = t.events & ~used
    reason[unused] = 3
    reason[unused & ~_back(own, s, lags)] = 2
    reason[unused & ~near] = 1
    reason[unused & ~s.start] = 0
    return Uses(used, compared(t.events, weighted, lags), averaged | weighted, reason, REASONS)


def _back(cells: Mask, s: Treatment, lags: int) -> Mask:
    """Events to which some of these cells belong."""
    out = np.zeros_like(cells)
    for k in range(min(lags, cells.shape[1] - 1) + 1):
        out[:, : cells.shape[1] - k] |= (cells & (s.time == k))[:, k:]
    return out
