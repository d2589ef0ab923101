"""Dyadic correlation: rows that share a member, in either role.

Aronow, Samii and Assenova (2015, doi:10.1093/pan/mpv018), by inclusion and exclusion over members.
"""

from __future__ import annotations

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import cross, group_sums
from eventpanel.estimators.core.least_squares import Fit


def dyadic(fit: Fit, first: Codes, second: Codes) -> Floats:
    """Sandwich over all pairs of rows that share a member, no small-sample factor.

    Every member's rows form a cluster; two rows with both members in common would count twice, so clusters of the
    unordered pair are subtracted. A row of one member with itself (domestic trade) has that member alone.

    Parameters
    ----------
    fit : Fit
    first, second : ndarray, shape (n,)
        Codes of both members on one common list 0..M-1.

    Returns
    -------
    ndarray, shape (k, k)
        Need not be positive semidefinite.

    Examples
    --------
    >>> from eventpanel.estimators.core.least_squares import least_squares
    >>> fit = least_squares(np.array([0.0, 1.0, 5.0]), np.ones((3, 1)))
    >>> apart = dyadic(fit, np.array([0, 2, 4]), np.array([1, 3, 5]))
    >>> bool(np.isclose(apart, (fit.residuals**2).sum() / 9).all())
    True
    """
    scores, both = fit.scores, first != second
    low, high = np.minimum(first, second), np.maximum(first, second)
    members = group_sums(np.concatenate([scores, scores[both]]), np.concatenate([first, second[both]]))
    pairs = group_sums(scores[both], cross(low[both], high[both]))
    return fit.bread @ (members.T @ members - pairs.T @ pairs) @ fit.bread
