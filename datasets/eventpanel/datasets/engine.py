"""Engine: files too large to load are filtered and summed where they lie, by DuckDB, in bounded memory.

A reader names the files as tables, states their columns, and asks one question in SQL; only the answer becomes a
frame. Questions are the package's own text; what a user chose goes in as values, never as text of the question.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from eventpanel.datasets.errors import EncodingError, InputError, NumberError, WrongLayoutError, first_few
from eventpanel.datasets.files import require
from eventpanel.datasets.headers import header_of, refuse_other_columns

__all__ = ["MEMORY", "ParquetFile", "TextFile", "ask", "keep"]

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


Tables = Mapping[str, TextFile | ParquetFile]


def ask(
    question: str, tables: Tables, values: Sequence[object] = (), *, memory: str = MEMORY, threads: int = 2
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
        The answer. Its rows stand in no order unless the question states one.

    Raises
    ------
    MissingFileError
        A file is not there.
    WrongLayoutError, EncodingError, NumberError
        A file has other columns than stated, rows with more or fewer cells, another encoding, or text for
        numbers; with its line.
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
    with _engine(tables, (), memory, threads) as engine:
        _one_select(engine, question)
        return engine.execute(question, list(values)).df()


def keep(
    question: str, tables: Tables, values: Sequence[object] = (), *, into: Path, memory: str = MEMORY
) -> ParquetFile:
    r"""Keep the answer to one question in a file, for a later question: it may be larger than memory.

    Parameters
    ----------
    question, tables, values, memory
        As for :func:`ask`.
    into : Path
        New parquet file, in a temporary folder of the caller.

    Returns
    -------
    ParquetFile
        The answer, as a table for :func:`ask`.

    Raises
    ------
    InputError
        As for :func:`ask`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "deals.csv")
    ...     _ = path.write_text("year\n2010\n2011\n")
    ...     late = "SELECT year::INTEGER AS year FROM deals WHERE year > ?"
    ...     kept = keep(late, {"deals": TextFile((path,), ("year",))}, ["2010"], into=Path(folder, "late.parquet"))
    ...     ask("SELECT year FROM late", {"late": kept})["year"].tolist()
    [2011]
    """
    with _engine(tables, (into,), memory, 2) as engine:
        _one_select(engine, question)
        engine.sql(question, params=list(values)).write_parquet(str(into.resolve()))
    return ParquetFile((into,))


@contextmanager
def _engine(tables: Tables, further: Sequence[Path], memory: str, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Confined engine with the tables in it; its refusals become errors of the package."""
    paths = [require(path).resolve() for table in tables.values() for path in table.paths]
    with tempfile.TemporaryDirectory(prefix="eventpanel-") as spill, duckdb.connect() as engine:
        _confine(engine, [*paths, *(path.resolve() for path in further)], Path(spill), memory, threads)
        try:
            for name, table in tables.items():
                _view(engine, name, table)
            yield engine
        except duckdb.OutOfMemoryException as error:
            raise InputError(
                f"The files need more than {memory} of memory, or the disk is full.",
                first_few(path.name for path in paths),
                "allow more memory, or free space in the folder of temporary files",
            ) from error
        except duckdb.ConversionException as error:
            raise NumberError(
                f"{_named(str(error), paths)} holds text where numbers are needed.",
                _place(str(error)),
                "correct these cells, or download the file again",
            ) from error
        except (duckdb.InvalidInputException, duckdb.IOException) as error:
            raise _refusal(str(error), paths) from error


def _confine(engine: duckdb.DuckDBPyConnection, paths: Sequence[Path], spill: Path, memory: str, threads: int) -> None:
    """Nothing but the stated files may be read, nothing loaded from elsewhere, nothing written but to the spill."""
    engine.execute("SET allowed_paths = ?", [[name for path in paths for name in {str(path), _literal(path)}]])
    for name, setting in {
        "memory_limit": memory,
        "threads": threads,
        "temp_directory": str(spill),
        "preserve_insertion_order": False,
        "enable_progress_bar": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "enable_external_access": False,
        "lock_configuration": True,
    }.items():
        engine.execute(f"SET {name} = ?", [setting])


def _literal(path: Path) -> str:
    """Write a path so that its own stars and brackets do not stand for other files."""
    return re.sub(r"[*?\[]", r"[\g<0>]", str(path.resolve()))


def _one_select(engine: duckdb.DuckDBPyConnection, question: str) -> None:
    """Only questions: a statement that writes or sets could reach the files it may read."""
    if [one.type for one in engine.extract_statements(question)] != [duckdb.StatementType.SELECT]:
        raise ValueError("a question is one SELECT")


def _view(engine: duckdb.DuckDBPyConnection, name: str, table: TextFile | ParquetFile) -> None:
    paths = [_literal(path) for path in table.paths]
    # Folders called year=2010 must not add a column.
    if isinstance(table, ParquetFile):
        engine.read_parquet(paths, hive_partitioning=False).create_view(name)
        return
    if table.header:
        for path in table.paths:
            refuse_other_columns(header_of(path, table.delimiter, quote=table.quote), table.columns, path.name)
    engine.read_csv(
        paths,
        columns=dict.fromkeys(table.columns, "VARCHAR"),
        auto_detect=False,
        header=table.header,
        delimiter=table.delimiter,
        quotechar=table.quote,
        escapechar=table.quote,
        strict_mode=True,
        hive_partitioning=False,
    ).create_view(name)


def _refusal(message: str, paths: Sequence[Path]) -> InputError:
    name = _named(message, paths)
    if "unicode" in message.casefold() or "utf-8" in message.casefold():
        return EncodingError(f"{name} is not written in UTF-8.", _place(message), "save the file in that encoding")
    if "Expected Number of Columns" in message:
        return WrongLayoutError(
            f"{name} has rows with more or fewer cells than its columns.",
            _place(message),
            "check the separator and the quotes in these lines",
        )
    if "state machine" in message:
        return WrongLayoutError(f"{name} has lines that end in different ways.", name, "save it with one end of line")
    return WrongLayoutError(f"{name} cannot be read as its publisher's table.", _place(message), "download it again")


def _named(message: str, paths: Sequence[Path]) -> str:
    """Name the file a message is about, or the first few it may be about."""
    found = [path.name for path in paths if re.search(rf"{re.escape(str(path))}(?=\W|$)", message)]
    return first_few(dict.fromkeys(found or [path.name for path in paths]))


def _place(message: str) -> str:
    """Line and cause out of a message, without the engine's advice on its own settings."""
    line = re.search(r"[Ll]ine: (\d+)", message)
    cause = re.search(r"Expected Number of Columns.*|Could not convert.*|Invalid unicode|.*unterminated quote", message)
    first = next((text for text in message.splitlines() if text.strip()), message)
    parts = [f"line {line[1]}" if line else "", cause[0] if cause else "" if line else first]
    return ": ".join(part.strip() for part in parts if part)
