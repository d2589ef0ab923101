"""Properties of Poisson regression on arbitrary small panels, against Newton's method on dense dummies."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.poisson import poisson
from eventpanel.estimators.core.sandwich import clustered
from eventpanel.estimators.core.separation import separation
from tests.strategies import Sample, dense, is_regular, samples

few = settings(deadline=None, max_examples=20)
many = settings(deadline=None, max_examples=500)
RESCALED, PERMUTED = 1e-10, 1e-11
# Smallest mean at the maximum: below, coefficients hang on rows that weigh next to nothing.
SMALLEST = 1e-10


@dataclass(frozen=True)
class Answer:
    """What must not change, or change in a known way."""

    coef: Floats
    vcov: Floats
    mu: Floats


def answer(sample: Sample) -> Answer:
    got = poisson(sample.y, sample.X, sample.effects, weights=sample.weights)
    return Answer(got.fit.coef, clustered(got.fit, sample.clusters), got.mu)


def by_newton(sample: Sample) -> Answer:
    """Newton's method with dummies, each step by singular values: plain, slow, nothing in common."""
    design = np.column_stack([sample.X, dense(sample.effects)])
    theta = np.zeros(design.shape[1])
    theta[sample.X.shape[1] :] = np.log(sample.w @ sample.y / sample.w.sum()) / len(sample.effects)
    likelihood, mu, root = -np.inf, np.empty(0), np.empty(0)
    for _ in range(200):
        mu = np.exp(design @ theta)
        root = np.sqrt(sample.w * mu)
        step = np.linalg.pinv(design * root[:, None], rcond=1e-12) @ (np.sqrt(sample.w / mu) * (sample.y - mu))
        share, before = 1.0, likelihood
        while True:
            trial = design @ (theta + share * step)
            likelihood = float(sample.w @ (sample.y * trial - np.exp(np.minimum(trial, 600))))
            if likelihood >= before - 1e-9 * abs(before) or share < 1e-9:
                break
            share /= 2
        theta = theta + share * step
        if np.abs(design @ step).max() < 1e-13:
            break
    inverse = np.linalg.pinv(design * root[:, None], rcond=1e-12)[: sample.X.shape[1]]
    influence = inverse.T * (np.sqrt(sample.w / mu) * (sample.y - mu))[:, None]
    sums = np.eye(int(sample.clusters.max()) + 1)[sample.clusters].T @ influence
    return Answer(theta[: sample.X.shape[1]], sums.T @ sums, mu)


def settled(sample: Sample) -> Sample:
    """A sample without its separated rows; drawn again where too little is left, or all but separated rows are."""
    assume((sample.y > 0).any())
    kept = sample.rows(~separation(sample.y, sample.X, sample.effects).separated)
    assume(len(kept.y) > 0 and is_regular(kept) and (sample.y > 0).sum() > len(kept.y) / 4)
    assume(by_newton(kept).mu.min() > SMALLEST)
    return kept


counts = samples(outcome="count").map(settled)


def close(got: Answer, want: Answer, rtol: float) -> None:
    """Coefficients beside their standard errors, means beside themselves, covariances beside the variances."""
    size = np.maximum(np.abs(want.coef), np.sqrt(np.diag(want.vcov)))
    np.testing.assert_allclose(got.coef / size, want.coef / size, rtol=0, atol=rtol)
    np.testing.assert_allclose(got.vcov / np.outer(size, size), want.vcov / np.outer(size, size), rtol=0, atol=rtol)
    np.testing.assert_allclose(got.mu, want.mu, rtol=10 * rtol, atol=10 * rtol * want.mu.mean())


@few
@given(counts)
def test_equals_newton_with_dummies(sample: Sample) -> None:
    close(answer(sample), by_newton(sample), RESCALED)


@pytest.mark.slow
@many
@given(counts)
def test_equals_newton_with_dummies_on_many(sample: Sample) -> None:
    close(answer(sample), by_newton(sample), RESCALED)


@few
@given(counts, st.integers(0, 1000))
def test_order_and_names_do_not_matter(sample: Sample, seed: int) -> None:
    rng = np.random.default_rng(seed)
    base, order = answer(sample), rng.permutation(len(sample.y))
    moved = answer(sample.rows(order))
    close(replace(moved, mu=base.mu), base, PERMUTED)
    np.testing.assert_allclose(moved.mu, base.mu[order], rtol=1e-9)
    renamed = tuple(rng.permutation(int(codes.max()) + 1)[codes] for codes in sample.effects)
    close(answer(replace(sample, effects=renamed)), base, PERMUTED)
    close(answer(replace(sample, effects=sample.effects[::-1])), base, PERMUTED)


@few
@given(counts, st.sampled_from([1e-6, 3.0, 1e6]), st.sampled_from([1e-8, 0.1, 1e8]), st.sampled_from([-2.0, 100.0]))
def test_scales_and_shifts(sample: Sample, a: float, c: float, shift: float) -> None:
    base, unit = answer(sample), np.ones(sample.X.shape[1])
    unit[0] = c
    got = answer(replace(sample, y=a * sample.y))
    close(replace(got, mu=got.mu / a), base, RESCALED)
    got = answer(replace(sample, X=sample.X * unit))
    close(Answer(got.coef * unit, got.vcov * np.outer(unit, unit), got.mu), base, RESCALED)
    close(answer(replace(sample, X=sample.X + shift)), base, RESCALED)
    close(answer(replace(sample, weights=sample.w * c)), base, RESCALED)


@few
@given(counts, st.integers(0, 1000))
def test_integer_weights_are_copies(sample: Sample, seed: int) -> None:
    copies = np.random.default_rng(seed).integers(1, 4, len(sample.y))
    weighted = answer(replace(sample, weights=copies.astype(float)))
    expanded = answer(replace(sample, weights=None).rows(np.repeat(np.arange(len(copies)), copies)))
    close(replace(expanded, mu=weighted.mu), weighted, RESCALED)


@few
@given(counts, st.integers(0, 1000))
def test_an_offset_goes_into_the_effects_and_coefficients_that_span_it(sample: Sample, seed: int) -> None:
    first = sample.effects[0]
    factors = np.exp(np.random.default_rng(seed).normal(size=int(first.max()) + 1))[first]
    base = answer(sample)
    got = poisson(
        sample.y, sample.X, sample.effects, weights=sample.weights, offset=np.log(factors) + 0.5 * sample.X[:, 0]
    )
    moved = got.fit.coef + 0.5 * np.eye(len(base.coef))[0]
    close(Answer(moved, clustered(got.fit, sample.clusters), got.mu), base, RESCALED)


@few
@given(counts)
def test_a_level_without_events_separates_and_changes_nothing(sample: Sample) -> None:
    first, *rest = sample.effects
    more = Sample(
        y=np.append(sample.y, [0.0, 0.0]),
        X=np.vstack([sample.X, sample.X[:2] + 1.0]),
        effects=(np.append(first, [first.max() + 1] * 2), *(np.append(codes, codes[:2]) for codes in rest)),
        clusters=np.append(sample.clusters, sample.clusters[:2]),
        weights=None if sample.weights is None else np.append(sample.weights, [1.0, 2.0]),
    )
    found = separation(more.y, more.X, more.effects).separated
    assert found.tolist() == [False] * len(sample.y) + [True, True]
    close(answer(more.rows(~found)), answer(sample), PERMUTED)
