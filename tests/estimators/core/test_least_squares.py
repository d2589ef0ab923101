"""Least squares, collinearity and the clustered sandwich against plain formulas."""

from __future__ import annotations

import numpy as np
import pytest

from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.least_squares import independent, least_squares
from eventpanel.estimators.core.sandwich import clustered


@pytest.mark.parametrize("weighted", [False, True])
def test_equals_normal_equations(weighted: bool) -> None:
    rng = np.random.default_rng(0)
    X, y, w = rng.normal(size=(90, 4)), rng.normal(size=90), rng.uniform(0.5, 2, 90)
    weights = w if weighted else None
    W = np.diag(w if weighted else np.ones(90))
    fit = least_squares(y, X, weights)
    bread = np.linalg.inv(X.T @ W @ X)
    np.testing.assert_allclose(fit.coef, bread @ X.T @ W @ y, rtol=1e-12)
    np.testing.assert_allclose(fit.bread, bread, rtol=1e-11)
    np.testing.assert_allclose(fit.scores.sum(axis=0), 0, atol=1e-12)


def test_scale_of_a_column_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(90, 3)), rng.normal(size=90)
    scale = np.array([1e9, 1.0, 1e-9])
    np.testing.assert_allclose(least_squares(y, X * scale).coef * scale, least_squares(y, X).coef, rtol=1e-12)


def test_collinear_and_absorbed_columns_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 60))
    within = np.column_stack([a, b, 2 * a - b, 1e-13 * a, b + 1e-6 * rng.normal(size=60)])
    kept, absorbed = independent(within, np.ones(5))
    assert kept.tolist() == [True, True, False, False, True]
    assert absorbed.tolist() == [False, False, False, True, False]


def test_clustered_sandwich_equals_a_loop_over_clusters() -> None:
    rng = np.random.default_rng(0)
    X, y, clusters = rng.normal(size=(90, 3)), rng.normal(size=90), recode(rng.integers(0, 12, 90))
    fit = least_squares(y, X)
    meat = np.zeros((3, 3))
    for g in range(12):
        score = X[clusters == g].T @ fit.residuals[clusters == g]
        meat += np.outer(score, score)
    np.testing.assert_allclose(clustered(fit, clusters), fit.bread @ meat @ fit.bread, rtol=1e-12)
