"""Standing: how every event of a record stands to its window and to the other events, on the calendar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.coding import entry, happened, over
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.shifts import shifted
from eventpanel.estimators.events import Event
from eventpanel.estimators.occurrences import since_last
from eventpanel.estimators.record import Record
from eventpanel.estimators.window import EventWindow


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Grids of units by periods, shape (U, T) each.

    Attributes
    ----------
    dose : ndarray
        The column as given; for a change, the change.
    occurred : ndarray
        1 where an event happened, 0 where none did, missing where it cannot be told.
    enters, aside, untold : ndarray of bool
        Events that enter; those that the overlap rule sets aside; periods above the threshold of which it cannot be
        told whether they are events, or whether they enter.
    starts : ndarray of bool
        First periods of unbroken runs of events.
    gap : ndarray
        At an event, periods since the one before; missing elsewhere and where it cannot be told.
    flags : dict of str to ndarray of bool
        At an event: overlapping, shared_window, clean_before, clean_window.
    usable : ndarray of bool
        Every lead and lag of the window is known.
    """

    dose: Floats
    occurred: Floats
    enters: Mask
    aside: Mask
    untold: Mask
    starts: Mask
    gap: Floats
    flags: dict[str, Mask]
    usable: Mask


def standing(events: Record, event: Event, window: EventWindow) -> Standing:
    """See how the events of a record stand.

    Parameters
    ----------
    events : Record
    event : Event
    window : EventWindow
    """
    given = events.given
    occurred, entering = (grid[:-1] for grid in (happened(given, event), entry(given, event)))
    is_event = occurred == 1
    # Of the period before: how long ago the last event was then.
    gap = np.where(is_event, shifted(since_last(occurred), 1) + 1, np.nan)
    enters, aside = is_event & (entering == 1), is_event & (entering == 0)
    return Standing(
        dose=(events.code if event.kind == "change" else given)[:-1],
        occurred=occurred,
        enters=enters,
        aside=aside,
        untold=(over(given, event)[:-1] == 1) & ~enters & ~aside & np.isnan(entering),
        starts=is_event & ~(shifted(occurred, 1) == 1),
        gap=gap,
        flags=_flags(occurred, window),
        usable=_usable(events, event, window)[:-1],
    )


def _flags(occurred: Floats, window: EventWindow) -> dict[str, Mask]:
    reach = min(window.leads + window.lags, occurred.shape[1])
    near, shared = np.zeros(occurred.shape, dtype=bool), np.zeros(occurred.shape, dtype=bool)
    before = np.ones(occurred.shape, dtype=bool)
    after = before.copy()
    for k in range(1, reach + 1):
        earlier, later = shifted(occurred, k), shifted(occurred, -k)
        shared |= (earlier == 1) | (later == 1)
        if k <= window.leads:
            near |= earlier == 1
            before &= earlier == 0
        if k <= window.lags:
            near |= later == 1
            after &= later == 0
    is_event = occurred == 1
    return {
        "overlapping": is_event & near,
        "shared_window": is_event & shared,
        "clean_before": is_event & before,
        "clean_window": is_event & before & after,
    }


def _usable(events: Record, event: Event, window: EventWindow) -> Mask:
    """Cells whose leads and lags are all known; with binned ends, whose bins are known as well."""
    usable = np.ones(events.code.shape, dtype=bool)
    for k in window.event_times:
        usable &= ~np.isnan(shifted(events.code, k))
    if window.ends == "bin":
        level = _level(events, event)
        usable &= ~np.isnan(shifted(level, -window.leads)) & ~np.isnan(shifted(level, window.lags + 1))
    return usable


def _level(events: Record, event: Event) -> Floats:
    """Find what bins are counted from; missing from the first break of a unit's record on, but for a policy level."""
    if event.kind == "change":
        return events.given
    known = events.known
    begun = np.logical_or.accumulate(known, axis=1)
    broken = np.logical_or.accumulate(begun & (~known | np.isnan(events.code)), axis=1)
    return np.where(broken, np.nan, events.code)
