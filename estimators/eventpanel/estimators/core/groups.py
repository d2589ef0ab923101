"""Groups of rows: codes, sums, nesting, singletons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from eventpanel.estimators.core.arrays import Codes, Floats, Mask

# Codes up to this many times the rows are renumbered by a table, others by sorting.
DENSE = 64
# Rows that show in most cases already that groups are not nested.
FIRST_LOOK = 4096


def numbered(codes: Codes) -> tuple[Codes, Codes]:
    """Distinct codes in order, shape (G,), and the position of each row's code among them, shape (n,).

    Examples
    --------
    >>> [found.tolist() for found in numbered(np.array([7, 3, 7]))]
    [[3, 7], [1, 0, 1]]
    """
    if len(codes) and codes.min() >= 0 and codes.max() <= DENSE * len(codes):
        present = np.zeros(int(codes.max()) + 1, dtype=bool)
        present[codes] = True
        distinct = np.flatnonzero(present)
        return distinct, codes if len(distinct) == len(present) else (np.cumsum(present) - 1).take(codes)
    distinct, places = np.unique(codes, return_inverse=True)
    return distinct.astype(np.int64), places.reshape(-1).astype(np.int64)


def recode(codes: Codes) -> Codes:
    """Renumber codes to 0..G-1 in order of value, shape (n,).

    Examples
    --------
    >>> recode(np.array([7, 3, 7])).tolist()
    [1, 0, 1]
    """
    return numbered(codes)[1]


def first_rows(codes: Codes, size: int) -> Codes:
    """First row of each code 0..size-1, shape (size,); 0 for codes without rows.

    Examples
    --------
    >>> first_rows(np.array([1, 0, 1]), 2).tolist()
    [1, 0]
    """
    rows = np.zeros(size, dtype=np.int64)
    rows[codes[::-1]] = np.arange(len(codes))[::-1]
    return rows


def cross(first: Codes, second: Codes) -> Codes:
    """Codes of the pairs of two groupings, 0..G-1, shape (n,).

    Examples
    --------
    >>> cross(np.array([0, 0, 1]), np.array([0, 1, 1])).tolist()
    [0, 1, 2]
    """
    return recode(first * (np.int64(second.max(initial=0)) + 1) + second)


def group_sums(columns: Floats, codes: Codes) -> Floats:
    """Add up columns by group, shapes (n, k) and (n,) to (G, k)."""
    size = int(codes.max(initial=-1)) + 1
    sums = np.empty((size, columns.shape[1]))
    for j, column in enumerate(columns.T):
        sums[:, j] = np.bincount(codes, weights=column, minlength=size)
    return sums


def is_nested(inner: Codes, outer: Codes) -> bool:
    """Whether every group of ``inner`` lies within one group of ``outer``.

    Examples
    --------
    >>> is_nested(np.array([0, 1, 2]), np.array([0, 0, 1]))
    True
    """
    if len(inner) > 2 * FIRST_LOOK and not _is_nested(inner[:FIRST_LOOK], outer[:FIRST_LOOK]):
        return False
    return _is_nested(inner, outer)


def _is_nested(inner: Codes, outer: Codes) -> bool:
    outer_of = np.zeros(int(inner.max(initial=-1)) + 1, dtype=outer.dtype)
    outer_of[inner] = outer
    return bool((outer_of.take(inner) == outer).all())


def not_singletons(groupings: Sequence[Codes]) -> Mask:
    """Rows that remain when groups of one row are dropped until none is left, shape (n,).

    A row alone in its group is fitted exactly and says nothing (Correia 2015,
    http://scorreia.com/research/singletons.pdf).
    """
    n = len(groupings[0]) if groupings else 0
    keep = np.ones(n, dtype=bool)
    rest = list(groupings)
    while True:
        lonely = np.zeros(n, dtype=bool)
        for codes, left in zip(groupings, rest, strict=True):
            counts = np.bincount(left, minlength=int(codes.max(initial=0)) + 1)
            if (counts == 1).any():
                lonely |= keep & (counts[codes] == 1)
        if not lonely.any():
            return keep
        keep &= ~lonely
        rest = [codes[keep] for codes in groupings]


def dummies_of(groupings: Sequence[Codes]) -> sparse.csr_array:
    """Dummies of all groupings side by side, each shape (n,) to (n, levels); at least one grouping."""
    n, sizes = len(groupings[0]), [int(codes.max(initial=-1)) + 1 for codes in groupings]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    indices = np.column_stack([codes + start for codes, start in zip(groupings, starts, strict=True)]).reshape(-1)
    pointers = np.arange(0, indices.size + 1, len(groupings))
    return sparse.csr_array((np.ones(indices.size), indices, pointers), shape=(n, sum(sizes)))
