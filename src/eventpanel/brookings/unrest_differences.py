"""Differences between two paths of equation (3): China less the United States, weak less mature democracies.

The paper compares coefficients of separate regressions by eye. Here their difference has a standard error: the two
regressions are stacked, each with effects and controls of its own, and importers that stand in both are one cluster.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from eventpanel.brookings.exhibit import Coefficient, Column
from eventpanel.brookings.unrest_models import Fitted, term_name
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.joint import joined

__all__ = ["Pair", "difference", "difference_column", "difference_table", "difference_words", "p_said"]


class Pair(NamedTuple):
    """Two fits of one specification, and what they are called."""

    first_name: str
    second_name: str
    first: Fitted
    second: Fitted

    @property
    def name(self) -> str:
        """Both names, as a difference."""
        return f"{self.first_name} less {self.second_name}"


def difference(pair: Pair) -> Estimate | None:
    """Return the path of the first less that of the second, at the event times that both have.

    Parameters
    ----------
    pair : Pair
        Of panels with the same rows.

    Returns
    -------
    Estimate or None
        None where either is missing. Degrees of freedom are the fewer of both; observations are those of both.
    """
    one, other = pair.first.estimate, pair.second.estimate
    if one is None or other is None:
        return None
    one, other = one.select(one.path), other.select(other.path)
    shared = [term for term in one.terms if term in other.terms]
    both = joined([one, other])
    weights = np.zeros((len(shared), len(one.terms) + len(other.terms)))
    for row, term in enumerate(shared):
        weights[row, one.terms.index(term)] = 1.0
        weights[row, len(one.terms) + other.terms.index(term)] = -1.0
    dof = np.minimum(*(np.array([e.dof[e.terms.index(t)] for t in shared]) for e in (one, other)))
    return replace(
        one,
        terms=tuple(shared),
        coef=weights @ np.concatenate([one.coef, other.coef]),
        vcov=weights @ both.vcov @ weights.T,
        dof=dof,
        nobs=one.nobs + other.nobs,
        n_clusters=len(both.values),
        contributions=both.combine(weights),
    )


def difference_column(pair: Pair, panel: str, what: str) -> Column:
    """Make a column of a difference; one that cannot be made has missing numbers.

    Parameters
    ----------
    pair : Pair
    panel, what : str
        Panel of the table; what is bought, as terms name it.
    """
    found, head = difference(pair), f"({pair.first.specification.number})"
    below = {"Controls": pair.first.specification.said}
    if found is None:
        cells: tuple[Coefficient, ...] = (Coefficient(term_name(0, what), np.nan),)
        return Column(panel=panel, head=head, coefficients=cells, counts=tuple(below.items()))
    errors = found.std_errors.to_numpy()
    cells = tuple(
        Coefficient(term_name(term.event_time or 0, what), float(found.coef[k]), float(errors[k]), float(found.dof[k]))
        for k, term in enumerate(found.terms)
    )
    below = {"N": f"{found.nobs:,}", "Clusters": f"{found.n_clusters:,}", "Fixed effects": "importer, year"} | below
    return Column(
        panel=panel,
        head=head,
        coefficients=cells,
        counts=tuple(below.items()),
        nobs=float(found.nobs),
        clusters=float(found.n_clusters),
    )


def difference_table(pairs: list[Pair], what: str = "AI") -> pd.DataFrame:
    """Tabulate differences.

    Parameters
    ----------
    pairs : list of Pair
    what : str
        What is bought, as terms name it.

    Returns
    -------
    DataFrame
        difference, column, term, first, first_std_error, second, second_std_error, estimate, std_error, dof, p_value.
    """
    rows = []
    for pair in pairs:
        one, other = pair.first.estimate, pair.second.estimate
        column = difference_column(pair, pair.name, what)
        for cell in column.coefficients:
            sides = [number for side in (one, other) for number in _numbers(side, cell.term, what)]
            own = (cell.estimate, cell.std_error, cell.dof, p_value(cell))
            rows.append((pair.name, column.head, cell.term, *sides, *own))
    names = ["first", "first_std_error", "second", "second_std_error", "estimate", "std_error", "dof", "p_value"]
    return pd.DataFrame(rows, columns=["difference", "column", "term", *names])


def _numbers(estimate: Estimate | None, name: str, what: str) -> tuple[float, float]:
    """Coefficient and standard error of a row of the table."""
    if estimate is None:
        return np.nan, np.nan
    for k, term in enumerate(estimate.terms):
        if term.event_time is not None and term_name(term.event_time, what) == name:
            return float(estimate.coef[k]), float(estimate.std_errors.iloc[k])
    return np.nan, np.nan


def p_value(cell: Coefficient) -> float:
    """Two-sided p-value of a coefficient, from the t distribution."""
    return float(2 * stats.t.sf(abs(cell.estimate / cell.std_error), cell.dof))


def p_said(p: float) -> str:
    """Write a p-value.

    Examples
    --------
    >>> p_said(0.0414), p_said(0.00002)
    ('p = 0.041', 'p < 0.001')
    """
    return f"p = {p:.3f}" if p >= 0.001 else "p < 0.001"


def difference_words(column: Column) -> str:
    """Say what the same-year difference of a column is.

    Parameters
    ----------
    column : Column
    """
    now = next((c for c in column.coefficients if c.term.endswith("same year as unrest")), None)
    if now is None or np.isnan(now.estimate):
        return f"{column.panel}, column {column.head}: the same-year difference could not be estimated."
    return (
        f"{column.panel}, column {column.head}, same year: {now.estimate:.3f} (standard error {now.std_error:.3f}, "
        f"{p_said(p_value(now))})."
    )
