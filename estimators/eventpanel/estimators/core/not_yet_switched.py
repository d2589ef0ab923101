"""Switchers against units of the same stratum that have not switched yet: weights, estimates, and what each unit adds.

Estimator and variance are those of de Chaisemartin and D'Haultfoeuille (2024, doi:10.1162/rest_a_01414). Everything of
one horizon is done at once, on grids of units by base periods; a base period is the one before the switch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.switch_field import Field, inflation
from eventpanel.estimators.core.treatment_paths import NO_SWITCH

__all__ = ["Horizon", "Step", "compare", "error", "own"]


@dataclass(frozen=True, slots=True)
class Step:
    """From the base period to the one it is compared with.

    Attributes
    ----------
    ahead : int
        Periods from the base period, before the switch, to the one at which controls must not have switched: l.
    end : int
        Periods to the one whose outcome is compared: l for an effect, -l for a placebo.
    both : bool
        Whether the outcome ``ahead`` must be known too, and gives the weight.
    """

    ahead: int
    end: int
    both: bool = True

    def bases(self, periods: int) -> slice:
        """Give the base periods that can be compared."""
        last = periods - self.ahead if self.both else periods
        return slice(max(0, -self.end), max(last, max(0, -self.end)))


@dataclass(frozen=True, slots=True, eq=False)
class Horizon:
    """Who is compared with whom at one horizon.

    Attributes
    ----------
    step : Step
    bases : slice
    stays : ndarray of bool, shape (U, B)
        Controls, by base period.
    moved : ndarray, shape (m,)
        Switchers.
    base : ndarray, shape (m,)
        Their base periods, as position among the bases.
    weight : ndarray, shape (m,)
        Of each switcher, the sum over switchers being one.
    total : float
        Sum of the weights before.
    mass : ndarray, shape (S, B)
        Sum of the weights of the controls.
    share : ndarray, shape (2, S, B)
        Share of the switchers in and of the switchers out.
    """

    step: Step
    bases: slice
    stays: Mask
    moved: Codes
    base: Codes
    weight: Floats
    total: float
    mass: Floats
    share: Floats

    @property
    def ends(self) -> slice:
        """Periods that are compared with the base periods."""
        return _shifted(self.bases, self.step.end)

    @property
    def ahead(self) -> slice:
        """Periods that give the weights."""
        return _shifted(self.bases, self.step.ahead if self.step.both else 0)


def compare(f: Field, step: Step, asked: Mask) -> Horizon | None:
    """Find switchers and controls of one horizon; None where there are none.

    Parameters
    ----------
    f : Field
    step : Step
    asked : ndarray of bool, shape (U,)
        Switchers to be kept.
    """
    bases = step.bases(f.open.shape[1])
    if bases.start >= bases.stop or not len(f.order):
        return None
    known = f.open[:, bases] & f.open[:, _shifted(bases, step.end)]
    if step.both:
        known &= f.open[:, _shifted(bases, step.ahead)]
    last = np.arange(bases.start, bases.stop) + step.ahead
    until = np.where(f.never_only & (f.switch != NO_SWITCH), -1, f.switch)
    stays = known & (last < until[:, None])
    weights = f.weights[:, _shifted(bases, step.ahead if step.both else 0)]
    mass = np.add.reduceat(np.where(stays, weights, 0.0), f.stratum_starts, axis=0)
    base = f.switch - 1 - bases.start
    may = np.flatnonzero((f.sign != 0) & asked & (base >= 0) & (base < bases.stop - bases.start))
    moved = may[known[may, base[may]] & (mass[f.stratum[may], base[may]] > 0)]
    if not len(moved):
        return None
    weight = weights[moved, base[moved]]
    share = np.zeros((2, *mass.shape))
    np.add.at(share, ((f.sign[moved] < 0).astype(np.int64), f.stratum[moved], base[moved]), weight / weight.sum())
    return Horizon(step, bases, stays, moved, base[moved], weight / weight.sum(), float(weight.sum()), mass, share)


def _shifted(bases: slice, by: int) -> slice:
    return slice(bases.start + by, bases.stop + by)


def own(f: Field, h: Horizon) -> Floats:
    """Weight of each change from the base period in the estimate, shape (U, B)."""
    per_unit = _over(h.share[1] - h.share[0], h.mass)
    weights = f.weights[:, h.ahead]
    cells = np.where(h.stays, weights * per_unit[f.stratum], 0.0)
    cells[h.moved, h.base] = f.sign[h.moved] * h.weight
    return cells


def _over(numerator: Floats, mass: Floats) -> Floats:
    return np.asarray(np.divide(numerator, mass, out=np.zeros_like(mass), where=mass > 0))


def error(f: Field, h: Horizon, cells: Floats, change: Floats) -> Floats:
    """Tell what each unit adds to the error of the estimate, shape (U,).

    Changes are taken around their mean in the cohort of the switcher, or in the stratum and period of the controls,
    times the root of k / (k - 1) for k clusters. Where k is one, switchers and controls are taken together; where they
    are of one cluster too, the change is taken as it is.

    Parameters
    ----------
    f : Field
    h : Horizon
    cells : ndarray, shape (U, B)
        Weight of each change, from :func:`own`.
    change : ndarray, shape (U, B)
        Outcome less that of the base period; zero where there is no weight.
    """
    weights = np.where(h.stays, f.weights[:, h.ahead], 0.0)
    sums = np.add.reduceat(weights * change, f.stratum_starts, axis=0)
    count = _clusters(f, h.stays)
    mean, single = _over(sums, h.mass), count == 1
    of_moved, k_moved = _cohorts(f, h, change)
    slope = inflation(count) * _over(h.share[1] - h.share[0], h.mass)
    level = slope * mean
    s, b = f.stratum[h.moved], h.base
    alone = k_moved == 1
    if alone.any() or single.any():
        union, k_union = _together(f, h, sums, change)
        side = (f.sign[h.moved] < 0).astype(np.int64)
        of_moved = np.where(alone, union[side, s, b], of_moved)
        k_moved = np.where(alone, k_union[side, s, b], k_moved)
        parts = (
            inflation(k_union) * np.array([[[-1.0]], [[1.0]]]) * h.share * np.where(h.mass > 0, 1 / _safe(h.mass), 0.0)
        )
        slope = np.where(single, parts.sum(axis=0), slope)
        level = np.where(single, (parts * union).sum(axis=0), level)
    # A control has the weight of its cell over the whole: slope and level hold the cell's part.
    found = (weights * (slope[f.stratum] * change - level[f.stratum])).sum(axis=1)
    found[h.moved] += cells[h.moved, b] * inflation(k_moved) * (change[h.moved, b] - of_moved)
    return np.asarray(found)


def _safe(mass: Floats) -> Floats:
    return np.where(mass > 0, mass, 1.0)


def _clusters(f: Field, cells: Mask) -> Floats:
    """Clusters of each stratum with some cell, by base period, shape (S, B)."""
    if len(f.pair_starts) == len(f.order):
        return np.add.reduceat(cells, f.stratum_starts, axis=0, dtype=np.float64)
    pairs = np.logical_or.reduceat(cells, f.pair_starts, axis=0)
    return np.add.reduceat(pairs, f.stratum_of_pair, axis=0, dtype=np.float64)


def _cohorts(f: Field, h: Horizon, change: Floats) -> tuple[Floats, Floats]:
    """Mean change in the cohort of each switcher, and its clusters, shape (m,) each."""
    code = recode(f.cohort[h.moved])
    mass = np.bincount(code, weights=h.weight)
    mean = np.bincount(code, weights=h.weight * change[h.moved, h.base]) / mass
    if len(f.pair_starts) == len(f.order):
        return mean[code], np.bincount(code).astype(np.float64)[code]
    ways = np.int64(f.cluster.max()) + 1
    clusters = np.bincount(np.unique(code * ways + f.cluster[h.moved]) // ways)
    return mean[code], clusters[code].astype(np.float64)


def _together(f: Field, h: Horizon, sums: Floats, change: Floats) -> tuple[Floats, Floats]:
    """Mean change of switchers (in, out) and controls together, and their clusters; shapes (2, S, B).

    The mean is zero where they are all of one cluster.
    """
    side = (f.sign[h.moved] < 0).astype(np.int64)
    at = (side, f.stratum[h.moved], h.base)
    total = np.repeat(sums[None], 2, axis=0)
    np.add.at(total, at, h.total * h.weight * change[h.moved, h.base])
    mean = total / _safe(h.mass + h.total * h.share)
    counts = []
    for which in (0, 1):
        cells = h.stays.copy()
        cells[h.moved[side == which], h.base[side == which]] = True
        counts.append(_clusters(f, cells))
    count = np.array(counts)
    return np.where(count > 1, mean, 0.0), count
