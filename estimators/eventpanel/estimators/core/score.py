"""Score bootstrap: whole clusters' scores are multiplied by random weights, and no model is fitted again.

Kline and Santos (2012, doi:10.1515/2156-6674.1006). A draw's effect is the weighted sum of the clusters' effects; its
covariance is taken around their mean in that draw, each cluster once, and so is that of the data.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.wild import wald

# Draws at a time where the effects of all clusters are held.
CHUNK = 512


def score_statistic(effects: Floats) -> float:
    """Score statistic of the data; squared t for one column.

    Parameters
    ----------
    effects : ndarray, shape (clusters, q)
        Effects of the clusters on the coefficients, at the fit that is tested.
    """
    return float(score_statistics(effects, [np.ones((len(effects), 1))])[0])


def score_statistics(effects: Floats, blocks: Sequence[Floats], *, squared_ones: bool = False) -> Floats:
    """Score statistics of draws, shape (draws,).

    Parameters
    ----------
    effects : ndarray, shape (clusters, q)
    blocks : sequence of ndarray, each shape (clusters, draws of the block)
    squared_ones : bool
        Whether all squared weights are one, so that draws share the covariance around zero.
    """
    around_zero = [_shared(effects, block) if squared_ones else _own(effects, block) for block in blocks]
    return recentred(np.concatenate(around_zero), len(effects))


def recentred(statistics: Floats, clusters: int) -> Floats:
    """Statistics with covariances around the mean from those with covariances around zero (Sherman and Morrison).

    Examples
    --------
    >>> recentred(np.array([2.0]), 4).tolist()
    [4.0]
    """
    with np.errstate(divide="ignore"):
        return np.asarray(statistics / np.maximum(1 - statistics / clusters, 0.0))


def _shared(effects: Floats, block: Floats) -> Floats:
    scale = np.linalg.norm(effects, axis=0)
    whitened, values, _ = np.linalg.svd(effects / np.where(scale > 0, scale, 1.0), full_matrices=False)
    if len(effects) < effects.shape[1] or values[-1] <= 1e-9 * values[0]:
        return np.full(block.shape[1], np.nan)
    sums = whitened.T @ block
    return np.asarray(np.einsum("qb,qb->b", sums, sums))


def _own(effects: Floats, block: Floats) -> Floats:
    chunks = np.array_split(block, max(1, block.shape[1] // CHUNK), axis=1)
    return np.concatenate([wald(effects.T @ chunk, effects.T[:, :, None] * chunk) for chunk in chunks])
