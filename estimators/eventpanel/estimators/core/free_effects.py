"""Free effects: fixed effects that span several clusters, by cluster and level, with their system factorised once.

A draw flips the residuals of whole clusters. Effects inside clusters take nothing from what is flipped; the others do,
and what they take follows from sums by cluster and level, without another pass over the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.grouping import grouping
from eventpanel.estimators.core.groups import is_nested
from eventpanel.estimators.core.schur import CrossTable, Schur, cross_table, factorise


@dataclass(frozen=True, slots=True, eq=False)
class FreeEffects:
    """Effects that are not removed inside clusters.

    Attributes
    ----------
    groupings : tuple of ndarray, each shape (n,)
    sizes : tuple of int
        Levels of each.
    schur : Schur
        Of their levels, after an effect inside the clusters where there is one.
    """

    groupings: tuple[Codes, ...]
    sizes: tuple[int, ...]
    schur: Schur

    @property
    def levels(self) -> int:
        """Levels of all of them."""
        return sum(self.sizes)

    def table(self, values: Floats, clusters: Codes, count: int) -> Floats:
        """Add up values, shape (n,), by cluster and level, to shape (count, levels)."""
        parts = [
            np.bincount(clusters * size + codes, values, count * size).reshape(count, size)
            for codes, size in zip(self.groupings, self.sizes, strict=True)
        ]
        return np.hstack(parts).astype(np.float64, copy=False)

    def solve(self, table: Floats) -> Floats:
        """Solve the system for each row of a table, shape (count, levels) to (count, levels)."""
        return self.schur.solve(table, np.ones(len(table)))


def free_effects(groupings: Sequence[Codes], clusters: Codes, weights: Floats | None = None) -> FreeEffects | None:
    """Prepare the effects that span clusters; None where there is none.

    Parameters
    ----------
    groupings : sequence of ndarray, each shape (n,)
        Group codes 0..G-1 of each fixed effect.
    clusters : ndarray, shape (n,)
        What is drawn together.
    weights : ndarray, shape (n,), optional
        Positive weights.

    Raises
    ------
    ArithmeticError
        A system too large to factorise.
    """
    nested = sorted((codes for codes in groupings if is_nested(codes, clusters)), key=lambda codes: -int(codes.max()))
    first = nested[0] if nested else None
    # The finest effect inside the clusters is removed before; others are spanned by it, or stand among the free ones.
    free = [codes for codes in groupings if first is None or not is_nested(first, codes)]
    if not free:
        return None
    rest = [grouping(codes, weights) for codes in free]
    outer = grouping(np.zeros(len(clusters), dtype=np.int64) if first is None else first, weights)
    table = cross_table(outer, rest, weights)
    if first is None:
        table = CrossTable(sparse.csr_array(table.joint.shape), table.gram, table.mass)
    schur = factorise(table, outer)
    if schur is None:
        raise ArithmeticError("the fixed effects that span clusters have too many levels to be factorised")
    return FreeEffects(tuple(free), tuple(group.size for group in rest), schur)
