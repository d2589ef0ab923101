"""Moments: cross-products per cluster, from which cluster-robust inference follows without another pass over the rows.

Effects nested in the clusters are removed before; effects that are not (years) stay as columns, so that leaving a
cluster out is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import linalg

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import is_nested
from eventpanel.estimators.core.least_squares import independent


@dataclass(frozen=True, slots=True)
class Moments:
    """Cross-products of the columns of each cluster.

    Attributes
    ----------
    xx : ndarray, shape (G, k, k)
        ``X_g'X_g``; the first ``terms`` columns are the terms, the others dummies.
    xy : ndarray, shape (G, k)
        ``X_g'y_g``.
    bread : ndarray, shape (k, k)
        Inverse of the sum of ``xx``.
    coef : ndarray, shape (k,)
        Least-squares coefficients.
    terms : int
        Number of columns that are terms.
    """

    xx: Floats
    xy: Floats
    bread: Floats
    coef: Floats
    terms: int

    @property
    def scores(self) -> Floats:
        """``X_g'e_g`` of every cluster, shape (G, k)."""
        return self.xy - self.xx @ self.coef


def combine(m: Moments, matrix: Floats) -> Moments:
    """Moments in other terms: coefficients become ``matrix @ coef`` for the terms, dummies stay.

    Parameters
    ----------
    m : Moments
    matrix : ndarray, shape (terms, terms)
        Invertible.
    """
    whole = np.eye(len(m.coef))
    whole[: m.terms, : m.terms] = matrix
    back = np.linalg.inv(whole)
    return Moments(back.T @ m.xx @ back, m.xy @ back, whole @ m.bread @ whole.T, whole @ m.coef, m.terms)


def moments(
    y: Floats, X: Floats, groupings: Sequence[Codes], clusters: Codes, weights: Floats | None = None
) -> Moments:
    """Reduce rows to cross-products per cluster.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Outcome, before fixed effects.
    X : ndarray, shape (n, p)
        Terms, before fixed effects and linearly independent after them.
    groupings : sequence of ndarray, each shape (n,)
        Group codes of the fixed effects.
    clusters : ndarray, shape (n,)
        Codes 0..G-1.
    weights : ndarray, shape (n,), optional
        Positive weights.

    Examples
    --------
    >>> unit, period = np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4)
    >>> x = (unit * period % 5).astype(float)
    >>> moments(2 * x, x[:, None], [unit, period], unit).coef[:1].round(12).tolist()
    [2.0]
    """
    nested = [codes for codes in groupings if is_nested(codes, clusters)]
    free = _levels([codes for codes in groupings if not is_nested(codes, clusters)], redundant=bool(nested))
    constant = [] if groupings else [np.ones((len(y), 1))]
    # Effects or constant span the mean: taken out first, a column far from zero keeps its digits.
    own = np.column_stack([y, X])
    columns = np.column_stack([own - own.mean(axis=0), *free, *constant])
    within = absorb(columns, nested, weights).columns
    kept, _ = independent(within[:, 1:], np.linalg.norm(columns[:, 1:], axis=0))
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    design = within[:, 1:][:, kept] * root[:, None]
    outcome = within[:, 0] * root
    products = cross_products(np.column_stack([outcome, design]), clusters)
    xx, xy = products[:, 1:, 1:], products[:, 1:, 0]
    bread = _inverse(xx.sum(axis=0))
    return Moments(xx, xy, bread, bread @ xy.sum(axis=0), X.shape[1])


def _levels(groupings: Sequence[Codes], *, redundant: bool) -> list[Floats]:
    """Dummies of effects, shape (n, levels) each; the first level of each is left out where others span it.

    Its dummy is the constant less the others of its effect, and any other effect spans the constant.
    """
    return [
        np.eye(int(codes.max()) + 1)[codes][:, int(redundant or place > 0) :] for place, codes in enumerate(groupings)
    ]


def cross_products(columns: Floats, clusters: Codes) -> Floats:
    """Cross-products of columns within each cluster, shapes (n, k) and (n,) to (G, k, k).

    Examples
    --------
    >>> cross_products(np.array([[1.0], [2.0], [3.0]]), np.array([0, 1, 1])).reshape(-1).tolist()
    [1.0, 13.0]
    """
    if (np.diff(clusters) < 0).any():
        order = np.argsort(clusters, kind="stable")
        columns, clusters = columns[order], clusters[order]
    starts = np.searchsorted(clusters, np.arange(int(clusters.max()) + 2))
    k = columns.shape[1]
    out = np.empty((len(starts) - 1, k, k))
    for g, (a, b) in enumerate(pairwise(starts)):
        np.matmul(columns[a:b].T, columns[a:b], out=out[g])
    return out


def _inverse(matrix: Floats) -> Floats:
    """Inverse of a positive definite matrix, its columns scaled to one first."""
    scale = np.sqrt(np.diag(matrix))
    factor = linalg.cho_factor(matrix / np.outer(scale, scale))
    inverse = linalg.cho_solve(factor, np.eye(len(matrix)))
    return np.asarray(inverse / np.outer(scale, scale), dtype=np.float64)
