"""Matching: histories as numbers, nearest neighbours, propensity scores; on units by periods and on plain columns."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.binary import binary
from eventpanel.estimators.core.binary_separation import binary_separation
from eventpanel.estimators.core.groups import cross, recode
from eventpanel.estimators.core.least_squares import independent
from eventpanel.estimators.core.links import LOGIT
from eventpanel.estimators.core.shifts import shifted

# A history is a number in base three: off, on, unknown; longer ones do not fit into 64 bits.
LONGEST = 39
# Distances are one where they differ by no more than rounding: a share of the larger, or this much.
SHARE, LEAST = 1e-9, 1e-12
# Where a covariance is singular, directions with less than this share of its largest eigenvalue do not count.
FLAT = np.sqrt(np.finfo(np.float64).eps)


def histories(status: Floats, length: int) -> tuple[Codes, Mask]:
    """Code the statuses of the periods before each cell, nearest first, and say which are known in full.

    Parameters
    ----------
    status : ndarray, shape (U, T)
        Zero, one or missing.
    length : int
        Periods, at most 39.

    Examples
    --------
    >>> code, known = histories(np.array([[0.0, 1.0, np.nan, 1.0]]), 2)
    >>> code[0, 2:].tolist(), known.tolist()
    ([1, 5], [[False, False, True, False]])
    """
    code, known = np.zeros(status.shape, dtype=np.int64), np.ones(status.shape, dtype=bool)
    for k in range(1, length + 1):
        before = shifted(status, k)
        unknown = np.isnan(before)
        known &= ~unknown
        code += np.where(unknown, 2, before).astype(np.int64) * 3 ** (k - 1)
    return code, known


def paths(values: Codes, length: int) -> Codes:
    """Give each path of values, from some periods before to each cell, a number; -1 where one is missing.

    Parameters
    ----------
    values : ndarray of int, shape (U, T)
        Codes; -1 where missing.
    length : int
        Periods before.

    Examples
    --------
    >>> paths(np.array([[0, 1, 1], [0, 1, 0]]), 1).tolist()
    [[-1, 1, 2], [-1, 1, 0]]
    """
    code, known = np.zeros(values.size, dtype=np.int64), np.ones(values.shape, dtype=bool)
    for k in range(length + 1):
        before = shifted(values, k, fill=-1)
        known &= before >= 0
        code = cross(code, before.reshape(-1) + 1)
    out = np.full(values.shape, -1, dtype=np.int64)
    kept = known.reshape(-1)
    out[known] = recode(code[kept])
    return out


def whitened(pool: Floats, focal: Floats) -> tuple[Floats, Floats]:
    """Turn columns into coordinates in which the distance is Mahalanobis', by the covariance of the pool.

    Columns in which the pool does not vary and repeated columns do not count. Where the covariance is singular all the
    same its generalised inverse is taken.

    Parameters
    ----------
    pool : ndarray, shape (n, c)
    focal : ndarray, shape (m, c)

    Examples
    --------
    >>> pool, focal = whitened(np.array([[0.0, 5.0], [2.0, 5.0]]), np.array([[1.0, 7.0]]))
    >>> np.abs(pool - focal).round(6).tolist()
    [[0.707107], [0.707107]]
    """
    kept = np.ptp(pool, axis=0) > 0
    kept[kept] = _first_of_each(pool[:, kept])
    centre = pool[:, kept].mean(axis=0)
    around = pool[:, kept] - centre
    values, vectors = np.linalg.eigh(around.T @ around / (len(pool) - 1))
    largest = values.max(initial=0.0)
    if (values <= np.finfo(np.float64).eps * largest).any():
        some = values > FLAT * largest
        values, vectors = values[some], vectors[:, some]
    turn = vectors / np.sqrt(values)
    return around @ turn, (focal[:, kept] - centre) @ turn


def _first_of_each(columns: Floats) -> Mask:
    """Columns that no column before them equals."""
    first: list[int] = []
    for j, column in enumerate(columns.T):
        if not any(np.array_equal(column, columns[:, i]) for i in first):
            first.append(j)
    return np.isin(np.arange(columns.shape[1]), first)


def nearest(pool: Floats, focal: Floats, size: int) -> tuple[sparse.csr_array, Codes]:
    """Weights of the nearest of a pool: equal, and zero for the others.

    Where the last that would be taken is as near as the next, all that are as near are taken too.

    Parameters
    ----------
    pool : ndarray, shape (n, d)
    focal : ndarray, shape (m, d)
    size : int
        How many, at least one.

    Returns
    -------
    weights : sparse array, shape (p, n)
        One row for each distinct focal point; rows add up to one.
    profile : ndarray of int, shape (m,)
        Which row is whose.

    Examples
    --------
    >>> weights, profile = nearest(np.array([[0.0], [1.0], [-1.0], [5.0]]), np.array([[0.0], [4.0]]), 2)
    >>> weights.toarray()[profile].round(3).tolist()
    [[0.333, 0.333, 0.333, 0.0], [0.0, 0.5, 0.0, 0.5]]
    """
    if len(pool) <= size or not pool.shape[1]:
        return uniform(len(pool)), np.zeros(len(focal), dtype=np.int64)
    tree = cKDTree(pool)
    distance, place = (np.asarray(found) for found in tree.query(focal, k=size + 1))
    reach = distance[:, size] * (1 + SHARE) + LEAST
    tied = distance[:, size] <= distance[:, size - 1] * (1 + SHARE) + LEAST
    own = int((~tied).sum())
    profile, counts, near = np.empty(len(focal), dtype=np.int64), np.full(own, size), [place[~tied, :size].reshape(-1)]
    profile[~tied] = np.arange(own)
    if tied.any():
        points, first, which = np.unique(focal[tied], axis=0, return_index=True, return_inverse=True)
        balls = tree.query_ball_point(points, reach[tied][first])
        profile[tied] = own + which.reshape(-1)
        counts = np.concatenate([counts, [len(ball) for ball in balls]])
        near += [np.array(ball) for ball in balls]
    starts = np.concatenate([[0], np.cumsum(counts)])
    share = np.repeat(1.0 / counts, counts)
    return sparse.csr_array((share, np.concatenate(near), starts), shape=(len(counts), len(pool))), profile


def uniform(size: int) -> sparse.csr_array:
    """Equal weights, shape (1, n).

    Examples
    --------
    >>> uniform(4).toarray().tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    return sparse.csr_array(np.full((1, size), 1.0 / size))


def log_odds(focal: Mask, columns: Floats) -> Floats:
    """Fitted log odds of being focal, by logit on columns and a constant, shape (n,).

    Columns without variation and columns that others span add nothing and are left out. Rows that the columns tell
    apart without error have odds of zero or infinity, and the others those of a fit without them.

    Parameters
    ----------
    focal : ndarray of bool, shape (n,)
    columns : ndarray, shape (n, c)

    Raises
    ------
    ArithmeticError
        The likelihood has no maximum.

    Examples
    --------
    >>> log_odds(np.array([True, False, False]), np.ones((3, 1))).round(6).tolist()
    [-0.693147, -0.693147, -0.693147]
    """
    within = columns - columns.mean(axis=0)
    spread = within.std(axis=0)
    vary = (np.ptp(columns, axis=0) > 0) & (spread > 0)
    within = within[:, vary] / spread[vary]
    kept = independent(within, np.linalg.norm(within, axis=0))[0] if within.shape[1] else np.zeros(0, dtype=bool)
    y, x, constant = focal.astype(np.float64), within[:, kept], np.zeros(len(focal), dtype=np.int64)
    try:
        return binary(y, x, [constant], LOGIT).eta
    except ArithmeticError:
        certain = binary_separation(y, x, [constant]).separated
        if not certain.any() or certain.all():
            raise
    odds = np.where(focal, np.inf, -np.inf)
    odds[~certain] = log_odds(focal[~certain], columns[~certain])
    return odds
