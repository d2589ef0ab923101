"""Estimates of two runs: how far each moved, in its own standard errors, and whether it says something else now."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from eventpanel.runs.tables import TOLERANCE, Matched, labels, matched, numbers_of, read_table

__all__ = ["ALPHA", "COLUMNS", "SIGN", "SIGNIFICANCE", "TableEstimates", "estimates_of"]

ALPHA = 0.05
SIGN = "sign"
SIGNIFICANCE = f"significance at {ALPHA:.0%}"
LOST, NEW = "no longer estimated", "newly estimated"
VALUES, STD_ERROR, P_VALUE, DOF = ("value", "estimate", "difference"), "std_error", "p_value", "dof"
COLUMNS = (
    "file",
    "row",
    "then",
    "now",
    "change",
    "std_error",
    "change_in_std_errors",
    "p_then",
    "p_now",
    "says",
    "moved",
)


class TableEstimates(NamedTuple):
    """Estimates in both versions of a table, rows that only the first has, rows that only the second has."""

    both: pd.DataFrame
    lost: list[str]
    added: list[str]


def estimates_of(then: bytes, now: bytes, name: str) -> TableEstimates | None:
    """Set the estimates of two versions of a table side by side.

    Parameters
    ----------
    then, now : bytes
        csv files.
    name : str
        Of the file.

    Returns
    -------
    TableEstimates or None
        ``COLUMNS`` of the rows in both. None for a table without estimates and standard errors.
        ``change_in_std_errors`` is in standard errors of the first, and no test: both may come from the same data.
        ``says`` names a change of sign or significance, or an estimate that is there on one side alone; ``moved`` tells
        whether it is more than the tolerance of :func:`eventpanel.runs.tables.compare_tables`.

    Raises
    ------
    WrongLayoutError
        A file that is no table.
    """
    tables = read_table(then, name), read_table(now, name)
    if not all(STD_ERROR in table.columns for table in tables):
        return None
    pair = matched(*tables)
    value = _value(pair)
    if value is None:
        return None
    one, two = _numbers(pair.then, value), _numbers(pair.now, value)
    error = _numbers(pair.then, STD_ERROR)
    change = two - one
    p_then, p_now = _p_values(pair.then, value), _p_values(pair.now, value)
    table = pd.DataFrame(
        {
            "file": name,
            "row": labels(pair.then.index),
            "then": one,
            "now": two,
            "change": change,
            "std_error": error,
            "change_in_std_errors": np.divide(change, error, out=np.full_like(change, np.nan), where=error > 0),
            "p_then": p_then,
            "p_now": p_now,
            "says": _says(one, two, p_then, p_now),
        },
    )
    size = np.fmax(np.fmax(np.abs(one), np.abs(two)), error)
    table["moved"] = (np.abs(change) > TOLERANCE * size) | (np.isnan(one) != np.isnan(two))
    known = ~(np.isnan(one) & np.isnan(two))
    return TableEstimates(table[known].reset_index(drop=True), pair.lost, pair.added)


def _value(pair: Matched) -> str | None:
    """Column of the estimates, where both tables have one and standard errors beside it."""
    shared = pair.then.columns.intersection(pair.now.columns)
    if STD_ERROR not in shared or any(numbers_of(table[STD_ERROR]) is None for table in (pair.then, pair.now)):
        return None
    named = [name for name in VALUES if name in shared]
    held = [name for name in named if all(numbers_of(table[name]) is not None for table in (pair.then, pair.now))]
    return held[0] if held else None


def _numbers(table: pd.DataFrame, name: str) -> np.ndarray:
    if name not in table.columns:
        return np.full(len(table), np.nan)
    return pd.to_numeric(table[name], errors="coerce").to_numpy(float)


def _p_values(table: pd.DataFrame, value: str) -> np.ndarray:
    """p-values as the table has them; else from t with its degrees of freedom, or from the normal without these."""
    if P_VALUE in table.columns:
        return _numbers(table, P_VALUE)
    error, dof = _numbers(table, STD_ERROR), _numbers(table, DOF)
    number = _numbers(table, value)
    statistic = np.divide(np.abs(number), error, out=np.full_like(number, np.nan), where=error > 0)
    return 2 * np.asarray(stats.t.sf(statistic, np.where(dof > 0, dof, np.inf)))


def _says(one: np.ndarray, two: np.ndarray, p_then: np.ndarray, p_now: np.ndarray) -> list[str]:
    known = ~np.isnan(p_then) & ~np.isnan(p_now)
    marks = (
        (SIGN, np.sign(one) * np.sign(two) < 0),
        (SIGNIFICANCE, known & ((p_then < ALPHA) != (p_now < ALPHA))),
        (LOST, ~np.isnan(one) & np.isnan(two)),
        (NEW, np.isnan(one) & ~np.isnan(two)),
    )
    return ["; ".join(word for word, held in marks if held[row]) for row in range(len(one))]
