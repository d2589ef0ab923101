"""Event tables, worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.event_table import code_events
from eventpanel.estimators.events import Event, Overlap, Threshold

NA = None


def table(values: list[float | None], event: Event) -> dict[str, list[object]]:
    frame = pd.DataFrame({"unit": "A", "year": range(2000, 2000 + len(values)), "x": values}).astype({"x": float})
    found = code_events(Panel(frame, ("unit",), "year"), event).astype(object)
    return {str(name): column.where(column.notna(), None).tolist() for name, column in found.items()}


def test_a_dose_with_a_gap() -> None:
    got = table([0, 2, 1, 0, None, 3, 0], Event(column="x", kind="dose", scale="sd"))
    assert got["year"] == [2000, 2001, 2002, 2003, 2005, 2006]
    assert got["value"] == [0, 2, 1, 0, 3, 0]
    assert got["event"] == [0, 1, 1, 0, 1, 0]
    assert got["set_aside"] == [0, 0, 0, 0, 0, 0]
    # Whether 2005 is the start of a spell depends on 2004.
    assert got["onset"] == [0, 1, 0, 0, NA, 0]
    assert got["spell"] == [NA, 1, 1, NA, NA, NA]
    assert got["position"] == [NA, 1, 2, NA, NA, NA]
    assert got["since_last"] == [NA, 0, 0, 1, 0, 1]
    assert got["to_next"] == [1, 0, 0, NA, 0, NA]
    assert got["count"] == [0, 1, 2, 2, NA, NA]
    assert got["left_censored"] == [True, False, False, False, False, False]
    assert got["right_censored"] == [False, False, False, True, False, True]


def test_spells_with_quiet_gaps() -> None:
    event = Event(column="x", kind="threshold", threshold=Threshold(rule="absolute", value=0), quiet=2)
    got = table([1, 0, 1, 0, 0, 1, 1, 0, 0], event)
    # The first spell may have begun before the record: it is the first all the same, but the place in it is not known.
    assert got["spell"] == [1, 1, 1, NA, NA, 2, 2, NA, NA]
    assert got["position"] == [NA, NA, NA, NA, NA, 1, 2, NA, NA]
    assert got["onset"] == [NA, 0, 0, 0, 0, 1, 0, 0, 0]
    assert got["coded"] == got["event"] == [1, 0, 1, 0, 0, 1, 1, 0, 0]


def test_events_set_aside_happened() -> None:
    asked = Overlap(rule="first")
    event = Event(column="x", kind="threshold", threshold=Threshold(rule="absolute", value=0), overlap=asked)
    got = table([0, 1, 0, 1, 0], event)
    assert got["coded"] == [0, 1, 0, NA, 0]
    assert got["event"] == [0, 1, 0, 1, 0]
    assert got["set_aside"] == [0, 0, 0, 1, 0]
    assert got["since_last"] == [NA, 0, 1, 0, 1]
    assert got["count"] == [0, 1, 1, 2, 2]


def test_a_change_of_level() -> None:
    got = table([1, 1, 4, 4, 2], Event(column="x", kind="change"))
    assert got["coded"] == [NA, 0, 3, 0, -2]
    assert got["event"] == [NA, 0, 1, 0, 1]
    assert got["since_last"] == [NA, NA, 0, 1, 0]
    assert got["count"] == [NA] * 5


def test_periods_and_units_are_named_as_in_the_panel() -> None:
    quarters = pd.PeriodIndex(["2010Q4", "2011Q1", "2011Q3"], freq="Q")
    frame = pd.DataFrame({"exporter": "C", "importer": "K", "quarter": quarters, "x": [1.0, 0.0, 2.0]})
    pairs = Panel(frame, ("exporter", "importer"), "quarter")
    got = code_events(pairs, Event(column="x", kind="dose", by="importer"))
    assert got.columns[:2].tolist() == ["importer", "quarter"]
    assert got["quarter"].tolist() == list(quarters)
    pd.testing.assert_frame_equal(
        pairs.frame.merge(got, on=["importer", "quarter"], validate="m:1")[["value"]], got[["value"]]
    )
    with pytest.raises(DesignError, match="which it belongs to"):
        code_events(pairs, Event(column="x", kind="dose"))
