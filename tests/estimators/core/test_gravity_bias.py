"""Gravity bias against the formulas of Weidner and Zylkin (2021), written out with dense matrices, pair by pair."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.gravity_bias import Cells, gravity_bias
from eventpanel.estimators.core.groups import cross, recode
from eventpanel.estimators.core.poisson import PoissonFit, poisson
from eventpanel.estimators.core.separation import separation


def trade(
    seed: int, exporters: int = 7, importers: int = 6, periods: int = 3, missing: float = 0.0
) -> tuple[Floats, Floats, Cells]:
    """Noisy flows with zeros, two regressors; rows left out at random, and separated ones."""
    rng = np.random.default_rng(seed)
    cells = np.array(list(product(range(exporters), range(importers), range(periods))))
    X = np.column_stack([rng.integers(0, 2, len(cells)), rng.normal(size=len(cells))]).astype(float)
    y = rng.poisson(np.exp(1 + 0.5 * X[:, 0] + rng.normal(size=len(cells)) * 0.7)).astype(float)
    keep = rng.random(len(cells)) >= missing
    i, j, t = cells.T
    while True:
        codes = [recode(c[keep]) for c in (i, j, t)]
        effects = [cross(codes[0], codes[2]), cross(codes[1], codes[2]), cross(codes[0], codes[1])]
        bad = separation(y[keep], X[keep], effects).separated
        if not bad.any():
            return y[keep], X[keep], Cells(*codes)
        keep[keep] = ~bad


def fit(y: Floats, X: Floats, cells: Cells, three_way: bool, weights: Floats | None = None) -> PoissonFit:
    effects = [cross(cells.exporter, cells.period), cross(cells.importer, cells.period)]
    pairs = [cross(cells.exporter, cells.importer)] if three_way else []
    return poisson(y, X, [*effects, *pairs], weights=weights)


def dummies(codes: Codes) -> Floats:
    return np.asarray(codes[:, None] == np.unique(codes)[None, :], dtype=float)


def by_hand(y: Floats, X: Floats, mu: Floats, cells: Cells, three_way: bool) -> tuple[Floats, Floats]:
    """Bias and covariance, from sums over pairs of matrices over the periods a pair has."""
    i, j, t = cells.exporter, cells.importer, cells.period
    T, k = int(t.max()) + 1, X.shape[1]
    D = np.column_stack([dummies(i * T + t), dummies(j * T + t)])
    P = dummies(i * 1000 + j)
    every = np.column_stack([D, P]) if three_way else D
    W = np.diag(mu)
    within = X - every @ np.linalg.pinv(every.T @ W @ every) @ every.T @ W @ X
    information = within.T @ W @ within
    pairs: list[tuple[int, int, Mask]] = [
        (a, b, (i == a) & (j == b))
        for a in range(i.max() + 1)
        for b in range(j.max() + 1)
        if ((i == a) & (j == b)).any()
    ]
    hessians = {}
    for a, b, rows in pairs:
        m = mu[rows]
        hessians[a, b] = np.diag(m) - np.outer(m, m) / m.sum() if three_way else np.diag(m)
    bias = np.zeros(k)
    for side in (0, 1) if three_way else ():
        countries = int((i, j)[side].max()) + 1
        for country in range(countries):
            mine = [p for p in pairs if p[side] == country]
            H, SS = np.zeros((T, T)), np.zeros((T, T))
            HxS, G = np.zeros((k, T, T)), np.zeros((k, T, T))
            for a, b, rows in mine:
                at, m, s, h = t[rows], mu[rows], (y - mu)[rows], hessians[a, b]
                H[np.ix_(at, at)] += h
                SS[np.ix_(at, at)] += np.outer(s, s)
                share = m / m.sum()
                for c in range(k):
                    x = within[rows, c]
                    HxS[c][np.ix_(at, at)] += np.outer(h @ x, s)
                    # Third derivative of sum_t y_t log(share_t): all three sums of its definition.
                    third = np.zeros((len(m), len(m)))
                    for r, q, u in product(range(len(m)), repeat=3):
                        value = (
                            (r == q == u) * share[r] - (r == q) * share[r] * share[u] - (r == u) * share[r] * share[q]
                        )
                        value += -(q == u) * share[r] * share[q] + 2 * share[r] * share[q] * share[u]
                        third[r, q] -= m.sum() * value * x[u]
                    G[c][np.ix_(at, at)] += third
            inverse = np.linalg.pinv(H, rcond=1e-10)
            for c in range(k):
                one = -np.trace(inverse @ HxS[c]) + 0.5 * np.trace(G[c] @ inverse @ SS @ inverse)
                bias[c] += one * countries / (countries - 1)
    full = np.zeros((len(y), len(y)))
    for a, b, rows in pairs:
        full[np.ix_(rows, rows)] = hessians[a, b]
    V = within @ np.linalg.inv(information) @ within.T + D @ np.linalg.pinv(D.T @ full @ D) @ D.T
    meat = np.zeros((k, k))
    for a, b, rows in pairs:
        s = (y - mu)[rows]
        scaled = np.linalg.pinv(np.eye(len(s)) - hessians[a, b] @ V[np.ix_(rows, rows)], rcond=1e-9) @ s
        meat += np.outer(within[rows].T @ scaled, s @ within[rows])
    bread = np.linalg.inv(information)
    return np.asarray(bread @ bias), np.asarray(bread @ (meat + meat.T) / 2 @ bread, dtype=np.float64)


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("three_way", [True, False])
@pytest.mark.parametrize("seed", [1, 2])
def test_equals_the_formulas_pair_by_pair(seed: int, three_way: bool, missing: float) -> None:
    y, X, cells = trade(seed, missing=missing)
    fitted = fit(y, X, cells, three_way)
    got = gravity_bias(X, fitted.mu, y - fitted.mu, cells, pair_effects=three_way)
    bias, vcov = by_hand(y, X, fitted.mu, cells, three_way)
    np.testing.assert_allclose(got.bias, bias, rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(got.vcov, vcov, rtol=1e-6, atol=1e-12)
    assert three_way == bool(np.abs(got.bias).min() > 1e-6)
    assert 0 < got.leverage < 1 + 1e-9


def test_order_sides_and_units_do_not_matter() -> None:
    y, X, cells = trade(3, missing=0.1)
    mu = fit(y, X, cells, True).mu
    want = gravity_bias(X, mu, y - mu, cells, pair_effects=True)
    order = np.random.default_rng(0).permutation(len(y))
    moved = Cells(cells.importer[order], cells.exporter[order], cells.period[order])
    got = gravity_bias(X[order] * 100, mu[order] * 1e6, (y - mu)[order] * 1e6, moved, pair_effects=True)
    np.testing.assert_allclose(got.bias * 100, want.bias, rtol=1e-8)
    np.testing.assert_allclose(got.vcov * 1e4, want.vcov, rtol=1e-8)


def test_weights_of_the_rows_are_as_outcomes_with_an_offset() -> None:
    y, X, cells = trade(4)
    w = np.random.default_rng(4).uniform(0.5, 2, len(y))
    mu = fit(y, X, cells, True, w).mu
    got = gravity_bias(X, w * mu, w * (y - mu), cells, pair_effects=True)
    bias, vcov = by_hand(w * y, X, w * mu, cells, True)
    np.testing.assert_allclose(got.bias, bias, rtol=1e-6)
    np.testing.assert_allclose(got.vcov, vcov, rtol=1e-6)


def test_what_cannot_be_is_refused() -> None:
    y, X, cells = trade(5)
    twice = Cells(*(np.append(c, c[0]) for c in (cells.exporter, cells.importer, cells.period)))
    with pytest.raises(ValueError, match="two rows of one exporter"):
        gravity_bias(np.vstack([X, X[:1]]), np.ones(len(y) + 1), np.zeros(len(y) + 1), twice, pair_effects=True)
    many = Cells(cells.exporter, cells.importer * 1000, cells.period)
    with pytest.raises(ValueError, match="more than 5000"):
        gravity_bias(X, np.ones(len(y)), np.zeros(len(y)), many, pair_effects=False)
