"""Imputation: effects of events that return, from what untreated rows say the outcome would have been.

Borusyak, Jaravel and Spiess (2024, doi:10.1093/restud/rdae007) for events that happen once; for treatment that switches
off and on again Liu, Wang and Xu (2024, doi:10.1111/ajps.12723).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from eventpanel.datasets.errors import DesignError, IdentificationError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.imputation import Averages, Counterfactual, averages, leads, linear, means
from eventpanel.estimators.core.settled import NothingLeft
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.method import Effects, estimated, two_way, without
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.treatment import LAGS, Reach, Treatment, classified, reference, told_apart, treatment
from eventpanel.estimators.uses import Uses

__all__ = ["Imputation", "imputation"]

BASE = "left out of the leads: they are compared with this and all earlier untreated periods"
NO_ROWS = "no row at this event time can be imputed"
NO_LEAD = "untreated rows do not tell this lead from unit and period effects"
NO_OUTCOME = "no positive outcome at this event time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imputation:
    """Imputation with its options; see :func:`imputation`."""

    reach: Reach = LAGS
    model: Literal["linear", "poisson"] = "linear"
    averaging: Literal["event_time", "period"] = "event_time"

    def __post_init__(self) -> None:
        for what, value, allowed in (
            ("model", self.model, ("linear", "poisson")),
            ("averaging", self.averaging, ("event_time", "period")),
        ):
            if value not in allowed:
                raise DesignError(f"Unknown {what} {value!r}.", "", f"use {' or '.join(map(repr, allowed))}")

    @property
    def name(self) -> str:
        """Name of the function that runs it."""
        return "imputation"

    @property
    def estimand(self) -> str:
        """What it estimates, in one sentence."""
        what = "logarithm of mean outcome over mean imputed outcome" if self.model == "poisson" else "mean effect"
        return (
            f"The {what} over all event rows of the sample by periods since the most recent event, against the outcome "
            f"that untreated rows predict for the same unit and period; {self.reach.rule}."
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it assumes; each a sentence."""
        trend = "Untreated outcomes are unit effects plus period effects plus noise (parallel trends in every period)."
        if self.model == "poisson":
            trend = "Untreated means are unit effects times period effects (parallel growth in every period)."
        return (trend, *self.reach.assumptions)

    def check(self, panel: Panel, design: Design) -> None:
        """Refuse a design that the method does not fit."""
        reference(self.name, design)
        two_way(self, panel, design)
        if self.model == "linear":
            without(self, design, "offset")

    def uses(self, t: Trajectories, design: Design) -> Uses:
        """Say what is done with every event and row; for Poisson means it rests on which outcomes are zero."""
        return self.effects(t, design).uses

    def effects(self, t: Trajectories, design: Design) -> Effects:
        """Effects in one group."""
        found = _Run(self, t, design, treatment(t, design, self.reach))
        return found.effects()


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """One group with its treatment."""

    method: Imputation
    t: Trajectories
    design: Design
    s: Treatment

    def effects(self) -> Effects:
        t, times = self.t, self.design.window.event_times
        untreated = self.s.untreated & t.inside & (t.weights > 0)
        if not untreated.any():
            nothing = np.zeros(t.shape, dtype=bool)
            uses = classified(t, self.design, self.s, nothing, nothing)
            dropped = tuple((k, "no row is untreated") for k in times)
            return Effects((), np.empty(0), np.empty((t.shape[0], 0)), uses, dropped=dropped)
        fit = self.fit(untreated, self.controls)
        told_apart(self.method.name, self.design, fit.system.collinear)
        imputed = t.inside & (t.weights > 0) & fit.system.reached
        before, gone = self.leads(untreated)
        kept, cells = [], []
        for k in (k for k in times if k >= -self.method.reach.anticipation):
            members = imputed & (self.s.time == k)
            positive = not fit.is_poisson or (t.outcome[members] > 0).any()
            if members.any() and positive:
                kept.append(k)
                cells.append(members)
            else:
                gone[k] = NO_OUTCOME if members.any() else NO_ROWS
        after = averages(fit, t.outcome, t.weights, cells, by_period=self.method.averaging == "period")
        return self.put_together(before, (kept, cells, after), gone, fit)

    def put_together(
        self,
        before: tuple[list[int], Averages | None],
        after: tuple[list[int], list[Mask], Averages],
        gone: dict[int, str],
        fit: Counterfactual,
    ) -> Effects:
        kept, cells, found = after
        parts = [found] if before[1] is None else [before[1], found]
        averaged = np.logical_or.reduce([np.zeros(self.t.shape, dtype=bool), *cells])
        weighted = np.logical_or.reduce([part.weighted for part in parts])
        return Effects(
            event_times=(*before[0], *kept),
            coef=np.concatenate([part.coef for part in parts]),
            influence=np.hstack([part.influence for part in parts]),
            uses=classified(self.t, self.design, self.s, averaged, weighted),
            dropped=tuple(sorted(gone.items())),
            facts=self.facts(fit, averaged),
            base=BASE,
        )

    @property
    def controls(self) -> Floats:
        return np.nan_to_num(self.t.controls)

    def fit(self, untreated: Mask, columns: Floats) -> Counterfactual:
        y, weights = self.t.outcome, np.where(untreated, self.t.weights, 0.0)
        if self.method.model == "linear":
            return linear(y, weights, columns)
        if (y[self.t.inside] < 0).any():
            raise DesignError(
                f"The outcome {self.design.outcome!r} has negative values; a Poisson mean cannot.",
                f"the lowest {np.nanmin(y):g}",
                "use model='linear', or another outcome",
            )
        try:
            return means(y, weights, columns, np.nan_to_num(self.t.offset))
        except ArithmeticError as error:
            zero = isinstance(error, NothingLeft)
            raise IdentificationError(
                "No outcome of the untreated rows can be fitted." if zero else "The Poisson means could not be fitted.",
                str(error),
                "use model='linear', or other events",
            ) from error

    def leads(self, untreated: Mask) -> tuple[tuple[list[int], Averages | None], dict[int, str]]:
        """Regress untreated outcomes on leads of the event, as Borusyak, Jaravel and Spiess test for trends before."""
        asked = [k for k in self.design.window.event_times if k < -self.method.reach.anticipation]
        told, gone = untreated & (self.s.lead >= 0), dict[int, str]()
        lost = np.array([not (told & (self.s.lead == -k)).any() for k in asked], dtype=bool)
        while True:
            gone |= {k: NO_LEAD for k, is_lost in zip(asked, lost, strict=True) if is_lost}
            asked = [k for k in asked if k not in gone]
            if not asked:
                return ([], None), gone
            fit = self.lead_fit(told, asked)
            lost = fit.system.collinear[len(self.controls) :]
            if not lost.any():
                return (asked, leads(fit, len(asked))), gone

    def lead_fit(self, told: Mask, asked: list[int]) -> Counterfactual:
        columns = np.array([self.s.lead == -k for k in asked], dtype=np.float64).reshape(-1, *self.t.shape)
        return self.fit(told, np.concatenate([self.controls, columns]))

    def facts(self, fit: Counterfactual, averaged: Mask) -> tuple[tuple[str, str], ...]:
        reach, inside = self.method.reach, self.t.inside
        in_question = (
            inside & (self.s.time >= -self.method.reach.anticipation) & (self.s.time <= self.design.window.lags)
        )
        facts = [
            ("Carry-over", f"{reach.periods(self.design)} periods after an event count as treated"),
            ("Untreated rows that impute", str(int((fit.system.weights > 0).sum()))),
            ("Treated rows without a counterfactual", str(int((in_question & ~averaged).sum()))),
        ]
        if fit.is_poisson:
            facts.append(("Effects", "logarithms of ratios of means, as coefficients of ppml"))
        return tuple(facts)


def imputation(
    panel: Panel,
    design: Design,
    *,
    reach: Reach = LAGS,
    model: Literal["linear", "poisson"] = "linear",
    averaging: Literal["event_time", "period"] = "event_time",
) -> Estimate:
    """Estimate effects by imputing what outcomes would have been, from untreated rows alone.

    Parameters
    ----------
    panel : Panel
        The whole event record, also outside the sample.
    design : Design
        Events of one size; fixed effects of units and periods; a window with ``reference=None``, or -1 to leave that
        lead out. For a status that switches on and off, an event of kind ``"change"``.
    reach : Reach
        How long events are felt, and whom rows near several events count for. Effects in periods of anticipation are
        imputed too: the placebo test of Liu, Wang and Xu. Earlier leads are regressors on untreated rows.
    model : {"linear", "poisson"}
        ``"poisson"`` imputes means ``exp(unit + period + controls + offset)``; effects are logs of ratios of sums.
    averaging : {"event_time", "period"}
        Effects that vary make the variance too large: by their spread around the mean at their event time, or around
        that of their period and event time, as with cohorts, which needs several events in each period.

    Returns
    -------
    Estimate

    Raises
    ------
    DesignError
        And its branches: events of several sizes, other fixed effects, controls that the effects explain.

    Warns
    -----
    EstimationWarning
        Few clusters, event times that could not be estimated.

    References
    ----------
    Borusyak, Jaravel and Spiess 2024, doi:10.1093/restud/rdae007; Liu, Wang and Xu 2024, doi:10.1111/ajps.12723.

    Examples
    --------
    See docs/methods/imputation.md.
    """
    return estimated(Imputation(reach=reach, model=model, averaging=averaging), panel, design)
