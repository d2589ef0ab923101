"""Coding of events, worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError, PanelError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.events import Event, Overlap, Threshold
from eventpanel.estimators.path import event_path
from eventpanel.estimators.record import record
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import design
from tests.panels import shift

ABOVE_ZERO = Threshold(rule="absolute", value=0)


def panel(values: list[float], years: list[int] | None = None, unit: str = "A") -> Panel:
    years = list(range(2000, 2000 + len(values))) if years is None else years
    return Panel(pd.DataFrame({"unit": unit, "year": years, "x": values}), ("unit",), "year")


def coded(values: list[float], event: Event, years: list[int] | None = None) -> list[float]:
    return [float(v) for v in record(panel(values, years), event).coded]


def test_dose_is_the_value() -> None:
    assert coded([0, 3, 1], Event(column="x", kind="dose")) == [0, 3, 1]


def test_log1p_comes_first() -> None:
    event = Event(column="x", kind="dose", transform="log1p")
    np.testing.assert_allclose(coded([0, 3, 1], event), np.log1p([0, 3, 1]))


def test_scales() -> None:
    frame = pd.concat([panel([1, 2, 6]).frame, panel([10, 20, 90], unit="B").frame])
    whole = Panel(frame, ("unit",), "year")
    x = np.array([1, 2, 6, 10, 20, 90.0])
    for scale, want in (
        ("sd", (x - x.mean()) / x.std(ddof=1)),
        ("unit_sd", np.concatenate([(v - v.mean()) / v.std(ddof=1) for v in (x[:3], x[3:])])),
        ("period_sd", np.tile([-1, 1], (3, 1)).T.reshape(-1) / np.sqrt(2)),
    ):
        event = Event(column="x", kind="dose", scale=scale)  # type: ignore[arg-type]
        np.testing.assert_allclose(record(whole, event).coded, want, rtol=1e-12)


def test_a_unit_without_variation_has_no_standardised_dose() -> None:
    assert np.isnan(coded([2, 2, 2], Event(column="x", kind="dose", scale="unit_sd"))).all()


def test_thresholds() -> None:
    values: list[float] = [0, 1, 2, 9]
    for rule, value, want in (
        ("absolute", 1.0, [0, 0, 1, 1]),
        ("unit_median", 0.0, [0, 0, 1, 1]),
        ("unit_sd", 1.0, [0, 0, 0, 1]),  # mean 3 + s.d. 4.08
        ("quantile", 0.5, [0, 0, 1, 1]),  # 0.5 quantile 1.5
    ):
        event = Event(column="x", kind="threshold", threshold=Threshold(rule=rule, value=value))  # type: ignore[arg-type]
        assert coded(values, event) == want


def test_onset_needs_quiet_before() -> None:
    values: list[float] = [0, 0, 5, 5, 0, 5, 0, 0, 5]
    onset = [coded(values, Event(column="x", kind="onset", threshold=ABOVE_ZERO, quiet=q)) for q in (1, 2)]
    np.testing.assert_array_equal(onset[0], [0, 0, 1, 0, 0, 1, 0, 0, 1])
    np.testing.assert_array_equal(onset[1], [0, 0, 1, 0, 0, 0, 0, 0, 1])


def test_onset_at_the_start_of_the_record_or_after_a_gap_is_unknown() -> None:
    event = Event(column="x", kind="onset", threshold=ABOVE_ZERO)
    np.testing.assert_array_equal(coded([5, 5, 0], event), [np.nan, 0, 0])
    np.testing.assert_array_equal(coded([0, 5, 0], event, [2000, 2002, 2003]), [0, np.nan, 0])


def test_spell_bridges_gaps_shorter_than_quiet() -> None:
    nan = np.nan
    values: list[float] = [0, 5, 0, 5, 0, 0, 5, 0, 0, 0, 5, 0]
    # A zero at either end of the record may be a gap of a spell that runs on beyond it, unless every gap ends a spell.
    for quiet, want in (
        (1, [0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0]),
        (2, [nan, 1, 1, 1, 0, 0, 1, 0, 0, 0, 1, nan]),
        (3, [nan, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, nan]),
        (4, [nan, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, nan]),
    ):
        event = Event(column="x", kind="spell", threshold=ABOVE_ZERO, quiet=quiet)
        np.testing.assert_array_equal(coded(values, event), want)


def test_spell_bridges_a_gap_in_the_record_where_it_would_be_one_whatever_happened_there() -> None:
    whole, short = (Event(column="x", kind="spell", threshold=ABOVE_ZERO, quiet=q) for q in (4, 2))
    years = [2000, 2001, 2003]
    assert coded([5, 0, 5], whole, years) == [1, 1, 1]
    # An event in 2002 would make 2001 a gap of one year, else it is one of two.
    np.testing.assert_array_equal(coded([5, 0, 5], short, years), [1, np.nan, 1])
    assert coded([5, 0, 5], Event(column="x", kind="spell", threshold=ABOVE_ZERO), years) == [1, 0, 1]


def overlapping(rule: str, periods: int | None = None, aside: str = "missing", kind: str = "threshold") -> Event:
    asked = Overlap(rule=rule, periods=periods, aside=aside)  # type: ignore[arg-type]
    return Event(column="x", kind=kind, threshold=ABOVE_ZERO, overlap=asked)  # type: ignore[arg-type]


def test_overlap_rules() -> None:
    nan = np.nan
    #                        2000           2004           2008
    values: list[float] = [0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0]
    for rule, periods, want in (
        ("all", None, [0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0]),
        ("first", None, [0, 0, 0, 1, 0, nan, 0, nan, 0, 0, 0, 0, nan, 0, 0, 0]),
        # 2005 is two years after 2003, which entered; 2007 is four years after it.
        ("apart", 3, [0, 0, 0, 1, 0, nan, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0]),
        ("apart", 1, [0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0]),
        ("isolated", 3, [0, 0, 0, nan, 0, nan, 0, nan, 0, 0, 0, 0, 1, 0, 0, 0]),
        ("isolated", 1, [0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0]),
    ):
        np.testing.assert_array_equal(coded(values, overlapping(rule, periods)), want, err_msg=f"{rule} {periods}")
        zero = coded(values, overlapping(rule, periods, "zero"))
        np.testing.assert_array_equal(zero, np.nan_to_num(want))


def test_overlap_where_the_record_cannot_tell() -> None:
    nan = np.nan
    years = [2000, 2001, 2003, 2004, 2005, 2006, 2007]
    values: list[float] = [0, 0, 1, 1, 0, 0, 1]
    # Whether 2002 held the first event is not known; what comes after a known event is surely not the first.
    np.testing.assert_array_equal(coded(values, overlapping("first", aside="zero"), years), [0, 0, nan, 0, 0, 0, 0])
    # With an event in 2002, 2003 and 2004 come too soon; without, 2003 enters and 2004 comes too soon. 2007 is four
    # years after 2003 and five after 2002.
    np.testing.assert_array_equal(coded(values, overlapping("apart", 3, "zero"), years), [0, 0, nan, 0, 0, 0, 1])
    # If 2006 is not known either, an event there would enter after one in 2002, and 2007 would come too soon.
    del years[5], values[5]
    np.testing.assert_array_equal(coded(values, overlapping("apart", 3, "zero"), years), [0, 0, nan, 0, 0, nan])
    # The two years after 2007 are not in the record.
    np.testing.assert_array_equal(coded(values, overlapping("isolated", 2, "zero"), years), [0, 0, 0, 0, 0, nan])
    # The record of a unit starts with its first value: nothing before it is counted by "first" and "apart".
    assert coded([1, 0, 0], overlapping("first")) == [1, 0, 0]
    assert coded([1, 0, 0], overlapping("apart", 5)) == [1, 0, 0]
    np.testing.assert_array_equal(coded([1, 0, 0], overlapping("isolated", 2)), [nan, 0, 0])


def test_the_first_onset_is_not_known_where_an_earlier_one_may_be() -> None:
    np.testing.assert_array_equal(
        coded([1, 0, 1, 0, 1], overlapping("first", aside="zero", kind="onset")), [np.nan, 0, np.nan, 0, 0]
    )


def test_rows_near_an_event_set_aside_are_lost_and_not_taken_for_quiet_ones() -> None:
    frame = pd.DataFrame({"importer": "A", "year": range(2000, 2010), "x": [0, 0, 1, 0, 1, 0, 0, 0, 0, 0.0], "y": 0.0})
    data = Panel(frame, ("importer",), "year")
    window = EventWindow(leads=1, lags=1, reference=None)
    lost = {}
    for aside in ("missing", "zero"):
        asked = design(event=overlapping("first", aside=aside), window=window)
        path = event_path(data, asked, record(data, asked.event))
        lost[aside] = frame["year"][path.isna().any(axis=1)].tolist()
    assert lost == {"missing": [2000, 2003, 2004, 2005, 2009], "zero": [2000, 2009]}


def test_a_threshold_may_differ_by_period() -> None:
    frame = pd.DataFrame(
        [
            (u, y, x)
            for y, xs in ((2000, [1, 2, 3, 9]), (2001, [10, 20, 30, 90]))
            for u, x in zip("ABCD", xs, strict=True)
        ],
        columns=["unit", "year", "x"],
    )
    event = Event(column="x", kind="threshold", threshold=Threshold(rule="period_quantile", value=0.5))
    codes = record(Panel(frame, ("unit",), "year"), event).coded
    assert codes.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]  # medians 2.5 and 25; by unit, then year
    assert event.describe() == "x, threshold, above the 50% quantile of all units in the period, every event enters"
    some = frame[(frame["unit"] == "A") | (frame["year"] == 2000)]
    assert record(Panel(some, ("unit",), "year"), event).coded.tolist() == [0, 0, 0, 1, 1]


def test_change_is_along_the_calendar() -> None:
    event = Event(column="x", kind="change")
    np.testing.assert_array_equal(coded([1, 4, 6], event, [2000, 2001, 2003]), [np.nan, 3, np.nan])


def test_shift_moves_along_the_calendar_and_never_into_another_unit() -> None:
    index = pd.MultiIndex.from_tuples([("A", 2000), ("A", 2001), ("A", 2003), ("B", 2002)])
    series = pd.Series([1.0, 2.0, 3.0, 4.0], index=index)
    np.testing.assert_array_equal(shift(series, 1), [np.nan, 1, np.nan, np.nan])
    np.testing.assert_array_equal(shift(series, -2), [np.nan, 3, np.nan, np.nan])


def test_quarters_move_by_quarters() -> None:
    quarters = pd.PeriodIndex(["2010Q4", "2011Q1", "2011Q3"], freq="Q")
    frame = pd.DataFrame({"unit": "A", "quarter": quarters, "x": [1.0, 2.0, 3.0]})
    events = record(Panel(frame, ("unit",), "quarter"), Event(column="x", kind="change"))
    np.testing.assert_array_equal(events.coded, [np.nan, 1, np.nan])


def test_event_of_the_importer_in_a_panel_of_pairs() -> None:
    frame = pd.DataFrame({"e": ["C", "U"] * 2, "i": "K", "year": [2000, 2000, 2001, 2001], "x": [1.0, 1.0, 2.0, 2.0]})
    pairs = Panel(frame, ("e", "i"), "year")
    assert record(pairs, Event(column="x", kind="dose", by="i")).coded.tolist() == [1, 2]
    with pytest.raises(DesignError, match="which it belongs to"):
        record(pairs, Event(column="x", kind="dose"))
    frame.loc[0, "x"] = 7.0
    with pytest.raises(PanelError, match="differs between rows"):
        record(Panel(frame, ("e", "i"), "year"), Event(column="x", kind="dose", by="i"))


@pytest.mark.parametrize(
    "arguments",
    [
        {"kind": "onset"},
        {"kind": "dose", "threshold": ABOVE_ZERO},
        {"kind": "spell", "threshold": ABOVE_ZERO, "scale": "sd"},
        {"kind": "onset", "threshold": ABOVE_ZERO, "quiet": 0},
        {"kind": "jump"},
        {"kind": "dose", "scale": "z"},
        {"kind": "dose", "transform": "sqrt"},
        {"kind": "dose", "overlap": Overlap(rule="first")},
        {"kind": "change", "overlap": Overlap(rule="first")},
        {"kind": "spell", "threshold": ABOVE_ZERO, "overlap": Overlap(rule="first")},
    ],
)
def test_meaningless_events_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(DesignError):
        Event(column="x", **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "arguments",
    [
        {"rule": "last"},
        {"rule": "first", "aside": "one"},
        {"rule": "first", "periods": 3},
        {"rule": "all", "periods": 3},
        {"rule": "apart"},
        {"rule": "isolated", "periods": 0},
    ],
)
def test_meaningless_overlap_rules_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(DesignError):
        Overlap(**arguments)  # type: ignore[arg-type]


def test_every_overlap_rule_is_described() -> None:
    for rule, periods, words in (
        ("all", None, "every event enters"),
        ("first", None, "the first event of each unit, others missing"),
        ("apart", 3, "events more than 3 periods after the last that entered, others missing"),
        ("isolated", 3, "events with no other within 3 periods, others missing"),
    ):
        assert overlapping(rule, periods).describe().endswith(words)


@pytest.mark.parametrize("rule", ["quantile", "period_quantile"])
def test_quantile_outside_its_range_is_refused(rule: str) -> None:
    with pytest.raises(DesignError, match="between 0 and 1"):
        Threshold(rule=rule, value=75)  # type: ignore[arg-type]
