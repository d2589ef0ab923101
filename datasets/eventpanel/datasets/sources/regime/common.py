"""What the readers of regimes share: columns by any of their spellings, scales with ends, names of former states.

Publishers of regime data change the spelling of column names between editions, so columns are found by any of their
known spellings, in any case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from eventpanel.datasets.cells import to_numbers
from eventpanel.datasets.errors import NumberError, WrongLayoutError, first_few

__all__ = ["between", "pick"]


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
