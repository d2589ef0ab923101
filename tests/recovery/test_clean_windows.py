"""Planted effects come back: events that recur, with effects that grow for three periods and then stay.

The design is that of the example of recurring one-period events in danielegirardi/lpdid (file
lpdid_oneoff_nonabs_example.do): up to three events a unit at random dates, larger effects of early ones, an outcome
with persistence 0.1.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.lp_did import LpDid, lp_did
from eventpanel.estimators.stacked_did import StackedDid, stacked_did
from eventpanel.estimators.trajectories import trajectories
from eventpanel.estimators.window import EventWindow

GROWS, PERIODS = 3, 50
DESIGN = Design(
    outcome="y",
    event=Event(column="event", kind="threshold", threshold=Threshold(rule="absolute")),
    window=EventWindow(leads=4, lags=5, reference=-1),
    fixed_effects=("unit", "time"),
    covariance=Clustered("unit", "none"),
)


def effect_of(date: float, since: Floats) -> Floats:
    """Effect of an event some periods after it: it grows until GROWS, and is larger for early events."""
    grown = np.minimum(since, GROWS) + 1
    return np.where(since >= 0, 2 * grown + 0.5 * grown**2 * (1 + (11 / date) ** 2), 0.0)


@cache
def planted(units: int, noise: float, seed: int) -> tuple[Panel, Mask]:
    rng = np.random.default_rng(seed)
    time = np.arange(1, PERIODS + 1)
    happens, effect = np.zeros((units, PERIODS), dtype=bool), np.zeros((units, PERIODS))
    for unit in range(units):
        if rng.uniform(0, 0.55) > 0.5:
            continue
        dates = np.cumsum([rng.integers(11, 21), *rng.integers(5, 31, 2)])
        for i, date in enumerate(dates):
            if i == 0 or date < PERIODS - 10:
                happens[unit, date - 1] = True
                effect[unit] += effect_of(date, time - date)
    level, common = rng.normal(0, 10, units), rng.normal(0, 10, PERIODS)
    shocks = rng.normal(0, 1, (units, PERIODS)) * noise
    y = np.zeros((units, PERIODS))
    for t in range(PERIODS):
        # Levels of units are settled from the start, so that without noise trends are parallel exactly.
        y[:, t] = level + common[t] + shocks[:, t] + 0.1 * (y[:, t - 1] if t else level / 0.9)
    frame = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), PERIODS),
            "time": np.tile(time, units),
            "event": happens.reshape(-1).astype(float),
            "y": (y + effect).reshape(-1),
        }
    )
    return Panel(frame, ("unit",), "time"), happens


def truth(events: Mask, event_time: int) -> float:
    """Mean effect of some events at an event time."""
    dates = np.nonzero(events)[1] + 1
    return float(np.mean([effect_of(float(date), np.array([float(event_time)]))[0] for date in dates]))


def treated(panel: Panel, method: LpDid, event_time: int) -> Mask:
    t = trajectories(panel, DESIGN)
    found = method.horizons(t, DESIGN, method.windows(t, DESIGN))
    return next(h.treated & h.both for h in found if h.event_time == event_time)


def test_without_noise_reweighted_projections_are_exact() -> None:
    panel, _ = planted(300, 0.0, 1)
    method = LpDid("one_off", GROWS, reweight=True)
    estimate = lp_did(panel, DESIGN, rule="one_off", quiet=GROWS, reweight=True)
    for term, coef in zip(estimate.terms, estimate.coef, strict=True):
        k = int(str(term.event_time))
        assert coef == pytest.approx(truth(treated(panel, method, k), k), rel=1e-11, abs=1e-11)


def test_without_noise_the_stack_is_exact() -> None:
    panel, _ = planted(300, 0.0, 1)
    estimate = stacked_did(panel, DESIGN, rule="one_off", quiet=GROWS)
    t = trajectories(panel, DESIGN)
    used = StackedDid("one_off", GROWS).uses(t, DESIGN).used
    for term, coef in zip(estimate.terms, estimate.coef, strict=True):
        k = int(str(term.event_time))
        assert coef == pytest.approx(truth(used, k), rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("run", [lp_did, stacked_did], ids=lambda run: str(run.__name__))
def test_with_noise_estimates_lie_within_their_standard_errors(run: Any) -> None:
    panel, _ = planted(2500, 10.0, 2)
    options = {"reweight": True} if run is lp_did else {}
    estimate = run(panel, DESIGN, rule="one_off", quiet=GROWS, **options)
    used = StackedDid("one_off", GROWS).uses(trajectories(panel, DESIGN), DESIGN).used
    method = LpDid("one_off", GROWS, reweight=True)
    for term, coef, error in zip(estimate.terms, estimate.coef, estimate.std_errors, strict=True):
        k = int(str(term.event_time))
        events = treated(panel, method, k) if run is lp_did else used
        assert abs(coef - truth(events, k)) < 4 * error
        assert error < 1.0


def test_with_too_few_quiet_periods_effects_of_earlier_events_are_left_in() -> None:
    """An event four periods before is still growing where quiet is one; the estimate then misses the truth."""
    panel, _ = planted(300, 0.0, 1)
    frame = panel.frame.copy()
    rng = np.random.default_rng(5)
    on = rng.random((300, PERIODS)) < 0.15
    time = np.arange(1, PERIODS + 1)
    effect = np.array([sum((effect_of(11, time - d) for d in time[row]), np.zeros(PERIODS)) for row in on])
    frame["event"], frame["y"] = on.reshape(-1).astype(float), effect.reshape(-1) + np.sin(frame["time"])
    often = Panel(frame, ("unit",), "time")
    expected = [truth(np.eye(1, PERIODS, 10, dtype=bool), k) for k in (0, 1, 2)]
    right = lp_did(often, DESIGN, rule="one_off", quiet=GROWS, reweight=True)
    wrong = lp_did(often, DESIGN, rule="one_off", quiet=0, reweight=True)
    mine = [i for i, term in enumerate(right.terms) if term.event_time in (0, 1, 2)]
    np.testing.assert_allclose(right.coef[mine], expected, rtol=1e-10)
    assert np.abs(wrong.coef[mine] - expected).max() > 0.05
