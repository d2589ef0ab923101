"""Absorb any number of fixed effects: exact where the effects can be factorised, certified everywhere.

The largest effect is removed by group means. The others follow from one factorised Schur complement of their
dummies after that removal; where it would be too large to factorise, from LSMR (Fong and Saunders 2011,
doi:10.1137/10079687X). Each answer carries the largest group mean that is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import lsmr

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import dummies_of, group_sums

DENSE_LIMIT = 3000
# Pivots of the Cholesky factor of the scaled Schur complement below this are zero: for redundant levels they are
# rounding, at most levels x 2e-16, 1e-12 at the dense limit.
RANK_TOLERANCE = 1e-11


@dataclass(frozen=True, slots=True)
class Absorbed:
    """Columns after fixed effects.

    Attributes
    ----------
    columns : ndarray, shape (n, k)
        Residuals of each column on the dummies of all effects.
    rank : int
        Number of linearly independent dummies.
    exact_rank : bool
        False where ``rank`` is an upper bound: three or more effects too large to factorise.
    certificate : float
        Largest group mean left, as a fraction of its column's standard deviation before absorption.
    """

    columns: Floats
    rank: int
    exact_rank: bool
    certificate: float


def absorb(columns: Floats, groupings: Sequence[Codes], weights: Floats | None = None) -> Absorbed:
    """Residualise columns on fixed effects.

    Parameters
    ----------
    columns : ndarray, shape (n, k)
        Outcome and regressors.
    groupings : sequence of ndarray, each shape (n,)
        Group codes 0..G-1 of each effect; none leaves the columns as they are.
    weights : ndarray, shape (n,), optional
        Positive weights.

    Returns
    -------
    Absorbed

    Examples
    --------
    >>> import numpy as np
    >>> unit, period = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> absorb(np.array([[1.0], [2.0], [3.0], [4.0]]), [unit, period]).rank
    3
    """
    if not groupings:
        return Absorbed(columns, rank=0, exact_rank=True, certificate=0.0)
    w = np.ones(len(columns)) if weights is None else weights
    centred = columns - (w @ columns) / w.sum()
    scale = np.sqrt(np.maximum((w @ centred**2) / w.sum(), np.finfo(float).tiny))
    ordered = sorted(groupings, key=lambda codes: -int(codes.max(initial=0)))
    first, rest = ordered[0], ordered[1:]
    levels = sum(int(codes.max(initial=0)) + 1 for codes in rest)
    within = _demean(centred, first, w)
    rank, exact = int(first.max(initial=0)) + 1, True
    if rest and levels <= DENSE_LIMIT:
        within, added = _schur(within, first, rest, w)
        rank += added
    elif rest:
        within = _iterate(within, first, rest, w)
        rank, exact = _large_rank(ordered)
    left = max(float(np.abs(_means(within, codes, w) / scale).max(initial=0.0)) for codes in ordered)
    return Absorbed(within, rank, exact, left)


def _means(columns: Floats, codes: Codes, w: Floats) -> Floats:
    return group_sums(columns * w[:, None], codes) / np.bincount(codes, weights=w)[:, None]


def _demean(columns: Floats, codes: Codes, w: Floats) -> Floats:
    once = columns - _means(columns, codes, w)[codes]
    # The second pass removes the rounding the first one leaves.
    return once - _means(once, codes, w)[codes]


def _schur(within: Floats, first: Codes, rest: Sequence[Codes], w: Floats) -> tuple[Floats, int]:
    """Project off the remaining effects given the first; twice, so that rounding is removed too."""
    dummies = dummies_of(rest)
    weighted = dummies.multiply(w[:, None]).tocsr()
    one = dummies_of([first])
    joint = (one.T @ weighted).toarray()
    gram = (dummies.T @ weighted).toarray()
    complement = gram - joint.T @ (joint / np.bincount(first, weights=w)[:, None])
    # Levels of small weight must not pass for redundant ones: each is scaled by its own weight.
    scale = np.sqrt(np.diag(gram))
    factor, pivots, rank, _ = linalg.lapack.dpstrf(complement / np.outer(scale, scale), tol=RANK_TOLERANCE)
    # Levels beyond the rank are redundant: their effect is set to zero.
    kept = pivots[:rank] - 1
    for _ in range(2):
        effect = np.zeros((len(scale), within.shape[1]))
        right = (weighted.T @ within)[kept] / scale[kept, None]
        effect[kept] = linalg.cho_solve((factor[:rank, :rank], False), right) / scale[kept, None]
        within = _demean(within - dummies @ effect, first, w)
    return within, int(rank)


def _iterate(within: Floats, first: Codes, rest: Sequence[Codes], w: Floats) -> Floats:
    root = np.sqrt(w)
    design = dummies_of([first, *rest]).multiply(root[:, None]).tocsc()
    norms = np.sqrt(design.multiply(design).sum(axis=0))
    scaled = sparse.csc_array(design @ sparse.diags_array(1 / norms), dtype=np.float64)
    left = [
        (column * root) - scaled @ lsmr(scaled, column * root, atol=1e-14, btol=1e-14, maxiter=20_000)[0]
        for column in within.T
    ]
    return np.column_stack(left) / root[:, None] if left else within


def _large_rank(groupings: Sequence[Codes]) -> tuple[int, bool]:
    sizes = [int(codes.max(initial=0)) + 1 for codes in groupings]
    first, second = groupings[:2]
    links = sparse.coo_array(
        (np.ones(len(first)), (first, second + sizes[0])), shape=(sizes[0] + sizes[1], sizes[0] + sizes[1])
    )
    labels = csgraph.connected_components(links, directed=False)[1]
    return sum(sizes) - (int(labels.max()) + 1) - (len(sizes) - 2), len(sizes) == 2
