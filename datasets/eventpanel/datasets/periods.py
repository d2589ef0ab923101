"""Years and calendar periods: one frequency a panel, steps along the calendar and never along rows.

A period column holds either whole numbers (years, or any integer counter such as survey waves) or a pandas
``Period`` dtype (quarters, months). Both have an ordinal, an integer that moves by one a period; leads and
lags are taken on it.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventpanel.datasets.errors import FrequencyError, NumberError, first_few

INTEGER = "integer"
PART_OF_A_YEAR = re.compile(r"[12]\d{3}(-?[Qq][1-4]|[-/](0?[1-9]|1[0-2])([-/]\d{1,2})?|(0[1-9]|1[0-2]))")


def to_period(column: pd.Series) -> pd.Series:
    """Turn years or period texts into periods of one frequency.

    Parameters
    ----------
    column : Series, shape (n,)
        Whole numbers, ``Period`` values, or texts such as ``"2011"``, ``"2011Q2"``, ``"2011-03"``.

    Returns
    -------
    Series, shape (n,)
        ``int64`` for whole numbers, else ``Period`` dtype.

    Raises
    ------
    FrequencyError
        Years, quarters and months in one column, or dates, which have no frequency of their own.
    NumberError
        Values that are no period at all.

    Examples
    --------
    >>> import pandas as pd
    >>> to_period(pd.Series(["2011", "2012"])).tolist()
    [2011, 2012]
    """
    if column.dtype == np.int64 and len(column) and column.min() >= 1000 and column.max() <= 9999:
        return column
    if column.isna().any():
        raise NumberError(
            "Periods must not be missing.",
            f"column {column.name!r}: {int(column.isna().sum())} rows",
            "remove these rows or complete them",
        )
    if isinstance(column.dtype, pd.PeriodDtype):
        return column
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise FrequencyError(
            "Dates have no frequency of their own.",
            f"column {column.name!r}",
            "convert them first, for example with .dt.year or .dt.to_period('Q')",
        )
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.notna().all():
        return _whole(numbers)
    if numbers.notna().any():
        _refuse_mixture(column, numbers)
    return _parse(column)


def _whole(numbers: pd.Series) -> pd.Series:
    values = numbers.to_numpy(dtype=float)
    fractional = values != np.round(values)
    if fractional.any():
        raise NumberError(
            "Periods must be whole numbers.",
            f"column {numbers.name!r}: {first_few(values[fractional])}",
            "use years such as 2011",
        )
    whole = numbers.astype("int64")
    years, months = whole.between(1000, 9999), whole.between(100_001, 999_912)
    if years.any() and months.any():
        raise FrequencyError(
            "The column mixes years and year-months.",
            f"column {numbers.name!r}: {first_few(whole[months].unique())} beside {first_few(whole[years].unique())}",
            "keep rows of one frequency",
        )
    return whole


def _refuse_mixture(column: pd.Series, numbers: pd.Series) -> None:
    odd = _parse(column[numbers.isna()])
    raise FrequencyError(
        "The column mixes years with other periods.",
        f"column {column.name!r}: {first_few(repr(str(value)) for value in odd.unique())}",
        "keep rows of one frequency",
    )


def _parse(column: pd.Series) -> pd.Series:
    periods = {text: _one_period(text) for text in column.astype(str).unique()}
    unread = [repr(text) for text, period in periods.items() if period is None]
    if unread:
        raise NumberError(
            "Some periods cannot be read.",
            f"column {column.name!r}: {first_few(unread)}",
            "write years as 2011, quarters as 2011Q2, months as 2011-03",
        )
    frequencies = {period.freqstr for period in periods.values() if period is not None}
    if len(frequencies) > 1:
        raise FrequencyError(
            "The column mixes frequencies.",
            f"column {column.name!r}: {first_few(sorted(frequencies))}",
            "keep rows of one frequency",
        )
    parsed = pd.PeriodIndex([periods[text] for text in column.astype(str)])
    return pd.Series(parsed, index=column.index, name=column.name)


def _one_period(text: str) -> pd.Period | None:
    try:
        period = pd.Period(text)
    except ValueError:
        return None
    return period if isinstance(period, pd.Period) else None


def is_part_of_a_year(text: str) -> bool:
    """Whether a text names a quarter, a month or a day: 2011Q2, 2011-03, 201103, 2011-03-31.

    Examples
    --------
    >>> is_part_of_a_year("2011Q2"), is_part_of_a_year("201103"), is_part_of_a_year("2011"), is_part_of_a_year("many")
    (True, True, False, False)
    """
    return PART_OF_A_YEAR.fullmatch(text) is not None


def frequency(column: pd.Series) -> str:
    """Name the frequency of a period column: ``"integer"`` or pandas' alias such as ``"Q-DEC"``.

    Examples
    --------
    >>> import pandas as pd
    >>> frequency(pd.Series([2011, 2012]))
    'integer'
    """
    # The name of the dtype is the same in all versions of pandas, that of the offset is not.
    dtype = column.dtype
    if not isinstance(dtype, pd.PeriodDtype):
        return INTEGER
    return dtype.name.removeprefix("period[").removesuffix("]")


def ordinal(column: pd.Series) -> npt.NDArray[np.int64]:
    """Integers that move by one a period, shape (n,).

    Examples
    --------
    >>> import pandas as pd
    >>> ordinal(pd.Series(pd.PeriodIndex(["2011Q4", "2012Q1"], freq="Q"))).tolist()
    [167, 168]
    """
    if isinstance(column.dtype, pd.PeriodDtype):
        return pd.PeriodIndex(column).asi8.copy()
    return column.to_numpy(dtype=np.int64)
