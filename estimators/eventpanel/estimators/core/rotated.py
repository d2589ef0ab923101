"""Rotated moments: cross-products per cluster that hold the digits of the estimate, however collinear its columns.

Cross-products hold the square of the condition. Columns turned by the inverse of their triangular factor are
orthonormal; residuals in the place of the outcome leave only what a cluster changes. What is found in these columns is
turned back at the end, and loses no more digits than the estimate itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.cluster_robust import leave_one_out
from eventpanel.estimators.core.least_squares import Fit, cholesky_shares
from eventpanel.estimators.core.moments import Moments, moments


@dataclass(frozen=True, slots=True)
class Rotated:
    """Moments of residuals on turned columns.

    Attributes
    ----------
    moments : Moments
        Coefficients are zero but for rounding.
    coef : ndarray, shape (terms,)
        Of the terms themselves.
    turn : ndarray, shape (terms, k)
        From coefficients of the moments back to those of the terms; see :mod:`.cluster_robust`.
    """

    moments: Moments
    coef: Floats
    turn: Floats


def rotated(
    fit: Fit, within: Floats, groupings: Sequence[Codes], clusters: Codes, weights: Floats | None = None
) -> Rotated:
    """Reduce a fit to cross-products per cluster.

    Parameters
    ----------
    fit : Fit
    within : ndarray, shape (n, terms)
        Its terms after the fixed effects, linearly independent.
    groupings : sequence of ndarray, each shape (n,)
        Group codes of the fixed effects.
    clusters : ndarray, shape (n,)
        Codes 0..G-1.
    weights : ndarray, shape (n,), optional
        Positive weights.

    Examples
    --------
    >>> from eventpanel.estimators.core.least_squares import least_squares
    >>> x = np.array([1.0, -1.0, 2.0, -2.0])
    >>> r = rotated(least_squares(3 * x, x[:, None]), x[:, None], [np.array([0, 0, 1, 1])], np.array([0, 0, 1, 1]))
    >>> without_each(r).round(12).tolist()
    [[3.0], [3.0]]
    """
    factor = _factor(within if weights is None else within * np.sqrt(weights)[:, None])
    back = np.asarray(linalg.lapack.dtrtri(factor)[0])
    products = moments(fit.residuals, within @ back, groupings, clusters, weights)
    turn = np.zeros((len(back), len(products.coef)))
    turn[:, : len(back)] = back
    return Rotated(products, fit.coef, turn)


def _factor(columns: Floats) -> Floats:
    """Triangular factor of columns: from cross-products where these hold its digits, else from rotations."""
    gram = columns.T @ columns
    scale = np.sqrt(np.diag(gram))
    shares = cholesky_shares(gram / np.outer(scale, scale))
    return np.asarray(np.linalg.qr(columns, mode="r")) if shares is None else shares * scale


def without_each(r: Rotated) -> Floats:
    """Coefficients of the terms without each cluster, shape (G, terms); missing where they are then not identified."""
    return r.coef + leave_one_out(r.moments, r.turn) - r.turn @ r.moments.coef
