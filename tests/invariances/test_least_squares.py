"""Properties of absorption, least squares and moments on arbitrary small panels.

The oracle projects on dense dummies by singular values; relations compare the code with itself on changed data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.exact import exact
from eventpanel.estimators.core.groups import not_singletons
from eventpanel.estimators.core.least_squares import independent, least_squares
from eventpanel.estimators.core.moments import moments
from eventpanel.estimators.core.sandwich import clustered
from tests.strategies import Sample, dense, samples, without_effects

few = settings(deadline=None, max_examples=25)
many = settings(deadline=None, max_examples=1000)
RESCALED, PERMUTED = 1e-10, 1e-12


@dataclass(frozen=True)
class Answer:
    """What must not change, or change in a known way."""

    coef: Floats
    vcov: Floats
    rank: int

    @property
    def errors(self) -> Floats:
        return np.sqrt(np.diag(self.vcov))


def answer(sample: Sample) -> Answer:
    within = absorb(np.column_stack([sample.y, sample.X]), sample.effects, sample.weights)
    fit = least_squares(within.columns[:, 0], within.columns[:, 1:], sample.weights)
    return Answer(fit.coef, clustered(fit, sample.clusters), within.rank)


def by_moments(sample: Sample) -> Answer:
    m = moments(sample.y, sample.X, sample.effects, sample.clusters, sample.weights)
    influence = m.scores @ m.bread[:, : m.terms]
    return Answer(m.coef[: m.terms], influence.T @ influence, answer(sample).rank)


def by_dummies(sample: Sample) -> Answer:
    """Dense algebra of its own."""
    within, rank = without_effects(sample, np.column_stack([sample.y, sample.X]))
    y, X = within[:, 0], within[:, 1:]
    root = np.sqrt(sample.w)
    inverse = np.linalg.pinv(X * root[:, None])
    coef = inverse @ (y * root)
    influence = inverse.T * (root * (y - X @ coef))[:, None]
    sums = np.eye(int(sample.clusters.max()) + 1)[sample.clusters].T @ influence
    return Answer(coef, sums.T @ sums, rank)


def close(got: Answer, want: Answer, rtol: float) -> None:
    """Coefficients beside their standard errors, so that a zero counts; covariances beside the variances."""
    size = np.maximum(np.abs(want.coef), want.errors)
    np.testing.assert_allclose(got.coef / size, want.coef / size, rtol=0, atol=rtol)
    np.testing.assert_allclose(got.vcov / np.outer(size, size), want.vcov / np.outer(size, size), rtol=0, atol=rtol)
    assert got.rank == want.rank


def check_dummies(sample: Sample) -> None:
    want = by_dummies(sample)
    close(answer(sample), want, 1e-10)
    close(by_moments(sample), want, 1e-10)
    exactly = exact(sample.y, sample.X, sample.effects, sample.weights).fit
    close(Answer(exactly.coef, clustered(exactly, sample.clusters), want.rank), want, 1e-10)


@few
@given(samples())
def test_equals_dummies(sample: Sample) -> None:
    check_dummies(sample)


@pytest.mark.slow
@many
@given(samples())
def test_equals_dummies_on_many(sample: Sample) -> None:
    check_dummies(sample)


def check_order_and_names(sample: Sample, seed: int) -> None:
    rng = np.random.default_rng(seed)
    base = answer(sample)
    close(answer(sample.rows(rng.permutation(len(sample.y)))), base, PERMUTED)
    renamed = tuple(rng.permutation(int(codes.max()) + 1)[codes] for codes in sample.effects)
    close(answer(replace(sample, effects=renamed)), base, PERMUTED)
    close(answer(replace(sample, effects=sample.effects[::-1])), base, PERMUTED)
    turned = rng.permutation(sample.X.shape[1])
    got = answer(replace(sample, X=sample.X[:, turned]))
    close(got, Answer(base.coef[turned], base.vcov[np.ix_(turned, turned)], base.rank), PERMUTED)


@few
@given(samples(), st.integers(0, 1000))
def test_order_and_names_do_not_matter(sample: Sample, seed: int) -> None:
    check_order_and_names(sample, seed)


@pytest.mark.slow
@many
@given(samples(), st.integers(0, 1000))
def test_order_and_names_do_not_matter_on_many(sample: Sample, seed: int) -> None:
    check_order_and_names(sample, seed)


sizes = st.sampled_from([1e-8, 1e-3, 3.0, 1e8])


def check_scales(sample: Sample, a: float, c: float, shift: float) -> None:
    base, unit = answer(sample), np.ones(sample.X.shape[1])
    unit[0] = c
    outcome = answer(replace(sample, y=a * sample.y + a * shift))
    close(Answer(outcome.coef / a, outcome.vcov / a**2, outcome.rank), base, RESCALED)
    got = answer(replace(sample, X=sample.X * unit))
    close(Answer(got.coef * unit, got.vcov * np.outer(unit, unit), got.rank), base, RESCALED)
    close(answer(replace(sample, X=sample.X + shift)), base, RESCALED)
    close(answer(replace(sample, weights=sample.w * c)), base, RESCALED)
    moved = answer(replace(sample, y=sample.y + 2.5 * sample.X[:, 0]))
    close(replace(moved, coef=moved.coef - 2.5 * np.eye(len(moved.coef))[0]), base, RESCALED)


@few
@given(samples(), sizes, sizes, st.sampled_from([-3.0, 10.0, 1000.0]))
def test_scales_and_shifts(sample: Sample, a: float, c: float, shift: float) -> None:
    check_scales(sample, a, c, shift)


@pytest.mark.slow
@many
@given(samples(), sizes, sizes, st.sampled_from([-3.0, 10.0, 1000.0]))
def test_scales_and_shifts_on_many(sample: Sample, a: float, c: float, shift: float) -> None:
    check_scales(sample, a, c, shift)


@few
@given(samples(), st.integers(0, 1000))
def test_a_value_added_to_a_whole_level_does_not_matter(sample: Sample, seed: int) -> None:
    rng = np.random.default_rng(seed)
    lifts = [rng.normal(size=int(codes.max()) + 1)[codes] for codes in sample.effects]
    close(answer(replace(sample, y=sample.y + 50 * sum(lifts))), answer(sample), RESCALED)
    close(answer(replace(sample, X=sample.X + 50 * lifts[0][:, None])), answer(sample), RESCALED)


@few
@given(samples(), st.integers(0, 1000))
def test_columns_that_add_nothing_are_found(sample: Sample, seed: int) -> None:
    rng = np.random.default_rng(seed)
    spanned = dense(sample.effects) @ rng.normal(size=sum(int(codes.max()) + 1 for codes in sample.effects))
    k = sample.X.shape[1]
    X = np.column_stack([sample.X, 1e6 * spanned + 7, -2e-5 * sample.X[:, 0], sample.X.sum(axis=1) + spanned])
    within = absorb(X, sample.effects, sample.weights).columns
    kept, absorbed = independent(within, np.linalg.norm(X - X.mean(axis=0), axis=0))
    assert kept.tolist() == [True] * k + [False] * 3
    assert absorbed.tolist() == [False] * k + [True, False, False]


@few
@given(samples(weights=False), st.integers(0, 1000))
def test_integer_weights_are_copies(sample: Sample, seed: int) -> None:
    copies = np.random.default_rng(seed).integers(1, 4, len(sample.y))
    weighted = answer(replace(sample, weights=copies.astype(float)))
    close(answer(sample.rows(np.repeat(np.arange(len(copies)), copies))), weighted, RESCALED)


@few
@given(samples())
def test_the_first_coefficient_is_that_of_residuals_on_residuals(sample: Sample) -> None:
    """Frisch, Waugh and Lovell, the other columns taken for effects."""
    base = answer(sample)
    within = absorb(np.column_stack([sample.y, sample.X]), sample.effects, sample.weights).columns
    if within.shape[1] > 2:
        y, first = (least_squares(column, within[:, 2:], sample.weights).residuals for column in within[:, :2].T)
    else:
        y, first = within.T
    fit = least_squares(y, first[:, None], sample.weights)
    got = Answer(fit.coef, clustered(fit, sample.clusters), base.rank)
    close(got, Answer(base.coef[:1], base.vcov[:1, :1], base.rank), RESCALED)


@few
@given(samples(), st.integers(0, 1000))
def test_a_row_alone_in_a_level_changes_nothing(sample: Sample, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, *rest = sample.effects
    more = Sample(
        y=np.append(sample.y, 1e3 * rng.normal()),
        X=np.vstack([sample.X, rng.normal(size=(1, sample.X.shape[1]))]),
        effects=(np.append(first, first.max() + 1), *(np.append(codes, codes[0]) for codes in rest)),
        clusters=np.append(sample.clusters, 0),
        weights=None if sample.weights is None else np.append(sample.weights, 1.0),
    )
    base = answer(sample)
    close(answer(more), replace(base, rank=base.rank + 1), RESCALED)
    keep = not_singletons(more.effects)
    assert not keep[-1]
    assert keep.tolist() == [*not_singletons(sample.effects).tolist(), False]


@few
@given(samples(weights=False))
def test_every_row_twice_is_the_same_panel_with_the_same_clusters(sample: Sample) -> None:
    close(answer(sample.rows(np.tile(np.arange(len(sample.y)), 2))), answer(sample), RESCALED)
