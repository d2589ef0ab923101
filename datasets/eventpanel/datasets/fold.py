"""Fold: the distinct rows of a publisher's table and how often each stands there.

A table is a frame of texts, or files of one layout that are too large to load; both give the same answer. What is kept
is small, so that everything after it works on frames.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from eventpanel.datasets.checks import sha256
from eventpanel.datasets.engine import TextFile, ask
from eventpanel.datasets.errors import ColumnError, EncodingError, MissingFileError, first_few
from eventpanel.datasets.files import parse_table, read_text, require
from eventpanel.datasets.headers import first_line, refuse_other_columns, separator_of
from eventpanel.datasets.sheets import SHEETS, read_sheet

__all__ = ["LARGE", "Table", "fold", "open_table"]

# Beyond this many bytes files are asked where they lie.
LARGE = 100_000_000
TEXTS = (".csv", ".txt", ".tsv", ".gz")


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One table of texts.

    Attributes
    ----------
    name : str
        Name of the file or folder, for messages.
    columns : tuple of str
        Its columns.
    held : DataFrame or TextFile
        The cells in memory, or where they lie.
    repeats : tuple of str
        Files left out because another file has the same bytes.
    """

    name: str
    columns: tuple[str, ...]
    held: pd.DataFrame | TextFile
    repeats: tuple[str, ...] = ()


def open_table(path: Path, wanted: Sequence[str], *, pattern: str = "*", large: int = LARGE) -> Table:
    """Open a csv file (plain or gzip; commas, semicolons, tabs), a spreadsheet, or a folder of csv files of one layout.

    Parameters
    ----------
    path : Path
        File or folder.
    wanted : sequence of str
        Columns a reader may ask for; others are not kept.
    pattern : str
        Which files of a folder, as a shell pattern.
    large : int
        Bytes beyond which files are asked where they lie.

    Raises
    ------
    MissingFileError
        Nothing there, or a folder without such files.
    WrongLayoutError, EncodingError
        Not a table, files of different layouts, or another encoding than UTF-8 in files too large to load.
    """
    paths, repeats = _paths(path, pattern)
    if paths[0].suffix.casefold() in SHEETS:
        frame = read_sheet(paths[0])
        return Table(path.name, tuple(frame.columns), frame)
    line = _first_line(paths[0])
    delimiter = separator_of(line)
    columns = tuple(_cells(line, delimiter))
    if any(one.suffix == ".gz" for one in paths) or sum(one.stat().st_size for one in paths) > large:
        return Table(path.name, columns, TextFile(tuple(paths), columns, delimiter), repeats)
    for one in paths[1:]:
        refuse_other_columns(_cells(_first_line(one), delimiter), columns, one.name)
    frames = [_read(one, delimiter, wanted) for one in paths]
    return Table(path.name, columns, pd.concat(frames, ignore_index=True), repeats)


def _paths(path: Path, pattern: str) -> tuple[list[Path], tuple[str, ...]]:
    """Files to read, each content once, and the names of the repeats."""
    if not path.is_dir():
        return [require(path)], ()
    found = sorted(one for one in path.glob(pattern) if one.suffix.casefold() in TEXTS and one.is_file())
    if not found:
        raise MissingFileError(
            f"The folder {path.name!r} holds no csv file.", f"{path}, {pattern}", "give the folder that has the files"
        )
    sizes = pd.Series([one.stat().st_size for one in found])
    alike = sizes.duplicated(keep=False)
    marks = [sha256(one) if same else str(place) for place, (one, same) in enumerate(zip(found, alike, strict=True))]
    first = ~pd.Series(marks).duplicated()
    kept = [one for one, new in zip(found, first, strict=True) if new]
    return kept, tuple(one.name for one, new in zip(found, first, strict=True) if not new)


def _first_line(path: Path) -> str:
    """Decode the first line in the encoding in which any file can be read."""
    return first_line(path).decode("latin-1").removeprefix("\xef\xbb\xbf").rstrip("\r\n")


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _read(path: Path, delimiter: str, wanted: Sequence[str]) -> pd.DataFrame:
    """Read one file; downloads of Comtrade are in Latin-1, and their lines may end with a further delimiter."""
    try:
        text = read_text(path)
    except EncodingError:
        text = read_text(path, "latin-1")
    head, _, body = text.partition("\n")
    names, second = _cells(head, delimiter), _cells(body.partition("\n")[0], delimiter)
    kept = [name for name in names if name in wanted]
    if len(second) == len(names) + 1 and second[-1].strip() == "":
        header = [*names, "(end of line)"]
        return parse_table(body, path.name, delimiter=delimiter, header=header, columns=kept)
    return parse_table(text, path.name, delimiter=delimiter, columns=kept)


def fold(table: Table, columns: Sequence[str], keep: Mapping[str, Sequence[str]] | None = None) -> pd.DataFrame:
    """Distinct rows of some columns and how often each stands in the table.

    Parameters
    ----------
    table : Table
    columns : sequence of str
        Columns of the answer.
    keep : mapping of str to sequence of str, optional
        Only rows whose column holds one of these texts.

    Returns
    -------
    DataFrame
        The columns as texts, empty where the cell is, in sorted order; and ``rows``.

    Raises
    ------
    ColumnError
        No such column.
    WrongLayoutError, EncodingError, InputError
        Large files that are not what their first line says, or do not fit in memory.

    Examples
    --------
    >>> frame = pd.DataFrame({"code": ["85", "85", "84"], "value": ["1", "1", "2"]})
    >>> fold(Table("x.csv", ("code", "value"), frame), ["code"], {"code": ["85"]}).values.tolist()
    [['85', 2]]
    """
    names, limits = list(dict.fromkeys(columns)), keep or {}
    absent = [name for name in (*names, *limits) if name not in table.columns]
    if absent:
        raise ColumnError(
            f"{table.name} has no column {first_few(map(repr, absent))}.",
            f"it has: {first_few(table.columns, 12)}",
            "give the publisher's file",
        )
    if isinstance(table.held, pd.DataFrame):
        frame = table.held[list(dict.fromkeys([*names, *limits]))].fillna("").astype(str)
        for name, values in limits.items():
            frame = frame[frame[name].isin(list(values))]
        counted = frame.groupby(names, sort=False).size().rename("rows").reset_index()
    else:
        cells = ", ".join(f"coalesce({_quoted(name)}, '') AS {_quoted(name)}" for name in names)
        where = " AND ".join(f"coalesce({_quoted(name)}, '') IN (SELECT unnest(?))" for name in limits)
        question = f"SELECT {cells}, count(*) AS rows FROM big {f'WHERE {where}' if where else ''} GROUP BY ALL"  # noqa: S608
        counted = ask(question, {"big": table.held}, [list(values) for values in limits.values()])
    ordered = counted.sort_values(names, ignore_index=True)
    return ordered.astype({**dict.fromkeys(names, object), "rows": "int64"})


def _quoted(name: str) -> str:
    """Name of a column inside a question: one of the table's own, with its quotes doubled."""
    return '"' + name.replace('"', '""') + '"'
