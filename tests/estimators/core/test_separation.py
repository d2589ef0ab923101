"""Separation: one linear program per row as the oracle, both routes, and what must not change the answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from eventpanel.estimators.core import null_space
from eventpanel.estimators.core import separation as module
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.separation import Separation, separation

ROUTES = pytest.mark.parametrize("limit", [10**9, 0], ids=["program", "rectification"])
Data = tuple[Floats, Floats, list[Codes]]


def dense(X: Floats, groupings: Sequence[Codes]) -> Floats:
    return np.column_stack([X, *[np.eye(int(codes.max()) + 1)[codes] for codes in groupings]])


def one_by_one(y: Floats, X: Floats, groupings: Sequence[Codes]) -> Mask:
    """Slow oracle: a row is separated if z can reach one on it while it is nowhere negative and zero on y > 0."""
    # A column of zeros, so that there is always a column.
    W = np.column_stack([dense(X, groupings), np.zeros(len(y))])
    zero, positive = W[y == 0], W[y > 0]
    found = np.zeros(len(y), dtype=bool)
    for i in np.flatnonzero(y == 0):
        answer = linprog(
            -W[i],
            A_ub=np.vstack([-zero, W[i]]),
            b_ub=np.concatenate([np.zeros(len(zero)), [1.0]]),
            A_eq=positive if len(positive) else None,
            b_eq=np.zeros(len(positive)) if len(positive) else None,
            bounds=(None, None),
            method="highs",
        )
        assert answer.status == 0
        found[i] = W[i] @ answer.x > 0.5
    return found


def check_certificate(y: Floats, X: Floats, groupings: Sequence[Codes], got: Separation) -> None:
    z = got.certificate
    assert (z[y > 0] == 0).all()
    assert (z[~got.separated] == 0).all()
    assert (z[got.separated] > 0.999999).all()
    W = dense(X, groupings)
    if W.shape[1]:
        fitted = W @ np.linalg.lstsq(W, z, rcond=None)[0]
        np.testing.assert_allclose(fitted, z, atol=1e-6 * max(1.0, z.max(initial=0.0)))
    else:
        assert not z.any()


def both(y: Floats, X: Floats, groupings: Sequence[Codes]) -> Mask:
    """Answer of both routes, which must be the same."""
    with pytest.MonkeyPatch.context() as patch:
        answers = []
        for limit in (10**9, 0):
            patch.setattr(module, "PROGRAM_LIMIT", limit)
            got = separation(y, X, groupings)
            check_certificate(y, X, groupings, got)
            answers.append(got.separated)
    np.testing.assert_array_equal(answers[0], answers[1])
    return answers[0]


def sample(seed: int, n: int, k: int, effects: int, zeros: float) -> Data:
    """Few values and thin groups, so that separation of every kind occurs."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-2, 3, size=(n, k)) * (rng.random((n, k)) < 0.4)
    X = np.where(rng.random(k) < 0.3, np.abs(X), X).astype(float)
    groupings = [recode(rng.integers(0, size, n)) for size in (6, 5, 4)[:effects]]
    y = np.where(rng.random(n) < zeros, 0.0, rng.integers(1, 5, n).astype(np.float64))
    return y, np.asarray(X, dtype=np.float64), groupings


CASES = st.builds(
    sample,
    st.integers(0, 10**6),
    st.integers(1, 28),
    st.integers(0, 4),
    st.integers(0, 3),
    st.sampled_from([0.3, 0.6, 0.85]),
)


@settings(deadline=None, max_examples=60)
@given(CASES)
def test_equals_one_program_per_row(data: Data) -> None:
    np.testing.assert_array_equal(both(*data), one_by_one(*data))


def larger(seed: int = 5) -> Data:
    """Two effects, a row separated by each kind of reason, most rows by none."""
    rng = np.random.default_rng(seed)
    unit, period = np.repeat(np.arange(30), 12), np.tile(np.arange(12), 30)
    X = rng.normal(size=(360, 4))
    X[:, 0] = rng.random(360) < 0.1
    y = np.where(rng.random(360) < 0.7, 0.0, rng.integers(1, 9, 360)).astype(float)
    y[(X[:, 0] > 0) | (unit == 3)] = 0
    return y, X, [unit, period]


def test_kinds_of_separation_are_counted() -> None:
    y, X, groupings = larger()
    want = (X[:, 0] > 0) | (groupings[0] == 3)
    for codes in groupings:
        want |= (np.bincount(codes, weights=y) == 0)[codes]
    np.testing.assert_array_equal(both(y, X, groupings), want)


@ROUTES
@pytest.mark.parametrize("seed", range(4))
def test_invariances(limit: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROGRAM_LIMIT", limit)
    y, X, groupings = larger(seed)
    want = separation(y, X, groupings).separated
    assert 0 < want.sum() < len(y)

    def same(X: Floats, y: Floats = y) -> None:
        np.testing.assert_array_equal(separation(y, X, groupings).separated, want)

    order = np.random.default_rng(0).permutation(len(y))
    permuted = separation(y[order], X[order], [codes[order] for codes in groupings]).separated
    np.testing.assert_array_equal(permuted, want[order])
    same(X * [1e6, 1e-6, 1.0, 1e6])
    same(X * [1e-6, 1e6, 1e-6, 1.0])
    same(X + np.array([1e6, 0.0, 1e6, 0.0]))
    same(-X)
    same(X @ np.random.default_rng(1).normal(size=(4, 4)))
    same(X, y * 1e-9)
    twice = separation(np.tile(y, 2), np.tile(X, (2, 1)), [np.tile(codes, 2) for codes in groupings]).separated
    np.testing.assert_array_equal(twice, np.tile(want, 2))


@ROUTES
def test_collinear_columns_do_no_harm(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROGRAM_LIMIT", limit)
    y, X, groupings = larger()
    want = separation(y, X, groupings).separated
    more = np.column_stack([X, X[:, 0] * 3, X[:, 0] - X[:, 1], groupings[0] * 0.1, np.full(len(y), 7.7), 0 * y])
    np.testing.assert_array_equal(separation(y, more, groupings).separated, want)


@ROUTES
def test_dropping_what_is_separated_leaves_nothing_separated(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROGRAM_LIMIT", limit)
    y, X, groupings = larger()
    keep = ~separation(y, X, groupings).separated
    again = separation(y[keep], X[keep], [recode(codes[keep]) for codes in groupings])
    assert not again.separated.any()


@ROUTES
@pytest.mark.parametrize("effects", [0, 1, 2, 3])
@pytest.mark.parametrize("k", [0, 2])
def test_extremes(limit: int, effects: int, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROGRAM_LIMIT", limit)
    _, X, groupings = sample(3, 24, k, effects, 0.5)
    assert not separation(np.ones(24), X, groupings).separated.any()
    if effects:
        assert separation(np.zeros(24), X, groupings).separated.all()
    assert separation(np.zeros(24), np.column_stack([np.ones(24), X]), groupings).separated.all()


@ROUTES
def test_without_an_intercept_a_mean_of_zero_may_be_out_of_reach(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROGRAM_LIMIT", limit)
    # exp(b) + exp(-b) has its minimum at b = 0: the estimate exists although y is zero everywhere.
    y, x = np.zeros(2), np.array([[1.0], [-1.0]])
    assert not separation(y, x, []).separated.any()
    assert separation(y, np.abs(x), []).separated.all()


@ROUTES
def test_wide_range_of_values(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROGRAM_LIMIT", limit)
    # One tiny value where y > 0 is enough for the estimate to exist; none is not.
    y = np.array([0.0, 0.0, 0.0, 1.0, 2.0])
    x = np.array([1.0, 1e-4, 100.0, 0.0, 1e-5])
    design = np.column_stack([np.ones(5), x])
    assert not separation(y, design, []).separated.any()
    design[4, 1] = 0.0
    assert separation(y, design, []).separated.tolist() == [True, True, True, False, False]


def test_rectification_that_does_not_end_is_settled_by_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROGRAM_LIMIT", 0)
    y, X, groupings = larger()
    want = separation(y, X, groupings).separated
    monkeypatch.setattr(module, "RECTIFICATIONS", 0)
    np.testing.assert_array_equal(separation(y, X, groupings).separated, want)


@pytest.mark.parametrize("effects", [2, 3])
def test_a_basis_too_large_goes_to_the_program(effects: int, monkeypatch: pytest.MonkeyPatch) -> None:
    y, X, groupings = sample(8, 28, 2, effects, 0.6)
    want = separation(y, X, groupings).separated
    monkeypatch.setattr(module, "PROGRAM_LIMIT", 0)
    monkeypatch.setattr(null_space, "BASIS_LIMIT", 0)
    got = separation(y, X, groupings)
    assert got.method == "linear program"
    np.testing.assert_array_equal(got.separated, want)


def test_weights_change_nothing_and_must_be_positive() -> None:
    y, X, groupings = larger()
    weights = np.random.default_rng(0).uniform(1e-3, 1e3, len(y))
    np.testing.assert_array_equal(separation(y, X, groupings, weights).separated, separation(y, X, groupings).separated)
    weights[0] = 0
    with pytest.raises(ValueError, match="positive weights"):
        separation(y, X, groupings, weights)


@ROUTES
def test_a_wrong_certificate_is_refused(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROGRAM_LIMIT", limit)
    y, X, groupings = larger()
    ones = np.ones(int((y == 0).sum()), dtype=bool)
    monkeypatch.setattr(module, "_program", lambda zero, _: (np.ones(zero.shape[1]), ones[: zero.shape[0]]))
    monkeypatch.setattr(module, "_rectified", lambda basis: (np.ones(basis.shape[1]), ones[: len(basis)]))
    with pytest.raises(ArithmeticError, match="was not confirmed"):
        separation(y, X, groupings)


def test_a_program_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failed:
        x, status, message = None, 4, "numerical difficulties"

    monkeypatch.setattr(module, "linprog", lambda *_, **__: Failed())
    y, X, groupings = larger()
    with pytest.raises(ArithmeticError, match="numerical difficulties"):
        separation(y, X, groupings)


@settings(deadline=None, max_examples=60)
@given(CASES)
def test_the_fit_gives_the_same_rows(data: Data) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FIT_FROM", 0)
        got = separation(*data)
    check_certificate(*data, got)
    np.testing.assert_array_equal(got.separated, separation(*data).separated)


def test_the_fit_settles_the_larger_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    want = both(*larger())
    monkeypatch.setattr(module, "FIT_FROM", 0)
    got = separation(*larger())
    assert got.method == "fit"
    check_certificate(*larger(), got)
    np.testing.assert_array_equal(got.separated, want)
