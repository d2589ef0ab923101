"""Ends of intervals by inversion of a bootstrap test, found among the draws that can decide them."""

from __future__ import annotations

import numpy as np

from eventpanel.estimators.core.draws import critical, edge, margin
from eventpanel.estimators.core.wild_curves import Curve

# Fewer draws are all looked at in every step.
FEW = 10_000
# The search looks at this many times the share of draws that a test rejects by, the largest at two standard errors.
MORE = 3.0
NEAR = 2.0


def curve_edge(curve: Curve, side: int, alpha: float) -> float:
    """Distance from the estimate, in standard errors, at which a test of a null there begins to reject.

    The search runs on the largest draws; its end counts if all draws have the same critical value there.

    Parameters
    ----------
    curve : Curve
    side : {1, -1}
        Below or above the estimate.
    alpha : float
        One less the level.

    Returns
    -------
    float
        Infinite where the test never rejects; missing where there is no statistic.
    """
    count = len(curve.tested)
    if count > FEW:
        some = _largest(curve, side, alpha)
        found = edge(lambda x: x - _root(some, side * x, alpha, count))
        if np.isfinite(found):
            all_draws, largest = _root(curve, side * found, alpha, count), _root(some, side * found, alpha, count)
            if abs(all_draws - largest) <= margin(largest):
                return found
    return edge(lambda x: x - _root(curve, side * x, alpha, count))


def _largest(curve: Curve, side: int, alpha: float) -> Curve:
    near = curve.at(side * NEAR)
    number = min(len(near), int(MORE * alpha * len(near)) + 1)
    # Missing ones are sorted last, so that they are among those that are looked at.
    return curve.only(np.argpartition(near, len(near) - number)[len(near) - number :])


def _root(curve: Curve, x: float, alpha: float, count: int) -> float:
    """Root of the critical value of a test ``x`` standard errors away."""
    return float(np.sqrt(critical(x * x, curve.at(x), alpha, missing=count - len(curve.tested))))
