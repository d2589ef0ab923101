"""Traps of a list of deals: what is often wrong with one, in how many rows, and what was done about it."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from eventpanel.datasets.errors import first_few

__all__ = [
    "AFTER",
    "AGAIN",
    "ALIKE",
    "AT_HOME",
    "BEYOND",
    "NO_CURRENCY",
    "NO_NUMBER",
    "NO_YEAR",
    "OUTSIDE",
    "SEVERAL_CURRENCIES",
    "SIGN",
    "deal_traps",
]

NAME = "deal_list"
AFTER = "after the last year of the list"
BEYOND = "the list is said to reach far beyond its last deal"
AGAIN = "the same deal again"
ALIKE = "nothing tells these deals apart"
AT_HOME = "exporter and importer are one country"
OUTSIDE = "outside the country-years that the list watches"
NOT_COUNTED = "outside the years the source covers"
NO_YEAR = "no year"
NO_NUMBER = "a year that is no whole number"
NO_CURRENCY = "a value without a currency"
SEVERAL_CURRENCIES = "values in several currencies"
SIGN = "a value with a currency sign or a unit"


class Trap(NamedTuple):
    """A trap: its name, its problems in a table of conflicts, and what a user can do about it."""

    name: str
    problems: tuple[str, ...]
    advice: str


TRAPS = (
    Trap("future year", (AFTER, BEYOND), "correct the year, or the option last"),
    Trap("doubled deal", (AGAIN, ALIKE), "number the deals in a column deal"),
    Trap(
        "value without currency",
        (NO_CURRENCY, SEVERAL_CURRENCIES, SIGN),
        "write plain numbers of one currency, in a column such as value_usd or with a column currency",
    ),
    Trap("exporter is importer", (AT_HOME,), "correct one of the two; deals at home are no trade"),
    Trap("missing year", (NO_YEAR,), "find the year, or a date"),
    Trap("deal outside the list", (OUTSIDE, NOT_COUNTED), "correct the options first and importers"),
    Trap("text for a year", (NO_NUMBER,), "write one whole year"),
)
COUNTRIES = Trap("unknown country", (), "correct the name, or the option scheme")


def deal_traps(conflicts: pd.DataFrame) -> pd.DataFrame:
    """Sum up what a list of deals was found to hold, one line for each trap, also where there was none.

    Parameters
    ----------
    conflicts : DataFrame
        Of the list, as :func:`eventpanel.datasets.sources.trade.deal_list.read` gives it.

    Returns
    -------
    DataFrame
        Columns trap, rows (0 where there was none), examples, done, advice.

    Examples
    --------
    >>> from eventpanel.datasets.conflicts import no_conflicts
    >>> deal_traps(no_conflicts())["trap"].tolist()[:3]
    ['unknown country', 'future year', 'doubled deal']
    """
    mine = conflicts[conflicts["source"] == NAME]
    known = [problem for trap in TRAPS for problem in trap.problems]
    found = [(COUNTRIES, mine[~mine["problem"].isin(known)])]
    found += [(trap, mine[mine["problem"].isin(trap.problems)]) for trap in TRAPS]
    return pd.DataFrame(
        [_line(trap, lines) for trap, lines in found], columns=["trap", "rows", "examples", "done", "advice"]
    )


def _line(trap: Trap, lines: pd.DataFrame) -> tuple[str, int, str, str, str]:
    if lines.empty:
        return trap.name, 0, "", "none found", ""
    examples = first_few(f"{line.value} ({line.problem})" for line in lines.itertuples(index=False))
    done = "; ".join(dict.fromkeys(lines["resolution"]))
    return trap.name, int(lines["rows"].sum()), examples, done, trap.advice
