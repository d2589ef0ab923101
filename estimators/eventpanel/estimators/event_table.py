"""Event table: what the record says about the event in every unit and period, before any window is chosen."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.coding import entry, happened, over
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.events import Event
from eventpanel.estimators.occurrences import onsets, since_last, so_far, spells, to_next
from eventpanel.estimators.record import period_labels, record

__all__ = ["code_events"]


def code_events(panel: Panel, event: Event) -> pd.DataFrame:
    """Code the event in every unit and period of its record.

    Onsets and spells are those of the periods above the threshold (of a dose or a change: not zero), at the event's
    ``quiet``. Times and counts are of all events, those that the overlap rule sets aside included: they happened.

    Parameters
    ----------
    panel : Panel
    event : Event

    Returns
    -------
    DataFrame
        One row per unit and period with a value, named as in the panel. ``value``: the column as given. ``coded``: what
        enters a regression. ``event``: 1 where an event happened. ``set_aside``: 1 where one happened that does not
        enter. ``onset``: 1 in the first period of a spell. ``spell``: number of the spell in the record;
        ``position``: 1 in its first period. ``since_last``, ``to_next``: periods since and until an event, 0 in its
        own. ``count``: events of the record so far. What the record cannot tell is missing; ``left_censored`` and
        ``right_censored`` say where it starts, ends or breaks before an event is met.

    Raises
    ------
    DesignError, PanelError
        As :func:`eventpanel.estimators.record.record`.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": "A", "year": range(2000, 2005), "x": [0, 2, 1, 0, 3]})
    >>> table = code_events(Panel(frame, ("unit",), "year"), Event(column="x", kind="dose"))
    >>> table[["year", "event", "spell", "position", "since_last", "count"]].to_numpy(dtype=object).tolist()[1:4]
    [[2001, 1, 1, 1, 0, 1], [2002, 1, 1, 2, 0, 2], [2003, 0, <NA>, <NA>, 1, 2]]
    """
    events = record(panel, event)
    given, known = events.given, events.known
    occurred, entering = happened(given, event), entry(given, event)
    passed = over(given, event)
    number, position = _numbered(passed, event.quiet, known)
    since, until = since_last(occurred), to_next(occurred)
    unit, period = np.nonzero(known)
    table = pd.DataFrame(
        {
            events.by: events.calendar.units[unit],
            str(panel.period): period_labels(panel, events.by)[period],
            "value": given[known],
            "coded": events.code[known],
        }
    )
    untold = np.isnan(entering) & (event.overlap.rule != "all")
    counts = {
        "event": occurred,
        "set_aside": np.where(untold, np.nan, (occurred == 1) & (entering == 0)),
        "onset": onsets(passed, event.quiet),
        "spell": number,
        "position": position,
        "since_last": since,
        "to_next": until,
        "count": so_far(occurred, known),
    }
    whole = {name: _whole(grid[known]) for name, grid in counts.items()}
    return table.assign(**whole, left_censored=np.isnan(since)[known], right_censored=np.isnan(until)[known])


def _numbered(passed: Floats, quiet: int, known: Mask) -> tuple[Floats, Floats]:
    """Count spells, and periods in them, shape (U, T) each; missing outside spells and where it cannot be told."""
    inside, begins = spells(passed, quiet) == 1, onsets(passed, quiet)
    # The first event belongs to the first spell of the record, also where that may have begun before it.
    first = (passed == 1) & (np.cumsum(passed == 1, axis=1) == 1)
    number = so_far(np.where(first, 1.0, begins), known)
    return np.where(inside, number, np.nan), np.where(inside, since_last(begins) + 1, np.nan)


def _whole(values: Floats) -> pd.arrays.IntegerArray:
    missing = np.isnan(values)
    return pd.arrays.IntegerArray(np.where(missing, 0, values).astype(np.int64), missing)
