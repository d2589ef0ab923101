"""Columns of text to numbers, years and truth values: every refusal with file, column and row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import FrequencyError, NumberError, first_few
from eventpanel.datasets.periods import is_part_of_a_year

MISSING = ("", "NA", "NaN", ".")
FLAGS = {
    "yes": True,
    "true": True,
    "1": True,
    "1.0": True,
    "no": False,
    "false": False,
    "0": False,
    "0.0": False,
}


def to_numbers(column: pd.Series, name: str, missing: Sequence[str] = MISSING) -> pd.Series:
    """Turn texts into floating-point numbers; only the listed texts count as missing.

    Raises
    ------
    NumberError
        Any other text, with the first five values and their rows.

    Examples
    --------
    >>> import pandas as pd
    >>> to_numbers(pd.Series(["1", "NA"], name="deals"), "x.csv").tolist()
    [1.0, nan]
    """
    text = _text(column)
    absent = text.isin(list(missing))
    numbers = pd.to_numeric(text.where(~absent), errors="coerce").astype(float)
    _refuse_cells(text, ~absent & ~np.isfinite(numbers), name, "text where numbers are needed")
    return numbers


def to_years(column: pd.Series, name: str) -> pd.Series:
    """Turn texts into whole years; nothing may be missing.

    Raises
    ------
    FrequencyError
        Quarters, months or year-months among them.
    NumberError
        Text, an empty cell or a fraction, with the first five values and their rows.
    """
    text = _text(column)
    other = text[~text.str.fullmatch(r"-?\d{1,4}(\.0*)?")]
    periods = [value for value in other.unique() if is_part_of_a_year(value)]
    if periods:
        raise FrequencyError(
            f"{name}: column {column.name!r} must hold years; it holds shorter periods.",
            first_few(f"{value!r} in data row {int((text == value).argmax()) + 1}" for value in periods),
            "sum them up to years, or keep rows of years",
        )
    numbers = to_numbers(column, name, missing=())
    _refuse_cells(text, numbers != numbers.round(), name, "years that are not whole numbers")
    return numbers.astype("int64")


def to_flags(column: pd.Series, name: str, missing: Sequence[str] = MISSING) -> pd.Series:
    """Turn yes and no, true and false, 1 and 0 into truth values; missing ones stay missing.

    Raises
    ------
    NumberError
        Any other text, with the first five values and their rows.

    Examples
    --------
    >>> import pandas as pd
    >>> to_flags(pd.Series(["Yes", "no", ""], name="estimated"), "x.csv").tolist()
    [True, False, <NA>]
    """
    text = _text(column).str.casefold()
    absent = text.isin([word.casefold() for word in missing])
    flags = text.map(FLAGS)
    _refuse_cells(text, flags.isna() & ~absent, name, "neither yes nor no")
    return flags.astype("boolean")


def _text(column: pd.Series) -> pd.Series:
    return column.where(column.notna(), "").astype(str).str.strip()


def _refuse_cells(text: pd.Series, bad: pd.Series, name: str, problem: str) -> None:
    if bad.any():
        rows = [place + 1 for place in np.flatnonzero(bad.to_numpy())]
        cells = zip(text[bad], rows, strict=True)
        raise NumberError(
            f"{name}: column {text.name!r} holds {problem}.",
            first_few(f"{value!r} in data row {row}" for value, row in cells),
            "correct these cells",
        )
