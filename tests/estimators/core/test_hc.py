"""Leverage and HC0 to HC3 against dense projections and against regressions without a row."""

from __future__ import annotations

import numpy as np
import pytest

from eventpanel.estimators.core import leverage as module
from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.hc import pinned, robust
from eventpanel.estimators.core.least_squares import least_squares
from eventpanel.estimators.core.leverage import leverage

EFFECTS: dict[str, list[int]] = {
    "none": [],
    "one": [40],
    "two": [40, 12],
    "three": [25, 12, 9],
    "five": [9, 8, 7, 6, 5],
}


def sample(name: str) -> tuple[Floats, Floats, list[Codes], Floats]:
    rng = np.random.default_rng(len(name))
    n = 300
    effects = [recode(rng.integers(0, levels, n)) for levels in EFFECTS[name]]
    if name == "three":
        # Nested in the first: all of its levels are redundant.
        effects.append(effects[0] // 5)
    X = rng.normal(size=(n, 3)) * [1.0, 1e6, 1e-6]
    return X @ [1.0, 0.0, 0.0] + rng.standard_t(4, n), X, effects, rng.uniform(0.01, 3.0, n)


def dense(X: Floats, effects: list[Codes], weights: Floats) -> Floats:
    """Diagonal of the hat matrix of terms and dummies, by singular values."""
    scaled = X / np.linalg.norm(X, axis=0)
    columns = np.column_stack([scaled, *[np.eye(codes.max() + 1)[codes] for codes in effects]])
    left, values, _ = np.linalg.svd(columns * np.sqrt(weights)[:, None], full_matrices=False)
    basis = left[:, values > 1e-10 * values[0]]
    return np.asarray((basis**2).sum(axis=1))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", EFFECTS)
def test_leverage_is_the_diagonal_of_the_hat_matrix(name: str, weighted: bool) -> None:
    y, X, effects, drawn = sample(name)
    weights = drawn if weighted else None
    within = absorb(X, effects, weights).columns
    fit = least_squares(y, within, weights)
    got = leverage(within, fit.bread, effects, weights)
    want = dense(X, effects, drawn if weighted else np.ones(len(y)))
    np.testing.assert_allclose(got, want, atol=1e-12)
    assert got.sum() == pytest.approx(absorb(X, effects, weights).rank + 3, rel=1e-12)


def test_leverage_does_not_depend_on_the_size_of_its_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    _, X, effects, weights = sample("three")
    within = absorb(X, effects, weights).columns
    bread: Floats = np.asarray(np.linalg.inv(within.T @ (within * weights[:, None])), dtype=np.float64)
    want = leverage(within, bread, effects, weights)
    monkeypatch.setattr(module, "BLOCK", 1)
    np.testing.assert_allclose(leverage(within, bread, effects, weights), want, rtol=1e-12)


def test_too_many_levels_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _, X, effects, _ = sample("two")
    monkeypatch.setattr(module, "DENSE_LIMIT", 11)
    with pytest.raises(ArithmeticError, match="12 levels beside the largest effect; leverage is exact up to 11"):
        leverage(X, np.eye(3), effects)


def test_hc3_is_the_jackknife() -> None:
    """The spread of the estimates without each row, around the full one."""
    y, X, effects, _ = sample("two")
    columns = np.column_stack([X, *[np.eye(codes.max() + 1)[codes] for codes in effects]])
    within = absorb(np.column_stack([y, X]), effects).columns
    fit = least_squares(within[:, 0], within[:, 1:])
    gaps = []
    for row in range(len(y)):
        rest = np.arange(len(y)) != row
        gaps.append(np.linalg.lstsq(columns[rest] / [1, 1e6, 1e-6, *[1] * 52], y[rest], rcond=None)[0][:3])
    drift = np.array(gaps) / [1, 1e6, 1e-6] - fit.coef
    got = robust(fit, leverage(within[:, 1:], fit.bread, effects), 2)
    np.testing.assert_allclose(got, drift.T @ drift, rtol=1e-7)


@pytest.mark.parametrize("power", [1, 2])
def test_a_row_that_is_fitted_exactly_counts_as_if_it_were_not_there(power: int) -> None:
    y, X, effects, weights = sample("two")
    # One more row, alone in a level of the first effect.
    chain = [np.append(effects[0], 40), np.append(effects[1], 3)]
    more_y, more_X, more_w = np.append(y, 9.0), np.vstack([X, [1.0, 1.0, 1.0]]), np.append(weights, 2.0)

    def covariance(y: Floats, X: Floats, groups: list[Codes], w: Floats) -> tuple[Floats, int]:
        within = absorb(np.column_stack([y, X]), groups, w).columns
        fit = least_squares(within[:, 0], within[:, 1:], w)
        pull = leverage(within[:, 1:], fit.bread, groups, w)
        return robust(fit, pull, 1 if power == 1 else 2), int(pinned(pull).sum())

    want, none = covariance(y, X, effects, weights)
    got, one = covariance(more_y, more_X, chain, more_w)
    assert one == none + 1
    np.testing.assert_allclose(got, want, rtol=1e-9)
