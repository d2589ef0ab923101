"""Largest of several t statistics: its distribution under any correlation, by integration.

The variables are integrated one after the other, each given those before it (Genz 1992,
doi:10.1080/10618600.1992.10477010; with a common chi for t, Genz and Bretz 2002, doi:10.1198/106186002394). The
integrand is smooth, and constant for independent normals, so a lattice gives more digits than draws do, and the same
every time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.distributions import t_quantile, t_two_sided

__all__ = ["Lattice", "critical_value", "largest_survival", "lattice", "standardise"]

# Lattice points per variable, with bounds: the error is measured in docs/methods/joint_inference.md.
POINTS, FEWEST, MOST = 4096, 16384, 65536
# Share of a variance, given the variables before, below which a variable follows from them.
FOLLOWS = 1e-10
# Probabilities stay inside (0, 1), where quantiles are finite.
SMALLEST, LARGEST = 1e-300, 1 - 2**-53
# The critical value is solved for far below the error of the integral.
STEPS, CLOSE = 20, 1e-5


def standardise(vcov: Floats) -> tuple[Floats, Floats]:
    """Split a covariance matrix into standard errors, missing where a variance is not positive, and correlations.

    Examples
    --------
    >>> standardise(np.array([[4.0, 1.0], [1.0, 1.0]]))[1].tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    variance = np.diag(vcov)
    scale = np.sqrt(np.where(variance > 0, variance, np.nan))
    return scale, vcov / np.outer(scale, scale)


def largest_survival(value: float, correlation: Floats, dof: float) -> float:
    """Probability that the largest absolute component of a multivariate t exceeds a value.

    Parameters
    ----------
    value : float
    correlation : ndarray, shape (k, k)
        May be singular.
    dof : float
        Infinite for the multivariate normal.

    Returns
    -------
    float
        Never outside its two bounds: the probability of one component alone, and that of independent ones (Sidak 1967,
        doi:10.1080/01621459.1967.10482935).

    Examples
    --------
    >>> round(largest_survival(2.490915, np.eye(4), np.inf), 6)
    0.05
    """
    alone = float(t_two_sided(value, dof))
    with np.errstate(divide="ignore"):
        most = float(-np.expm1(len(correlation) * np.log1p(-alone)))
    factor = _factor(correlation)
    return float(np.clip(1 - _inside(abs(value), factor, lattice(factor.shape[1], dof)), alone, most))


def critical_value(correlation: Floats, dof: float, level: float) -> float:
    """Value that the largest absolute component of a multivariate t exceeds with probability ``1 - level``.

    Parameters
    ----------
    correlation : ndarray, shape (k, k)
        May be singular.
    dof : float
        Infinite for the multivariate normal.
    level : float
        Between 0 and 1.

    Returns
    -------
    float
        Never outside the values for one component and for independent normals.

    Examples
    --------
    >>> round(critical_value(np.eye(4), np.inf, 0.95), 6)
    2.490915
    """
    factor = _factor(correlation)
    points = lattice(factor.shape[1], dof)
    alone, most = (float(t_quantile((1 + level ** (1 / m)) / 2, dof)) for m in (1, len(correlation)))

    def gap(c: float) -> float:
        # On the scale of the quantile the probability is nearly a line in c.
        return float(t_quantile((1 + _inside(c, factor, points)) / 2, dof)) - alone

    before, error, slope = most, gap(most), 1.0
    for _ in range(STEPS):
        c = float(np.clip(before - error / slope, alone, most))
        if abs(c - before) < CLOSE:
            return c
        error_before, error = error, gap(c)
        slope = max(1.0, (error - error_before) / (c - before))
        before = c
    return before


class Lattice(NamedTuple):
    """Points, shape (rank, n), their weights, and roots of chi-squared over its degrees of freedom, shape (n,)."""

    points: Floats
    weights: Floats
    scales: Floats


def _inside(c: float, factor: Floats, rule: Lattice) -> float:
    """Probability that all components of the multivariate t lie within plus and minus c.

    Each step draws one variable within the limits of all components that need no variable after it: of one component,
    or of several where the correlation is singular.
    """
    # The common chi divides the variables; here it multiplies their limits.
    limit = c * rule.scales
    last = factor.shape[1] - 1 - np.argmax(factor[:, ::-1] != 0, axis=1)
    probability, drawn = rule.weights.copy(), np.empty((factor.shape[1], len(limit)))
    for j in range(factor.shape[1]):
        rows = factor[last == j]
        spread = np.abs(rows[:, j, None])
        centre = (np.sign(rows[:, j, None]) * rows[:, :j]) @ drawn[:j]
        below = special.ndtr(((-limit - centre) / spread).max(axis=0))
        within = np.maximum(special.ndtr(((limit - centre) / spread).min(axis=0)) - below, 0.0)
        probability *= within
        if j < factor.shape[1] - 1:
            drawn[j] = special.ndtri(np.clip(below + rule.points[j] * within, SMALLEST, LARGEST))
    return float(probability.sum())


def _factor(correlation: Floats) -> Floats:
    """Triangular root, shape (k, rank); the variable with most variance left comes next."""
    rest, k = np.array(correlation, dtype=np.float64), len(correlation)
    root = np.zeros((k, k))
    for j in range(k):
        best = j + int(np.argmax(np.diag(rest)[j:]))
        for matrix in (rest, rest.T, root):
            matrix[[j, best]] = matrix[[best, j]]
        if rest[j, j] <= FOLLOWS:
            root = root[:, :j]
            break
        root[j:, j] = rest[j:, j] / np.sqrt(rest[j, j])
        rest[j:, j:] -= np.outer(root[j:, j], root[j:, j])
    return np.where(np.abs(root) > np.sqrt(FOLLOWS), root, 0.0)


def lattice(rank: int, dof: float) -> Lattice:
    """Multiples of square roots of primes, folded to make the integrand periodic.

    Weights falling to zero at both ends make the error of such points quadratic in one over their number (Niederreiter
    1978, doi:10.1090/S0002-9904-1978-14532-7).

    Parameters
    ----------
    rank : int
        Number of variables.
    dof : float
        Infinite for normal variables; else the first coordinate is that of the common chi.
    """
    n = int(np.clip(POINTS * rank, FEWEST, MOST))
    steps = np.arange(1, n + 1)
    weights = steps * (n + 1.0 - steps)
    weights /= weights.sum()
    points = np.abs(2 * ((np.sqrt(_primes(rank))[:, None] * steps) % 1) - 1)
    if np.isinf(dof):
        return Lattice(points, weights, np.ones(n))
    # The last variable needs no point, so that the first coordinate is free for the chi.
    return Lattice(points[1:], weights, np.sqrt(2 * special.gammaincinv(dof / 2, points[0]) / dof))


def _primes(count: int) -> Floats:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return np.array(found, dtype=np.float64)
