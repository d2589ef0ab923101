"""Power of pre-tests: closed forms, mixtures, draws, order, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.event_coefficients import EventCoefficients, event_coefficients
from eventpanel.estimators.inference import lead_test
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.pretrend_power import detectable_slope, pretrend_power
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame, random_panel

CRITICAL = float(special.ndtri(0.975))
FROM_MINUS_ONE = EventWindow(leads=3, lags=2, reference=-1)


def random_path(seed: int, dof: float = np.inf) -> EventCoefficients:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(5, 7)) * 0.05
    return EventCoefficients(np.array([-4, -3, -2, 0, 1]), rng.normal(size=5) * 0.1, root @ root.T, dof)


def one_lead(error: float = 0.021) -> EventCoefficients:
    return EventCoefficients(np.array([-2, 0]), np.array([0.005, 0.073]), np.diag([error**2, 0.02**2]))


@pytest.mark.parametrize("slope", [-0.05, 0.0, 0.02, 0.1])
def test_one_lead_is_the_closed_form(slope: float) -> None:
    shift = slope / 0.021
    want = special.ndtr(-CRITICAL - shift) + special.ndtr(-CRITICAL + shift)
    got = pretrend_power(one_lead(), slope)
    assert got.power == pytest.approx(float(want), rel=1e-10)
    assert got.size == pytest.approx(0.05, rel=1e-10)
    # With one lead the joint test is the square of the t test.
    assert got.joint_power == pytest.approx(float(want), rel=1e-9)
    assert got.error == 0.0


def test_one_lead_with_a_t_statistic_is_the_noncentral_t() -> None:
    path = replace(one_lead(), dof=14.0)
    got, critical = pretrend_power(path, 0.05), float(special.stdtrit(14, 0.975))
    shift = 0.05 / 0.021
    want = 1 - (special.nctdtr(14, shift, critical) - special.nctdtr(14, shift, -critical))
    assert got.critical == pytest.approx(critical)
    assert got.power == pytest.approx(float(want), abs=1e-9)
    assert got.joint_power == pytest.approx(float(want), abs=1e-9)


def test_slope_of_one_lead() -> None:
    # The other side of the interval is further than six standard errors away at 80 %, so the closed form is this.
    want = 0.021 * (CRITICAL + float(special.ndtri(0.8)))
    assert detectable_slope(one_lead(), 0.8) == pytest.approx(want, rel=1e-5)


@pytest.mark.parametrize("test", ["any", "joint"])
@pytest.mark.parametrize("dof", [11.0, np.inf])
def test_a_slope_has_the_power_asked_for(test: str, dof: float) -> None:
    path = random_path(2, dof)
    for power in (0.5, 0.8):
        slope = detectable_slope(path, power, test="any" if test == "any" else "joint")
        got = pretrend_power(path, slope)
        assert (got.power if test == "any" else got.joint_power) == pytest.approx(power, abs=2e-6)
        assert pretrend_power(path, -slope).power == pytest.approx(got.power, abs=1e-9)


def test_independent_leads_are_a_product() -> None:
    errors = np.array([0.03, 0.02, 0.05])
    path = EventCoefficients(np.array([-4, -3, -2]), np.zeros(3), np.diag(errors**2))
    shift = 0.02 * np.array([3.0, 2.0, 1.0]) / errors
    passing = (special.ndtr(CRITICAL - shift) - special.ndtr(-CRITICAL - shift)).prod()
    got = pretrend_power(path, 0.02)
    assert got.power == pytest.approx(1 - passing, rel=1e-11)
    assert got.bayes_factor == pytest.approx(passing / 0.95**3, rel=1e-10)


@pytest.mark.parametrize("dof", [9.0, np.inf])
def test_joint_power_is_a_mixture(dof: float) -> None:
    """A noncentral chi-squared is a mixture of central ones: twice a Poisson number more degrees of freedom."""
    path = random_path(5, dof)
    delta, vcov = path.along(0.05)[:3], path.vcov[:3, :3]
    noncentrality, j = float(delta @ np.linalg.solve(vcov, delta)), np.arange(400)
    share = stats.poisson.pmf(j, noncentrality / 2)
    if np.isinf(dof):
        tail = stats.chi2.sf(stats.chi2.isf(0.05, 3), 3 + 2 * j)
    else:
        limit = 3 * stats.f.isf(0.05, 3, dof)
        tail = stats.f.sf(limit / (3 + 2 * j), 3 + 2 * j, dof)
    got = pretrend_power(path, 0.05)
    assert got.joint_power == pytest.approx(float(share @ tail), abs=1e-9)
    assert got.joint_size == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize("dof", [10.0, np.inf])
def test_draws_of_whole_paths(dof: float) -> None:
    n, rng, path = 200_000, np.random.default_rng(7), random_path(3, dof)
    slope = detectable_slope(path, 0.5)
    got = pretrend_power(path, slope)
    drawn = rng.multivariate_normal(slope * path.periods, path.vcov, size=n)
    chi = np.ones(n) if np.isinf(dof) else np.sqrt(rng.chisquare(dof, n) / dof)
    t = np.abs(drawn / path.std_errors) / chi[:, None]
    passed = (t[:, path.before] <= got.critical).all(axis=1)
    # Four standard errors of the draws.
    assert abs(got.power - (1 - passed.mean())) < 4 * 0.5 / np.sqrt(n)
    error = drawn[passed].std(axis=0) / np.sqrt(passed.sum())
    assert (np.abs(drawn[passed].mean(axis=0) - got.after_passing) < 4.5 * error).all()


def test_likelihood_ratio_is_that_of_the_densities_of_the_leads() -> None:
    for dof in (np.inf, 7.0):
        path = random_path(4, dof)
        coef, vcov, delta = path.coef[:3], path.vcov[:3, :3], path.along(0.03)[:3]
        if np.isinf(dof):
            want = stats.multivariate_normal.pdf(coef, delta, vcov) / stats.multivariate_normal.pdf(
                coef, np.zeros(3), vcov
            )
        else:
            want = stats.multivariate_t.pdf(coef, delta, vcov, 7) / stats.multivariate_t.pdf(coef, np.zeros(3), vcov, 7)
        assert pretrend_power(path, 0.03).likelihood_ratio == pytest.approx(float(want), rel=1e-9)


def test_order_does_not_matter() -> None:
    path, order = random_path(6), np.array([3, 1, 4, 0, 2])
    turned = EventCoefficients(path.event_times[order], path.coef[order], path.vcov[np.ix_(order, order)])
    one, other = pretrend_power(path, 0.04), pretrend_power(turned, 0.04)
    assert one.power == pytest.approx(other.power, rel=1e-10)
    assert one.likelihood_ratio == pytest.approx(other.likelihood_ratio, rel=1e-9)
    np.testing.assert_allclose(one.table.to_numpy(), other.table.to_numpy(), atol=1e-11)


def test_units_do_not_matter() -> None:
    path = random_path(6)
    scaled = EventCoefficients(path.event_times, 1000 * path.coef, 1e6 * path.vcov)
    assert detectable_slope(scaled, 0.5) == pytest.approx(1000 * detectable_slope(path, 0.5), rel=1e-9)


def test_a_path_may_be_given_by_event_time() -> None:
    path = random_path(1)
    line = {int(k): 0.03 * (k + 1) for k in path.event_times}
    assert pretrend_power(path, line).power == pretrend_power(path, 0.03).power
    assert pretrend_power(path, line | {-1: 0.0}).power == pretrend_power(path, 0.03).power
    for wrong in ({-2: 0.1}, line | {5: 0.1}, line | {-1: 0.1}):
        with pytest.raises(DesignError, match="does not have the event times"):
            pretrend_power(path, wrong)


def test_without_an_alternative_it_is_the_slope_of_half_the_power() -> None:
    got = pretrend_power(random_path(1))
    assert got.power == pytest.approx(0.5, abs=1e-8)
    assert f"with probability {got.power:.3f}, the joint test of all leads with {got.joint_power:.3f}" in str(got)
    assert f"{got.bayes_factor:.2f} times as likely" in str(got)


def test_a_lead_that_repeats_another_is_no_second_test() -> None:
    path = random_path(1)
    again = np.array([0, 1, 2, 2, 3])
    twice = EventCoefficients(np.array([-5, -4, -3, -2, 0]), path.coef[again], path.vcov[np.ix_(again, again)])
    values = dict(zip([-5, -4, -3, -2, 0], path.along(0.04)[again], strict=True))
    got, want = pretrend_power(twice, values), pretrend_power(path, 0.04)
    assert got.power == pytest.approx(want.power, rel=1e-10)
    np.testing.assert_allclose(got.after_passing, want.after_passing[again], atol=1e-12)
    assert np.isnan(got.joint_power)
    assert np.isnan(got.likelihood_ratio)
    assert np.isnan(detectable_slope(twice, 0.5, test="joint"))
    assert "joint test" not in str(got)


RESTRICTED = pytest.mark.filterwarnings("ignore:the effect at event time")


def leads_of(path: EventCoefficients) -> Floats:
    return np.asarray(path.coef[path.before])


@RESTRICTED
def test_from_an_estimate() -> None:
    estimate = distributed_lag(random_panel(), design(window=FROM_MINUS_ONE))
    path = event_coefficients(estimate)
    assert path.event_times.tolist() == [-3, -2, 0, 1, 2]
    assert path.dof == 43.0
    assert leads_of(path).tolist() == estimate.coef[:2].tolist()
    assert pretrend_power(estimate, 0.1).power == pretrend_power(path, 0.1).power
    # Of several degrees of freedom the fewest of the leads count, and those of lags do not.
    uneven = replace(estimate, dof=np.array([31.0, 25.0, 43.0, 9.0, 43.0]))
    assert event_coefficients(uneven).dof == lead_test(uneven).dof[1] == 25.0
    # The joint test is that of lead_test: two restrictions, 43 degrees of freedom.
    assert lead_test(estimate).dof == (2.0, 43.0)


def test_from_a_group_and_from_binned_ends() -> None:
    asked = design(window=replace(FROM_MINUS_ONE, ends="bin"), moderator=REGIME, fixed_effects=("importer", "year"))
    estimate = distributed_lag(random_panel(), asked)
    path = event_coefficients(estimate, "high")
    assert path.event_times.tolist() == [-3, -2, 0, 1, 2]
    assert path.dof == 21.0
    with pytest.raises(DesignError, match="Unknown group"):
        pretrend_power(estimate)
    with pytest.raises(DesignError, match="no groups"):
        pretrend_power(path, group="high")


@RESTRICTED
def test_from_poisson() -> None:
    frame = random_frame()
    frame["y"] = np.exp(frame["y"] / 5)
    panel = random_panel().with_frame(frame)
    estimate = ppml(panel, design(window=FROM_MINUS_ONE))
    assert 0 < detectable_slope(estimate, 0.5) < detectable_slope(estimate, 0.8)


@RESTRICTED
@pytest.mark.parametrize("reference", [None, -2, 0])
def test_a_free_term_before_the_event_is_refused(reference: int | None) -> None:
    estimate = distributed_lag(random_panel(), design(window=replace(FROM_MINUS_ONE, reference=reference)))
    with pytest.raises(DesignError, match="estimate with reference=-1"):
        pretrend_power(estimate)


def test_what_cannot_be_asked_is_refused() -> None:
    two, eye = np.array([-2, 0]), np.eye(2)
    with pytest.raises(DesignError, match="must be the reference"):
        EventCoefficients(np.array([-2, -1]), np.zeros(2), eye)
    with pytest.raises(DesignError, match="given twice"):
        EventCoefficients(np.array([-2, -2]), np.zeros(2), eye)
    with pytest.raises(DesignError, match="do not fit"):
        EventCoefficients(two, np.zeros(3), eye)
    with pytest.raises(DesignError, match="no variance"):
        EventCoefficients(two, np.zeros(2), np.diag([1.0, 0.0]))
    with pytest.raises(DesignError, match="no lead to test"):
        pretrend_power(EventCoefficients(np.array([0, 1]), np.zeros(2), eye))
    with pytest.raises(DesignError, match="No slope is noticed"):
        detectable_slope(one_lead(), 0.04)
    with pytest.raises(DesignError, match="confidence level"):
        pretrend_power(one_lead(), level=95)
