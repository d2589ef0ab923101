"""Field of units that may be compared with one another, in order of stratum and cluster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import cross, numbered, recode
from eventpanel.estimators.core.treatment_paths import NO_SWITCH, TreatmentPaths

__all__ = ["Field", "inflation", "lay_out"]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Units that may be compared, in order of stratum and cluster.

    Attributes
    ----------
    order : ndarray, shape (U,)
        Position of each among all units.
    switch : ndarray, shape (U,)
    sign : ndarray, shape (U,)
        Zero for switchers that are not asked for.
    open : ndarray of bool, shape (U, T)
    weights : ndarray, shape (U, T)
    stratum, pair, cohort : ndarray, shape (U,)
        Codes of strata; of strata by clusters; of strata by switch, treatment then, and sign.
    stratum_starts, pair_starts : ndarray
        First unit of each.
    stratum_of_pair : ndarray
        First pair of each stratum.
    cluster : ndarray, shape (U,)
    never_only : bool
        Whether only units that never switch serve as controls.
    """

    order: Codes
    switch: Codes
    sign: Floats
    open: Mask
    weights: Floats
    stratum: Codes
    pair: Codes
    cohort: Codes
    stratum_starts: Codes
    pair_starts: Codes
    stratum_of_pair: Codes
    cluster: Codes
    never_only: bool


def lay_out(
    paths: TreatmentPaths, weights: Floats, clusters: Codes, signs: tuple[int, ...], *, never_only: bool
) -> Field:
    """Put units in order, and leave out strata in which nobody switches.

    Parameters
    ----------
    paths : TreatmentPaths
    weights : ndarray, shape (U, T)
    clusters : ndarray, shape (U,)
    signs : tuple of int
        Of 1 and -1: which switchers are asked for.
    never_only : bool
        Whether only units that never switch serve as controls.
    """
    asked = np.isin(paths.sign, signs) & (paths.switch != NO_SWITCH)
    present = np.zeros(int(paths.stratum.max(initial=-1)) + 1, dtype=bool)
    present[paths.stratum[asked]] = True
    inside = np.flatnonzero(present[paths.stratum] & paths.open.any(axis=1))
    order = inside[np.lexsort((clusters[inside], paths.stratum[inside]))]
    stratum, cluster, switch = recode(paths.stratum[order]), numbered(clusters[order])[1], paths.switch[order]
    pair = cross(stratum, cluster)
    dose, sign = paths.gain[order, np.minimum(switch, paths.gain.shape[1] - 1)], paths.sign[order]
    size = np.unique(dose, return_inverse=True)[1].reshape(-1).astype(np.int64)
    when = np.where(switch == NO_SWITCH, 0, switch)
    cohort = cross(cross(stratum, when), cross(size, (sign + 1).astype(np.int64)))
    starts, pair_starts = _starts(stratum), _starts(pair)
    return Field(
        order=order,
        switch=switch,
        sign=np.where(asked, paths.sign, 0.0)[order],
        open=paths.open[order],
        weights=weights[order],
        stratum=stratum,
        pair=pair,
        cohort=cohort,
        stratum_starts=starts,
        pair_starts=pair_starts,
        stratum_of_pair=_starts(stratum[pair_starts]) if len(order) else starts,
        cluster=cluster,
        never_only=never_only,
    )


def _starts(codes: Codes) -> Codes:
    """First position of each of sorted dense codes."""
    return np.flatnonzero(np.diff(codes, prepend=-1)).astype(np.int64)


def inflation(count: Floats) -> Floats:
    """Root of k / (k - 1), by which deviations from a mean of k grow to have its variance; one where k is one.

    Examples
    --------
    >>> inflation(np.array([0.0, 1.0, 2.0])).round(6).tolist()
    [1.0, 1.0, 1.414214]
    """
    return np.asarray(np.sqrt(np.where(count > 1, count / np.maximum(count - 1, 1), 1.0)))
