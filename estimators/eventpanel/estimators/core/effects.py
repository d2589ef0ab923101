"""Fixed effects as one linear system, prepared once and solved again and again with other weights.

The largest effect is eliminated by group means. What is left falls into one block for each connected part of the graph
of levels: pair and exporter-year effects into one for every exporter. Small blocks are factorised together; a system
too large for that is solved by conjugate gradients, preconditioned by the effects without the largest one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import csgraph

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import dummies_of

# Numbers a stack of blocks may hold, and multiplications its factorisation may take.
CELLS, WORK = 20_000_000, 1_000_000_000
# Pivots of the scaled complement below this are zero: of redundant levels rounding is left, levels x 2e-16.
REDUNDANT = 1e-11
# Norm that gradients may leave of a column, as a share of its own, in the first and the second pass.
PASSES = (1e-6, 1e-12)
ITERATIONS = 500


@dataclass(frozen=True, slots=True)
class Blocks:
    """Where the levels stand in a stack of blocks, each of ``size[0]`` first levels by ``size[1]`` others.

    Attributes
    ----------
    count : int
    size : tuple of int
    first, others : ndarray
        Place of each first level in the stack of first levels, and of each other level in that of the others.
    cells : tuple of ndarray, each shape (n,)
        Place of each row in the stack of blocks, for each other effect.
    pairs : tuple of ndarray, each shape (n,)
        Place of each row in the stack of squares of the others, for each two of the other effects.
    free : ndarray of bool, shape (count, size[1], 1)
        Levels that are neither redundant nor filling.
    """

    count: int
    size: tuple[int, int]
    first: Codes
    others: Codes
    cells: tuple[Codes, ...]
    pairs: tuple[Codes, ...]
    free: Mask


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
    rows: Codes
    pointers: Codes
    groupings: tuple[Codes, ...]
    largest: int
    first: Codes
    others: Codes
    blocks: Blocks | None
    rest: Effects | None

    def weigh(self, weights: Floats) -> Weighted:
        """Prepare the system for weights, shape (n,), all positive."""
        data = weights[self.rows]
        sums = sparse.csr_array((data, self.rows, self.pointers), shape=self.dummies.shape[::-1])
        mass = np.add.reduceat(data, self.pointers[:-1]) if data.size else np.zeros(0)
        factor = None if self.blocks is None else _factor(self.blocks, weights, mass[self.first], mass[self.others])
        return Weighted(self, sums, mass, factor, None if self.rest is None else self.rest.weigh(weights))


@dataclass(frozen=True, slots=True)
class Factor:
    """Blocks for some weights.

    Attributes
    ----------
    shares : ndarray, shape (count, first levels, others)
        Weight of each cell as a share of its first level.
    scale : ndarray, shape (count, others, 1)
        Roots of the weights of the others.
    inverse : ndarray, shape (count, others, others)
        Of the scaled complement; of a single block its Cholesky factor.
    """

    shares: Floats
    scale: Floats
    inverse: Floats


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

        Gradients may leave a sum of weighted squares of ``floor`` of each column, shape (k,), or the square of ``share``
        of what they started with.
        """
        e = self.effects
        if not right.size or (self.factor is None and self.rest is None):
            return right / self.mass[:, None]
        own = right[e.first] / self.mass[e.first, None]
        out = np.empty_like(right)
        if self.factor is not None and e.blocks is not None:
            out[e.others], explained = _by_blocks(e.blocks, self.factor, right[e.first], right[e.others])
        else:
            out[e.others], explained = self._by_gradients(right, own, floor, share)
        out[e.first] = own - explained
        return out

    def absorb(self, columns: Floats) -> Floats:
        """Residuals of columns on the dummies, shape (n, k)."""
        if not self.mass.size:
            return columns
        total = self.sums.data[: len(columns)] @ columns[self.effects.rows[: len(columns)]] ** 2
        within = columns
        # The second pass removes the rounding the first one leaves.
        for share in PASSES:
            within = within - self.effects.dummies @ self.solve(self.sums @ within, share**2 * total)
        return within

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
                break
            rows, of_first = means(p)
            q = rest.sums @ (rows - of_first[codes])
            step = np.where(open_, energy / np.where(open_, _dot(p, q), 1.0), 0.0)
            x, r = x + step * p, r - step * q
            z, before = rest.roughly(r), energy
            energy = np.where(open_, _dot(r, z), energy)
            p = z + np.where(open_, energy / np.where(open_, before, 1.0), 0.0) * p
        return x, means(x)[1]


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->j", a, b))


def effects(groupings: Sequence[Codes], n: int) -> Effects:
    """Prepare fixed effects of n rows; codes are 0..G-1 and every group has a row."""
    if not groupings:
        none = np.zeros(0, dtype=np.int64)
        return Effects(sparse.csr_array((n, 0)), none, np.zeros(1, dtype=np.int32), (), 0, none, none, None, None)
    sizes = [int(codes.max(initial=-1)) + 1 for codes in groupings]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    dummies = dummies_of(groupings)
    dummies.indices, dummies.indptr = dummies.indices.astype(np.int32), dummies.indptr.astype(np.int32)
    by_level = dummies.tocsc()
    rows, pointers = by_level.indices, by_level.indptr
    largest = int(np.argmax(sizes))
    first = np.arange(starts[largest], starts[largest + 1])
    others = np.concatenate([np.arange(0, starts[largest]), np.arange(starts[largest + 1], starts[-1])])
    remaining = [codes for j, codes in enumerate(groupings) if j != largest]
    blocks = _blocks(groupings[largest], remaining) if remaining else None
    rest = effects(remaining, n) if remaining and blocks is None else None
    return Effects(dummies, rows, pointers, tuple(groupings), largest, first, others, blocks, rest)


def _blocks(first: Codes, rest: Sequence[Codes]) -> Blocks | None:
    sizes = [int(first.max()) + 1, *[int(codes.max()) + 1 for codes in rest]]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    links = [(first, codes + start) for codes, start in zip(rest, starts[1:-1], strict=True)]
    graph = sparse.coo_array(
        (np.ones(len(first) * len(rest)), tuple(np.concatenate(side) for side in zip(*links, strict=True))),
        shape=(starts[-1], starts[-1]),
    )
    count, labels = csgraph.connected_components(graph, directed=False)
    q, own = _places(labels[: sizes[0]], count)
    p, other = _places(labels[sizes[0] :], count)
    if count * q * p > CELLS or count * q * p**2 > WORK or count * p**3 > WORK:
        return None
    columns = [other[codes + start - sizes[0]] for codes, start in zip(rest, starts[1:-1], strict=True)]
    cells = tuple(own[first] * p + column % p for column in columns)
    pairs = tuple(a * p + b % p for j, a in enumerate(columns) for b in columns[j + 1 :])
    free = np.zeros(count * p, dtype=bool)
    free[other] = True
    blocks = Blocks(count, (q, p), own, other, cells, pairs, free.reshape(count, p, 1))
    return _without_redundant(blocks, np.bincount(first), np.concatenate([np.bincount(codes) for codes in rest]))


def _places(labels: Codes, count: int) -> tuple[int, Codes]:
    """Size of the largest block, and the place of each level when all blocks get that size."""
    sizes = np.bincount(labels, minlength=count)
    order = np.argsort(labels, kind="stable")
    rank = np.empty(len(labels), dtype=np.int64)
    rank[order] = np.arange(len(labels)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    size = int(sizes.max())
    return size, labels * np.int64(size) + rank


def _without_redundant(b: Blocks, first: Codes, others: Codes) -> Blocks:
    """Mark levels that follow from the others; which they are does not depend on the weights."""
    free = b.free.copy()
    if len(b.cells) == 1:
        # Two effects: on each connected part one level is redundant.
        free[np.arange(b.count), free[:, :, 0].argmax(axis=1), 0] = False
    else:
        _, complement, _ = _complement(b, np.ones(len(b.cells[0])), first.astype(float), others.astype(float))
        for block, matrix in enumerate(complement):
            _, pivots, rank, _ = linalg.lapack.dpstrf(matrix, tol=REDUNDANT)
            free[block, pivots[rank:] - 1, 0] = False
    return Blocks(b.count, b.size, b.first, b.others, b.cells, b.pairs, free)


def _complement(b: Blocks, weights: Floats, first: Floats, others: Floats) -> tuple[Floats, Floats, Floats]:
    """Shares, scaled complement of the others given the first, and its scale; one on the diagonal of what is not free."""
    q, p = b.size
    joint = sum(np.bincount(cell, weights, b.count * q * p) for cell in b.cells)
    joint = np.asarray(joint).reshape(b.count, q, p)
    mass, total = np.ones(b.count * q), np.ones(b.count * p)
    mass[b.first], total[b.others] = first, others
    shares = joint / mass.reshape(b.count, q, 1)
    gram = np.zeros((b.count, p, p))
    for pair in b.pairs:
        gram += np.bincount(pair, weights, b.count * p * p).reshape(b.count, p, p)
    gram = gram + gram.transpose(0, 2, 1)
    diagonal = np.arange(p)
    gram[:, diagonal, diagonal] = total.reshape(b.count, p)
    scale = np.sqrt(total).reshape(b.count, p, 1)
    scaled = (gram - joint.transpose(0, 2, 1) @ shares) / (scale * scale.transpose(0, 2, 1))
    scaled = np.where(b.free & b.free.transpose(0, 2, 1), scaled, 0.0)
    scaled[:, diagonal, diagonal] += ~b.free[:, :, 0]
    return shares, scaled, scale


def _factor(b: Blocks, weights: Floats, first: Floats, others: Floats) -> Factor:
    shares, scaled, scale = _complement(b, weights, first, others)
    if b.count == 1:
        return Factor(shares, scale, np.asarray(linalg.cholesky(scaled[0], lower=True, check_finite=False))[None])
    return Factor(shares, scale, np.linalg.inv(scaled))


def _by_blocks(b: Blocks, f: Factor, first: Floats, others: Floats) -> tuple[Floats, Floats]:
    """Coefficients of the other levels, and what they explain of the first ones."""
    k, (q, p) = first.shape[1], b.size
    own, other = np.zeros((b.count * q, k)), np.zeros((b.count * p, k))
    own[b.first], other[b.others] = first, others
    right = other.reshape(b.count, p, k) - f.shares.transpose(0, 2, 1) @ own.reshape(b.count, q, k)
    right = np.where(b.free, right, 0.0) / f.scale
    if b.count == 1:
        solved = np.asarray(linalg.cho_solve((f.inverse[0], True), right[0], check_finite=False))[None]
    else:
        solved = f.inverse @ right
    solved = np.where(b.free, solved, 0.0) / f.scale
    return solved.reshape(-1, k)[b.others], (f.shares @ solved).reshape(-1, k)[b.first]


def rank(e: Effects) -> int:
    """Number of linearly independent dummies; an upper bound for three or more effects too large to factorise."""
    if e.blocks is not None:
        return len(e.first) + int(e.blocks.free.sum())
    if len(e.groupings) < 2:
        return len(e.first)
    sizes = [int(codes.max()) + 1 for codes in e.groupings]
    largest = np.argsort(sizes)[::-1][:2]
    first, second = (e.groupings[j] for j in largest)
    links = sparse.coo_array((np.ones(len(first)), (first, second + sizes[largest[0]])), shape=(sum(sizes), sum(sizes)))
    parts = csgraph.connected_components(links, directed=False)[0] - (sum(sizes) - sizes[largest[0]] - sizes[largest[1]])
    return sum(sizes) - parts - (len(sizes) - 2)
