"""Fixed-length confidence intervals when the differential trend is smooth.

Rambachan and Roth 2023 (doi:10.1093/restud/rdad018). The differential trend is zero at the reference, and its slope
changes by at most M from one period to the next. An estimator adds to the effect a weighted sum of the coefficients
before, so that a straight line biases it not at all. Write its bias as a sum of the changes of slope: their multipliers
after the reference, and at it, follow from the effect; those before it, c, are free, and stand one to one for the
weights. The largest bias is M times the sum of the absolute multipliers, the variance is quadratic in c. Least variance
for each bias is a lasso in c, whose path is linear between kinks that are known exactly; it does not depend on M. On
the path the half-length h q(M b / h), with q(t) the quantile of |N(t, 1)|, is convex, as q'(t) = tanh(t q(t)) rises
with t. Its least value is where the derivative crosses zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize, special

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.distributions import normal_quantile
from eventpanel.estimators.core.sensitivity import Effect

__all__ = ["Frontier", "Shortest", "folded_quantile", "frontier", "shortest"]

# Steps of Newton, which approach from one side; relative size at which kinks count as the same; share of the gradient
# by which the conditions of a least value may fail; steps of the path per multiplier.
NEWTON, SAME, OFF, STEPS = 60, 1e-12, 1e-8, 50


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """Estimators of least variance for every bias.

    Attributes
    ----------
    penalty : ndarray, shape (kinks,)
        Price of the bias, rising from zero, in units of the variance of the effect.
    multipliers : ndarray, shape (kinks, before - 1)
        Free multipliers of the changes of slope at each kink; linear in the penalty between them.
    basis : ndarray, shape (before - 1, before + after)
        Weights of the coefficients for each free multiplier.
    origin : ndarray, shape (before + after,)
        Weights of the coefficients when all of them are zero.
    fixed : float
        Sum of the absolute multipliers that are not free.
    effect : Effect
    """

    penalty: Floats
    multipliers: Floats
    basis: Floats
    origin: Floats
    fixed: float
    effect: Effect

    @property
    def covering(self) -> float:
        """A bound from which on every interval covers zero: no centre is further away than the bias can be."""
        centres = (self.origin + self.multipliers @ self.basis) @ self.effect.coef
        return float(np.abs(centres).max() / self.fixed)

    def at(self, penalty: float) -> tuple[Floats, float, float]:
        """Weights of all coefficients, largest bias for a change of slope of one, and standard error."""
        c = np.array([np.interp(penalty, self.penalty, column) for column in self.multipliers.T])
        weights = self.origin + c @ self.basis
        bias = self.fixed + float(np.abs(c).sum())
        return weights, bias, float(np.sqrt(weights @ self.effect.vcov @ weights))


@dataclass(frozen=True, slots=True, eq=False)
class Shortest:
    """The shortest interval of fixed length.

    Attributes
    ----------
    centre, half : float
    weights : ndarray, shape (before + after,)
        Of all coefficients in its centre.
    bias, std_error : float
        Largest bias of the centre, and its standard error.
    """

    centre: float
    half: float
    weights: Floats
    bias: float
    std_error: float


def folded_quantile(shift: float, level: float) -> float:
    """Value that the absolute of a normal variable with mean ``shift`` and variance one does not exceed.

    Parameters
    ----------
    shift : float
        Not negative.
    level : float
        Probability, between 0 and 1.

    Examples
    --------
    >>> round(folded_quantile(0.0, 0.95), 6), round(folded_quantile(3.0, 0.95), 6)
    (1.959964, 4.644854)
    """
    # The root lies between the quantile of one tail and that of two.
    low, high = shift + float(normal_quantile(level)), shift + float(normal_quantile(0.5 + level / 2))
    low = max(low, 0.0)
    q = high
    for _ in range(NEWTON):
        excess = float(special.ndtr(q - shift) - special.ndtr(-q - shift)) - level
        low, high = (low, q) if excess > 0 else (q, high)
        density = float(np.exp(-((q - shift) ** 2) / 2) + np.exp(-((q + shift) ** 2) / 2)) / np.sqrt(2 * np.pi)
        step = q - excess / density if density > 0 else np.inf
        following = step if low <= step <= high else (low + high) / 2
        if abs(following - q) <= np.finfo(float).eps * q:
            break
        q = following
    return float(q)


def frontier(effect: Effect) -> Frontier:
    """All estimators of least variance for their bias.

    Parameters
    ----------
    effect : Effect
        With one coefficient before the reference or more.

    Raises
    ------
    LinAlgError
        The covariance of the coefficients before the reference is singular.
    ArithmeticError
        The path was not found to the accuracy asked for.
    """
    before, after = effect.before, len(effect.weights)
    times = np.arange(1, after + 1)
    slope = float(times @ effect.weights)
    later = np.array([np.maximum(times - j, 0) @ effect.weights for j in range(1, after)])
    # Second differences turn multipliers into weights; the period next to the reference comes last.
    second = np.eye(before) - 2 * np.eye(before, k=-1) + np.eye(before, k=-2)
    onto = np.hstack([second[:, ::-1], np.zeros((before, after))])
    origin, basis = effect.row + slope * onto[0], onto[1:]
    scale = effect.std_error**2 if effect.std_error > 0 else 1.0
    linalg.cholesky(_correlation(effect.vcov[:before, :before]))
    penalty, multipliers = _lasso(basis @ effect.vcov @ basis.T / scale, basis @ effect.vcov @ origin / scale)
    return Frontier(penalty, multipliers, basis, origin, abs(slope) + float(np.abs(later).sum()), effect)


def _correlation(vcov: Floats) -> Floats:
    """Correlations, made a little smaller, so that a singular covariance is recognised as such."""
    size = np.sqrt(np.diag(vcov))
    out: Floats = vcov / np.outer(size, size) - SAME * np.eye(len(vcov))
    return out


def _lasso(quadratic: Floats, linear: Floats) -> tuple[Floats, Floats]:
    """Kinks of the minimisers of c'Qc/2 + r'c + p sum|c|, by rising p: penalties and c."""
    n = len(linear)
    c, sign, price = np.zeros(n), np.zeros(n), float(np.abs(linear).max(initial=0.0))
    prices, found, gone = [price], [c], -1
    if price > 0:
        first = int(np.argmax(np.abs(linear)))
        sign[first] = -np.sign(linear[first])
    while price > 0 and len(prices) <= STEPS * n:
        move, active = np.zeros(n), np.flatnonzero(sign)
        move[active] = linalg.solve(quadratic[np.ix_(active, active)], sign[active], assume_a="pos")
        lengths = _lengths(price, (c, quadratic @ c + linear), (move, quadratic @ move), sign, gone)
        kind, where = np.unravel_index(np.argmin(lengths), lengths.shape)
        length = float(lengths[kind, where])
        if length >= price:
            price, c = 0.0, c + price * move
        else:
            # A multiplier that reaches zero is left out; another comes in with the sign that its gradient asks for.
            sign[where] = (0.0, -1.0, 1.0)[int(kind)]
            price, c = price - length, np.where(sign == 0, 0.0, c + length * move)
            gone = int(where) if kind == 0 else -1
        prices.append(price)
        found.append(c)
    penalties, multipliers = np.array(prices)[::-1], np.array(found)[::-1]
    _certify(quadratic, linear, penalties, multipliers)
    return penalties, multipliers


def _lengths(
    price: float, now: tuple[Floats, Floats], change: tuple[Floats, Floats], sign: Floats, gone: int
) -> Floats:
    """How far the price can fall until a multiplier reaches zero, or its gradient the price from below or above.

    Parameters
    ----------
    price : float
    now, change : pairs of ndarray, each shape (n,)
        Multipliers and gradient; what they change by as the price falls by one.
    sign : ndarray, shape (n,)
        Zero where a multiplier is out.
    gone : int
        The one that was left out just now: it does not come back at once.
    """
    (c, gradient), (move, turn), out = now, change, sign == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        lengths = np.array([-c / move, (price - gradient) / (1 + turn), (price + gradient) / (1 - turn)])
    usable = np.array([~out & (move * sign < 0), out & (1 + turn > 0), out & (1 - turn > 0)])
    if gone >= 0:
        usable[1:, gone] &= lengths[1:, gone] > SAME * price
    return np.where(usable, np.maximum(lengths, 0.0), np.inf)


def _certify(quadratic: Floats, linear: Floats, penalties: Floats, multipliers: Floats) -> None:
    """Check the conditions of a minimum at each kink: they hold between kinks where they hold at both."""
    gradient = multipliers @ quadratic + linear
    slack = OFF * max(1.0, float(np.abs(linear).max(initial=0.0)))
    price = penalties[:, None]
    held = np.abs(gradient) <= price + slack
    held &= (multipliers == 0) | (np.abs(gradient + price * np.sign(multipliers)) <= slack)
    if penalties[0] != 0 or not held.all():
        raise ArithmeticError("the least variance for each bias was not found to the accuracy asked for")


def shortest(line: Frontier, bound: float, level: float) -> Shortest:
    """Find the interval of least length when the slope changes by at most ``bound`` a period.

    Parameters
    ----------
    line : Frontier
    bound : float
        Not negative; in the units of the coefficients.
    level : float
    """
    unit = line.effect.std_error

    def falls(penalty: float) -> float:
        _, bias, error = line.at(penalty)
        q = folded_quantile(bound * bias / error, level)
        slope = np.tanh(q * bound * bias / error)
        return float(penalty * (q - slope * bound * bias / error) - bound / unit * (error / unit) * slope)

    most = float(line.penalty[-1])
    if falls(most) <= 0:
        best = most
    elif bound == 0:
        best = 0.0
    else:
        best = float(optimize.brentq(falls, 0.0, most, xtol=np.finfo(float).tiny, rtol=4 * np.finfo(float).eps))
    weights, bias, error = line.at(best)
    half = error * folded_quantile(bound * bias / error, level)
    return Shortest(float(weights @ line.effect.coef), half, weights, bound * bias, error)
