"""Exchange: whether swapping the rows of two members leaves every fixed effect as it is, but for names of levels.

Residualising then commutes with the swap. That makes two shortcuts exact: permuted histories need no new residuals
(:mod:`permutation_tables`), and rows that differ only by a member that the events do not know can be averaged.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventpanel.estimators.core.arrays import Codes
from eventpanel.estimators.core.groups import cross, recode
from eventpanel.estimators.core.permutation import Fixed, Moved


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


def averaged(fixed: Fixed, moved: Moved, other: Codes) -> tuple[Fixed, Moved] | None:
    """Average rows over a member that events do not know, such as the exporter; nothing where that changes a result.

    Residualised columns are the same for every member, so that coefficients and scores by cluster follow from the mean
    outcome of each unit and period.

    Parameters
    ----------
    fixed : Fixed
    moved : Moved
    other : ndarray, shape (n,)
        Code of what names a row besides unit and period.
    """
    members, place = int(other.max()) + 1, cross(moved.unit, moved.period)
    places = int(place.max()) + 1
    number = other * np.int64(places) + place
    complete = len(number) == members * places and len(np.unique(number)) == len(number)
    if members == 1 or fixed.weights is not None or not complete:
        return None
    order, together = np.argsort(number), np.zeros(members, dtype=np.int64)

    def wide(codes: Codes) -> Codes:
        return np.asarray(codes[order].reshape(members, places), dtype=np.int64)

    controls = fixed.controls[order].reshape(members, places, -1)
    still = (controls == controls[0]).all() and all(is_shared(wide(c), together) for c in (fixed.clusters, moved.group))
    if not (still and all(relabels(wide(codes), together) for codes in fixed.groupings)):
        return None
    rows = order[:places]
    return (
        Fixed(
            y=fixed.y[order].reshape(members, places).mean(axis=0),
            controls=fixed.controls[rows],
            groupings=tuple(recode(codes[rows]) for codes in fixed.groupings),
            clusters=fixed.clusters[rows],
        ),
        replace(moved, unit=moved.unit[rows], period=moved.period[rows], group=moved.group[rows]),
    )
