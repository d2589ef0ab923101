"""Serial correlation: scores of one unit a few periods apart, along the calendar.

Newey and West (1987, doi:10.2307/1913610) with several units; with one unit of all rows, Driscoll and Kraay (1998,
doi:10.1162/003465398557825).
"""

from __future__ import annotations

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import group_sums, recode


def bartlett(lags: int) -> Floats:
    """Weights ``1 - l / (lags + 1)`` of lags 0 to ``lags``, shape (lags + 1,).

    Examples
    --------
    >>> bartlett(3).tolist()
    [1.0, 0.75, 0.5, 0.25]
    """
    return 1 - np.arange(lags + 1) / (lags + 1)


def serial(scores: Floats, units: Codes, times: Codes, weights: Floats) -> Floats:
    """Weighted cross-products of scores of the same unit, by how many periods they lie apart.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
    units : ndarray, shape (n,)
        Rows of one unit and period are added up first.
    times : ndarray, shape (n,)
        Period ordinals; a period without a row is a gap, and lags reach across it.
    weights : ndarray, shape (L + 1,)
        Weight of lags 0 to L.

    Returns
    -------
    ndarray, shape (k, k)

    Examples
    --------
    >>> scores, year = np.array([[1.0], [2.0], [4.0]]), np.array([2000, 2001, 2003])
    >>> serial(scores, np.zeros(3, dtype=np.int64), year, np.array([1.0, 0.5])).tolist()
    [[23.0]]
    """
    elapsed = times - times.min()
    # Units lie further apart than the longest lag reaches.
    keys = recode(units) * (np.int64(elapsed.max()) + len(weights)) + elapsed
    cells = np.unique(keys)
    sums = group_sums(scores, np.searchsorted(cells, keys))
    total = np.asarray(weights[0] * (sums.T @ sums), dtype=np.float64)
    for lag, weight in enumerate(weights[1:], start=1):
        earlier = np.searchsorted(cells, cells - lag)
        found = cells[earlier] == cells - lag
        product = sums[found].T @ sums[earlier[found]]
        total += weight * (product + product.T)
    return total
