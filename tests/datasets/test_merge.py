"""Joins state their cardinality, keep every row of the spine, and never turn what was not watched into zero."""

from __future__ import annotations

import pandas as pd
import pytest

from eventpanel.datasets.errors import (
    ColumnError,
    CountryError,
    DuplicateKeyError,
    FrequencyError,
    MergeError,
)
from eventpanel.datasets.merge import merge, spine
from eventpanel.datasets.panel import Panel, Source


def scores(**columns: list[object]) -> Panel:
    frame = pd.DataFrame({"importer": ["KEN", "KEN"], "year": [2010, 2011], **columns})
    return Panel(frame, ("importer",), "year", (Source("scores", "My scores"),))


def test_spine_leaves_out_states_before_their_time() -> None:
    grid = spine(2009, 2012, importers=["SSD", "KEN"]).frame
    assert grid.groupby("importer")["year"].min().to_dict() == {"KEN": 2009, "SSD": 2011}


def test_spine_of_pairs_has_no_country_with_itself() -> None:
    grid = spine(2010, 2010, importers=["KEN", "CHN"], exporters=["CHN", "USA"]).frame
    assert grid[["exporter", "importer"]].to_numpy().tolist() == [
        ["CHN", "KEN"],
        ["USA", "CHN"],
        ["USA", "KEN"],
    ]


def test_spine_of_unknown_codes() -> None:
    with pytest.raises(CountryError, match="QQQ"):
        spine(2010, 2011, importers=["QQQ"])


def test_no_row_of_the_spine_is_lost_or_invented() -> None:
    left = spine(2009, 2012, importers=["KEN", "UGA"])
    merged = merge(left, scores(deals=[0, None]), cardinality="1:1")
    pd.testing.assert_frame_equal(merged.frame[["importer", "year"]], left.frame)
    assert merged.frame["deals"].tolist()[1] == 0
    assert merged.frame["deals"].isna().sum() == 7


def test_zero_no_value_and_not_covered_are_counted_apart() -> None:
    merged = merge(spine(2009, 2012, importers=["KEN", "UGA"]), scores(deals=[0, None]), cardinality="1:1")
    table = merged.coverage
    counts = table[["importer", "nonzero", "zero", "no_value", "not_covered"]]
    assert counts.to_numpy().tolist() == [["KEN", 0, 1, 1, 2], ["UGA", 0, 0, 0, 4]]
    assert table[["first", "last"]].to_numpy().tolist()[0] == [2010, 2010]
    assert set(table["source"]) == {"scores"} and set(table["variable"]) == {"deals"}


def test_text_columns_are_counted_too() -> None:
    merged = merge(spine(2010, 2011, importers=["KEN"]), scores(kind=["none", "transition"]), cardinality="1:1")
    assert merged.coverage["nonzero"].tolist() == [2]


def test_one_row_serves_several() -> None:
    dyads = spine(2010, 2011, importers=["KEN"], exporters=["CHN", "USA"])
    merged = merge(dyads, scores(polity=[8, 9]), cardinality="m:1")
    assert merged.frame["polity"].tolist() == [8, 9, 8, 9]
    assert merged.sources == (Source("scores", "My scores"),)


def test_facts_without_years_serve_all_years() -> None:
    facts = Panel(pd.DataFrame({"importer": ["KEN"], "area": [580.0]}), ("importer",), None)
    merged = merge(spine(2010, 2012, importers=["KEN"]), facts, cardinality="m:1")
    assert merged.frame["area"].tolist() == [580.0] * 3


@pytest.mark.parametrize(("cardinality", "word"), [("m:1", "is 1:1, not m:1"), ("many", "Unknown cardinality 'many'")])
def test_wrong_cardinality(cardinality: str, word: str) -> None:
    with pytest.raises(MergeError) as caught:
        merge(spine(2010, 2011, importers=["KEN"]), scores(polity=[8, 9]), cardinality=cardinality)
    assert word in str(caught.value) and caught.value.remedy


def test_keys_the_panel_lacks() -> None:
    dyads = Panel(
        pd.DataFrame({"exporter": ["CHN"], "importer": ["KEN"], "year": [2010], "flow": [1.0]}),
        ("exporter", "importer"),
        "year",
    )
    with pytest.raises(MergeError) as caught:
        merge(spine(2010, 2011, importers=["KEN"]), dyads, cardinality="1:1")
    assert "exporter" in str(caught.value) and "aggregate" in caught.value.remedy


def test_columns_of_one_name() -> None:
    once = merge(spine(2010, 2011, importers=["KEN"]), scores(polity=[8, 9]), cardinality="1:1")
    with pytest.raises(MergeError, match="columns named polity"):
        merge(once, scores(polity=[8, 9]), cardinality="1:1")


def test_years_against_quarters() -> None:
    quarters = Panel(pd.DataFrame({"importer": ["KEN"], "year": ["2010Q1"], "deals": [1]}), ("importer",), "year")
    with pytest.raises(FrequencyError, match="integer against Q-DEC"):
        merge(spine(2010, 2011, importers=["KEN"]), quarters, cardinality="1:1")


def test_codes_that_never_meet() -> None:
    names = Panel(pd.DataFrame({"importer": ["Kenya"], "year": [2010], "deals": [1]}), ("importer",), "year")
    with pytest.raises(MergeError) as caught:
        merge(spine(2010, 2011, importers=["KEN"]), names, cardinality="1:1")
    assert "Kenya 2010 against KEN 2010" in caught.value.where and "ISO3" in caught.value.remedy


def test_period_columns_of_other_names_are_keys_the_panel_lacks() -> None:
    other = Panel(pd.DataFrame({"importer": ["KEN"], "period": [2010], "deals": [1]}), ("importer",), "period")
    with pytest.raises(MergeError, match="period"):
        merge(spine(2010, 2011, importers=["KEN"]), other, cardinality="1:1")


def test_a_dataset_with_repeated_keys_never_becomes_a_panel() -> None:
    with pytest.raises(DuplicateKeyError):
        Panel(pd.DataFrame({"importer": ["KEN", "KEN"], "year": [2010, 2010]}), ("importer",), "year")


def test_column_errors_name_the_columns() -> None:
    with pytest.raises(ColumnError, match="importer, year"):
        spine(2010, 2011, importers=["KEN"]).column("deals")


def test_rows_the_panel_has_no_place_for_are_listed() -> None:
    years = pd.DataFrame({"importer": "KEN", "year": range(2008, 2014), "protests": 1})
    merged = merge(spine(2010, 2012, importers=["KEN"]), Panel(years, ("importer",), "year"), cardinality="1:1")
    line = merged.conflicts.iloc[0]
    assert (line["problem"], line["value"]) == ("outside the panel's units and periods", "KEN")
    assert (line["years"], line["rows"]) == ("2008-2013", 3)
