"""Published values of an event study with a non-binary policy that changes again and again.

Source of the first fixture: JMSLab/eventstudyr (MIT), tests/testthat/input/df_test_base_STATA.csv, the output of Stata
on df_test_EventStudyOLS.csv. Of the second: Schmidheiny and Siegloch (2023, doi:10.1002/jae.2971), an identity,
evaluated on the same data; the seven numbers were computed with other software and agree to all printed digits.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.events import Event
from eventpanel.estimators.window import EventWindow

DESIGN = Design(
    outcome="y_base",
    event=Event(column="z", kind="change"),
    window=EventWindow(leads=3, lags=2, reference=-1, ends="bin"),
    fixed_effects=("id", "t"),
    covariance=Clustered("id", "statsmodels"),
    controls=("x_r",),
)


@pytest.fixture(scope="module")
def panel(data_dir: Path) -> Panel:
    frame = pd.read_csv(data_dir / "validation" / "eventstudyr" / "df_test_EventStudyOLS.csv")
    return Panel(frame[["id", "t", "z", "y_base", "x_r"]], ("id",), "t")


def by_time(estimate: Estimate, values: Floats) -> dict[int | None, float]:
    return dict(zip([term.event_time for term in estimate.terms], values.tolist(), strict=True))


def test_stata_output(panel: Panel, data_dir: Path) -> None:
    stored = pd.read_csv(data_dir / "validation" / "eventstudyr" / "df_test_base_STATA.csv", index_col=0)
    got = distributed_lag(panel, DESIGN)
    coef, error = by_time(got, got.coef), by_time(got, got.std_errors.to_numpy())
    assert got.nobs == 1700
    # F3.z counts down what lies ahead: the same term with the opposite sign.
    where = {"zfd": (0, 1), "L.zfd": (1, 1), "L2.zfd": (2, 1), "F2.zfd": (-2, 1), "F3.zfd": (-3, 1),
             "F3.z": (-4, -1), "L3.z": (3, 1), "x_r": (None, 1)}  # fmt: skip
    assert set(where) == set(stored.index)
    for name, (event_time, sign) in where.items():
        # Stata printed seven significant digits.
        assert sign * coef[event_time] == pytest.approx(stored.loc[name, "coef"], abs=6e-8)
        assert error[event_time] == pytest.approx(stored.loc[name, "std_error"], abs=6e-8)


def test_distributed_lag_identity(panel: Panel) -> None:
    level = replace(
        DESIGN,
        event=Event(column="z", kind="dose"),
        window=EventWindow(leads=3, lags=3, reference=None),
        controls=(),
    )
    lag = distributed_lag(panel, level)
    gamma = by_time(lag, lag.coef)
    published = {-3: -0.030117, -2: -0.025328, -1: -0.063103, 0: 0.079772, 1: 0.217508, 2: -0.022920, 3: -0.104798}
    for event_time, value in published.items():
        assert gamma[event_time] == pytest.approx(value, abs=6e-7)
    binned = distributed_lag(panel, replace(DESIGN, controls=()))
    delta = by_time(binned, binned.coef)
    for event_time, value in {
        -4: 0.118548, -3: 0.088431, -2: 0.063103, 0: 0.079772, 1: 0.297281, 2: 0.274361, 3: 0.169563,
    }.items():  # fmt: skip
        assert delta[event_time] == pytest.approx(value, abs=6e-7)
    # The identity itself holds to rounding: effects are sums of the distributed lag, from the reference outwards.
    for k in range(4):
        assert delta[k] == pytest.approx(sum(gamma[j] for j in range(k + 1)), abs=1e-11)
    for k in range(2, 5):
        assert delta[-k] == pytest.approx(-sum(gamma[-j] for j in range(1, k)), abs=1e-11)
