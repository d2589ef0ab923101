"""Occurrences along the calendar: onsets, spells, which events enter, and times between, on grids of 1, 0 and missing.

A missing cell may or may not hold an event. What would be the same either way is told; what would not is missing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.shifts import shifted
from eventpanel.estimators.events import Overlap

Steps = npt.NDArray[np.int64]


def onsets(passed: Floats, quiet: int) -> Floats:
    """First periods of spells: 1 after at least ``quiet`` periods without an event.

    Parameters
    ----------
    passed : ndarray, shape (U, T)
        Whether the threshold was passed: 1, 0 or missing.
    quiet : int
    """
    ongoing, unknown = np.zeros(passed.shape, dtype=bool), np.zeros(passed.shape, dtype=bool)
    for k in range(1, min(quiet, passed.shape[1]) + 1):
        before = shifted(passed, k)
        ongoing |= before == 1
        unknown |= np.isnan(before)
    # An earlier event settles the matter even where other periods of the record are missing.
    first = np.where(ongoing, 0.0, np.where(unknown & (passed == 1), np.nan, passed))
    return np.where(np.isnan(passed), np.nan, first)


def spells(passed: Floats, quiet: int) -> Floats:
    """Periods of spells: from first to last event, gaps shorter than ``quiet`` included.

    A gap that is cut by the end of the record or by a missing period is part of a spell if it would be one whatever
    happened there, and missing if that depends on it.

    Parameters
    ----------
    passed : ndarray, shape (U, T)
    quiet : int
    """
    surely = _bridged(passed == 1, quiet, outside=False)
    perhaps = _bridged(passed != 0, quiet, outside=True)
    return np.where(np.isnan(passed) | (surely != perhaps), np.nan, surely.astype(float))


def _bridged(event: Mask, quiet: int, *, outside: bool) -> Mask:
    """Cells from whose last event to whose next lie fewer than ``quiet`` others; an event may stand just outside."""
    periods = event.shape[1]
    far = 0 if outside else periods + quiet
    time = np.arange(periods)
    last = np.maximum.accumulate(np.where(event, time, -1 - far), axis=1)
    following = np.minimum.accumulate(np.where(event, time, periods + far)[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(following - last - 1 < quiet)


def enters(happened: Floats, overlap: Overlap, recorded: Mask) -> Floats:
    """Whether an event that enters stands in each cell: 1, 0, missing where it cannot be told.

    The first event is that of the record: before its first period nothing is counted. An isolated event needs a record
    on both sides.

    Parameters
    ----------
    happened : ndarray, shape (U, T)
    overlap : Overlap
    recorded : ndarray of bool, shape (U, T)
        Cells of the record.
    """
    if overlap.rule == "all":
        return happened
    if overlap.rule == "isolated":
        return _isolated(happened, overlap.periods or 0)
    counted = np.where(np.logical_or.accumulate(recorded, axis=1), happened, 0.0)
    if overlap.rule == "first":
        since, unknown = _seen(counted == 1), _seen(np.isnan(counted))
    else:
        since, unknown = _within(counted, min(overlap.periods or 0, counted.shape[1]))
    entering = np.where(since, 0.0, np.where(unknown, np.nan, 1.0))
    return np.where(happened == 1, entering, happened)


def _seen(cells: Mask) -> Mask:
    """Whether one of the cells lies before, shape (U, T)."""
    before = np.zeros_like(cells)
    before[:, 1:] = np.logical_or.accumulate(cells, axis=1)[:, :-1]
    return before


def _isolated(happened: Floats, periods: int) -> Floats:
    near, unknown = np.zeros(happened.shape, dtype=bool), np.zeros(happened.shape, dtype=bool)
    for k in range(1, min(periods, happened.shape[1]) + 1):
        for other in (shifted(happened, k), shifted(happened, -k)):
            near |= other == 1
            unknown |= np.isnan(other)
    entering = np.where(near, 0.0, np.where(unknown, np.nan, 1.0))
    return np.where(happened == 1, entering, happened)


def _within(happened: Floats, periods: int) -> tuple[Mask, Mask]:
    """Whether an event that entered surely lies within ``periods`` before, and whether that cannot be told.

    One pass along the calendar keeps every time since the last event that entered which the missing cells allow.
    """
    surely, unknown = np.zeros(happened.shape, dtype=bool), np.zeros(happened.shape, dtype=bool)
    # Column k: the last that entered was k + 1 periods ago; the last column: longer ago, or never.
    ago = np.zeros((len(happened), periods + 1), dtype=bool)
    ago[:, -1] = True
    for t in range(happened.shape[1]):
        free, held = ago[:, -1].copy(), ago[:, :-1].any(axis=1)
        surely[:, t], unknown[:, t] = held & ~free, held & free
        quiet = np.zeros_like(ago)
        quiet[:, 1:] = ago[:, :-1]
        # Time passes; from the last column only an event that enters leads away.
        quiet[:, -1] |= free & (happened[:, t] != 1)
        quiet[:, 0] = free & (happened[:, t] != 0)
        ago = quiet
    return surely, unknown


def since_last(happened: Floats) -> Floats:
    """Periods since the last event, 0 in its own; missing where the record does not reach back to one unbroken.

    Examples
    --------
    >>> since_last(np.array([[0.0, 1.0, 0.0, 0.0]])).tolist()
    [[nan, 0.0, 1.0, 2.0]]
    """
    time = np.arange(happened.shape[1])
    event = np.maximum.accumulate(np.where(happened == 1, time, -1), axis=1)
    unknown = np.maximum.accumulate(np.where(np.isnan(happened), time, -1), axis=1)
    return np.where(event > unknown, time - event, np.nan)


def to_next(happened: Floats) -> Floats:
    """Periods to the next event, 0 in its own; missing where the record ends or breaks before one."""
    return since_last(happened[:, ::-1])[:, ::-1]


def so_far(happened: Floats, recorded: Mask) -> Floats:
    """Events of the record up to each cell, its own included; missing after a cell that cannot be told.

    Parameters
    ----------
    happened : ndarray, shape (U, T)
    recorded : ndarray of bool, shape (U, T)
    """
    unknown = np.isnan(happened) & np.logical_or.accumulate(recorded, axis=1)
    return np.where(np.logical_or.accumulate(unknown, axis=1) | ~recorded, np.nan, np.nancumsum(happened, axis=1))
