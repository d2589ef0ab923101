"""Saturated: regressions with a coefficient for each cohort in each period, and their averages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from eventpanel.estimators.adoption import NEVER
from eventpanel.estimators.cohorts import Cohorts, Pairs, averaged, pairs_of, shares
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.cells import Cells, Solved

__all__ = ["UNTOLD", "Regressed", "last_as_never", "regressors"]

UNTOLD = "not identified: its cohort is not seen in the base period, or nothing is left to compare it with"


def last_as_never(c: Cohorts) -> Cohorts:
    """Let the last cohort stand for units that the event never strikes, before it strikes, where there are none."""
    if c.starts[-1] == NEVER:
        return c
    late = np.arange(c.outcome.shape[1]) >= c.starts[-1]
    starts = c.starts.copy()
    starts[-1] = NEVER
    outcome, weights = np.where(late, np.nan, c.outcome), np.where(late, 0.0, c.weights)
    return replace(c, starts=starts, outcome=outcome, weights=weights)


def regressors(c: Cohorts, factors: Floats, free: Mask, *, within: bool) -> tuple[Cells, Codes]:
    """Periods, and cells with a parameter of their own, each times every factor.

    Parameters
    ----------
    c : Cohorts
    factors : ndarray, shape (n, f)
    free : ndarray of bool, shape (C, T)
        Cells with a parameter of their own.
    within : bool
        Whether each unit has an effect; else each cohort has one, times every factor.

    Returns
    -------
    cells : Cells
    number : ndarray, shape (f, C, T)
        Position of the parameter of each cell; -1 without one.
    """
    (size, periods), count = free.shape, factors.shape[1]
    cohort, period = np.nonzero(free)
    own, whole = len(cohort), 0 if within else size
    each = periods + own + whole
    values = np.zeros((count, size, periods, count * each))
    number = np.full((count, size, periods), -1, dtype=np.int64)
    for a in range(count):
        at = a * each
        values[a, :, np.arange(periods), at + np.arange(periods)] = 1.0
        number[a, cohort, period] = at + periods + np.arange(own)
        values[a, cohort, period, number[a, cohort, period]] = 1.0
        for e in range(whole):
            values[a, e, :, at + periods + own + e] = 1.0
    return Cells(c.bounds, factors, values, within), number


@dataclass(frozen=True)
class Regressed:
    """Effects from a regression, ready to be averaged.

    Attributes
    ----------
    cohorts : Cohorts
        Weights are zero in rows that are not in the regression.
    asked : Pairs
    system : Solved
    contrasts : ndarray, shape (m, P)
        Derivative of each effect to the parameters.
    unit_effects : ndarray, shape (n, T)
        Effect on each unit in each period, whose mean over rows is that of a cell.
    influence : callable
        What each unit adds to the error of combinations of the parameters.
    facts : tuple of (name, value)
    estimated : bool
        Whether the shares of cohorts count as estimated.
    zero : ndarray of bool, shape (C, T)
        Cells that were taken out since the outcome is zero there.
    """

    cohorts: Cohorts
    asked: Pairs
    system: Solved
    contrasts: Floats
    unit_effects: Floats
    influence: Callable[[Floats], Floats]
    facts: tuple[tuple[str, str], ...]
    estimated: bool
    level: bool = False
    everything: bool = False

    # Rows without weight in any average are not counted, so parameters are not either: rules give G/(G-1).
    parameters = 0

    @cached_property
    def _known(self) -> Mask:
        seen = self.cohorts.rows[self.asked.cohort, self.asked.period] > 0
        return seen & self.system.identified(self.contrasts)

    @property
    def pairs(self) -> Pairs:
        """Pairs whose effect is identified."""
        return self.asked.only(self._known)

    @property
    def missing(self) -> tuple[Pairs, tuple[str, ...]]:
        """Pairs whose effect is not, and why."""
        gone = self.asked.only(~self._known)
        seen = self.cohorts.rows[gone.cohort, gone.period] > 0
        return gone, tuple(UNTOLD if one else "the outcome is zero in all rows that tell its mean" for one in seen)

    @cached_property
    def effects(self) -> Floats:
        """Effect in each pair that is identified, shape (m,)."""
        c, pairs = self.cohorts, self.pairs
        sums = np.add.reduceat(c.weights * self.unit_effects, c.bounds[:-1], axis=0)
        mass = np.add.reduceat(c.weights, c.bounds[:-1], axis=0)
        return np.asarray(sums[pairs.cohort, pairs.period] / mass[pairs.cohort, pairs.period])

    def average(self, sets: Floats) -> tuple[Floats, Floats]:
        """Averages by rows, whose shares are estimated where asked."""
        c, pairs = self.cohorts, self.pairs
        weights = shares(sets, pairs, c, c.weights)
        means, through = averaged(sets, pairs, c, c.weights, self.effects)
        out = self.influence(weights @ self.contrasts[self._known])
        return means, out + through * self.estimated + self._spread(sets)

    def _spread(self, sets: Floats) -> Floats:
        """Return what units add since effects differ within a cell."""
        c, pairs = self.cohorts, self.pairs
        out = np.zeros((len(c.units), len(sets)))
        if not (self.estimated or self.level):
            return out
        weights = shares(sets, pairs, c, c.weights)
        mass = np.add.reduceat(c.weights, c.bounds[:-1], axis=0)[pairs.cohort, pairs.period]
        for e in np.unique(pairs.cohort):
            mine, at = slice(int(c.bounds[e]), int(c.bounds[e + 1])), pairs.cohort == e
            when = pairs.period[at]
            gap = c.weights[mine][:, when] * (self.unit_effects[mine][:, when] - self.effects[at])
            out[mine] = gap @ (weights[:, at] / mass[at]).T
        return out

    def carries(self, sets: Floats) -> Mask:
        """Rows whose outcome has weight in some average."""
        c, pairs = self.cohorts, self.pairs
        if self.everything:
            alone = (c.weights > 0).sum(axis=1) < 2
            return np.asarray((c.weights > 0) & ~(alone & self.system.cells.within)[:, None])
        rows = self.system.carries(shares(sets, pairs, c, c.weights) @ self.contrasts[self._known])
        return np.asarray(rows & (c.weights > 0))


def asked_pairs(c: Cohorts, free: Mask, wanted: Callable[[Codes], Mask]) -> Pairs:
    """Cells with a parameter of their own whose event time is wanted."""
    pairs = pairs_of(c, wanted)
    return pairs.only(free[pairs.cohort, pairs.period])


def cell_contrasts(pairs: Pairs, number: Codes, middle: Floats, count: int) -> Floats:
    """Mean effect of each pair as a combination of parameters, shape (m, P).

    Parameters
    ----------
    pairs : Pairs
    number : ndarray, shape (f, C, T)
    middle : ndarray, shape (m, f)
        Mean of the factors over the rows of each pair.
    count : int
        Number of parameters, P.
    """
    out = np.zeros((len(pairs.cohort), count))
    for a in range(len(number)):
        out[np.arange(len(out)), number[a, pairs.cohort, pairs.period]] = middle[:, a]
    return out
