"""Wild cluster bootstrap against bootstrap samples drawn and regressed one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.draws import BLOCK, critical, draws, edge, p_value
from eventpanel.estimators.core.moments import Moments, moments
from eventpanel.estimators.core.wild import (
    Residuals,
    data_statistic,
    restricted_coef,
    scores_under,
    statistics,
)
from eventpanel.estimators.core.wild_curves import Curve, curves
from eventpanel.estimators.core.wild_interval import FEW, curve_edge
from eventpanel.estimators.core.wild_joint import joint_statistics
from tests.estimators.core.test_moments import dense, sample

EVERY: tuple[Residuals, ...] = ("restricted", "unrestricted", "restricted_jackknife", "unrestricted_jackknife")


def wald(y: Floats, D: Floats, clusters: Codes, columns: list[int], null: Floats) -> float:
    bread = np.linalg.pinv(D.T @ D)
    coef = bread @ D.T @ y
    e = y - D @ coef
    sums = np.array([D[clusters == g].T @ e[clusters == g] for g in range(int(clusters.max()) + 1)])
    V = (bread @ sums.T @ sums @ bread)[np.ix_(columns, columns)]
    gap = coef[columns] - null
    return float(gap @ np.linalg.solve(V, gap))


def fitted(y: Floats, D: Floats, columns: list[int], null: Floats | None) -> Floats:
    """Coefficients, with those of columns at the null where there is one; zero along what is not identified."""
    if null is None:
        return np.asarray(np.linalg.lstsq(D, y, rcond=None)[0], dtype=np.float64)
    free = [j for j in range(D.shape[1]) if j not in columns]
    coef = np.zeros(D.shape[1])
    coef[columns] = null
    coef[free] = np.linalg.lstsq(D[:, free], y - D[:, columns] @ null, rcond=None)[0]
    return coef


def one_by_one(
    y: Floats, D: Floats, clusters: Codes, columns: list[int], null: Floats, weights: Floats, residuals: Residuals
) -> list[float]:
    """Wald statistics of bootstrap samples, each regressed on its own."""
    under = null if residuals.startswith("restricted") else None
    coef = fitted(y, D, columns, under)
    target = null if under is not None else coef[columns]
    errors = y - D @ coef
    if residuals.endswith("jackknife"):
        for g in range(int(clusters.max()) + 1):
            rows = clusters == g
            errors[rows] = y[rows] - D[rows] @ fitted(y[~rows], D[~rows], columns, under)
    return [wald(D @ coef + w[clusters] * errors, D, clusters, columns, target) for w in weights.T]


@pytest.mark.parametrize("columns", [[0], [1], [0, 2], [0, 1, 2]])
@pytest.mark.parametrize("residuals", EVERY)
def test_each_draw_is_a_regression_on_its_sample(columns: list[int], residuals: Residuals) -> None:
    y, X, effects, clusters = sample(5)
    m = moments(y, X, effects, clusters)
    null = np.full(len(columns), 0.1)
    plan = draws(12, 6, "webb", 3)
    got = statistics(m, columns, null, plan, residuals)
    D = dense(X, effects)
    want = one_by_one(y, D, clusters, columns, null, next(iter(plan)), residuals)
    np.testing.assert_allclose(got, want, rtol=1e-8)
    assert data_statistic(m, columns, null) == pytest.approx(wald(y, D, clusters, columns, null), rel=1e-8)


def many_levels(seed: int) -> Moments:
    """More columns than clusters."""
    y, X, (unit, period), clusters = sample(seed)
    return moments(y, X, [unit, period * 3 + unit % 3], clusters)


def same(got: Floats, want: Floats, share: float) -> None:
    """Equal t statistics; an effect that cancels to nothing is rounding, 1e-15 of a standard error."""
    np.testing.assert_allclose(np.sqrt(got), np.sqrt(want), rtol=share, atol=1e-13)


@pytest.mark.parametrize("kind", ["rademacher", "webb", "mammen"])
@pytest.mark.parametrize("residuals", EVERY)
@pytest.mark.parametrize("levels", ["few", "many"])
def test_curves_equal_the_sums_of_single_clusters(kind: Any, residuals: Residuals, levels: str) -> None:
    y, X, effects, clusters = sample(6)
    m = moments(y, X, effects, clusters) if levels == "few" else many_levels(6)
    assert (len(m.coef) > len(m.xx)) == (levels == "many")
    plan = draws(12, BLOCK + 500, kind, 2)
    nulls = {0: 0.3, 2: -0.9}
    for j, curve in curves(m, nulls, plan, residuals).items():
        plain = statistics(m, [j], np.array([nulls[j]]), plan, residuals)
        same(curve.tested, plain, 1e-10)
        for x in (-3.0, 0.0, 2.5):
            null = np.array([curve.estimate - x * curve.error])
            assert x**2 == pytest.approx(data_statistic(m, [j], null), rel=1e-9, abs=1e-12)
            same(curve.at(x), statistics(m, [j], null, plan, residuals), 1e-7)


@pytest.mark.parametrize("kind", ["rademacher", "webb", "mammen"])
@pytest.mark.parametrize("residuals", EVERY)
def test_joint_forms_equal_the_sums_of_single_clusters(kind: Any, residuals: Residuals) -> None:
    y, X, effects, clusters = sample(4)
    m = moments(y, X, effects, clusters)
    plan, tests = draws(12, BLOCK + 500, kind, 2), [[0], [1, 2], [2, 0, 1]]
    for columns, found in zip(tests, joint_statistics(m, tests, plan, residuals), strict=True):
        same(found, statistics(m, columns, np.zeros(len(columns)), plan, residuals), 1e-8)


def test_joint_forms_without_digits_are_added_up_again() -> None:
    y, X, effects, clusters = sample(5)
    few = moments(y, X, effects, clusters % 2)
    assert np.isnan(joint_statistics(few, [[0, 1, 2]], draws(2, 99, "webb", 1), "restricted")[0]).all()
    # Two columns that are nearly one: what is left of the second pivot are a few digits of the first.
    close = np.column_stack([X[:, 0], X[:, 0] + 1e-4 * X[:, 1]])
    m, plan = moments(y, close, effects, clusters), draws(12, 2000, "webb", 3)
    plain = statistics(m, [0, 1], np.zeros(2), plan, "restricted")
    same(joint_statistics(m, [[0, 1]], plan, "restricted")[0], plain, 1e-6)


def edge_of_all(curve: Curve, side: int, alpha: float) -> float:
    return edge(lambda x: x - np.sqrt(critical(x * x, curve.at(side * x), alpha)))


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.3, 0.9])
@pytest.mark.parametrize("residuals", EVERY)
def test_ends_of_intervals_are_those_of_all_draws(residuals: Residuals, alpha: float) -> None:
    y, X, effects, clusters = sample(7, clusters=16)
    m, plan = moments(y, X, effects, clusters), draws(16, FEW + 5_000, "rademacher", 1)
    assert plan.count > FEW
    for curve in curves(m, {0: 0.0, 1: 0.0}, plan, residuals).values():
        for side in (-1, 1):
            assert curve_edge(curve, side, alpha) == pytest.approx(edge_of_all(curve, side, alpha), abs=3e-7)


def test_digits_that_cancel_are_added_up_again() -> None:
    """Two means of two clusters each: where residuals are nearly equal, the cluster sums nearly vanish."""
    event = np.array([1.0, 1.0, 0.0, 0.0]).repeat(3)
    y = 0.5 * event + np.pi * np.array([1.0, 1.00001, -1.0, -1.00001]).repeat(3) + 0.7
    m = moments(y, event[:, None], [], np.arange(4).repeat(3))
    plan = draws(4, 16, "rademacher", 1)
    curve = curves(m, {0: 0.5}, plan, "restricted")[0]
    assert 0 < curve.tested.max() < 1e12
    plain = statistics(m, [0], np.array([0.5]), plan, "restricted")
    # Where the effect cancels as well, it is rounding over an error of a hundred-thousandth.
    np.testing.assert_allclose(np.sqrt(curve.tested), np.sqrt(plain), rtol=1e-10, atol=1e-9)


def test_a_draw_of_ones_is_the_data() -> None:
    y, X, effects, clusters = sample(6)
    m = moments(y, X, effects, clusters)
    null = np.array([0.2])
    plan = draws(12, 4096, "rademacher", 1)
    # Number 0 of all sign changes changes none.
    assert (next(iter(plan))[:, 0] == 1.0).all()
    got = statistics(m, [1], null, plan, "restricted")
    assert got[0] == pytest.approx(data_statistic(m, [1], null), rel=1e-10)
    assert restricted_coef(m, [1], null)[1] == pytest.approx(0.2, abs=1e-12)


def test_restricted_scores_add_up_to_nothing_but_the_restricted_column() -> None:
    y, X, effects, clusters = sample(6)
    m = moments(y, X, effects, clusters)
    total = scores_under(m, [1], np.array([0.2]), "restricted").sum(axis=0)
    np.testing.assert_allclose(np.delete(total, 1), 0, atol=1e-9)
    assert abs(total[1]) > 1


def test_more_effects_than_clusters_have_no_statistic() -> None:
    y, X, effects, clusters = sample(5)
    m = moments(y, X, effects, clusters % 2)
    plan = draws(2, 99, "webb", 1)
    assert np.isnan(statistics(m, [0, 1, 2], np.zeros(3), plan, "restricted")).all()
    assert np.isnan(data_statistic(m, [0, 1, 2], np.zeros(3)))
    assert np.isnan(p_value(np.nan, np.ones(3)))
    assert np.isnan(p_value(1.0, np.full(3, np.nan)))


def test_an_event_of_one_cluster_that_is_fitted_without_error_has_no_statistic() -> None:
    y, X, (unit, _), clusters = sample(5)
    X[:, 0] = np.where(clusters == 4, X[:, 0], 0.0)
    m, plan = moments(y, X[:, :1], [unit], clusters), draws(12, 99, "webb", 1)
    curve = curves(m, {0: 0.0}, plan, "restricted")[0]
    assert np.isnan(data_statistic(m, [0], np.zeros(1)))
    assert np.isnan(curve.error) and np.isnan(curve.tested).all()
    assert np.isnan(p_value((curve.estimate / curve.error) ** 2, curve.tested))


def test_all_sign_changes_are_taken_where_they_are_few() -> None:
    plan = draws(5, 99, "rademacher", 1)
    assert plan.enumerated
    assert len({tuple(column) for block in plan for column in block.T}) == plan.count == 32
    assert not draws(5, 31, "rademacher", 1).enumerated


@pytest.mark.parametrize("kind", ["rademacher", "webb", "mammen"])
def test_weights_have_mean_zero_and_variance_one(kind: Any) -> None:
    weights = np.hstack(list(draws(50, 20_000, kind, 1)))
    assert weights.shape == (50, 20_000)
    # A million draws: standard errors of mean and variance near 0.001.
    assert weights.mean() == pytest.approx(0, abs=0.005)
    assert weights.var() == pytest.approx(1, abs=0.01)
    # Clusters and blocks do not repeat one another: 1225 correlations of 20,000 draws, standard error 0.007.
    assert np.abs(np.corrcoef(weights) - np.eye(50)).max() < 0.04
    assert np.abs((weights[:, :BLOCK] * weights[:, BLOCK : 2 * BLOCK]).mean()) < 0.02


@pytest.mark.parametrize("kind", ["rademacher", "webb", "mammen"])
def test_the_same_seed_gives_the_same_weights_and_few_draws_are_the_first_of_many(kind: Any) -> None:
    many = np.hstack(list(draws(30, 5000, kind, 4)))
    assert (many == np.hstack(list(draws(30, 5000, kind, 4)))).all()
    assert (many[:, :2500] == np.hstack(list(draws(30, 2500, kind, 4)))).all()
    assert (many != np.hstack(list(draws(30, 5000, kind, 5)))).any()


def test_ties_count_half() -> None:
    assert p_value(2.0, np.array([1.0, 2.0, 2.0, 3.0])) == 0.5


@pytest.mark.parametrize("count", [19, 100, 1000, 1001])
def test_a_statistic_is_critical_where_the_p_value_falls_below_alpha(count: int) -> None:
    drawn = np.random.default_rng(1).chisquare(1, count)
    data = critical(-1.0, drawn, 1 - 0.95)
    assert p_value(data * (1 + 1e-6), drawn) < 0.05 <= p_value(data * (1 - 1e-6), drawn)
    # Two draws that always tie with the data stand for one beyond it.
    tied = np.append(drawn, [2.0, 2.0])
    again = critical(2.0, tied, 0.05)
    for value in (again * (1 + 1e-6), again * (1 - 1e-6)):
        moved = np.append(drawn, [value, value])
        assert (p_value(value, moved) < 0.05) == (value > again)


def test_edges() -> None:
    assert edge(lambda x: x - 3.3) == pytest.approx(3.3, abs=1e-6)
    assert edge(lambda x: x - 1.1) == pytest.approx(1.1, abs=1e-6)
    assert edge(lambda x: -1.0) == np.inf
    assert edge(lambda x: x - (np.inf if x < 2.5 else 2.0)) == pytest.approx(2.5, abs=1e-6)
    assert np.isnan(edge(lambda x: np.nan))
