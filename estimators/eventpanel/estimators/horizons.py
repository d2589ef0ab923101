"""Horizons: the regression of each event time, clean events against clean controls of the same period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.clean_windows import NOT_CLEAN, Windows
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.long_differences import Changes, adjusted, regressed
from eventpanel.estimators.core.shifts import shifted
from eventpanel.estimators.covariance import Counts
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.uses import Uses, compared

__all__ = ["Horizon", "effect", "horizons", "used_in"]

NO_OUTCOME = "the outcome of a period that is compared is missing"
NO_CONTROL = "no clean control in its period"


@dataclass(frozen=True, slots=True, eq=False)
class Horizon:
    """Observations of one regression: a unit and the period in which the event happens, or does not.

    Attributes
    ----------
    times : tuple of int
        Event times whose mean outcome is compared with that of the base period.
    change : ndarray, shape (U, T)
    covariates : tuple of ndarray, each of shape (U, T)
    clean : ndarray of bool, shape (U, T)
        Clean events, their outcomes and covariates known or not.
    treated, control : ndarray of bool, shape (U, T)
        Clean observations of which outcomes and covariates are known.
    """

    times: tuple[int, ...]
    change: Floats
    covariates: tuple[Floats, ...]
    clean: Mask
    treated: Mask
    control: Mask

    @property
    def event_time(self) -> int:
        """The event time furthest from the event."""
        return self.times[0] if self.times[0] < 0 else self.times[-1]

    @property
    def both(self) -> Mask:
        """Periods with treated and controls, shape (T,)."""
        return np.asarray(self.treated.any(axis=0) & self.control.any(axis=0))

    @property
    def counted(self) -> tuple[int, int, int]:
        """Events, clean controls of the same periods, periods."""
        both = self.both
        return int((self.treated & both).sum()), int((self.control & both).sum()), int(both.sum())

    def weighted(self) -> tuple[Mask, Mask]:
        """Treated and controls that carry weight in the coefficient."""
        both = self.both
        if not self.covariates:
            return self.treated & both, self.control & both
        # Without treated in the period, controls say something about slopes if there are several.
        return self.treated & both, self.control & (both | (self.control.sum(axis=0) > 1))


def horizons(
    t: Trajectories, clean: Windows, targets: Sequence[tuple[int, ...]], outcome_lags: int
) -> Iterator[Horizon]:
    """Find the observations of each regression.

    Parameters
    ----------
    t : Trajectories
    clean : Windows
    targets : sequence of tuple of int
        Event times of each.
    outcome_lags : int
        Changes of the outcome up to the base period that are covariates.
    """
    base = shifted(t.outcome, 1)
    covariates = [shifted(grid, 1) for grid in t.controls]
    for lag in range(1, outcome_lags + 1):
        covariates.append(shifted(t.outcome, lag) - shifted(t.outcome, lag + 1))
    known = ~np.isnan(base)
    for grid in covariates:
        known &= ~np.isnan(grid)
    for times in targets:
        change = np.add.reduce([shifted(t.outcome, -k) for k in times]) / len(times) - base
        there = known & ~np.isnan(change)
        first, last = min(times[0], -1), max(times[-1], 0)
        treated, control = clean.treated(first, last), clean.control(first, last)
        yield Horizon(times, change, tuple(covariates), treated, treated & there, control & there)


def effect(t: Trajectories, h: Horizon, *, reweight: bool) -> tuple[float, Floats, Counts] | str:
    """Coefficient, influence of each unit, and what its regression counts; or why there is none.

    Parameters
    ----------
    t : Trajectories
    h : Horizon
    reweight : bool
        Every event counted alike; with covariates by regression adjustment.
    """
    both = h.both
    if not both.any():
        return "no event with a clean control in its period"
    plain = not h.covariates
    treated = h.treated if plain and not reweight else h.treated & both
    control = h.control & both if plain and reweight else h.control
    unit, period = np.nonzero(treated | control)
    o = Changes(
        change=h.change[unit, period],
        treated=treated[unit, period],
        period=period,
        weights=t.weights[unit, period - 1],
        covariates=np.array([grid[unit, period] for grid in h.covariates]).reshape(-1, len(unit)).T,
    )
    one = adjusted(o) if reweight and not plain else regressed(o, o.equal if reweight else o.weights)
    if one is None:
        return "covariates explain which units have an event"
    number = np.bincount(period, minlength=t.shape[1])
    several, periods = (number > 1)[period], int((number > 1).sum())
    clusters = int(np.count_nonzero(np.bincount(t.cluster[unit[several]])))
    counts = Counts(int(several.sum()), clusters, len(h.covariates) + 1, periods, 0, periods - 1)
    influence = np.asarray(np.bincount(unit, one[1], minlength=t.shape[0]), dtype=np.float64)
    return one[0], influence, counts


def used_in(t: Trajectories, clean: Windows, found: Sequence[Horizon], outcome_lags: int, lags: int) -> Uses:
    """Say what the regressions do with every event and row.

    Parameters
    ----------
    t : Trajectories
    clean : Windows
    found : sequence of Horizon
    outcome_lags : int
    lags : int
        Last event time of the window.
    """
    rows, compares, used, apart, near = (np.zeros(t.shape, dtype=bool) for _ in range(5))
    effects = [h for h in found if h.times[-1] >= 0] or found
    for h in found:
        treated, control = h.weighted()
        for k in (*range(-1 - outcome_lags, 0), *h.times):
            rows |= shifted(treated | control, k, fill=False)
            if h in effects:
                compares |= shifted(control, k, fill=False)
        if h in effects:
            used |= treated
            apart |= h.clean
            near |= h.treated
    events, (why, words) = t.events, clean.reasons(t.events)
    further = len(words) + np.select([~apart, ~near], [0, 1], 2)
    reason = np.where(events & ~used, np.where(why >= 0, why, further), -1)
    reasons = (*words, NOT_CLEAN, NO_OUTCOME, NO_CONTROL)
    return Uses(used & events, compared(events, compares, lags), rows, reason, reasons)
