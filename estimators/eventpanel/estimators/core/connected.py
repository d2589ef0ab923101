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
