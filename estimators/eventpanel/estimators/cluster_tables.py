"""Cluster tables: what small-sample rules count without some clusters, without going through the rows again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import sparse

from eventpanel.estimators.clusters import MINIMUM_CLUSTERS
from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import is_nested, recode
from eventpanel.estimators.covariance import Counts
from eventpanel.estimators.matrices import Matrices

__all__ = ["ClusterTables", "Sizes", "cluster_tables"]

# Clusters are dealt to so many hands; what a hand that is not touched holds, the rest holds.
HANDS = 4


class Sizes(NamedTuple):
    """What is left of a sample.

    Attributes
    ----------
    counts : Counts
    clusters : ndarray, shape (groups,)
        Clusters of each group.
    is_enough : bool
        Whether every group has enough clusters and an event, and the outcome varies.
    """

    counts: Counts
    clusters: Codes
    is_enough: bool


@dataclass(frozen=True, slots=True, eq=False)
class ClusterTables:
    """Counts by cluster of a sample with one or two fixed effects, of which at most one is nested in clusters.

    Attributes
    ----------
    whole : Counts
        Of the whole sample.
    rows : ndarray, shape (G,)
    lowest, highest : ndarray, each shape (G,)
        Outcome.
    groups : tuple of ndarray of bool, each shape (groups, G)
        Which groups have rows in which clusters, and in which the event happened.
    levels, held : tuple of sparse array, each shape (levels, G)
        Rows of each level of each effect, and whether there are any.
    nested : tuple of bool
        Which effect is nested.
    hands : tuple of ndarray of bool, each shape (G,)
        Clusters that alone have the rank of the whole sample, beside the levels of the nested effect.
    """

    whole: Counts
    rows: Codes
    lowest: Floats
    highest: Floats
    groups: tuple[Mask, Mask]
    levels: tuple[sparse.csr_array, ...]
    held: tuple[sparse.csr_array, ...]
    nested: tuple[bool, ...]
    hands: tuple[Mask, ...]

    def without(self, out: Mask) -> Sizes | None:
        """Count without some clusters, shape (G,); None where rows have to be gone through.

        So it is where a level is left with one row, where an effect becomes nested, and where the rank may fall.

        Notes
        -----
        With levels of the nested effect in the same regression, the rank is their number and the dimension of what
        the other effect adds within them. That cannot fall as long as some of the clusters that stay have all of it.
        """
        keep = ~out
        if not any(keep[hand].all() for hand in self.hands):
            return None
        left = [table @ keep.astype(np.int64) for table in self.levels]
        if any((rows == 1).any() for rows in left) or not all(self._stays_crossed(e, keep) for e in self._crossed):
            return None
        inside = {e: int((rows > 0).sum()) for e, rows in enumerate(left)}
        fell = self.whole.nested - sum(inside[e] for e, is_in in enumerate(self.nested) if is_in)
        counts = Counts(
            nobs=int(self.rows[keep].sum()),
            clusters=int(keep.sum()),
            terms=self.whole.terms,
            absorbed=self.whole.absorbed - fell,
            nested=self.whole.nested - fell,
            free=sum(inside[e] - 1 for e in self._crossed),
        )
        present, struck = (table[:, keep] for table in self.groups)
        clusters = present.sum(axis=1)
        varies = self.highest[keep].max() > self.lowest[keep].min()
        enough = bool(clusters.min() >= MINIMUM_CLUSTERS and struck.any(axis=1).all() and varies)
        return Sizes(counts, clusters, enough)

    @property
    def _crossed(self) -> list[int]:
        return [effect for effect, is_in in enumerate(self.nested) if not is_in]

    def _stays_crossed(self, effect: int, keep: Mask) -> bool:
        """Whether some level still has rows in several clusters."""
        return bool((self.held[effect] @ keep.astype(np.int64) > 1).any())


def cluster_tables(m: Matrices, whole: Counts) -> ClusterTables | None:
    """Count a sample by cluster; None with no fixed effects, more than two, or two that are nested in clusters.

    Parameters
    ----------
    m : Matrices
    whole : Counts
        Of all its rows.
    """
    effects = [codes for _, codes in m.effects]
    nested = tuple(is_nested(codes, m.clusters) for codes in effects)
    if not 1 <= len(effects) <= 2 or sum(nested) > 1:
        return None
    number = int(m.clusters.max()) + 1
    lowest, highest = np.full(number, np.inf), np.full(number, -np.inf)
    np.minimum.at(lowest, m.clusters, m.y)
    np.maximum.at(highest, m.clusters, m.y)
    levels = [_by_cluster(codes, m.clusters) for codes in effects]
    inside = whole.nested if any(nested) else 0
    return ClusterTables(
        whole=whole,
        rows=np.bincount(m.clusters),
        lowest=lowest,
        highest=highest,
        groups=m.by_cluster,
        levels=tuple(levels),
        held=tuple((table > 0).astype(np.int64) for table in levels),
        nested=nested,
        hands=tuple(hand for hand in _dealt(number) if _beside(m, hand, nested) == whole.absorbed - inside),
    )


def _by_cluster(codes: Codes, clusters: Codes) -> sparse.csr_array:
    """Rows of each level in each cluster."""
    return sparse.csr_array(sparse.coo_array((np.ones(len(codes), dtype=np.int64), (codes, clusters))))


def _dealt(number: int) -> list[Mask]:
    return [np.arange(number) % HANDS == hand for hand in range(min(HANDS, number))]


def _beside(m: Matrices, hand: Mask, nested: tuple[bool, ...]) -> int:
    """Rank of the effects on the rows of some clusters, less the levels of the nested one."""
    rows = hand[m.clusters]
    effects = [recode(codes[rows]) for _, codes in m.effects]
    rank = absorb(np.empty((int(rows.sum()), 0)), effects, None if m.weights is None else m.weights[rows]).rank
    return rank - sum(int(codes.max()) + 1 for codes, is_in in zip(effects, nested, strict=True) if is_in)
