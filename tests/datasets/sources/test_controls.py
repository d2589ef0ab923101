"""Controls: aggregates are no countries, old codes are read, a user's table is checked."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from eventpanel.datasets.errors import ColumnError, NumberError, StudyError, WrongLayoutError
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


def test_refusals(tmp_path: Path) -> None:
    path = write(tmp_path, MINE)
    with pytest.raises(ColumnError, match="'year'"):
        country_years.read(path, columns={"Score": "polity"}, country="Nation", scheme="name")
    with pytest.raises(NumberError, match="'Kenya' in data row 1"):
        country_years.read(path, columns={"Nation": "n"}, country="Score", scheme="name", year="When")
    for columns in ({}, {"Score": "year"}, {"Score": "a", "When": "a"}):
        with pytest.raises(StudyError, match="a name of its own"):
            country_years.read(path, columns=columns, country="Nation", scheme="name", year="When")
