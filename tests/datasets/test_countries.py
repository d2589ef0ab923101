"""Names and codes of countries: hard cases as data, lives of states, tables of what did not match."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventpanel.datasets.conflicts import list_conflicts, no_conflicts
from eventpanel.datasets.countries import (
    SCHEMES,
    Scheme,
    country_years,
    existed,
    harmonise,
    match,
    name_of,
    normalise,
    settle_successions,
)
from eventpanel.datasets.crosswalk import FOREVER
from eventpanel.datasets.errors import ColumnError, CountryError, DuplicateKeyError

HERE = Path(__file__).parent


def read_cases(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def case_id(case: dict[str, str]) -> str:
    return f"{case['scheme']}-{case['value']}-{case['year']}"


def ask(case: dict[str, str]) -> tuple[str, str]:
    years = pd.Series([int(case["year"])]) if case["year"] else None
    schemes: dict[str, Scheme] = {scheme: scheme for scheme in SCHEMES}
    found = match(pd.Series([case["value"]]), schemes[case["scheme"]], years)
    return found.iso3.fillna("").iloc[0], found.problem.iloc[0]


# Hard cases


@pytest.mark.parametrize("case", read_cases("countries_must_match.csv"), ids=case_id)
def test_must_match(case: dict[str, str]) -> None:
    assert ask(case) == (case["iso3"], "")


@pytest.mark.parametrize("case", read_cases("countries_must_not_match.csv"), ids=case_id)
def test_must_not_match(case: dict[str, str]) -> None:
    iso3, problem = ask(case)
    assert iso3 == ""
    assert problem


def test_problems_say_why() -> None:
    values = pd.Series(["World", "Atlantis", "", None, "Yugoslavia", "Hamas (Palestine)*", "Northern Cyprus"])
    assert match(values, "name", pd.Series([2010] * 7)).problem.tolist() == [
        "aggregate",
        "not known",
        "empty",
        "empty",
        "not in that year (Yugoslavia 1918-2003)",
        "non-state group",
        "not in the crosswalk on purpose: state without general recognition",
    ]
    assert match(values[[4]], "name").problem.tolist() == ["not today (Yugoslavia 1918-2003)"]


def test_codes_that_mean_different_countries_in_two_schemes() -> None:
    both = pd.Series(["AUS", "MAC", "SLV", "SWZ", "MNG"])
    years = pd.Series([2010] * 5)
    assert match(both, "iso3", years).iso3.tolist() == both.tolist()
    assert match(both, "cow_letters", years).iso3.tolist() == ["AUT", "MKD", "SVN", "CHE", "MNE"]


def test_unknown_scheme_is_refused() -> None:
    with pytest.raises(CountryError, match="Unknown code scheme 'iso'"):
        match(pd.Series(["KEN"]), "iso")  # type: ignore[arg-type]


def test_missing_years_do_not_match() -> None:
    found = match(pd.Series(["Kenya", "Kenya"]), "name", pd.Series([2000.0, np.nan]))
    assert found.iso3.isna().tolist() == [False, True]


def test_last_year_is_that_of_the_state_that_matched() -> None:
    found = match(pd.Series(["260", "255", "345"]), "cow", pd.Series([1990, 1990, 2005]))
    assert found.last.tolist() == [1990, FOREVER, 2006]


def test_index_is_kept_even_if_it_repeats() -> None:
    values = pd.Series(["Niger", "World", "Nigeria"], index=[7, 7, 3])
    found = match(values, "name", pd.Series([2000] * 3))
    assert found.iso3.index.tolist() == [7, 7, 3]
    assert found.problem.tolist() == ["", "aggregate", ""]


@settings(max_examples=25, deadline=None)
@given(st.permutations([(name, year) for name in ("Yemen", "Serbia", "World", "") for year in (1980, 1990, 2010)]))
def test_order_of_rows_does_not_matter(rows: list[tuple[str, int]]) -> None:
    frame = pd.DataFrame(rows, columns=["name", "year"])
    found = match(frame["name"], "name", frame["year"])
    answers = dict(zip(rows, zip(found.iso3.fillna(""), found.problem, strict=True), strict=True))
    alone = {row: ask({"scheme": "name", "value": row[0], "year": str(row[1])}) for row in rows[:2]}
    assert alone.items() <= answers.items()


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(pd.Series([text], dtype=object), "name")
    assert normalise(once, "name").tolist() == once.tolist()


# Lives of states


def test_states_exist_from_their_first_31_december() -> None:
    states = ["SSD", "SSD", "XKX", "XKX", "YUG", "YUG", "SCG", "SCG", "SRB", "MNE", "SUN", "RUS", "ERI"]
    years = [2010, 2011, 2007, 2008, 2002, 2003, 2003, 2006, 2006, 2005, 1991, 1991, 1992]
    expected = [False, True, False, True, True, False, True, False, True, False, False, True, False]
    assert existed(states, years).tolist() == expected


def test_czechoslovakia_ended_on_31_december() -> None:
    states = ["CSK", "CSK", "CZE", "CZE", "SVK", "SVK"]
    assert existed(states, [1992, 1993] * 3).tolist() == [True, False, False, True, False, True]


def test_gaps_and_unknown_codes_do_not_exist() -> None:
    assert existed(["EST", "EST", "EST", "QQQ"], [1930, 1960, 2000, 2000]).tolist() == [
        True,
        False,
        True,
        False,
    ]
    assert existed([], []).tolist() == []


@pytest.mark.parametrize(
    ("year", "born"),
    [
        (1947, {"IND", "PAK"}),
        (1960, {"BEN", "BFA", "CAF", "CIV", "CMR", "COD", "COG", "CYP", "GAB", "MDG", "MLI", "MRT", "NER",
                "NGA", "SEN", "SOM", "TCD", "TGO"}),
        (1962, {"BDI", "DZA", "JAM", "RWA", "TTO", "UGA", "WSM"}),
        (1971, {"ARE", "BGD", "BHR", "QAT"}),
        (1975, {"AGO", "COM", "CPV", "MOZ", "PNG", "STP", "SUR"}),
        (1991, {"ARM", "AZE", "BLR", "EST", "GEO", "HRV", "KAZ", "KGZ", "LTU", "LVA", "MDA", "MKD", "RUS",
                "SVN", "TJK", "TKM", "UKR", "UZB"}),
        (1992, {"BIH"}),
        (1993, {"CZE", "ERI", "SVK"}),
        (1994, {"PLW"}),
        (2002, {"TLS"}),
        (2006, {"MNE", "SRB"}),
        (2008, {"XKX"}),
        (2011, {"SSD"}),
    ],
)  # fmt: skip
def test_states_are_born_in_their_year(year: int, born: set[str]) -> None:
    spine = country_years(year - 1, year).groupby("year")["importer"].agg(set)
    assert spine[year] - spine[year - 1] == born


def test_spine_of_all_states_is_unique_and_sorted() -> None:
    spine = country_years(1946, 2024)
    assert not spine.duplicated().any()
    assert spine.equals(spine.sort_values(["importer", "year"], ignore_index=True))
    assert (spine["year"] == 2024).sum() == 195
    assert not set(spine["importer"]) & {"HKG", "PSE", "GRL", "XAB"}


def test_spine_of_some_countries() -> None:
    spine = country_years(2001, 2008, ["YUG", "SCG", "SRB"])
    assert spine.groupby("importer")["year"].agg(["min", "max"]).T.to_dict("list") == {
        "SCG": [2003, 2005],
        "SRB": [2006, 2008],
        "YUG": [2001, 2002],
    }
    with pytest.raises(CountryError, match="QQQ"):
        country_years(2000, 2001, ["KEN", "QQQ"])


def test_simulated_countries_always_exist() -> None:
    assert existed(["XAA", "XXZ", "XKX"], [1, 3000, 1]).tolist() == [True, True, False]
    assert country_years(1, 2, ["XAB"])["year"].tolist() == [1, 2]
    assert match(pd.Series(["XAB"]), "iso3").iso3.tolist() == ["XAB"]


def test_names_of_codes() -> None:
    assert [name_of(code) for code in ("KEN", "XKX", "XAB", "DEU", "YEM", "KOR", "QQQ")] == [
        "Kenya", "Kosovo", "Simulated XAB", "Germany", "Yemen", "South Korea", "QQQ",
    ]  # fmt: skip


# Tables


def test_harmonise_keeps_matches_and_lists_the_rest() -> None:
    frame = pd.DataFrame(
        {
            "country": ["Kenya", "World", "World", "South Sudan"],
            "year": [2000, 2000, 2001, 2005],
            "n": range(4),
        }
    )
    kept, conflicts = harmonise(frame, "country", "name", source="list")
    assert kept.to_dict("records") == [{"importer": "KEN", "country": "Kenya", "year": 2000, "n": 0}]
    assert conflicts.to_dict("records") == [
        {
            "source": "list", "problem": "aggregate", "value": "World", "years": "2000-2001", "rows": 2,
            "resolution": "rows left out",
        },
        {
            "source": "list", "problem": "not in that year (South Sudan 2011-)", "value": "South Sudan",
            "years": "2005", "rows": 1, "resolution": "rows left out",
        },
    ]  # fmt: skip
    assert len(kept) + conflicts["rows"].sum() == len(frame)
    assert frame.columns.tolist() == ["country", "year", "n"]


def test_harmonise_in_place_and_without_years() -> None:
    frame = pd.DataFrame({"n": [1, 2], "importer": ["NA", "ZZ"]})
    kept, conflicts = harmonise(frame, "importer", "iso2", year=None)
    assert kept.to_dict("list") == {"n": [1], "importer": ["NAM"]}
    assert conflicts["years"].tolist() == [""]
    with pytest.raises(ColumnError, match="no column 'country'"):
        harmonise(frame, "country", "iso2")


def test_no_conflicts_have_the_same_columns() -> None:
    frame = pd.DataFrame({"country": ["Kenya"], "year": [2000]})
    nothing = list_conflicts(frame[:0], "country", pd.Series(dtype=object), "", "", "year")
    assert nothing.columns.equals(no_conflicts().columns)
    assert nothing.empty


def test_the_two_sudans_of_2011() -> None:
    rows = pd.DataFrame(
        {"ccode": ["625", "625", "626", "626"], "year": [2010, 2011, 2011, 2012], "polity": [1, 2, 3, 4]}
    )
    frame, none = harmonise(rows, "ccode", "polity")
    assert none.empty
    kept, conflicts = settle_successions(frame, "ccode", "polity", keys=["importer", "year"], source="Polity")
    assert kept["polity"].tolist() == [1, 3, 4]
    assert conflicts[["value", "years", "problem", "resolution"]].values.tolist() == [
        ["625", "2011", "two states in one year", "kept the state of 31 December"]
    ]


def test_other_duplicates_are_refused() -> None:
    frame = pd.DataFrame({"importer": ["KEN", "KEN"], "name": ["Kenya", "Kenya"], "year": [2000, 2000]})
    with pytest.raises(DuplicateKeyError, match="same country and year"):
        settle_successions(frame, "name", "name", keys=["importer", "year"])


def test_rows_that_repeat_in_the_last_year_of_a_state_are_refused() -> None:
    frame = pd.DataFrame({"importer": ["YUG"] * 2, "name": ["Yugoslavia"] * 2, "year": [2003] * 2}, index=[4, 4])
    with pytest.raises(DuplicateKeyError, match="same country and year"):
        settle_successions(frame, "name", "name", keys=["importer", "year"])


def test_settling_does_not_depend_on_the_index() -> None:
    frame = pd.DataFrame({"importer": ["DEU"] * 2, "ccode": ["260", "255"], "year": [1990] * 2}, index=[4, 4])
    kept, conflicts = settle_successions(frame, "ccode", "cow", keys=["importer", "year"])
    assert (kept["ccode"].tolist(), conflicts["value"].tolist()) == (["255"], ["260"])


def test_nothing_to_settle() -> None:
    frame = pd.DataFrame({"importer": ["KEN", "UGA"], "name": ["Kenya", "Uganda"], "year": [2000, 2000]})
    kept, conflicts = settle_successions(frame, "name", "name", keys=["importer", "year"])
    assert kept.equals(frame)
    assert conflicts.empty
