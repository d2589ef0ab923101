"""lp_did against what Stata's command lpdid finds for a status that turns on and off.

Data: benchmarks/data/lpdid_nonabsorbing_panel.csv of igerber/diff-diff (60 units, 14 periods), as
validation/lpdid_nonabsorbing_panel.csv. Values: benchmarks/data/lpdid_nonabsorbing_stata_golden.json there (commit
72e6ee2c2755), made by version 1.0.3 of the command: ``lpdid y, unit(unit) time(time) treat(treat) pre_window(3)
post_window(4) nonabsorbing(3)``, with ``rw`` for the reweighted ones. SUB is the panel without the units that are
always on, and without those that turn on again three periods after they were turned off.

The command takes periods before the record as quiet.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.lp_did import LpDid
from eventpanel.estimators.trajectories import trajectories
from eventpanel.estimators.window import EventWindow

TIMES = [-3, -2, 0, 1, 2, 3, 4]
DESIGN = Design(
    outcome="y",
    event=Event(column="treat", kind="threshold", threshold=Threshold(rule="absolute")),
    window=EventWindow(leads=3, lags=4, reference=-1),
    fixed_effects=("unit", "time"),
    covariance=Clustered("unit", "reghdfe"),
)
LEFT_OUT = (24, 25, 27, *range(31, 41))
# By whether it is reweighted: coefficients, standard errors from event time 0 on, observations.
SUB = {
    False: (
        (
            -0.09724719295046115,
            -0.007899289624071772,
            1.8115854492490506,
            1.9300421146595237,
            1.8965697184052384,
            1.879554866833909,
            1.893416496899663,
        ),
        (0.07938673258172683, 0.07250147139827948, 0.08439576110060824, 0.07625672858006295, 0.09376855679399428),
        (342, 408, 484, 414, 348, 279, 230),
    ),
    True: (
        (
            -0.09552710717227407,
            -0.005448706416883891,
            1.813509946055728,
            1.9275161589672816,
            1.9026466911687787,
            1.8767692749265028,
            1.8899064444115865,
        ),
        (0.08175278045959786, 0.07372033019630384, 0.08590579541300349, 0.0783134616716695, 0.09618990687878211),
        (173, 220, 329, 305, 280, 191, 151),
    ),
}
POOLED = {
    (False, (-3, -2)): -0.06465662325379817,
    (False, (0, 4)): 1.8538432413410768,
    (True, (-3, -2)): -0.061093488880953395,
    (True, (0, 4)): 1.8560600200442186,
}
POOLED_ERRORS = {False: 0.07256653832292848, True: 0.07410312265737502}
ALL = {0: (1.8496401510611364, 628), 1: (1.9364029248640582, 544), 2: (1.9088763162649005, 463)}
ALL |= {3: (1.9438383345066086, 380), 4: (1.9261821895864399, 320)}


@pytest.fixture(scope="module")
def frame(data_dir: Path) -> pd.DataFrame:
    file = data_dir / "validation" / "lpdid_nonabsorbing_panel.csv"
    if not file.exists():
        pytest.skip("the panel is not here: benchmarks/data/lpdid_nonabsorbing_panel.csv of igerber/diff-diff")
    return pd.read_csv(file).astype({"treat": float})


@pytest.fixture(scope="module")
def sub(frame: pd.DataFrame) -> Panel:
    return Panel(frame[~frame["unit"].isin(LEFT_OUT)].reset_index(drop=True), ("unit",), "time")


@pytest.mark.parametrize("reweight", [False, True])
def test_path(sub: Panel, reweight: bool) -> None:
    method = LpDid("stabilised", 3, reweight, unrecorded="quiet")
    estimate = method.run(sub, DESIGN)
    coef, errors, rows = SUB[reweight]
    assert [term.event_time for term in estimate.terms] == TIMES
    np.testing.assert_allclose(estimate.coef, coef, rtol=0, atol=1e-7 if reweight else 1e-9)
    np.testing.assert_allclose(estimate.std_errors.to_numpy()[2:], errors, rtol=1e-7 if reweight else 1e-9)
    counts = method.effects(trajectories(sub, DESIGN), DESIGN).counts
    assert [count.nobs for count in counts] == list(rows)


@pytest.mark.parametrize(("reweight", "pooled"), POOLED)
def test_pooled(sub: Panel, reweight: bool, pooled: tuple[int, int]) -> None:
    estimate = LpDid("stabilised", 3, reweight, pooled, unrecorded="quiet").run(sub, DESIGN)
    assert estimate.coef[0] == pytest.approx(POOLED[reweight, pooled], abs=1e-7 if reweight else 1e-9)
    if pooled[0] == 0:
        assert estimate.std_errors.iloc[0] == pytest.approx(POOLED_ERRORS[reweight], rel=1e-7)


def test_with_units_that_are_always_on(frame: pd.DataFrame) -> None:
    panel = Panel(frame, ("unit",), "time")
    method = LpDid("stabilised", 3, unrecorded="quiet")
    found = method.effects(trajectories(panel, DESIGN), DESIGN)
    for k, coef, count in zip(found.event_times, found.coef, found.counts, strict=True):
        if k >= 0:
            assert coef == pytest.approx(ALL[k][0], abs=1e-7)
            assert count.nobs == ALL[k][1]
