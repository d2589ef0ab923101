"""Separated rows of binary outcomes against one linear program per row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.binary import binary
from eventpanel.estimators.core.binary_separation import binary_separation, none_separated, one_sided
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.links import LOGIT
from eventpanel.estimators.core.separation import separation


def sample(seed: int) -> tuple[Floats, Floats, list[Codes]]:
    """Few rows, regressors with few values: about half of the panels have separated rows."""
    rng = np.random.default_rng(seed)
    n = 40
    X = np.column_stack([rng.integers(0, 2, n), rng.integers(-1, 2, n), rng.random(n) < 0.1]).astype(float)
    effects = [recode(rng.integers(0, 4, n)), recode(rng.integers(0, 3, n))]
    return (rng.random(n) < 0.35).astype(float), X, effects


def design(X: Floats, effects: list[Codes]) -> Floats:
    return np.column_stack([X, *[np.eye(codes.max() + 1)[codes] for codes in effects]])


def row_by_row(y: Floats, X: Floats, effects: list[Codes]) -> Mask:
    """A row is separated if some z with the right signs everywhere is one or more there."""
    D = design(X, effects) * (2 * y - 1)[:, None]
    out = np.zeros(len(y), dtype=bool)
    for i, row in enumerate(D):
        answer = linprog(-row, A_ub=np.vstack([-D, row]), b_ub=np.append(np.zeros(len(y)), 1.0), bounds=(None, None))
        assert answer.status == 0
        out[i] = row @ answer.x > 0.5
    return out


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_equals_a_linear_program_per_row(seed: int) -> None:
    y, X, effects = sample(seed)
    found = binary_separation(y, X, effects)
    np.testing.assert_array_equal(found.separated, row_by_row(y, X, effects))
    z, signed = found.certificate, (2 * y - 1) * found.certificate
    assert (signed[found.separated] >= 1 - 1e-9).all()
    assert not z[~found.separated].any()
    D = design(X, effects)
    np.testing.assert_allclose(D @ np.linalg.lstsq(D, z, rcond=None)[0], z, atol=1e-8 * (1 + np.abs(z).max()))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_equals_the_separation_of_the_poisson_regression_of_both_outcomes(seed: int) -> None:
    """A row stands for two, one for each outcome, which share an effect; all else belongs to the outcome one."""
    y, X, effects = sample(seed)
    n = len(y)
    rows, outcome = np.tile(np.arange(n), 2), np.repeat([0, 1], n)
    doubled = [rows, *[2 * np.tile(codes, 2) + outcome for codes in effects]]
    want = separation(np.concatenate([1 - y, y]), np.concatenate([np.zeros_like(X), X]), doubled).separated
    np.testing.assert_array_equal(binary_separation(y, X, effects).separated, want[:n] | want[n:])


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_units_of_columns_do_not_matter(seed: int) -> None:
    y, X, effects = sample(seed)
    y[X[:, 2] > 0] = 1.0
    want = binary_separation(y, X, effects).separated
    assert want.any() == bool(X[:, 2].any())
    moved = binary_separation(y, X * np.array([1e6, 1e-6, 1.0]) + np.array([0.0, 1e-3, 10.0]), effects)
    np.testing.assert_array_equal(moved.separated, want)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_a_fit_proves_that_no_row_is_separated_and_never_the_contrary(seed: int) -> None:
    y, X, effects = sample(seed)
    separated = row_by_row(y, X, effects)
    if separated.any():
        multipliers = np.random.default_rng(seed).exponential(size=len(y))
        assert not none_separated(y, X, effects, (2 * y - 1) * multipliers)
    keep = ~separated
    if keep.sum() < 15:
        return
    X, effects = X[keep], [recode(codes[keep]) for codes in effects]
    within = X - design(X, effects)[:, 3:] @ np.linalg.lstsq(design(X, effects)[:, 3:], X, rcond=None)[0]
    if np.linalg.matrix_rank(within, tol=1e-8) < 3:
        return
    fitted = binary(y[keep], X, effects, LOGIT)
    assert none_separated(y[keep], X, effects, fitted.fit.residuals)


def test_scores_that_diverge_prove_nothing() -> None:
    y = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    x = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0])
    codes = [np.zeros(6, dtype=np.int64)]
    # A long way along the separating direction the scores there have all but vanished.
    eta = np.where(x > 0, 30.0, 0.0)
    assert not none_separated(y, x[:, None], codes, LOGIT.score(y, eta))
    np.testing.assert_array_equal(binary_separation(y, x[:, None], codes).separated, x > 0)


def test_one_sided_groups_are_separated_by_the_linear_program_too() -> None:
    rng = np.random.default_rng(7)
    unit, period = np.repeat(np.arange(12), 5), np.tile(np.arange(5), 12)
    y = (rng.random(60) < 0.5).astype(float)
    y[unit == 3], y[unit == 5], y[(period == 2) & (unit > 2)] = 0.0, 1.0, 1.0
    y[(unit == 3) & (period == 2)] = 0.0
    alone = one_sided(y, [unit, period])
    assert alone[unit == 5].all()
    assert alone[unit == 3].all()
    found = row_by_row(y, np.zeros((60, 1)), [unit, period])
    assert (found | ~alone).all()
    np.testing.assert_array_equal(binary_separation(y, np.zeros((60, 1)), [unit, period]).separated, found)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_dropping_a_group_may_leave_another_one_sided(value: float) -> None:
    # Without unit 0, which never varies, period 1 always has the other value.
    unit, period = np.repeat(np.arange(3), 3), np.tile(np.arange(3), 3)
    y = np.array([value, value, value, 1 - value, 1 - value, value, value, 1 - value, 1 - value])
    assert one_sided(y, [unit, period]).tolist() == [True, True, True, False, True, False, False, True, False]
