"""Normal and t variables that are not centred, inside a box around zero: probability, mean, and the error of both.

The variables are integrated one after the other, each given those before it (Genz 1992,
doi:10.1080/10618600.1992.10477010): few of them by a product of Gauss rules, refined until two rules agree; more of
them by the lattice of :mod:`eventpanel.estimators.core.multivariate_t`, twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.multivariate_t import lattice

__all__ = ["Inside", "inside"]

# Share of a variance, given the variables before, below which a variable follows from them.
FOLLOWS = 1e-10
# A standard normal variable lies further out with probability 2e-19.
FAR = 9.0
# Share of the distribution of the common chi left out at each end.
TAIL = 1e-15
# Gauss nodes per variable: doubled until two rules agree, or there are too many points.
FEWEST, MOST, AGREE = 24, 1 << 17, 1e-11
# Probabilities stay inside (0, 1), where quantiles are finite.
SMALLEST, LARGEST = 1e-300, 1 - 2**-53


class Inside(NamedTuple):
    """What is known of variables inside a box.

    Attributes
    ----------
    probability : float
    mean : ndarray, shape (k,)
        Of the variables, given that all lie inside; missing where none ever does.
    error : float
        Of the probability: the distance between two ways to integrate; zero for one normal variable.
    """

    probability: float
    mean: Floats
    error: float


class _Rule(NamedTuple):
    """Points of the unit cube, shape (rank - 1, n), weights and scales of the limits, each shape (n,)."""

    points: Floats
    weights: Floats
    scales: Floats
    are_probabilities: bool


def inside(centre: Floats, correlation: Floats, limit: float, dof: float = np.inf) -> Inside:
    """Variables of variance one around a centre, within plus and minus a limit.

    Parameters
    ----------
    centre : ndarray, shape (k,)
    correlation : ndarray, shape (k, k)
        May be singular.
    limit : float
        The same for all.
    dof : float
        Infinite for normal variables. Else the limit is multiplied by a common chi over the root of its degrees of
        freedom, so that the probability is that of t statistics with those degrees of freedom.

    Examples
    --------
    >>> round(inside(np.array([1.0, 0.0]), np.eye(2), 1.959964).probability, 6)
    0.788429
    """
    root = _root(correlation)
    rank = root.shape[1]
    free = rank - 1 + bool(np.isfinite(dof))
    if free == 0:
        probability, mean = _integral(centre, root, limit, _gauss(rank, 1, dof))
        return Inside(probability, mean, 0.0)
    if FEWEST**free > MOST // 2:
        return _agreement(lambda second: _integral(centre, root, limit, _lattice(rank, dof, second)))
    nodes, found = FEWEST, Inside(np.inf, centre, np.inf)
    while nodes**free <= MOST and found.error > AGREE:
        probability, mean = _integral(centre, root, limit, _gauss(rank, nodes, dof))
        found = Inside(probability, mean, abs(probability - found.probability))
        nodes *= 2
    return found


def _agreement(integral: Callable[[int], tuple[float, Floats]]) -> Inside:
    (first, first_mean), (second, second_mean) = integral(0), integral(1)
    return Inside((first + second) / 2, (first_mean + second_mean) / 2, abs(first - second))


def _integral(centre: Floats, root: Floats, limit: float, rule: _Rule) -> tuple[float, Floats]:
    """Probability and mean; each step takes one variable within the limits of all rows that need none after it."""
    rank, bound = root.shape[1], limit * rule.scales
    last = rank - 1 - np.argmax(root[:, ::-1] != 0, axis=1)
    mass, drawn, ends = rule.weights.copy(), np.empty((rank, len(bound))), np.empty(0)
    for j in range(rank):
        rows = last == j
        middle, spread = centre[rows, None] + root[rows, :j] @ drawn[:j], root[rows, j, None]
        edges = np.sort([(-bound - middle) / spread, (bound - middle) / spread], axis=0)
        low = np.clip(edges[0].max(axis=0), -FAR, FAR)
        high = np.clip(edges[1].min(axis=0), low, FAR)
        if j == rank - 1:
            within = _between(low, high)
            # Mass times mean of the last variable, as its mass may be zero.
            ends = mass * (_density(low) - _density(high))
            mass = mass * within
        elif rule.are_probabilities:
            within = _between(low, high)
            drawn[j] = special.ndtri(np.clip(special.ndtr(low) + rule.points[j] * within, SMALLEST, LARGEST))
            mass *= within
        else:
            drawn[j] = low + rule.points[j] * (high - low)
            mass *= _density(drawn[j]) * (high - low)
    probability = float(mass.sum())
    moments = np.append(drawn[:-1] @ mass, ends.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        return probability, centre + root @ (moments / probability if probability > 0 else np.full(rank, np.nan))


def _between(low: Floats, high: Floats) -> Floats:
    """Find the normal probability of an interval, on the side on which it is not a difference of ones."""
    right = low > 0
    near, far = np.where(right, -low, high), np.where(right, -high, low)
    return np.asarray(special.ndtr(near) - special.ndtr(far), dtype=np.float64)


def _density(z: Floats) -> Floats:
    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi), dtype=np.float64)


def _root(correlation: Floats) -> Floats:
    """Root with rows in their order, shape (k, rank); the variable with most variance left comes next."""
    rest, columns = np.array(correlation, dtype=np.float64), []
    for _ in range(len(rest)):
        best = int(np.argmax(np.diag(rest)))
        if rest[best, best] <= FOLLOWS:
            break
        column = rest[best] / np.sqrt(rest[best, best])
        columns.append(column)
        rest = rest - np.outer(column, column)
        settled = np.diag(rest) <= FOLLOWS
        rest[settled] = rest[:, settled] = 0.0
    return np.array(columns).T


def _gauss(rank: int, nodes: int, dof: float) -> _Rule:
    """Products of Gauss rules, over the common chi too where there is one."""
    x, w = special.roots_legendre(nodes)
    x, w = (x + 1) / 2, w / 2
    weights = [w] * (rank - 1)
    chi = np.ones(1)
    if np.isfinite(dof):
        ends = np.sqrt(2 * special.gammaincinv(dof / 2, np.array([TAIL, 1 - TAIL])) / dof)
        chi = ends[0] + x * (ends[1] - ends[0])
        squares = dof * chi**2
        log_density = special.xlogy(dof / 2 - 1, squares / 2) - squares / 2 - special.gammaln(dof / 2)
        weights.append(w * (ends[1] - ends[0]) * dof * chi * np.exp(log_density))
    axes = np.meshgrid(*[x] * (rank - 1), chi, indexing="ij")
    grids = np.meshgrid(*weights, indexing="ij") if weights else [np.ones(1)]
    mass = np.prod([grid.reshape(-1) for grid in grids], axis=0)
    points = np.array([axis.reshape(-1) for axis in axes])
    return _Rule(points[:-1], mass, points[-1], are_probabilities=False)


def _lattice(rank: int, dof: float, second: int) -> _Rule:
    """One of two lattices, of different primes."""
    finite = bool(np.isfinite(dof))
    drawn = lattice(rank + finite, np.inf)
    points = drawn.points[second : second + rank - 1 + finite]
    chi = np.sqrt(2 * special.gammaincinv(dof / 2, points[-1]) / dof) if finite else drawn.scales
    return _Rule(points[: rank - 1], drawn.weights, chi, are_probabilities=True)
