"""Controls: aggregates are no countries, old codes are read, a user's table is checked."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from eventpanel.datasets.errors import (
    ColumnError,
    DuplicateKeyError,
    InputError,
    NumberError,
    StudyError,
    WrongLayoutError,
)
from eventpanel.datasets.merge import merge, spine
from eventpanel.datasets.sources.controls import cepii_distance, country_years, world_bank


def write(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode())
    return path


WDI = (
    "Country Name,Country Code,Year,Value\r\nArab World,ARB,2010,5\r\nWorld,WLD,2010,9\r\nKenya,KEN,2010,4.5\r\n"
    'Namibia,NAM,2010,\r\n"Egypt, Arab Rep.",EGY,2010,7\r\n'
)


def test_aggregates_are_reported_not_kept(tmp_path: Path) -> None:
    panel = world_bank.read(write(tmp_path, WDI), name="gdp")
    assert panel.frame["importer"].tolist() == ["EGY", "KEN", "NAM"]
    assert panel.frame["gdp"].isna().tolist() == [False, False, True]
    assert panel.conflicts["value"].tolist() == ["ARB", "WLD"]
    assert set(panel.conflicts["problem"]) == {"aggregate"}


@pytest.mark.parametrize("name", ["", "year", "importer"])
def test_an_indicator_needs_a_name_of_its_own(tmp_path: Path, name: str) -> None:
    with pytest.raises(StudyError, match="cannot name an indicator"):
        world_bank.read(write(tmp_path, WDI), name=name)


WIDE = (
    '"Country Name","Country Code","Indicator Name","Indicator Code","1960","2010","2011",\r\n'
    '"Kenya","KEN","GDP (current US$)","NY.GDP.MKTP.CD","","4.5","5",\r\n'
    '"World","WLD","GDP (current US$)","NY.GDP.MKTP.CD","1","2","3",\r\n'
    '"Egypt, Arab Rep.","EGY","GDP (current US$)","NY.GDP.MKTP.CD","7","","",\r\n'
    '"South Sudan","SSD","GDP (current US$)","NY.GDP.MKTP.CD","","6","8",\r\n'
)
MORE = '"Kenya","KEN","Population, total","SP.POP.TOTL","1","2","",\r\n'
BEFORE = '"Data Source","World Development Indicators",\r\n\r\n"Last Updated Date","2025-07-01",\r\n\r\n'


@pytest.mark.parametrize("text", [WIDE, WIDE.replace(",\r\n", "\r\n"), WIDE + MORE, "\ufeff" + BEFORE + WIDE])
def test_the_publishers_wide_files(tmp_path: Path, text: str) -> None:
    panel = world_bank.read(write(tmp_path, text), name="gdp", indicator="NY.GDP.MKTP.CD")
    assert panel.frame.to_numpy().tolist() == [
        ["EGY", 1960, 7.0], ["KEN", 2010, 4.5], ["KEN", 2011, 5.0], ["SSD", 2011, 8.0],
    ]  # fmt: skip
    assert panel.conflicts.set_index("value")[["problem", "years"]].T.to_dict("list") == {
        "WLD": ["aggregate", "1960-2011"], "SSD": ["not in that year (South Sudan 2011-)", "2010"],
    }  # fmt: skip


def test_which_indicator(tmp_path: Path) -> None:
    assert len(world_bank.read(write(tmp_path, BEFORE + WIDE), name="gdp").frame) == 4
    assert len(world_bank.read(write(tmp_path, WIDE), name="gdp").frame) == 4
    with pytest.raises(StudyError, match="holds 2 indicators") as many:
        world_bank.read(write(tmp_path, WIDE + MORE), name="gdp")
    assert many.value.where == "indicators: NY.GDP.MKTP.CD, SP.POP.TOTL"
    for text in (WIDE, BEFORE + WIDE):
        with pytest.raises(InputError, match=r"no indicator 'NY\.GDP'"):
            world_bank.read(write(tmp_path, text), name="gdp", indicator="NY.GDP")


def test_wide_files_that_are_something_else(tmp_path: Path) -> None:
    with pytest.raises(WrongLayoutError, match="lacks the columns Indicator Name"):
        world_bank.read(write(tmp_path, WIDE.replace("Indicator Name", "Series Name")), name="gdp")
    with pytest.raises(WrongLayoutError, match="no line with the columns"):
        world_bank.read(write(tmp_path, BEFORE), name="gdp")
    with pytest.raises(NumberError, match="'much'"):
        world_bank.read(write(tmp_path, WIDE.replace("4.5", "much")), name="gdp")
    with pytest.raises(DuplicateKeyError, match="several rows are the same country and year"):
        world_bank.read(write(tmp_path, WIDE + WIDE.split("\r\n")[1] + "\r\n"), name="gdp")


def test_wide_and_long_files_are_one(tmp_path: Path, data_dir: Path) -> None:
    """The long file of GDP, written as the World Bank's own layout, gives the same panel and conflicts."""
    path = data_dir / "codes" / "gdp.csv"
    if not path.is_file():
        pytest.skip("gdp.csv is not in the folder of publishers' files")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    wide = table.pivot(index=["Country Name", "Country Code"], columns="Year", values="Value").fillna("").reset_index()
    wide.insert(2, "Indicator Name", "GDP (current US$)")
    wide.insert(3, "Indicator Code", "NY.GDP.MKTP.CD")
    wide.assign(**{"": ""}).to_csv(tmp_path / "WDICSV.csv", index=False)
    long = world_bank.read(path, name="gdp")
    own = world_bank.read(tmp_path / "WDICSV.csv", name="gdp", indicator="NY.GDP.MKTP.CD")
    pd.testing.assert_frame_equal(own.frame, long.frame)
    pd.testing.assert_frame_equal(own.conflicts, long.conflicts)
    assert len(long.frame) > 10_000 and len(long.conflicts) > 47


def stata(folder: Path, pair: tuple[str, str]) -> Path:
    ties = {name: [0, 1, 0, 0] for name in cepii_distance.FLAGS}
    frame = pd.DataFrame(
        {
            pair[0]: ["CHN", "ROM", "YUG", "ANT"],
            pair[1]: ["ZAR", "TMP", "CHN", "CHN"],
            "dist": [1.0, 2.0, 3.0, 4.0],
            "distcap": [1.0, 2.0, 3.0, 4.0],
            "distw": [1.0, None, 3.0, 4.0],
            **ties,
        }
    )
    path = folder / "dist_cepii.dta"
    frame.to_stata(path, write_index=False)
    return path


@pytest.mark.parametrize("pair", [("iso_o", "iso_d"), ("exporter", "importer")])
def test_distances_with_old_codes(tmp_path: Path, pair: tuple[str, str]) -> None:
    panel = cepii_distance.read(stata(tmp_path, pair))
    assert panel.period is None and panel.unit == ("exporter", "importer")
    assert panel.frame[["exporter", "importer", "distance_km"]].to_numpy().tolist() == [
        ["CHN", "COD", 1.0], ["ROU", "TLS", 2.0], ["SRB", "CHN", 3.0],
    ]  # fmt: skip
    assert panel.conflicts.set_index("value")["resolution"].to_dict() == {
        "YUG": "read as SRB", "ANT": "rows left out",
    }  # fmt: skip


def test_distances_serve_all_years_of_a_pair(tmp_path: Path) -> None:
    panel = cepii_distance.read(stata(tmp_path, ("iso_o", "iso_d")))
    dyads = spine(2010, 2011, importers=["COD"], exporters=["CHN"])
    assert merge(dyads, panel, cardinality="m:1").frame["distance_km"].tolist() == [1.0, 1.0]


def test_a_csv_file_named_like_a_stata_file(tmp_path: Path) -> None:
    path = tmp_path / "dist_cepii.dta"
    path.write_text("iso_o,iso_d,dist\nCHN,KEN,1\n", encoding="utf-8")
    with pytest.raises(WrongLayoutError) as caught:
        cepii_distance.read(path)
    assert "dist_cepii.dta" in str(caught.value) and caught.value.remedy


MINE = "Nation,When,Score\nKenya,2010,8\nNarnia,2010,1\n"


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    panel = country_years.read(
        write(tmp_path, MINE), columns={"Score": "polity"}, country="Nation", scheme="name", year="When"
    )
    assert panel.frame.to_numpy().tolist() == [["KEN", 2010, 8.0]]
    assert panel.conflicts["value"].tolist() == ["Narnia"]


def test_a_table_of_ones_own_in_a_spreadsheet(tmp_path: Path) -> None:
    pd.DataFrame({"Nation": ["Kenya"], "When": [2010], "Score": [8.5]}).to_excel(tmp_path / "mine.xlsx", index=False)
    panel = country_years.read(
        tmp_path / "mine.xlsx", columns={"Score": "polity"}, country="Nation", scheme="name", year="When"
    )
    assert panel.frame.to_numpy().tolist() == [["KEN", 2010, 8.5]]


def test_refusals(tmp_path: Path) -> None:
    path = write(tmp_path, MINE)
    with pytest.raises(ColumnError, match="'year'"):
        country_years.read(path, columns={"Score": "polity"}, country="Nation", scheme="name")
    with pytest.raises(NumberError, match="'Kenya' in data row 1"):
        country_years.read(path, columns={"Nation": "n"}, country="Score", scheme="name", year="When")
    for columns in ({}, {"Score": "year"}, {"Score": "a", "When": "a"}):
        with pytest.raises(StudyError, match="a name of its own"):
            country_years.read(path, columns=columns, country="Nation", scheme="name", year="When")
