"""Boxes that are not centred: closed forms, products, a lattice beside Gauss rules, draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.multivariate_t import largest_survival
from eventpanel.estimators.core.rectangle import inside

LIMIT = 1.96


def correlation(rng: np.random.Generator, k: int) -> Floats:
    root = rng.normal(size=(k, k + 2))
    vcov = root @ root.T
    scale = np.sqrt(np.diag(vcov))
    return np.asarray(vcov / np.outer(scale, scale))


def alone(centre: Floats) -> Floats:
    return np.asarray(special.ndtr(LIMIT - centre) - special.ndtr(-LIMIT - centre))


def density(z: Floats) -> Floats:
    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))


@pytest.mark.parametrize("centre", [0.0, 1.3, -4.0, 8.0])
def test_one_normal_variable_is_the_closed_form(centre: float) -> None:
    got, at = inside(np.array([centre]), np.eye(1), LIMIT), np.array([centre])
    # By symmetry from the lower tail: a difference of probabilities near one has no digits.
    want = alone(np.abs(at))
    mean = at + (density(-LIMIT - at) - density(LIMIT - at)) / want
    # What lies further out than nine standard deviations, 1.2e-19, is left out.
    np.testing.assert_allclose(got.probability, want[0], rtol=1e-11, atol=1.2e-19)
    np.testing.assert_allclose(got.mean, mean, rtol=1e-9, atol=1e-15)
    assert got.error == 0.0


@pytest.mark.parametrize("dof", [3.0, 12.0, 200.0])
@pytest.mark.parametrize("centre", [0.0, 0.7, -2.5])
def test_one_t_variable_is_the_noncentral_t(dof: float, centre: float) -> None:
    got = inside(np.array([centre]), np.eye(1), LIMIT, dof)
    want = special.nctdtr(dof, centre, LIMIT) - special.nctdtr(dof, centre, -LIMIT)
    assert got.error < 1e-11
    assert got.probability == pytest.approx(float(want), abs=1e-10)


@pytest.mark.parametrize("k", [2, 3, 4, 5, 7])
def test_independent_variables_are_a_product(k: int) -> None:
    centre = np.random.default_rng(k).normal(size=k)
    got, p = inside(centre, np.eye(k), LIMIT), alone(centre)
    assert got.probability == pytest.approx(float(p.prod()), rel=1e-12)
    # Means of single variables are integrals of a smooth function, which a lattice takes to about 1e-6.
    mean = centre + (density(-LIMIT - centre) - density(LIMIT - centre)) / p
    np.testing.assert_allclose(got.mean, mean, atol=1e-12 if k < 5 else 1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_lattice_and_gauss_rules_agree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    four, centre = np.eye(5), rng.normal(size=5)
    four[:4, :4] = correlation(rng, 4)
    # An independent fifth variable changes the way of integration, and the probability by a known factor.
    gauss, lattice = inside(centre[:4], four[:4, :4], LIMIT), inside(centre, four, LIMIT)
    assert gauss.error < 1e-9 < lattice.error < 2e-4
    gap = lattice.probability - gauss.probability * alone(centre[4:])[0]
    assert abs(gap) < 2 * lattice.error + 1e-6


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("dof", [9.0, np.inf])
def test_around_zero_it_is_the_largest_t(k: int, dof: float) -> None:
    c = correlation(np.random.default_rng(k), k)
    got = inside(np.zeros(k), c, 2.2, dof)
    # The lattice of the largest t is good to about 1e-5 (docs/methods/joint_inference.md).
    assert got.probability == pytest.approx(1 - largest_survival(2.2, c, dof), abs=5e-5)
    np.testing.assert_allclose(got.mean, 0.0, atol=1e-12 if k < 4 else 1e-4)


@pytest.mark.parametrize("dof", [8.0, np.inf])
@pytest.mark.parametrize("k", [2, 3, 6])
def test_draws_agree(k: int, dof: float) -> None:
    rng, n = np.random.default_rng(k), 100_000
    c, centre = correlation(rng, k), rng.normal(size=k)
    z = centre + rng.standard_normal((n, k)) @ np.linalg.cholesky(c).T
    chi = np.ones(n) if np.isinf(dof) else np.sqrt(rng.chisquare(dof, n) / dof)
    passed = (np.abs(z) <= LIMIT * chi[:, None]).all(axis=1)
    got, p = inside(centre, c, LIMIT, dof), passed.mean()
    # Four standard errors of the draws: one test in 16,000 fails by chance, and the seed is fixed.
    assert abs(got.probability - p) < 4 * np.sqrt(p * (1 - p) / n) + got.error
    error = z[passed].std(axis=0) / np.sqrt(passed.sum())
    assert (np.abs(got.mean - z[passed].mean(axis=0)) < 4.5 * error).all()


def test_order_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    c, centre, order = correlation(rng, 4), rng.normal(size=4), np.array([2, 0, 3, 1])
    one, other = inside(centre, c, LIMIT), inside(centre[order], c[np.ix_(order, order)], LIMIT)
    assert one.probability == pytest.approx(other.probability, rel=1e-11)
    np.testing.assert_allclose(one.mean[order], other.mean, atol=1e-10)


def test_a_variable_that_repeats_another_changes_nothing() -> None:
    c = np.array([[1.0, 0.5], [0.5, 1.0]])
    twice = c[np.ix_([0, 1, 0], [0, 1, 0])]
    centre = np.array([1.0, -0.4])
    one, three = inside(centre, c, LIMIT), inside(centre[[0, 1, 0]], twice, LIMIT)
    assert three.probability == pytest.approx(one.probability, rel=1e-12)
    np.testing.assert_allclose(three.mean, one.mean[[0, 1, 0]], rtol=1e-11)


def test_close_to_singular() -> None:
    # With correlation 1 - 1e-6 the two variables are one, but for a difference of standard deviation 0.0014.
    c = np.array([[1.0, 1 - 1e-6], [1 - 1e-6, 1.0]])
    got = inside(np.array([0.5, 0.5]), c, LIMIT)
    assert got.error < 1e-9
    assert got.probability == pytest.approx(alone(np.array([0.5]))[0], abs=2e-4)


def test_where_nothing_is_ever_inside_the_mean_is_missing() -> None:
    got = inside(np.array([40.0]), np.eye(1), LIMIT)
    assert got.probability == 0.0
    assert np.isnan(got.mean).all()
