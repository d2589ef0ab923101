"""Tidy table of coefficients, after broom: one row a term."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.distributions import t_quantile, t_two_sided
from eventpanel.estimators.path import Term

NUMBERS = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")


def check_level(level: float) -> None:
    """Refuse a confidence level outside (0, 1)."""
    if not 0 < level < 1:
        raise DesignError("A confidence level lies between 0 and 1.", f"level={level}", "for example 0.95")


def numbers(coef: Floats, variance: Floats, dof: Floats, level: float) -> Floats:
    """Compute what a table shows of each coefficient.

    Parameters
    ----------
    coef, variance, dof : ndarray, each shape (k,)
    level : float
        Of the intervals.

    Returns
    -------
    ndarray, shape (6, k)
        Estimate, standard error (missing where the variance is not positive), t, p-value, bounds of the interval.
    """
    error = np.sqrt(np.where(variance > 0, variance, np.nan))
    statistic = coef / error
    half = t_quantile(0.5 + level / 2, dof) * error
    return np.array([coef, error, statistic, t_two_sided(statistic, dof), coef - half, coef + half])


def tidy_table(
    values: Floats, terms: Sequence[Term], reference: Sequence[Term], dropped: Sequence[Term], groups: Sequence[str]
) -> pd.DataFrame:
    """Lay out the numbers of all terms, those of the path first, by group and event time.

    Parameters
    ----------
    values : ndarray, shape (6, k)
        As :func:`numbers` gives them.
    terms : sequence of Term, length k
    reference, dropped : sequence of Term
        Terms that are zero by restriction, and terms that could not be estimated.
    groups : sequence of str
        Order of the groups.
    """
    filled = np.full((len(NUMBERS), len(terms) + len(reference) + len(dropped)), np.nan)
    filled[:, : len(terms)] = values
    filled[0, len(terms) : len(terms) + len(reference)] = 0.0
    order, labels = _labels(tuple(terms), tuple(reference), tuple(dropped), tuple(groups))
    columns = {name: column.copy() for name, column in labels}
    return pd.DataFrame(columns | dict(zip(NUMBERS, filled[:, order], strict=True)))


Labels = tuple[tuple[str, ExtensionArray], ...]


@lru_cache(maxsize=64)
def _labels(
    terms: tuple[Term, ...], reference: tuple[Term, ...], dropped: tuple[Term, ...], groups: tuple[str, ...]
) -> tuple[list[int], Labels]:
    """Order of the rows, and the columns that say what they are: the same for all outcomes of one window."""
    every = [*terms, *reference, *dropped]
    roles = ["estimate"] * len(terms) + ["reference"] * len(reference) + ["dropped"] * len(dropped)
    place = {group: position for position, group in enumerate(groups)}

    def position(i: int) -> tuple[bool, int, int]:
        term = every[i]
        # Terms without an event time stay as they came, behind the path.
        if term.event_time is None:
            return True, 0, 0
        return False, place.get(term.group, len(place)), term.event_time

    order = sorted(range(len(every)), key=position)
    table = pd.DataFrame(
        {
            "term": [str(every[i]) for i in order],
            "variable": [every[i].variable for i in order],
            "event_time": pd.array([every[i].event_time for i in order], dtype="Int64"),
            "group": [every[i].group for i in order],
            "role": [roles[i] for i in order],
        }
    )
    return order, tuple((str(name), table[name].array) for name in table)
