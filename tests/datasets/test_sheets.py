"""Spreadsheets as text: whole numbers without a point, headers found, and clear words for what is none."""

from __future__ import annotations

import struct
import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from eventpanel.datasets.errors import MissingFileError, WrongLayoutError
from eventpanel.datasets.sheets import read_sheet


def write(folder: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    path = folder / "deals.xlsx"
    book.save(path)
    return path


def test_cells_are_text_and_whole_numbers_have_no_point(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["year", "code", "value", "when", "note"],
        [2010, "020230", 1.5, date(2010, 3, 1), " Kenya "],
        [2011.0, 20230, 1e15, None, True],
    ]
    table = read_sheet(write(tmp_path, {"one": rows}))
    assert table.iloc[0].tolist() == ["2010", "020230", "1.5", "2010-03-01", "Kenya"]
    # A code that the spreadsheet holds as a number has lost its zero; nothing here can tell.
    assert table.iloc[1].tolist() == ["2011", "20230", "1000000000000000", "", "True"]
    assert all(isinstance(cell, str) for cell in table.to_numpy().ravel())


def test_the_header_is_the_first_row_with_the_columns(tmp_path: Path) -> None:
    above: list[list[object]] = [["A table of deals"], [], [None, "source", "mine"]]
    rows: list[list[object]] = [*above, ["deal", "year", "other"], [1, 2010, "x"], [], [2, 2011, "y"]]
    path = write(tmp_path, {"one": rows})
    assert read_sheet(path, ["year", "deal"]).to_numpy().tolist() == [["2010", "1"], ["2011", "2"]]
    with pytest.raises(WrongLayoutError) as caught:
        read_sheet(path, ["year", "supplier"])
    assert "deals.xlsx" in str(caught.value) and "supplier" in str(caught.value) and caught.value.remedy


def test_an_unnamed_index_column_is_a_column_like_another(tmp_path: Path) -> None:
    table = read_sheet(write(tmp_path, {"one": [[None, "year"], [0, 2010], [1, 2011]]}))
    assert list(table.columns) == ["", "year"] and table["year"].tolist() == ["2010", "2011"]


def test_sheets_by_name_and_by_position(tmp_path: Path) -> None:
    path = write(tmp_path, {"one": [["a"], [1]], "two": [["a"], [2]]})
    assert read_sheet(path)["a"].tolist() == ["1"]
    assert read_sheet(path, sheet="two")["a"].tolist() == read_sheet(path, sheet=1)["a"].tolist() == ["2"]
    for absent in ("three", 2):
        with pytest.raises(WrongLayoutError, match="no sheet") as caught:
            read_sheet(path, sheet=absent)
        assert "one, two" in caught.value.where


def test_a_sheet_without_rows(tmp_path: Path) -> None:
    with pytest.raises(WrongLayoutError, match=r"deals\.xlsx holds no rows"):
        read_sheet(write(tmp_path, {"one": [["a", "b"]]}))
    with pytest.raises(WrongLayoutError, match=r"deals\.xlsx"):
        read_sheet(write(tmp_path, {"one": []}))


@pytest.mark.parametrize("content", [b"year,value\n2010,1\n", b"<html></html>", b"", b"PK\x03\x04 broken"])
def test_what_is_no_spreadsheet(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "deals.xlsx"
    path.write_bytes(content)
    with pytest.raises(WrongLayoutError) as caught:
        read_sheet(path)
    assert "deals.xlsx cannot be read as a spreadsheet" in str(caught.value) and "xlsx" in caught.value.remedy


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        read_sheet(tmp_path / "absent.xlsx")


def test_an_archive_that_grows_beyond_memory_is_refused_unread(tmp_path: Path) -> None:
    """Its directory says three gigabytes; that size stands 24 bytes into the entry of a member."""
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(1000))
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = struct.pack("<I", 3_000_000_000)
    path.write_bytes(content)
    with pytest.raises(WrongLayoutError, match="would take 3 GB in memory") as caught:
        read_sheet(path)
    assert "save the sheet as csv" in caught.value.remedy
