"""Wild cluster bootstrap on cluster scores: rows are never touched, effects never become dummies again.

Cameron, Gelbach and Miller (2008, doi:10.1162/rest.90.3.414); the algebra follows from Roodman, MacKinnon, Nielsen and
Webb (2019, doi:10.1177/1536867X19830877). A draw flips whole clusters: its statistic depends on the weights through the
sums of cluster scores only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.moments import Moments

Weights = Literal["rademacher", "webb", "mammen"]
WEBB = np.sqrt([0.5, 1.0, 1.5])
GOLDEN = (1 + 5**0.5) / 2
# Draws at a time, so that memory stays small.
CHUNK = 8192
# Statistics closer than this share of their size are ties: the same draw up to rounding.
TIE = 1e-9
LARGEST_ENUMERATION = 20


def draw_weights(clusters: int, draws: int, kind: Weights, seed: int) -> tuple[Floats, bool]:
    """Bootstrap weights, shape (clusters, draws), and whether they are all that exist.

    Rademacher weights are enumerated in full where 2^clusters does not exceed the number of draws asked for.

    Examples
    --------
    >>> draw_weights(3, 99, "rademacher", 1)[0].shape
    (3, 8)
    """
    if kind == "rademacher" and clusters <= LARGEST_ENUMERATION and 2**clusters <= draws:
        bits = (np.arange(2**clusters) >> np.arange(clusters)[:, None]) & 1
        return np.where(bits == 1, -1.0, 1.0), True
    rng = np.random.default_rng(seed)
    if kind == "rademacher":
        return np.where(rng.integers(0, 2, (clusters, draws)) == 1, 1.0, -1.0), False
    if kind == "webb":
        values = np.array([-WEBB, WEBB], dtype=np.float64).reshape(-1)
        return values[rng.integers(0, 6, (clusters, draws))], False
    low = rng.random((clusters, draws)) < GOLDEN / 5**0.5
    return np.where(low, float(1 - GOLDEN), float(GOLDEN)), False


def statistics(m: Moments, columns: Sequence[int], null: Floats, weights: Floats, *, restricted: bool) -> Floats:
    """Wald statistics of the draws for ``coef[columns] = null``, shape (draws,); squared t for one column.

    Parameters
    ----------
    m : Moments
    columns : sequence of int, length q
    null : ndarray, shape (q,)
    weights : ndarray, shape (clusters, draws)
        A column of ones gives the statistic of the data where the null is imposed.
    restricted : bool
        Whether residuals are those under the null; else those of the full estimate.
    """
    J = list(columns)
    scores = m.xy - m.xx @ (restricted_coef(m, J, null) if restricted else m.coef)
    own = scores @ m.bread[:, J]
    reach = np.einsum("gkl,kj->gjl", m.xx, m.bread[:, J]) @ m.bread
    kernels = [np.diag(own[:, j]) - reach[:, j] @ scores.T for j in range(len(J))]
    parts = [
        _wald(own.T @ block, [kernel @ block for kernel in kernels])
        for block in np.array_split(weights, max(1, weights.shape[1] // CHUNK), axis=1)
    ]
    return np.concatenate(parts)


def restricted_coef(m: Moments, columns: Sequence[int], null: Floats) -> Floats:
    """Least squares under ``coef[columns] = null``, shape (k,)."""
    J = list(columns)
    gap = np.linalg.solve(m.bread[np.ix_(J, J)], m.coef[J] - null)
    return np.asarray(m.coef - m.bread[:, J] @ gap)


def data_statistic(m: Moments, columns: Sequence[int], null: Floats) -> float:
    """Wald statistic of the data without small-sample factor; the same factor would stand in every draw."""
    J = list(columns)
    spread = m.scores @ m.bread[:, J]
    gap = m.coef[J] - null
    return float(gap @ np.linalg.solve(spread.T @ spread, gap))


def _wald(effect: Floats, sums: Sequence[Floats]) -> Floats:
    """Quadratic forms of each draw: effects, shape (q, draws), over the products of the cluster sums."""
    if len(sums) == 1:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(effect[0] ** 2 / (sums[0] ** 2).sum(axis=0))
    stacked = np.array(sums)
    meat = np.einsum("igb,jgb->bij", stacked, stacked)
    solved = np.linalg.solve(meat, effect.T[:, :, None])[:, :, 0]
    return np.asarray((effect.T * solved).sum(axis=1))


def p_value(data: float, draws: Floats) -> float:
    """Share of draws beyond the data, ties counted half."""
    margin = TIE * max(abs(data), 1.0)
    return float((draws > data + margin).mean() + 0.5 * (np.abs(draws - data) <= margin).mean())
