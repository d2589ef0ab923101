"""Published numbers of the paper, as printed: what a run on the paper's own data is compared with."""

from __future__ import annotations

from functools import cache
from importlib import resources

import pandas as pd

__all__ = ["KEYS", "published"]

KEYS = ("exhibit", "panel", "column", "term")
NUMBERS = ("estimate", "std_error", "nobs", "decimals")


@cache
def _read() -> pd.DataFrame:
    file = resources.files("eventpanel.brookings").joinpath("published.csv")
    with file.open(encoding="utf-8") as stream:
        table = pd.read_csv(stream, dtype=str, keep_default_na=False)
    for name in NUMBERS:
        table[name] = pd.to_numeric(table[name])
    return table


def published() -> pd.DataFrame:
    """Return the numbers printed in Beraja, Kao, Yang and Yuchtman (2023, doi:10.3386/w31676) that are compared.

    Returns
    -------
    DataFrame
        Columns exhibit, panel, column, term as exhibits name them; estimate; std_error and nobs, missing where they
        are not recorded; stars; decimals (printed digits after the point); remark. A column ``smallest`` or
        ``largest`` is that of all panels and columns.

    Examples
    --------
    >>> table = published()
    >>> table.loc[(table["exhibit"] == "table_2") & (table["column"] == "(1)"), ["term", "estimate"]].values.tolist()
    [['China', -0.026], ['AI', -0.356], ['China x AI', 0.474]]
    """
    return _read().copy()
