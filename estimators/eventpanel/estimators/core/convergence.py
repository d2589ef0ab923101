"""Convergence: the maximum of a likelihood with fixed effects, and one certificate of it, for Poisson, logit, probit.

A maximum is where every score is zero. What is left of one is measured in its own standard deviation, the root of the
sum of squares of what it adds up: below a hundred millionth it lies far below any printed digit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.least_squares import Fit

# Largest score left, in standard deviations.
CONVERGED = 1e-8
# Where the fit is exact there is no deviation to measure by; this share of the information stands in for it.
EXACT = 1e-6
# Levels that nothing depends on have neither.
TINY = 1e-100


@dataclass(frozen=True, slots=True)
class LikelihoodFit:
    """A fit at the maximum of its likelihood.

    Attributes
    ----------
    fit : Fit
        Coefficients, scores and bread, the inverse information of the outcomes as they are; residuals are the
        derivatives of each row's log-likelihood by its linear predictor: of Poisson ``y - mu``.
    eta : ndarray, shape (n,)
        Linear predictor with fixed effects and offset: a start for a similar fit.
    deviance : float
    iterations : int
    rank : int
        Independent dummies of the fixed effects.
    score : float
        Largest score left, of a coefficient or a fixed-effect level, as a share of its standard deviation: the
        certificate of convergence.
    """

    fit: Fit
    eta: Floats
    deviance: float
    iterations: int
    rank: int
    score: float


def score_left(score: Floats, squares: Floats, information: Floats) -> float:
    """Largest score in its standard deviation.

    Parameters
    ----------
    score : ndarray, shape (k,)
        Sums of the scores of the rows.
    squares : ndarray, shape (k,)
        Sums of their squares.
    information : ndarray, shape (k,)
        Sums of squares of the information of the rows.

    Examples
    --------
    >>> score_left(np.array([0.1, -2.0]), np.array([1.0, 16.0]), np.zeros(2))
    0.5
    """
    deviation = np.maximum(np.sqrt(squares), EXACT * np.sqrt(information))
    return float((np.abs(score) / np.maximum(deviation, TINY)).max(initial=0.0))
