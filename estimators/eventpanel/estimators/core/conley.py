"""Spatial correlation: scores of the same period at places within a cutoff.

Conley (1999, doi:10.1016/S0304-4076(98)00084-0).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import sparse

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import group_sums
from eventpanel.estimators.core.places import Distance, neighbours

Kernel = Literal["uniform", "bartlett"]


def spatial(
    scores: Floats, places: Floats, periods: Codes, cutoff: float, kernel: Kernel, distance: Distance
) -> Floats:
    """Weighted cross-products of scores of the same period, by the distance of their places.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
    places : ndarray, shape (n, 2)
        Latitude and longitude in degrees. Rows of one place and period are added up first.
    periods : ndarray, shape (n,)
        Codes.
    cutoff : float
        Kilometres.
    kernel : {"uniform", "bartlett"}
        Weight 1 up to the cutoff; ``1 - distance / cutoff``.
    distance : {"great_circle", "fixest_spherical", "fixest_triangular"}

    Returns
    -------
    ndarray, shape (k, k)
        Need not be positive semidefinite.

    Examples
    --------
    >>> here, zeros = np.array([[0.0, 0.0], [0.0, 1.0]]), np.zeros(2, dtype=np.int64)
    >>> spatial(np.array([[1.0], [2.0]]), here, zeros, 222.0, "bartlett", "fixest_triangular").round(9).tolist()
    [[7.0]]
    """
    cells, codes = np.unique(np.column_stack([periods, places]), axis=0, return_inverse=True)
    where: Floats = np.asarray(cells[:, 1:], dtype=np.float64)
    sums = group_sums(scores, codes.reshape(-1))
    total = np.zeros((scores.shape[1], scores.shape[1]))
    for one, other, kilometres in neighbours(where, cells[:, 0].astype(np.int64), cutoff, distance):
        weights = _weights(kilometres, cutoff, kernel)
        kernels = sparse.csr_array((weights, (one, other)), shape=(len(cells), len(cells)))
        total += sums.T @ np.asarray(kernels @ sums)
    return (total + total.T) / 2


def _weights(kilometres: Floats, cutoff: float, kernel: Kernel) -> Floats:
    if kernel == "uniform" or cutoff == 0:
        return np.ones_like(kilometres)
    return 1 - kilometres / cutoff
