"""Power by formula is power by simulation; simulated power starts at the size of the test and rises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from statsmodels.stats.power import TTestPower

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.draws import draws
from eventpanel.estimators.core.power import TwoSided
from eventpanel.estimators.covariance import Clustered, Robust
from eventpanel.estimators.detectable import Simulation, detectable
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.target import Target
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame, random_panel

ALONE = EventWindow(leads=0, lags=0, reference=None)


@pytest.mark.parametrize("dof", [4, 30, 400])
@pytest.mark.parametrize("away", [0.2, 1.0, 3.0])
def test_power_is_that_of_statsmodels(dof: int, away: float) -> None:
    other = TTestPower().power(effect_size=away / np.sqrt(dof + 1), nobs=dof + 1, alpha=0.05)
    assert TwoSided(2.0, dof, 0.05).power(2 * away) == pytest.approx(other, abs=1e-10)
    assert TwoSided(2.0, dof, 0.05).power(-2 * away) == TwoSided(2.0, dof, 0.05).power(2 * away)


@pytest.mark.parametrize("power", [0.5, 0.8, 0.9])
def test_the_minimum_inverts_the_power(power: float) -> None:
    test = TwoSided(0.03, 17, 0.05)
    assert test.power(test.minimum(power)) == pytest.approx(power, abs=1e-10)


@pytest.mark.parametrize(("dof", "away"), [(5, 0.7), (40, 1.5), (40, 4.0)])
def test_errors_of_sign_and_size_are_those_of_normal_draws(dof: int, away: float) -> None:
    rng, number = np.random.default_rng(1), 400_000
    z, s = away + rng.normal(size=number), np.sqrt(rng.chisquare(dof, number) / dof)
    found = z[np.abs(z) > stats.t.isf(0.025, dof) * s]
    power, wrong, size = TwoSided(3.0, dof, 0.05).significant(3 * away)
    # Four Monte Carlo standard errors each.
    assert len(found) / number == pytest.approx(power, abs=4 * np.sqrt(power * (1 - power) / number))
    assert (found < 0).mean() == pytest.approx(wrong, abs=4 * np.sqrt(max(wrong, 1e-5) / len(found)))
    assert np.abs(found).mean() / away == pytest.approx(size, abs=4 * np.abs(found).std() / away / len(found) ** 0.5)


@pytest.mark.parametrize("away", [0.25, 1.0, 3.0])
def test_with_many_degrees_of_freedom_errors_are_those_of_the_normal_distribution(away: float) -> None:
    limit = stats.norm.isf(0.025)
    size, right, wrong = (
        sum(integrate.quad(lambda x, p=p: abs(x) ** p * stats.norm.pdf(x - away), *ends)[0] for ends in where)
        for p, where in ((1, ((limit, 15), (-15, -limit))), (0, ((limit, 15),)), (0, ((-15, -limit),)))
    )
    found = TwoSided(1.0, 1e8, 0.05).significant(away)
    # Noncentral t differs from the normal distribution by shares of the order of 1 / dof.
    assert found == pytest.approx((right + wrong, wrong / (right + wrong), size / (right + wrong) / away), rel=1e-6)


CASES: list[tuple[str, dict[str, Any], Target]] = [
    ("distributed_lag", {"controls": ("control",), "weights": "weight"}, Target()),
    ("distributed_lag", {"moderator": REGIME}, Target(group="low", minus="high", direction="negative")),
    ("ppml", {"outcome": "count", "covariance": Clustered("importer", "ppmlhdfe")}, Target()),
]


def panel_of_counts() -> Panel:
    frame = random_frame(units=60)
    rng = np.random.default_rng(5)
    return Panel(frame.assign(count=rng.poisson(np.exp(0.2 * frame["x"]))), ("importer",), "year")


@pytest.mark.parametrize(("estimator", "changes", "target"), CASES)
def test_formula_and_simulation_agree_on_a_well_behaved_panel(
    estimator: Any, changes: dict[str, Any], target: Target
) -> None:
    asked = Simulation(seed=1, draws=4000)
    found = detectable(panel_of_counts(), design(**changes), target, simulation=asked, estimator=estimator)
    estimate = target.of((ppml if estimator == "ppml" else distributed_lag)(panel_of_counts(), design(**changes)))
    assert found.test.error == pytest.approx(float(estimate.std_errors.iloc[0]), rel=1e-12)
    curve = found.curve.sort_values("effect", key=np.abs)
    assert (np.diff(curve["simulated_power"]) > 0).all()
    assert np.sign(curve["effect"].iloc[-1]) == target.sign
    # The spread of clusters is not exactly normal nor the error exactly chi-squared: .02 beside the Monte Carlo error.
    simulated, power, error = curve[["simulated_power", "power", "monte_carlo_error"]].to_numpy(dtype=float).T
    assert (np.abs(simulated - power) < 0.02 + 4 * error).all()
    # The slope of power at 80 % is .28 per standard error (normal density at .84): its error over the slope.
    _, least, simulated_least = found.minimums.to_numpy(dtype=float)[1]
    assert simulated_least == pytest.approx(least, abs=0.15 * found.test.error)
    assert found.draws == 4000


def test_draws_are_the_regression_run_again() -> None:
    """Each draw against the distributed lag of the outcome it stands for."""
    panel, asked = random_panel(3, units=8, periods=9), design(window=ALONE, controls=("control",))
    with pytest.warns(match="only 8"):
        estimate = distributed_lag(panel, asked)
    frame, effect = panel.frame, 0.3
    X = frame[["x", "control"]].to_numpy()
    dummies = pd.get_dummies(frame[["importer", "year"]].astype(str), dtype=float).to_numpy()
    whole = np.column_stack([X, dummies])
    residuals = frame["y"] - whole @ np.linalg.lstsq(whole, frame["y"], rcond=None)[0]
    with pytest.warns(match="only 8"):
        found = detectable(panel, asked, Target(), effects=[effect], simulation=Simulation(seed=1, draws=8))
    (block,) = draws(8, 8, "rademacher", 1)
    raw = float(np.sum(_sums(X, dummies, residuals.to_numpy(), frame["importer"]) ** 2))
    factor = estimate.vcov[0, 0] / raw
    codes, rejected = frame["importer"].str[1:].astype(int).to_numpy(), 0
    for signs in block.T:
        drawn = frame.assign(y=effect * frame["x"] + factor**0.5 * residuals * signs[codes])
        with pytest.warns(match="only 8"):
            again = distributed_lag(Panel(drawn, ("importer",), "year"), asked)
        rejected += again.pvalues.iloc[0] < 0.05
    row = found.curve[found.curve["asked"]].iloc[0]
    assert row["simulated_power"] == rejected / 8
    assert 0 < rejected < 8


def _sums(X: Any, dummies: Any, residuals: Any, clusters: pd.Series) -> Any:
    left = X - dummies @ np.linalg.lstsq(dummies, X, rcond=None)[0]
    scores = pd.DataFrame(left * residuals[:, None]).groupby(clusters.to_numpy()).sum().to_numpy()
    return (scores @ np.linalg.inv(left.T @ left))[:, 0]


def test_same_seed_same_draws_and_no_simulation_is_missing() -> None:
    panel = random_panel(1, units=30)
    one, same, other = (
        detectable(panel, design(), Target(), simulation=Simulation(seed=seed, draws=199)).curve for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, same)
    assert not one["simulated_power"].equals(other["simulated_power"])
    plain = detectable(panel, design(), Target())
    assert plain.curve["simulated_power"].isna().all() and plain.minimums["simulated_effect"].isna().all()
    assert plain.draws == 0


def test_what_cannot_be_simulated_is_refused() -> None:
    panel, drawn = random_panel(1, units=30), Simulation(seed=1, draws=9)
    for covariance in (Clustered("importer", "none", kind="CRV3"), Robust("HC1")):
        with pytest.raises(DesignError):
            detectable(panel, design(covariance=covariance), Target(), simulation=drawn)
    with pytest.raises(DesignError, match="number"):
        detectable(panel, design(), Target(), effects=[np.nan])
    with pytest.raises(DesignError, match="estimator"):
        detectable(panel, design(), Target(), estimator="probit")  # type: ignore[arg-type]
    with pytest.raises(DesignError, match="draws"):
        Simulation(seed=1, draws=0)


@pytest.mark.slow
def test_power_for_counts_is_that_of_counts_drawn_anew() -> None:
    """Poisson counts with gamma shocks to every unit and year, refitted: the one step against the whole way."""
    rng, frame, effect = np.random.default_rng(8), random_frame(units=40, periods=10), 0.15
    asked = design(outcome="count", window=ALONE, covariance=Clustered("importer", "ppmlhdfe"))
    mean = np.exp(0.5 + rng.normal(0, 0.3, 40)).repeat(10)

    def panel(size: float) -> Panel:
        shock = rng.gamma(2.0, 0.5, len(frame))
        drawn = rng.poisson(mean * shock * np.exp(size * frame["x"]))
        return Panel(frame.assign(count=drawn), ("importer",), "year")

    found = [
        detectable(
            panel(0.0), asked, Target(), effects=[effect], simulation=Simulation(seed=s, draws=499), estimator="ppml"
        ).curve.query("asked")["simulated_power"]
        for s in range(20)
    ]
    number = 300
    refits = float(np.mean([ppml(panel(effect), asked).pvalues.iloc[0] < 0.05 for _ in range(number)]))
    # The prediction varies with the panel it is made from; its mean over twenty is within .03.
    assert np.mean(found) == pytest.approx(refits, abs=0.05 + 2 * (refits * (1 - refits) / number) ** 0.5)


@pytest.mark.parametrize("away", [19.9, 24.0, 300.0])
def test_power_far_from_zero_is_one(away: float) -> None:
    """The series of the noncentral t gives no number for the wrong tail at 20. The chance to miss is below 1e-12."""
    found = TwoSided(1.0, 97.0, 0.05).significant(away)
    assert found.power == pytest.approx(1.0, abs=1e-12)
    assert 0 <= found.wrong_sign < 1e-12


@pytest.mark.parametrize("away", [0.5, 1.0, 3.0])
def test_power_by_the_normal_given_the_standard_error_is_that_of_the_noncentral_t(
    away: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = TwoSided(1.0, 9.0, 0.05)
    series = test.significant(away)
    monkeypatch.setattr(stats.nct, "cdf", lambda *_: np.nan)
    # The integral leaves out 1e-13 of the distribution on either side.
    assert test.significant(away) == pytest.approx(series, rel=1e-10)
