"""Coding of events on random records against loops that write out every course a record allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.audit import audit_events, recurrence
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.event_table import code_events
from eventpanel.estimators.events import Event, Overlap, Threshold
from eventpanel.estimators.occurrences import enters, since_last, so_far, to_next
from eventpanel.estimators.path import event_path
from eventpanel.estimators.record import record
from eventpanel.estimators.window import EventWindow
from tests.estimators import plain_events as plain
from tests.estimators.designs import design

ABOVE = Threshold(rule="absolute", value=0)
cells = st.lists(st.sampled_from([None, 0, 0, 1]), min_size=1, max_size=7)
pairs = st.tuples(cells, cells)
relaxed = settings(deadline=None, max_examples=80)


def panel(*records: plain.Known) -> Panel:
    rows = [(unit, 2000 + t, x) for unit, one in zip("AB", records, strict=False) for t, x in enumerate(one)]
    frame = pd.DataFrame([row for row in rows if row[2] is not None], columns=["importer", "year", "x"])
    assume(len(frame) > 0)
    return Panel(frame.astype({"x": float}).assign(y=0.0), ("importer",), "year")


def coded(data: Panel, event: Event, records: Sequence[plain.Known]) -> list[plain.Told]:
    """Codes of each record, aligned with its cells."""
    series = record(data, event).coded
    found = dict(zip(series.index.to_list(), series.tolist(), strict=True))
    return [
        [_cell(found.get((unit, 2000 + t))) for t in range(len(one))] for unit, one in zip("AB", records, strict=False)
    ]


def _cell(value: float | None) -> int | None:
    return None if value is None or pd.isna(value) else int(value)


def grid(cells_: plain.Known) -> Floats:
    return np.array([[np.nan if cell is None else cell for cell in cells_]], dtype=float)


def listed(values: Floats) -> plain.Told:
    return [_cell(float(value)) for value in values[0]]


def where_known(record_: plain.Known, wanted: Sequence[int | None]) -> plain.Told:
    return [None if cell is None else want for cell, want in zip(record_, wanted, strict=True)]


@relaxed
@given(pairs, st.integers(1, 3))
def test_onsets_and_spells_are_told_exactly_where_every_course_agrees(
    records: tuple[plain.Known, ...], quiet: int
) -> None:
    data = panel(*records)
    rules: dict[str, Callable[[plain.Whole], plain.Whole]] = {
        "onset": lambda course: plain.onsets(course, quiet),
        "spell": lambda course: plain.spells(course, quiet),
    }
    for kind, rule in rules.items():
        event = Event(column="x", kind=kind, threshold=ABOVE, quiet=quiet)  # type: ignore[arg-type]
        want = [where_known(one, plain.told(one, rule, padded=quiet)) for one in records]
        assert coded(data, event, records) == want, kind


def rule_of(overlap: Overlap) -> tuple[Callable[[plain.Whole], plain.Whole], int]:
    """The rule for a whole record, and how many unknown periods stand on either side."""
    periods = overlap.periods or 0
    if overlap.rule == "first":
        return plain.first, 0
    if overlap.rule == "apart":
        return lambda course: plain.apart(course, periods), 0
    return lambda course: plain.isolated(course, periods), periods


overlaps = st.one_of(
    st.just(Overlap(rule="first")),
    st.integers(1, 4).map(lambda n: Overlap(rule="apart", periods=n)),
    st.integers(1, 3).map(lambda n: Overlap(rule="isolated", periods=n)),
)


@relaxed
@given(cells, overlaps)
def test_what_enters_is_told_exactly_where_every_course_agrees(one: plain.Known, overlap: Overlap) -> None:
    rule, padded = rule_of(overlap)
    counted = plain.started(one) if padded == 0 else one
    found = listed(enters(grid(one), overlap, ~np.isnan(grid(one))))
    assert found == where_known(one, plain.told(counted, rule, padded))


@relaxed
@given(pairs, overlaps)
def test_an_event_set_aside_is_missing_or_zero_and_nothing_else_changes(
    records: tuple[plain.Known, ...], overlap: Overlap
) -> None:
    data = panel(*records)
    for aside in ("missing", "zero"):
        asked = Overlap(rule=overlap.rule, periods=overlap.periods, aside=aside)
        event = Event(column="x", kind="threshold", threshold=ABOVE, overlap=asked)
        got = coded(data, event, records)
        for one, codes in zip(records, got, strict=True):
            entering = listed(enters(grid(one), overlap, ~np.isnan(grid(one))))
            for happened, enters_, code in zip(one, entering, codes, strict=True):
                set_aside = happened == 1 and enters_ == 0
                assert code == ((None if aside == "missing" else 0) if set_aside else enters_)


@relaxed
@given(cells, st.integers(1, 3), overlaps)
def test_onsets_that_enter_are_never_wrong(one: plain.Known, quiet: int, overlap: Overlap) -> None:
    data, (rule, _) = panel(one), rule_of(overlap)
    wide = quiet + (overlap.periods or 0)
    before = next(place for place, cell in enumerate(one) if cell is not None)

    def in_record(course: plain.Whole) -> plain.Whole:
        found = plain.onsets(course, quiet)
        # Only an isolated event looks beyond the record.
        return rule(found if overlap.rule == "isolated" else [0] * (wide + before) + found[wide + before :])

    assume(sum(cell is None for cell in one) + 2 * wide <= 13)
    truth = plain.told(one, in_record, padded=wide)
    asked = Overlap(rule=overlap.rule, periods=overlap.periods, aside="zero")
    event = Event(column="x", kind="onset", threshold=ABOVE, quiet=quiet, overlap=asked)
    for got, want in zip(coded(data, event, [one])[0], truth, strict=True):
        assert got is None or got == want


@relaxed
@given(cells)
def test_times_and_counts_are_told_exactly_where_every_course_agrees(one: plain.Known) -> None:
    values, known = grid(one), ~np.isnan(grid(one))
    assert where_known(one, listed(since_last(values))) == where_known(one, plain.told(one, plain.since_last, padded=1))
    backwards = where_known(one[::-1], plain.told(one[::-1], plain.since_last, padded=1))
    assert where_known(one, listed(to_next(values))) == backwards[::-1]
    counts = plain.told(plain.started(one), lambda course: list(np.cumsum(course)))
    assert listed(so_far(values, known)) == where_known(one, counts)


@relaxed
@given(cells, st.integers(1, 3))
def test_numbers_of_spells_and_places_in_them_are_never_wrong(one: plain.Known, quiet: int) -> None:
    data = panel(one)
    table = code_events(data, Event(column="x", kind="threshold", threshold=ABOVE, quiet=quiet)).set_index("year")

    def number(course: plain.Whole) -> list[int | None]:
        inside = [times for times in plain.grouped(course, quiet) if times[-1] >= quiet]
        return [next((n for n, s in enumerate(inside, 1) if s[0] <= t <= s[-1]), None) for t in range(len(course))]

    def position(course: plain.Whole) -> list[int | None]:
        found = plain.grouped(course, quiet)
        return [next((t - s[0] + 1 for s in found if s[0] <= t <= s[-1]), None) for t in range(len(course))]

    start = next(place for place, cell in enumerate(one) if cell is not None)
    numbers, places = plain.told(one[start:], number, quiet), plain.told(one[start:], position, quiet)
    told = table[["spell", "position"]].astype(object)
    got = told.where(told.notna(), None).to_dict()
    for t, cell in enumerate(one[start:]):
        if cell is not None:
            year = 2000 + start + t
            assert got["spell"][year] in (None, numbers[t])
            assert got["position"][year] in (None, places[t])
            # In a whole record the number of every spell is told.
            assert None in one[start:] or cell == 0 or got["spell"][year] == numbers[t]


@relaxed
@given(pairs, st.integers(0, 2), st.integers(0, 2))
def test_the_audit_is_that_of_plain_loops(records: tuple[plain.Known, ...], leads: int, lags: int) -> None:
    data, window = panel(*records), EventWindow(leads=leads, lags=lags, reference=None)
    audit = audit_events(data, Event(column="x", kind="dose"), window)
    rows = []
    for unit, one in zip("AB", records, strict=True):
        at = dict(enumerate(one))
        for t in (t for t in at if at[t] == 1):
            others = {k for k in range(-9, 10) if k and at.get(t + k) == 1}
            before = [at.get(t - k) for k in range(1, leads + 1)]
            after = [at.get(t + k) for k in range(1, lags + 1)]
            earlier = max((k for k in others if k < 0), default=None)
            gap = -earlier if earlier is not None and None not in one[t + earlier : t] else None
            rows.append(
                (
                    unit,
                    2000 + t,
                    gap,
                    any(-leads <= k <= lags for k in others),
                    any(abs(k) <= leads + lags for k in others),
                    all(x == 0 for x in before),
                    all(x == 0 for x in before + after),
                    None not in [at.get(t - k) for k in range(-leads, lags + 1)],
                )
            )
    columns = ["unit", "period", "since_previous", "overlapping", "shared_window", "clean_before", "clean_window"]
    found = audit.events[[*columns, "usable"]].astype(object)
    assert list(found.where(found.notna(), None).itertuples(index=False, name=None)) == rows
    sums = audit.events.groupby("unit")[["overlapping", "shared_window", "clean_before", "clean_window"]].sum()
    units = audit.units.set_index("unit")
    for name in sums:
        assert (units[name].reindex(sums.index) == sums[name]).all()
        assert units[name].sum() == sums[name].sum()


@pytest.mark.parametrize("kind", ["dose", "change", "onset"])
@pytest.mark.parametrize("ends", ["none", "bin"])
@relaxed
@given(records=pairs)
def test_usable_periods_are_those_the_estimators_can_use(
    records: tuple[plain.Known, ...], ends: str, kind: str
) -> None:
    data = panel(*records)
    window = EventWindow(leads=1, lags=1, reference=-1, ends=ends)  # type: ignore[arg-type]
    event = Event(column="x", kind=kind, threshold=ABOVE if kind == "onset" else None)  # type: ignore[arg-type]
    path = event_path(data, design(event=event, window=window), record(data, event))
    rows = data.frame[path.notna().all(axis=1)]
    table = recurrence(data, event, window).set_index("unit")
    assert table["usable"].sum() == len(rows)
    for unit in table.index:
        years = rows.loc[rows["importer"] == unit, "year"].tolist()
        got = table.loc[[unit], ["first_usable", "last_usable", "usable"]].astype(object)
        want = [min(years), max(years), len(years)] if years else [None, None, 0]
        assert got.where(got.notna(), None).iloc[0].tolist() == want
