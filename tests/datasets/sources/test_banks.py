"""Banks: the spreadsheet with two lines of names, the publisher's own names of countries, empty cells."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import Workbook

from eventpanel.datasets.countries import harmonise
from eventpanel.datasets.errors import DuplicateKeyError, EncodingError, NumberError, WrongLayoutError
from eventpanel.datasets.sources.unrest.banks import COLUMNS, NAMES, read

SHORT = ["code", "country", "year", "area1", *COLUMNS, "Wbcode"]
LONG = ["Code", "Country", "Year", "Area", *(f"Domestic {number}" for number in range(1, 10)), "World Bank Code"]


def row(country: str, year: int, *events: object) -> list[object]:
    return [10, country, year, 1000, *events, *[0] * (9 - len(events)), "XXX"]


def sheet(folder: Path, rows: list[list[object]]) -> Path:
    book = Workbook()
    for line in (LONG, SHORT, *rows):
        book.worksheets[0].append(line)
    path = folder / "CNTSDATA.xlsx"
    book.save(path)
    return path


def table(folder: Path, rows: list[list[object]], header: list[str] = SHORT) -> Path:
    path = folder / "CNTSDATA.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def test_the_spreadsheet_and_a_csv_of_it_are_the_same(tmp_path: Path) -> None:
    rows = [row("Kenya", 2010, 1, 0, 0, 2, 0, 5, 0, 7, 1250), row("Kenya", 2011, None, 3)]
    spread, plain = read(sheet(tmp_path, rows)), read(table(tmp_path, rows))
    pd.testing.assert_frame_equal(spread.frame, plain.frame)
    first = plain.frame.iloc[0]
    assert first[["assassinations", "government_crises", "riots", "demonstrations"]].tolist() == [1, 2, 5, 7]
    assert first["conflict_index"] == 1250 and plain.frame["general_strikes"].tolist() == [0, 3]
    assert np.isnan(plain.frame["assassinations"].iloc[1])


def test_names_of_the_publishers_own(tmp_path: Path) -> None:
    years = {"German DR": 1980, "German FR": 1980, "Vietnam REP": 1970, "Yemen PDR": 1980}
    rows = [row(name, years.get(name, 2010)) for name in NAMES if name != "Yemen PDR (So. Yemen)"]
    panel = read(table(tmp_path, [*rows, row("Cyprus: Turkish Sector", 2010), row("Senegambia", 1985)]))
    names = pd.DataFrame({"name": list(NAMES.values()), "year": [years.get(name, 2010) for name in NAMES]})
    known, _ = harmonise(names[names["name"] != "South Yemen"], "name", "name")
    assert len(known) == 5 and {"COG", "COD", "DDR", "DEU"} < set(known["importer"])
    assert panel.frame["importer"].tolist() == sorted([*known["importer"], "YMD"])
    assert panel.conflicts["value"].tolist() == ["Cyprus: Turkish Sector", "Senegambia"]


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(DuplicateKeyError, match="KEN 2010"):
        read(table(tmp_path, [row("Kenya", 2010), row("Kenya", 2010)]))
    with pytest.raises(NumberError, match="domestic1"):
        read(table(tmp_path, [row("Kenya", 2010, "some")]))
    with pytest.raises(WrongLayoutError, match="lacks the columns domestic9"):
        read(table(tmp_path, [row("Kenya", 2010)[:-2]], SHORT[:-2]))
    path = table(tmp_path, [row("Côte d'Ivoire", 2010)])
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))
    with pytest.raises(EncodingError):
        read(path)
