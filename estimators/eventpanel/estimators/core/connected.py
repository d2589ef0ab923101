"""Connected parts of the graph that two groupings draw: a row links a level of one to a level of the other."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from eventpanel.estimators.core.arrays import Codes
from eventpanel.estimators.core.grouping import Grouping
from eventpanel.estimators.core.groups import recode

# Panels settle in two or three rounds; longer chains are left to a search of the graph.
ROUNDS = 6


def connected_parts(first: Grouping, second: Grouping) -> Codes:
    """Find the connected part of each level of the second grouping, shape (levels,).

    Their number is the number of levels that one grouping makes redundant in the other.

    Examples
    --------
    >>> from eventpanel.estimators.core.grouping import grouping
    >>> connected_parts(grouping(np.array([0, 1, 2])), grouping(np.array([0, 0, 1]))).tolist()
    [0, 1]
    """
    if first.starts is not None:
        label = _by_lowest(first.codes, first.starts, second)
        if label is not None:
            return recode(label)
        label = np.arange(second.size)
        for _ in range(ROUNDS):
            lowest = np.minimum.reduceat(label[second.codes], first.starts)
            spread = label.copy()
            np.minimum.at(spread, second.codes, lowest[first.codes])
            if (spread == label).all():
                return recode(label)
            label = spread
    size = first.size + second.size
    links = sparse.coo_array((np.ones(len(first.codes)), (first.codes, second.codes + first.size)), shape=(size, size))
    labels = csgraph.connected_components(links, directed=False)[1]
    return recode(labels[first.size :].astype(np.int64))


def _by_lowest(codes: Codes, starts: Codes, second: Grouping) -> Codes | None:
    """Parts by the lowest level of ``second`` that each level of the first meets; None where that does not tell.

    Levels with one lowest level are linked through it. Where no level of ``second`` meets two of these sets, nothing
    else links them.
    """
    lowest = np.minimum.reduceat(second.codes, starts).take(codes)
    label = np.arange(second.size)
    label[second.codes] = lowest
    return label if (label.take(second.codes) == lowest).all() else None
