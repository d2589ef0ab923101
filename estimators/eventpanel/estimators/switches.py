"""Switches: which changes of treatment are compared with whom, from events and missing outcomes alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.first_differences import Adjustment, adjustment
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.not_yet_switched import Horizon, Step, compare, own
from eventpanel.estimators.core.switch_field import Field, lay_out
from eventpanel.estimators.core.treatment_paths import NO_SWITCH, TreatmentPaths, treatment_paths
from eventpanel.estimators.design import Design
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.uses import Uses, compared

__all__ = ["NO_CONTROL", "Plan", "SwitchRules", "Which", "planned", "trend_columns"]

START = "the treatment is still that of the start of its unit's record"
LATER = "part of the path of a unit that has switched before"
UNDATED = "the treatment in the period before is not known, so that the date of the switch cannot be told"
FLAT = "the treatment after it is on average that of the start"
OTHER_WAY = "a switch in the direction that is left out"
NO_BASE = "its unit has no outcome in the period before"
NO_OUTCOME = "its unit has no outcome in the window after"
NOT_SAME = "not every effect of the window can be estimated for its unit"
NO_CONTROL = "no unit with the same treatment at the start, not switched yet, has the outcomes to compare with"
REASONS = (START, LATER, UNDATED, FLAT, OTHER_WAY, NO_BASE, NO_OUTCOME, NOT_SAME, NO_CONTROL)
# Weights below this share of the largest are rounding: they cancel.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchRules:
    """Rules about who is compared, with the defaults of de Chaisemartin and D'Haultfoeuille's software.

    Parameters
    ----------
    only_never_switchers : bool
        Compare with units that never switch alone, not also with those that have not switched yet.
    placebos : {"mirrored", "all"}
        ``"mirrored"``: a placebo for those switchers and controls that the effect of the same length has. ``"all"``:
        the outcome of that effect need not be known, so that placebos can be longer than effects.
    keep_crossing : bool
        Keep outcomes of a unit after its treatment has been both above and below that of the start; effects of
        different lags may then enter with negative weights.
    fill_gaps : bool
        Take a gap in the treatment that lies between two periods with the treatment of the start as that treatment;
        otherwise leave out the outcomes of the unit from the gap on.
    """

    only_never_switchers: bool = False
    placebos: Literal["mirrored", "all"] = "mirrored"
    keep_crossing: bool = False
    fill_gaps: bool = True

    def __post_init__(self) -> None:
        if self.placebos not in ("mirrored", "all"):
            raise DesignError(f"Unknown placebos {self.placebos!r}.", "", "choose mirrored or all")


@dataclass(frozen=True, slots=True)
class Which:
    """Which switchers are compared.

    Attributes
    ----------
    signs : tuple of int
        Of 1 (treatment rises) and -1.
    same : tuple of int
        Event times whose effects must all be estimable for a switcher to count at any; empty for no such demand.
    rules : SwitchRules
    """

    signs: tuple[int, ...]
    same: tuple[int, ...]
    rules: SwitchRules


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Who is compared with whom, at every event time.

    Attributes
    ----------
    paths : TreatmentPaths
    field : Field
    horizons : dict of int to Horizon or None
        By event time.
    cells : dict of int to ndarray
        Weights of the changes from the base period.
    kept : ndarray of bool, shape (units of the field,)
        Switchers that may count.
    adjustment : Adjustment or None
        Slopes of the controls.
    gradient : dict of int to ndarray
        Derivatives of the estimates with respect to the slopes, times the bread.
    """

    paths: TreatmentPaths
    field: Field
    horizons: dict[int, Horizon]
    cells: dict[int, Floats]
    kept: Mask
    adjustment: Adjustment | None
    gradient: dict[int, Floats]

    def uses(self, t: Trajectories, design: Design) -> Uses:
        """Say what is done with every event and row."""
        used, rows, controls = (np.zeros(t.shape, dtype=bool) for _ in range(3))
        for event_time, h in self.horizons.items():
            rows[self.field.order] |= self._weighed(event_time, h)
            if event_time >= 0:
                moved = self.field.order[h.moved]
                used[moved, self.paths.switch[moved]] = True
                controls[self.field.order] |= _ends(h, t.shape[1])
        reason = _reason(t, self, used, design)
        return Uses(used, compared(t.events, rows & controls, design.window.lags), rows, reason, REASONS)

    def _weighed(self, event_time: int, h: Horizon) -> Mask:
        """Rows whose outcome moves the estimate of one event time."""
        cells, net = self.cells[event_time], np.zeros(self.field.open.shape)
        net[:, h.ends] += cells
        net[:, h.bases] -= cells
        if self.adjustment is not None:
            pulled = np.einsum("cut,uc->ut", self.adjustment.pull, self.gradient[event_time][self.adjustment.level])
            net[:, 1:] += pulled
            net[:, :-1] -= pulled
        return np.asarray(np.abs(net) > ROUNDING * np.abs(net).max())


def _ends(h: Horizon, periods: int) -> Mask:
    """Outcomes of controls that are compared, shape (U, T)."""
    ends = np.zeros((len(h.stays), periods), dtype=bool)
    ends[:, h.ends] = h.stays
    return ends


def planned(t: Trajectories, design: Design, which: Which) -> Plan:
    """Find who is compared with whom.

    Parameters
    ----------
    t : Trajectories
    design : Design
    which : Which

    Raises
    ------
    DesignError
        A trend that changes within units.
    """
    rules = which.rules
    trends = _trends(t, design)
    paths = treatment_paths(t.level, t.inside, trends, keep_crossing=rules.keep_crossing, fill=rules.fill_gaps)
    f = lay_out(paths, t.weights, t.cluster, which.signs, never_only=rules.only_never_switchers)
    steps = {k: _step(k, rules) for k in design.window.event_times}
    kept = np.ones(len(f.order), dtype=bool)
    for k in which.same:
        h = compare(f, steps[k], kept)
        kept &= np.zeros_like(kept) if h is None else np.isin(np.arange(len(kept)), h.moved)
    found = {k: compare(f, step, kept) for k, step in steps.items()}
    horizons = {k: h for k, h in found.items() if h is not None}
    plan = Plan(paths, f, horizons, {k: own(f, h) for k, h in horizons.items()}, kept, None, {})
    return _adjusted(plan, t) if len(t.controls) and horizons else plan


def _step(event_time: int, rules: SwitchRules) -> Step:
    """Event time 0 is the first effect: one period ahead of the base period; -2 is the first placebo: one back."""
    if event_time >= 0:
        return Step(event_time + 1, event_time + 1)
    return Step(-1 - event_time, event_time + 1, both=rules.placebos == "mirrored")


def _adjusted(plan: Plan, t: Trajectories) -> Plan:
    f, controls = plan.field, t.controls[:, plan.field.order]
    adjust = adjustment(f, recode(plan.paths.level[f.order]), t.outcome[f.order], controls)
    gradient = {k: adjust.gradient(plan.cells[k], changes(controls, h)) for k, h in plan.horizons.items()}
    return replace(plan, adjustment=adjust, gradient=gradient)


def changes(values: Floats, h: Horizon) -> Floats:
    """Take changes from the base period, shape (..., U, T) to (..., U, B); zero where they have no weight.

    Parameters
    ----------
    values : ndarray
    h : Horizon
    """
    change = values[..., h.ends] - values[..., h.bases]
    known = h.stays.copy()
    known[h.moved, h.base] = True
    return np.asarray(np.where(known, change, 0.0))


def _reason(t: Trajectories, plan: Plan, used: Mask, design: Design) -> npt.NDArray[np.int64]:
    """Position of the reason among the reasons; -1 where an event is used and where nothing happened."""
    change, at = plan.paths.record.change, np.arange(t.shape[1])[None, :]
    first = (at == change[:, None]) & t.inside.any(axis=1, keepdims=True)
    about = (t.events | first) & ~used
    why = np.where(at < change[:, None], REASONS.index(START), REASONS.index(LATER))
    why = np.where(first, _unused(t, plan, design)[:, None], why)
    return np.where(about, why, -1)


def _unused(t: Trajectories, plan: Plan, design: Design) -> Codes:
    """Why the first change of each unit would not be used, shape (U,)."""
    paths, (units, periods) = plan.paths, t.shape
    row, switch = np.arange(units), np.minimum(paths.switch, periods - 1)
    after = (np.arange(periods) >= switch[:, None]) & (np.arange(periods) <= switch[:, None] + design.window.lags)
    asked, kept = (np.zeros(units, dtype=bool) for _ in range(2))
    asked[plan.field.order] = plan.field.sign != 0
    kept[plan.field.order] = plan.kept
    conditions = (
        (paths.switch == NO_SWITCH, UNDATED),
        (paths.flat, FLAT),
        (~paths.open[row, switch - 1], NO_BASE),
        (~(paths.open & after).any(axis=1), NO_OUTCOME),
        (~asked, OTHER_WAY),
        (~kept, NOT_SAME),
    )
    why = [REASONS.index(reason) for _, reason in conditions]
    return np.asarray(np.select([holds for holds, _ in conditions], why, REASONS.index(NO_CONTROL)), dtype=np.int64)


def trend_columns(panel: Panel, design: Design, name: str) -> tuple[str, ...]:
    """Columns that the period is crossed with; units with the same values are compared with one another only.

    Parameters
    ----------
    panel : Panel
    design : Design
    name : str
        The estimator that asks.

    Raises
    ------
    DesignError
        Fixed effects other than the panel's units, its periods, and periods crossed with columns.
    """
    unit, period = frozenset(panel.unit), str(panel.period)
    asked = [frozenset(effect.split("^")) for effect in design.fixed_effects]
    others = [effect for effect in asked if effect != unit]
    if len(others) == len(asked) or not others or not all(period in effect for effect in others):
        raise DesignError(
            f"{name} takes out units and periods, and periods crossed with columns that stay the same within units.",
            f"fixed effects: {', '.join(design.fixed_effects) or 'none'}",
            f"use fixed_effects=({'^'.join(panel.unit)!r}, {period!r}), or cross the period with a column",
        )
    return tuple(sorted({part for effect in others for part in effect} - {period}))


def _trends(t: Trajectories, design: Design) -> Codes:
    panel = t.lost.panel
    columns = trend_columns(panel, design, "did_multiplegt")
    if not columns:
        return np.zeros(t.shape[0], dtype=np.int64)
    codes = panel.crossed("^".join(columns))
    there = t.row >= 0
    grid = np.where(there, codes[t.row], -1)
    largest = grid.max(axis=1)
    if (there & (grid != largest[:, None])).any():
        cut = (there & (grid != largest[:, None])).any(axis=1)
        raise DesignError(
            "Trends are crossed with a column that changes within units.",
            f"{', '.join(columns)} changes in units of {first_few(t.owners[np.unique(t.owner[cut])])}",
            "use a column that stays the same within each unit",
        )
    return np.asarray(largest)
