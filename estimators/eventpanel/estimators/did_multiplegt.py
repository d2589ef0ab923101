"""did_multiplegt: units whose treatment changes, against units with the same treatment that have not changed yet."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from eventpanel.datasets.errors import DesignError, IdentificationError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.not_yet_switched import Horizon, error
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate, Term
from eventpanel.estimators.method import Effects, base_period, estimated, without
from eventpanel.estimators.switches import NO_CONTROL, Plan, SwitchRules, Which, changes, planned, trend_columns
from eventpanel.estimators.trajectories import Trajectories, trajectories
from eventpanel.estimators.uses import Uses

__all__ = ["DidMultiplegt", "SwitchRules", "average_total_effect", "did_multiplegt"]

SIGNS = {"both": (1, -1), "in": (1,), "out": (-1,)}
SAME = ("no", "effects", "all")
NO_COMPARISON = "no switcher has the outcomes, and controls with the same treatment at the start, that it needs"
DEFAULTS = SwitchRules()
# Where controls are there for less than this share of switchers the reader is told.
FEW = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class DidMultiplegt:
    """Difference-in-differences for treatments that change repeatedly, as a method with its options.

    Parameters
    ----------
    normalised : bool
        Divide each effect by the treatment that switchers have received until then, in excess of that of the start.
    switchers : {"both", "in", "out"}
        Units whose treatment becomes larger, smaller, or both.
    same_switchers : {"no", "effects", "all"}
        Keep to switchers for which every effect of the window, or every effect and placebo, can be estimated.
    rules : SwitchRules
        Who is compared, and what is done with gaps.

    Raises
    ------
    DesignError
        An unknown option, or normalised placebos that are longer than effects.
    """

    normalised: bool = False
    switchers: Literal["both", "in", "out"] = "both"
    same_switchers: Literal["no", "effects", "all"] = "no"
    rules: SwitchRules = field(default_factory=SwitchRules)

    def __post_init__(self) -> None:
        if self.switchers not in SIGNS:
            raise DesignError(f"Unknown switchers {self.switchers!r}.", "", f"choose one of {', '.join(SIGNS)}")
        if self.same_switchers not in SAME:
            raise DesignError(f"Unknown same_switchers {self.same_switchers!r}.", "", f"choose of {', '.join(SAME)}")
        if self.normalised and self.rules.placebos == "all":
            raise DesignError(
                "Placebos longer than effects cannot be normalised: no treatment was received in them.",
                "normalised=True, placebos='all'",
                "use placebos='mirrored', or normalised=False",
            )

    @property
    def name(self) -> str:
        """Name of the function that runs it."""
        return "did_multiplegt"

    @property
    def estimand(self) -> str:
        """What it estimates, in one sentence."""
        who = {"both": "changes", "in": "rises", "out": "falls"}[self.switchers]
        per = ", per unit of treatment received since" if self.normalised else ""
        sign = " (with the sign reversed where it falls)" if self.switchers == "both" else ""
        never = "never change" if self.rules.only_never_switchers else "have not changed yet"
        return (
            f"The average effect, on units whose treatment {who}{sign}, of their treatments since the first change "
            f"instead of that of the start{per}, against units with the same treatment at the start that {never}; "
            "later events of a unit that has switched are part of its path, not events of their own."
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it assumes; each a sentence."""
        return (
            "No anticipation: treatments do not affect earlier outcomes.",
            "Parallel trends among units with the same treatment at the start, had all kept it.",
            "Treatments before the start of the record do not matter for these trends.",
        )

    def check(self, panel: Panel, design: Design) -> None:
        """Refuse a design that the method does not fit."""
        base_period(self, design)
        trend_columns(panel, design, self.name)
        without(self, design, "offset")

    def uses(self, t: Trajectories, design: Design) -> Uses:
        """Say what is done with every event and row of one group."""
        return self.plan(t, design).uses(t, design)

    def plan(self, t: Trajectories, design: Design) -> Plan:
        """Who is compared with whom in one group."""
        times = design.window.event_times
        same = {"no": (), "effects": tuple(k for k in times if k >= 0), "all": times}[self.same_switchers]
        return planned(t, design, Which(SIGNS[self.switchers], same, self.rules))

    def effects(self, t: Trajectories, design: Design) -> Effects:
        """Effects in one group."""
        plan = self.plan(t, design)
        scale = {k: _dose(plan, h, cumulative=True) if self.normalised else 1.0 for k, h in plan.horizons.items()}
        times = tuple(k for k in plan.horizons if scale[k] != 0)
        found = [_effect(plan, t, k) for k in times]
        influence = np.zeros((t.shape[0], len(times)))
        for j, (k, (_, parts)) in enumerate(zip(times, found, strict=True)):
            influence[plan.field.order, j] = parts / scale[k]
        missing = {k: NO_COMPARISON for k in design.window.event_times if k not in plan.horizons}
        missing |= {k: "the treatment received until then is zero on average" for k in scale if scale[k] == 0}
        return Effects(
            event_times=times,
            coef=np.array([coef / scale[k] for k, (coef, _) in zip(times, found, strict=True)]),
            influence=influence,
            uses=(uses := plan.uses(t, design)),
            dropped=tuple(sorted(missing.items())),
            facts=_facts(plan),
            notes=_notes(plan, uses),
        )


def _effect(plan: Plan, t: Trajectories, event_time: int) -> tuple[float, Floats]:
    """Estimate of one event time, and what each unit of the field adds to its error."""
    f, h, cells = plan.field, plan.horizons[event_time], plan.cells[event_time]
    change = changes(t.outcome[f.order], h)
    adjust = plan.adjustment
    if adjust is not None:
        change = change - adjust.predicted(changes(t.controls[:, f.order], h))
    parts = error(f, h, cells, change)
    if adjust is not None:
        parts = parts + (adjust.scores * plan.gradient[event_time][adjust.level]).sum(axis=1)
    return float((cells * change).sum()), parts


def _dose(plan: Plan, h: Horizon, *, cumulative: bool) -> float:
    """Treatment of the switchers in excess of that of the start: received since the switch, or in the last period."""
    gain = plan.paths.gain[plan.field.order[h.moved]]
    received = np.cumsum(gain, axis=1) if cumulative else gain
    last = h.base + h.bases.start + h.step.ahead
    return float(h.weight @ (plan.field.sign[h.moved] * received[np.arange(len(last)), last]))


def _facts(plan: Plan) -> tuple[tuple[str, str], ...]:
    by_time = ", ".join(f"{k}: {len(h.moved)}" for k, h in sorted(plan.horizons.items()))
    doses = ", ".join(f"{k}: {_dose(plan, h, cumulative=True):.4g}" for k, h in sorted(plan.horizons.items()) if k >= 0)
    return (("Switchers by event time", by_time), ("Treatment received by event time", doses))


def _notes(plan: Plan, uses: Uses) -> tuple[str, ...]:
    notes = []
    used = int(uses.used.any(axis=1).sum())
    alone = int((uses.reason == uses.reasons.index(NO_CONTROL)).any(axis=1).sum())
    if used < FEW * (used + alone):
        notes.append(
            f"{alone} of {used + alone} units whose treatment changes are not compared: they have no control with the "
            "same treatment at the start; with a dose of many values, use a threshold."
        )
    if plan.adjustment is not None and plan.adjustment.short.any():
        notes.append("some controls are not identified in units with the same treatment at the start.")
    return tuple(notes)


def did_multiplegt(
    panel: Panel,
    design: Design,
    *,
    normalised: bool = False,
    switchers: Literal["both", "in", "out"] = "both",
    same_switchers: Literal["no", "effects", "all"] = "no",
    rules: SwitchRules = DEFAULTS,
) -> Estimate:
    """Difference-in-differences for treatments that go on and off, or up and down (DID_l).

    The outcome of a unit whose treatment changes, less that of the period before, is compared with that of units with
    the same treatment at the start that have not switched yet (de Chaisemartin and D'Haultfoeuille 2024,
    doi:10.1162/rest_a_01414). Event time 0 is their first effect; event time -2 their first placebo.

    Parameters
    ----------
    panel : Panel
    design : Design
        Window with reference -1; fixed effects the units and the periods, or periods crossed with columns that stay
        the same within units, which are then compared among themselves only.
    normalised : bool
        Divide by the treatment received in excess of that of the start.
    switchers : {"both", "in", "out"}
        Units whose treatment becomes larger, smaller, or both.
    same_switchers : {"no", "effects", "all"}
        Keep to switchers for which every effect of the window, or every effect and placebo, can be estimated.
    rules : SwitchRules

    Raises
    ------
    DesignError
        And its branches: a design that the method does not fit, nothing to compare.

    Examples
    --------
    >>> import pandas as pd
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(60) for t in range(8)], columns=["unit", "year"])
    >>> frame["x"] = rng.random(len(frame)) < 0.15 * (frame["unit"] < 40) * (frame["year"] > 1)
    >>> frame["y"] = 1.0 * frame["x"] + frame["unit"] + frame["year"]
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"), fixed_effects=("unit", "year"),
    ...     window=EventWindow(leads=2, lags=0, reference=-1), covariance=Clustered("unit", "none"))
    >>> did_multiplegt(Panel(frame.astype({"x": float}), ("unit",), "year"), design).params.round(6).abs().tolist()
    [0.0, 1.0]
    """
    method = DidMultiplegt(normalised=normalised, switchers=switchers, same_switchers=same_switchers, rules=rules)
    return estimated(method, panel, design)


def average_total_effect(panel: Panel, design: Design, method: DidMultiplegt | None = None) -> Estimate:
    """Average total effect of a unit of treatment: all effects of the window over all treatment received in it.

    It adds up the effects of a change of treatment at the time and later, and divides by the treatment in excess of
    that of the start (de Chaisemartin and D'Haultfoeuille 2024, section 3.3). The treatment received is taken as given.

    Parameters
    ----------
    panel : Panel
    design : Design
    method : DidMultiplegt, optional
        Options; not normalised.

    Returns
    -------
    Estimate
        One term for each group of the moderator.

    Raises
    ------
    DesignError
        And its branches: as :func:`did_multiplegt`, or no treatment received.

    Examples
    --------
    See docs/methods/did_multiplegt.md.
    """
    plain = replace(method or DidMultiplegt(), normalised=False)
    estimate = estimated(plain, panel, design)
    whole = trajectories(panel, design)
    rows, terms = [], []
    for group in estimate.groups:
        weights = _total(plain.plan(whole.only(group), design))
        rows.append([weights.get(int(str(t.event_time)), 0.0) if t.group == group else 0.0 for t in estimate.terms])
        terms.append(Term("average total effect per unit of treatment" + (f" [{group}]" if group else "")))
    return estimate.combine(np.array(rows), tuple(terms))


def _total(plan: Plan) -> dict[int, float]:
    """Weight of each effect in the average total effect, by event time."""
    effects = {k: h for k, h in plan.horizons.items() if k >= 0}
    dose = sum(h.total * _dose(plan, h, cumulative=False) for h in effects.values())
    if not dose:
        raise IdentificationError(
            "The average total effect is not identified.",
            "switchers that are compared received no more treatment than at the start",
            "use a window with lags, or switchers='in' or 'out'",
        )
    return {k: h.total / dose for k, h in effects.items()}
