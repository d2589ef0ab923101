"""Levels of all effects but the largest, as one factorised system: the Schur complement of the largest effect.

The system falls into parts that share no row (one per exporter, say, for pairs and exporter-years); each is factorised
for itself, redundant levels found by pivoting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import csgraph

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.grouping import Grouping
from eventpanel.estimators.core.groups import dummies_of

# Levels of one connected part that are factorised densely.
DENSE_LIMIT = 3000
# Multiplications that forming the system may take.
WORK_LIMIT = 2e9
# Pivots of the Cholesky factor of the scaled Schur complement below this are zero: for redundant levels they are
# rounding, at most levels x 2e-16, 1e-12 at the dense limit.
RANK_TOLERANCE = 1e-11


@dataclass(frozen=True, slots=True)
class Part:
    """A connected part of the levels: which, and the Cholesky factor of those that are not redundant."""

    levels: Codes
    factor: Floats


@dataclass(frozen=True, slots=True)
class Schur:
    """A factorised Schur complement.

    Attributes
    ----------
    scale : ndarray, shape (levels,)
        Square roots of the levels' weights; the parts hold the system divided by them on both sides.
    parts : tuple of Part
    """

    scale: Floats
    parts: tuple[Part, ...]

    @property
    def rank(self) -> int:
        """Number of levels that are not redundant."""
        return sum(len(part.levels) for part in self.parts)

    def solve(self, right: Floats, spread: Floats) -> Floats:
        """Effects of the levels, redundant ones zero: shape (k, levels) to (k, levels); exact whatever the spread."""
        effect = np.zeros_like(right)
        for part in self.parts:
            scale = self.scale[part.levels]
            solved = linalg.cho_solve((part.factor, False), (right[:, part.levels] / scale).T, check_finite=False)
            effect[:, part.levels] = solved.T / scale
        return effect


Joint = Floats | sparse.csr_array


@dataclass(frozen=True, slots=True)
class CrossTable:
    """Weights shared by levels.

    Attributes
    ----------
    joint : ndarray or sparse array, shape (levels of the largest effect, other levels)
    gram : sparse array, shape (other levels, other levels)
    mass : ndarray, shape (other levels,)
    """

    joint: Joint
    gram: sparse.csr_array
    mass: Floats


def cross_table(first: Grouping, rest: Sequence[Grouping], weights: Floats | None) -> CrossTable:
    """Add up weights by pairs of levels.

    Parameters
    ----------
    first : Grouping
        The largest effect.
    rest : sequence of Grouping
        The others.
    weights : ndarray, shape (n,), optional
    """
    mass = np.concatenate([group.mass for group in rest])
    gram = sparse.csr_array(sparse.diags_array(mass))
    if len(rest) > 1:
        dummies = dummies_of([group.codes for group in rest])
        weighted = dummies if weights is None else dummies.multiply(weights[:, None])
        gram = sparse.csr_array(dummies.T @ sparse.csr_array(weighted))
    return CrossTable(_joint(first, rest, weights), gram, mass)


def _joint(first: Grouping, rest: Sequence[Grouping], weights: Floats | None) -> Joint:
    n, levels = len(first.codes), sum(group.size for group in rest)
    if first.size * levels <= 2 * n:
        tables = [
            np.bincount(first.codes * group.size + group.codes, weights=weights, minlength=first.size * group.size)
            for group in rest
        ]
        return np.hstack([table.reshape(first.size, -1).astype(np.float64) for table in tables])
    starts = np.cumsum([0] + [group.size for group in rest[:-1]])
    columns = np.concatenate([group.codes + start for group, start in zip(rest, starts, strict=True)])
    values = np.tile(np.ones(n) if weights is None else weights, len(rest))
    return sparse.csr_array((values, (np.tile(first.codes, len(rest)), columns)), shape=(first.size, levels))


def factorise(table: CrossTable, first: Grouping) -> Schur | None:
    """Factorise the Schur complement part by part; None where it is too large."""
    joint = table.joint
    if isinstance(joint, np.ndarray):
        complement = sparse.csr_array(table.gram.toarray() - joint.T @ (joint / first.mass[:, None]))
    elif (np.diff(joint.indptr).astype(np.float64) ** 2).sum() > WORK_LIMIT:
        return None
    else:
        complement = sparse.csr_array(table.gram - joint.T @ (sparse.diags_array(1 / first.mass) @ joint))
    count, labels = csgraph.connected_components(complement, directed=False)
    sizes = np.bincount(labels, minlength=count)
    if sizes.max(initial=0) > DENSE_LIMIT or (sizes.astype(np.float64) ** 3).sum() > 30 * WORK_LIMIT:
        return None
    scale = np.sqrt(table.mass)
    order = np.argsort(labels, kind="stable")
    ends = np.cumsum(sizes)
    ranked = complement[order][:, order] if count > 1 else complement
    parts = []
    for end, size in zip(ends, sizes, strict=True):
        levels = order[end - size : end]
        block = ranked[end - size : end, end - size : end].toarray() / np.outer(scale[levels], scale[levels])
        factor, pivots, rank, _ = linalg.lapack.dpstrf(block, tol=RANK_TOLERANCE)
        if rank:
            parts.append(Part(levels[pivots[:rank] - 1], np.asarray(factor[:rank, :rank])))
    return Schur(scale, tuple(parts))
