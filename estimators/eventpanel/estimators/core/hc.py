"""Heteroskedasticity-robust covariance: HC0, HC2, HC3 (MacKinnon and White 1985, doi:10.1016/0304-4076(85)90158-7)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.least_squares import COLLINEAR, Fit

# Leverage this close to one: the row is fitted exactly, whatever its outcome.
FULL_LEVERAGE = 1e-9


def pinned(leverage: Floats) -> Mask:
    """Rows that are fitted exactly whatever their outcome, shape (n,).

    Their residual is zero. Coefficients that are identified without them, and the leverages of other rows, are those
    of a regression without them.
    """
    return np.asarray(leverage >= 1 - FULL_LEVERAGE)


def identified(within: Floats, size: Floats) -> Mask:
    """Coefficients that some of the rows identify, shape (k,).

    Parameters
    ----------
    within : ndarray, shape (m, k)
        Terms of these rows after the fixed effects of these rows.
    size : ndarray, shape (k,)
        Norm of each term after the fixed effects on all rows.
    """
    values, vectors = np.linalg.svd(within / size, full_matrices=False)[1:]
    return np.asarray((vectors[values > COLLINEAR] ** 2).sum(axis=0) > 1 - COLLINEAR)


def robust(fit: Fit, leverage: Floats | None = None, power: Literal[1, 2] = 1) -> Floats:
    """Sandwich with the squared score of each row, no small-sample factor.

    Parameters
    ----------
    fit : Fit
    leverage : ndarray, shape (n,), optional
        Of each row; without it HC0. Pinned rows add nothing.
    power : {1, 2}
        Squared scores are divided by ``(1 - leverage)`` to this power: 1 for HC2, 2 for HC3.

    Returns
    -------
    ndarray, shape (k, k)

    Examples
    --------
    >>> from eventpanel.estimators.core.least_squares import least_squares
    >>> fit = least_squares(np.array([1.0, 3.0]), np.ones((2, 1)))
    >>> [robust(fit).round(12).item(), robust(fit, np.array([0.5, 0.5]), 2).round(12).item()]
    [0.5, 2.0]
    """
    scores = fit.scores
    if leverage is not None:
        free = ~pinned(leverage)
        scores = scores[free] / (1 - leverage[free])[:, None] ** (power / 2)
    return fit.bread @ (scores.T @ scores) @ fit.bread
