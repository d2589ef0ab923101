"""Cohorts: units by the period of their one event, effects of each cohort in each period, and their averages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from eventpanel.estimators.adoption import NEVER, adoption
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.design import Design
from eventpanel.estimators.method import BASE, Effects
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.uses import Uses

__all__ = ["Cohorts", "Found", "Pairs", "Staggered", "averaged", "cohorts", "path_effects", "path_uses", "shares"]

NO_ROWS = "no row of its unit in the sample after the event"
ENDS = "its effects cannot be told from the comparisons there are"


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
    """

    units: Codes
    starts: Codes
    bounds: Codes
    outcome: Floats
    weights: Floats

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


def cohorts(t: Trajectories, name: str) -> Cohorts:
    """Sort the units of a group by the period of their event.

    Parameters
    ----------
    t : Trajectories
    name : str
        The estimator that asks.

    Raises
    ------
    RecurringEventError
    """
    start = adoption(t, name)
    here = np.flatnonzero(t.inside.any(axis=1))
    units = here[np.argsort(start[here], kind="stable")]
    starts, first = np.unique(start[units], return_index=True)
    bounds = np.append(first, len(units)).astype(np.int64)
    return Cohorts(units, starts, bounds, t.outcome[units], np.where(t.inside[units], t.weights[units], 0.0))


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

    @property
    def pairs(self) -> Pairs:
        """Pairs whose effect is identified."""

    @property
    def missing(self) -> tuple[Pairs, tuple[str, ...]]:
        """Pairs whose effect is not, and why."""

    @property
    def parameters(self) -> int:
        """Parameters of a regression; zero without one."""

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What a table note says."""

    def average(self, sets: Floats) -> tuple[Floats, Floats]:
        """Averages, shape (k,), and what each of the sorted units adds to their error, shape (n, k)."""

    def carries(self, sets: Floats) -> Mask:
        """Rows of the sorted units that have weight in some average, shape (n, T)."""


class Staggered(Protocol):
    """A method for events that happen once, whose effects can be averaged in several ways."""

    @property
    def name(self) -> str:
        """Name of the function that runs it."""

    def found(self, t: Trajectories, design: Design, wanted: Callable[[Codes], Mask]) -> Found:
        """Effects of cohorts in the periods whose event time is wanted."""


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


def _path(found: Found, design: Design) -> tuple[list[int], Floats, tuple[tuple[int, str], ...]]:
    """Event times that are estimated, their sets of pairs, and the others with a reason."""
    there, (gone, reasons) = found.pairs.event_time, found.missing
    times = [k for k in design.window.event_times if (there == k).any()]
    why = {int(k): reason for k, reason in zip(gone.event_time, reasons, strict=True)}
    rest = [k for k in design.window.event_times if k not in times]
    sets = np.array([there == k for k in times], dtype=np.float64).reshape(len(times), len(there))
    return times, sets, tuple((k, why.get(k, "no unit is seen then")) for k in rest)


def path_effects(found: Found, t: Trajectories, design: Design, base: str = BASE) -> Effects:
    """Average effects by event time.

    Parameters
    ----------
    found : Found
    t : Trajectories
    design : Design
    base : str
        What the reference is.
    """
    times, sets, dropped = _path(found, design)
    influence = np.zeros((t.shape[0], len(times)))
    coef = np.empty(0)
    if times:
        coef, influence[found.cohorts.units] = found.average(sets)
    facts, left = found.facts, _left_out(found, design)
    uses = path_uses(found, t, design)
    return Effects(
        event_times=tuple(times),
        coef=coef,
        influence=influence,
        uses=uses,
        parameters=found.parameters,
        dropped=dropped,
        facts=facts,
        notes=left,
        base=base,
    )


def _left_out(found: Found, design: Design) -> tuple[str, ...]:
    """Say where an average leaves out cohorts that others have."""
    gone = found.missing[0].event_time
    times = sorted({int(k) for k in gone if (found.pairs.event_time == k).any()} & set(design.window.event_times))
    if not times:
        return ()
    return (f"some cohorts have no comparison and are left out at event times {', '.join(map(str, times))}.",)


def path_uses(found: Found, t: Trajectories, design: Design) -> Uses:
    """Events and rows behind the average effects by event time.

    Parameters
    ----------
    found : Found
    t : Trajectories
    design : Design
    """
    c = found.cohorts
    times, sets, _ = _path(found, design)
    rows, after = np.zeros(t.shape, dtype=bool), np.zeros(t.shape, dtype=bool)
    if times:
        rows[c.units] = found.carries(sets)
    late = found.pairs.only((found.pairs.event_time >= 0) & (found.pairs.event_time <= design.window.lags))
    cells = np.zeros((len(c.starts), t.shape[1]), dtype=bool)
    cells[late.cohort, late.period] = True
    after[c.units] = cells[c.member]
    return uses_of(t, c, rows, np.asarray((after & rows).any(axis=1)), _why(found))


def _why(found: Found) -> dict[int, str]:
    """Why a cohort has no effect: the reason of its first pair after the event, by position of the cohort."""
    gone, reasons = found.missing
    late = [(int(e), why) for e, k, why in zip(gone.cohort, gone.event_time, reasons, strict=True) if k >= 0]
    return dict(reversed(late))


def uses_of(t: Trajectories, c: Cohorts, rows: Mask, used: Mask, why: dict[int, str]) -> Uses:
    """Classify the events of a group, each at its first period.

    Parameters
    ----------
    t : Trajectories
    c : Cohorts
    rows : ndarray of bool, shape (U, T)
    used : ndarray of bool, shape (U,)
        Units whose event is used.
    why : dict
        Why the events of a cohort are not; by position of the cohort.
    """
    struck = c.starts[c.member] != NEVER
    units, start, member = c.units[struck], c.starts[c.member][struck], c.member[struck]
    is_used = np.zeros(t.shape, dtype=bool)
    is_used[units, start] = used[units]
    reasons: Sequence[str] = tuple(dict.fromkeys([NO_ROWS, *why.values()]))
    code = np.array([reasons.index(why.get(e, NO_ROWS)) for e in range(len(c.starts))])
    reason = np.full(t.shape, -1, dtype=np.int64)
    reason[units, start] = np.where(used[units], -1, code[member])
    return Uses(is_used, np.zeros(t.shape, dtype=bool), rows, reason, tuple(reasons))
