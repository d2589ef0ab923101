"""Poisson, cluster by cluster, against dense algebra with dummies and fits of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import linalg

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.cluster_robust import crv2, crv3
from eventpanel.estimators.core.poisson_clusters import (
    Problem,
    cluster_effects,
    coef_without,
    fit,
    means_under,
    working_moments,
)
from eventpanel.estimators.core.rotated import without_each

CLUSTERS = 12


def problem(seed: int, *, weighted: bool = False) -> Problem:
    """Counts of 24 units in 12 clusters over 8 periods, with unit and period effects and an offset."""
    rng = np.random.default_rng(seed)
    unit, period = np.repeat(np.arange(24), 8), np.tile(np.arange(8), 24)
    X = rng.normal(size=(192, 3)) + 0.1 * period[:, None]
    offset = rng.normal(size=192) * 0.3
    mean = np.exp(X @ [0.3, 0.0, -0.2] + rng.normal(size=24)[unit] + 0.05 * period + offset)
    weights = rng.uniform(0.5, 2.0, 192) if weighted else None
    return Problem(rng.poisson(mean).astype(float) + (period == 0), X, (unit, period), unit // 2, weights, offset)


def dense(p: Problem) -> Floats:
    unit, period = p.groupings
    return np.column_stack([p.X, np.eye(24)[unit], np.eye(8)[period][:, 1:]])


def glm(p: Problem, D: Floats, offset: Floats) -> Floats:
    weights = np.ones(len(p.y)) if p.weights is None else p.weights
    model = sm.GLM(p.y, D, family=sm.families.Poisson(), offset=offset, freq_weights=weights)
    return np.asarray(model.fit(tol=1e-14, maxiter=200).params)


@pytest.fixture(params=[False, True])
def case(request: pytest.FixtureRequest) -> tuple[Problem, Floats, Floats, Floats]:
    """Problem, its means, dense columns and the weights of its information."""
    p = problem(1, weighted=request.param)
    mu = fit(p).mu
    return p, mu, dense(p), mu * (1.0 if p.weights is None else p.weights)


def scores_of(p: Problem, D: Floats, mu: Floats) -> Floats:
    rows = D * ((p.y - mu) * (1.0 if p.weights is None else p.weights))[:, None]
    return np.array([rows[p.clusters == g].sum(axis=0) for g in range(CLUSTERS)])


def test_the_working_regression_is_the_fit(case: tuple[Problem, Floats, Floats, Floats]) -> None:
    p, mu, D, w = case
    r = working_moments(p, fit(p))
    m = r.moments
    np.testing.assert_allclose(r.coef + r.turn @ m.coef, fit(p).fit.coef, rtol=1e-8)
    want = scores_of(p, D, mu) @ np.linalg.inv(D.T @ (D * w[:, None]))
    np.testing.assert_allclose(m.scores @ m.bread @ r.turn.T, want[:, :3], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(cluster_effects(p, mu), want[:, :3], rtol=1e-8, atol=1e-10)


def test_one_step_without_a_cluster_is_newton_s(case: tuple[Problem, Floats, Floats, Floats]) -> None:
    p, mu, D, w = case
    r = working_moments(p, fit(p))
    coef, scores, got = fit(p).fit.coef, scores_of(p, D, mu), without_each(r)
    want = np.empty((CLUSTERS, 3))
    for g in range(CLUSTERS):
        rows = p.clusters != g
        # The cluster's own unit effects have no row left.
        left = D[rows][:, (D[rows] != 0).any(axis=0)]
        step = np.linalg.solve(left.T @ (left * w[rows, None]), -scores[g][(D[rows] != 0).any(axis=0)])
        want[g] = coef + step[:3]
    np.testing.assert_allclose(got, want, rtol=1e-7)
    gaps = want - coef
    np.testing.assert_allclose(crv3(r.moments, r.turn), (CLUSTERS - 1) / CLUSTERS * gaps.T @ gaps, rtol=1e-6)


def test_crv2_equals_the_matrix_formula(case: tuple[Problem, Floats, Floats, Floats]) -> None:
    p, mu, D, w = case
    root = np.sqrt(w)
    scaled, residuals = D * root[:, None], root * (p.y - mu) / mu
    bread = np.linalg.inv(scaled.T @ scaled)
    vcov = np.zeros((3, 3))
    for g in range(CLUSTERS):
        rows = p.clusters == g
        values, vectors = linalg.eigh(np.eye(rows.sum()) - scaled[rows] @ bread @ scaled[rows].T)
        inverse = np.where(values > 1e-9, 1 / np.sqrt(np.clip(values, 1e-300, None)), 0.0)
        step = (bread @ scaled[rows].T @ (vectors * inverse) @ vectors.T)[:3] @ residuals[rows]
        vcov += np.outer(step, step)
    r = working_moments(p, fit(p))
    np.testing.assert_allclose(crv2(r.moments, r.turn)[0], vcov, rtol=1e-7)


@pytest.mark.parametrize("columns", [[1], [0, 2], [0, 1, 2]])
def test_means_under_a_null(case: tuple[Problem, Floats, Floats, Floats], columns: list[int]) -> None:
    p, mu, D, _ = case
    null = np.linspace(-0.2, 0.3, len(columns))
    got = means_under(p, columns, null, np.log(mu))
    free = [j for j in range(D.shape[1]) if j not in columns]
    offset = p.offset + p.X[:, columns] @ null
    want = np.exp(D[:, free] @ glm(p, D[:, free], offset) + offset)
    np.testing.assert_allclose(got, want, rtol=1e-7)


def test_effects_under_a_null_are_efficient_scores(case: tuple[Problem, Floats, Floats, Floats]) -> None:
    p, mu, D, _ = case
    under = means_under(p, [1], np.array([0.2]), np.log(mu))
    w = under * (1.0 if p.weights is None else p.weights)
    want = scores_of(p, D, under) @ np.linalg.inv(D.T @ (D * w[:, None]))
    np.testing.assert_allclose(cluster_effects(p, under), want[:, :3], rtol=1e-7, atol=1e-9)
    # They add up to Newton's step towards the estimate.
    step = cluster_effects(p, under)[:, 1].sum()
    assert abs(0.2 + step - fit(p).fit.coef[1]) < 0.2 * abs(step)


def test_a_fit_without_a_cluster_equals_the_fit_of_the_other_rows() -> None:
    p = problem(2)
    start = np.log(fit(p).mu)
    for g in (0, 5, 11):
        rows = p.clusters != g
        left = dense(p)[rows]
        rest = replace(p, y=p.y[rows], weights=None)
        want = glm(rest, left[:, (left != 0).any(axis=0)], p.offset[rows])[:3]
        np.testing.assert_allclose(coef_without(p, g, start), want, rtol=1e-7)


def test_a_start_does_not_move_the_fit() -> None:
    p = problem(3)
    plain = fit(p)
    again = fit(p, np.log(plain.mu))
    np.testing.assert_allclose(again.fit.coef, plain.fit.coef, rtol=1e-9)
    assert again.iterations < plain.iterations


def test_terms_that_one_cluster_identifies_are_missing_without_it() -> None:
    p = problem(4)
    only = replace(p, X=np.column_stack([p.X[:, :2], np.where(p.clusters == 3, p.X[:, 2], 0.0)]))
    got = coef_without(only, 3, np.log(fit(only).mu))
    assert np.isnan(got[2])
    np.testing.assert_allclose(got[:2], coef_without(replace(p, X=p.X[:, :2]), 3, np.log(p.y + 1)), rtol=1e-8)
    # Two terms that differ in one cluster only are told apart by it alone; the third needs it not.
    twins = replace(p, X=np.column_stack([p.X[:, :2], p.X[:, 1] + np.where(p.clusters == 3, p.X[:, 2], 0.0)]))
    got = coef_without(twins, 3, np.log(fit(twins).mu))
    assert np.isnan(got[1:]).all()
    np.testing.assert_allclose(got[0], coef_without(replace(p, X=p.X[:, :2]), 3, np.log(p.y + 1))[0], rtol=1e-8)


def test_rows_that_a_cluster_kept_from_separation_are_left_out_with_it() -> None:
    """The event takes place in clusters 3 and 4; without 3 it only ever meets zeros, and its rows say nothing."""
    p = problem(5)
    event = ((p.clusters == 3) | (p.clusters == 4)) & (p.groupings[1] == 5)
    y = np.where(event & (p.clusters == 4), 0.0, p.y)
    q = replace(p, X=np.column_stack([p.X[:, :2], event]), y=y)
    got = coef_without(q, 3, np.log(fit(q).mu))
    assert np.isnan(got[2])
    rows = (p.clusters != 3) & ~event
    left = dense(replace(q, X=q.X[:, :2]))[rows]
    want = glm(replace(q, y=y[rows]), left[:, (left != 0).any(axis=0)], p.offset[rows])[:2]
    np.testing.assert_allclose(got[:2], want, rtol=1e-7)
