"""Contributions: what each cluster adds to the error of the coefficients, the one thing that estimators can share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Floats

__all__ = ["Contributions"]


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """Estimated influence of each cluster on the coefficients.

    The coefficients are the truth plus the sum of the contributions, up to terms of smaller order; clusters are
    independent. So estimators on one panel can be compared, whatever they are: their contributions are summed cluster
    by cluster.

    Attributes
    ----------
    values : ndarray, shape (G, k)
        In the order of the codes of the clusters in the sample, the root of the small-sample factor included.

    Examples
    --------
    >>> Contributions(np.array([[1.0], [-1.0]])).vcov.tolist()
    [[2.0]]
    """

    values: Floats

    @property
    def vcov(self) -> Floats:
        """Covariance of the coefficients, shape (k, k)."""
        return np.asarray(self.values.T @ self.values)

    def combine(self, matrix: Floats) -> Contributions:
        """Contributions to linear combinations, one row of the matrix each, shape (m, k)."""
        return Contributions(self.values @ matrix.T)
