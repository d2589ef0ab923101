"""Conflicts: a table of what did not match, matched twice or collided, and what was done about it."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

__all__ = ["list_conflicts", "no_conflicts", "stack_conflicts"]

COLUMNS = ["source", "problem", "value", "years", "rows", "resolution"]
NONE = pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})


def no_conflicts() -> pd.DataFrame:
    """Return an empty conflict table: source, problem, value, years, rows, resolution."""
    return NONE.copy()


def stack_conflicts(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """One conflict table of several; columns source, problem, value, years, rows, resolution."""
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else no_conflicts()


def list_conflicts(
    rows: pd.DataFrame, column: str, problem: pd.Series | str, source: str, resolution: str, year: str | None
) -> pd.DataFrame:
    """Gather rows into a conflict table, one line per value and problem.

    Parameters
    ----------
    rows : DataFrame, shape (n, any)
        Rows with a problem.
    column : str
        Column whose values are listed.
    problem : Series, shape (n,), or str
        What is wrong with each row, or with all of them.
    source, resolution : str
        Where the rows come from, and what was done about them.
    year : str or None
        Column of years.
    """
    if rows.empty:
        return no_conflicts()
    table = pd.DataFrame(
        {
            "problem": problem if isinstance(problem, str) else problem.to_numpy(),
            "value": rows[column].astype(str).to_numpy(),
            "year": rows[year].to_numpy() if year is not None else "",
        }
    )
    grouped = table.groupby(["problem", "value"], sort=True)["year"]
    listed = grouped.agg(first="min", last="max", rows="size").reset_index()
    span = listed["first"].astype(str) + "-" + listed["last"].astype(str)
    listed["years"] = span.where(listed["first"] != listed["last"], listed["first"].astype(str))
    return listed.assign(source=source, resolution=resolution)[COLUMNS]
