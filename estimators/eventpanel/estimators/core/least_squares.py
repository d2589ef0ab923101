"""Least squares on residualised columns, with collinear columns found by a scale-free rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from eventpanel.estimators.core.arrays import Codes, Floats, Mask

# A column whose part outside the effects and the columns before it is below this share of its own size is collinear.
COLLINEAR = 1e-9
# Where every column keeps this share of its size outside the others, cross-products lose at most four digits.
WELL_CONDITIONED = 1e-2


@dataclass(frozen=True, slots=True)
class Fit:
    """Least-squares fit.

    Attributes
    ----------
    coef : ndarray, shape (k,)
        Coefficients.
    residuals : ndarray, shape (n,)
        Unweighted residuals.
    scores : ndarray, shape (n, k)
        Rows ``w_i x_i e_i``; their sum is zero.
    bread : ndarray, shape (k, k)
        Inverse of ``X'WX``.
    """

    coef: Floats
    residuals: Floats
    scores: Floats
    bread: Floats


def independent(within: Floats, spread: Floats) -> tuple[Mask, Mask]:
    """Find the columns that add something.

    Parameters
    ----------
    within : ndarray, shape (n, k)
        Columns after fixed effects.
    spread : ndarray, shape (k,)
        Norm of each column before absorption, around its mean.

    Returns
    -------
    kept, absorbed : ndarray of bool, shape (k,)
        Columns to keep; of the others, those that the fixed effects span on their own.
    """
    size = np.linalg.norm(within, axis=0)
    absorbed = size <= COLLINEAR * spread
    kept = ~absorbed
    scaled = within[:, kept] / size[kept]
    share = cholesky_shares(scaled.T @ scaled)
    if share is None:
        where = np.flatnonzero(kept)
        kept[where[_collinear(scaled)]] = False
    return kept, absorbed


def cholesky_shares(gram: Floats) -> Floats | None:
    """Cholesky factor of a correlation matrix, upper; None where columns are too close to collinear to trust it.

    Its diagonal is the share of each column outside the columns before it.
    """
    factor, failed = linalg.lapack.dpotrf(gram, clean=True)
    if failed or (np.diag(factor) < WELL_CONDITIONED).any():
        return None
    return np.asarray(factor)


def _collinear(scaled: Floats) -> Codes:
    """Positions of the columns that those before them explain, by orthogonal triangularisation."""
    left, gone = list(range(scaled.shape[1])), []
    while left:
        outside = np.abs(np.diag(np.linalg.qr(scaled[:, left], mode="r")))
        beyond = np.arange(len(outside), len(left))
        small = np.concatenate([np.flatnonzero(outside <= COLLINEAR), beyond])
        if not len(small):
            break
        # Behind a collinear column the factor is arbitrary: it is taken out, and the others are judged again.
        gone.append(left.pop(int(small[0])))
    return np.array(gone, dtype=np.int64)


def least_squares(y: Floats, X: Floats, weights: Floats | None = None) -> Fit:
    """Regress y on X, both after fixed effects.

    Parameters
    ----------
    y : ndarray, shape (n,)
    X : ndarray, shape (n, k)
        Linearly independent columns.
    weights : ndarray, shape (n,), optional
        Positive weights.

    Returns
    -------
    Fit

    Examples
    --------
    >>> import numpy as np
    >>> least_squares(np.array([1.0, 3.0]), np.array([[1.0], [1.0]])).coef.round(12).tolist()
    [2.0]
    """
    root = None if weights is None else np.sqrt(weights)
    Z, z = (X, y) if root is None else (X * root[:, None], y * root)
    gram = Z.T @ Z
    scale = np.sqrt(np.diag(gram))
    factor = cholesky_shares(gram / np.outer(scale, scale))
    coef, inverse = _by_rotation(Z / scale, z) if factor is None else _by_products(Z, z, scale, factor)
    residuals = y - X @ (coef / scale)
    bread = (inverse @ inverse.T) / np.outer(scale, scale)
    weighted = residuals if weights is None else weights * residuals
    return Fit(coef / scale, residuals, X * weighted[:, None], bread)


def _by_products(X: Floats, y: Floats, scale: Floats, factor: Floats) -> tuple[Floats, Floats]:
    """Coefficients of scaled columns, and the inverse of their factor; from cross-products, mended by residuals."""
    coef = np.zeros(X.shape[1])
    for _ in range(2):
        left = (X.T @ (y - X @ (coef / scale))) / scale
        coef = coef + linalg.cho_solve((factor, False), left, check_finite=False)
    return coef, np.asarray(linalg.lapack.dtrtri(factor)[0])


def _by_rotation(X: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Coefficients and the inverse of the factor by orthogonal triangularisation, for columns close to collinear."""
    q, r = linalg.qr(X, mode="economic")
    coef = linalg.solve_triangular(r, q.T @ y)
    # One step of refinement with the residual.
    coef = coef + linalg.solve_triangular(r, q.T @ (y - X @ coef))
    return coef, np.asarray(linalg.solve_triangular(r, np.eye(X.shape[1])))
