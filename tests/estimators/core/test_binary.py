"""Logit and probit with fixed effects against statsmodels with dummies, and their invariances."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.binary import binary, binary_given
from eventpanel.estimators.core.binary_separation import binary_separation, one_sided
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.links import LINKS
from eventpanel.estimators.core.sandwich import clustered


def sample(seed: int, units: int = 25, periods: int = 12, missing: float = 0.0) -> tuple[Floats, Floats, list[Codes]]:
    """An outcome that varies within every unit and period."""
    rng = np.random.default_rng(seed)
    keep = rng.random(units * periods) >= missing
    unit, period = np.repeat(np.arange(units), periods)[keep], np.tile(np.arange(periods), units)[keep]
    X = rng.normal(size=(keep.sum(), 3))
    eta = 0.8 * X[:, 0] - 0.4 * X[:, 1] + 0.7 * rng.normal(size=units)[unit] + 0.05 * period
    y = (rng.logistic(size=len(eta)) < eta).astype(float)
    varies = ~one_sided(y, [recode(unit), recode(period)])
    return y[varies], X[varies], [recode(unit[varies]), recode(period[varies])]


def dummies(effects: list[Codes]) -> Floats:
    unit, period = effects
    return np.column_stack([np.eye(unit.max() + 1)[unit], np.eye(period.max() + 1)[period][:, 1:]])


@pytest.mark.parametrize("name", ["logit", "probit"])
@given(seed=st.integers(0, 10_000), missing=st.sampled_from([0.0, 0.2]))
@settings(max_examples=8, deadline=None)
def test_equals_statsmodels_with_dummies(name: str, seed: int, missing: float) -> None:
    y, X, effects = sample(seed, missing=missing)
    got = binary(y, X, effects, LINKS[name])
    D = np.column_stack([X, dummies(effects)])
    model = (sm.Logit if name == "logit" else sm.Probit)(y, D)
    # From a point near the maximum found by other means, so that statsmodels' Newton does not leave its domain.
    start = np.linalg.lstsq(D, got.eta, rcond=None)[0] * 0.9
    want = model.fit(disp=0, start_params=start, tol=1e-14, maxiter=100)
    np.testing.assert_allclose(got.fit.coef, want.params[:3], rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(got.fit.bread, want.cov_params()[:3, :3], rtol=1e-7, atol=1e-10)
    assert got.deviance == pytest.approx(-2 * want.llf, rel=1e-10)
    assert got.rank == np.linalg.matrix_rank(dummies(effects))
    robust = model.fit(
        disp=0,
        start_params=want.params,
        tol=1e-14,
        cov_type="cluster",
        cov_kwds={"groups": effects[0], "use_correction": False},
    )
    errors = np.sqrt(np.diag(clustered(got.fit, effects[0])))
    np.testing.assert_allclose(errors, robust.bse[:3], rtol=1e-7)


@pytest.mark.parametrize("name", ["logit", "probit"])
@given(seed=st.integers(0, 10_000), missing=st.sampled_from([0.0, 0.2]))
@settings(max_examples=8, deadline=None)
def test_weights_and_offset_equal_those_of_statsmodels(name: str, seed: int, missing: float) -> None:
    y, X, effects = sample(seed, missing=missing)
    w = np.random.default_rng(seed).uniform(0.5, 2.0, len(y))
    offset = 0.5 * X[:, 2]
    got = binary(y, X, effects, LINKS[name], weights=w, offset=offset)
    link = sm.families.links.Logit() if name == "logit" else sm.families.links.Probit()
    D = np.column_stack([X, dummies(effects)])
    model = sm.GLM(y, D, family=sm.families.Binomial(link), freq_weights=w, offset=offset)
    want = model.fit(tol=1e-14, maxiter=200)
    np.testing.assert_allclose(got.fit.coef, want.params[:3], rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(got.deviance, want.deviance, rtol=1e-10)
    information = -np.asarray(model.hessian(want.params, observed=True))
    np.testing.assert_allclose(got.fit.bread, np.linalg.inv(information)[:3, :3], rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("name", ["logit", "probit"])
def test_units_of_columns_and_order_of_rows_do_not_matter(name: str) -> None:
    y, X, effects = sample(3)
    base = binary(y, X, effects, LINKS[name])
    scale, order = np.array([1e6, 1.0, 1e-6]), np.random.default_rng(0).permutation(len(y))
    moved = binary(y[order], (X * scale + 1e3 * scale)[order], [codes[order] for codes in effects], LINKS[name])
    np.testing.assert_allclose(moved.fit.coef * scale, base.fit.coef, rtol=1e-8)
    turned = binary(1 - y, X, effects, LINKS[name])
    np.testing.assert_allclose(turned.fit.coef, -base.fit.coef, rtol=1e-8)


@pytest.mark.parametrize("name", ["logit", "probit"])
def test_effects_given_the_coefficients_of_the_maximum_are_those_of_the_maximum(name: str) -> None:
    y, X, effects = sample(4)
    base = binary(y, X, effects, LINKS[name])
    given_coef = binary_given(y, X, base.fit.coef, effects, LINKS[name])
    np.testing.assert_allclose(given_coef.eta, base.eta, atol=1e-7)
    np.testing.assert_allclose(given_coef.fit.bread, base.fit.bread, rtol=1e-6)


def test_a_separated_panel_does_not_converge() -> None:
    y, X, effects = sample(5)
    with pytest.raises(ArithmeticError, match="logit"):
        binary(y, np.column_stack([X, y]), effects, LINKS["logit"])


def test_far_tails_are_finite() -> None:
    for link in LINKS.values():
        eta = np.array([-500.0, -40.0, 40.0, 500.0])
        for y in (0.0, 1.0):
            assert np.isfinite(link.score(np.full(4, y), eta)).all()
        assert (link.information(eta) >= 0).all()
        assert np.isfinite(link.expected(eta)).all()


@pytest.mark.parametrize("name", ["logit", "probit"])
def test_derivatives_of_links_are_differences_of_what_they_derive(name: str) -> None:
    link, eta, h = LINKS[name], np.linspace(-3, 3, 13), 1e-5
    density = np.exp(link.log_slope(eta))

    def step(f: Callable[[Floats], Floats]) -> Floats:
        return (f(eta + h) - f(eta - h)) / (2 * h)

    np.testing.assert_allclose(step(lambda e: np.exp(link.log_mean(e))), density, rtol=1e-8)
    np.testing.assert_allclose(step(lambda e: np.exp(link.log_slope(e))), link.bend(eta) * density, atol=1e-9)
    second = step(lambda e: link.bend(e) * np.exp(link.log_slope(e)))
    np.testing.assert_allclose(second, link.twist(eta) * density, atol=1e-9)
    np.testing.assert_allclose(step(lambda e: -link.score(np.ones(13), e)), link.information(eta), rtol=1e-6)
    np.testing.assert_allclose(step(lambda e: -link.score(np.zeros(13), e)), link.information(-eta), rtol=1e-6)
    p = np.exp(link.log_mean(eta))
    np.testing.assert_allclose(link.expected(eta), density**2 / (p * (1 - p)), rtol=1e-9)


def thin(seed: int) -> tuple[Floats, Floats, list[Codes]]:
    """Few rows in many groups: often separated."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(40, 200))
    groups = [recode(rng.integers(0, int(rng.integers(2, n // 5)), n)) for _ in range(int(rng.integers(1, 4)))]
    k = int(rng.integers(1, 4))
    X = rng.normal(size=(n, k))
    X[:, 0] = rng.random(n) < 0.15
    y = (X @ rng.normal(size=k) * rng.choice([1, 3, 8]) + rng.logistic(size=n) > rng.normal()).astype(float)
    keep = ~one_sided(y, groups)
    return y[keep], X[keep], [recode(codes[keep]) for codes in groups]


# On these the information becomes singular before iterations end.
@pytest.mark.parametrize(("seed", "name"), [(217, "logit"), (267, "probit")])
def test_separated_rows_have_no_fit(seed: int, name: str) -> None:
    y, X, effects = thin(seed)
    assert binary_separation(y, X, effects).separated.any()
    with pytest.raises(ArithmeticError, match="did not converge"):
        binary(y, X, effects, LINKS[name])
