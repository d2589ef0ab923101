"""Cross-products per cluster, and what follows from them, against dense algebra."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.cluster_robust import crv2, crv3, leave_one_out
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.moments import Moments, combine, moments


def sample(seed: int, *, clusters: int = 12) -> tuple[Floats, Floats, list[Codes], Codes]:
    """Unbalanced rows in clusters of several units, with unit and period effects."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(3 * clusters), 7)
    period = np.tile(np.arange(7), 3 * clusters)
    keep = rng.random(len(unit)) > 0.15
    unit, period = recode(unit[keep]), recode(period[keep])
    X = rng.normal(size=(len(unit), 3)) + 0.5 * period[:, None]
    y = X @ [0.5, 0.0, -1.0] + rng.normal(size=len(unit)) * (1 + unit % 3)
    return y, X, [unit, period], recode(unit // 3)


def dense(X: Floats, effects: list[Codes]) -> Floats:
    """Terms and dummies, the terms first, no collinear column."""
    unit, period = effects
    return np.column_stack([X, np.eye(unit.max() + 1)[unit], np.eye(period.max() + 1)[period][:, 1:]])


@pytest.fixture(params=[1, 2])
def case(request: pytest.FixtureRequest) -> tuple[Floats, Floats, list[Codes], Codes, Moments]:
    y, X, effects, clusters = sample(request.param)
    return y, X, effects, clusters, moments(y, X, effects, clusters)


def test_coefficients_are_those_of_least_squares(
    case: tuple[Floats, Floats, list[Codes], Codes, Moments],
) -> None:
    y, X, effects, _, m = case
    want = np.linalg.lstsq(dense(X, effects), y, rcond=None)[0][:3]
    np.testing.assert_allclose(m.coef[:3], want, rtol=1e-10)
    np.testing.assert_allclose(m.scores.sum(axis=0), 0, atol=1e-9)


def test_leaving_a_cluster_out_is_a_regression_without_it(
    case: tuple[Floats, Floats, list[Codes], Codes, Moments],
) -> None:
    y, X, effects, clusters, m = case
    got = leave_one_out(m)
    for g in range(int(clusters.max()) + 1):
        rows = clusters != g
        left = dense(X, effects)[rows]
        want = np.linalg.lstsq(left, y[rows], rcond=None)[0][:3]
        np.testing.assert_allclose(got[g], want, rtol=1e-9)
    gaps = got - m.coef[:3]
    np.testing.assert_allclose(crv3(m), 11 / 12 * gaps.T @ gaps, rtol=1e-12)


def test_crv2_and_its_degrees_of_freedom_equal_the_matrix_formulas(
    case: tuple[Floats, Floats, list[Codes], Codes, Moments],
) -> None:
    """Bell and McCaffrey's A_g = (I - H_gg)^(-1/2), symmetric; Satterthwaite from the n x n matrices themselves."""
    y, X, effects, clusters, m = case
    D = dense(X, effects)
    bread = np.linalg.pinv(D.T @ D)
    residuals = y - D @ bread @ D.T @ y
    annihilator = np.eye(len(y)) - D @ bread @ D.T
    vcov, directions = np.zeros((3, 3)), []
    for g in range(12):
        rows = clusters == g
        block = np.eye(rows.sum()) - D[rows] @ bread @ D[rows].T
        values, vectors = linalg.eigh(block)
        root = np.where(values > 1e-9, 1 / np.sqrt(np.clip(values, 1e-300, None)), 0.0)
        A = (vectors * root) @ vectors.T
        step = (bread @ D[rows].T @ A)[:3]
        vcov += np.outer(step @ residuals[rows], step @ residuals[rows])
        directions.append(step @ annihilator[rows])
    got, dof = crv2(m)
    np.testing.assert_allclose(got, vcov, rtol=1e-8)
    for j in range(3):
        P = np.array([direction[j] for direction in directions])
        products = P @ P.T
        assert dof[j] == pytest.approx(np.trace(products) ** 2 / (products**2).sum(), rel=1e-8)


def test_other_terms_from_the_same_moments(case: tuple[Floats, Floats, list[Codes], Codes, Moments]) -> None:
    y, X, effects, clusters, m = case
    matrix = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
    got = combine(m, matrix)
    want = moments(y, X @ np.linalg.inv(matrix), effects, clusters)
    np.testing.assert_allclose(got.coef[:3], want.coef[:3], rtol=1e-10)
    np.testing.assert_allclose(crv3(got), crv3(want), rtol=1e-9)


def test_weights_are_copies() -> None:
    y, X, effects, clusters = sample(3)
    w = np.random.default_rng(0).integers(1, 4, len(y))
    weighted = moments(y, X, effects, clusters, w.astype(float))
    copies = moments(y.repeat(w), X.repeat(w, axis=0), [e.repeat(w) for e in effects], clusters.repeat(w))
    np.testing.assert_allclose(weighted.coef[:3], copies.coef[:3], rtol=1e-10)
    np.testing.assert_allclose(crv3(weighted), crv3(copies), rtol=1e-9)


def test_a_term_that_lives_in_one_cluster_is_not_identified_without_it() -> None:
    y, X, effects, clusters = sample(4)
    X[:, 2] = np.where(clusters == 5, X[:, 2], 0.0)
    got = leave_one_out(moments(y, X, effects, clusters))
    assert np.isnan(got[5, 2])
    assert np.isfinite(np.delete(got, 5, axis=0)).all()
    assert np.isfinite(got[5, :2]).all()


@pytest.mark.parametrize("nested", [True, False])
def test_a_column_far_from_zero_keeps_its_digits(nested: bool) -> None:
    y, X, (unit, period), clusters = sample(5)
    effects = [unit, period] if nested else [period]
    near, far = moments(y, X, effects, clusters), moments(y, X + np.array([0.0, 1e10, 0.0]), effects, clusters)
    # Adding 1e10 to a column of size one leaves it six digits.
    np.testing.assert_allclose(far.coef[:3], near.coef[:3], rtol=1e-4)
    np.testing.assert_allclose(crv3(far), crv3(near), rtol=1e-3)
