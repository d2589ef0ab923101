"""Fixed effects as one linear system, prepared once and solved again and again with other weights.

The largest effect is eliminated by group means. What is left falls into one block for each connected part of the graph
of levels: pair and exporter-year effects into one for every exporter. Small blocks are factorised together; a system
too large for that is solved by conjugate gradients, preconditioned by the effects without the largest one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from eventpanel.estimators.core.arrays import Codes, Floats, Pointers
from eventpanel.estimators.core.blocks import Blocks, Factor, blocks_of, factorised, solved_by_blocks
from eventpanel.estimators.core.connected import connected_parts
from eventpanel.estimators.core.grouping import grouping
from eventpanel.estimators.core.groups import dummies_of
from eventpanel.estimators.core.schur import cross_table, factorise

# Norm that gradients may leave of a column, as a share of its own, in the first and the second pass.
PASSES = (1e-6, 1e-12)
ITERATIONS = 5000
# Levels beside those of the largest effect up to which the rank of three or more effects is found exactly.
RANK_LIMIT = 3000


@dataclass(frozen=True, slots=True)
class Effects:
    """Fixed effects on fixed rows, ready for any weights.

    Attributes
    ----------
    dummies : sparse array, shape (n, levels)
        One effect after another, in the order given.
    rows : ndarray, shape (n times effects,)
        The rows of each level, one level after another.
    pointers : ndarray, shape (levels + 1,)
        Where the rows of each level begin.
    groupings : tuple of ndarray, each shape (n,)
        Groups of each effect.
    largest : int
        Number of the largest effect.
    first, others : ndarray
        Levels of the largest effect, and all the others.
    blocks : Blocks or None
        None with fewer than two effects, or where the blocks are too large.
    rest : Effects or None
        The effects without the largest one; None where blocks serve.
    """

    dummies: sparse.csr_array
    rows: Pointers
    pointers: Pointers
    groupings: tuple[Codes, ...]
    largest: int
    first: Codes
    others: Codes
    blocks: Blocks | None
    rest: Effects | None

    def weigh(self, weights: Floats) -> Weighted:
        """Prepare the system for weights, shape (n,), all positive."""
        data = weights[self.rows]
        rows, levels = self.dummies.shape
        sums = sparse.csr_array((data, self.rows, self.pointers), shape=(levels, rows))
        mass = np.add.reduceat(data, self.pointers[:-1]) if data.size else np.zeros(0)
        factor = None if self.blocks is None else factorised(self.blocks, weights, mass[self.first], mass[self.others])
        return Weighted(self, sums, mass, factor, None if self.rest is None else self.rest.weigh(weights))


@dataclass(frozen=True, slots=True)
class Weighted:
    """Fixed effects with weights.

    Attributes
    ----------
    effects : Effects
    sums : sparse array, shape (levels, n)
        Adds up rows times weights by level.
    mass : ndarray, shape (levels,)
        Sum of the weights of each level.
    factor : Factor or None
    rest : Weighted or None
    """

    effects: Effects
    sums: sparse.csr_array
    mass: Floats
    factor: Factor | None
    rest: Weighted | None

    def solve(self, right: Floats, floor: Floats | float = 0.0, share: float = 0.0) -> Floats:
        """Coefficients of the dummies from weighted sums by level, both of shape (levels, k).

        Gradients may leave a sum of weighted squares of ``floor`` of each column, shape (k,), or the square of
        ``share`` of what they started with.
        """
        e = self.effects
        if not right.size or (self.factor is None and self.rest is None):
            return right / self.mass[:, None]
        own = right[e.first] / self.mass[e.first, None]
        out = np.empty_like(right)
        if self.factor is not None and e.blocks is not None:
            out[e.others], explained = solved_by_blocks(e.blocks, self.factor, right[e.first], right[e.others])
        else:
            out[e.others], explained = self._by_gradients(right, own, floor, share)
        out[e.first] = own - explained
        return out

    def absorb(self, columns: Floats) -> Floats:
        """Residuals of columns on the dummies, shape (n, k)."""
        return self.regress(columns)[1]

    def regress(self, columns: Floats) -> tuple[Floats, Floats]:
        """Coefficients of the dummies, shape (levels, k), and the residuals of columns on them, shape (n, k)."""
        levels, within = np.zeros((len(self.mass), columns.shape[1])), columns
        floor = 0.0 if self.rest is None else self._squares(columns)
        # The second pass removes the rounding the first one leaves.
        for share in PASSES if self.mass.size else ():
            more = self.solve(self.sums @ within, share**2 * floor)
            fitted = self.effects.dummies @ more
            levels, within = levels + more, np.subtract(within, fitted, out=fitted)
        return levels, within

    def _squares(self, columns: Floats) -> Floats:
        """Sum of weighted squares of each column, shape (k,)."""
        return np.asarray((self.sums[self.effects.first] @ columns**2).sum(axis=0))

    def roughly(self, right: Floats) -> Floats:
        """Solve by blocks where there are any, else as if the effects were orthogonal."""
        return right / self.mass[:, None] if self.factor is None else self.solve(right)

    def _by_gradients(self, right: Floats, own: Floats, floor: Floats | float, share: float) -> tuple[Floats, Floats]:
        """Conjugate gradients on the levels other than the first effect's, all columns at once."""
        assert self.rest is not None
        rest, e = self.rest, self.effects
        to_first = sparse.csr_array(self.sums[e.first[0] : e.first[-1] + 1])

        def means(levels: Floats) -> tuple[Floats, Floats]:
            rows = rest.effects.dummies @ levels
            return rows, (to_first @ rows) / self.mass[e.first, None]

        codes = e.groupings[e.largest]
        r = right[e.others] - rest.sums @ own[codes]
        x, z = np.zeros_like(r), rest.roughly(r)
        p, energy = z, _dot(r, z)
        goal = np.maximum(floor, share**2 * energy)
        for _ in range(ITERATIONS):
            open_ = energy > goal
            if not open_.any():
                return x, means(x)[1]
            rows, of_first = means(p)
            q = rest.sums @ (rows - of_first[codes])
            step = np.where(open_, energy / np.where(open_, _dot(p, q), 1.0), 0.0)
            x, r = x + step * p, r - step * q
            z, before = rest.roughly(r), energy
            energy = np.where(open_, _dot(r, z), energy)
            p = z + np.where(open_, energy / np.where(open_, before, 1.0), 0.0) * p
        raise ArithmeticError(f"the fixed effects were not solved for in {ITERATIONS} iterations")


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->j", a, b))


def effects(groupings: Sequence[Codes], n: int) -> Effects:
    """Prepare fixed effects of n rows; codes are 0..G-1 and every group has a row."""
    if not groupings:
        none, no_rows = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32)
        return Effects(sparse.csr_array((n, 0)), no_rows, np.zeros(1, dtype=np.int32), (), 0, none, none, None, None)
    sizes = [int(codes.max(initial=-1)) + 1 for codes in groupings]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    dummies = dummies_of(groupings)
    dummies.indices, dummies.indptr = dummies.indices.astype(np.int32), dummies.indptr.astype(np.int32)
    by_level = dummies.tocsc()
    rows, pointers = by_level.indices.astype(np.int32), by_level.indptr.astype(np.int32)
    largest = int(np.argmax(sizes))
    first = np.arange(starts[largest], starts[largest + 1])
    others = np.concatenate([np.arange(0, starts[largest]), np.arange(starts[largest + 1], starts[-1])])
    remaining = [codes for j, codes in enumerate(groupings) if j != largest]
    blocks = blocks_of(groupings[largest], remaining) if remaining else None
    rest = effects(remaining, n) if remaining and blocks is None else None
    return Effects(dummies, rows, pointers, tuple(groupings), largest, first, others, blocks, rest)


def rank(e: Effects) -> int:
    """Count linearly independent dummies; an upper bound for three or more effects too large to factorise."""
    if e.blocks is not None:
        return len(e.first) + int(e.blocks.free.sum())
    if len(e.groupings) < 2:
        return len(e.first)
    first, *rest = sorted((grouping(codes) for codes in e.groupings), key=lambda group: -group.size)
    if len(rest) > 1 and len(e.others) <= RANK_LIMIT:
        schur = factorise(cross_table(first, rest, None), first)
        if schur is not None:
            return first.size + schur.rank
    # Every further effect repeats the constant at least once.
    parts = len(np.unique(connected_parts(first, rest[0])))
    return first.size + sum(group.size for group in rest) - parts - (len(rest) - 1)
