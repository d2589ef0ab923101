"""Adoption: when the event of a unit happens that happens once; estimators for such events refuse others by name."""

from __future__ import annotations

import numpy as np

from eventpanel.datasets.errors import DesignError, RecurringEventError, first_few
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.design import Design
from eventpanel.estimators.trajectories import Trajectories

__all__ = ["NEVER", "adoption", "first_event", "one_direction", "returning", "undated"]

# A period after all others.
NEVER = np.iinfo(np.int64).max
VALID = "lp_did, did_multiplegt, panel_match, imputation or stacked_did"


def adoption(t: Trajectories, name: str) -> Codes:
    """First period with the event, as position on the calendar, shape (U,); ``NEVER`` for units without one.

    The event may be a status that stays on once it is on, or a single period.

    Parameters
    ----------
    t : Trajectories
    name : str
        The estimator that asks.

    Raises
    ------
    RecurringEventError
        An event that returns or ends, a dose that is not one level.

    Examples
    --------
    See docs/methods/recurring.md.
    """
    again = returning(t)
    if again.any():
        owners = t.owners[np.unique(t.owner[again])]
        raise RecurringEventError(
            f"{name} is for events that happen once; here they return, end, or change in size.",
            f"{len(owners)} of {len(t.owners)} units: {first_few(owners)}",
            f"use {VALID}, or an event that happens once, such as the first onset of each unit",
        )
    return first_event(t.happened)


def first_event(happened: Mask) -> Codes:
    """Position of the first event of each unit, shape (U,); ``NEVER`` without one.

    Examples
    --------
    >>> first_event(np.array([[False, True], [False, False]]))[0]
    np.int64(1)
    """
    return np.where(happened.any(axis=1), happened.argmax(axis=1), NEVER)


def returning(t: Trajectories) -> Mask:
    """Units whose event happens in several periods and does not just stay on, shape (U,).

    A level that stays on once it is on is one event, and so is a single period; anything else returns.

    Parameters
    ----------
    t : Trajectories
    """
    on, known = t.happened, ~np.isnan(t.event)
    count = on.sum(axis=1)
    after = np.arange(on.shape[1]) >= first_event(on)[:, None]
    stays = (on | ~after | ~known).all(axis=1)
    held = np.where(on, t.event, 0.0).max(axis=1)
    one_level = (np.where(on, t.event, held[:, None]) == held[:, None]).all(axis=1)
    return np.asarray((count > 1) & ~(stays & one_level))


def undated(t: Trajectories, design: Design) -> Mask:
    """Units whose event may have begun before the period in which it is first seen, shape (U,).

    That is a status which is on when the record begins, or when it resumes after a gap. An event that is over in a
    later period is dated by its own. Of an event of kind ``"change"`` it is also any level that moved within a gap.

    Parameters
    ----------
    t : Trajectories
    design : Design
    """
    known = ~np.isnan(t.level)
    if design.event.kind == "change":
        return _moved_unseen(t.level, known)
    period, first = np.arange(known.shape[1]), first_event(t.happened)[:, None]
    seen_before = (known & (period == first - 1)).any(axis=1)
    over = (known & ~t.happened & (period > first)).any(axis=1)
    return np.asarray((first[:, 0] < NEVER) & ~seen_before & ~over)


def _moved_unseen(level: Floats, known: Mask) -> Mask:
    place = np.maximum.accumulate(np.where(known, np.arange(level.shape[1]), -1), axis=1)
    last = np.take_along_axis(level, np.maximum(place, 0), axis=1)
    after_gap = known[:, 1:] & ~known[:, :-1] & (place[:, :-1] >= 0)
    moved = (after_gap & (level[:, 1:] != last[:, :-1])).any(axis=1)
    # Only of a level that is zero or one other value is it clear what it is without the event.
    values = np.unique(level[known])
    on_at_first = known.any(axis=1) & (level[np.arange(len(level)), known.argmax(axis=1)] != 0)
    return np.asarray(moved | (on_at_first & (len(values) == 2) & (values == 0).any()))


def one_direction(t: Trajectories, units: Codes, name: str) -> None:
    """Refuse changes upwards and downwards, whose effects would be averaged as one.

    Parameters
    ----------
    t : Trajectories
    units : ndarray
        Positions of the units whose events are dated.
    name : str
        The estimator that asks.

    Raises
    ------
    DesignError
    """
    held = np.where(t.happened[units], t.event[units], 0.0)
    down = (held < 0).any(axis=1)
    if down.any() and (held > 0).any():
        raise DesignError(
            f"{name} averages events as one kind; here they are positive in some units and negative in others.",
            f"negative: {first_few(t.owners[np.unique(t.owner[units[down]])])}",
            "estimate them one at a time: an event of kind 'threshold', or a sample of units",
        )
