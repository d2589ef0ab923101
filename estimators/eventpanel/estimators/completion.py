"""Completion: effects as outcomes less a completed matrix, for estimators that differ by their part of low rank."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from eventpanel.datasets.errors import DesignError, IdentificationError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.choice import ROUGH, Chosen
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.completion import Completed, Problem, Rank, completed
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.two_way import two_way
from eventpanel.estimators.design import Design
from eventpanel.estimators.method import Effects, Method, without
from eventpanel.estimators.method import two_way as units_and_periods
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.treatment import Reach, Treatment, classified, reference, treatment
from eventpanel.estimators.uses import Uses

__all__ = ["Jackknife", "Recipe", "check", "effects", "uses"]

BASE = "left out of the leads"
NO_ROWS = "no row at this event time can be imputed"
ONE_CLUSTER = "its rows belong to one cluster or group: no standard error"


@dataclass(frozen=True, slots=True)
class Jackknife:
    """Groups of clusters that are left out in turn: each cluster, or that many random groups where there are more."""

    groups: int
    seed: int

    def __post_init__(self) -> None:
        if self.groups < 2:
            raise DesignError("The jackknife needs at least two groups.", f"groups={self.groups}", "use 20 or more")

    def of(self, cluster: Codes) -> Codes:
        """Group of each unit from its cluster, -1 where the unit has none, shape (U,)."""
        out = np.full(len(cluster), -1)
        there = cluster >= 0
        codes = recode(cluster[there])
        number = int(codes.max(initial=-1)) + 1
        if number > self.groups:
            codes = (np.random.default_rng(self.seed).permutation(number) % self.groups)[codes]
        out[there] = codes
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """What distinguishes one estimator from another.

    Attributes
    ----------
    reach : Reach
    choose : function
        From the matrix and the length of held-out blocks, the part of low rank.
    least : int
        Untreated rows that a unit or a period needs.
    exact : int
        Untreated rows with which a unit is fitted exactly, whatever they are, and so says nothing of others; 0 where
        the part of low rank is chosen by how it fits them.
    jackknife : Jackknife
    """

    reach: Reach
    choose: Callable[[Problem, int], Chosen]
    least: int
    exact: int
    jackknife: Jackknife


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """Cells to fit and cells to average, in one matrix."""

    t: Trajectories
    observed: Mask
    cells: tuple[tuple[int, Mask], ...]
    s: Treatment

    @property
    def units(self) -> Mask:
        return np.asarray(self.observed.any(axis=1))

    @property
    def periods(self) -> Mask:
        return np.asarray(self.observed.any(axis=0))

    def problem(self, keep: Mask) -> Problem:
        """Matrix of some units and all periods."""
        chosen = np.ix_(keep, self.periods)
        controls = np.nan_to_num(self.t.controls)[:, keep][:, :, self.periods]
        return Problem(np.nan_to_num(self.t.outcome[chosen]), self.observed[chosen], controls)

    def average(self, fitted: Floats, keep: Mask) -> Floats:
        """Mean outcome less fit by event time; missing where there is none."""
        whole, covered = np.full(self.t.shape, np.nan), np.ix_(keep, self.periods)
        seen = np.asarray((self.observed & keep[:, None]).any(axis=0))
        whole[covered] = np.where(seen[self.periods], self.t.outcome[covered] - fitted, np.nan)
        effect = [whole[members & ~np.isnan(whole)] for _, members in self.cells]
        return np.array([part.mean() if len(part) else np.nan for part in effect])


def check(method: Method, panel: Panel, design: Design) -> None:
    """Refuse designs that a completed matrix has no place for.

    Parameters
    ----------
    method : Method
    panel : Panel
    design : Design

    Raises
    ------
    DesignError
    """
    reference(method.name, design)
    units_and_periods(method, panel, design)
    without(method, design, "weights", "offset")


def uses(t: Trajectories, design: Design, recipe: Recipe) -> Uses:
    """Say what is done with every event and row.

    Parameters
    ----------
    t : Trajectories
    design : Design
    recipe : Recipe
    """
    return _uses(design, recipe, _plans(t, design, recipe))


def _uses(design: Design, recipe: Recipe, plans: tuple[_Plan, ...]) -> Uses:
    main = plans[0]
    averaged, fitted = np.zeros(main.t.shape, dtype=bool), np.zeros(main.t.shape, dtype=bool)
    for plan in plans:
        mine = np.logical_or.reduce([np.zeros_like(averaged), *(members for _, members in plan.cells)])
        # A unit that is fitted exactly says something of its own counterfactual only.
        says = (plan.observed.sum(axis=1) > recipe.exact) | mine.any(axis=1)
        averaged |= mine
        fitted |= plan.observed & says[:, None] & bool(plan.cells)
    own = np.logical_or.reduce([np.zeros_like(averaged), *(m for k, m in main.cells if k >= 0)])
    found = classified(main.t, design, main.s, own, fitted)
    return replace(found, rows=averaged | fitted)


def _plans(t: Trajectories, design: Design, recipe: Recipe) -> tuple[_Plan, ...]:
    """One matrix for effects and, where leads are asked for, one in which the periods before events are hidden."""
    ahead = recipe.reach.anticipation
    times = design.window.event_times
    effects = _plan(t, design, recipe, recipe.reach, [k for k in times if k >= -ahead])
    early = [k for k in times if k < -ahead]
    if not early:
        return (effects,)
    hidden = replace(recipe.reach, anticipation=-min(early))
    return effects, _plan(t, design, recipe, hidden, early)


def _plan(t: Trajectories, design: Design, recipe: Recipe, reach: Reach, times: list[int]) -> _Plan:
    s = treatment(t, design, reach)
    observed = s.untreated & t.inside
    while True:
        enough = (observed.sum(axis=1) >= recipe.least)[:, None] & (observed.sum(axis=0) >= recipe.least)
        if (observed == (observed & enough)).all():
            break
        observed &= enough
    observed = _largest_part(observed)
    plan = _Plan(t, observed, (), s)
    told = t.inside & plan.units[:, None] & plan.periods
    cells = [(k, told & (s.time == k)) for k in times]
    return replace(plan, cells=tuple((k, members) for k, members in cells if members.any()))


def _largest_part(observed: Mask) -> Mask:
    part = two_way(observed.astype(np.float64), np.empty((0, *observed.shape))).part_of_unit
    if part.max(initial=-1) <= 0:
        return observed
    rows = np.bincount(part[part >= 0], weights=observed.sum(axis=1)[part >= 0])
    return np.asarray(observed & (part == rows.argmax())[:, None])


def effects(t: Trajectories, design: Design, recipe: Recipe) -> Effects:
    """Effects in one group.

    Parameters
    ----------
    t : Trajectories
    design : Design
    recipe : Recipe
    """
    plans = _plans(t, design, recipe)
    found = _uses(design, recipe, plans)
    gone = dict.fromkeys(design.window.event_times, NO_ROWS)
    times, coef, influence, facts = list[int](), list[Floats](), list[Floats](), list[tuple[str, str]]()
    if not plans[0].observed.any() or not any(plan.cells for plan in plans):
        return Effects((), np.empty(0), np.empty((t.shape[0], 0)), found, dropped=tuple(gone.items()))
    try:
        chosen = recipe.choose(plans[0].problem(plans[0].units), design.window.lags + 1)
        for plan in reversed([plan for plan in plans if plan.cells]):
            made, theta, spread, groups = _estimated(plan, chosen.part, recipe.jackknife)
            kept: Mask = np.asarray(~np.isnan(spread).any(axis=0))
            gone |= {k: ONE_CLUSTER for (k, _), ok in zip(plan.cells, kept, strict=True) if not ok}
            times += [k for (k, _), ok in zip(plan.cells, kept, strict=True) if ok]
            coef.append(theta[kept])
            influence.append(spread[:, kept])
            facts = [*chosen.facts, *_facts(made, groups, recipe.jackknife, len(np.unique(t.cluster[plan.units])))]
    except ArithmeticError as error:
        raise IdentificationError(
            "The matrix of outcomes could not be completed.", str(error), "use fewer factors, or a larger penalty"
        ) from error
    dropped = tuple((k, why) for k, why in gone.items() if k not in times)
    return Effects(
        tuple(times), np.concatenate(coef), np.hstack(influence), found, dropped=dropped, facts=tuple(facts), base=BASE
    )


def _estimated(plan: _Plan, part: Rank, jackknife: Jackknife) -> tuple[Completed, Floats, Floats, int]:
    """Completed matrix, effects, what each unit adds to their error, and the number of groups left out in turn."""
    units = plan.units
    problem = plan.problem(units)
    made = completed(problem, part, problem.start())
    theta = plan.average(made.fitted, units)
    group = jackknife.of(np.where(units, plan.t.cluster, -1))
    number = int(group.max()) + 1
    without = np.empty((number, len(theta)))
    for g in range(number):
        keep = units & (group != g)
        again = completed(plan.problem(keep), part, made.fitted[keep[units]], ROUGH)
        without[g] = plan.average(again.fitted, keep)
    influence = np.zeros((plan.t.shape[0], len(theta)))
    first = [int(np.flatnonzero(group == g)[0]) for g in range(number)]
    influence[first] = np.sqrt((number - 1) / number) * (without.mean(axis=0) - without)
    return made, theta, influence, number


def _facts(made: Completed, groups: int, jackknife: Jackknife, clusters: int) -> list[tuple[str, str]]:
    errors = f"jackknife over {groups} clusters"
    if groups < clusters:
        errors = f"jackknife over {groups} random groups of {clusters} clusters, seed {jackknife.seed}"
    return [
        ("Certificate", f"one more step moves no fit by more than {made.moved:.0e} residual standard deviations"),
        ("Standard errors", errors),
    ]
