"""Clusters: how many of them each group has, and the refusal of too few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from eventpanel.datasets.errors import FewClustersError, number
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.path import Term

MINIMUM_CLUSTERS = 3


def clusters_by_group(group: Codes, clusters: Codes, groups: int) -> Codes:
    """Count the clusters of each group, shape (groups,).

    Parameters
    ----------
    group, clusters : ndarray, each shape (n,)
    groups : int
        Number of groups.

    Examples
    --------
    >>> clusters_by_group(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [2, 1]
    """
    size = int(clusters.max(initial=-1)) + 1
    there = np.zeros(groups * size, dtype=bool)
    there[group * size + clusters] = True
    return np.asarray(there.reshape(groups, size).sum(axis=1), dtype=np.int64)


def degrees_of_freedom(terms: Sequence[Term], by_group: Mapping[str, int], whole: int) -> Floats:
    """Clusters less one, of the term's group where it has one: a path rests on the clusters of its own group.

    Parameters
    ----------
    terms : sequence of Term, length k
    by_group : mapping of str to int
        Clusters of each group.
    whole : int
        Clusters of all rows.
    """
    return np.array([whole if t.event_time is None else by_group[t.group] for t in terms]) - 1.0


def few_clusters(names: Sequence[str], clusters: Codes, rows: Codes) -> None:
    """Refuse groups of too few clusters; a group without rows is none.

    Parameters
    ----------
    names : sequence of str
        Of the groups.
    clusters, rows : ndarray, each shape (groups,)
        How many each group has.

    Raises
    ------
    FewClustersError
    """
    for name, n, size in zip(names, clusters, rows, strict=True):
        if size and n < MINIMUM_CLUSTERS:
            where = f"group {name!r}" if name else "the sample"
            raise FewClustersError(
                f"{where} has {number(n, 'cluster')}; standard errors would mean nothing.",
                f"{size} rows in {where}",
                "use a wider sample or another cutoff, or drop the moderator",
            )
