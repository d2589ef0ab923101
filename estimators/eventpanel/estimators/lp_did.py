"""lp_did: local projections of changes of the outcome, events against clean controls of the same period."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.clean_windows import (
    RULES,
    Rule,
    Unrecorded,
    Windows,
    assumed,
    check_rule,
    quiet_facts,
    windows,
)
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.horizons import Horizon, effect, horizons, used_in
from eventpanel.estimators.method import Effects, base_period, estimated, two_way, without
from eventpanel.estimators.path import Term
from eventpanel.estimators.trajectories import Trajectories, trajectories
from eventpanel.estimators.uses import Uses

__all__ = ["LpDid", "clean_controls", "lp_did"]

COUNTED = ("group", "event_time", "events", "controls", "periods")


@dataclass(frozen=True, slots=True)
class LpDid:
    """Local projections difference-in-differences, with two options more than :func:`lp_did`.

    Parameters
    ----------
    rule, quiet, reweight, pooled
        As of :func:`lp_did`.
    outcome_lags : int
        Changes of the outcome up to the period before the event, as further covariates.
    unrecorded : {"unknown", "quiet"}
        Whether periods before the first of a unit's record count as unknown, so that no window reaches there, or as
        quiet.

    Examples
    --------
    >>> LpDid("one_off", quiet=3, outcome_lags=1).name
    'lp_did'
    """

    rule: Rule
    quiet: int | None = None
    reweight: bool = False
    pooled: tuple[int, int] | None = None
    outcome_lags: int = 0
    unrecorded: Unrecorded = "unknown"

    def __post_init__(self) -> None:
        check_rule(self.rule, self.quiet, self.unrecorded)
        if self.outcome_lags < 0:
            raise DesignError("outcome_lags must not be negative.", f"outcome_lags={self.outcome_lags}", "0 for none")
        if self.pooled is None:
            return
        first, last = self.pooled
        if not (0 <= first <= last or first <= last <= -2):
            raise DesignError(
                "A pooled effect is over event times from 0 on, or over those before the base period.",
                f"pooled={self.pooled}",
                "for example (0, 2), or (-3, -2)",
            )
        if -self.outcome_lags - 1 <= first <= -2:
            raise DesignError(
                "The lags of the outcome explain the pooled placebo by construction.",
                f"pooled={self.pooled}, outcome_lags={self.outcome_lags}",
                "use fewer lags of the outcome",
            )

    @property
    def name(self) -> str:
        """Name of the function that runs it."""
        return "lp_did"

    @property
    def estimand(self) -> str:
        """What it estimates, in one sentence."""
        weights = "all alike" if self.reweight else "by the variance of the event within the period"
        reach = "" if self.pooled is None else ", averaged over event times {} to {}".format(*self.pooled)
        return (
            f"The mean effect of clean events on the change of the outcome since the period before{reach}, against "
            f"clean controls of the same period, events counted {weights}: {RULES[self.rule]}."
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it assumes; each a sentence."""
        given = "any covariates and the lags of the outcome" if self.outcome_lags else "any covariates"
        alike = "without the event, treated and clean controls of a period would have changed alike"
        return assumed(self.rule, f"Parallel trends: {alike}, given {given}.")

    def check(self, panel: Panel, design: Design) -> None:
        """Refuse a design that the method does not fit."""
        base_period(self, design)
        two_way(self, panel, design)
        without(self, design, "offset")
        window = design.window
        if self.pooled is not None and not (-window.leads <= self.pooled[0] and self.pooled[1] <= window.lags):
            raise DesignError(
                "The pooled event times lie outside the window.",
                f"pooled={self.pooled}, window -{window.leads} to {window.lags}",
                "use a longer window, or fewer event times",
            )

    def uses(self, t: Trajectories, design: Design) -> Uses:
        """Say what is done with every event and row of one group."""
        clean = self.windows(t, design)
        return used_in(t, clean, self.horizons(t, design, clean), self.outcome_lags, design.window.lags)

    def effects(self, t: Trajectories, design: Design) -> Effects:
        """Effects in one group."""
        clean = self.windows(t, design)
        asked = self.horizons(t, design, clean)
        each = {h.event_time: effect(t, h, reweight=self.reweight) for h in asked}
        found = {k: one for k, one in each.items() if not isinstance(one, str)}
        failed = [(k, one) for k, one in each.items() if isinstance(one, str)]
        return Effects(
            event_times=tuple(found),
            coef=np.array([coef for coef, _, _ in found.values()]),
            influence=np.array([influence for _, influence, _ in found.values()]).reshape(-1, t.shape[0]).T,
            uses=used_in(t, clean, asked, self.outcome_lags, design.window.lags),
            counts=tuple(counts for _, _, counts in found.values()),
            dropped=tuple(sorted((*failed, *self._explained(design)))),
            facts=self._facts(design, asked),
        )

    def run(self, panel: Panel, design: Design) -> Estimate:
        """Estimate it; a pooled effect has no event time of its own."""
        estimate = estimated(self, panel, design)
        if self.pooled is None:
            return estimate
        what = f"{design.event.column}, mean of event times {self.pooled[0]} to {self.pooled[1]}"
        terms = [Term(what + (f" [{term.group}]" if term.group else ""), None, term.group) for term in estimate.terms]
        return replace(estimate, terms=tuple(terms))

    def windows(self, t: Trajectories, design: Design) -> Windows:
        """Work out what happens around each period."""
        return windows(t, self, design.window.lags, self.name)

    def horizons(self, t: Trajectories, design: Design, clean: Windows) -> list[Horizon]:
        """Observations of each regression."""
        explained = {k for k, _ in self._explained(design)}
        targets: list[tuple[int, ...]] = [(k,) for k in design.window.event_times if k not in explained]
        if self.pooled is not None:
            targets = [tuple(range(self.pooled[0], self.pooled[1] + 1))]
        return list(horizons(t, clean, targets, self.outcome_lags))

    def _explained(self, design: Design) -> list[tuple[int, str]]:
        """Placebos that the lags of the outcome explain by construction."""
        why = "the changes of the outcome since then are among the covariates"
        times = () if self.pooled is not None else design.window.event_times
        return [(k, why) for k in times if -self.outcome_lags - 1 <= k <= -2]

    def _facts(self, design: Design, asked: list[Horizon]) -> tuple[tuple[str, str], ...]:
        weights = "every event alike" if self.reweight else "by the variance of the event within the period"
        counted = [(h.event_time, *h.counted) for h in asked]
        return (
            *quiet_facts(self, design.window.lags),
            ("Weights of events", weights),
            *(
                (f"At event time {k}", f"{events} events, {controls} clean controls, {periods} periods")
                for k, events, controls, periods in counted
            ),
        )


def lp_did(
    panel: Panel,
    design: Design,
    *,
    rule: Rule,
    quiet: int | None = None,
    reweight: bool = False,
    pooled: tuple[int, int] | None = None,
) -> Estimate:
    """Regress changes of the outcome on the event among clean events and clean controls, for each event time.

    Further options are those of :class:`LpDid`, whose ``run(panel, design)`` does the same. The change is that from the
    period before the event; each event time has its own regression on the event, period
    effects and covariates. Covariates (``design.controls``) and weights are taken in the period before the event.

    Parameters
    ----------
    panel : Panel
    design : Design
        A window with reference -1; fixed effects of units and periods; clusters of one way.
    rule : {"absorbing", "one_off", "stabilised"}
        ``"absorbing"``: the event happens once; controls are units without it until the later outcome.
        ``"one_off"``: events last one period and may recur; treated and controls have no other event in the ``quiet``
        periods before, nor until the later outcome. ``"stabilised"``: a status that turns on and may turn off; it
        turns on for the treated, stays for controls, and changes for neither in the ``quiet`` periods before nor until
        the later outcome.
    quiet : int, optional
        Periods after which an effect no longer changes. ``None`` takes the lags of the window, and the facts say so.
    reweight : bool
        Count every event alike, with covariates by regression adjustment; else events count by the variance of the
        event in their period.
    pooled : tuple of int, optional
        First and last event time of one pooled effect, on the mean outcome over them, instead of the path.

    Raises
    ------
    DesignError
        And its branches: a dose, an event that returns under ``"absorbing"``, a design that the method does not fit,
        nothing to compare.

    References
    ----------
    Dube, Girardi, Jorda and Taylor 2025, doi:10.1002/jae.70000.

    Examples
    --------
    See docs/methods/lp_did.md.
    """
    return LpDid(rule, quiet, reweight, pooled).run(panel, design)


def clean_controls(
    panel: Panel, design: Design, *, rule: Rule, quiet: int | None = None, unrecorded: Unrecorded = "unknown"
) -> pd.DataFrame:
    """Count clean events and their clean controls, before anything is estimated.

    Parameters
    ----------
    panel : Panel
    design : Design
    rule, quiet, unrecorded
        As of :func:`lp_did`.

    Returns
    -------
    DataFrame
        One row per group and event time: group, event_time, events (with a clean control in their period), controls
        (clean ones in these periods), periods.

    Raises
    ------
    DesignError
        As :func:`lp_did`.

    Examples
    --------
    See docs/methods/lp_did.md.
    """
    method = LpDid(rule, quiet, unrecorded=unrecorded)
    method.check(panel, design)
    whole = trajectories(panel, design)
    rows = []
    for t in map(whole.only, whole.names):
        asked = method.horizons(t, design, method.windows(t, design))
        rows += [(t.names[0], h.event_time, *h.counted) for h in asked]
    return pd.DataFrame(rows, columns=list(COUNTED))
