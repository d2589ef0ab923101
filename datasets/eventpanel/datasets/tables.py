"""Tables by the kind of their file: csv, spreadsheet, Stata, SPSS or Parquet, all as text."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from eventpanel.datasets.engine import ParquetFile, ask
from eventpanel.datasets.errors import InputError, WrongLayoutError, first_few
from eventpanel.datasets.files import keep_columns, parse_table, read_text, require
from eventpanel.datasets.headers import separator_of
from eventpanel.datasets.sheets import SHEETS, read_sheet

try:
    from pyreadstat import ReadstatError, read_sav

    reader_of_spss: Callable[..., Any] | None = read_sav
    SpssError: type[Exception] = ReadstatError
except ImportError:
    reader_of_spss = None
    SpssError = OSError

__all__ = ["read_any", "read_stata"]


def read_any(
    path: Path, columns: Sequence[str] | None = None, *, sheet: str | int = 0, encoding: str = "utf-8-sig"
) -> pd.DataFrame:
    """Read a csv, spreadsheet, Stata, SPSS or Parquet file as text; the ending of its name says which.

    Parameters
    ----------
    path : Path
        csv, separated by commas, semicolons or tabs, whichever its first line has most of; xlsx, xls or ods; dta,
        whose labels stand in place of their numbers; sav, with its numbers; parquet.
    columns : sequence of str, optional
        The columns to keep; all without it.
    sheet : str or int
        Name or position of the sheet of a spreadsheet.
    encoding : str
        Encoding of a csv file.

    Returns
    -------
    DataFrame
        One text column for each kept column. Empty cells are empty texts, whole numbers have no point, dates
        are written as 2015-03-01.

    Raises
    ------
    MissingFileError, EncodingError, WrongLayoutError
        Not there; another encoding; no such table, two columns of one name, columns that are not there.
    InputError
        An SPSS file without the package pyreadstat.
    """
    kind = path.suffix.casefold()
    if kind in SHEETS:
        table = _named(read_sheet(path, columns, sheet=sheet), path.name)
    elif kind == ".dta":
        table = _whole_years(read_stata(path, labels=True), path).map(_text).astype(object)
    elif kind == ".sav":
        table = _read_spss(path).map(_text).astype(object)
    elif kind == ".parquet":
        table = ask("SELECT * FROM file", {"file": ParquetFile((path,))}).map(_text).astype(object)
    else:
        text = read_text(path, encoding)
        table = parse_table(text, path.name, delimiter=separator_of(text), columns=columns)
    return table if columns is None else keep_columns(table, columns, path.name)


def read_stata(path: Path, *, labels: bool = False) -> pd.DataFrame:
    """Read a Stata file.

    Parameters
    ----------
    path : Path
        dta file.
    labels : bool
        Labels in place of the numbers they stand for.

    Raises
    ------
    MissingFileError, WrongLayoutError
        Not there; no Stata file, or two numbers with one label.
    """
    require(path)
    try:
        return pd.read_stata(path, convert_categoricals=labels)
    except (ValueError, OSError, struct.error) as error:
        raise WrongLayoutError(
            f"{path.name} cannot be read as a Stata file.", str(error), "give the publisher's dta file"
        ) from error


def _read_spss(path: Path) -> pd.DataFrame:
    if reader_of_spss is None:
        raise InputError(
            f"{path.name} is a file of SPSS, which needs the package pyreadstat.",
            str(path),
            "pip install 'eventpanel[spss]', or give the publisher's csv or Excel file",
        )
    table: pd.DataFrame
    try:
        # Codes declared missing, such as Polity's -66, are wanted as they are.
        table, _ = reader_of_spss(os.fspath(require(path)), user_missing=True)
    except (SpssError, ValueError, OSError) as error:
        raise WrongLayoutError(
            f"{path.name} cannot be read as a file of SPSS.", str(error), "download the file again"
        ) from error
    return table


def _whole_years(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Put back the years of columns that Stata shows as years (%ty), which pandas turns into dates."""
    dates = list(table.select_dtypes("datetime").columns)
    if not dates:
        return table
    stored = pd.read_stata(path, convert_dates=False, convert_categoricals=False, columns=dates)
    years = {name: table[name].dt.year for name in dates}
    shown = {name: stored[name] for name in dates if (stored[name].dropna() == years[name].dropna()).all()}
    return table.assign(**shown)


def _named(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Leave out empty columns without a name, which spreadsheets have; refuse two columns of one name."""
    blank = (table.columns == "") & (table == "").all(axis=0).to_numpy()
    table = table.loc[:, ~blank]
    repeated = table.columns[table.columns.duplicated()]
    if len(repeated):
        raise WrongLayoutError(
            f"{name} has two columns of one name.", f"columns {first_few(map(repr, repeated))}", "rename one of them"
        )
    return table


def _text(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if value is None or value is pd.NaT or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
