"""How far effects must differ for a weighted sum of them to mislead.

Both measures are smallest standard deviations of effects across cells: Corollary 1 of de Chaisemartin and
D'Haultfoeuille (2020, doi:10.1257/aer.20181169).
"""

from __future__ import annotations

import numpy as np

from eventpanel.estimators.core.arrays import Floats

__all__ = ["spread_to_opposite", "spread_to_zero"]


def spread_to_zero(total: float, weights: Floats, shares: Floats) -> float:
    """Smallest standard deviation of effects whose weighted sum is ``total`` and whose average is zero.

    Parameters
    ----------
    total : float
        The coefficient.
    weights : ndarray, shape (n,)
        Weights of the effects; their sum is one.
    shares : ndarray, shape (n,)
        Positive shares of the cells in the average effect; their sum is one.

    Examples
    --------
    >>> spread_to_zero(1.0, np.array([1.5, -0.5]), np.array([0.5, 0.5]))
    0.5
    """
    variance = float(shares @ (weights / shares - 1) ** 2)
    return float(abs(total) / np.sqrt(variance)) if variance > 0 else np.inf


def spread_to_opposite(total: float, weights: Floats, shares: Floats) -> float:
    """Smallest standard deviation of effects none of which has the sign of their weighted sum.

    Parameters
    ----------
    total : float
    weights, shares : ndarray, each shape (n,)
        As for :func:`spread_to_zero`.

    Returns
    -------
    float
        Missing where no weight is negative: then some effect has the sign of the sum.

    Examples
    --------
    >>> spread_to_opposite(1.0, np.array([1.5, -0.5]), np.array([0.5, 0.5]))
    1.0
    """
    if not (weights < 0).any():
        return np.nan
    order = np.argsort(-(weights / shares), kind="stable")
    ratio = (weights / shares)[order]
    # Sums over each cell and all with smaller weights.
    mass, first, second = (np.cumsum(v[order][::-1])[::-1] for v in (shares, weights, weights**2 / shares))
    rest = np.maximum(1 - mass, 0.0)
    cell = int(np.argmax(ratio * rest < -first))
    return float(abs(total) / np.sqrt(second[cell] + first[cell] ** 2 / rest[cell]))
