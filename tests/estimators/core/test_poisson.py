"""Poisson with fixed effects against statsmodels with dummies, and its invariances."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.poisson import poisson
from eventpanel.estimators.core.sandwich import clustered


def sample(seed: int) -> tuple[Floats, Floats, list[Codes], Floats]:
    rng = np.random.default_rng(seed)
    unit, period = np.repeat(np.arange(25), 12), np.tile(np.arange(12), 25)
    X = rng.normal(size=(300, 3))
    mu = np.exp(0.4 * X[:, 0] - 0.2 * X[:, 1] + rng.normal(size=25)[unit] + 0.1 * period)
    return rng.poisson(mu).astype(float), X, [unit, period], rng.uniform(0.5, 2.0, 300)


def dummies(effects: list[Codes]) -> Floats:
    unit, period = effects
    return np.column_stack([np.eye(25)[unit], np.eye(12)[period][:, 1:]])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shifted", [False, True])
def test_equals_statsmodels_with_dummies(weighted: bool, shifted: bool) -> None:
    y, X, effects, w = sample(1)
    weights, offset = w if weighted else None, X[:, 2] * 0.5 if shifted else None
    got = poisson(y, X, effects, weights=weights, offset=offset)
    model = sm.GLM(
        y,
        np.column_stack([X, dummies(effects)]),
        family=sm.families.Poisson(),
        freq_weights=np.ones(300) if weights is None else weights,
        offset=offset,
    )
    want = model.fit(tol=1e-14, maxiter=200)
    np.testing.assert_allclose(got.fit.coef, want.params[:3], rtol=1e-9)
    np.testing.assert_allclose(got.mu, want.mu, rtol=1e-8)
    assert got.deviance == pytest.approx(want.deviance, rel=1e-10)
    assert got.score < 1e-8
    # X'WX after the effects is the information statsmodels inverts, up to its scale of one.
    np.testing.assert_allclose(got.fit.bread, want.cov_params()[:3, :3], rtol=1e-7, atol=1e-11)


def test_clustered_covariance_equals_the_one_with_dummies() -> None:
    y, X, effects, _ = sample(2)
    got = poisson(y, X, effects)
    D = np.column_stack([X, dummies(effects)])
    bread = np.linalg.pinv(D.T @ (D * got.mu[:, None]))
    scores = D * (y - got.mu)[:, None]
    sums = np.array([scores[effects[0] == g].sum(axis=0) for g in range(25)])
    want = (bread @ sums.T @ sums @ bread)[:3, :3]
    np.testing.assert_allclose(clustered(got.fit, effects[0]), want, rtol=1e-7)


def test_scale_of_outcome_and_columns() -> None:
    y, X, effects, _ = sample(3)
    base = poisson(y, X, effects)
    np.testing.assert_allclose(poisson(y * 1e6, X, effects).fit.coef, base.fit.coef, rtol=1e-8)
    np.testing.assert_allclose(poisson(y * 1e-6, X, effects).fit.coef, base.fit.coef, rtol=1e-8)
    scale = np.array([1e6, 1.0, 1e-6])
    np.testing.assert_allclose(poisson(y, X * scale, effects).fit.coef * scale, base.fit.coef, rtol=1e-8)
    np.testing.assert_allclose(poisson(y, X + 1e5, effects).fit.coef, base.fit.coef, rtol=1e-7)


def test_row_order() -> None:
    y, X, effects, _ = sample(4)
    order = np.random.default_rng(0).permutation(300)
    moved = poisson(y[order], X[order], [codes[order] for codes in effects])
    np.testing.assert_allclose(moved.fit.coef, poisson(y, X, effects).fit.coef, rtol=1e-9)


def test_values_need_not_be_counts() -> None:
    _, X, effects, _ = sample(5)
    exact = np.exp(X @ [0.3, -0.2, 0.0] + effects[0] * 0.05)
    np.testing.assert_allclose(poisson(exact, X, effects).fit.coef, [0.3, -0.2, 0.0], atol=1e-8)


def test_start_from_a_similar_fit() -> None:
    y, X, effects, _ = sample(6)
    first = poisson(y, X, effects)
    again = poisson(y, X, effects, start=first.eta)
    np.testing.assert_allclose(again.fit.coef, first.fit.coef, rtol=1e-9)
    assert again.iterations <= first.iterations


def test_outcomes_and_weights_of_very_different_size() -> None:
    rng = np.random.default_rng(7)
    _, X, effects, w = sample(7)
    y = np.exp(X @ [1.5, -1.0, 0.5] + rng.normal(0, 6, 25)[effects[0]] + rng.normal(size=300))
    got = poisson(y, X, effects, weights=w * 10 ** rng.uniform(-3, 3, 300))
    assert got.score < 1e-8
    assert np.abs(got.fit.scores.sum(axis=0) / np.linalg.norm(got.fit.scores, axis=0)).max() < 1e-8
