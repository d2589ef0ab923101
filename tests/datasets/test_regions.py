"""Regions of countries: all of the crosswalk, as an independent list of codes has them."""

from __future__ import annotations

from pathlib import Path
from typing import get_args, get_type_hints

import pandas as pd
import pytest

from eventpanel.build import DERIVATIONS
from eventpanel.datasets.crosswalk import crosswalk, region_of
from eventpanel.datasets.derive import continent, region
from eventpanel.datasets.errors import ColumnError, CountryError, NumberError
from eventpanel.datasets.panel import Panel
from eventpanel.sections import DeriveSection


def panel(*codes: str | None) -> Panel:
    frame = pd.DataFrame({"unit": range(len(codes)), "year": 1990, "country": list(codes)})
    return Panel(frame, ("unit",), "year")


def test_every_country_has_a_region_of_one_continent() -> None:
    rows = crosswalk()
    held = set(rows.loc[~rows["name"].str.startswith("Simulated "), "iso3"])
    small, large = region_of("subregion"), region_of("region")
    assert set(small) == set(large) == held - {"ATA"}
    assert set(large.values()) == {"Africa", "Americas", "Asia", "Europe", "Oceania"}
    # M49 has 22 geographic regions below its five; each lies in one of them.
    assert len(set(small.values())) == len({(small[code], large[code]) for code in small}) == 22


def test_regions_are_those_of_another_list(data_dir: Path) -> None:
    """The list has the columns of M49 as published; intermediate regions only where a sub-region is divided."""
    table = pd.read_csv(data_dir / "codes/codelist_without_cldr.csv", keep_default_na=False)
    table = table[table["un.region.name"].isin(set(region_of("region").values()))].set_index("iso3c")
    finest = table["un.regionintermediate.name"]
    finest = finest.where(finest.isin(set(region_of("subregion").values())), table["un.regionsub.name"])
    assert len(table) == 247
    assert {code: region_of("region")[code] for code in table.index} == table["un.region.name"].to_dict()
    assert {code: region_of("subregion")[code] for code in table.index} == finest.to_dict()


def test_former_states_lie_among_those_that_followed() -> None:
    followed = {"SUN": "RUS", "YUG": "SRB", "SCG": "SRB", "CSK": "CZE", "DDR": "DEU", "RVN": "VNM", "YMD": "YEM"}
    small = region_of("subregion")
    assert {code: small[code] for code in followed} == {code: small[later] for code, later in followed.items()}


def test_a_column_of_regions() -> None:
    given = panel("KEN", "BRA", "XAA", "ATA", None)
    made = region(continent(given, "continent", ["country"]), "region", ["country"])
    assert made.frame["region"].tolist()[:2] == ["Eastern Africa", "South America"]
    assert made.frame["continent"].tolist()[:2] == ["Africa", "Americas"]
    assert made.frame.loc[2:, ["region", "continent"]].isna().all(axis=None)


def test_what_is_no_country_is_refused() -> None:
    with pytest.raises(CountryError, match="Not ISO3 country codes: Kenya"):
        region(panel("KEN", "Kenya"), "region", ["country"])
    with pytest.raises(NumberError, match="one column"):
        continent(panel("KEN"), "continent", ["country", "unit"])
    with pytest.raises(ColumnError, match="nation"):
        region(panel("KEN"), "region", ["nation"])


def test_a_study_can_ask_for_every_derivation() -> None:
    assert set(get_args(get_type_hints(DeriveSection)["how"])) == set(DERIVATIONS)
