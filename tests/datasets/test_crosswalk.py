"""Invariants of the country crosswalk: unique codes, years in order, two states in transition years only."""

from __future__ import annotations

import pandas as pd
import pytest

from eventpanel.datasets.crosswalk import FOREVER, SCHEMES, Scheme, crosswalk, not_countries, spells


def table() -> pd.DataFrame:
    rows = crosswalk()
    return rows.loc[~rows["name"].str.startswith("Simulated ")]


def living() -> pd.DataFrame:
    rows = table()
    return rows.loc[rows["last"] == FOREVER].set_index("iso3")


def test_table_has_all_of_iso_3166() -> None:
    assert len(living()) == 250
    former = set(table()["iso3"]) - set(living().index)
    assert former == {"ANT", "CSK", "DDR", "RVN", "SCG", "SUN", "YMD", "YUG"}


@pytest.mark.parametrize("scheme", [scheme for scheme in SCHEMES if scheme != "iso3"])
def test_codes_of_living_states_are_unique(scheme: str) -> None:
    codes = living()[scheme]
    assert not codes[codes != ""].duplicated().any()
    assert living().index.is_unique


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_code_is_two_states_on_31_december(scheme: Scheme) -> None:
    rows = spells(scheme)
    pairs = rows.merge(rows, on="key")
    other = pairs["iso3_x"] < pairs["iso3_y"]
    together = (pairs["first_x"] <= pairs["last_december_y"]) & (pairs["first_y"] <= pairs["last_december_x"])
    assert pairs[other & together].empty


@pytest.mark.parametrize("scheme", SCHEMES)
def test_codes_of_two_states_overlap_in_transition_years_only(scheme: Scheme) -> None:
    rows = spells(scheme)
    pairs = rows.merge(rows, on="key")
    pairs = pairs[pairs["iso3_x"] < pairs["iso3_y"]]
    shared = pairs[["last_x", "last_y"]].min(axis=1) - pairs[["first_x", "first_y"]].max(axis=1)
    assert (shared <= 0).all()


def test_rows_of_one_state_overlap_in_transition_years_only() -> None:
    rows = table().sort_values(["iso3", "first"])
    before = rows.groupby("iso3")["last"].shift()
    assert not (rows["first"] < before).any()
    assert (before[before.notna()] < FOREVER).all()


def test_years_are_in_order() -> None:
    rows = table()
    assert (rows["first"] <= rows["last_december"]).all()
    gap = rows["last"] - rows["last_december"]
    assert gap.isin([0, 1]).all()
    assert set(rows.loc[(gap == 0) & (rows["last"] < FOREVER), "iso3"]) == {"CSK"}


def test_every_state_has_a_name_and_well_formed_codes() -> None:
    rows = table()
    assert (rows["name"] != "").all()
    forms = {
        "iso3": "[A-Z]{3}",
        "iso2": "[A-Z]{2}",
        "cow_letters": "[A-Z]{3}",
        "vdem": "[A-Z]{3}",
        "fips": "[A-Z]{2}",
    }
    numbers = dict.fromkeys(["m49", "comtrade", "baci", "cow", "gw", "polity"], "[1-9][0-9]{0,2}")
    for scheme, form in (forms | numbers).items():
        codes = rows.loc[rows[scheme] != "", scheme]
        assert codes.str.fullmatch(form).all(), scheme


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_not_a_country_is_in_no_list_of_countries(scheme: Scheme) -> None:
    assert not set(not_countries(scheme)) & set(spells(scheme)["key"])


# Where numbers of trade statistics are not those of M49: UN Comtrade's reference tables (2024) and the country
# codes of BACI 202501, each seen in two copies.
COMTRADE = {"CHE": "757", "FRA": "251", "IND": "699", "MCO": "", "NOR": "579", "USA": "842", "XKX": "412"}
NOT_IN_BACI = {
    "ALA", "ATA", "BVT", "ESH", "FRO", "GGY", "GLP", "GUF", "HMD", "IMN", "JEY", "LIE", "MAF", "MCO", "MTQ", "PRI",
    "REU", "SGS", "SJM", "TWN", "UMI", "VAT", "VIR", "XKX",
}  # fmt: skip


def test_comtrade_is_m49_but_for_customs_areas() -> None:
    rows = living()
    other = rows[rows["comtrade"] != rows["m49"]]
    assert other["comtrade"].to_dict() == COMTRADE
    former = table()[lambda all_rows: (all_rows["last"] < FOREVER) & (all_rows["last"] >= 1962)]
    other = former[former["comtrade"] != former["m49"]]
    assert other.set_index("iso3")["comtrade"].to_dict() == {"PAK": "588", "VNM": "866"}


def test_baci_is_comtrade_without_places_it_leaves_out() -> None:
    rows = living()
    assert set(rows.index[rows["baci"] == ""]) == NOT_IN_BACI
    assert (rows["baci"] == rows["comtrade"])[rows["baci"] != ""].all()
    held = set(table()["baci"]) - {""}
    assert len(held | {"849"} | {"58", "490", "697", "711"}) == 238  # the length of CEPII's list


@pytest.mark.parametrize("scheme", ["comtrade", "baci"])
def test_residuals_of_trade_statistics_are_no_countries(scheme: Scheme) -> None:
    kinds = not_countries(scheme)
    assert {kinds[code] for code in ("490", "697")} == {"statistical residual"}
    assert {kinds[code] for code in ("58", "711")} == {"aggregate"}
