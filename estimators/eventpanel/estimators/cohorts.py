"""Cohorts: units by the period of their one event, effects of each cohort in each period, and their averages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from eventpanel.datasets.errors import IdentificationError
from eventpanel.estimators.adoption import NEVER, adoption, one_direction, undated
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.design import Design
from eventpanel.estimators.trajectories import Trajectories

__all__ = ["UNDATED", "Cohorts", "Found", "Pairs", "Staggered", "averaged", "cohorts", "pairs_of", "shares"]

UNDATED = "when it began is not seen: it is on when the record begins, or after a gap"


@dataclass(frozen=True, slots=True, eq=False)
class Cohorts:
    """Units with rows in the sample, sorted by the period of their event.

    Attributes
    ----------
    units : ndarray, shape (n,)
        Positions on the grid of the trajectories.
    starts : ndarray, shape (C,)
        Position of the first period with the event; ``NEVER``, if there, is the last.
    bounds : ndarray, shape (C + 1,)
        First unit of each cohort.
    outcome, weights : ndarray, shape (n, T)
    undated : ndarray
        Positions of units that are left out, as it is not seen when their event began.
    """

    units: Codes
    starts: Codes
    bounds: Codes
    outcome: Floats
    weights: Floats
    undated: Codes

    @property
    def member(self) -> Codes:
        """Cohort of each unit, shape (n,)."""
        return np.repeat(np.arange(len(self.starts)), np.diff(self.bounds))

    @property
    def since(self) -> Codes:
        """Periods since the event in each cell, shape (C, T); far below zero without one."""
        far = np.where(self.starts == NEVER, np.int64(1) << 40, self.starts)
        return np.arange(self.outcome.shape[1]) - far[:, None]

    @property
    def rows(self) -> Codes:
        """Rows in each cell, shape (C, T)."""
        inside = (self.weights > 0).astype(np.int64)
        return np.add.reduceat(inside, self.bounds[:-1], axis=0)


def cohorts(t: Trajectories, name: str, design: Design) -> Cohorts:
    """Sort the units of a group by the period of their event, without those of which it is not seen.

    Parameters
    ----------
    t : Trajectories
    name : str
        The estimator that asks.
    design : Design

    Raises
    ------
    RecurringEventError
        An event that returns.
    DesignError
        Changes upwards and downwards.
    IdentificationError
        No unit whose event is dated.
    """
    start, present, unseen = adoption(t, name), t.inside.any(axis=1), undated(t, design)
    here, gone = np.flatnonzero(present & ~unseen), np.flatnonzero(present & unseen)
    one_direction(t, here, name)
    if not len(here):
        raise IdentificationError(f"{name} has no unit left.", f"{len(gone)} units: {UNDATED}", "extend the record")
    units = here[np.argsort(start[here], kind="stable")]
    starts, first = np.unique(start[units], return_index=True)
    bounds = np.append(first, len(units)).astype(np.int64)
    return Cohorts(units, starts, bounds, t.outcome[units], np.where(t.inside[units], t.weights[units], 0.0), gone)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Cohorts in periods.

    Attributes
    ----------
    cohort : ndarray, shape (m,)
        Position among the starts.
    period : ndarray, shape (m,)
        Position on the calendar.
    event_time : ndarray, shape (m,)
    """

    cohort: Codes
    period: Codes
    event_time: Codes

    def only(self, kept: Mask) -> Pairs:
        """Keep some."""
        return Pairs(self.cohort[kept], self.period[kept], self.event_time[kept])


def pairs_of(c: Cohorts, wanted: Callable[[Codes], Mask]) -> Pairs:
    """Cells with rows whose event time is wanted, by cohort and period."""
    cohort, period = np.nonzero(wanted(c.since) & (c.rows > 0) & (c.starts != NEVER)[:, None])
    return Pairs(cohort, period, c.since[cohort, period])


class Found(Protocol):
    """Effects of cohorts in periods, as an estimator finds them; ready to be averaged."""

    @property
    def cohorts(self) -> Cohorts:
        """Units by cohort."""
        ...

    @property
    def pairs(self) -> Pairs:
        """Pairs whose effect is identified."""
        ...

    @property
    def missing(self) -> tuple[Pairs, tuple[str, ...]]:
        """Pairs whose effect is not, and why."""
        ...

    @property
    def parameters(self) -> int:
        """Parameters of a regression; zero without one."""
        ...

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What a table note says."""
        ...

    def average(self, sets: Floats) -> tuple[Floats, Floats]:
        """Averages, shape (k,), and what each of the sorted units adds to their error, shape (n, k)."""
        ...

    def carries(self, sets: Floats) -> Mask:
        """Rows of the sorted units that have weight in some average, shape (n, T)."""
        ...


class Staggered(Protocol):
    """A method for events that happen once, whose effects can be averaged in several ways."""

    @property
    def name(self) -> str:
        """Name of the function that runs it."""
        ...

    def found(self, t: Trajectories, design: Design, wanted: Callable[[Codes], Mask]) -> Found:
        """Effects of cohorts in the periods whose event time is wanted."""
        ...


def shares(sets: Floats, pairs: Pairs, c: Cohorts, mass: Floats) -> Floats:
    """Weights of the pairs in averages, rows that sum to one, shape (k, m).

    Parameters
    ----------
    sets : ndarray, shape (k, m)
        How often a pair counts in each average.
    pairs : Pairs
    c : Cohorts
    mass : ndarray, shape (n, T)
        What each unit counts in each period.
    """
    weighed = sets * np.add.reduceat(mass, c.bounds[:-1], axis=0)[pairs.cohort, pairs.period]
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True))


def averaged(sets: Floats, pairs: Pairs, c: Cohorts, mass: Floats, effects: Floats) -> tuple[Floats, Floats]:
    """Averages of effects, and what each unit adds to their error through its share, shapes (k,) and (n, k).

    Parameters
    ----------
    sets : ndarray, shape (k, m)
        How often a pair counts in each average.
    pairs : Pairs
    c : Cohorts
    mass : ndarray, shape (n, T)
        What each unit counts in each period.
    effects : ndarray, shape (m,)
    """
    weights = shares(sets, pairs, c, mass)
    means, out = weights @ effects, np.zeros((len(c.units), len(sets)))
    held = (sets * np.add.reduceat(mass, c.bounds[:-1], axis=0)[pairs.cohort, pairs.period]).sum(axis=1)
    gaps = sets * (effects - means[:, None]) / held[:, None]
    for e in np.unique(pairs.cohort):
        mine, at = slice(int(c.bounds[e]), int(c.bounds[e + 1])), pairs.cohort == e
        out[mine] = mass[mine][:, pairs.period[at]] @ gaps[:, at].T
    return means, out
