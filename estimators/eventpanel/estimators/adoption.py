"""Adoption: when the event of a unit happens that happens once; estimators for such events refuse others by name."""

from __future__ import annotations

import numpy as np

from eventpanel.datasets.errors import RecurringEventError, first_few
from eventpanel.estimators.core.arrays import Codes, Mask
from eventpanel.estimators.trajectories import Trajectories

__all__ = ["NEVER", "adoption", "returning"]

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
