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
    average,
    cumulative,
    difference,
    equality_test,
    joint_test,
    lag_test,
    lead_test,
    lincom,
    simultaneous_bands,
    simultaneous_critical,
    sup_t_test,
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


def test_combinations_by_name_equal_statsmodels_algebra(estimate: Estimate) -> None:
    got = lincom(estimate, ["x[0] - x[-1]", "(x[1] + x[2]) / 2 - 0.1"])
    matrix = np.array([[0, -1, 1, 0, 0, 0], [0, 0, 0, 0.5, 0.5, 0]])
    np.testing.assert_allclose(got.coef, matrix @ estimate.coef - [0, 0.1], rtol=1e-12)
    np.testing.assert_allclose(got.vcov, matrix @ estimate.vcov @ matrix.T, rtol=1e-12)
    assert got.names == ["x[0] - x[-1]", "(x[1] + x[2]) / 2 - 0.1"]
    assert lincom(estimate, "x[0]").coef[0] == estimate.coef[2]
    with pytest.raises(DesignError, match="use joint_test"):
        lincom(estimate, "x[0] = 1")


def test_joint_test_by_name_is_the_f_test(estimate: Estimate) -> None:
    R, r = np.array([[0, 0, 1, 0, 0, 0], [0, 0, 0, 1, -1, 0]]), np.array([0.3, 0])
    gap = R @ estimate.coef - r
    F = gap @ np.linalg.inv(R @ estimate.vcov @ R.T) @ gap / 2
    got = joint_test(estimate, ["x[0] = 0.3", "x[1] = x[2]"])
    assert got.statistic == pytest.approx(F, rel=1e-12)
    assert got.p_value == pytest.approx(stats.f.sf(F, 2, estimate.n_clusters - 1), rel=1e-11)
    assert str(got).startswith("x[0] = 0.3; x[1] = x[2]: F(2, 43)")
    leads = joint_test(estimate, estimate.terms[:2])
    assert (leads.statistic, leads.p_value) == (lead_test(estimate).statistic, lead_test(estimate).p_value)


def test_one_hypothesis_is_the_t_test_of_its_combination(by_regime: Estimate) -> None:
    got, part = joint_test(by_regime, "x[0, low] = x[0, high]"), lincom(by_regime, "x[0, low] - x[0, high]")
    contrast = difference(by_regime, "low", "high")
    assert got.p_value == pytest.approx(part.pvalues.iloc[0], rel=1e-10)
    assert got.p_value == pytest.approx(contrast.pvalues["x, same period [low - high]"], rel=1e-10)
    every = [f"x[{h}, low] = x[{h}, high]" for h in range(-2, 3)]
    assert joint_test(by_regime, every).p_value == pytest.approx(wald(contrast, contrast.path, "").p_value, rel=1e-9)


def test_the_same_restrictions_in_other_words_give_the_same_test(estimate: Estimate) -> None:
    want = equality_test(estimate, ["x[0]", "x[1]", "x[2]"])
    assert want.null == "x[0] = x[1] = x[2]"
    for other in ("x[0] = x[1] = x[2]", ["2*x[0] = x[1] + x[2]", "x[1] - x[2] = 0"], ["x[2] = x[0]", "x[0] = x[1]"]):
        got = joint_test(estimate, other)
        assert got.statistic == pytest.approx(want.statistic, rel=1e-10)
        assert got.dof == (2.0, 43.0)
    turned = equality_test(estimate, [estimate.terms[4], "x[0]", "x[1]"])
    assert turned.statistic == pytest.approx(want.statistic, rel=1e-10)
    with pytest.raises(DesignError, match="two terms"):
        equality_test(estimate, ["x[0]"])


@pytest.mark.parametrize("repeated", [["x[0]", "2*x[0] = 0"], ["x[0] = 1", "x[0] = 2"], ["x[0] = x[1] = x[2] = x[0]"]])
def test_hypotheses_that_repeat_one_another_are_refused(estimate: Estimate, repeated: list[str]) -> None:
    with pytest.raises(DesignError, match="repeat or contradict"):
        joint_test(estimate, repeated)


def test_averages(estimate: Estimate, by_regime: Estimate) -> None:
    after, before = average(estimate, 0), average(estimate, None, -1)
    assert after.coef[0] == pytest.approx(estimate.coef[2:5].mean(), rel=1e-12)
    assert after.vcov[0, 0] == pytest.approx(estimate.vcov[2:5, 2:5].mean(), rel=1e-12)
    assert after.names == ["average of x, 0 to 2"]
    gap = average(by_regime, 0, minus=(None, -1))
    by_name = lincom(by_regime, "(x[0, low] + x[1, low] + x[2, low])/3 - (x[-1, low] + x[-2, low])/2")
    np.testing.assert_allclose(gap.coef[0], by_name.coef[0], rtol=1e-12)
    np.testing.assert_allclose(gap.vcov[0, 0], by_name.vcov[0, 0], rtol=1e-12)
    assert gap.names[1] == "average of x, 0 to 2, minus that of -2 to -1 [high]"
    assert average(estimate, 0, minus=(None, -1)).coef[0] == pytest.approx(after.coef[0] - before.coef[0], rel=1e-12)


def test_what_is_not_estimated_is_named_and_nothing_is_missing_rather_than_zero(estimate: Estimate) -> None:
    less = estimate.select([t for t in estimate.terms if t.event_time != 1])
    assert average(less, 0).names == ["average of x, 0 to 2 without 1"]
    assert cumulative(less, 0).names == ["sum of x, 0 to 2 without 1"]
    for nothing in (average(estimate, 5), cumulative(estimate, 5), average(estimate, 0, minus=(7, 9))):
        assert "nothing" in nothing.names[0]
        assert np.isnan([nothing.coef[0], nothing.vcov[0, 0]]).all()


def test_sup_t_is_where_the_band_touches_zero(by_regime: Estimate) -> None:
    part = by_regime.select(by_regime.terms[5:])
    got = sup_t_test(by_regime, by_regime.terms[5:])
    assert got.statistic == pytest.approx(part.tstats.abs().max(), rel=1e-12)
    bands = simultaneous_bands(part, 1 - got.p_value)
    # The band at this level ends at zero for the largest statistic; its critical value is solved for to 1e-5.
    nearest = np.abs(bands[["band_low", "band_high"]].to_numpy()).min(axis=1) / part.std_errors.to_numpy()
    assert nearest[np.argmax(np.abs(part.tstats))] == pytest.approx(0, abs=2e-5)
    assert "max |t|(5, 21)" in str(got)


def test_sup_t_of_one_is_its_t_test_and_of_many_lies_between_bounds(estimate: Estimate) -> None:
    assert sup_t_test(estimate, "x[1]").p_value == pytest.approx(estimate.pvalues.iloc[3], rel=1e-9)
    got, smallest = lead_test(estimate, kind="sup-t"), estimate.pvalues.iloc[:2].min()
    assert smallest < got.p_value < 2 * smallest
    assert got == replace(sup_t_test(estimate, estimate.terms[:2]), null="all leads are zero")
    assert lag_test(estimate, kind="sup-t").kind == "sup-t"
    with pytest.raises(DesignError, match="F or sup-t"):
        lead_test(estimate, kind="chi2")  # type: ignore[arg-type]


def test_sup_t_stands_where_hypotheses_repeat_or_clusters_are_few(estimate: Estimate) -> None:
    once, twice = sup_t_test(estimate, "x[1]"), sup_t_test(estimate, ["x[1]", "x[1] = 0", "-x[1]"])
    assert twice.p_value == pytest.approx(once.p_value, abs=1e-4)
    few = replace(estimate, vcov=np.outer(estimate.coef, estimate.coef))
    assert np.isnan(lead_test(few).p_value)
    assert 0 < lead_test(few, kind="sup-t").p_value < 1


@pytest.mark.parametrize("nothing", [0.0, np.nan])
def test_terms_without_variance_are_left_out_and_said(estimate: Estimate, nothing: float) -> None:
    vcov = estimate.vcov.copy()
    vcov[0], vcov[:, 0] = nothing, nothing
    # Its degrees of freedom do not count either.
    less = replace(estimate, vcov=vcov, dof=np.append(1.0, estimate.dof[1:]))
    got = sup_t_test(less, less.path)
    want = sup_t_test(estimate, estimate.terms[1:5])
    assert (got.statistic, got.p_value, got.dof) == (want.statistic, want.p_value, want.dof)
    assert got.remark == "left out, without variance: x, 2 before"
    assert "p = " in str(got)
    assert "left out" in str(got)
    assert sup_t_test(less, less.terms[:1]).remark == "no term has a variance"
    bands, others = simultaneous_bands(less), simultaneous_bands(estimate.select(estimate.terms[1:5]))
    assert np.isnan(bands["band_low"].iloc[0])
    assert bands.iloc[1:].equals(others)
    # A combination that does not use the term keeps its variance.
    assert lincom(less, ["x[-2]", "x[0] - x[1]"]).vcov[1, 1] == lincom(estimate, "x[0] - x[1]").vcov[0, 0]
    assert cumulative(less, 0).vcov[0, 0] == cumulative(estimate, 0).vcov[0, 0]


@pytest.mark.parametrize(("alpha", "k"), [(0.05, 1), (0.05, 2), (0.05, 4), (0.05, 5), (0.05, 8), (0.10, 4)])
def test_critical_value_of_independent_terms(alpha: float, k: int) -> None:
    exact = stats.norm.ppf((1 + (1 - alpha) ** (1 / k)) / 2)
    assert simultaneous_critical(np.eye(k), np.inf, 1 - alpha) == pytest.approx(exact, abs=1e-9)


def test_bands_together_are_wider_than_those_of_each_group(by_regime: Estimate) -> None:
    apart, together = simultaneous_bands(by_regime), simultaneous_bands(by_regime, together=True)
    assert together.index.equals(apart.index)
    assert together["critical"].nunique() == 1
    assert (together["critical"] > apart["critical"]).all()


def test_bands_of_combinations_by_name_cover_them_together(by_regime: Estimate) -> None:
    contrast = difference(by_regime, "low", "high")
    named = lincom(by_regime, [f"x[{h}, low] - x[{h}, high]" for h in range(-2, 3)])
    np.testing.assert_allclose(
        simultaneous_bands(named)["band_low"], simultaneous_bands(contrast)["band_low"], rtol=1e-9
    )


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
