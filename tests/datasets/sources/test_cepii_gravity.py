"""CEPII Gravity: configurations of one code, pairs that did not exist, columns by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from eventpanel.datasets.errors import (
    ColumnError,
    CountryError,
    DuplicateKeyError,
    InputError,
    NumberError,
    StudyError,
    WrongLayoutError,
)
from eventpanel.datasets.merge import merge, spine
from eventpanel.datasets.registry import read as read_source
from eventpanel.datasets.sources.controls.cepii_gravity import KEYS, NUMBERS, USUAL, read

TEXTS = ("iso3num_o", "iso3num_d", "main_city_source_o", "main_city_source_d", "empire")
COLUMNS = (*KEYS, *TEXTS, *NUMBERS)
BASE = {"distcap": "8000", "contig": "0", "comlang_off": "0", "col_dep_ever": "0", "fta_wto": "0", "gdp_o": "5e9"}


def row(year: int, pair: tuple[str, str], exists: tuple[int, int] = (1, 1), **facts: str) -> dict[str, str]:
    ids = dict(zip(("country_id_o", "country_id_d"), pair, strict=True))
    codes = {"iso3_o": pair[0][:3], "iso3_d": pair[1][:3]}
    there = {"country_exists_o": str(exists[0]), "country_exists_d": str(exists[1])}
    return {"year": str(year), **ids, **codes, **there, **(BASE if exists == (1, 1) else {}), **facts}


ROWS = [
    row(1989, ("CHN", "DEU.1"), gdp_d="1"),
    row(1989, ("CHN", "DEU.2"), (1, 0)),
    row(1990, ("CHN", "DEU.1"), (1, 0)),
    row(1990, ("CHN", "DEU.2"), gdp_d="2"),
    row(2010, ("CHN", "KEN"), gdp_d="NA", fta_wto="1"),
    row(2010, ("USA", "KEN"), gdp_d="4"),
    row(2010, ("CHN", "SSD"), gdp_d="5"),
    row(2010, ("CHN", "CHN"), gdp_d="6"),
]


def write(folder: Path, rows: list[dict[str, str]] = ROWS, columns: tuple[str, ...] = COLUMNS) -> Path:
    path = folder / "Gravity_V202211.csv"
    lines = [",".join(facts.get(column, "") for column in columns) for facts in rows]
    path.write_text("\n".join([",".join(columns), *lines]) + "\n", encoding="utf-8")
    return path


def test_the_configuration_that_existed_is_read(tmp_path: Path) -> None:
    panel = read(write(tmp_path))
    assert panel.unit == ("exporter", "importer") and panel.variables == tuple(USUAL.values())
    frame = panel.frame[["exporter", "importer", "year", "trade_agreement", "gdp_of_importer"]]
    assert frame.fillna(-1).to_numpy().tolist() == [
        ["CHN", "DEU", 1989, 0, 1], ["CHN", "DEU", 1990, 0, 2], ["CHN", "KEN", 2010, 1, -1], ["USA", "KEN", 2010, 0, 4],
    ]  # fmt: skip
    assert panel.conflicts["value"].tolist() == ["SSD"] and "1989-2010" in panel.sources[0].coverage


def test_pairs_and_columns_are_chosen(tmp_path: Path) -> None:
    options: Mapping[str, object] = {"exporters": ["USA"], "importers": ["KEN"], "columns": {"distcap": "km"}}
    panel = read_source("cepii_gravity", write(tmp_path), options)
    assert panel.frame.to_numpy().tolist() == [["USA", "KEN", 2010, 8000.0]]


def test_it_joins_dyads(tmp_path: Path) -> None:
    dyads = spine(2010, 2010, importers=["KEN", "UGA"], exporters=["CHN", "USA"])
    merged = merge(dyads, read(write(tmp_path)), cardinality="1:1").frame
    assert merged["trade_agreement"].fillna(-1).tolist() == [1, -1, 0, -1]


@pytest.mark.parametrize("column", ["empire", "distance", "year; DROP TABLE gravity", "iso3_o"])
def test_only_columns_of_numbers_can_be_asked_for(tmp_path: Path, column: str) -> None:
    with pytest.raises(ColumnError, match="no column of numbers"):
        read(write(tmp_path), columns={column: "x"})


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(WrongLayoutError, match="lacks the columns country_exists_o"):
        read(write(tmp_path, columns=tuple(name for name in COLUMNS if name != "country_exists_o")))
    with pytest.raises(NumberError, match="holds text where numbers are needed"):
        read(write(tmp_path, [row(2010, ("CHN", "KEN"), distcap="far")]))
    with pytest.raises(DuplicateKeyError, match="stand on more than one row"):
        read(write(tmp_path, [*ROWS, ROWS[4]]))
    with pytest.raises(CountryError, match="China"):
        read(write(tmp_path), exporters=["China"])
    with pytest.raises(InputError, match="no pairs of that choice") as caught:
        read(write(tmp_path), exporters=["CHN", "FRA"])
    assert caught.value.where == "exporters FRA"
    for columns in ({}, {"distcap": "year"}, {"distcap": "km", "dist": "km"}):
        with pytest.raises(StudyError, match="a name of its own"):
            read(write(tmp_path), columns=columns)


def test_every_column_of_the_release_is_known() -> None:
    """Release 202211 has 87 columns: keys, numbers, and 15 of text or of other codes."""
    assert len(set(NUMBERS)) == len(NUMBERS) and len(KEYS) + len(NUMBERS) + 15 == 87
