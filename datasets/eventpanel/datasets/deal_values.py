"""Values of deals: numbers of one currency; a number whose currency is not known is no value."""

from __future__ import annotations

import re

import pandas as pd

from eventpanel.datasets.cells import to_numbers
from eventpanel.datasets.conflicts import list_conflicts, no_conflicts
from eventpanel.datasets.deal_traps import NAME, NO_CURRENCY, SEVERAL_CURRENCIES, SIGN
from eventpanel.datasets.errors import ColumnError, first_few

__all__ = ["read_values"]

# A number with something that is no part of one: a sign, a currency, a unit.
SIGNED = r".*\d.*"
PLAIN = r"[\d\s.,+\-]*"
IN_NAME = r"value_[a-z]{3}"
AS_WRITTEN = "value_as_written"
LEFT = "value left out, deal kept"


def read_values(rows: pd.DataFrame, file: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn the column ``value`` into numbers of one currency; with a conflict table of the values left out.

    Parameters
    ----------
    rows : DataFrame
        Rows of texts. The currency stands in a column ``currency``, or in the name of the values, as in ``value_usd``;
        without values rows stay as they are.
    file : str
        Name of the file.

    Raises
    ------
    NumberError
        Text for a value that is no number with a currency.
    ColumnError
        Values in two columns.
    """
    rows = _one_column(rows, file)
    if "value" not in rows.columns:
        return rows, no_conflicts()
    text = rows["value"]
    signed = text.str.fullmatch(SIGNED) & ~text.str.fullmatch(PLAIN) & pd.to_numeric(text, errors="coerce").isna()
    values = to_numbers(text.mask(signed, ""), file)
    given = rows["currency"].str.upper() if "currency" in rows.columns else pd.Series("", index=rows.index)
    problem = _problems(values.notna(), given).mask(signed, SIGN)
    bad = problem != ""
    shown = rows.assign(value=text + (" " + given).str.rstrip())[bad]
    listed = list_conflicts(shown, "value", problem[bad], NAME, LEFT, None)
    # What is left out stays as text: deals that differ in it are not the same deal.
    kept = {AS_WRITTEN: text} if bad.any() else {}
    return rows.assign(value=values.mask(bad), **kept), listed


def _one_column(rows: pd.DataFrame, file: str) -> pd.DataFrame:
    """Values under one name, with a currency from the name they had."""
    named = [name for name in rows.columns if re.fullmatch(IN_NAME, name)]
    if not named:
        return rows
    if len(named) > 1 or {"value", "currency"} & set(rows.columns):
        raise ColumnError(
            f"{file} holds values in several columns, or their currency twice.",
            f"columns: {first_few(name for name in rows.columns if name.startswith(('value', 'currency')))}",
            "keep one of them",
        )
    return rows.rename(columns={named[0]: "value"}).assign(currency=named[0].removeprefix("value_").upper())


def _problems(there: pd.Series, given: pd.Series) -> pd.Series:
    """Say what is wrong with each value; empty where nothing is."""
    problem = pd.Series("", index=there.index, dtype=object)
    if given[there & (given != "")].nunique() > 1:
        problem = problem.mask(there, SEVERAL_CURRENCIES)
    return problem.mask(there & (given == ""), NO_CURRENCY)
