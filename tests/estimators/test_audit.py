"""Recurrence audit, counted by hand."""

from __future__ import annotations

import math
import time

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.audit import audit_events, recurrence, recurrence_totals
from eventpanel.estimators.events import Event, Overlap, Threshold
from eventpanel.estimators.record import record
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


def test_windows_gaps_and_usable_years() -> None:
    #                   2000           2004           2008
    data = panel(A=[0, 0, 1, 1, 0, 0, 0, 1, 0], B=[0, 0, 0, 0, 0, 0, 0, 0, 0], C=[1, 0, 0, 0, 1, 0, 0, 0, 0])
    table = recurrence(data, Event(column="x", kind="dose"), WINDOW).set_index("unit")
    # Two years after 2003 and two before 2007 are both 2005; C's windows share 2002.
    assert table["shared_window"].tolist() == [3, 0, 2]
    # The window of 2007 ends in 2009, which is not in the record.
    assert table["clean_window"].tolist() == [0, 0, 1]
    assert table["mean_gap"].fillna(-1).tolist() == [2.5, -1, 4]
    assert table["usable"].tolist() == [5, 5, 5]
    assert (table["first_usable"].tolist(), table["last_usable"].tolist()) == ([2002] * 3, [2006] * 3)


def test_doses_totals_and_pages() -> None:
    audit = audit_events(panel(A=[0, 4, 0, 2, 0], B=[0, 0, 0, 0, 6]), Event(column="x", kind="dose"), WINDOW)
    doses = audit.doses.set_index("statistic")["value"].to_dict()
    assert (doses["units and periods"], doses["share of zeros"], doses["mean of others"]) == (10, 0.7, 4)
    assert (doses["least"], doses["median"], doses["most"]) == (2, 4, 6)
    totals = audit.totals
    assert totals["events per unit with one"] == 1.5
    assert totals["most events in a unit"] == 2
    assert totals["mean periods between events"] == 2
    assert totals["share of events with another inside the window"] == 2 / 3
    assert totals["units without a record"] == 0
    assert "most events in a unit: 2" in repr(audit)
    assert "share of doses that are zero: 70%" in repr(audit)
    page = audit._repr_html_()
    assert "<td>events</td><td>3</td>" in page
    assert "clean_window" in page


def test_what_a_rule_sets_aside_is_counted_apart_and_spoils_windows_all_the_same() -> None:
    asked = Overlap(rule="first", aside="zero")
    event = Event(column="x", kind="threshold", threshold=Threshold(rule="absolute", value=0), overlap=asked)
    audit = audit_events(panel(A=[0, 0, 1, 0, 1, 0, 0], B=[1, 1, 0, 0, 0, 0, 0]), event, WINDOW)
    table = audit.units.set_index("unit")
    assert table[["events", "set_aside", "untold", "overlapping"]].to_numpy().tolist() == [[1, 1, 0, 1], [1, 1, 0, 1]]
    assert audit.events["entry"].tolist() == ["enters", "set aside", "enters", "set aside"]
    assert audit.totals["events set aside"] == 2


def test_an_onset_at_the_start_of_the_record_cannot_be_told() -> None:
    onset = Event(column="x", kind="onset", threshold=Threshold(rule="absolute", value=0))
    audit = audit_events(panel(A=[1, 1, 0, 1]), onset, WINDOW)
    assert audit.units[["events", "untold"]].to_numpy().tolist() == [[1, 1]]
    assert audit.events[["period", "entry"]].to_numpy().tolist() == [[2000, "cannot be told"], [2003, "enters"]]


def test_units_without_a_record_are_counted() -> None:
    audit = audit_events(panel(A=[0, 1, 0], B=[math.nan] * 3), Event(column="x", kind="dose"), WINDOW)
    assert audit.units["unit"].tolist() == ["A"]
    assert audit.totals["units without a record"] == 1


def test_no_usable_year_is_missing() -> None:
    table = recurrence(panel(A=[0, 1, 0]), Event(column="x", kind="dose"), WINDOW)
    assert table["usable"].tolist() == [0]
    assert table[["first_usable", "last_usable"]].isna().all(axis=None)


def test_quarters_are_shown_as_quarters() -> None:
    quarters = pd.period_range("2010Q4", periods=6, freq="Q")
    frame = pd.DataFrame({"unit": "A", "quarter": quarters, "x": [0, 0, 1, 0, 0, 0.0]})
    audit = audit_events(Panel(frame, ("unit",), "quarter"), Event(column="x", kind="dose"), WINDOW)
    row = audit.units.iloc[0]
    assert [str(row[name]) for name in ("first", "last", "first_usable", "last_usable")] == [
        "2010Q4",
        "2012Q1",
        "2011Q2",
        "2011Q3",
    ]
    assert [str(period) for period in audit.events["period"]] == ["2011Q2"]


def test_an_empty_record_has_no_shares() -> None:
    audit = audit_events(panel(A=[math.nan, math.nan]), Event(column="x", kind="dose"), WINDOW)
    assert len(audit.units) == 0
    assert math.isnan(audit.totals["share of doses that are zero"])
    assert "not defined" in repr(audit)


def test_a_large_panel_takes_no_loop_over_units() -> None:
    n, t = 100_000, 10
    rng = np.random.default_rng(1)
    units, years = np.repeat(np.arange(n), t), np.tile(np.arange(2000, 2000 + t), n)
    data = Panel(pd.DataFrame({"unit": units, "year": years, "x": rng.poisson(0.3, n * t) * 1.0}), ("unit",), "year")
    event = Event(column="x", kind="dose")
    record(data, event)
    start = time.perf_counter()
    audit = audit_events(data, event, WINDOW)
    # A loop over units takes more than ten times as long.
    assert time.perf_counter() - start < 10
    assert audit.units["events"].sum() == (data.frame["x"] != 0).sum()
