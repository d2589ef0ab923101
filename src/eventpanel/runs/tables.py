"""Two versions of a table: rows matched by their keys, numbers within a tolerance, texts equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import WrongLayoutError

__all__ = [
    "DIFFERS",
    "IDENTICAL",
    "TABLE",
    "TOLERANCE",
    "WITHIN",
    "Cell",
    "Matched",
    "TableChange",
    "compare_tables",
    "key_columns",
    "labels",
    "matched",
    "numbers_of",
    "read_table",
]

# Nine digits of a coefficient are certain where no caution says otherwise (docs/methods/numerics.md).
TOLERANCE = 1e-8
TABLE = ".csv"
IDENTICAL = "identical"
WITHIN = "agrees within the tolerance"
DIFFERS = "differs"
STD_ERROR = "std_error"
# Numbers whose own unit is one: of a probability near zero, digits do not matter.
UNITS = ("statistic", "p_")
OCCURRENCE = "\0occurrence"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that differs; ``column`` is empty for a whole row, of which one side is ``"no such row"``."""

    row: str
    column: str
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class TableChange:
    """What two versions of a table have in common.

    Attributes
    ----------
    verdict : str
        ``IDENTICAL`` to the byte, ``WITHIN`` the tolerance, or ``DIFFERS``.
    largest : float
        Largest difference among numbers that agree, in units of what it is compared with.
    where : str
        Row and column of it.
    cells : tuple of Cell
        All that differ.
    """

    verdict: str
    largest: float = 0.0
    where: str = ""
    cells: tuple[Cell, ...] = ()


def read_table(content: bytes, name: str) -> pd.DataFrame:
    """Read a csv file as texts.

    Parameters
    ----------
    content : bytes
    name : str
        For messages.

    Raises
    ------
    WrongLayoutError
        Not a csv file in UTF-8 with a header and whole rows.
    """
    try:
        return pd.read_csv(BytesIO(content), dtype=str, keep_default_na=False, na_filter=False, index_col=False)
    except (ValueError, pd.errors.ParserWarning) as error:
        raise WrongLayoutError(f"{name} is not a table.", str(error).strip(), "compare folders as written") from error


def numbers_of(column: pd.Series) -> pd.Series | None:
    """Numbers of a column of texts, missing where empty; None where some text is no number, or all are empty."""
    held = column[column != ""]
    numbers = pd.to_numeric(held, errors="coerce").astype(float)
    return None if held.empty or numbers.isna().any() else numbers.reindex(column.index)


def key_columns(then: pd.DataFrame, now: pd.DataFrame) -> list[str]:
    """Columns that tell the rows of both tables apart: from the left, those of texts or whole numbers that help.

    Examples
    --------
    >>> table = pd.DataFrame({"unit": ["KEN", "KEN"], "year": ["2001", "2002"], "value": ["1", "3"]})
    >>> key_columns(table, table)
    ['unit', 'year']
    """
    keys: list[str] = []
    counts = [0, 0]
    for name in then.columns.intersection(now.columns, sort=False):
        if counts == [len(then), len(now)]:
            break
        if all(_can_be_key(table[name]) for table in (then, now)):
            further = [len(table[[*keys, name]].drop_duplicates()) for table in (then, now)]
            if further != counts:
                keys, counts = [*keys, name], further
    return keys


def _can_be_key(column: pd.Series) -> bool:
    numbers = numbers_of(column)
    return numbers is None or bool((numbers.dropna() % 1 == 0).all())


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """Rows of two tables in the same order, by the labels of their keys, and the labels that only one has."""

    keys: list[str]
    then: pd.DataFrame
    now: pd.DataFrame
    lost: list[str]
    added: list[str]


def matched(then: pd.DataFrame, now: pd.DataFrame) -> Matched:
    """Match the rows of two tables by their keys; equal keys by their order.

    Parameters
    ----------
    then, now : DataFrame
        As :func:`read_table` gives them.
    """
    keys = key_columns(then, now)
    one, two = _keyed(then, keys), _keyed(now, keys)
    both = one.index[one.index.isin(two.index)]
    lost, added = (labels(a.index[~a.index.isin(b.index)]) for a, b in ((one, two), (two, one)))
    return Matched(keys, one.loc[both], two.loc[both], lost, added)


def _keyed(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Table by its keys, whole numbers written in one way, and by how often the keys came before."""
    frame = table.copy()
    for name in keys:
        numbers = numbers_of(frame[name])
        if numbers is not None:
            frame[name] = numbers.map("{:.0f}".format).where(numbers.notna(), "")
    frame[OCCURRENCE] = frame.groupby(list(keys)).cumcount() if keys else np.arange(len(frame))
    return frame.set_index([*keys, OCCURRENCE])


def labels(index: pd.Index) -> list[str]:
    """Name each row by its keys."""
    return [_label(row) for row in index]


def _label(row: Any) -> str:
    *parts, occurrence = row if isinstance(row, tuple) else (row,)
    told = [str(part) for part in parts if part != ""]
    return ", ".join([*told, *([f"row {occurrence + 1}"] if occurrence or not told else [])])


def compare_tables(then: bytes, now: bytes, name: str, tolerance: float = TOLERANCE) -> TableChange:
    r"""Compare two versions of a csv file.

    Two numbers agree if they differ by at most ``tolerance`` times the largest of their own size, the standard error of
    their row where the table has one, and one where the column is a statistic or a probability. Texts agree if equal.

    Parameters
    ----------
    then, now : bytes
        The files.
    name : str
        For messages.
    tolerance : float

    Raises
    ------
    WrongLayoutError
        A file that is no table.

    Examples
    --------
    >>> change = compare_tables(b"term,value\nlag,1.0\n", b"term,value\nlag,1.000000001\n", "table.csv")
    >>> change.verdict, change.where
    ('agrees within the tolerance', 'lag: value')
    """
    if then == now:
        return TableChange(IDENTICAL)
    one, two = read_table(then, name), read_table(now, name)
    pair = matched(one, two)
    names = labels(pair.then.index)
    cells = [Cell(label, "", "there", "no such row") for label in pair.lost]
    cells += [Cell(label, "", "no such row", "there") for label in pair.added]
    cells += [Cell("", column, "there", "no such column") for column in one.columns.difference(two.columns, sort=False)]
    cells += [Cell("", column, "no such column", "there") for column in two.columns.difference(one.columns, sort=False)]
    largest, where = 0.0, ""
    for column in pair.then.columns.intersection(pair.now.columns, sort=False):
        apart = _apart(pair, column)
        agree = apart <= tolerance
        cells += [
            Cell(names[row], column, pair.then[column].iloc[row], pair.now[column].iloc[row])
            for row in np.flatnonzero(~agree)
        ]
        if agree.any() and apart[agree].max() > largest:
            row = int(np.argmax(np.where(agree, apart, -1)))
            largest, where = float(apart[row]), f"{names[row]}: {column}"
    return TableChange(DIFFERS if cells else WITHIN, largest, where, tuple(cells))


def _apart(pair: Matched, column: str) -> np.ndarray:
    """How far the cells of a column are apart, in units of their scale: 0 where equal, infinite or NaN for texts."""
    one, two = pair.then[column], pair.now[column]
    same = one.to_numpy() == two.to_numpy()
    a, b = (pd.to_numeric(cells, errors="coerce").to_numpy(float) for cells in (one, two))
    scale = np.fmax(np.abs(a), np.abs(b))
    if STD_ERROR in pair.then.columns and STD_ERROR in pair.now.columns:
        scale = np.fmax(scale, np.abs(pd.to_numeric(pair.then[STD_ERROR], errors="coerce").to_numpy(float)))
    if column.startswith(UNITS):
        scale = np.fmax(scale, 1.0)
    with np.errstate(all="ignore"):
        apart = np.abs(a - b) / scale
    return np.where(same | (a == b), 0.0, apart)
