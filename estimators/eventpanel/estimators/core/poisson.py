"""Poisson pseudo-maximum likelihood with any number of fixed effects, by Newton's method.

Correia, Guimaraes and Zylkin (2020, doi:10.1177/1536867X20909691). Separated rows must be dropped before: with them the
likelihood has no maximum. The fit says itself whether there can be any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg, special

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.convergence import CONVERGED, EXACT, LikelihoodFit, score_left
from eventpanel.estimators.core.effects import Weighted, effects, rank
from eventpanel.estimators.core.least_squares import Fit
from eventpanel.estimators.core.newton import (
    LOOSE,
    LOWEST,
    SHORT,
    Model,
    advance,
    balanced,
    begin,
    careful,
    first_guess,
    level_sums,
    model,
    newton,
    rounding,
    weighted_gram,
)

ITERATIONS = 200
# Squared decrement, as a share of the squared Pearson residuals, after which one more step is the last.
NEAR = 1e-10
# Smallest pivot of a scaled Cholesky factor that leaves half of the digits.
PIVOT = 1e-4


@dataclass(frozen=True, slots=True)
class PoissonFit(LikelihoodFit):
    """A Poisson fit.

    Attributes
    ----------
    mu : ndarray, shape (n,)
        Fitted means, ``exp(eta)``.
    margin : float
        Above one proves that no row is separated: the smallest root of a mean where y = 0, over the norm of the score.
    """

    mu: Floats
    margin: float


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
        Group codes 0..G-1 of the fixed effects.
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
        No convergence: the score is not near zero after all iterations, or the information is singular.

    Examples
    --------
    >>> y, x = np.array([1.0, 2.0, 4.0, 8.0]), np.arange(4.0)
    >>> np.exp(poisson(y, x[:, None], [np.zeros(4, dtype=np.int64)]).fit.coef).round(8).tolist()
    [2.0]
    """
    w = np.ones(len(y)) if weights is None else weights
    shift = np.zeros(len(y)) if offset is None else offset
    m = model(y, X, w, effects(groupings, len(y)))
    return maximise(m, shift, first_guess(m, shift) if start is None else start)


def maximise(m: Model, shift: Floats, guess: Floats, limit: int = ITERATIONS) -> PoissonFit:
    """Fit a regression that is put together already; as :func:`poisson`.

    Parameters
    ----------
    m : Model
    shift : ndarray, shape (n,)
        Offset.
    guess : ndarray, shape (n,)
        Logarithms of the means to start from.
    limit : int
        Largest number of iterations.

    Raises
    ------
    ArithmeticError
    """
    try:
        return _climb(m, shift, guess, limit)
    except linalg.LinAlgError as error:
        raise ArithmeticError(
            "Poisson did not converge: some means became so small that the coefficients cannot be told apart; look for "
            "rows that are nearly separated, outcomes of very different size, or too many effects"
        ) from error


def _climb(m: Model, shift: Floats, guess: Floats, limit: int) -> PoissonFit:
    eta, mu, coef = begin(m, shift, guess)
    score, share, near = np.inf, 1.0, False
    for iteration in range(2, limit + 1):
        short = share < SHORT
        curvature = careful(m, mu) if short else mu
        step = newton(m, curvature, (m.y - mu) / curvature)
        eta, share = advance(m, eta, mu, step)
        coef = coef + share * step.coef
        eta, mu = balanced(m, eta)
        if short:
            share = 1.0
            continue
        if eta.min() < LOWEST / 2:
            raise linalg.LinAlgError("means vanish")
        # One step beyond: Newton squares the error that is left, from eight digits to all.
        beyond, near = near, step.decrement**2 <= NEAR * max(step.pearson, EXACT**2 * float(m.weights @ mu))
        if beyond and near:
            found = _finished(m, mu, eta, coef, iteration)
            score = found.score
            if score < CONVERGED:
                return found
    raise ArithmeticError(f"Poisson did not converge in {limit} iterations: score {score:.1e}")


def _finished(m: Model, mu: Floats, eta: Floats, coef: Floats, iterations: int) -> PoissonFit:
    """Scores, bread and certificates at the maximum itself."""
    means, residuals = m.weights * mu, m.weights * (m.y - mu)
    system = m.effects.weigh(means)
    within = system.absorb(m.columns[:, 1:])
    scores, bread = within * residuals[:, None], _bread(within, means)
    levels = level_sums(m.effects, residuals)
    score = _score(m, scores, within, levels, means)
    slopes, unsure = scores.sum(axis=0), rounding(m, mu)
    decrement = float(np.sqrt(max(0.0, slopes @ bread @ slopes + _squared(system, levels, unsure))))
    zero = m.y == 0
    lowest = float(np.sqrt(means[zero].min())) if zero.any() else np.inf
    fit = Fit(coef, m.y - mu, scores, bread)
    deviance = float(2 * (m.weights @ (special.xlogy(m.y, m.y) - special.xlogy(m.y, mu) - m.y + mu)))
    margin = lowest / (decrement + unsure)
    return PoissonFit(fit, eta, deviance, iterations, rank(m.effects), score, mu, margin)


def _squared(system: Weighted, levels: Floats, unsure: float) -> float:
    """Squared norm of the levels' score in the metric of the information."""
    return float(levels @ system.solve(levels[:, None], unsure**2, LOOSE)[:, 0])


def _bread(within: Floats, means: Floats) -> Floats:
    """Inverse of ``within' W within``; by a triangular factor of the rows where their products lose digits."""
    gram = weighted_gram(within, means)
    scale = np.sqrt(np.diag(gram))
    factor = linalg.cholesky(gram / np.outer(scale, scale), lower=True)
    if factor.diagonal().min(initial=1.0) < PIVOT:
        factor = np.asarray(np.linalg.qr(within * np.sqrt(means)[:, None] / scale, mode="r")).T
    inverse = linalg.solve_triangular(factor, np.eye(len(scale)), lower=True)
    return np.asarray(inverse.T @ inverse / np.outer(scale, scale), dtype=np.float64)


def _score(m: Model, scores: Floats, within: Floats, levels: Floats, means: Floats) -> float:
    """Largest score left, of coefficients and levels, in its standard deviation."""
    information = np.einsum("ij,ij,i->j", within, within, means**2)
    slopes = score_left(scores.sum(axis=0), np.einsum("ij,ij->j", scores, scores), information)
    residuals = m.weights * (m.y - means / m.weights)
    return max(slopes, score_left(levels, level_sums(m.effects, residuals**2), level_sums(m.effects, means**2)))
