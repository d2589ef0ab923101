"""Multi-way clustering by inclusion and exclusion (Cameron, Gelbach and Miller 2011, doi:10.1198/jbes.2010.07136)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import cross
from eventpanel.estimators.core.least_squares import Fit
from eventpanel.estimators.core.sandwich import clustered


def multiway(fit: Fit, ways: Sequence[Codes], *, own_factors: bool) -> Floats:
    """Sandwich in which rows that share a cluster of any way may be correlated.

    Parameters
    ----------
    fit : Fit
    ways : sequence of ndarray, each shape (n,)
        Codes 0..G-1 of each way.
    own_factors : bool
        Multiply each part by its own G/(G-1), G the clusters of that part; otherwise no factor.

    Returns
    -------
    ndarray, shape (k, k)
        Need not be positive semidefinite.

    Examples
    --------
    >>> from eventpanel.estimators.core.least_squares import least_squares
    >>> fit, unit = least_squares(np.arange(6.0), np.ones((6, 1))), np.repeat(np.arange(3), 2)
    >>> nested = multiway(fit, [np.arange(6), unit], own_factors=False)
    >>> bool(np.isclose(nested, clustered(fit, unit)).all())
    True
    """
    total = np.zeros_like(fit.bread)
    for sign, codes in _parts(ways):
        groups = int(codes.max()) + 1
        total += sign * (groups / (groups - 1) if own_factors else 1.0) * clustered(fit, codes)
    return total


def _parts(ways: Sequence[Codes]) -> Iterator[tuple[int, Codes]]:
    """Every crossing of ways with its sign: single ways plus, pairs minus, and so on."""
    for size in range(1, len(ways) + 1):
        for some in combinations(ways, size):
            codes = some[0]
            for other in some[1:]:
                codes = cross(codes, other)
            yield (-1) ** (size + 1), codes
