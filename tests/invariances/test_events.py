"""Properties of events, leads and lags on arbitrary small records."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.audit import recurrence, recurrence_totals
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.path import event_path
from eventpanel.estimators.record import record
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import design
from tests.panels import shift

ABOVE = Threshold(rule="absolute", value=0)
rows = st.tuples(st.sampled_from("ABC"), st.integers(2000, 2012), st.integers(0, 3))
records = st.lists(rows, min_size=1, max_size=30, unique_by=lambda row: row[:2])
relaxed = settings(deadline=None, max_examples=60)


def panel(values: list[tuple[str, int, int]]) -> Panel:
    frame = pd.DataFrame(values, columns=["importer", "year", "x"]).assign(y=0.0)
    return Panel(frame, ("importer",), "year")


@relaxed
@given(records, st.integers(-3, 3))
def test_a_shift_and_its_opposite_give_the_value_back_wherever_both_are_known(
    values: list[tuple[str, int, int]], k: int
) -> None:
    series = record(panel(values), Event(column="x", kind="dose")).coded
    there = shift(shift(series, k), -k)
    known = there.notna()
    assert (there[known] == series[known]).all()


@relaxed
@given(records)
def test_every_lead_and_lag_is_the_value_of_that_very_year(values: list[tuple[str, int, int]]) -> None:
    data = panel(values)
    asked = design(window=EventWindow(leads=2, lags=2, reference=None))
    path = event_path(data, asked, record(data, asked.event))
    truth = {(i, y): x for i, y, x in values}
    for k in path.columns:
        for (importer, year), got in zip(
            data.frame[["importer", "year"]].itertuples(index=False), path[k], strict=True
        ):
            want = truth.get((importer, year - k))
            assert np.isnan(got) if want is None else got == want


@relaxed
@given(records, st.integers(1, 4))
def test_onsets_spells_and_thresholds_agree(values: list[tuple[str, int, int]], quiet: int) -> None:
    data = panel(values)
    coded = {
        kind: record(data, Event(column="x", kind=kind, threshold=ABOVE, quiet=quiet)).coded
        for kind in ("threshold", "onset", "spell")
    }
    event, onset, spell = coded["threshold"] == 1, coded["onset"], coded["spell"] == 1
    assert (event | ~(onset == 1)).all()  # an onset is an event
    assert (spell | ~event).all()  # an event is part of a spell
    assert set(coded["spell"].dropna().unique()) <= {0.0, 1.0}
    assert quiet > 1 or coded["spell"].notna().all()
    # Where the record is whole, a spell begins with an onset, unless too little is known of the time before.
    years = pd.Series(onset.index.get_level_values(1), index=onset.index).groupby(level=0)
    whole = years.transform("max") - years.transform("min") + 1 == years.transform("size")
    begins = whole & spell & (shift(coded["spell"], 1) == 0)
    assert (onset[begins].isna() | (onset[begins] == 1)).all()


@relaxed
@given(records)
def test_the_audit_counts_every_event_once(values: list[tuple[str, int, int]]) -> None:
    data = panel(values)
    table = recurrence(data, Event(column="x", kind="dose"), EventWindow(leads=2, lags=2, reference=None))
    assert table["events"].sum() == sum(x > 0 for _, _, x in values)
    assert (table["spells"] <= table["events"]).all()
    assert (table["overlapping"] <= table["events"]).all()
    assert (table["clean_before"] <= table["events"]).all()
    assert table["periods"].sum() == len(values)
    totals = recurrence_totals(table)
    assert totals["units"] == len({importer for importer, _, _ in values})


@relaxed
@given(records)
def test_row_order_does_not_matter(values: list[tuple[str, int, int]]) -> None:
    event = Event(column="x", kind="onset", threshold=ABOVE, quiet=2)
    forwards, backwards = record(panel(values), event).coded, record(panel(values[::-1]), event).coded
    pd.testing.assert_series_equal(forwards, backwards)
