"""Matching on treatment histories in panels (Imai, Kim and Wang 2023, doi:10.1111/ajps.12685), for events that recur.

A unit whose status changes in a period is compared with units of the same period whose status was the same in all
periods of the history, and stays as it is. With w the weights of the units matched to it,

    effect at k = mean over changes (j, t) of (y_j,t+k - y_j,t-1) - sum_i w_i (y_i,t+k - y_i,t-1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.shifts import shifted
from eventpanel.estimators.design import Design
from eventpanel.estimators.eligible import keys, obstacles
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.finite import finite
from eventpanel.estimators.matching import Lagged, Matching, Refinement
from eventpanel.estimators.method import Effects, base_period, estimated, two_way, without
from eventpanel.estimators.pools import Found, Pool, pools, spread
from eventpanel.estimators.trajectories import Trajectories, on_or_off
from eventpanel.estimators.uses import NOT_BEGUN, Uses, compared

__all__ = ["Lagged", "Matching", "PanelMatch", "Refinement", "panel_match"]

Errors = Literal["centred", "fixed"]
Target = Literal["att", "art", "atc", "ate"]
# Sign, status before and status now of the units looked at; those they are matched to have the other status now.
DIRECTIONS: dict[Target, tuple[tuple[float, int, int], ...]] = {
    "att": ((1.0, 0, 1),),
    "art": ((1.0, 1, 0),),
    "atc": ((-1.0, 0, 0),),
    "ate": ((1.0, 0, 1), (-1.0, 0, 0)),
}
NOT_A_CHANGE = {
    "att": NOT_BEGUN,
    "art": "the status stays on, or is not known one period after",
}
UNMATCHED = "no unit of the same period and history, observed like it, to compare with"
TAKEN = {
    "att": "The mean effect of turning on: over the periods in which the status of a unit turns on",
    "art": "The mean effect of turning off: over the periods in which the status of a unit turns off",
    "atc": "The mean effect of turning on: over the periods in which the status of a unit stays off while that of "
    "another of its history turns on",
    "ate": "The mean effect of turning on: over the periods in which the status of a unit turns on, or stays off while "
    "that of another of its history turns on",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelMatch:
    """Matching on treatment histories, with its options.

    Parameters
    ----------
    matching : Matching
    refinement : Refinement, optional
        All units with the same history count the same without one.
    target : {"att", "art", "atc", "ate"}
        Averages over the units whose status turns on (att), turns off (art), stays off where others turn on (atc), or
        those of att and atc together (ate).
    errors : {"centred", "fixed"}
        ``"centred"``: what a unit adds to the error is measured from the mean change of those matched in its period and
        history, so that shocks common to them do not count. ``"fixed"``: as published, weights taken as given; a shock
        common to all units of a period counts as noise, since the weights of a unit do not add up to zero.

    Raises
    ------
    DesignError
        An unknown option, or a status that must last where units are looked at whose status does not change.

    Examples
    --------
    >>> PanelMatch(matching=Matching(history=4)).estimand.split(":")[0]
    'The mean effect of turning on'
    """

    matching: Matching
    refinement: Refinement | None = None
    target: Target = "att"
    errors: Errors = "centred"

    def __post_init__(self) -> None:
        if self.target not in TAKEN:
            raise DesignError(f"Unknown target {self.target!r}.", "", f"choose one of {', '.join(TAKEN)}")
        if self.errors not in ("centred", "fixed"):
            raise DesignError(f"Unknown errors {self.errors!r}.", "", "use 'centred' or 'fixed'")
        if self.matching.lasting and self.target in ("atc", "ate"):
            raise DesignError(
                "A status that must last is asked of units whose status changes.", self.target, "use 'att' or 'art'"
            )

    @property
    def name(self) -> str:
        """Name of the function that runs it."""
        return "panel_match"

    @property
    def estimand(self) -> str:
        """What it estimates, in one sentence."""
        lasting = ", where it lasts to the last lag" if self.matching.lasting else ", whatever comes later"
        return f"{TAKEN[self.target]}{lasting}; compared with units of the same period and history, {self._weighted}."

    @property
    def _weighted(self) -> str:
        if self.refinement is None:
            return "all equally"
        names = ", ".join(each.column for each in self.refinement.covariates)
        if self.refinement.by == "ps_weight":
            return f"by the odds of a propensity score on {names}"
        by = "Mahalanobis distance" if self.refinement.by == "mahalanobis" else "propensity score"
        return f"the {self.refinement.size} nearest by {by} on {names}"

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it assumes; each a sentence."""
        given = " and the same covariates" if self.refinement else ""
        return (
            f"Parallel trends: without the change, units would have changed like others with the same history{given}.",
            "No anticipation: changes do not affect the outcome of the period before them.",
            f"Events more than {self.matching.history} periods back do not change trends: carry-over ends there.",
            "No interference: what happens to a unit does not change the outcomes of others.",
        )

    def check(self, panel: Panel, design: Design) -> None:
        """Refuse a design that it does not fit."""
        base_period(self, design)
        two_way(self, panel, design)
        without(self, design, "controls", "weights", "offset")
        if design.event.kind == "change":
            raise DesignError(
                f"{self.name} compares histories of a status, which is on or off.",
                "an event of kind 'change'",
                "use a dose that is 0 or 1, or an event of kind 'threshold', 'spell' or 'onset'",
            )
        for name in self.matching.exact:
            panel.column(name)
        if self.refinement is not None:
            every = np.ones(len(panel.frame), dtype=bool)
            finite(panel, [each.column for each in self.refinement.covariates], every)

    def found(self, t: Trajectories, design: Design) -> Found:
        """Match, in one group.

        Parameters
        ----------
        t : Trajectories
        design : Design

        Raises
        ------
        DesignError
            A dose other than zero and one, a propensity score without a maximum.
        """
        on_or_off(t.event, self.name)
        key = keys(t, self.matching)
        hindered = obstacles(t, design, key, self.matching, self.refinement)
        free = ~np.logical_or.reduce(list(hindered.values()))
        before, load = shifted(t.event, 1), np.zeros(t.shape)
        focal, stays = np.zeros(t.shape, dtype=bool), np.zeros(t.shape, dtype=bool)
        made: list[tuple[float, Pool]] = []
        for sign, was, now in DIRECTIONS[self.target]:
            cells = (free & (before == was) & (t.event == now), free & (before == was) & (t.event == 1 - now))
            for pool in pools(cells, key, t, self.refinement):
                load[pool.focal, pool.period] += sign
                load[pool.matched, pool.period] -= sign * pool.load
                focal[pool.focal, pool.period] = True
                made.append((sign, pool))
            stays |= (load != 0) & (before == t.event)
        return Found(tuple(made), load, focal, stays, hindered)

    def uses(self, t: Trajectories, design: Design) -> Uses:
        """Say what is done with every event and row of one group."""
        return self._uses(self.found(t, design), t, design)

    def _uses(self, found: Found, t: Trajectories, design: Design) -> Uses:
        times, ends = design.window.event_times, self.target == "art"
        before = shifted(t.event, 1)
        switch = (before == 1) & (t.event == 0) if ends else (before == 0) & (t.event == 1)
        hindered = found.hindered
        why = np.where(switch, len(hindered) + 1, 0)
        for i, cells in reversed(list(enumerate(hindered.values(), 1))):
            why[switch & cells] = i
        used = switch & (found.load != 0)
        if ends:
            # What turns off in a period is the event of the period before.
            used, why = (np.hstack([grid[:, 1:], np.zeros_like(grid[:, :1])]) for grid in (used, why))
        used &= t.events
        rows = t.inside & spread(found.load, times)
        near = t.inside & spread(np.where(found.stays, found.load, 0.0), times)
        reasons = (NOT_A_CHANGE["art" if ends else "att"], *hindered, UNMATCHED)
        return Uses(
            used, compared(t.events, near, design.window.lags), rows, np.where(t.events & ~used, why, -1), reasons
        )

    def effects(self, t: Trajectories, design: Design) -> Effects:
        """Effects in one group: means over matched sets, and what each unit adds to their error."""
        found, times = self.found(t, design), design.window.event_times
        uses, sets = self._uses(found, t, design), found.focal.sum(axis=1)
        if not sets.any():
            none = np.empty((t.shape[0], 0))
            return Effects((), np.empty(0), none, uses, dropped=tuple((k, "no matched set") for k in times))
        changes = found.changes(t.outcome, times, centred=self.errors == "centred")
        coef = changes.sum(axis=0) / sets.sum()
        influence = (changes - sets[:, None] * coef) / sets.sum()
        counted = np.concatenate([np.diff(pool.weights.indptr)[pool.profile] for _, pool in found.pools])
        facts = (
            ("Matched sets", str(int(sets.sum()))),
            ("Units in a set", f"{counted.min()} to {counted.max()}, median {np.median(counted):g}"),
        )
        return Effects(times, coef, influence, uses, facts=facts)


def panel_match(
    panel: Panel,
    design: Design,
    *,
    matching: Matching,
    refinement: Refinement | None = None,
    target: Target = "att",
    errors: Errors = "centred",
) -> Estimate:
    """Compare units whose status changes with others of the same history.

    Parameters
    ----------
    panel : Panel
        The whole event record, also outside the sample.
    design : Design
        The event is a status, 0 or 1; the reference is -1. Leads further back are placebo tests: they take sets whose
        outcomes are known that far back.
    matching : Matching
        Who may be compared with whom.
    refinement : Refinement, optional
        Which of those count, and how much.
    target : {"att", "art", "atc", "ate"}
        Averages over units whose status turns on, turns off, stays off where others turn on, or those of att and atc.
    errors : {"centred", "fixed"}
        ``"centred"``: what a unit adds to the error is measured from the mean change of those matched in its period and
        history, so that shocks common to them do not count. ``"fixed"``: as published, weights taken as given; a shock
        common to all units of a period counts as noise, since the weights of a unit do not add up to zero.

    Returns
    -------
    Estimate

    Raises
    ------
    DesignError
        And its branches: a dose, controls, weights, an offset, further fixed effects, nothing to compare.

    Warns
    -----
    EstimationWarning
        Few clusters, or few with an event.

    Examples
    --------
    See docs/methods/panel_match.md.
    """
    method = PanelMatch(matching=matching, refinement=refinement, target=target, errors=errors)
    return estimated(method, panel, design)
