"""Two stages: units and periods from rows before events, then means of what is left, by event time (Gardner 2021)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.cohort_path import path_effects, path_uses
from eventpanel.estimators.cohorts import Cohorts, Pairs, cohorts, pairs_of, shares
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.imputation import ROUNDING, Counterfactual, linear
from eventpanel.estimators.core.two_way import Solved
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.method import Effects, estimated, two_way, without
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.treatment import reference, told_apart
from eventpanel.estimators.uses import Uses

__all__ = ["TwoStage", "two_stage"]

BASE = "left out; leads and lags are means of what units and periods leave, not changes since it"
NO_BEFORE = "no row before the event tells the level of the unit, or that of the period"
FITTED = "unit and period effects fit its rows exactly"


@dataclass(frozen=True)
class TwoStage:
    """Gardner (2021), as a value."""

    name = "two_stage"
    estimand = (
        "The average effect of an event that happens once, by periods since it, over rows after events; compared with "
        "what units and periods, estimated from all rows before events, lead one to expect."
    )
    assumptions = (
        "Without the event, outcomes would be a level of the unit plus one of the period, plus linear controls.",
        "The event happens once or stays on, and nothing moves in anticipation of it.",
    )

    def check(self, panel: Panel, design: Design) -> None:
        """Refuse what has no place."""
        reference(self.name, design)
        two_way(self, panel, design)
        without(self, design, "offset")

    def found(self, t: Trajectories, design: Design, wanted: Callable[[Codes], Mask]) -> Staged:
        """Effects of cohorts in the periods whose event time is wanted."""
        c = cohorts(t, self.name, design)
        before = np.where((c.since < 0)[c.member], c.weights, 0.0)
        stage = linear(c.outcome, before, np.nan_to_num(t.controls[:, c.units]))
        told_apart(self.name, design, stage.system.collinear)
        known = replace(c, weights=np.where(stage.system.reached, c.weights, 0.0))
        return Staged(known, pairs_of(c, wanted), stage)

    def uses(self, t: Trajectories, design: Design) -> Uses:
        """Say what is done with every event and row."""
        return path_uses(self._of_path(t, design), t, design)

    def effects(self, t: Trajectories, design: Design) -> Effects:
        """Average effects by event time."""
        return path_effects(self._of_path(t, design), t, design, BASE)

    def _of_path(self, t: Trajectories, design: Design) -> Staged:
        return self.found(t, design, lambda since: np.isin(since, design.window.event_times))


@dataclass(frozen=True)
class Staged:
    """What units and periods leave, ready to be averaged.

    Attributes
    ----------
    cohorts : Cohorts
        Weights are zero in rows whose expectation is not known.
    asked : Pairs
    stage : Counterfactual
        Fitted on rows before events.
    """

    cohorts: Cohorts
    asked: Pairs
    stage: Counterfactual

    facts = (("Compared with", "rows before events"),)
    # The published covariance counts no parameters.
    parameters = 0

    @cached_property
    def _known(self) -> Mask:
        known: Mask = self.cohorts.rows[self.asked.cohort, self.asked.period] > 0
        for j in np.flatnonzero(known & (self.asked.event_time < 0)):
            known[j] = self._says(int(self.asked.cohort[j]), int(self.asked.period[j]))
        return known

    def _says(self, cohort: int, period: int) -> bool:
        """Whether the first stage leaves something of a mean of rows it was fitted to."""
        system, mine = self.stage.system, slice(*self.cohorts.bounds[cohort : cohort + 2])
        weight = np.zeros(len(self.cohorts.units))
        weight[mine] = self.cohorts.weights[mine, period]
        total = np.zeros((system.weights.shape[1], 1))
        total[period] = weight.sum()
        found = system.solve(weight[:, None], total, system.columns[:, :, period] @ weight[:, None])
        pull = found.units[mine, 0] + found.periods[period, 0] + found.columns[:, 0] @ system.columns[:, mine, period]
        # Nothing is left elsewhere of a mean of which nothing is left in its own rows.
        return bool(np.abs(weight[mine] * (1 - pull)).max() > ROUNDING * weight.max())

    @property
    def pairs(self) -> Pairs:
        """Pairs with rows whose expectation is known."""
        return self.asked.only(self._known)

    @property
    def missing(self) -> tuple[Pairs, tuple[str, ...]]:
        """Pairs without, and why."""
        gone = self.asked.only(~self._known)
        return gone, tuple(FITTED if k < 0 else NO_BEFORE for k in gone.event_time)

    def _means(self, sets: Floats) -> Floats:
        """Weight of each row in each mean, by cohort and period, shape (k, C, T)."""
        c, pairs = self.cohorts, self.pairs
        mass = np.add.reduceat(c.weights, c.bounds[:-1], axis=0)[pairs.cohort, pairs.period]
        out = np.zeros((len(sets), *c.rows.shape))
        out[:, pairs.cohort, pairs.period] = shares(sets, pairs, c, c.weights) / mass
        return out

    def _by_unit(self, grid: Floats, means: Floats) -> Floats:
        """Sum over periods a grid times the weights of its cells, shape (n, k)."""
        bounds = self.cohorts.bounds
        return np.vstack([grid[a:b] @ means[:, e].T for e, (a, b) in enumerate(pairwise(bounds))])

    def _solved(self, means: Floats) -> Solved:
        """Coefficients of the first stage that the means take off, as combinations to be solved for."""
        w, system = self.cohorts.weights, self.stage.system
        periods = np.einsum("kct,ct->tk", means, np.add.reduceat(w, self.cohorts.bounds[:-1], axis=0))
        controls = [self._by_unit(w * column, means).sum(axis=0) for column in system.columns]
        return system.solve(self._by_unit(w, means), periods, np.array(controls).reshape(-1, len(means)))

    def average(self, sets: Floats) -> tuple[Floats, Floats]:
        """Means of what is left; the first stage adds to their error."""
        means, w = self._means(sets), self.cohorts.weights
        left = np.where(w > 0, self.cohorts.outcome - self.stage.mean, 0.0)
        own = self._by_unit(w * left, means)
        coef = own.sum(axis=0)
        return coef, own - self._by_unit(w, means) * coef - self.stage.influence(self._solved(means))

    def carries(self, sets: Floats) -> Mask:
        """Rows whose outcome has weight in some mean."""
        means, w, system = self._means(sets), self.cohorts.weights, self.stage.system
        found, rows = self._solved(means), np.zeros(w.shape, dtype=bool)
        for k, of_cells in enumerate(means):
            net = np.abs(of_cells[self.cohorts.member] * w - system.weights * system.spread(found, k))
            rows |= net > ROUNDING * net.max(initial=0.0)
        return rows


def two_stage(panel: Panel, design: Design) -> Estimate:
    """Estimate the effects of an event that happens once, by periods since it.

    Parameters
    ----------
    panel : Panel
    design : Design
        Window with reference ``None``, or -1 to leave that event time out; controls enter linearly.

    Raises
    ------
    RecurringEventError
        An event that returns.
    DesignError
        And its branches.

    References
    ----------
    Gardner 2021, arXiv:2207.05943; Butts and Gardner 2022, doi:10.32614/RJ-2022-048.

    Examples
    --------
    See docs/methods/two_stage.md.
    """
    return estimated(TwoStage(), panel, design)
