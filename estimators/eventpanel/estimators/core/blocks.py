"""Blocks of a system of fixed effects: one for each connected part of the graph of levels, all factorised together.

The first effect is eliminated by its group means; what is left of the others is one small square for each block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import csgraph

from eventpanel.estimators.core.arrays import Codes, Floats, Mask

# Numbers a stack of blocks may hold, and multiplications its factorisation may take.
CELLS, WORK = 20_000_000, 1_000_000_000
# Pivots of the scaled complement below this are zero: of redundant levels rounding is left, levels x 2e-16.
REDUNDANT = 1e-11


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


def blocks_of(first: Codes, rest: Sequence[Codes]) -> Blocks | None:
    """Sort levels into blocks; None where they would be too large."""
    sizes = [int(first.max()) + 1, *[int(codes.max()) + 1 for codes in rest]]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    links = [(first, codes + start) for codes, start in zip(rest, starts[1:-1], strict=True)]
    graph = sparse.coo_array(
        (np.ones(len(first) * len(rest)), tuple(np.concatenate(side) for side in zip(*links, strict=True))),
        shape=(starts[-1], starts[-1]),
    )
    count, found = csgraph.connected_components(graph, directed=False)
    labels = found.astype(np.int64)
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
    """Find the size of the largest block, and the place of each level when all blocks get that size."""
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
    return replace(b, free=free)


def _complement(b: Blocks, weights: Floats, first: Floats, others: Floats) -> tuple[Floats, Floats, Floats]:
    """Shares, scaled complement of the others given the first, its scale; diagonal one where a level is not free."""
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


def factorised(b: Blocks, weights: Floats, first: Floats, others: Floats) -> Factor:
    """Factorise for weights, shape (n,), given the mass of each first and other level."""
    shares, scaled, scale = _complement(b, weights, first, others)
    if b.count == 1:
        lower = linalg.cholesky(scaled[0], lower=True, check_finite=False)
        return Factor(shares, scale, np.asarray(lower, dtype=np.float64)[None])
    return Factor(shares, scale, np.asarray(np.linalg.inv(scaled), dtype=np.float64))


def solved_by_blocks(b: Blocks, f: Factor, first: Floats, others: Floats) -> tuple[Floats, Floats]:
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
