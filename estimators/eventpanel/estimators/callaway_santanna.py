"""Callaway and Sant'Anna: effects of each cohort in each period by two-by-two comparisons, averaged over cohorts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from eventpanel.datasets.errors import DesignError, WindowError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.adoption import NEVER
from eventpanel.estimators.cohort_path import path_effects, path_uses
from eventpanel.estimators.cohorts import Cohorts, Pairs, averaged, cohorts, pairs_of, shares
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.two_by_two import Adjustment, Change, Comparison, compare
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.method import BASE, Effects, base_period, estimated, two_way, without
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.uses import Uses

__all__ = ["CallawaySantanna", "callaway_santanna"]

EARLY = "the event happens in the first period, before which there is none"


@dataclass(frozen=True)
class CallawaySantanna:
    """Callaway and Sant'Anna (2021), as a value.

    Parameters
    ----------
    compared : {"not_yet", "never"}
        Comparisons: units whose event is still to come or never comes, or only the latter.
    adjust : {"doubly_robust", "regression", "weighting"}
        What the controls of the design, taken in the base period, are used for.
    base : {"universal", "varying"}
        Leads are changes up to the period before the event, or changes of one period.
    """

    compared: Literal["not_yet", "never"] = "not_yet"
    adjust: Adjustment = "doubly_robust"
    base: Literal["universal", "varying"] = "universal"

    def __post_init__(self) -> None:
        for what, held, choices in (
            ("comparison", self.compared, ("not_yet", "never")),
            ("adjustment", self.adjust, ("doubly_robust", "regression", "weighting")),
            ("base", self.base, ("universal", "varying")),
        ):
            if held not in choices:
                raise DesignError(f"Unknown {what} {held!r}.", "callaway_santanna", f"choose one of {choices}")

    @property
    def name(self) -> str:
        """Name of the function that runs it."""
        return "callaway_santanna"

    @property
    def estimand(self) -> str:
        """What it estimates."""
        others = "never strikes" if self.compared == "never" else "has not struck yet, or never strikes"
        return (
            "The average effect of an event that happens once, by periods since it, over units whose event time is "
            f"seen; compared with units that it {others}."
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it assumes."""
        return (
            "Without the event, a cohort and those it is compared with would show the same trend, given controls.",
            "The event happens once or stays on, and nothing moves in anticipation of it.",
        )

    def check(self, panel: Panel, design: Design) -> None:
        """Refuse what has no place."""
        two_way(self, panel, design)
        without(self, design, "offset")
        if self.base == "universal":
            base_period(self, design)
        elif design.window.reference is not None or design.window.ends != "none":
            raise WindowError(
                "With base='varying' leads are changes of one period, and none is the reference.",
                f"reference={design.window.reference}, ends={design.window.ends!r}",
                "use reference=None and ends='none', or base='universal'",
            )

    def found(self, t: Trajectories, design: Design, wanted: Callable[[Codes], Mask]) -> TwoByTwos:
        """Effects of cohorts in the periods whose event time is wanted."""
        c = cohorts(t, self.name, design)
        pairs = pairs_of(c, wanted)
        # With one base for all, the base period compared with itself says nothing.
        says = pairs.event_time != -1 if self.base == "universal" else np.ones(len(pairs.cohort), dtype=bool)
        return TwoByTwos(self, c, t.controls[:, c.units], pairs.only(says))

    def _of_path(self, t: Trajectories, design: Design) -> TwoByTwos:
        return self.found(t, design, lambda since: np.isin(since, design.window.event_times))

    def uses(self, t: Trajectories, design: Design) -> Uses:
        """Say what is done with every event and row."""
        return path_uses(self._of_path(t, design), t, design)

    def effects(self, t: Trajectories, design: Design) -> Effects:
        """Average effects by event time."""
        base = BASE if self.base == "universal" else "none: leads are changes of one period"
        return path_effects(self._of_path(t, design), t, design, base)


@dataclass(frozen=True)
class TwoByTwos:
    """The comparisons of a panel.

    Attributes
    ----------
    method : CallawaySantanna
    cohorts : Cohorts
    controls : ndarray, shape (c, n, T)
    asked : Pairs
    """

    method: CallawaySantanna
    cohorts: Cohorts
    controls: Floats
    asked: Pairs

    parameters = 0

    @cached_property
    def _grids(self) -> tuple[Floats, Floats, Floats]:
        """Outcome, weights and controls with periods first, so that units lie together."""
        c = self.cohorts
        across = np.ascontiguousarray(np.moveaxis(self.controls, 2, 0))
        return np.ascontiguousarray(c.outcome.T), np.ascontiguousarray(c.weights.T), across

    @cached_property
    def _all(self) -> list[tuple[Codes, Codes, Comparison] | str]:
        return [self._one(*pair) for pair in zip(self.asked.cohort, self.asked.period, strict=True)]

    def base(self, cohort: int, period: int) -> int:
        """Period that a period of a cohort is compared with."""
        start = int(self.cohorts.starts[cohort])
        return period - 1 if self.method.base == "varying" and period < start else start - 1

    def others(self, cohort: int, latest: int) -> list[slice]:
        """Units that a cohort is compared with, as runs of sorted units, none struck up to some period."""
        c = self.cohorts
        last = NEVER if self.method.compared == "never" else latest + 1
        first = int(np.searchsorted(c.starts, last))
        runs = [(first, cohort), (cohort + 1, len(c.starts))] if first <= cohort else [(first, len(c.starts))]
        return [slice(int(c.bounds[a]), int(c.bounds[b])) for a, b in runs if a < b]

    def _one(self, cohort: int, period: int) -> tuple[Codes, Codes, Comparison] | str:
        base, bounds = self.base(cohort, period), self.cohorts.bounds
        if base < 0:
            return EARLY
        at = self._seen([slice(int(bounds[cohort]), int(bounds[cohort + 1]))], period, base)
        with_ = self._seen(self.others(cohort, max(period, base)), period, base)
        if not len(at):
            return "no unit is seen both then and in the base period"
        if not len(with_):
            return "no comparison is left that is seen both then and in the base period"
        found = compare(self._change(at, period, base), self._change(with_, period, base), self.method.adjust)
        return found if isinstance(found, str) else (at, with_, found)

    def _seen(self, runs: list[slice], period: int, base: int) -> Codes:
        weights = self._grids[1]
        each = [np.flatnonzero((weights[period, run] > 0) & (weights[base, run] > 0)) + run.start for run in runs]
        return np.concatenate([np.empty(0, dtype=np.int64), *each])

    def _change(self, units: Codes, period: int, base: int) -> Change:
        outcome, weights, controls = self._grids
        x = np.vstack([np.ones(len(units)), controls[base][:, units]]).T
        return Change(outcome[period, units] - outcome[base, units], weights[base, units], x)

    @cached_property
    def _known(self) -> Mask:
        return np.array([not isinstance(one, str) for one in self._all], dtype=bool)

    @property
    def pairs(self) -> Pairs:
        """Pairs whose effect is identified."""
        return self.asked.only(self._known)

    @property
    def missing(self) -> tuple[Pairs, tuple[str, ...]]:
        """Pairs whose effect is not, and why."""
        return self.asked.only(~self._known), tuple(one for one in self._all if isinstance(one, str))

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What a table note says."""
        m = self.method
        kept = (("Compared with", m.compared.replace("_", " ")), ("Base", m.base))
        return (*kept, ("Adjustment", m.adjust)) if len(self.controls) else kept

    @cached_property
    def mass(self) -> Floats:
        """What a unit counts in the size of its cohort: its mean weight if it is in a comparison, shape (n, T)."""
        w, seen = self.cohorts.weights, np.zeros(len(self.cohorts.units), dtype=bool)
        for one in self._all:
            if not isinstance(one, str):
                seen[one[0]] = True
        mean = np.where(seen, w.sum(axis=1), 0.0) / np.maximum((w > 0).sum(axis=1), 1)
        return np.repeat(mean[:, None], w.shape[1], axis=1)

    def average(self, sets: Floats) -> tuple[Floats, Floats]:
        """Averages by the sizes of cohorts, which are estimated too."""
        known = [one for one in self._all if not isinstance(one, str)]
        effects = np.array([comparison.effect for _, _, comparison in known])
        means, out = averaged(sets, self.pairs, self.cohorts, self.mass, effects)
        weights = shares(sets, self.pairs, self.cohorts, self.mass)
        for j, (at, with_, comparison) in enumerate(known):
            for k in np.flatnonzero(weights[:, j]):
                out[at, k] += weights[k, j] * comparison.treated
                out[with_, k] += weights[k, j] * comparison.others
        return means, out

    def carries(self, sets: Floats) -> Mask:
        """Rows of the units in some comparison."""
        rows = np.zeros(self.cohorts.outcome.shape, dtype=bool)
        known = [one for one in self._all if not isinstance(one, str)]
        wanted = np.asarray(sets.any(axis=0))
        for j, (at, with_, _) in enumerate(known):
            if wanted[j]:
                period = int(self.pairs.period[j])
                for when in (period, self.base(int(self.pairs.cohort[j]), period)):
                    rows[at, when] = rows[with_, when] = True
        return rows


def callaway_santanna(
    panel: Panel,
    design: Design,
    *,
    compared: Literal["not_yet", "never"] = "not_yet",
    adjust: Adjustment = "doubly_robust",
    base: Literal["universal", "varying"] = "universal",
) -> Estimate:
    """Estimate the effects of an event that happens once, by periods since it.

    Parameters
    ----------
    panel : Panel
    design : Design
        Window with reference -1, or ``None`` for ``base="varying"``; controls are taken in the base period.
    compared : {"not_yet", "never"}
        Comparisons: units whose event is still to come or never comes, or only the latter.
    adjust : {"doubly_robust", "regression", "weighting"}
        What controls are used for.
    base : {"universal", "varying"}
        Leads are changes up to the period before the event, or changes of one period.

    Raises
    ------
    RecurringEventError
        An event that returns.
    DesignError
        And its branches.

    References
    ----------
    Callaway and Sant'Anna 2021, doi:10.1016/j.jeconom.2020.12.001.

    Examples
    --------
    See docs/methods/callaway_santanna.md.
    """
    return estimated(CallawaySantanna(compared, adjust, base), panel, design)
