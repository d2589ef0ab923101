"""The audit of a table: schemes guessed, and every kind of trap set and found, and nothing else."""

from __future__ import annotations

import pandas as pd
import pytest

from eventpanel.datasets.audit import Audit, audit
from eventpanel.datasets.countries import Scheme
from eventpanel.datasets.crosswalk import FOREVER, SCHEMES, crosswalk
from eventpanel.datasets.errors import ColumnError, CountryError
from eventpanel.datasets.guesses import guess_years, schemes_that_fit


def living(scheme: Scheme) -> pd.DataFrame:
    rows = crosswalk()
    rows = rows[(rows["last"] == FOREVER) & (rows[scheme] != "") & (rows["first"] > 0) & (rows["first"] <= 2010)]
    return rows[["iso3", scheme]].rename(columns={"iso3": "truth"}) if scheme != "iso3" else rows[["iso3"]]


def panel(values: list[str], years: range = range(2011, 2014), column: str = "country") -> pd.DataFrame:
    rows = [(value, year) for value in values for year in years]
    return pd.DataFrame(rows, columns=[column, "year"]).assign(protests=range(len(rows)))


def found(answer: Audit, problem: str) -> list[tuple[str, str, str]]:
    rows = answer.findings[answer.findings["problem"].str.startswith(problem)]
    return list(rows[["severity", "value", "hint"]].itertuples(index=False, name=None))


# Schemes


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_clean_column_of_each_scheme_has_no_conflict(scheme: Scheme) -> None:
    answer = audit(panel(living(scheme)[scheme].tolist()))
    (guess,) = answer.columns
    others = {"gw", "cow", "polity"} if scheme in {"gw", "cow", "polity"} else set()
    assert guess.scheme == scheme or {guess.scheme, scheme} in ({"iso3", "vdem"}, {"comtrade", "baci"})
    assert guess.shares[scheme] == 1
    assert not guess.mixed
    assert set(guess.doubt) <= others
    assert (answer.conflicts["problem"] == "means two countries").all()


@pytest.mark.parametrize("dtype", [int, float])
def test_numbers_are_read_as_codes(dtype: type) -> None:
    table = panel(living("cow")["cow"].tolist()).astype({"country": dtype})
    assert audit(table).columns[0].scheme == "cow"


def test_counts_years_and_short_texts_are_no_countries() -> None:
    table = panel(["Kenya", "Uganda", "Niger", "Chad"], range(2000, 2020))
    table = table.assign(
        deaths=[n % 97 for n in range(len(table))],
        rate=[n / 7 for n in range(len(table))],
        status=["F", "PF", "NF", "NF"] * 20,
        region=["Africa"] * 80,
        from_year=table["year"] - 1,
    )
    answer = audit(table)
    assert [guess.column for guess in answer.columns] == ["country"]
    assert (answer.year, answer.other_years) == ("year", ())
    assert answer.findings.empty


def test_a_stated_scheme_is_used() -> None:
    table = panel(["2", "710"])
    assert audit(table).columns == ()
    (guess,) = audit(table, schemes={"country": "cow"}).columns
    assert (guess.scheme, guess.reason) == ("cow", "stated")


def test_schemes_in_doubt_are_said_and_what_they_mean() -> None:
    rows = crosswalk()[lambda table: (table["last"] == FOREVER) & (table["cow"] == table["polity"])]
    answer = audit(panel([*rows.loc[rows["cow"] != "", "cow"].head(60), "341"]))
    (guess,) = answer.columns
    assert (guess.scheme, "polity" in guess.doubt) == ("cow", True)
    assert ("conflict", "341", "Montenegro in cow; Kosovo in polity") in found(answer, "means two countries")


def test_a_column_beside_it_settles_the_doubt() -> None:
    rows = living("polity").head(80)
    table = panel([*rows["polity"], "341"], column="ccode")
    names = [*rows["truth"], "XKX"]
    table.insert(0, "iso", [name for name in names for _ in range(3)])
    guess = audit(table).columns[1]
    assert (guess.scheme, guess.doubt, guess.reason) == ("polity", (), "agrees with iso")
    assert audit(table).conflicts.empty


def test_fitting_schemes_ignore_what_is_too_long_or_empty() -> None:
    assert schemes_that_fit(pd.Series(["", ""])) == ()
    assert schemes_that_fit(pd.Series([str(number) for number in range(3000)])) == ()


# Two schemes in one column


def mixed() -> pd.DataFrame:
    """ISO3 where arms is filled, letters of COW where deaths is."""
    first = [*living("iso3")["iso3"].head(40), "MAC", "FRA", "ESP", "GBR"]
    iso = panel(first).assign(arms="1", deaths="")
    cow = panel(["FRN", "SPN", "DEN", "UKG", "MAC", "SWD", "POR", "AUL", "BUL"]).assign(arms="", deaths="2")
    return pd.concat([iso, cow], ignore_index=True).drop(columns="protests")


def test_two_schemes_in_one_column_are_told() -> None:
    answer = audit(mixed())
    (guess,) = answer.columns
    assert (guess.scheme, guess.mixed) == ("iso3", ("cow_letters",))
    assert [severity for severity, *_ in found(answer, "two schemes")] == ["conflict"]


def test_a_collision_that_happens_is_a_conflict_and_one_that_could_is_a_note() -> None:
    collisions = {value: (severity, hint) for severity, value, hint in found(audit(mixed()), "means two countries")}
    assert {value: severity for value, (severity, _) in collisions.items()} == {"AUS": "note", "MAC": "conflict"}
    assert "Macao in iso3" in collisions["MAC"][1]
    assert "North Macedonia in cow_letters" in collisions["MAC"][1]
    assert "3 rows of iso3 by arms" in collisions["MAC"][1]
    assert "3 rows of cow_letters by deaths" in collisions["MAC"][1]


def test_without_marks_every_collision_is_a_conflict() -> None:
    collisions = found(audit(mixed()[["country", "year"]]), "means two countries")
    assert {(severity, value) for severity, value, _ in collisions} == {("conflict", "AUS"), ("conflict", "MAC")}


def test_two_spellings_of_one_country_year_are_a_conflict() -> None:
    several = found(audit(mixed()), "several values are one country")
    assert {value for _, value, _ in several} == {"AUL, AUS", "BGR, BUL", "ESP, SPN", "FRA, FRN", "GBR, UKG"}


@pytest.mark.parametrize(
    ("scheme", "other", "value", "meant"),
    [
        ("iso3", "cow_letters", "AUS", {"AUS", "AUT"}),
        ("iso3", "cow_letters", "MAC", {"MAC", "MKD"}),
        ("iso3", "cow_letters", "MNG", {"MNG", "MNE"}),
        ("iso3", "cow_letters", "SLV", {"SLV", "SVN"}),
        ("iso3", "cow_letters", "SWZ", {"SWZ", "CHE"}),
        ("iso2", "fips", "AU", {"AUS", "AUT"}),
        ("iso2", "fips", "CH", {"CHE", "CHN"}),
        ("iso2", "fips", "NI", {"NIC", "NGA"}),
    ],
)
def test_letters_of_other_countries_in_another_scheme_are_noted(
    scheme: Scheme, other: Scheme, value: str, meant: set[str]
) -> None:
    rows = crosswalk()[lambda table: table["last"] == FOREVER]
    assert {*rows.loc[rows[scheme] == value, "iso3"], *rows.loc[rows[other] == value, "iso3"]} == meant
    values = [*living(scheme)[scheme].head(60), value]
    noted = found(audit(panel(list(dict.fromkeys(values)))), f"other countries in {other}")
    assert [severity for severity, *_ in noted] == ["note"]


def test_czechia_and_czechoslovakia_share_letters_in_different_years() -> None:
    answer = audit(pd.concat([panel(["CZE", "FRN", "SPN", "UKG"], range(1985, 1996))]))
    assert answer.columns[0].scheme == "cow_letters"
    assert found(answer, "not in that year") == [("conflict", "CZE", "")]


def test_known_non_countries_are_no_second_scheme() -> None:
    places = ["AT", "BS", "CR", "EU", "OS"]  # islands and seas in FIPS, countries in ISO2
    (guess,) = audit(panel([*living("fips")["fips"], *places])).columns
    assert (guess.scheme, guess.mixed) == ("fips", ())


# Duplicates, successions, lives


def test_a_country_year_that_is_there_twice() -> None:
    table = pd.concat([panel(["Kenya", "Uganda", "Chad"], range(1990, 2010)), panel(["Kenya"], range(2000, 2001))])
    answer = audit(table)
    assert answer.findings[["severity", "problem", "value", "years", "rows"]].values.tolist() == [
        ["conflict", "several rows for one country, year", "Kenya", "2000", 2]
    ]


def test_a_further_column_may_tell_rows_apart() -> None:
    table = pd.concat([panel(["Kenya", "Uganda"], range(1990, 2010)).assign(kind=kind) for kind in ("a", "b", "c")])
    assert audit(table).findings.empty
    assert audit(table).key == ("country", "year", "kind")
    again = pd.concat([table, table.head(1)])
    assert audit(again).findings["problem"].tolist() == ["several rows for one country, year, kind"]


def test_records_are_not_called_duplicates() -> None:
    table = pd.concat([panel(["Kenya", "Uganda"], range(1990, 2010))] * 4).assign(protests=1)
    assert audit(table).findings.empty
    assert audit(table).key == ()


def test_pairs_of_countries_are_a_key() -> None:
    table = panel(["Kenya", "Uganda", "Chad"], range(2000, 2005)).assign(exporter="China")
    both = pd.concat([table, table.assign(exporter="Russia")])
    assert audit(both).findings.empty
    assert audit(both).key == ("country", "exporter", "year")


def test_two_states_of_one_country_and_year() -> None:
    table = panel(["Kenya", "Chad", "Sudan"], range(2000, 2020))
    table = pd.concat([table, pd.DataFrame({"country": ["Sudan-North"], "year": [2011]})])
    assert found(audit(table), "several values") == [("conflict", "Sudan, Sudan-North", "Sudan")]


def test_one_value_for_several_states_is_a_note() -> None:
    values = [*living("cow")["cow"].head(40), "345"]
    table = panel(list(dict.fromkeys(values)), range(1995, 2010))
    assert found(audit(table, schemes={"country": "cow"}), "one value") == [
        ("note", "345", "Yugoslavia, Serbia and Montenegro, Serbia")
    ]


def test_years_before_and_after_a_state() -> None:
    table = panel(["Kenya", "South Sudan", "Yugoslavia"], range(2000, 2015))
    rows = audit(table).conflicts[["problem", "value", "years", "rows"]].values.tolist()
    assert rows == [
        ["not in that year (South Sudan 2011-)", "South Sudan", "2000-2010", 11],
        ["not in that year (Yugoslavia 1918-2003)", "Yugoslavia", "2004-2014", 11],
    ]


def test_without_years_former_states_are_notes() -> None:
    answer = audit(pd.DataFrame({"country": ["Kenya", "Yugoslavia"], "n": [1, 2]}))
    assert answer.year == ""
    assert answer.findings[["severity", "problem", "years"]].values.tolist() == [
        ["note", "not today (Yugoslavia 1918-2003)", ""]
    ]


# What matches nothing


def test_reasons_and_suggestions() -> None:
    answer = audit(panel(["Kenya", "Niger", "Nigerria", "Atlantis", "World", "Hamas (Palestine)*"]))
    assert found(answer, "") == [
        ("conflict", "Atlantis", ""),
        ("conflict", "Nigerria", "perhaps Nigeria"),
        ("note", "World", ""),
        ("note", "Hamas (Palestine)*", ""),
    ]


def test_suggestions_are_not_used() -> None:
    (guess,) = audit(panel(["Kenya", "Nigerria"])).columns
    assert guess.shares["name"] == 0.5


def test_a_code_of_another_scheme_is_named() -> None:
    values = [*living("iso3")["iso3"].head(50), "GMY"]
    hints = {value: hint for _, value, hint in found(audit(panel(values)), "not known")}
    assert hints == {"GMY": ""}
    shared = [code for code in living("iso3")["iso3"] if code in set(crosswalk()["cow_letters"])]
    hints = {value: hint for _, value, hint in found(audit(panel([*shared, "DEU", "GMY"])), "not known")}
    assert hints in ({"GMY": "Germany in cow_letters"}, {"DEU": "Germany in iso3, Germany in vdem"})


def test_namibia_read_as_missing() -> None:
    values = [*living("iso2")["iso2"].head(80)]
    table = panel([value if value != "NA" else "" for value in values])
    table["country"] = table["country"].where(table["country"] != "", None)
    table = pd.concat([table, panel(["BW"]).assign(country=None)])
    assert [value[0] for value in found(audit(table), "empty where NA is Namibia")] == ["conflict"]


def test_two_columns_that_name_different_countries() -> None:
    table = panel(["Kenya", "Uganda", "Chad", "Niger", "Ghana", "Togo"]).assign(
        iso=[code for code in ("KEN", "UGA", "TCD", "NGA", "GHA", "TGO") for _ in range(3)]
    )
    rows = audit(table).conflicts[["column", "value", "rows", "hint"]].values.tolist()
    assert rows == [["country, iso", "Niger / NGA", 3, "Niger / Nigeria"]]


# Refusals


def test_refusals() -> None:
    table = panel(["Kenya"])
    with pytest.raises(ColumnError, match="no column 'land'"):
        audit(table, schemes={"land": "name"})
    with pytest.raises(ColumnError, match="no column 'jahr'"):
        audit(table, year="jahr")
    with pytest.raises(ColumnError, match="holds no years"):
        audit(table, year="country")
    with pytest.raises(CountryError, match="Unknown code scheme 'iso'"):
        audit(table, schemes={"country": "iso"})  # type: ignore[dict-item]
    with pytest.raises(ColumnError, match="two columns of one name"):
        audit(pd.concat([table, table], axis=1))


def test_an_empty_table_has_no_findings() -> None:
    answer = audit(pd.DataFrame({"country": [], "year": []}))
    assert (answer.rows, answer.columns, len(answer.findings)) == (0, (), 0)


def test_rows_without_a_year_are_counted_and_not_read() -> None:
    table = panel(["Kenya", "Uganda"]).astype({"year": float})
    table.loc[0, "year"] = None
    answer = audit(table)
    assert (answer.rows, answer.without_year) == (6, 1)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"year": ["1990"], "refYear": ["1990"]}, ("year",)),
        ({"start year": ["1990"], "end year": ["1991"], "n": ["1800"]}, ("start year", "end year")),
        ({"year": ["1990", "x"]}, ()),
        ({"year": ["", "", "1990"]}, ()),
        ({"year": ["199001"]}, ()),
    ],
)
def test_columns_of_years(table: dict[str, list[str]], expected: tuple[str, ...]) -> None:
    assert guess_years(pd.DataFrame(table)) == expected


def test_the_table_is_left_as_it_was() -> None:
    table = panel(["Kenya", "Niger"])
    before = table.copy(deep=True)
    audit(table)
    pd.testing.assert_frame_equal(table, before)
