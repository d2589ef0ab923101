"""Least squares on residualised columns, with collinear columns found by a scale-free rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from eventpanel.estimators.core.arrays import Floats, Mask

# A column whose part outside the effects and the columns before it is below this share of its own size is collinear.
COLLINEAR = 1e-9


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
    basis: list[Floats] = []
    kept, absorbed = np.zeros(within.shape[1], dtype=bool), np.zeros(within.shape[1], dtype=bool)
    for j, column in enumerate(within.T):
        size = float(np.linalg.norm(column))
        absorbed[j] = size <= COLLINEAR * spread[j]
        if absorbed[j]:
            continue
        rest = column / size
        for _ in range(2):
            for direction in basis:
                rest = rest - direction * (direction @ rest)
        norm = float(np.linalg.norm(rest))
        kept[j] = norm > COLLINEAR
        if kept[j]:
            basis.append(rest / norm)
    return kept, absorbed


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
    w = np.ones(len(y)) if weights is None else weights
    root = np.sqrt(w)
    scale = np.linalg.norm(X * root[:, None], axis=0)
    q, r = linalg.qr((X * root[:, None]) / scale, mode="economic")
    coef = linalg.solve_triangular(r, q.T @ (y * root))
    # One step of refinement with the residual.
    coef = coef + linalg.solve_triangular(r, q.T @ (y * root - (X * root[:, None] / scale) @ coef))
    residuals = y - X @ (coef / scale)
    inverse = linalg.solve_triangular(r, np.eye(X.shape[1]))
    bread = (inverse @ inverse.T) / np.outer(scale, scale)
    return Fit(coef / scale, residuals, X * (w * residuals)[:, None], np.asarray(bread, dtype=np.float64))
