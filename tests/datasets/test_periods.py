"""One frequency a panel: mixtures, dates and gaps are refused."""

from __future__ import annotations

import pandas as pd
import pytest

from eventpanel.datasets.errors import EventPanelError, FrequencyError, NumberError
from eventpanel.datasets.periods import frequency, ordinal, to_period

REFUSED: list[tuple[str, list[object], type[EventPanelError], str]] = [
    ("years and quarters", ["2010", "2011Q2"], FrequencyError, "'2011Q2'"),
    ("quarters and months", ["2011Q2", "2011-03"], FrequencyError, "M, Q-DEC"),
    ("years and year-months", [2011, 201103], FrequencyError, "201103 beside 2011"),
    ("half years", [2011.0, 2011.5], NumberError, "2011.5"),
    ("words", ["2011", "soon"], NumberError, "'soon'"),
    ("only words", ["soon", "later"], NumberError, "soon"),
    ("a missing one", [2011, None], NumberError, "1 rows"),
    ("a missing text", ["2011Q1", None], NumberError, "1 rows"),
]


@pytest.mark.parametrize(("values", "error", "word"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused_periods(values: list[object], error: type[EventPanelError], word: str) -> None:
    with pytest.raises(error) as caught:
        to_period(pd.Series(values, name="when", dtype=object))
    assert "'when'" in caught.value.where and word in caught.value.where
    assert caught.value.remedy


def test_dates_are_refused() -> None:
    dates = pd.Series(pd.to_datetime(["2011-01-01"]), name="when")
    with pytest.raises(FrequencyError, match=r"\.dt\.year"):
        to_period(dates)


def test_years_and_counters_are_whole_numbers() -> None:
    assert to_period(pd.Series(["2011", "2012"])).dtype == "int64"
    assert to_period(pd.Series([1.0, 2.0])).tolist() == [1, 2]
    assert frequency(pd.Series([1, 2])) == "integer"


@pytest.mark.parametrize(("texts", "name"), [(["2011Q4", "2012Q1"], "Q-DEC"), (["2011-12", "2012-01"], "M")])
def test_steps_go_along_the_calendar(texts: list[str], name: str) -> None:
    periods = to_period(pd.Series(texts, name="when"))
    steps = ordinal(periods)
    assert frequency(periods) == name and steps[1] - steps[0] == 1


def test_periods_stay_as_they_are() -> None:
    periods = pd.Series(pd.period_range("2011Q1", periods=2, freq="Q"))
    assert to_period(periods) is periods


def test_index_and_name_are_kept() -> None:
    column = pd.Series(["2011Q1"], index=[7], name="when")
    assert to_period(column).index.tolist() == [7] and to_period(column).name == "when"
