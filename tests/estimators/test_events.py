"""Coding of events, worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError, PanelError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.record import record
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
    values: list[float] = [0, 5, 0, 5, 0, 0, 5, 0, 0, 0, 5, 0]
    for quiet, want in (
        (1, [0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0]),
        (2, [0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0]),
        (3, [0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0]),
        (4, [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]),
    ):
        event = Event(column="x", kind="spell", threshold=ABOVE_ZERO, quiet=quiet)
        assert coded(values, event) == want


def test_spell_does_not_bridge_a_gap_in_the_record() -> None:
    event = Event(column="x", kind="spell", threshold=ABOVE_ZERO, quiet=4)
    assert coded([5, 0, 5], event, [2000, 2001, 2003]) == [1, 0, 1]


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
    ],
)
def test_meaningless_events_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(DesignError):
        Event(column="x", **arguments)  # type: ignore[arg-type]


def test_quantile_outside_its_range_is_refused() -> None:
    with pytest.raises(DesignError, match="between 0 and 1"):
        Threshold(rule="quantile", value=75)
