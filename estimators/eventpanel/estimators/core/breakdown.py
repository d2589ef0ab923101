"""The largest bound at which an interval still lies on one side of zero."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize

__all__ = ["largest_bound"]

# Shares of the covering bound that are tried before the last crossing is located, and its relative accuracy.
SHARES, ACCURACY = np.concatenate([[0.0], np.geomspace(1e-4, 1.0, 33)]), 1e-8


def largest_bound(margin: Callable[[float], float], start: float) -> float:
    """Find the largest bound with a positive margin.

    Intervals of larger bounds hold for all smaller ones, so the last crossing counts, not the first.

    Parameters
    ----------
    margin : callable
        Distance of zero from the interval at a bound, negative inside it; in the end negative.
    start : float
        Bound from which on no margin is positive; doubled while that is not so.

    Returns
    -------
    float
        Missing where no margin is positive.

    Examples
    --------
    >>> largest_bound(lambda bound: 3.0 - 2.0 * bound, 1.0)
    1.5
    """
    most = start if start > 0 else 1.0
    while margin(most) > 0:
        most *= 2
    bounds = most * SHARES
    for low, high in zip(bounds[-2::-1], bounds[:0:-1], strict=True):
        if margin(float(low)) > 0:
            return float(optimize.brentq(margin, low, high, xtol=ACCURACY * high, rtol=ACCURACY))
    return float("nan")
