"""Newton's method for a Poisson regression whose fixed effects are solved for, never made columns.

The likelihood is concave: halved steps climb to its maximum where there is one. The decrement of a step, the length of
the score in the metric of the information, says how far the maximum is; it also bounds what separation could hide
(:mod:`eventpanel.estimators.core.separation`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.effects import Effects

HALVINGS = 60
# Logarithms of means below this are not told apart: their squares would vanish.
LOWEST = -300.0
# After a step shortened to less than this the next one is careful.
SHORT = 0.25
# Share of the gain promised by the slope that a step must bring (Armijo).
GAIN = 1e-4
# Norm that an inexact solution of the effects may leave, as a share.
LOOSE = 1e-3
# Where the effects take more than this of a column's squares, it is residualised before the next step.
TAKEN = 0.99
CHUNK = 8192
# Rounding of a sum, as a share of what is summed.
ROUNDING = 1e-13


@dataclass(frozen=True, slots=True)
class Model:
    """A Poisson regression.

    Attributes
    ----------
    y, weights : ndarray, shape (n,)
    columns : ndarray, shape (n, 1 + k)
        Room for the working residual, then the regressors, from which parts in the effects may be taken on the way.
    effects : Effects
    totals : ndarray, shape (levels,)
        Weighted sum of y by level.
    """

    y: Floats
    weights: Floats
    columns: Floats
    effects: Effects
    totals: Floats


@dataclass(frozen=True, slots=True)
class Step:
    """One step of Newton's method.

    Attributes
    ----------
    coef : ndarray, shape (k,)
        Change of the coefficients.
    change : ndarray, shape (n,)
        Change of the linear predictor.
    decrement : float
        Root of score' information^-1 score.
    pearson : float
        Weighted sum of squared Pearson residuals.
    """

    coef: Floats
    change: Floats
    decrement: float
    pearson: float


def model(y: Floats, X: Floats, weights: Floats, effects: Effects) -> Model:
    """Put a regression together, its regressors around their means where there are effects."""
    columns = np.empty((len(y), X.shape[1] + 1))
    np.subtract(X, X.mean(axis=0) if effects.groupings else 0.0, out=columns[:, 1:])
    totals = level_sums(effects, weights * y)
    return Model(y, weights, columns, effects, totals)


def first_guess(m: Model, shift: Floats) -> Floats:
    """Logarithms half way between the data and a fit of the effects alone, or their mean."""
    rough = balanced(m, shift)[1] if m.effects.groupings else (m.weights @ m.y / m.weights.sum() or 1.0)
    return np.log((m.y + rough) / 2)


def begin(m: Model, shift: Floats, guess: Floats) -> tuple[Floats, Floats, Floats]:
    """Find a first point of the model: regress a guess of the logarithms, unless the effects alone fit better.

    Returns the linear predictor, the means, and the coefficients, shapes (n,), (n,) and (k,).
    """
    mu = np.exp(guess)
    first = newton(m, mu, guess - shift + (m.y - mu) / mu)
    with np.errstate(over="ignore", invalid="ignore"):
        points = [balanced(m, shift + first.change), balanced(m, shift)]
        losses = [m.weights @ (means - m.y * eta) for eta, means in points]
    better = 0 if losses[0] <= losses[1] else 1
    return *points[better], first.coef if better == 0 else np.zeros(len(first.coef))


def level_sums(effects: Effects, values: Floats) -> Floats:
    """Add up by level, shape (n,) to (levels,)."""
    return np.add.reduceat(values[effects.rows], effects.pointers[:-1]) if effects.rows.size else np.zeros(0)


def newton(m: Model, curvature: Floats, working: Floats) -> Step:
    """Regress working values on the columns and effects, weighted by the curvature of the likelihood.

    Parameters
    ----------
    m : Model
    curvature : ndarray, shape (n,)
        The means mu, all positive; more than that makes a shorter step.
    working : ndarray, shape (n,)
        ``(y - mu) / curvature`` for a step from mu; with the linear predictor added to it, the fit is the new one.

    Raises
    ------
    numpy.linalg.LinAlgError
        The information is singular as far as it can be computed.
    """
    w = m.weights * curvature
    m.columns[:, 0] = working
    system = m.effects.weigh(w)
    gram = weighted_gram(m.columns, w)
    size = np.diag(gram).copy()
    sums = system.sums @ m.columns
    floor = np.concatenate([[rounding(m, curvature) ** 2], LOOSE**2 * size[1:]])
    levels = system.solve(sums, floor, LOOSE)
    gram -= sums.T @ levels
    if not (np.isfinite(gram).all() and (size[1:] > 0).all()):
        raise linalg.LinAlgError("a column has no weight left")
    scale = np.sqrt(size[1:])
    factor = linalg.cholesky(gram[1:, 1:] / np.outer(scale, scale), lower=True, check_finite=False)
    coef = linalg.cho_solve((factor, True), gram[1:, 0] / scale, check_finite=False) / scale
    change = m.columns[:, 1:] @ coef + m.effects.dummies @ (levels[:, 0] - levels[:, 1:] @ coef)
    decrement = float(np.sqrt(max(0.0, float(sums[:, 0] @ levels[:, 0] + gram[1:, 0] @ coef))))
    if m.effects.rest is not None or (np.diag(gram)[1:] < (1 - TAKEN) * size[1:]).any():
        m.columns[:, 1:] -= m.effects.dummies @ levels[:, 1:]
    return Step(coef, change, decrement, float(size[0]))


def rounding(m: Model, mu: Floats) -> float:
    """Norm of the rounding of the score, in the metric of the information."""
    return ROUNDING * float(np.sqrt(m.weights @ ((mu + m.y) ** 2 / mu)))


def weighted_gram(columns: Floats, weights: Floats) -> Floats:
    """``columns' W columns``, shape (k, k), in pieces that fit into fast memory."""
    gram = np.zeros((columns.shape[1], columns.shape[1]))
    for start in range(0, len(columns), CHUNK):
        piece = columns[start : start + CHUNK]
        gram += piece.T @ (piece * weights[start : start + CHUNK, None])
    return gram


def careful(m: Model, mu: Floats) -> Floats:
    """Curvature for a short step: where a mean is far below its outcome, Newton's step is far too long."""
    return np.maximum(mu, m.y / 2)


def advance(m: Model, eta: Floats, mu: Floats, step: Step) -> tuple[Floats, float]:
    """Go along a step as far as the likelihood rises; returns the linear predictor and the share of the step."""
    share, slope = 1.0, step.decrement**2
    # Up to one, exp(x) - 1 - x < x^2: the full step gains.
    if step.change.max(initial=0.0) > 1:
        while _loss(m, mu, share * step.change) > -GAIN * share * slope and share > 0.5**HALVINGS:
            share /= 2
    return eta + share * step.change, share


def _loss(m: Model, mu: Floats, change: Floats) -> float:
    """By how much the negative log likelihood rises; exact however small."""
    with np.errstate(over="ignore"):
        return float(m.weights @ (mu * np.expm1(change) - m.y * change))


def balanced(m: Model, eta: Floats, rounds: int = 1) -> tuple[Floats, Floats]:
    """Shift each level so that its means add up to its outcomes, the largest effect last; returns eta and means."""
    eta = np.maximum(eta, LOWEST)
    mu, e = np.exp(eta), m.effects
    order = [j for j in range(len(e.groupings)) if j != e.largest] + [e.largest] * bool(e.groupings)
    starts = np.concatenate([[0], np.cumsum([int(codes.max()) + 1 for codes in e.groupings])])
    for j in order * rounds:
        part = slice(starts[j], starts[j + 1])
        rows = e.rows[e.pointers[starts[j]] : e.pointers[starts[j + 1]]]
        inside = e.pointers[starts[j] : starts[j + 1]] - e.pointers[starts[j]]
        ratio = m.totals[part] / np.add.reduceat((m.weights * mu)[rows], inside)
        codes = e.groupings[j]
        eta = eta + np.log(ratio)[codes]
        mu = mu * ratio[codes]
    return eta, mu
