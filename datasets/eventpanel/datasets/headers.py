"""Headers: the first line of a text file of any size, which tells what the file is before it is read."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path

from eventpanel.datasets.checks import is_web_page
from eventpanel.datasets.errors import EncodingError, WrongLayoutError, first_few
from eventpanel.datasets.files import require

__all__ = ["first_line", "header_of", "header_with", "refuse_other_columns", "separator_of"]

SEPARATORS = (",", ";", "\t")


def first_line(path: Path) -> bytes:
    """Bytes of the first line, with its end, of a text file, plain or compressed with gzip.

    Raises
    ------
    MissingFileError, WrongLayoutError
        Not there; not what its name says.
    """
    require(path)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            return stream.readline(1 << 20)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise WrongLayoutError(
            f"{path.name} is not compressed with gzip, or is cut off.", str(error), "download the file again"
        ) from error


def separator_of(text: str) -> str:
    r"""Of comma, semicolon and tab, the one that the first line of a text has most of.

    Examples
    --------
    >>> separator_of("country;year;gdp, current\n1,5,7")
    ';'
    """
    line = text[: text.find("\n") + 1 or len(text)]
    return max(SEPARATORS, key=line.count)


def header_of(path: Path, delimiter: str = ",", *, quote: str = '"') -> tuple[str, ...]:
    """Names in the first line of a text file.

    Parameters
    ----------
    path : Path
        The file, plain or compressed with gzip.
    delimiter : str
        One character.
    quote : str
        The character that quotes cells, or none.

    Raises
    ------
    MissingFileError, EncodingError, WrongLayoutError
        Not there; not UTF-8; no line, a web page, not what its name says.
    """
    line = first_line(path)
    if is_web_page(line):
        raise WrongLayoutError(f"{path.name} is a web page, not a table.", str(path), "download the file itself")
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EncodingError(f"{path.name} is not written in UTF-8.", "line 1", "save it as UTF-8") from error
    cells = csv.reader([text], delimiter=delimiter) if quote else iter([text.rstrip("\r\n").split(delimiter)])
    names = next(cells, [])
    if not any(names):
        raise WrongLayoutError(f"{path.name} holds no rows.", path.name, "download the file again")
    return tuple(names)


def header_with(path: Path, columns: Sequence[str], remedy: str) -> tuple[str, ...]:
    r"""Names in the first line of a csv file, which must hold those named.

    Parameters
    ----------
    path : Path
        csv file of any size.
    columns : sequence of str
        Columns it must have.
    remedy : str
        Which file to give instead.

    Raises
    ------
    MissingFileError, EncodingError, WrongLayoutError
        Not there; not UTF-8; a column is not in it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "trade.csv")
    ...     _ = path.write_text("year,value\n2010,1\n")
    ...     header_with(path, ["year"], "give another file")
    ('year', 'value')
    """
    header = header_of(path)
    absent = [column for column in columns if column not in header]
    if absent:
        raise WrongLayoutError(
            f"{path.name} lacks the columns {first_few(absent)}.", f"it has: {first_few(header, 8)}", remedy
        )
    return header


def refuse_other_columns(names: Sequence[str], columns: Sequence[str], file: str) -> None:
    """Refuse a file whose columns are not, in order, those of the files it is read with.

    Parameters
    ----------
    names : sequence of str
        Columns of the file.
    columns : sequence of str
        Columns of the others.
    file : str
        Its name, for messages.

    Raises
    ------
    WrongLayoutError
        Other columns, another order, or another number of them.
    """
    if list(names) != list(columns):
        odd = [name for name in (*names, *columns) if name not in names or name not in columns] or names
        raise WrongLayoutError(
            f"{file} has other columns than the files it is read with.", first_few(odd), "read it by itself"
        )
