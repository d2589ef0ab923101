"""Spreadsheets: xlsx, xls, ods and the like as tables of text, by python-calamine."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from eventpanel.datasets.errors import WrongLayoutError, first_few
from eventpanel.datasets.files import keep_columns, require

__all__ = ["SHEETS", "read_sheet", "sheet_names"]

SHEETS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")

# A spreadsheet is loaded whole; its files are zip archives, which may grow a thousandfold.
LARGEST = 2_000_000_000

Cell = str | float | int | bool | date | datetime | time | timedelta


def read_sheet(path: Path, columns: Sequence[str] | None = None, *, sheet: str | int = 0) -> pd.DataFrame:
    """Read one sheet as text; whole numbers are written without a point.

    A spreadsheet may have turned codes into numbers: ``020230`` is then ``20230``, and nothing here can tell.

    Parameters
    ----------
    path : Path
        xlsx, xls or ods file.
    columns : sequence of str, optional
        The columns to keep. The header is the first row that holds them all; without it, the first row.
    sheet : str or int
        Name or position of the sheet.

    Returns
    -------
    DataFrame
        One text column for each kept column; rows numbered from 0. Rows without any value are no rows.

    Raises
    ------
    MissingFileError, WrongLayoutError
        Not there; no spreadsheet, no such sheet, no such columns.
    """
    rows = _cells(path, sheet)
    header = _header(rows, columns, path.name)
    names, body = rows[header], rows[header + 1 :]
    width = len(names)
    table = pd.DataFrame([row[:width] for row in body if any(row)], columns=names, dtype=object)
    if table.empty:
        raise WrongLayoutError(f"{path.name} holds no rows.", f"sheet {sheet!r}", "download the file again")
    if columns is None:
        return table
    return keep_columns(table, columns, path.name)


def sheet_names(path: Path) -> tuple[str, ...]:
    """Names of the sheets of a spreadsheet, in order.

    Raises
    ------
    MissingFileError, WrongLayoutError
        Not there; no spreadsheet.
    """
    with _opened(path) as book:
        return tuple(book.sheet_names)


def _cells(path: Path, sheet: str | int) -> list[list[str]]:
    with _opened(path) as book:
        names = book.sheet_names
        if (sheet not in names) if isinstance(sheet, str) else (sheet >= len(names)):
            raise WrongLayoutError(
                f"{path.name} has no sheet {sheet!r}.", f"sheets: {first_few(names, 12)}", "name one of them"
            )
        found = book.get_sheet_by_name(sheet) if isinstance(sheet, str) else book.get_sheet_by_index(sheet)
        return [[_text(cell) for cell in row] for row in found.to_python(skip_empty_area=False)]


@contextmanager
def _opened(path: Path) -> Iterator[CalamineWorkbook]:
    _refuse_bombs(require(path))
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            yield book
    except (CalamineError, OSError) as error:
        raise WrongLayoutError(
            f"{path.name} cannot be read as a spreadsheet.", str(error), "give the publisher's xlsx, xls or ods file"
        ) from error


def _refuse_bombs(path: Path) -> None:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > LARGEST:
            raise WrongLayoutError(
                f"{path.name} would take {size / 1e9:.0f} GB in memory.", path.name, "save the sheet as csv"
            )


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _header(rows: Sequence[Sequence[str]], columns: Sequence[str] | None, name: str) -> int:
    wanted = set(columns or ())
    for place, row in enumerate(rows[:50]):
        if any(row) and wanted <= set(row):
            return place
    raise WrongLayoutError(
        f"{name} has no row that holds the columns {first_few(columns or ())}.",
        f"first row: {first_few(next(iter(rows), []), 8)}",
        "check that this is the file the reader is made for (`eventpanel sources`)",
    )
