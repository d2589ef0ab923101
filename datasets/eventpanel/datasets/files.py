"""Reading publishers' files: as text first, nothing guessed, every refusal with file, column and row."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from eventpanel.datasets.checks import is_web_page
from eventpanel.datasets.errors import (
    ColumnError,
    EncodingError,
    MissingFileError,
    WrongLayoutError,
    first_few,
)


def require(path: Path) -> Path:
    """Return the path of a readable file, or say that it is not there or may not be read."""
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "does not exist"
        raise MissingFileError(
            f"The file {path.name!r} {kind}.",
            str(path),
            "check the name, point --data at the folder that has it, or see `eventpanel fetch --list`",
        )
    if not os.access(path, os.R_OK):
        raise MissingFileError(f"The file {path.name!r} may not be read.", str(path), "change its permissions")
    return path


def read_text(path: Path, encoding: str = "utf-8-sig") -> str:
    """Text of a file in a stated encoding.

    Raises
    ------
    MissingFileError, EncodingError, WrongLayoutError
        Not there; another encoding; zero bytes inside, so no text at all.
    """
    raw = require(path).read_bytes()
    wanted = encoding.removesuffix("-sig").upper()
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise EncodingError(f"{path.name} is written in UTF-16.", str(path), f"save it as {wanted} and run again")
    if b"\0" in raw:
        raise WrongLayoutError(f"{path.name} is not a text file.", str(path), "give the publisher's csv file")
    if is_web_page(raw):
        raise WrongLayoutError(
            f"{path.name} is a web page, not a table.",
            str(path),
            "download the file itself, not the page about it",
        )
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise EncodingError(
            f"{path.name} is not written in {wanted}.",
            f"line {line}: byte 0x{raw[error.start]:02x}",
            "save the file in that encoding, or download it again",
        ) from error


def parse_table(
    text: str,
    name: str,
    *,
    delimiter: str = ",",
    header: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    r"""Parse delimited text into a frame of texts, nothing converted and nothing taken for missing.

    Parameters
    ----------
    text : str
        The table.
    name : str
        File name, for messages.
    delimiter : str
        One character.
    header : sequence of str, optional
        Column names of a file that has none.
    columns : sequence of str, optional
        The columns to keep, in this order; all without it. Wide files are then read in little memory.

    Returns
    -------
    DataFrame
        One text column for each kept column; rows numbered from 0. Empty lines are not rows.

    Raises
    ------
    WrongLayoutError
        Empty, repeated column names, a column that is not there, or rows with more or fewer cells than
        the header.

    Examples
    --------
    >>> parse_table("code,value\n020230,NA\n", "x.csv").iloc[0].tolist()
    ['020230', 'NA']
    """
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    names = list(header) if header is not None else next(_rows(reader, name), [])
    _refuse_repeats(names, name)
    kept = names if columns is None else list(columns)
    _require_columns(names, kept, name)
    places = [names.index(column) for column in kept]
    rows: list[list[str]] = []
    ragged: list[int] = []
    for row in _rows(reader, name):
        if len(row) != len(names):
            ragged.append(reader.line_num)
        else:
            rows.append([row[place] for place in places])
    if ragged:
        raise WrongLayoutError(
            f"{name} has rows with more or fewer cells than its {len(names)} columns.",
            "lines " + first_few(ragged),
            "check the separator and the quotes in these lines",
        )
    if not rows:
        raise WrongLayoutError(f"{name} holds no rows.", name, "download the file again")
    return pd.DataFrame(rows, columns=kept, dtype=object)


def _lines(text: str) -> Iterator[str]:
    """Yield lines with their ends, without a second copy of a large text."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _rows(reader: Iterator[list[str]], name: str) -> Iterator[list[str]]:
    try:
        yield from (row for row in reader if row)
    except csv.Error as error:
        raise WrongLayoutError(f"{name} cannot be read as a table.", str(error), "download the file again") from error


def _refuse_repeats(names: Sequence[str], file: str) -> None:
    repeated = [repr(column) for column, times in Counter(names).items() if times > 1]
    if repeated:
        raise WrongLayoutError(
            f"{file} has two columns of one name.", f"columns {first_few(repeated)}", "rename one of them"
        )


def _require_columns(names: Sequence[str], wanted: Sequence[str], file: str) -> None:
    absent = [column for column in wanted if column not in names]
    if absent:
        raise WrongLayoutError(
            f"{file} lacks the columns {first_few(absent)}.",
            f"it has: {first_few(names, 8)}",
            "check that this is the file the reader is made for (`eventpanel sources`)",
        )


def read_table(path: Path, columns: Sequence[str] | None = None, *, encoding: str = "utf-8-sig") -> pd.DataFrame:
    """Read a csv file with a header as text and keep the named columns.

    Raises
    ------
    MissingFileError, EncodingError
        Not there; another encoding.
    WrongLayoutError
        The file lacks one of the columns that tell this publisher's layout.
    """
    return parse_table(read_text(path, encoding), path.name, columns=columns)


def keep_columns(frame: pd.DataFrame, columns: Sequence[str], name: str) -> pd.DataFrame:
    """Keep the named columns, or say which of them a file lacks.

    Raises
    ------
    WrongLayoutError
        A column is not there.
    """
    _require_columns(list(frame.columns), columns, name)
    return frame[list(columns)]


def rename(frame: pd.DataFrame, names: Mapping[str, str], file: str) -> pd.DataFrame:
    """Keep and rename columns named by a user, or list what the file has."""
    absent = [column for column in names if column not in frame.columns]
    if absent:
        raise ColumnError(
            f"{file} has no column {first_few(repr(column) for column in absent)}.",
            f"it has: {first_few(frame.columns, 30)}",
            "correct the column names",
        )
    _refuse_repeats(list(names.values()), file)
    return frame[list(names)].rename(columns=dict(names))
