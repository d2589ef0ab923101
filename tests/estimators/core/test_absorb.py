"""Absorption against dense dummy variables."""

from __future__ import annotations

import numpy as np
import pytest

from eventpanel.estimators.core import conjugate
from eventpanel.estimators.core import schur as module
from eventpanel.estimators.core.absorb import absorb, absorber
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import recode


def dense(groupings: list[Codes]) -> Floats:
    return np.column_stack([np.eye(int(codes.max()) + 1)[codes] for codes in groupings])


def by_dummies(columns: Floats, groupings: list[Codes], weights: Floats | None) -> Floats:
    """Slow oracle: least squares on all dummies."""
    root = np.sqrt(np.ones(len(columns)) if weights is None else weights)[:, None]
    dummies = dense(groupings)
    coef = np.linalg.lstsq(dummies * root, columns * root, rcond=None)[0]
    return np.asarray(columns - dummies @ coef)


def sample(seed: int, effects: int) -> tuple[Floats, list[Codes], Floats]:
    rng = np.random.default_rng(seed)
    n = 240
    groupings = [recode(rng.integers(0, size, n)) for size in (40, 9, 6)[:effects]]
    columns = rng.normal(size=(n, 3)) * [1.0, 1e6, 1e-6] + [0.0, 1e8, 5.0]
    return columns, groupings, rng.uniform(0.2, 3.0, n)


@pytest.mark.parametrize("effects", [1, 2, 3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("limit", [3000, 0], ids=["factorised", "iterated"])
def test_equals_dummies(effects: int, weighted: bool, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DENSE_LIMIT", limit)
    columns, groupings, w = sample(1, effects)
    weights = w if weighted else None
    got = absorb(columns, groupings, weights)
    want = by_dummies(columns - columns.mean(axis=0), groupings, weights)
    scale = np.linalg.norm(want, axis=0)
    # The oracle itself loses digits on the column shifted by 1e8: 1e8 * 2e-16 over a spread of 1e6 is 1e-14.
    np.testing.assert_allclose(got.columns / scale, want / scale, atol=1e-11)
    assert got.certificate < 1e-12


@pytest.mark.parametrize("effects", [1, 2, 3])
def test_rank_is_that_of_the_dummies(effects: int) -> None:
    columns, groupings, _ = sample(2, effects)
    got = absorb(columns, groupings)
    assert got.rank == np.linalg.matrix_rank(dense(groupings))
    assert got.exact_rank


def test_rank_counts_components_of_a_disconnected_panel() -> None:
    unit = np.repeat(np.arange(6), 4)
    period = np.tile(np.arange(4), 6) + 4 * (unit >= 3)
    assert absorb(np.ones((24, 1)), [unit, period]).rank == 6 + 8 - 2


def test_rank_without_factorisation_is_exact_for_two_effects_and_a_stated_bound_for_three(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "DENSE_LIMIT", 0)
    for effects, exact in ((2, True), (3, False)):
        columns, groupings, _ = sample(3, effects)
        got = absorb(columns, groupings)
        assert got.exact_rank is exact
        assert got.rank >= np.linalg.matrix_rank(dense(groupings))


@pytest.mark.parametrize("iterations", [500, 3], ids=["gradients", "elimination"])
def test_long_chain_is_absorbed_to_the_certificate(iterations: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Each worker links two firms: the hardest graph for alternating projections.
    monkeypatch.setattr(module, "DENSE_LIMIT", 0)
    monkeypatch.setattr(conjugate, "ITERATIONS", iterations)
    workers = np.repeat(np.arange(3000), 2)
    firms = np.column_stack([np.arange(3000), np.arange(1, 3001)]).reshape(-1)
    # A second row for some links, so that something is left.
    workers, firms = np.concatenate([workers, workers[::3]]), np.concatenate([firms, firms[::3]])
    columns = np.random.default_rng(0).normal(size=(len(workers), 2))
    got = absorb(columns, [workers, firms])
    assert got.rank == 3000 + 3001 - 1
    assert got.certificate < 1e-12
    # On a chain nothing is left of a worker but the difference between the rows of one link.
    twice = np.flatnonzero(np.arange(6000) % 3 == 0)
    half = (columns[twice] - columns[6000:]) / 2
    np.testing.assert_allclose(got.columns[twice], half, atol=1e-11)


def test_movers_between_firms(monkeypatch: pytest.MonkeyPatch) -> None:
    """A random sparse graph with few movers and many parts, against the dense factorisation."""
    rng = np.random.default_rng(4)
    workers = np.repeat(np.arange(2000), 5)
    firms = rng.integers(0, 400, 2000)[workers]
    moves = rng.random(len(workers)) < 0.02
    firms = recode(np.where(moves, rng.integers(0, 400, len(workers)), firms))
    columns = rng.normal(size=(len(workers), 2))
    exact = absorb(columns, [workers, firms])
    monkeypatch.setattr(module, "DENSE_LIMIT", 0)
    got = absorb(columns, [workers, firms])
    assert got.rank == exact.rank
    assert got.certificate < 1e-12
    np.testing.assert_allclose(got.columns, exact.columns, atol=1e-10)


def test_balanced_effects_need_no_system() -> None:
    unit, period = np.repeat(np.arange(6), 4), np.tile(np.arange(4), 6)
    assert absorber([unit, period]).levels is None
    assert absorber([unit[1:], period[1:]]).levels is not None


def test_no_effects_leave_the_columns() -> None:
    columns = np.ones((3, 1))
    assert absorb(columns, []).columns is columns
