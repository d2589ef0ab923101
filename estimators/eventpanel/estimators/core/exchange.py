"""Exchange: whether swapping the rows of two members leaves every fixed effect as it is, but for names of levels.

Residualising then commutes with the swap, so that permuted histories need no new residuals
(:mod:`permutation_tables`).
"""

from __future__ import annotations

import numpy as np

from eventpanel.estimators.core.arrays import Codes


def is_shared(codes: Codes, strata: Codes) -> bool:
    """Whether members of a stratum have the same code in each cell, codes of shape (members, cells)."""
    return all((codes[strata == s] == codes[strata == s][0]).all() for s in np.unique(strata))


def relabels(codes: Codes, strata: Codes) -> bool:
    """Whether swapping members of a stratum relabels the levels of an effect and no more.

    Each stratum either shares the levels cell by cell, or every member has levels of its own, cut the same way.

    Parameters
    ----------
    codes : ndarray, shape (members, cells)
        Levels of the effect.
    strata : ndarray, shape (members,)

    Examples
    --------
    >>> years, pairs, both = np.array([[0, 1], [0, 1]]), np.array([[0, 0], [1, 1]]), np.zeros(2, dtype=np.int64)
    >>> relabels(years, both), relabels(pairs, both), relabels(np.array([[0, 1], [1, 0]]), both)
    (True, True, False)
    """
    members, cells = codes.shape
    levels = int(codes.max()) + 1
    first, lowest, highest = np.full(levels, cells), np.full(levels, members), np.full(levels, -1)
    np.minimum.at(first, codes, np.broadcast_to(np.arange(cells), codes.shape))
    owner = np.broadcast_to(np.arange(members)[:, None], codes.shape)
    np.minimum.at(lowest, codes, owner)
    np.maximum.at(highest, codes, owner)
    own = (lowest == highest)[codes].all(axis=1)
    cut = first[codes]
    return all(
        is_shared(codes[strata == s], strata[strata == s])
        or (own[strata == s].all() and is_shared(cut[strata == s], strata[strata == s]))
        for s in np.unique(strata)
    )
