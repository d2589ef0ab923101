"""Score bootstrap against its definition, draw by draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.draws import draws
from eventpanel.estimators.core.score import score_statistic, score_statistics


def by_definition(effects: Floats, weights: Floats) -> float:
    """Weighted sums in the inverse of their products around the mean over clusters."""
    own = effects * weights[:, None]
    total, centred = own.sum(axis=0), own - own.mean(axis=0)
    return float(total @ np.linalg.solve(centred.T @ centred, total))


@pytest.mark.parametrize("kind", ["rademacher", "webb", "mammen"])
@pytest.mark.parametrize("columns", [1, 3])
def test_draws_by_definition(kind: Any, columns: int) -> None:
    effects = np.random.default_rng(1).normal(size=(20, columns)) * np.array([1e6, 1.0, 1e-6])[:columns]
    plan = list(draws(20, 300, kind, 1))
    got = score_statistics(effects, plan, squared_ones=kind == "rademacher")
    np.testing.assert_allclose(got, [by_definition(effects, w) for w in plan[0].T], rtol=1e-9)
    assert score_statistic(effects) == pytest.approx(by_definition(effects, np.ones(20)), rel=1e-9)


@pytest.mark.parametrize("squared_ones", [True, False])
def test_fewer_clusters_than_terms_have_no_statistic(squared_ones: bool) -> None:
    effects = np.random.default_rng(2).normal(size=(2, 3))
    assert np.isnan(score_statistics(effects, list(draws(2, 9, "webb", 1)), squared_ones=squared_ones)).all()
    alike = np.random.default_rng(2).normal(size=(8, 1)).repeat(2, axis=1)
    assert np.isnan(score_statistics(alike, list(draws(8, 9, "rademacher", 1)), squared_ones=squared_ones)).all()
