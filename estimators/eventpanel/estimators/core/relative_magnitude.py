"""Confidence sets when a differential trend moves after the event at most M times as much as before.

Rambachan and Roth (2023, doi:10.1093/restud/rdad018) invert the hybrid of the conditional and the least favourable test
of Andrews, Roth and Pakes (2023, doi:10.1093/restud/rdad004), for each move v of the trend before the event that may
be the largest, with either sign, and take the union. Its moments are the moves u_t after the reference: u_t <= M v
and -u_t <= M v. The statistic is the largest of the combinations of moments that no nuisance parameter enters, each
over the same combination of standard deviations s. Solved by hand, there are two kinds. The effect is the sum of
L_t u_t, so with x the estimate of that sum less a value under test they are

    (x - M v sum|L_t|) / sum |L_t| s_t,    (-x - M v sum|L_t|) / sum |L_t| s_t,    -2 M v / (s_t+ + s_t-),

with the s of the moment that sets each bound. All are linear in x and v: the test needs no linear program, and its
critical values no simulation. The same holds of moves of second order, changes of slope, with the effect measured from
the line through the reference and the period before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, special

from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.sensitivity import Effect
from eventpanel.estimators.core.wedge import critical

__all__ = ["Moves", "Problem", "accepted", "covering_bound", "moves", "problem", "relative_set"]

# Share of the error rate that the least favourable test takes, as the authors recommend.
SHARE = 0.1
# Values tested at first; rounds and parts of the search for each end; forms that move together bind nothing.
GRID, ROUNDS, PARTS, TOGETHER = 500, 8, 32, 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Moves of the path as weights of its coefficients.

    Attributes
    ----------
    earlier, later : ndarray, shapes (m, before + after) and (after, before + after)
        Those before the event, and those in which a coefficient after the reference takes part.
    loading : ndarray, shape (after,)
        What each later move adds to the effect, L_t.
    """

    earlier: Floats
    later: Floats
    loading: Floats

    @property
    def row(self) -> Floats:
        """Weights of the sum of later moves that stands for the effect, shape (before + after,)."""
        return np.asarray(self.loading @ self.later)


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """One test problem for each move before the event and each sign.

    Attributes
    ----------
    estimate : float
        Of the effect.
    change : ndarray, shape (r,)
        Estimates of v.
    forms : ndarray, shape (r, k, 2)
        Weights of x and v in each combination.
    spread : ndarray, shape (r, k, k)
        Covariance of the combinations.
    limit : ndarray, shape (r,)
        Least favourable critical value.
    size : float
        Error rate of the conditional test.
    """

    estimate: float
    change: Floats
    forms: Floats
    spread: Floats
    limit: Floats
    size: float


def moves(effect: Effect, order: int) -> Moves:
    """Take the moves of a path.

    Parameters
    ----------
    effect : Effect
        With as many coefficients before the reference as the order, or more.
    order : {1, 2}
        Moves from one period to the next, or changes of slope.
    """
    before, after = effect.before, len(effect.weights)
    path = np.insert(np.eye(before + after), before, 0.0, axis=0)
    changes = np.diff(path, n=order, axis=0)
    later = changes[-after:]
    return Moves(changes[:-after], later, linalg.solve(later[:, before:].T, effect.weights))


def problem(effect: Effect, bound: float, level: float, order: int = 1) -> Problem:
    """Set up the tests.

    Parameters
    ----------
    effect : Effect
        With as many coefficients before the reference as the order, or more.
    bound : float
        M, not negative.
    level : float
    order : {1, 2}
        Of the moves that are bounded.

    Raises
    ------
    LinAlgError
        A moment has no variance.
    """
    found = moves(effect, order)
    earlier, later, reach = np.concatenate([found.earlier, -found.earlier]), found.later, np.abs(found.loading)
    # Standard deviations of u_t - M v and -u_t - M v, shape (2, r, after).
    variance = _variances(later, effect.vcov)[None, :] + bound**2 * _variances(earlier, effect.vcov)[:, None]
    shared = 2 * bound * earlier @ effect.vcov @ later.T
    deviation = np.sqrt(np.maximum(np.array([variance - shared, variance + shared]), 0.0))
    if not (deviation > 0).all():
        raise np.linalg.LinAlgError("a move of the path has no variance")
    upper, lower = np.where(found.loading > 0, deviation, deviation[::-1]) @ reach
    forms = np.zeros((len(earlier), 2 + len(later), 2))
    forms[:, 0, 0], forms[:, 1, 0] = 1 / upper, -1 / lower
    forms[:, 0, 1], forms[:, 1, 1] = -bound * reach.sum() / upper, -bound * reach.sum() / lower
    forms[:, 2:, 1] = -2 * bound / deviation.sum(axis=0)
    scaled = forms @ _factors(effect.vcov, found.row, earlier)
    error, half = 1 - level, len(found.earlier)
    # Combinations of the second kind all point the same way: only the longest can be the largest of those above zero.
    steepest = scaled[np.arange(half), 2 + forms[:half, 2:, 1].argmin(axis=1)]
    limit = critical(np.concatenate([scaled[:half, :2], steepest[:, None]], axis=1), SHARE * error)
    # The other sign of v exchanges the first two, and the distribution of x is symmetric.
    limit = np.tile(limit, 2)
    size = (1 - SHARE) * error / (1 - SHARE * error)
    spread = scaled @ np.swapaxes(scaled, 1, 2)
    return Problem(float(found.row @ effect.coef), earlier @ effect.coef, forms, spread, limit, size)


def _variances(rows: Floats, vcov: Floats) -> Floats:
    return np.asarray(np.einsum("ij,jk,ik->i", rows, vcov, rows))


def _factors(vcov: Floats, row: Floats, earlier: Floats) -> Floats:
    """Triangular factor of the covariance of the effect and each move before the event, shape (r, 2, 2)."""
    scale = float(np.sqrt(row @ vcov @ row))
    slope = earlier @ vcov @ row / scale
    left = np.maximum(_variances(earlier, vcov) - slope**2, 0.0)
    out = np.zeros((len(earlier), 2, 2))
    out[:, 0, 0], out[:, 1, 0], out[:, 1, 1] = scale, slope, np.sqrt(left)
    return out


def accepted(tests: Problem, values: Floats) -> Mask:
    """Which values of the effect each test does not reject.

    Parameters
    ----------
    tests : Problem
    values : ndarray, shape (r, g)
        A row of values for each test.

    Returns
    -------
    ndarray of bool, shape (r, g)
    """
    x = tests.estimate - values
    statistics = x[..., None] * tests.forms[:, None, :, 0] + (tests.change[:, None] * tests.forms[..., 1])[:, None, :]
    largest = statistics.argmax(axis=2)
    rows = np.arange(len(x))[:, None]
    top = np.take_along_axis(statistics, largest[..., None], axis=2)[..., 0]
    variance = tests.spread[rows, largest, largest]
    with np.errstate(divide="ignore", invalid="ignore"):
        move = tests.spread[rows, largest] / variance[..., None]
        rest, room = statistics - move * top[..., None], 1 - move
        ends = rest / room
        low = np.where(room > TOGETHER, ends, -np.inf).max(axis=2)
        high = np.where(room < -TOGETHER, ends, np.inf).min(axis=2)
        high = np.minimum(high, tests.limit[:, None])
        beyond = _beyond(top, low, high, np.sqrt(variance))
    # A largest combination without variance is above zero or it is not.
    conditional = (variance == 0) | (beyond < tests.size)
    return np.asarray((top <= 0) | ((top <= tests.limit[:, None]) & ~conditional))


def _beyond(top: Floats, low: Floats, high: Floats, deviation: Floats) -> Floats:
    """Probability above ``top`` of a centred normal between two ends, by logarithms of tails; one without room."""
    tail, from_low, from_high = (special.log_ndtr(-end / deviation) for end in (top, low, high))
    # Beyond an end the share is of no use, and would overflow.
    top_room, all_room = np.expm1(np.minimum(from_high - tail, 0.0)), np.expm1(np.minimum(from_high - from_low, 0.0))
    share = np.exp(np.minimum(tail - from_low, 0.0)) * top_room / all_room
    return np.where((low <= top) & (top <= high) & (low < high), share, 1.0)


def covering_bound(effect: Effect, order: int = 1) -> float:
    """Bound from which on the set covers zero: the estimates themselves then allow for no effect.

    Parameters
    ----------
    effect : Effect
    order : {1, 2}

    Returns
    -------
    float
        One where the path does not move at all before the event: such a bound is not known.
    """
    found = moves(effect, order)
    reach = float(np.abs(found.loading).sum() * np.abs(found.earlier @ effect.coef).max())
    return abs(float(found.row @ effect.coef)) / reach if reach > 0 else 1.0


def relative_set(effect: Effect, bound: float, level: float, order: int = 1) -> tuple[float, float]:
    """Find the ends of the confidence set: the least and the greatest value that some test does not reject.

    Parameters
    ----------
    effect : Effect
    bound : float
        M, not negative.
    level : float
    order : {1, 2}
        Of the moves that are bounded.

    Returns
    -------
    tuple of float
    """
    tests = problem(effect, bound, level, order)
    # Where the least favourable test does not reject: outside, no value is accepted.
    room = [(tests.limit - tests.forms[:, k, 1] * tests.change) / np.abs(tests.forms[:, k, 0]) for k in (0, 1)]
    first, last = tests.estimate - room[0], tests.estimate + room[1]
    values = first[:, None] + np.linspace(0.0, 1.0, GRID) * np.maximum(last - first, 0.0)[:, None]
    held = accepted(tests, values) & (last >= first)[:, None]
    some = np.asarray(held.any(axis=1))
    kept = _only(tests, some)
    below, above = _edge(kept, values[some], held[some]), _edge(kept, values[some][:, ::-1], held[some][:, ::-1])
    return float(below.min()), float(above.max())


def _only(tests: Problem, rows: Mask) -> Problem:
    parts = (tests.change[rows], tests.forms[rows], tests.spread[rows], tests.limit[rows])
    return Problem(tests.estimate, *parts, tests.size)


def _edge(tests: Problem, values: Floats, held: Mask) -> Floats:
    """Where each test begins to accept, from the first value on."""
    rows = np.arange(len(values))
    for _ in range(ROUNDS):
        place = held.argmax(axis=1)
        inside, outside = values[rows, place], values[rows, np.maximum(place - 1, 0)]
        values = outside[:, None] + np.linspace(0.0, 1.0, PARTS + 1) * (inside - outside)[:, None]
        values[:, -1] = inside
        held = accepted(tests, values)
    return np.asarray(values[rows, held.argmax(axis=1)])
