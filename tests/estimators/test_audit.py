"""Recurrence audit, counted by hand."""

from __future__ import annotations

import math

import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.audit import recurrence, recurrence_totals
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.window import EventWindow

WINDOW = EventWindow(leads=2, lags=2, reference=None)


def panel(**units: list[float]) -> Panel:
    rows = [(unit, 2000 + t, x) for unit, values in units.items() for t, x in enumerate(values)]
    return Panel(pd.DataFrame(rows, columns=["unit", "year", "x"]), ("unit",), "year")


def test_counts() -> None:
    #                   2000           2004           2008
    data = panel(A=[0, 0, 1, 1, 0, 0, 0, 1, 0], B=[0, 0, 0, 0, 0, 0, 0, 0, 0], C=[1, 0, 0, 0, 1, 0, 0, 0, 0])
    table = recurrence(data, Event(column="x", kind="dose"), WINDOW).set_index("unit")
    assert table["events"].tolist() == [3, 0, 2]
    assert table["spells"].tolist() == [2, 0, 2]
    assert table["overlapping"].tolist() == [2, 0, 0]
    # The two years before 2000 are not in the record: whether C's first event had a quiet past is not known.
    assert table["clean_before"].tolist() == [2, 0, 1]
    assert table["longest_quiet"].tolist() == [3, 9, 4]
    totals = recurrence_totals(table.reset_index())
    assert totals["units with an event"] == 2
    assert totals["units with more than one spell"] == 2
    assert totals["share of events with another inside the window"] == 2 / 5


def test_missing_years_are_counted() -> None:
    data = panel(A=[0, 1, 0, 0, 1])
    frame = data.frame[data.frame["year"] != 2002]
    table = recurrence(Panel(frame, ("unit",), "year"), Event(column="x", kind="dose"), WINDOW)
    assert table[["periods", "missing"]].to_numpy().tolist() == [[4, 1]]


def test_onsets_are_the_events_of_an_onset() -> None:
    onset = Event(column="x", kind="onset", threshold=Threshold(rule="absolute", value=0))
    assert recurrence(panel(A=[0, 1, 1, 0, 1]), onset, WINDOW)["events"].tolist() == [2]


def test_no_event_no_share() -> None:
    totals = recurrence_totals(recurrence(panel(A=[0, 0, 0]), Event(column="x", kind="dose"), WINDOW))
    assert math.isnan(totals["share of events with a clean period before"])
