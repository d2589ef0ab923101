"""Two code schemes in one column: which rows are written in which, as far as other columns tell.

Tables made by stacking sources often fill one column for one source and another for the next. A column that is filled
in rows of codes only one scheme knows, and empty in those of the other, marks the rows of its scheme; with it, a code
that means different countries in the two can be told apart.
"""

from __future__ import annotations

import pandas as pd

from eventpanel.datasets.cells import MISSING
from eventpanel.datasets.guesses import Guess

__all__ = ["tell_apart"]

# A mark is filled in more than this share of one scheme's rows, and in less than a hundredth of the other's.
OFTEN, RARELY = 0.1, 0.01


def tell_apart(found: pd.DataFrame, guess: Guess, table: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Count for each colliding value the rows that each scheme's marks claim.

    A value claimed by one scheme alone is a note; one that both claim is a conflict, and so is any value where no
    column marks the rows.

    Parameters
    ----------
    found : DataFrame
        Findings of one column, among them values that mean two countries.
    guess : Guess
        The column, with a second scheme mixed in.
    table : DataFrame, shape (n, any)
        Its table, as text.
    known : DataFrame of bool, shape (n, 2)
        Which rows the first scheme knows, and the second.
    """
    first, second = known.columns
    filled = ~table.drop(columns=guess.column).isin(list(MISSING))
    marks = {
        first: _marks(filled, known[first] & ~known[second], known[second] & ~known[first]),
        second: _marks(filled, known[second] & ~known[first], known[first] & ~known[second]),
    }
    if not all(marks.values()):
        return found
    claimed = pd.DataFrame({scheme: filled[columns].any(axis=1) for scheme, columns in marks.items()})
    counts = {scheme: claimed[scheme].groupby(table[guess.column]).sum().to_dict() for scheme in marks}
    rows = []
    for row in found.to_dict("records"):
        if row["problem"] == "means two countries":
            held = {scheme: int(counts[scheme][row["value"]]) for scheme in marks}
            told = [f"{n} rows of {scheme} by {' or '.join(marks[scheme])}" for scheme, n in held.items()]
            severity = "conflict" if all(held.values()) else "note"
            row |= {"severity": severity, "hint": f"{row['hint']}; {', '.join(told)}"}
        rows.append(row)
    return pd.DataFrame(rows, columns=found.columns)


def _marks(filled: pd.DataFrame, own: pd.Series, others: pd.Series) -> list[str]:
    """Columns that are filled in rows of one scheme and empty in those of the other."""
    chosen = (filled[own].mean() > OFTEN) & (filled[others].mean() <= RARELY)
    return [str(name) for name in filled.columns[chosen]]
