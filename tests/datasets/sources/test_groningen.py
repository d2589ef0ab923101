"""Maddison and Penn World Table: releases with other columns, xlsx and dta, countries before they were states."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from eventpanel.datasets.errors import ColumnError, DuplicateKeyError, NumberError, StudyError, WrongLayoutError
from eventpanel.datasets.sources.controls import maddison, penn_world_table

NAN = float("nan")
KEYS = pd.DataFrame(
    {
        "countrycode": ["KEN", "KEN", "SUN", "RUS", "RUS", "KEN"],
        "country": ["Kenya", "Kenya", "Former USSR", "Russian Federation", "Russian Federation", "Kenya"],
        "year": [2010, 2011, 1980, 1980, 2010, 1820],
    }
)
INCOME, PEOPLE = [2000.0, 2100.5, 9000.0, 8000.0, 20000.0, NAN], [41.0, 42.0, 265.0, 138.0, 143.0, NAN]
RELEASES = {
    "2018": KEYS.assign(cgdppc=INCOME, rgdpnapc=INCOME, pop=PEOPLE, i_cig="Extrapolated", i_bm=""),
    "2020": KEYS.assign(gdppc=INCOME, pop=PEOPLE),
    "2023": KEYS.assign(region="x", gdppc=INCOME, pop=PEOPLE),
}


def workbook(path: Path, sheet: str, table: pd.DataFrame) -> Path:
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"Maddison Project": ["about"]}).to_excel(book, sheet_name="Notes", index=False)
        table.to_excel(book, sheet_name=sheet, index=False)
    return path


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("kind", ["xlsx", "csv", "dta"])
def test_releases_of_maddison(tmp_path: Path, release: str, kind: str) -> None:
    path, table = tmp_path / f"mpd{release}.{kind}", RELEASES[release]
    if kind == "xlsx":
        workbook(path, "Full data", table)
    elif kind == "dta":
        table.to_stata(path, write_index=False)
    else:
        table.to_csv(path, index=False)
    panel = maddison.read(path)
    national = ["gdp_per_capita_national"] if release == "2018" else []
    assert panel.variables == ("gdp_per_capita", *national, "population_thousands")
    assert panel.frame[["importer", "year", "gdp_per_capita", "population_thousands"]].to_numpy().tolist() == [
        ["KEN", 2010, 2000.0, 41.0], ["KEN", 2011, 2100.5, 42.0], ["RUS", 2010, 20000.0, 143.0],
        ["SUN", 1980, 9000.0, 265.0],
    ]  # fmt: skip
    assert panel.conflicts[["value", "years"]].to_numpy().tolist() == [["RUS", "1980"]]
    assert "1980-2011" in panel.sources[0].coverage


def test_other_tables_than_maddison(tmp_path: Path) -> None:
    path = tmp_path / "mpd.csv"
    KEYS.assign(pop=1).to_csv(path, index=False)
    with pytest.raises(WrongLayoutError, match="no income per head"):
        maddison.read(path)
    RELEASES["2020"].rename(columns={"countrycode": "iso"}).to_csv(path, index=False)
    with pytest.raises(WrongLayoutError, match="lacks the columns countrycode"):
        maddison.read(path)
    with pytest.raises(WrongLayoutError, match="no sheet 'Full data'"):
        maddison.read(workbook(tmp_path / "mpd.xlsx", "GDP pc", RELEASES["2020"]))
    pd.concat([RELEASES["2020"]] * 2).to_csv(path, index=False)
    with pytest.raises(DuplicateKeyError, match="maddison"):
        maddison.read(path)


PENN = KEYS.assign(currency_unit="Shilling", rgdpe=INCOME, rgdpo=INCOME, pop=PEOPLE, hc=[2.0, 2.1, 3.0, 3.0, 3.0, NAN])


@pytest.mark.parametrize("kind", ["xlsx", "dta"])
def test_penn_world_table(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"pwt1001.{kind}"
    if kind == "xlsx":
        workbook(path, "Data", PENN)
    else:
        PENN.to_stata(path, write_index=False)
    panel = penn_world_table.read(path)
    assert panel.variables == ("gdp_by_expenditure", "gdp_by_output", "population_millions")
    assert panel.frame["gdp_by_output"].tolist() == [2000.0, 2100.5, 20000.0, 9000.0]
    skills = penn_world_table.read(path, columns={"hc": "human_capital"})
    assert skills.frame["human_capital"].tolist() == [2.0, 2.1, 3.0, 3.0]


def test_columns_of_the_penn_world_table(tmp_path: Path) -> None:
    path = tmp_path / "pwt1001.dta"
    PENN.to_stata(path, write_index=False)
    with pytest.raises(ColumnError, match="'rgdp'"):
        penn_world_table.read(path, columns={"rgdp": "gdp"})
    with pytest.raises(NumberError, match="'Shilling' in data row 1"):
        penn_world_table.read(path, columns={"currency_unit": "money"})
    for columns in ({}, {"rgdpe": "year"}, {"rgdpe": "gdp", "rgdpo": "gdp"}):
        with pytest.raises(StudyError, match="a name of its own"):
            penn_world_table.read(path, columns=columns)
    path.write_text("countrycode,year\n", encoding="utf-8")
    with pytest.raises(WrongLayoutError, match="cannot be read as a Stata file"):
        penn_world_table.read(path)
