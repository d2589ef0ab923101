"""Wild cluster bootstrap against bootstrap samples drawn and regressed one by one."""

from __future__ import annotations

import numpy as np
import pytest

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.moments import moments
from eventpanel.estimators.core.wild import (
    data_statistic,
    draw_weights,
    p_value,
    restricted_coef,
    statistics,
)
from tests.estimators.core.test_moments import dense, sample


def wald(y: Floats, D: Floats, clusters: Codes, columns: list[int], null: Floats) -> float:
    bread = np.linalg.pinv(D.T @ D)
    coef = bread @ D.T @ y
    e = y - D @ coef
    sums = np.array([D[clusters == g].T @ e[clusters == g] for g in range(int(clusters.max()) + 1)])
    V = (bread @ sums.T @ sums @ bread)[np.ix_(columns, columns)]
    gap = coef[columns] - null
    return float(gap @ np.linalg.solve(V, gap))


@pytest.mark.parametrize("columns", [[0], [1], [0, 2]])
@pytest.mark.parametrize("restricted", [True, False])
def test_each_draw_is_a_regression_on_its_sample(columns: list[int], restricted: bool) -> None:
    y, X, effects, clusters = sample(5)
    m = moments(y, X, effects, clusters)
    null = np.full(len(columns), 0.1)
    weights, _ = draw_weights(12, 6, "webb", 3)
    got = statistics(m, columns, null, weights, restricted=restricted)
    D = dense(X, effects)
    free = [j for j in range(D.shape[1]) if j not in columns]
    if restricted:
        rest = np.linalg.lstsq(D[:, free], y - D[:, columns] @ null, rcond=None)[0]
        fitted = D[:, free] @ rest + D[:, columns] @ null
        target = null
    else:
        coef = np.linalg.lstsq(D, y, rcond=None)[0]
        fitted, target = np.asarray(D @ coef), np.asarray(coef[columns], dtype=np.float64)
    for b in range(6):
        drawn = fitted + weights[clusters, b] * (y - fitted)
        assert got[b] == pytest.approx(wald(drawn, D, clusters, columns, target), rel=1e-8)
    assert data_statistic(m, columns, null) == pytest.approx(wald(y, D, clusters, columns, null), rel=1e-8)


def test_a_draw_of_ones_is_the_data() -> None:
    y, X, effects, clusters = sample(6)
    m = moments(y, X, effects, clusters)
    null = np.array([0.2])
    got = statistics(m, [1], null, np.ones((12, 1)), restricted=True)
    assert got[0] == pytest.approx(data_statistic(m, [1], null), rel=1e-10)
    assert restricted_coef(m, [1], null)[1] == pytest.approx(0.2, abs=1e-12)


def test_all_sign_changes_are_taken_where_they_are_few() -> None:
    weights, enumerated = draw_weights(5, 99, "rademacher", 1)
    assert enumerated
    assert len({tuple(column) for column in weights.T}) == 32
    assert not draw_weights(5, 31, "rademacher", 1)[1]


@pytest.mark.parametrize("kind", ["rademacher", "webb", "mammen"])
def test_weights_have_mean_zero_and_variance_one(kind: str) -> None:
    weights, _ = draw_weights(50, 20_000, kind, 1)  # type: ignore[arg-type]
    # A million draws: standard errors of mean and variance near 0.001.
    assert weights.mean() == pytest.approx(0, abs=0.005)
    assert weights.var() == pytest.approx(1, abs=0.01)


def test_the_same_seed_gives_the_same_weights() -> None:
    assert (draw_weights(30, 99, "webb", 4)[0] == draw_weights(30, 99, "webb", 4)[0]).all()


def test_ties_count_half() -> None:
    assert p_value(2.0, np.array([1.0, 2.0, 2.0, 3.0])) == 0.5
