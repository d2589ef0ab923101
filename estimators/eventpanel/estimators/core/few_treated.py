"""Few treated units: the error of the estimate from the residual paths of units without treatment.

Conley and Taber (2011, doi:10.1162/REST_a_00049); rescaling by size after Ferman and Pinto (2019,
doi:10.1162/rest_a_00759).
"""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.optimize import nnls

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.least_squares import Fit

# Errors closer than this share of the largest are ties.
TIE = 1e-9


def placed(fit: Fit, X: Floats, unit: Codes, cell: Codes, treated: Mask) -> tuple[Floats, Codes]:
    """Put the residual path of every control under the regressors of every treated unit.

    ``b_hat - b`` is the sum over treated units j of ``(X'WX)^-1 X_j'W_j u_j``, but for the part of the controls,
    which vanishes as their number grows. ``u_j`` is not seen; residuals of controls stand in for it.

    Parameters
    ----------
    fit : Fit
    X : ndarray, shape (n, p)
        Regressors after fixed effects; times the weights where there are any.
    unit, cell : ndarray, shape (n,)
        Unit of each row, and what else names it, such as exporter and year.
    treated : ndarray of bool, shape (U,)

    Returns
    -------
    errors : ndarray, shape (treated units, controls, p)
    controls : ndarray
        Their units: those that have every cell in which a treated unit has a row.
    """
    paths = np.full((len(treated), int(cell.max()) + 1), np.nan)
    paths[unit, cell] = fit.residuals
    wanted = np.unique(cell[treated[unit]])
    controls = np.flatnonzero(~treated & ~np.isnan(paths[:, wanted]).any(axis=1))
    errors = []
    for j in np.flatnonzero(treated):
        rows = unit == j
        errors.append(paths[controls][:, cell[rows]] @ X[rows] @ fit.bread)
    return np.array(errors), controls


def rescaled(errors: Floats, treated: Floats, controls: Floats) -> Floats:
    """Give errors of controls the variance of the treated unit: ``A + B / size``, fitted to squared errors.

    A and B are not negative. Equal sizes leave the errors as they are.

    Parameters
    ----------
    errors : ndarray, shape (treated units, controls, p)
    treated, controls : ndarray
        Sizes of the units, positive.
    """
    out = np.empty_like(errors)
    # In units of the harmonic mean, so that both columns have the size of one.
    inverse = (1 / controls) / (1 / controls).mean()
    design = np.column_stack([np.ones(len(controls)), inverse])
    for j, size in enumerate(treated):
        own = np.array([1.0, (1 / size) / (1 / controls).mean()])
        for k in range(errors.shape[2]):
            squares = errors[j, :, k] ** 2
            line = nnls(design, squares / squares.mean())[0] if squares.any() else np.array([1.0, 0.0])
            out[j, :, k] = errors[j, :, k] * np.sqrt((own @ line) / (design @ line))
    return out


def reference(errors: Floats, draws: int, seed: int) -> tuple[Floats, bool]:
    """Errors of the estimate when every treated unit draws a control, shape (draws, p), and whether they are all.

    Treated units draw independently of one another, as in Conley and Taber; all combinations are taken where there
    are no more than the draws asked for.

    Parameters
    ----------
    errors : ndarray, shape (treated units, controls, p)
    draws : int
    seed : int
    """
    treated, controls, p = errors.shape
    enumerated = controls**treated <= draws
    if enumerated:
        chosen = np.array(list(product(range(controls), repeat=treated)))
    else:
        chosen = np.random.default_rng(seed).integers(0, controls, (draws, treated))
    total = np.zeros((len(chosen), p))
    for j in range(treated):
        total += errors[j, chosen[:, j]]
    return total, enumerated


def equal_tailed(estimate: float, errors: Floats, level: float) -> tuple[float, float, float]:
    """Two-sided p-value of zero, and the interval of all values it does not reject.

    Twice the smaller tail, the estimate counted among the errors. Too few errors for a tail of the level give an
    infinite interval.

    Parameters
    ----------
    estimate : float
    errors : ndarray, shape (draws,)
    level : float

    Examples
    --------
    >>> equal_tailed(5.0, np.arange(-20.0, 21.0), 0.95)
    (0.8095238095238095, -15.0, 25.0)
    """
    margin = TIE * float(np.abs(errors).max(initial=0.0))
    tail = min(int((errors <= estimate + margin).sum()), int((errors >= estimate - margin).sum()))
    total = len(errors) + 1
    inside = int(np.floor((1 - level) / 2 * total + TIE))
    p = min(1.0, 2 * (1 + tail) / total)
    if inside == 0:
        return p, -np.inf, np.inf
    ordered = np.sort(errors)
    return p, float(estimate - ordered[-inside]), float(estimate - ordered[inside - 1])
