"""Lead placebos: against dummies, with planted leads, and what a lone lead would say of recurring events."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.events import Event
from eventpanel.estimators.lead_placebo import lead_placebo
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame, shift

SHORT = EventWindow(leads=1, lags=1, reference=None)


def panel_of(frame: pd.DataFrame) -> Panel:
    return Panel(frame, ("importer",), "year")


def lasting(seed: int, early: float = 0.0) -> pd.DataFrame:
    """Events that come in long runs; an effect of 2 in their year and ``early`` three years before."""
    rng, frame = np.random.default_rng(seed), random_frame(seed, units=50, periods=30)
    latent = np.zeros((50, 30))
    for t in range(1, 30):
        latent[:, t] = 0.9 * latent[:, t - 1] + rng.normal(size=50)
    frame["x"] = (latent > 1.0).reshape(-1) * 1.0
    record = frame.set_index(["importer", "year"])["x"]
    ahead = shift(record, -3).fillna(0.0).to_numpy()
    return frame.assign(y=2 * frame["x"] + early * ahead + rng.normal(size=len(frame)))


@pytest.mark.filterwarnings("ignore::eventpanel.estimators.solution.EstimationWarning")
def test_far_leads_equal_a_regression_with_dummies() -> None:
    frame = random_frame(2, units=14, periods=12)
    asked = design(window=SHORT, covariance=Clustered("importer", "statsmodels"))
    got = lead_placebo(panel_of(frame), asked, (3, 2))
    record = frame.set_index(["importer", "year"])["x"]
    columns = {f"x{k}": shift(record, k).to_numpy() for k in (-3, -2, -1, 0, 1)}
    rows = pd.DataFrame(columns).notna().all(axis=1)
    dummies = [pd.get_dummies(frame[name][rows], dtype=float, drop_first=True) for name in ("importer", "year")]
    X = pd.concat([pd.DataFrame(columns)[rows], *dummies], axis=1).assign(one=1.0)
    codes = pd.factorize(frame["importer"])[0][rows]
    fit = sm.OLS(frame["y"][rows], X).fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)
    names = ["x-3", "x-2"]
    np.testing.assert_allclose(got["estimate"].iloc[:2], fit.params[names], rtol=1e-9)
    np.testing.assert_allclose(got["std_error"].iloc[:2], fit.bse[names], rtol=1e-9)
    np.testing.assert_allclose(got["p_value"].iloc[:2], fit.pvalues[names], rtol=1e-8)
    np.testing.assert_allclose(got[["conf_low", "conf_high"]].iloc[:2], fit.conf_int().loc[names], rtol=1e-8)
    restriction = np.array([X.columns == name for name in names], dtype=float)
    joint = fit.f_test(restriction)
    assert got["statistic"].iloc[2] == pytest.approx(float(joint.fvalue), rel=1e-8)
    assert got["p_value"].iloc[2] == pytest.approx(float(joint.pvalue), rel=1e-8)
    assert got["event_time"].tolist() == [-3, -2, pd.NA]
    assert (got["nobs"] == rows.sum()).all()


def test_recurring_events_need_their_true_path() -> None:
    """A lone lead three years ahead is strongly significant without any effect there; the placebo is not."""
    frame = lasting(1)
    record = frame.set_index(["importer", "year"])["x"]
    moved = frame.assign(fake=shift(record, -3).to_numpy())
    alone = design(event=Event(column="fake", kind="dose"), window=EventWindow(leads=0, lags=0, reference=None))
    assert distributed_lag(panel_of(moved), alone).tstats.iloc[0] > 3
    got = lead_placebo(panel_of(frame), design(window=SHORT), (2, 3, 4))
    assert (got["p_value"] > 0.05).all()


def test_a_planted_lead_is_found_where_it_is() -> None:
    got = lead_placebo(panel_of(lasting(1, early=0.5)), design(window=SHORT), (2, 3, 4)).set_index("term")
    assert got["p_value"]["x, 3 before"] < 0.001
    assert got["conf_low"]["x, 3 before"] < 0.5 < got["conf_high"]["x, 3 before"]
    assert got["p_value"]["all placebos"] < 0.001
    assert got["p_value"][["x, 2 before", "x, 4 before"]].min() > 0.05


@pytest.mark.slow
def test_size_of_the_joint_placebo() -> None:
    """With an effect in the year of recurring events, 5 % of 400 panels, within four binomial errors."""
    p = [lead_placebo(panel_of(lasting(s)), design(window=SHORT), (2, 3))["p_value"].iloc[-1] for s in range(400)]
    assert (np.array(p) < 0.05).mean() == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 400))


def test_groups_have_joint_rows_of_their_own() -> None:
    got = lead_placebo(panel_of(random_frame(4)), design(moderator=REGIME), (3, 4))
    assert got["group"].tolist() == ["low", "low", "high", "high", "low", "high"]
    assert got["term"].tolist()[-2:] == ["all placebos [low]", "all placebos [high]"]


def test_binned_ends_begin_beyond_the_placebos() -> None:
    frame, window = random_frame(4), EventWindow(leads=1, lags=2, reference=-1, ends="bin")
    got = lead_placebo(panel_of(frame), design(window=window), (2, 3))
    whole = distributed_lag(panel_of(frame), design(window=replace(window, leads=3)))
    np.testing.assert_array_equal(got["estimate"].iloc[:2], whole.params[["x, 3 before", "x, 2 before"]])
    assert "x, 4 before or more" in whole.names


@pytest.mark.filterwarnings("ignore::eventpanel.estimators.solution.EstimationWarning")
def test_a_lead_that_cannot_be_estimated_is_missing() -> None:
    """A control is the event three years ahead."""
    frame = random_frame(4, units=12, periods=10)
    record = frame.set_index(["importer", "year"])["x"]
    frame["copy"] = shift(record, -3).fillna(0.0).to_numpy()
    got = lead_placebo(panel_of(frame), design(window=SHORT, controls=("copy",)), (2, 3)).set_index("term")
    whole = distributed_lag(panel_of(frame), design(window=replace(SHORT, leads=3), controls=("copy",)))
    lost = [str(term) for term, _ in whole.dropped]
    assert len(lost) == 1
    kept = [name for name in ("x, 3 before", "x, 2 before") if name not in lost]
    assert got["estimate"][kept].notna().all()
    assert got["estimate"].reindex(lost).isna().all()


def test_poisson_leads_are_those_of_ppml() -> None:
    frame = random_frame(4)
    frame["y"] = np.random.default_rng(2).poisson(np.exp(0.1 * frame["x"]))
    asked = design(window=SHORT, covariance=Clustered("importer", "ppmlhdfe"))
    got = lead_placebo(panel_of(frame), asked, (2,), model="poisson", level=0.9)
    want = ppml(panel_of(frame), replace(asked, window=replace(SHORT, leads=2))).tidy(0.9)
    np.testing.assert_array_equal(got["conf_low"].iloc[0], want["conf_low"].iloc[0])
    assert got["estimate"].iloc[0] == want["estimate"].iloc[0]


@pytest.mark.parametrize("ahead", [(), (0, 1), (-2,), (2, 2)])
def test_periods_that_are_not_ahead_are_refused(ahead: Any) -> None:
    with pytest.raises(DesignError, match="periods ahead"):
        lead_placebo(panel_of(random_frame(4)), design(), ahead)


def test_impossible_placebos_are_refused() -> None:
    with pytest.raises(DesignError, match="zero by construction"):
        lead_placebo(panel_of(random_frame(4)), design(window=EventWindow(leads=1, lags=1, reference=-1)), (1, 2))
    unknown: Any = "logit"
    with pytest.raises(DesignError, match="Unknown model"):
        lead_placebo(panel_of(random_frame(4)), design(), (2,), model=unknown)
