"""Records become counts: zero where the source watched, missing where it did not, nothing lost unseen."""

from __future__ import annotations

import pandas as pd
import pytest

from eventpanel.datasets.errors import ColumnError, InputError
from eventpanel.datasets.merge import merge, spine
from eventpanel.datasets.panel import Source
from eventpanel.datasets.records import Records, count, search, select

DEALS = pd.DataFrame(
    {
        "exporter": ["CHN", "CHN", "USA", "CHN", "CHN"],
        "importer": ["KEN", "KEN", "KEN", "UGA", "CHN"],
        "year": [2010, 2010, 2011, 2012, 2010],
        "title": ["Smart-city cameras", "smart city phase 2", "Kismart radios", None, "own"],
        "amount": [1.0, None, 3.0, None, 1.0],
    }
)
WATCHED = pd.DataFrame({"importer": ["KEN", "KEN", "UGA", "UGA", "CHN"], "year": [2010, 2011, 2010, 2011, 2010]})


@pytest.fixture
def records() -> Records:
    return Records(DEALS, WATCHED, Source("deals", "My deals"))


def test_counts_hold_zero_only_where_the_source_watched(records: Records) -> None:
    panel = count(records, "deals")
    assert panel.frame.set_index(["importer", "year"])["deals"].to_dict() == {
        ("CHN", 2010): 1, ("KEN", 2010): 2, ("KEN", 2011): 1, ("UGA", 2010): 0, ("UGA", 2011): 0,
    }  # fmt: skip
    merged = merge(spine(2009, 2011, importers=["UGA"]), panel, cardinality="1:1")
    assert merged.frame["deals"].isna().tolist() == [True, False, False]


def test_records_outside_the_coverage_are_listed_not_counted(records: Records) -> None:
    conflicts = count(records, "deals").conflicts
    assert conflicts[["value", "years", "rows", "resolution"]].to_numpy().tolist() == [
        ["UGA", "2012-2012", 1, "not counted"]
    ]


def test_pairs_leave_out_a_country_with_itself_and_say_so(records: Records) -> None:
    panel = count(records, "deals", exporters=["CHN", "USA"])
    assert panel.unit == ("exporter", "importer") and panel.frame["deals"].dtype == "int64"
    assert not (panel.frame["exporter"] == panel.frame["importer"]).any()
    assert panel.frame["deals"].sum() == 3
    assert "CHN" in panel.conflicts["value"].tolist()


def test_sums_are_missing_where_all_weights_are_and_partial_sums_are_listed(records: Records) -> None:
    panel = count(records, "amount", weight="amount", exporters=["CHN"])
    assert panel.frame.loc[panel.frame["importer"] == "KEN", "amount"].tolist() == [1.0, 0.0]
    listed = panel.conflicts[panel.conflicts["problem"] == "no amount"]
    assert listed[["value", "rows"]].to_numpy().tolist() == [["KEN", 1], ["UGA", 1]]


def test_weights_must_be_numbers_that_are_there(records: Records) -> None:
    with pytest.raises(InputError) as caught:
        count(records, "deals", weight="title")
    assert "'title'" in str(caught.value) and "columns: year, amount" in caught.value.where
    with pytest.raises(ColumnError, match="'tiv'"):
        count(records, "deals", weight="tiv")


def test_no_records_at_all_are_zeros(records: Records) -> None:
    none = Records(DEALS.iloc[:0], WATCHED, records.source)
    assert count(none, "deals").frame["deals"].tolist() == [0] * 5


def test_words_are_found_at_their_start_in_any_case(records: Records) -> None:
    found = search(records, "title", ["smart city"])
    assert found.frame.index.tolist() == [0, 1]
    assert search(records, "title", ["Smart-City"]).frame.index.tolist() == [0, 1]


@pytest.mark.parametrize("word", ["smart.city", "SMART/CITY", "smart, city"])
def test_a_word_is_never_a_pattern(records: Records, word: str) -> None:
    assert search(records, "title", [word]).frame.index.tolist() == [0, 1]
    assert search(records, "title", ["c.mer"]).frame.empty


@pytest.mark.parametrize("words", [[], [""], ["--"]])
def test_no_words(records: Records, words: list[str]) -> None:
    with pytest.raises(InputError, match="No words"):
        search(records, "title", words)


def test_a_column_that_is_not_there(records: Records) -> None:
    with pytest.raises(ColumnError) as caught:
        search(records, "name", ["x"])
    assert "'name'" in str(caught.value) and "title" in caught.value.where


def test_values_are_selected_and_unknown_values_refused(records: Records) -> None:
    assert select(records, "exporter", ["USA"]).frame["importer"].tolist() == ["KEN"]
    with pytest.raises(InputError) as caught:
        select(records, "exporter", ["USA", "RUS"])
    assert "'RUS'" in str(caught.value) and "'CHN', 'USA'" in caught.value.where


def test_selecting_keeps_the_coverage(records: Records) -> None:
    assert len(count(select(records, "exporter", ["USA"]), "deals").frame) == len(WATCHED)
