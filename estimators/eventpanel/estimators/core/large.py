"""Least squares on millions of rows: effects absorbed column by column, then cross-products and cluster sums.

Columns are held twice at most, as given and after the effects; no matrix of scores is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import linalg

from eventpanel.estimators.core.absorb import absorber
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.least_squares import cholesky_shares

# Rows from which a cluster is worth a product of its own.
LONG = 500


@dataclass(frozen=True, slots=True)
class LargeFit:
    """Least squares on many rows.

    Attributes
    ----------
    coef : ndarray, shape (k,)
    vcov : ndarray, shape (k, k)
        Clustered sandwich without small-sample factor.
    rank : int
        Independent dummies of the fixed effects, or an upper bound of their number.
    certificate : float
        Largest group mean left, as a fraction of its column's standard deviation before absorption.
    """

    coef: Floats
    vcov: Floats
    rank: int
    certificate: float


def large_least_squares(
    y: Floats, X: Floats, groupings: Sequence[Codes], clusters: Codes, weights: Floats | None = None
) -> LargeFit:
    """Regress y on X with fixed effects and clustered errors.

    Parameters
    ----------
    y : ndarray, shape (n,)
    X : ndarray, shape (n, k)
        Fastest where each column lies together in memory.
    groupings : sequence of ndarray, each shape (n,)
        Codes of the fixed effects, not negative; fastest where rows of the largest one stand together.
    clusters : ndarray, shape (n,)
        Codes of the clusters, not negative.
    weights : ndarray, shape (n,), optional
        Positive weights.

    Raises
    ------
    ArithmeticError
        Columns too close to collinear for cross-products of this many rows.

    Examples
    --------
    >>> unit, period = np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4)
    >>> x = (unit * period % 5).astype(float)
    >>> large_least_squares(2 * x, x[:, None], [unit, period], unit).coef.round(12).tolist()
    [2.0]
    """
    effects = absorber([recode(codes) for codes in groupings], weights)
    within, outcome = effects.absorb(X), effects.absorb(y[:, None])
    Z, z = within.columns, outcome.columns[:, 0]
    gram = Z.T @ Z if weights is None else Z.T @ (Z * weights[:, None])
    scale = np.sqrt(np.diag(gram))
    factor = cholesky_shares(gram / np.outer(scale, scale))
    if factor is None:
        raise ArithmeticError("columns are too close to collinear for cross-products: leave one of them out")
    coef, left = np.zeros(X.shape[1]), z
    for _ in range(2):
        # The second round mends what cross-products lose.
        slopes = (left if weights is None else left * weights) @ Z
        coef = coef + linalg.cho_solve((factor, False), slopes / scale) / scale
        left = z - Z @ coef
    weighted = left if weights is None else weights * left
    sums = _cluster_sums(Z, weighted, clusters)
    inverse = linalg.lapack.dtrtri(factor)[0]
    spread = (inverse @ inverse.T / np.outer(scale, scale)) @ sums
    certificate = max(within.certificate, outcome.certificate)
    return LargeFit(coef, spread @ spread.T, effects.rank, certificate)


def _cluster_sums(Z: Floats, scores: Floats, clusters: Codes) -> Floats:
    """Sum ``Z * scores`` by cluster, shape (k, clusters that have rows)."""
    steps = np.diff(clusters)
    if (steps < 0).any():
        return np.array([np.bincount(clusters, weights=column * scores) for column in Z.T], dtype=np.float64)
    borders = [0, *(np.flatnonzero(steps) + 1).tolist(), len(clusters)]
    if len(clusters) < LONG * len(borders):
        return np.array([np.add.reduceat(column * scores, borders[:-1]) for column in Z.T])
    return np.array([Z[a:b].T @ scores[a:b] for a, b in pairwise(borders)]).T
