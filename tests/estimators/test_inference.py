"""Joint tests, differences, sums and bands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.inference import (
    cumulative,
    difference,
    lag_test,
    lead_test,
    simultaneous_bands,
    simultaneous_critical,
    wald,
)
from tests.estimators.designs import REGIME, design
from tests.panels import random_panel


@pytest.fixture(scope="module")
def estimate() -> Estimate:
    return distributed_lag(random_panel(2), design(controls=("control",)))


@pytest.fixture(scope="module")
def by_regime() -> Estimate:
    return distributed_lag(random_panel(2), design(moderator=REGIME))


def test_lead_test_is_the_f_test_on_the_leads(estimate: Estimate) -> None:
    b, V = estimate.coef[:2], estimate.vcov[:2, :2]
    F = b @ np.linalg.inv(V) @ b / 2
    got = lead_test(estimate)
    assert got.statistic == pytest.approx(F, rel=1e-12)
    assert got.p_value == pytest.approx(stats.f.sf(F, 2, estimate.n_clusters - 1), rel=1e-12)
    assert got.dof == (2.0, estimate.n_clusters - 1.0)


def test_lag_test_leaves_out_the_same_period(estimate: Estimate) -> None:
    want = wald(estimate, estimate.terms[3:5], "all lags are zero")
    assert lag_test(estimate) == want


def test_test_of_one_term_is_its_t_test(estimate: Estimate) -> None:
    got = wald(estimate, estimate.terms[2:3], "same period is zero")
    assert got.statistic == pytest.approx(estimate.tstats.iloc[2] ** 2, rel=1e-12)
    assert got.p_value == pytest.approx(estimate.pvalues.iloc[2], rel=1e-10)


def test_a_singular_covariance_gives_no_test(estimate: Estimate) -> None:
    flat = replace(estimate, vcov=np.outer(estimate.coef, estimate.coef))
    got = lead_test(flat)
    assert np.isnan(got.p_value)
    assert "singular" in str(got)
    none = replace(estimate, vcov=np.zeros_like(estimate.vcov))
    assert np.isnan(none.pvalues).all()
    assert np.isnan(lead_test(none).p_value)


def test_no_leads_no_test(estimate: Estimate) -> None:
    assert lead_test(estimate.select(estimate.terms[2:])).remark == "no such term was estimated"


def test_difference_has_the_covariance_of_both(by_regime: Estimate) -> None:
    got = difference(by_regime, "low", "high")
    V = by_regime.vcov
    want = V[:5, :5] + V[5:, 5:] - V[:5, 5:] - V[5:, :5]
    np.testing.assert_allclose(got.vcov, want, rtol=1e-12)
    np.testing.assert_allclose(got.coef, by_regime.coef[:5] - by_regime.coef[5:10], rtol=1e-12)
    opposite = difference(by_regime, "high", "low")
    np.testing.assert_allclose(opposite.coef, -got.coef, rtol=1e-12)
    assert got.groups == ("low - high",)


def test_difference_of_unknown_groups_is_refused(by_regime: Estimate) -> None:
    with pytest.raises(DesignError, match="Unknown group 'middle'"):
        difference(by_regime, "low", "middle")
    with pytest.raises(DesignError, match="groups: low, high"):
        lead_test(by_regime)


def test_sum_of_the_path(estimate: Estimate, by_regime: Estimate) -> None:
    got = cumulative(estimate)
    assert got.coef[0] == pytest.approx(estimate.coef[:5].sum(), rel=1e-12)
    assert got.vcov[0, 0] == pytest.approx(estimate.vcov[:5, :5].sum(), rel=1e-12)
    part = cumulative(estimate, 0, 1)
    assert part.coef[0] == pytest.approx(estimate.coef[2:4].sum(), rel=1e-12)
    assert "0 to 1" in part.names[0]
    of_difference = cumulative(difference(by_regime, "low", "high"))
    both = cumulative(by_regime)
    assert of_difference.coef[0] == pytest.approx(both.coef[0] - both.coef[1], rel=1e-12)


# Exact for a diagonal covariance: c = inverse normal of (1 + (1 - alpha)^(1/K)) / 2.
@pytest.mark.parametrize(("alpha", "k"), [(0.05, 1), (0.05, 2), (0.05, 4), (0.05, 5), (0.05, 8), (0.10, 4)])
def test_critical_value_of_independent_terms(alpha: float, k: int) -> None:
    exact = stats.norm.ppf((1 + (1 - alpha) ** (1 / k)) / 2)
    assert simultaneous_critical(np.eye(k), np.inf, 1 - alpha) == pytest.approx(exact, abs=2e-3)


def test_critical_value_of_perfectly_correlated_terms_is_that_of_one() -> None:
    one = simultaneous_critical(np.eye(1), 12.0)
    assert simultaneous_critical(np.ones((4, 4)), 12.0) == pytest.approx(one, abs=5e-3)


@pytest.mark.parametrize("dof", [3.0, 20.0, np.inf])
def test_critical_value_equals_the_integral_over_the_multivariate_t(dof: float) -> None:
    correlation = 0.5 * np.eye(3) + 0.5
    c = simultaneous_critical(correlation, dof)
    corner = np.full(3, c)
    if np.isinf(dof):
        inside = float(stats.multivariate_normal.cdf(corner, cov=correlation, lower_limit=-corner))
    else:
        t = stats.multivariate_t(shape=correlation, df=int(dof), seed=1)
        inside = float(t.cdf(corner, lower_limit=-corner, random_state=1))
    assert inside == pytest.approx(0.95, abs=1e-3)


def test_bands_are_wider_than_intervals_and_narrower_than_bonferroni(by_regime: Estimate) -> None:
    bands = simultaneous_bands(by_regime)
    for group in by_regime.groups:
        part = by_regime.select([t for t in by_regime.path if t.group == group])
        critical = bands.loc[bands["group"] == group, "critical"].iloc[0]
        assert stats.t.ppf(0.975, part.dof[0]) < critical < stats.t.ppf(1 - 0.025 / 5, part.dof[0])
        np.testing.assert_allclose(bands.loc[part.names, "band_high"] - part.coef, critical * part.std_errors)


def test_bands_are_the_same_every_time(by_regime: Estimate) -> None:
    assert simultaneous_bands(by_regime).equals(simultaneous_bands(by_regime))


def test_degrees_of_freedom_are_those_of_the_group(by_regime: Estimate) -> None:
    assert by_regime.dof[:5].tolist() == [21.0] * 5
    whole = distributed_lag(random_panel(2), design(covariance=Clustered("importer", "none")))
    assert whole.dof.tolist() == [43.0] * 5
