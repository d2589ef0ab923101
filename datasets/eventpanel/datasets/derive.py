"""Columns made from columns: any, total, ratio, log, region; a missing part makes the whole missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from eventpanel.datasets.answers import Watched
from eventpanel.datasets.countries import require_iso3
from eventpanel.datasets.crosswalk import region_of
from eventpanel.datasets.errors import NumberError, first_few
from eventpanel.datasets.panel import Panel

__all__ = ["any_of", "continent", "log", "log1p", "ratio", "region", "total"]


def any_of(panel: Panel, name: str, columns: Sequence[str]) -> Panel:
    """Add a 0/1 column: 1 where a column is above zero, 0 where all are known to be zero.

    Parameters
    ----------
    panel : Panel
    name : str
        The new column.
    columns : sequence of str
        Columns of numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> panel = Panel(pd.DataFrame({"importer": ["KEN", "UGA"], "year": 2010, "deals": [2, 0]}), ("importer",), "year")
    >>> any_of(panel, "any_deal", ["deals"]).frame["any_deal"].tolist()
    [1.0, 0.0]
    """
    values = _numbers(panel, columns)
    hit = (values > 0).any(axis=1)
    return _with(panel, name, hit.astype(float).where(hit | values.notna().all(axis=1)), columns)


def total(panel: Panel, name: str, columns: Sequence[str]) -> Panel:
    """Add the sum of columns; missing where one of them is.

    Parameters
    ----------
    panel : Panel
    name : str
        The new column.
    columns : sequence of str
        Columns of numbers.
    """
    return _with(panel, name, _numbers(panel, columns).sum(axis=1, skipna=False), columns)


def ratio(panel: Panel, name: str, columns: Sequence[str]) -> Panel:
    """Add the first column over the second; missing where the second is zero.

    Parameters
    ----------
    panel : Panel
    name : str
        The new column.
    columns : sequence of str
        Numerator and denominator.

    Raises
    ------
    NumberError
        Not exactly two columns.
    """
    if len(columns) != 2:
        raise NumberError("A ratio needs two columns.", first_few(columns), "name numerator and denominator")
    values = _numbers(panel, columns)
    below = values[columns[1]]
    return _with(panel, name, values[columns[0]] / below.where(below != 0), columns)


def log(panel: Panel, name: str, columns: Sequence[str]) -> Panel:
    """Add the natural logarithm of a column.

    Parameters
    ----------
    panel : Panel
    name : str
        The new column.
    columns : sequence of str
        One column of positive numbers.

    Raises
    ------
    NumberError
        Values that are not positive, which have no logarithm.
    """
    values = _one(panel, columns)
    if (values <= 0).any():
        rows = panel.frame.loc[values <= 0, list(panel.keys)]
        raise NumberError(
            f"Column {columns[0]!r} has values that are not positive.",
            first_few(" ".join(map(str, row)) for row in rows.itertuples(index=False)),
            "use log1p, or decide what these values mean",
        )
    return _with(panel, name, pd.Series(np.log(values.to_numpy()), index=values.index), columns)


def log1p(panel: Panel, name: str, columns: Sequence[str]) -> Panel:
    """Add log(1 + column); estimates then depend on the unit (Chen and Roth 2024, doi:10.1093/qje/qjad054).

    Parameters
    ----------
    panel : Panel
    name : str
        The new column.
    columns : sequence of str
        One column without negative numbers.

    Raises
    ------
    NumberError
        Negative values.
    """
    values = _one(panel, columns)
    if (values < 0).any():
        raise NumberError(f"Column {columns[0]!r} has negative values.", f"{int((values < 0).sum())} rows")
    return _with(panel, name, pd.Series(np.log1p(values.to_numpy()), index=values.index), columns)


def region(panel: Panel, name: str, columns: Sequence[str]) -> Panel:
    """Add the geographic region of a country, such as Eastern Africa; missing where it has none.

    Regions are those of the United Nations Statistics Division (M49): the intermediate region of a country where it
    has one, else its sub-region. States that no longer exist have the region they lay in.

    Parameters
    ----------
    panel : Panel
    name : str
        The new column.
    columns : sequence of str
        One column of ISO3 codes.

    Raises
    ------
    CountryError
        A text that is no ISO3 code.

    Examples
    --------
    >>> import pandas as pd
    >>> panel = Panel(pd.DataFrame({"importer": ["KEN", "YUG"], "year": 1990}), ("importer",), "year")
    >>> region(panel, "region", ["importer"]).frame["region"].tolist()
    ['Eastern Africa', 'Southern Europe']
    """
    return _placed(panel, name, columns, region_of("subregion"))


def continent(panel: Panel, name: str, columns: Sequence[str]) -> Panel:
    """Add the continent of a country (M49: Africa, Americas, Asia, Europe, Oceania); missing where it has none.

    Parameters
    ----------
    panel : Panel
    name : str
        The new column.
    columns : sequence of str
        One column of ISO3 codes.

    Raises
    ------
    CountryError
        A text that is no ISO3 code.
    """
    return _placed(panel, name, columns, region_of("region"))


def _placed(panel: Panel, name: str, columns: Sequence[str], regions: Mapping[str, str]) -> Panel:
    if len(columns) != 1:
        raise NumberError("A region needs one column.", first_few(columns), "name one column of ISO3 codes")
    codes = panel.column(columns[0])
    require_iso3(map(str, codes.dropna().unique()))
    return _with(panel, name, codes.map(regions), columns)


def _one(panel: Panel, columns: Sequence[str]) -> pd.Series:
    if len(columns) != 1:
        raise NumberError("A logarithm needs one column.", first_few(columns), "name one column")
    return panel.number(columns[0])


def _numbers(panel: Panel, columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({column: panel.number(column) for column in columns})


def _with(panel: Panel, name: str, values: pd.Series, columns: Sequence[str]) -> Panel:
    """Add a column; where it is missing, the frames of its parts say why."""
    made = Watched("", (name,), panel.frame[list(panel.keys)].head(0), parts=tuple(columns))
    return replace(panel, frame=panel.frame.assign(**{name: values}), watched=(*panel.watched, made))
