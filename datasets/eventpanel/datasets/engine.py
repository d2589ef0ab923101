"""Engine: files too large to load are filtered and summed where they lie, by DuckDB, in bounded memory.

A reader names the files as tables, states their columns, and asks one question in SQL; only the answer becomes a
frame. Questions are the package's own text; what a user chose goes in as values, never as text of the question.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from eventpanel.datasets.errors import EncodingError, InputError, WrongLayoutError, first_few
from eventpanel.datasets.files import require

__all__ = ["MEMORY", "ParquetFile", "TextFile", "ask", "header_of"]

MEMORY = "512MB"


@dataclass(frozen=True, slots=True)
class TextFile:
    """Delimited text files of one layout, read as text: nothing is guessed.

    Attributes
    ----------
    paths : tuple of Path
        The files, one after the other; plain or compressed with gzip.
    columns : tuple of str
        Every column of the files, in order.
    delimiter : str
        One character.
    header : bool
        Whether the first line of each file names the columns.
    quote : str
        The character that quotes cells, or none.
    """

    paths: tuple[Path, ...]
    columns: tuple[str, ...]
    delimiter: str = ","
    header: bool = True
    quote: str = '"'


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """Parquet files of one layout; only the columns a question names are read.

    Attributes
    ----------
    paths : tuple of Path
    """

    paths: tuple[Path, ...]


def header_of(path: Path, delimiter: str = ",") -> tuple[str, ...]:
    r"""Names in the first line of a text file, which may be of any size.

    Raises
    ------
    MissingFileError, EncodingError, WrongLayoutError
        Not there; not UTF-8; no line.
    """
    with require(path).open("rb") as stream:
        line = stream.readline(1 << 20)
    try:
        names = next(csv.reader([line.decode("utf-8-sig")], delimiter=delimiter), [])
    except UnicodeDecodeError as error:
        raise EncodingError(f"{path.name} is not written in UTF-8.", "line 1", "save it as UTF-8") from error
    if not names:
        raise WrongLayoutError(f"{path.name} holds no rows.", path.name, "download the file again")
    return tuple(names)


def ask(
    question: str,
    tables: Mapping[str, TextFile | ParquetFile],
    values: Sequence[object] = (),
    *,
    memory: str = MEMORY,
    threads: int = 2,
) -> pd.DataFrame:
    r"""Ask one question of files.

    Parameters
    ----------
    question : str
        One SELECT over the tables, with ``?`` where values belong.
    tables : mapping of str to TextFile or ParquetFile
        Files by the names the question gives them. Cells of text files are text; empty ones are NULL.
    values : sequence
        Values of the question, in order.
    memory : str
        Most memory the engine may take; beyond it uses a temporary folder.
    threads : int
        Number of threads.

    Returns
    -------
    DataFrame
        The answer.

    Raises
    ------
    MissingFileError
        A file is not there.
    WrongLayoutError, EncodingError
        A file has other columns than stated, rows with more or fewer cells, or another encoding; with its line.
    InputError
        The answer does not fit in the memory allowed, or the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "trade.csv")
    ...     _ = path.write_text("year,value\n2010,1\n2010,2\n")
    ...     table = TextFile((path,), ("year", "value"))
    ...     ask("SELECT year, sum(value::DOUBLE) AS value FROM trade GROUP BY year", {"trade": table})["value"].tolist()
    [3.0]
    """
    paths = [require(path).resolve() for table in tables.values() for path in table.paths]
    with tempfile.TemporaryDirectory(prefix="eventpanel-") as spill, duckdb.connect() as engine:
        _confine(engine, paths, Path(spill), memory, threads)
        try:
            for name, table in tables.items():
                _view(engine, name, table)
            return engine.execute(question, list(values)).df()
        except duckdb.OutOfMemoryException as error:
            raise InputError(
                f"The files need more than {memory} of memory, or the disk is full.",
                first_few(path.name for path in paths),
                "allow more memory, or free space in the folder of temporary files",
            ) from error
        except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.IOException) as error:
            raise _refusal(str(error), paths) from error


def _confine(engine: duckdb.DuckDBPyConnection, paths: Sequence[Path], spill: Path, memory: str, threads: int) -> None:
    """Nothing but the stated files may be read, nothing loaded from elsewhere, nothing written but to the spill."""
    engine.execute("SET allowed_paths = ?", [[str(path) for path in paths]])
    for name, setting in {
        "memory_limit": memory,
        "threads": threads,
        "temp_directory": str(spill),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "enable_external_access": False,
        "lock_configuration": True,
    }.items():
        engine.execute(f"SET {name} = ?", [setting])


def _view(engine: duckdb.DuckDBPyConnection, name: str, table: TextFile | ParquetFile) -> None:
    paths = [str(path.resolve()) for path in table.paths]
    if isinstance(table, ParquetFile):
        engine.read_parquet(paths).create_view(name)
        return
    if table.header:
        for path in table.paths:
            _same_columns(path, table)
    engine.read_csv(
        paths,
        columns=dict.fromkeys(table.columns, "VARCHAR"),
        auto_detect=False,
        header=table.header,
        delimiter=table.delimiter,
        quotechar=table.quote,
        escapechar=table.quote,
        strict_mode=True,
    ).create_view(name)


def _same_columns(path: Path, table: TextFile) -> None:
    if path.suffix == ".gz":
        return
    found = header_of(path, table.delimiter)
    if found != table.columns:
        odd = [column for column in table.columns if column not in found] or list(found)
        raise WrongLayoutError(
            f"{path.name} has other columns than the files it is read with.", first_few(odd), "read it by itself"
        )


def _refusal(message: str, paths: Sequence[Path]) -> InputError:
    names = first_few(path.name for path in paths)
    line = re.search(r"[Ll]ine:? (\d+)", message)
    where = names if line is None else f"{names}, line {line[1]}"
    if "unicode" in message.casefold() or "utf-8" in message.casefold():
        return EncodingError(f"{names} is not written in UTF-8.", where, "save the file in that encoding")
    first = next((text for text in message.splitlines() if text.strip()), message)
    return WrongLayoutError(
        f"{names} cannot be read as its publisher's table.", f"{where}: {first}", "download it again"
    )
