"""Rows settled and fitted together: the same rows as separation and singletons one after the other, and a proof."""

from __future__ import annotations

import numpy as np
import pytest

from eventpanel.estimators.core import settled as module
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import not_singletons, recode
from eventpanel.estimators.core.poisson import poisson
from eventpanel.estimators.core.separation import separation
from eventpanel.estimators.core.settled import NothingLeft, rounds_of, settled

Data = tuple[Floats, Floats, list[Codes]]


def one_after_the_other(y: Floats, X: Floats, groupings: list[Codes]) -> tuple[Mask, Mask]:
    """Slow twin: separated rows and rows kept, by separation and singletons in turn until nothing changes."""
    separated, rows = np.zeros(len(y), dtype=bool), np.arange(len(y))
    while len(rows):
        found = separation(y[rows], X[rows], [recode(codes[rows]) for codes in groupings]).separated
        separated[rows[found]] = True
        rest = rows[~found]
        stay = not_singletons([codes[rest] for codes in groupings]) if groupings else np.ones(len(rest), dtype=bool)
        if len(rest[stay]) == len(rows):
            break
        rows = rest[stay]
    kept = np.zeros(len(y), dtype=bool)
    kept[rows] = True
    return separated, kept


def sample(seed: int) -> Data:
    """Rare dummies, thin groups, columns of integers and large values: separation of every kind, or nearly."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 120))
    groupings = [
        recode(rng.integers(0, int(rng.integers(2, max(3, n // 4))), n)) for _ in range(int(rng.integers(0, 4)))
    ]
    k = int(rng.integers(0, 5))
    X = rng.normal(size=(n, k))
    for j in range(k):
        rare = rng.random(n) < 0.2
        X[:, j] = [X[:, j], rare, rng.integers(0, 1000, n) * rare, 1e6 * X[:, j]][int(rng.integers(0, 4))]
    y = np.where(rng.random(n) < rng.choice([0.5, 0.8]), 0.0, rng.integers(1, 5, n).astype(float))
    if k and seed % 3 == 0:
        y[X @ rng.normal(size=k) > 0.8] = 0
    return y, X if groupings else np.column_stack([np.ones(n), X]), groupings


@pytest.mark.parametrize("first", range(0, 200, 40))
def test_the_same_rows_as_one_after_the_other(first: int) -> None:
    proofs = set()
    for seed in range(first, first + 40):
        y, X, groupings = sample(seed)
        separated, kept = one_after_the_other(y, X, groupings)
        if not kept.any():
            with pytest.raises(NothingLeft):
                settled(y, X, groupings)
            continue
        got = settled(y, X, groupings)
        np.testing.assert_array_equal(got.separated, separated)
        np.testing.assert_array_equal(got.rounds == 0, kept)
        np.testing.assert_array_equal(got.alone, ~separated & ~kept)
        assert got.fit.score < 1e-8
        all_at_once = separation(y, X, groupings).separated
        np.testing.assert_array_equal(rounds_of(y, groupings, all_at_once), np.where(separated, got.rounds, 0))
        proofs.add(got.method)
    assert "fit" in proofs


def test_a_fit_without_a_margin_asks_for_separation(monkeypatch: pytest.MonkeyPatch) -> None:
    y, X, groupings = sample(1)
    want = settled(y, X, groupings)
    monkeypatch.setattr(module, "PATIENCE", 2)
    got = settled(y, X, groupings)
    assert got.method != "fit"
    np.testing.assert_array_equal(got.rounds > 0, want.rounds > 0)
    np.testing.assert_allclose(got.fit.mu, want.fit.mu, rtol=1e-7)


def test_no_fit_where_a_row_is_separated() -> None:
    rng = np.random.default_rng(0)
    x = (rng.random(200) < 0.1).astype(float)
    y = np.where(x > 0, 0.0, rng.poisson(2.0, 200)).astype(float)
    design = np.column_stack([np.ones(200), x])
    # Means of separated rows go to zero as fast as the score: there is no fit, and no proof.
    with pytest.raises(ArithmeticError, match="nearly separated"):
        poisson(y, design, [])
    keep = x == 0
    assert poisson(y[keep], design[keep, :1], []).margin > 1e6
    assert settled(y, design, []).separated.tolist() == (x > 0).tolist()


def test_nearly_separated_rows_stay() -> None:
    rng = np.random.default_rng(3)
    unit, period = np.repeat(np.arange(30), 10), np.tile(np.arange(10), 30)
    x = ((period == 3) & (unit < 15)).astype(float)
    y = np.where(x > 0, 0.0, rng.poisson(2.0, 300) + 1.0)
    y[np.flatnonzero(x)[0]] = 1e-6
    got = settled(y, x[:, None], [unit, period])
    assert not got.separated.any()
    assert got.fit.score < 1e-8
    assert got.fit.margin > 1
