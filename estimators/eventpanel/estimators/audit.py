"""Recurrence audit: how often events return, how far their windows overlap, which have a clean period before."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.events import Event
from eventpanel.estimators.record import record
from eventpanel.estimators.window import EventWindow

__all__ = ["recurrence", "recurrence_totals"]


def recurrence(panel: Panel, event: Event, window: EventWindow) -> pd.DataFrame:
    """Count events and their overlaps for every unit.

    For a dose every period with a value other than zero is an event; for a change, every period in which the level
    changes.

    Parameters
    ----------
    panel : Panel
    event : Event
    window : EventWindow

    Returns
    -------
    DataFrame
        One row per unit: unit, first, last (of the record), periods, missing (periods inside without a record),
        events, spells, overlapping (events with another event inside their window), clean_before (events with no
        event in the ``leads`` periods before), longest_quiet.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": "A", "year": range(2000, 2006), "x": [0, 0, 1, 0, 0, 0]})
    >>> table = recurrence(Panel(frame, ("unit",), "year"), Event(column="x", kind="dose"),
    ...                    EventWindow(leads=2, lags=2, reference=None))
    >>> table[["events", "overlapping", "clean_before"]].values.tolist()
    [[1, 0, 1]]
    """
    events = record(panel, event)
    coded = events.raw if event.kind == "dose" else events.coded
    happened = (coded != 0).astype(float).where(coded.notna())
    flags = _flags(happened, window)
    units = flags.groupby(level=0)
    times = pd.Series(happened.index.get_level_values(1), index=happened.index).groupby(level=0)
    table = units.sum().astype("int64")
    table.insert(0, "first", times.min())
    table.insert(1, "last", times.max())
    table.insert(2, "periods", times.size())
    table.insert(3, "missing", table["last"] - table["first"] + 1 - table["periods"])
    table["longest_quiet"] = units["events"].agg(lambda event: _longest_run(~event.to_numpy()))
    return table.rename_axis("unit").reset_index()


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


def _flags(happened: pd.Series, window: EventWindow) -> pd.DataFrame:
    """Of every period: is it an event, the start of a spell, near another event, without one before."""
    event = happened == 1
    near = pd.Series(data=False, index=happened.index)
    clean = ~near
    for k in (k for k in range(-window.leads, window.lags + 1) if k):
        near |= shift(happened, -k) == 1
    for k in range(1, window.leads + 1):
        clean &= shift(happened, k) == 0
    starts = event & (shift(happened, 1) != 1)
    return pd.DataFrame({"events": event, "spells": starts, "overlapping": event & near, "clean_before": event & clean})


def _longest_run(quiet: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    best = run = 0
    for value in quiet:
        run = run + 1 if value else 0
        best = max(best, run)
    return best


def recurrence_totals(table: pd.DataFrame) -> dict[str, float]:
    """Sum up :func:`recurrence`: units, events, shares of events that overlap and that have a clean period before."""
    events = int(table["events"].sum())
    return {
        "units": float(len(table)),
        "units with an event": float((table["events"] > 0).sum()),
        "units with more than one spell": float((table["spells"] > 1).sum()),
        "events": float(events),
        "share of events with another inside the window": table["overlapping"].sum() / events if events else np.nan,
        "share of events with a clean period before": table["clean_before"].sum() / events if events else np.nan,
    }
