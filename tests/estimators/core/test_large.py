"""Least squares on many rows against the same on few."""

from __future__ import annotations

import numpy as np
import pytest

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.large import large_least_squares
from eventpanel.estimators.core.least_squares import least_squares
from eventpanel.estimators.core.sandwich import clustered

CLUSTERS = {
    "scattered": lambda unit: unit % 31,
    "in order, many": lambda unit: 2 * unit,
    "in order, few": lambda unit: 3 * (unit // (unit.max() // 20 + 1)),
}


@pytest.mark.parametrize("order", CLUSTERS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("rows", [900, 400_000])
def test_equals_least_squares(rows: int, weighted: bool, order: str) -> None:
    rng = np.random.default_rng(rows)
    unit = np.sort(rng.integers(0, rows // 9, rows)) + 3
    period, clusters = rng.integers(0, 7, rows), CLUSTERS[order](unit)
    X = rng.normal(size=(rows, 3)) + np.array([0.0, 1e3, 5.0])
    y = X @ [1.0, -2.0, 0.0] + rng.normal(size=rows) + unit
    w = rng.uniform(0.5, 2.0, rows) if weighted else None
    got = large_least_squares(y, X, [unit, period], clusters, w)
    _, codes = np.unique(unit, return_inverse=True)
    within = absorb(np.column_stack([y, X]), [codes, period], w)
    fit = least_squares(within.columns[:, 0], within.columns[:, 1:], w)
    np.testing.assert_allclose(got.coef, fit.coef, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(got.vcov, clustered(fit, recode(clusters)), rtol=1e-9, atol=1e-20)
    assert got.rank == within.rank
    assert got.certificate < 1e-12


def test_collinear_columns_are_refused() -> None:
    rng = np.random.default_rng(1)
    x, unit = rng.normal(size=100), np.repeat(np.arange(10), 10)
    with pytest.raises(ArithmeticError, match="leave one of them out"):
        large_least_squares(x, np.column_stack([x, x + 1e-9]), [unit], unit)
