"""Maximum likelihood of a binary outcome with any number of fixed effects, by iterated weighted least squares.

Newton's step is a weighted regression after absorbing the effects (Stammann 2018, arXiv:1707.01815), with the
information of the outcomes as they are; logit and probit are concave. The effects are prepared once for all weights.
Separated rows must be dropped before: with them the likelihood has no maximum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.convergence import CONVERGED, LikelihoodFit, score_left
from eventpanel.estimators.core.effects import Effects, effects, rank
from eventpanel.estimators.core.least_squares import Fit, least_squares
from eventpanel.estimators.core.links import Link
from eventpanel.estimators.core.newton import level_sums

ITERATIONS = 50
HALVINGS = 30
# Information of a row that is all but certain; it keeps steps finite and does not move the maximum.
SMALLEST = 1e-100


@dataclass(frozen=True, slots=True)
class _Problem:
    y: Floats
    X: Floats
    effects: Effects
    link: Link
    w: Floats
    shift: Floats


def binary(
    y: Floats,
    X: Floats,
    groupings: Sequence[Codes],
    link: Link,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
) -> LikelihoodFit:
    """Maximise the likelihood of ``y`` with probability ``F(X b + fixed effects + offset)``.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Zero or one; no separated rows.
    X : ndarray, shape (n, k)
        Linearly independent after the fixed effects; may have no column.
    groupings : sequence of ndarray, each shape (n,)
        Group codes of the fixed effects.
    link : Link
    weights : ndarray, shape (n,), optional
        Positive weights.
    offset : ndarray, shape (n,), optional

    Returns
    -------
    LikelihoodFit

    Raises
    ------
    ArithmeticError
        No convergence: the score is not near zero after all iterations.

    Examples
    --------
    >>> from eventpanel.estimators.core.links import LOGIT
    >>> y, x = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    >>> np.exp(binary(y, x[:, None], [np.zeros(6, dtype=np.int64)], LOGIT).fit.coef).round(8).tolist()
    [3.0]
    """
    w = np.ones(len(y)) if weights is None else weights
    shift = np.zeros(len(y)) if offset is None else offset
    try:
        return _climb(_Problem(y, X, effects(groupings, len(y)), link, w, shift))
    except np.linalg.LinAlgError as error:
        raise ArithmeticError(f"{link.name} did not converge: some probabilities became all but certain") from error


def _climb(p: _Problem) -> LikelihoodFit:
    # Where nothing is known every probability is one half: a point of the model, whose deviance bounds every step.
    eta = p.shift
    deviance = _deviance(p, eta)
    for iteration in range(1, ITERATIONS + 1):
        proposed, coef = _step(p, eta)
        eta, deviance, whole = _halved(p, eta, proposed, deviance)
        if not whole:
            continue
        fit, score = _at(p, eta, coef)
        if score < CONVERGED:
            return LikelihoodFit(fit, eta, deviance, iteration, rank(p.effects), score)
    raise ArithmeticError(f"{p.link.name} did not converge in {ITERATIONS} iterations")


def binary_given(y: Floats, X: Floats, coef: Floats, groupings: Sequence[Codes], link: Link) -> LikelihoodFit:
    """Maximise over the fixed effects alone, coefficients given; scores and bread are those of X at that point.

    Parameters
    ----------
    y : ndarray, shape (n,)
    X : ndarray, shape (n, k)
    coef : ndarray, shape (k,)
    groupings : sequence of ndarray, each shape (n,)
    link : Link
    """
    offset = X @ coef
    alone = binary(y, X[:, :0], groupings, link, offset=offset)
    problem = _Problem(y, X, effects(groupings, len(y)), link, np.ones(len(y)), offset)
    return replace(alone, fit=_at(problem, alone.eta, coef)[0])


def _information(p: _Problem, eta: Floats) -> Floats:
    return p.w * np.maximum(p.link.information((2 * p.y - 1) * eta), SMALLEST)


def _step(p: _Problem, eta: Floats) -> tuple[Floats, Floats]:
    """Newton's next point and its coefficients."""
    information = _information(p, eta)
    working = eta - p.shift + p.w * p.link.score(p.y, eta) / information
    within = p.effects.weigh(information).absorb(np.column_stack([working, p.X]))
    step = _regression(within[:, 0], within[:, 1:], information)
    return working - step.residuals + p.shift, step.coef


def _regression(y: Floats, X: Floats, weights: Floats) -> Fit:
    """Least squares, also on no column."""
    if X.shape[1]:
        return least_squares(y, X, weights)
    return Fit(np.zeros(0), y, X, np.zeros((0, 0)))


def _halved(p: _Problem, eta: Floats, proposed: Floats, deviance: float) -> tuple[Floats, float, bool]:
    """Go to the proposed point, or half the way as often as the deviance asks for; and whether it was all the way."""
    new = np.inf
    for halvings in range(HALVINGS):
        new = _deviance(p, proposed)
        if np.isfinite(new) and new <= deviance * (1 + 1e-10) + 1e-12:
            return proposed, new, halvings == 0
        proposed = (eta + proposed) / 2
    raise ArithmeticError(f"{p.link.name}: no step lowers the deviance {deviance:.6g}")


def _deviance(p: _Problem, eta: Floats) -> float:
    return float(-2 * (p.w @ p.link.log_mean((2 * p.y - 1) * eta)))


def _at(p: _Problem, eta: Floats, coef: Floats) -> tuple[Fit, float]:
    """Scores and bread at the point itself, and the largest score left in its standard deviation."""
    information, residuals = _information(p, eta), p.link.score(p.y, eta)
    columns = p.effects.weigh(information).absorb(p.X)
    bread = _regression(np.zeros(len(eta)), columns, information).bread
    weighted = p.w * residuals
    scores = columns * weighted[:, None]
    slopes = score_left(scores.sum(axis=0), (scores**2).sum(axis=0), information**2 @ columns**2)
    sums, squares, size = (level_sums(p.effects, values) for values in (weighted, weighted**2, information**2))
    return Fit(coef, residuals, scores, bread), max(slopes, score_left(sums, squares, size))
