"""Leverage: how far each row pulls its own fitted value, fixed effects and terms together.

The diagonal of the projection on dummies and terms. Dummies and residualised terms are orthogonal, so it is the sum of
the two diagonals; that of the dummies follows from the group means of the largest effect and the factorised Schur
complement of the others, as in :mod:`eventpanel.estimators.core.absorb`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import linalg, sparse

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import dummies_of
from eventpanel.estimators.core.schur import DENSE_LIMIT, RANK_TOLERANCE

# Numbers held at once: groups of the largest effect by levels of the others.
BLOCK = 4_000_000


def leverage(within: Floats, bread: Floats, groupings: Sequence[Codes], weights: Floats | None = None) -> Floats:
    """Diagonal of the projection on the dummies of all effects and on the terms.

    Parameters
    ----------
    within : ndarray, shape (n, k)
        Terms after the fixed effects.
    bread : ndarray, shape (k, k)
        Inverse of their weighted cross-product.
    groupings : sequence of ndarray, each shape (n,)
        Group codes 0..G-1 of each effect.
    weights : ndarray, shape (n,), optional
        Positive weights.

    Returns
    -------
    ndarray, shape (n,)
        Between 0 and 1; the sum is the number of parameters.

    Raises
    ------
    ArithmeticError
        The levels of all effects but the largest are more than can be factorised.

    Examples
    --------
    >>> unit, period = np.repeat(np.arange(4), 5), np.tile(np.arange(5), 4)
    >>> leverage(np.empty((20, 0)), np.empty((0, 0)), [unit, period]).round(12)[:2].tolist()
    [0.4, 0.4]
    """
    w = np.ones(len(within)) if weights is None else weights
    own = ((within @ bread) * within).sum(axis=1)
    return np.asarray(w * (own + _dummies(groupings, w) if groupings else own), dtype=np.float64)


def _dummies(groupings: Sequence[Codes], w: Floats) -> Floats:
    """Diagonal of ``D (D'WD)^- D'``, shape (n,)."""
    first, *rest = sorted(groupings, key=lambda codes: -int(codes.max(initial=0)))
    mass = np.asarray(np.bincount(first, weights=w), dtype=np.float64)
    if not rest:
        return 1 / mass[first]
    dummies = dummies_of(rest)
    levels = dummies.shape[1]
    if levels > DENSE_LIMIT:
        raise ArithmeticError(f"{levels} levels beside the largest effect; leverage is exact up to {DENSE_LIMIT}")
    joint = sparse.csr_array(dummies_of([first]).T @ dummies.multiply(w[:, None]))
    inverse = _inverse(dummies, joint, mass, w)
    # d'Sd, less twice d'S times the group's mean of d, plus the same for the mean.
    indices = dummies.indices.reshape(len(w), len(rest))
    out = 1 / mass[first]
    for column in indices.T:
        out += inverse[column[:, None], indices].sum(axis=1)
    means = sparse.csr_array(sparse.diags_array(1 / mass) @ joint)
    order = np.argsort(first, kind="stable")
    step = max(1, BLOCK // levels)
    for start in range(0, len(mass), step):
        part = means[start : start + step].toarray()
        reach = part @ inverse
        rows = order[slice(*np.searchsorted(first[order], [start, start + step]))]
        group = first[rows] - start
        across = reach[group[:, None], indices[rows]].sum(axis=1)
        out[rows] += (part * reach).sum(axis=1)[group] - 2 * across
    return out


def _inverse(dummies: sparse.csr_array, joint: sparse.csr_array, mass: Floats, w: Floats) -> Floats:
    """Generalised inverse of the Schur complement; redundant levels are left out."""
    gram: Floats = (dummies.T @ dummies.multiply(w[:, None])).toarray()
    complement = gram - (joint.T @ (sparse.diags_array(1 / mass) @ joint)).toarray()
    scale = np.sqrt(np.diag(gram))
    factor, pivots, rank, _ = linalg.lapack.dpstrf(complement / np.outer(scale, scale), tol=RANK_TOLERANCE)
    kept = pivots[:rank] - 1
    inverse: Floats = np.zeros_like(gram)
    solved = linalg.cho_solve((factor[:rank, :rank], False), np.eye(rank))
    inverse[np.ix_(kept, kept)] = solved / np.outer(scale[kept], scale[kept])
    return inverse
