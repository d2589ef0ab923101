"""stacked_did: a sub-experiment for each period of events, clean over its window, stacked with corrective weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.clean_windows import (
    NOT_CLEAN,
    RULES,
    Rule,
    Unrecorded,
    Windows,
    assumed,
    check_rule,
    quiet_facts,
    windows,
)
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.shifts import shifted
from eventpanel.estimators.core.stacks import Experiment, stacked
from eventpanel.estimators.covariance import Counts
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.horizons import NO_CONTROL
from eventpanel.estimators.method import Effects, base_period, estimated, two_way, without
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.uses import NO_WINDOW, Uses, compared

__all__ = ["StackedDid", "stacked_did"]

PeriodEffects = Literal["stack", "pooled"]
PERIOD_EFFECTS = ("stack", "pooled")


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Periods of units that are treated or controls of a sub-experiment; reasons of the events that are not.

    Attributes
    ----------
    treated, control : ndarray of bool, shape (U, T)
    clean : ndarray of bool, shape (U, T)
        Events without another in their window.
    whole : ndarray of bool, shape (U, T)
        Periods whose window has all outcomes.
    """

    treated: Mask
    control: Mask
    clean: Mask
    whole: Mask


@dataclass(frozen=True, slots=True)
class StackedDid:
    """Stacked difference-in-differences with corrective weights; options as of :func:`stacked_did`."""

    rule: Rule
    quiet: int | None = None
    unrecorded: Unrecorded = "unknown"
    period_effects: PeriodEffects = "stack"

    def __post_init__(self) -> None:
        check_rule(self.rule, self.quiet, self.unrecorded)
        if self.period_effects not in PERIOD_EFFECTS:
            raise DesignError(
                f"Unknown period_effects {self.period_effects!r}.", "", f"choose one of {', '.join(PERIOD_EFFECTS)}"
            )

    @property
    def name(self) -> str:
        """Name of the function that runs it."""
        return "stacked_did"

    @property
    def estimand(self) -> str:
        """What it estimates, in one sentence."""
        return (
            "The mean effect over all events with a clean and complete window, the same at every event time, each "
            f"counted once, against units with a clean window of the same periods: {RULES[self.rule]}."
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it assumes; each a sentence."""
        alike = "without the event, treated units and clean controls of a sub-experiment would have changed alike"
        return assumed(self.rule, f"Parallel trends: {alike}.")

    def check(self, panel: Panel, design: Design) -> None:
        """Refuse a design that the method does not fit."""
        base_period(self, design)
        two_way(self, panel, design)
        without(self, design, "controls", "weights", "offset")

    def uses(self, t: Trajectories, design: Design) -> Uses:
        """Say what is done with every event and row of one group."""
        clean = windows(t, self, design.window.lags, self.name)
        return self._uses(t, design, clean, self._cells(t, design, clean))

    def effects(self, t: Trajectories, design: Design) -> Effects:
        """Effects in one group."""
        clean = windows(t, self, design.window.lags, self.name)
        cells = self._cells(t, design, clean)
        uses = self._uses(t, design, clean, cells)
        times = design.window.event_times
        experiments = [_experiment(t, cells, at, times) for at in np.flatnonzero(cells.treated.any(axis=0)).tolist()]
        if not experiments:
            why = tuple((k, "no event with a clean window and clean controls") for k in times)
            return Effects((), np.empty(0), np.empty((t.shape[0], 0)), uses, dropped=why)
        coef, influence = stacked(experiments, t.shape[0], pooled=self.period_effects == "pooled")
        return Effects(
            event_times=times,
            coef=coef,
            influence=influence,
            uses=uses,
            counts=(self._counts(t, experiments, len(times)),) * len(times),
            facts=(*quiet_facts(self, design.window.lags), *self._facts(experiments)),
        )

    def _cells(self, t: Trajectories, design: Design, clean: Windows) -> _Cells:
        first, last = -design.window.leads, design.window.lags
        whole = np.logical_and.reduce([shifted(t.inside, -k, fill=False) for k in range(first, last + 1)])
        apart = clean.treated(first, last)
        treated, control = apart & whole, clean.control(first, last) & whole
        both = treated.any(axis=0) & control.any(axis=0)
        return _Cells(treated & both, control & both, apart, whole)

    def _uses(self, t: Trajectories, design: Design, clean: Windows, cells: _Cells) -> Uses:
        times = range(-design.window.leads, design.window.lags + 1)
        rows = np.logical_or.reduce([shifted(cells.treated | cells.control, k, fill=False) for k in times])
        compares = np.logical_or.reduce([shifted(cells.control, k, fill=False) for k in times])
        events = t.events
        why, words = clean.reasons(events)
        further = len(words) + np.select([~cells.clean, ~cells.whole], [0, 1], 2)
        reason = np.where(events & ~cells.treated, np.where(why >= 0, why, further), -1)
        used = events & cells.treated
        near = compared(events, compares, design.window.lags)
        return Uses(used, near, rows, reason, (*words, NOT_CLEAN, NO_WINDOW, NO_CONTROL))

    def _counts(self, t: Trajectories, experiments: list[Experiment], k: int) -> Counts:
        """Rows, clusters and parameters of the regression on the stack."""
        members = sum(len(each.treated) + len(each.control) for each in experiments)
        present = np.unique(np.concatenate([np.r_[each.treated, each.control] for each in experiments]))
        clusters = len(np.unique(t.cluster[present]))
        if self.period_effects == "pooled":
            return Counts(members * (k + 1), clusters, k, 2 + k, 0, 1 + k)
        periods = len(experiments) * k
        return Counts(members * (k + 1), clusters, k, members + periods, members, len(experiments) * (k + 1) - 1)

    def _facts(self, experiments: list[Experiment]) -> tuple[tuple[str, str], ...]:
        events = sum(len(each.treated) for each in experiments)
        controls = [len(each.control) for each in experiments]
        effects = "of treated and event times" if self.period_effects == "pooled" else "of units and periods by stack"
        return (
            ("Sub-experiments", f"{len(experiments)}, with {events} events"),
            ("Clean controls", f"{min(controls)} to {max(controls)} a sub-experiment, {sum(controls)} in all"),
            ("Residuals", f"those of the weighted regression with effects {effects}"),
        )


def _experiment(t: Trajectories, cells: _Cells, at: int, times: tuple[int, ...]) -> Experiment:
    treated, control = np.flatnonzero(cells.treated[:, at]), np.flatnonzero(cells.control[:, at])
    columns = np.array([at + k for k in times])

    def change(units: Codes) -> Floats:
        return np.asarray(t.outcome[units[:, None], columns] - t.outcome[units, at - 1][:, None])

    return Experiment(treated, control, change(treated), change(control))


def stacked_did(
    panel: Panel,
    design: Design,
    *,
    rule: Rule,
    quiet: int | None = None,
    unrecorded: Unrecorded = "unknown",
    period_effects: PeriodEffects = "stack",
) -> Estimate:
    """Stack the events of each period with their clean controls, and weight controls as the treated are spread.

    Treated units and controls have a window, from the leads to the lags, that lies within the panel, has all outcomes,
    and in which no other event moves them. Treated units weigh one; controls so that each sub-experiment has the same
    share of controls as of treated. The estimates are the trimmed aggregate effects on the treated.

    Parameters
    ----------
    panel : Panel
    design : Design
        A window with reference -1; fixed effects of units and periods; no controls, weights or offset; clusters of one
        way. A unit that is in many sub-experiments is in one cluster.
    rule : {"absorbing", "one_off", "stabilised"}
        As of :func:`eventpanel.estimators.lp_did.lp_did`, over the whole window.
    quiet : int, optional
        Periods after which an effect no longer changes: none other may begin in the window, nor so many periods before
        its second. ``None`` takes the lags of the window, and the facts say so.
    unrecorded : {"unknown", "quiet"}
        Whether periods before the first of a unit's record count as unknown, or as quiet.
    period_effects : {"stack", "pooled"}
        The regression whose residuals give the covariance: with effects of units and of periods by sub-experiment; or
        with effects of the treated and of event times, as published. The coefficients are the same.

    Raises
    ------
    DesignError
        And its branches: a dose, an event that returns under ``"absorbing"``, a design that the method does not fit,
        nothing to compare.

    References
    ----------
    Wing, Freedman and Hollingsworth 2024, doi:10.3386/w32054.

    Examples
    --------
    See docs/methods/stacked_did.md.
    """
    return estimated(StackedDid(rule, quiet, unrecorded, period_effects), panel, design)
