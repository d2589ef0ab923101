"""lp_did against what Stata's command lpdid prints on its example data.

Data: validation/lpdid/lpdidtestdata1.dta, the data set of the command's help file (absorbing treatment, 2,000 units,
50 periods). Values: output of ``lpdid Y, time(time) unit(unit) treat(treat) pre_window(5) post_window(10)``, with
``rw`` for the reweighted ones, as kept with the tests of the package diff-diff (igerber/diff-diff,
tests/data/lpdidtestdata1_*.csv, commit 012744700d97); the first and last coefficient also in the tests of pyfixest
(tests/test_did.py).

Stata's ``generate`` keeps changes of the outcome in single precision, and the weights of ``rw`` too: coefficients
differ in the seventh digit of an outcome of some hundreds, those with ``rw`` in the sixth of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.lp_did import LpDid, clean_controls, lp_did
from eventpanel.estimators.trajectories import trajectories
from eventpanel.estimators.window import EventWindow

DESIGN = Design(
    outcome="Y",
    event=Event(column="treat", kind="threshold", threshold=Threshold(rule="absolute")),
    window=EventWindow(leads=5, lags=10, reference=-1),
    fixed_effects=("unit", "time"),
    covariance=Clustered("unit", "reghdfe"),
)


class Printed(NamedTuple):
    """A line of the output."""

    event_time: int
    coef: float
    error: float


VARIANCE_WEIGHTED = (
    Printed(-5, -0.0425658601569193, 0.9483544265529035),
    Printed(-4, 0.6403342929299243, 0.9588844257708641),
    Printed(-3, 1.079831242911072, 0.8967272007453519),
    Printed(-2, 1.458649930427825, 0.8264465215868178),
    Printed(0, 3.640153457831842, 0.7948941744251745),
    Printed(1, 7.112479602651633, 0.9093427542584681),
    Printed(2, 9.749810746393333, 0.9573893171671487),
    Printed(3, 14.68331497729838, 0.9699534383685853),
    Printed(4, 19.87852285316211, 1.013118039598975),
    Printed(5, 28.50037918835317, 1.014339171868121),
    Printed(6, 34.71440480408531, 1.021341784647148),
    Printed(7, 42.87507645091376, 1.034414729953316),
    Printed(8, 53.21208666746065, 1.094259002678234),
    Printed(9, 62.63418230089712, 1.108112209961253),
    Printed(10, 72.63583358489238, 1.193887053903901),
)
REWEIGHTED = (
    Printed(-5, -0.0934746507258283, 0.9488146009686517),
    Printed(-4, 0.6703733636931376, 0.9617106854615973),
    Printed(-3, 1.033818718014264, 0.8978334344266504),
    Printed(-2, 1.450061080394444, 0.8280571542859058),
    Printed(0, 3.652607962916621, 0.7986206539641563),
    Printed(1, 7.064477301548373, 0.9132065209486606),
    Printed(2, 9.642659984568807, 0.9598135129437387),
    Printed(3, 14.46120451789723, 0.9736361601736844),
    Printed(4, 19.59718729036616, 1.018366854272756),
    Printed(5, 28.07795965094927, 1.017569387511566),
    Printed(6, 34.09584946056913, 1.027092129840386),
    Printed(7, 42.07333261220359, 1.033218912616206),
    Printed(8, 52.11098306352022, 1.092178891895996),
    Printed(9, 61.39136935345374, 1.101953564558626),
    Printed(10, 71.16704929139085, 1.179845186926676),
)
POOLED = {
    (False, (-5, -2)): Printed(-5, 0.7840623881428902, 0.7374263961544246),
    (False, (0, 10)): Printed(10, 31.79438066183989, 0.7559724118896032),
    (True, (-5, -2)): Printed(-5, 0.7651946137632653, 0.7392311674682595),
    (True, (0, 10)): Printed(10, 31.17286748889069, 0.7537750375564937),
}
# Observations of each regression: clean events and clean controls, also of periods without an event.
ROWS = {-5: 40662, -4: 42662, -3: 44662, -2: 46662, 0: 48662, 1: 46662, 5: 38662, 10: 28709}
REWEIGHTED_ROWS = {-5: 24002, 0: 24002, 1: 22382, 2: 20851, 5: 16811, 10: 11814}


@pytest.fixture(scope="module")
def panel(data_dir: Path) -> Panel:
    frame = pd.read_stata(data_dir / "validation" / "lpdid" / "lpdidtestdata1.dta")
    return Panel(frame.astype({"unit": int, "time": int, "Y": float, "treat": float}), ("unit",), "time")


def test_variance_weighted(panel: Panel) -> None:
    estimate = lp_did(panel, DESIGN, rule="absorbing")
    assert [term.event_time for term in estimate.terms] == [line.event_time for line in VARIANCE_WEIGHTED]
    np.testing.assert_allclose(estimate.coef, [line.coef for line in VARIANCE_WEIGHTED], rtol=0, atol=2e-7)
    np.testing.assert_allclose(estimate.std_errors, [line.error for line in VARIANCE_WEIGHTED], rtol=1e-8)


def test_reweighted(panel: Panel) -> None:
    estimate = lp_did(panel, DESIGN, rule="absorbing", reweight=True)
    np.testing.assert_allclose(estimate.coef, [line.coef for line in REWEIGHTED], rtol=0, atol=5e-5)
    np.testing.assert_allclose(estimate.std_errors, [line.error for line in REWEIGHTED], rtol=5e-7)


@pytest.mark.parametrize(("reweight", "pooled"), POOLED)
def test_pooled(panel: Panel, reweight: bool, pooled: tuple[int, int]) -> None:
    estimate = lp_did(panel, DESIGN, rule="absorbing", reweight=reweight, pooled=pooled)
    line = POOLED[reweight, pooled]
    assert estimate.coef[0] == pytest.approx(line.coef, abs=2e-5 if reweight else 2e-7)
    assert estimate.std_errors.iloc[0] == pytest.approx(line.error, rel=5e-7 if reweight else 1e-7)


def test_observations(panel: Panel) -> None:
    counts = clean_controls(panel, DESIGN, rule="absorbing").set_index("event_time")
    both = (counts["events"] + counts["controls"]).to_dict()
    for k, rows in REWEIGHTED_ROWS.items():
        assert both[k] == rows
    found = LpDid("absorbing").effects(trajectories(panel, DESIGN), DESIGN)
    regressions = dict(zip(found.event_times, found.counts, strict=True))
    for k, rows in ROWS.items():
        assert regressions[k].nobs == rows
