"""Poisson pseudo-maximum likelihood with any number of fixed effects, by iterated weighted least squares.

Correia, Guimaraes and Zylkin (2020, doi:10.1177/1536867X20909691). Separated rows must be dropped before: with them the
likelihood has no maximum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.least_squares import Fit, least_squares

ITERATIONS = 200
HALVINGS = 30
# Largest score left, in standard deviations, and last change of the deviance: far below any printed digit.
CONVERGED = 1e-8
EXACT = 1e-6


@dataclass(frozen=True, slots=True)
class PoissonFit:
    """A Poisson fit.

    Attributes
    ----------
    fit : Fit
        Coefficients, scores and bread; residuals are ``y - mu``.
    mu : ndarray, shape (n,)
        Fitted means.
    deviance : float
    iterations : int
    rank : int
        Independent dummies of the fixed effects.
    score : float
        Largest score left, of a coefficient or a fixed-effect level, as a share of its standard deviation: the
        certificate of convergence.
    """

    fit: Fit
    mu: Floats
    deviance: float
    iterations: int
    rank: int
    score: float


def poisson(
    y: Floats,
    X: Floats,
    groupings: Sequence[Codes],
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
    start: Floats | None = None,
) -> PoissonFit:
    """Maximise the Poisson pseudo-likelihood of ``y`` with mean ``exp(X b + fixed effects + offset)``.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Not negative; no separated rows.
    X : ndarray, shape (n, k)
        Linearly independent after the fixed effects.
    groupings : sequence of ndarray, each shape (n,)
        Group codes of the fixed effects.
    weights : ndarray, shape (n,), optional
        Positive weights.
    offset : ndarray, shape (n,), optional
    start : ndarray, shape (n,), optional
        Logarithms of the means to start from, such as those of a similar fit.

    Returns
    -------
    PoissonFit

    Raises
    ------
    ArithmeticError
        No convergence: the score is not near zero after all iterations.

    Examples
    --------
    >>> y, x = np.array([1.0, 2.0, 4.0, 8.0]), np.arange(4.0)
    >>> np.exp(poisson(y, x[:, None], [np.zeros(4, dtype=np.int64)]).fit.coef).round(8).tolist()
    [2.0]
    """
    w = np.ones(len(y)) if weights is None else weights
    shift = np.zeros(len(y)) if offset is None else offset
    mean = (w @ y) / w.sum()
    eta = np.log((y + mean) / 2) if start is None else start
    # The start lies outside the model, between the data and their mean: its deviance is no bound for the first step.
    deviance, score = np.inf, np.inf
    for iteration in range(1, ITERATIONS + 1):
        mu = np.exp(eta)
        working = eta - shift + (y - mu) / mu
        within = absorb(np.column_stack([working, X]), groupings, w * mu)
        step = least_squares(within.columns[:, 0], within.columns[:, 1:], w * mu)
        proposed = working - step.residuals + shift
        before = deviance
        eta, deviance = _halved(y, w, eta, proposed, before)
        mu = np.exp(eta)
        score = _score(w * (y - mu), w * mu, within.columns[:, 1:], groupings)
        if score < CONVERGED and before - deviance <= CONVERGED * (deviance + 1.0):
            fit = _fit(y, X, groupings, w, mu, step.coef)
            return PoissonFit(fit, mu, deviance, iteration, within.rank, score)
    raise ArithmeticError(f"Poisson did not converge in {ITERATIONS} iterations: score {score:.1e}")


def _fit(y: Floats, X: Floats, groupings: Sequence[Codes], w: Floats, mu: Floats, coef: Floats) -> Fit:
    """Scores and bread at the maximum itself."""
    columns = absorb(X, groupings, w * mu).columns
    bread = least_squares(np.zeros(len(y)), columns, w * mu).bread
    return Fit(coef, y - mu, columns * (w * (y - mu))[:, None], bread)


def _halved(y: Floats, w: Floats, eta: Floats, proposed: Floats, deviance: float) -> tuple[Floats, float]:
    """Go to the proposed point, or half the way as often as the deviance asks for."""
    new = np.inf
    for _ in range(HALVINGS):
        with np.errstate(over="ignore"):
            new = _deviance(y, np.exp(proposed), w)
        if np.isfinite(new) and new <= deviance * (1 + 1e-10) + 1e-12:
            return proposed, new
        proposed = (eta + proposed) / 2
    return proposed, new


def _deviance(y: Floats, mu: Floats, w: Floats) -> float:
    return float(2 * (w @ (special.xlogy(y, y) - special.xlogy(y, mu) - y + mu)))


def _score(residuals: Floats, means: Floats, X: Floats, groupings: Sequence[Codes]) -> float:
    """Largest score left, of coefficients and levels, in its standard deviation.

    Where the fit is exact there is no deviation to measure by; a millionth of the means stands in for it.
    """
    scores = X * residuals[:, None]
    floor = EXACT * np.linalg.norm(X * means[:, None], axis=0)
    parts = [np.abs(scores.sum(axis=0)) / np.maximum(np.linalg.norm(scores, axis=0), floor)]
    for codes in groupings:
        spread, mass = (np.sqrt(np.bincount(codes, weights=values**2)) for values in (residuals, means))
        parts.append(np.abs(np.bincount(codes, weights=residuals)) / np.maximum(spread, EXACT * mass))
    return float(max(part.max(initial=0.0) for part in parts))
