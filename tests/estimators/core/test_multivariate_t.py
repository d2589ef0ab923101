"""Largest of several t statistics against exact formulas and other integrals.

Tolerances are the errors stated in docs/methods/joint_inference.md: 5e-6 in a probability of two normals, 5e-5 of two t
variables, 2.5e-4 of up to eight terms.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.distributions import t_quantile
from eventpanel.estimators.core.multivariate_t import critical_value, largest_survival, standardise


def random_correlation(k: int, seed: int, rank: int | None = None) -> Floats:
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(k if rank is None else rank, k)) if rank else rng.normal(size=(k + 3, k))
    return standardise(columns.T @ columns)[1]


def inside_box(corner: Floats, R: Floats) -> float:
    mean = np.zeros(len(corner))
    return float(
        stats.multivariate_normal.cdf(
            corner, mean, R, maxpts=1_000_000, abseps=1e-9 if len(R) == 2 else 2e-6, releps=1e-9, lower_limit=-corner
        )
    )


# Exact for a diagonal covariance: c = inverse normal of (1 + (1 - alpha)^(1/K)) / 2.
@pytest.mark.parametrize(
    ("level", "k", "want"),
    [
        (0.95, 1, 1.959964),
        (0.95, 2, 2.236477),
        (0.95, 4, 2.490915),
        (0.95, 5, 2.568763),
        (0.95, 8, 2.727008),
        (0.90, 4, 2.226268),
    ],
)
def test_independent_normals_are_exact(level: float, k: int, want: float) -> None:
    exact = float(stats.norm.ppf((1 + level ** (1 / k)) / 2))
    assert critical_value(np.eye(k), np.inf, level) == pytest.approx(exact, abs=1e-12)
    assert critical_value(np.eye(k), np.inf, level) == pytest.approx(want, abs=1e-6)
    assert largest_survival(exact, np.eye(k), np.inf) == pytest.approx(1 - level, abs=1e-12)


@pytest.mark.parametrize("correlation", [-0.95, -0.3, 0.0, 0.5, 0.8, 0.99])
@pytest.mark.parametrize("c", [0.5, 1.96, 2.3, 3.5])
def test_two_normals_equal_the_bivariate_integral(correlation: float, c: float) -> None:
    R = np.array([[1.0, correlation], [correlation, 1.0]])
    assert 1 - largest_survival(c, R, np.inf) == pytest.approx(inside_box(np.full(2, c), R), abs=5e-6)


@pytest.mark.parametrize("correlation", [0.3, 0.8])
@pytest.mark.parametrize("dof", [2.5, 9.0, 60.0])
def test_two_t_variables_equal_the_mixture_of_bivariate_normals(correlation: float, dof: float) -> None:
    R, c = np.array([[1.0, correlation], [correlation, 1.0]]), 2.4

    def given(s: float) -> float:
        return inside_box(np.full(2, c * s), R) * float(stats.chi.pdf(s * np.sqrt(dof), dof)) * float(np.sqrt(dof))

    oracle = integrate.quad(given, 0, 8, epsabs=1e-9, limit=200)[0]
    assert 1 - largest_survival(c, R, dof) == pytest.approx(oracle, abs=5e-5)


@pytest.mark.parametrize("k", [3, 5, 8])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_normals_of_any_correlation_equal_the_multivariate_integral(k: int, seed: int) -> None:
    R = random_correlation(k, seed)
    c = critical_value(R, np.inf, 0.95)
    assert inside_box(np.full(k, c), R) == pytest.approx(0.95, abs=2.5e-4)


@pytest.mark.parametrize("dof", [4.0, 30.0])
def test_t_of_equal_correlation_equals_the_double_integral(dof: float) -> None:
    # t_k = (z_k sqrt(1 - r) + u sqrt(r)) / s: independent given u and s.
    k, r = 6, 0.5
    c = critical_value((1 - r) * np.eye(k) + r, dof, 0.95)
    u, weight = np.polynomial.hermite_e.hermegauss(80)
    s = np.linspace(1e-4, 5, 4001)
    ends = (c * s[:, None] + np.array([1, -1])[:, None, None] * u * np.sqrt(r)) / np.sqrt(1 - r)
    given = ((stats.norm.cdf(ends[1]) - stats.norm.cdf(-ends[0])) ** k) @ (weight / weight.sum())
    density = stats.chi.pdf(s * np.sqrt(dof), dof) * np.sqrt(dof)
    assert integrate.simpson(given * density, x=s) == pytest.approx(0.95, abs=2.5e-4)


@pytest.mark.parametrize("dof", [7.0, np.inf])
def test_terms_that_repeat_others_change_nothing(dof: float) -> None:
    R = random_correlation(3, 4)
    repeat = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, 1, 0]], dtype=float)
    once, twice = critical_value(R, dof, 0.95), critical_value(repeat @ R @ repeat.T, dof, 0.95)
    # The value is solved for to 1e-5.
    assert twice == pytest.approx(once, abs=1e-5)
    assert critical_value(np.ones((4, 4)), dof, 0.95) == pytest.approx(float(t_quantile(0.975, dof)), abs=1e-4)


@pytest.mark.parametrize("dof", [5.0, 40.0, np.inf])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_many_terms_in_two_dimensions_equal_the_integral_over_the_circle(dof: float, seed: int) -> None:
    angles = np.random.default_rng(seed).uniform(0, 2 * np.pi, 6)
    terms = np.column_stack([np.cos(angles), np.sin(angles)])
    circle = np.linspace(0, 2 * np.pi, 200_000, endpoint=False)
    c = 2.3
    # In each direction the box ends where the first term reaches its limit; half the squared radius is F(2, dof).
    radius = c / np.abs(terms @ np.array([np.cos(circle), np.sin(circle)])).max(axis=0)
    oracle = float(np.mean(stats.f.cdf(radius**2 / 2, 2, dof) if np.isfinite(dof) else stats.chi2.cdf(radius**2, 2)))
    error = 5e-5 if np.isinf(dof) else 2.5e-4
    assert 1 - largest_survival(c, terms @ terms.T, dof) == pytest.approx(oracle, abs=error)


def test_fewer_dimensions_than_terms_equal_simulation() -> None:
    R = random_correlation(6, 5, rank=3)
    values, vectors = np.linalg.eigh(R)
    assert (values < 1e-12).sum() == 3
    draws = np.random.default_rng(1).normal(size=(400_000, 6)) * np.sqrt(np.clip(values, 0, None)) @ vectors.T
    c = critical_value(R, np.inf, 0.95)
    # Standard error of the share: 0.00034.
    assert (np.abs(draws).max(axis=1) <= c).mean() == pytest.approx(0.95, abs=0.0012)


def test_order_and_signs_of_terms_do_not_matter() -> None:
    R, c = random_correlation(5, 6), 2.4
    order, signs = np.array([3, 0, 4, 2, 1]), np.array([1, -1, -1, 1, 1])
    turned = (signs[:, None] * R * signs)[np.ix_(order, order)]
    # The same integral by another order of integration.
    assert largest_survival(c, turned, 20.0) == pytest.approx(largest_survival(c, R, 20.0), abs=2.5e-4)


@pytest.mark.parametrize("dof", [3.0, 25.0, np.inf])
def test_value_and_probability_invert_each_other_inside_their_bounds(dof: float) -> None:
    for seed, level in ((1, 0.8), (2, 0.95), (3, 0.999)):
        R = random_correlation(4, seed)
        c = critical_value(R, dof, level)
        assert largest_survival(c, R, dof) == pytest.approx(1 - level, abs=1e-6)
        assert float(t_quantile((1 + level) / 2, dof)) < c <= float(t_quantile((1 + level**0.25) / 2, dof))


def test_extreme_statistics_keep_their_size() -> None:
    R = random_correlation(4, 1)
    one = 2 * stats.norm.sf(9.0)
    assert one <= largest_survival(9.0, R, np.inf) <= 4 * one
    assert largest_survival(0.0, R, np.inf) == 1.0
    assert largest_survival(np.inf, R, 5.0) == 0.0


def test_no_variance_no_correlation() -> None:
    scale, correlation = standardise(np.diag([4.0, 0.0]))
    assert scale[0] == 2
    assert np.isnan(scale[1])
    assert np.isnan(correlation[1]).all()
