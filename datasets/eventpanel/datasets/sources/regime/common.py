"""What the readers of regimes share: one table of text from whatever format a publisher chose.

Publishers of regime data hand out csv, spreadsheets, Stata and SPSS files of the same columns, and change the
spelling of column names between editions. A table is therefore opened by the ending of its file and its columns
are found by any of their known spellings, in any case.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eventpanel.datasets.cells import to_numbers
from eventpanel.datasets.errors import InputError, NumberError, WrongLayoutError, first_few
from eventpanel.datasets.files import require
from eventpanel.datasets.tables import read_any

try:
    from pyreadstat import ReadstatError, read_sav

    reader_of_spss: Callable[..., Any] | None = read_sav
    SpssError: type[Exception] = ReadstatError
except ImportError:
    reader_of_spss = None
    SpssError = OSError

__all__ = ["between", "open_table", "pick"]


def open_table(path: Path) -> pd.DataFrame:
    """Read a csv file, the first sheet of a spreadsheet, a Stata or an SPSS file as text; missing cells are empty.

    Parameters
    ----------
    path : Path
        The file; its ending says what it is, anything else is read as csv.

    Raises
    ------
    MissingFileError, EncodingError, WrongLayoutError
        Not there, another encoding, not a file of its kind.
    InputError
        An SPSS file without the package pyreadstat.
    """
    return _read_spss(path) if path.suffix.casefold() == ".sav" else read_any(path)


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
    return pd.DataFrame({str(name): _as_text(table[name]) for name in table.columns}, dtype=object)


def _as_text(column: pd.Series) -> pd.Series:
    """Cells as text, whole numbers without a point, missing ones empty."""
    text = column.astype(object).where(column.notna(), "").astype(str).str.strip()
    return text.str.replace(r"^(-?\d+)\.0$", r"\1", regex=True).astype(object)


def pick(table: pd.DataFrame, spellings: Mapping[str, Sequence[str]], file: str) -> pd.DataFrame:
    """Find columns by any of their spellings, in any case, and give them our names.

    Parameters
    ----------
    table : DataFrame
        A publisher's table.
    spellings : mapping of str to sequence of str
        Our name, and the names it has had in files.
    file : str
        Name of the file, for messages.

    Raises
    ------
    WrongLayoutError
        A column that is there under none of its names.

    Examples
    --------
    >>> table = pd.DataFrame({"Cow": ["2"], "Year": ["1990"]})
    >>> pick(table, {"code": ("cow",), "year": ("year",)}, "x.csv").columns.tolist()
    ['code', 'year']
    """
    held = {str(name).strip().casefold(): name for name in reversed(table.columns)}
    found = {
        name: next((held[other.casefold()] for other in others if other.casefold() in held), None)
        for name, others in spellings.items()
    }
    absent = [" or ".join(spellings[name]) for name, column in found.items() if column is None]
    if absent:
        raise WrongLayoutError(
            f"{file} lacks the columns {first_few(absent)}.",
            f"it has: {first_few(table.columns, 8)}",
            "check that this is the file the reader is made for (`eventpanel sources`)",
        )
    return pd.DataFrame({name: table[column] for name, column in found.items()}, dtype=object)


def between(
    column: pd.Series, low: float, high: float, file: str, missing: Sequence[str] = ("", "NA", "-")
) -> pd.Series:
    """Turn texts into numbers of a scale; a number outside it is refused.

    Parameters
    ----------
    column : Series
        Texts.
    low, high : float
        Ends of the scale, both included.
    file : str
        Name of the file, for messages.
    missing : sequence of str
        Texts that stand for no value.

    Raises
    ------
    NumberError
        Text, or a number outside the scale, with the first five values and their rows.
    """
    numbers = to_numbers(column, file, missing)
    wrong = numbers.notna() & ~numbers.between(low, high)
    if wrong.any():
        cells = zip(column[wrong], np.flatnonzero(wrong.to_numpy()) + 1, strict=True)
        raise NumberError(
            f"{file}: column {column.name!r} holds numbers outside {low:g} to {high:g}.",
            first_few(f"{value!r} in data row {row}" for value, row in cells),
            "check that this is the column and the edition the reader is made for",
        )
    return numbers
