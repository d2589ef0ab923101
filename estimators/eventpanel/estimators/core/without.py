"""Without: one combination of coefficients and its uncertainty when some clusters are left out, from moments alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.cluster_robust import FULL_LEVERAGE
from eventpanel.estimators.core.moments import Moments


@dataclass(frozen=True, slots=True)
class Left:
    """A combination of coefficients on the clusters that are left.

    Attributes
    ----------
    estimate : float
    influence : ndarray, shape (G,)
        What each cluster adds to its error; zero for those left out. The sum of squares is the sandwich variance.
    """

    estimate: float
    influence: Floats


def without(m: Moments, out: Mask, direction: Floats) -> Left | None:
    """Find a combination without some clusters; None where a term is then not identified.

    Parameters
    ----------
    m : Moments
    out : ndarray of bool, shape (G,)
        Clusters to leave out.
    direction : ndarray, shape (k,)
        Weights of the coefficients; zero for dummies.

    Examples
    --------
    >>> from eventpanel.estimators.core.moments import moments
    >>> cluster, x = np.repeat(np.arange(3), 2), np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    >>> m = moments(x * [1, 1, 2, 2, 6, 6], x[:, None], [cluster], cluster)
    >>> left = without(m, np.array([False, False, True]), np.ones(1))
    >>> round(left.estimate, 12), left.influence.round(12).tolist()
    (1.5, [-0.25, 0.25, 0.0])
    """
    size = np.sqrt(np.diag(m.xx.sum(axis=0)))
    # Products of vectors: a copy of what stays would be larger than anything else here.
    stays = (~out).astype(np.float64)
    rest, right = np.tensordot(stays, m.xx, 1) / np.outer(size, size), stays @ m.xy
    own = np.sqrt(np.clip(np.diag(rest), 0, None))
    # Dummies of periods that only these clusters have are left without a row.
    kept = own > FULL_LEVERAGE
    if not kept[: m.terms].all():
        return None
    scale = own[kept] * size[kept]
    values, vectors = np.linalg.eigh(rest[np.ix_(kept, kept)] / np.outer(own[kept], own[kept]))
    good = values > FULL_LEVERAGE * values[-1]
    if ((vectors[: m.terms, ~good] ** 2).sum(axis=1) >= FULL_LEVERAGE).any():
        return None
    inverse = (vectors[:, good] / values[good]) @ vectors[:, good].T
    coef, pull = np.zeros(len(size)), np.zeros(len(size))
    coef[kept] = inverse @ (right[kept] / scale) / scale
    pull[kept] = inverse @ (direction[kept] / scale) / scale
    influence = np.where(out, 0.0, m.xy @ pull - (m.xx @ coef) @ pull)
    return Left(float(direction @ coef), influence)
