"""Digits that are promised are there: numerical torture, with the exact path on pairs as the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventpanel.estimators.core import exact as exact_module
from eventpanel.estimators.core.conditioning import Data, input_digits, moments_digits, poisson_digits, rounding_digits
from eventpanel.estimators.core.double_double import pairs
from eventpanel.estimators.core.least_squares import Fit
from eventpanel.estimators.core.moments import moments
from eventpanel.estimators.core.poisson import poisson
from eventpanel.estimators.core.sandwich import clustered
from tests.torture import EVERY, ILL, WELL, counted, fewest, plain, shifted, whole, worst_variance

PROMISED = 9.0


@pytest.mark.parametrize("name", EVERY)
def test_the_estimate_is_no_more_than_what_is_there_and_not_far_below(name: str) -> None:
    case = EVERY[name]()
    got = case.settled
    there = fewest(got.fit.coef, case.truth.coef)
    # Of first order, with the largest element for all: never above what is there, and not three digits below.
    assert got.digits.min() <= there <= got.digits.min() + 2.7


@pytest.mark.parametrize("name", WELL)
def test_well_conditioned_problems_have_nine_digits_and_say_so(name: str) -> None:
    case = WELL[name]()
    got = case.settled
    assert (got.digits >= PROMISED).all()
    assert fewest(got.fit.coef, case.truth.coef) >= PROMISED


@pytest.mark.parametrize("name", EVERY)
def test_clustered_covariances_have_the_digits_of_the_coefficients(name: str) -> None:
    case = EVERY[name]()
    got, clusters = case.settled, case.effects[0]
    there = worst_variance(clustered(got.fit, clusters), clustered(case.truth, clusters))
    # Variances: their square roots have a third of a digit more.
    assert there >= got.digits.min() - 0.3


@pytest.mark.parametrize("name", ILL)
def test_ill_conditioned_problems_are_found(name: str) -> None:
    assert ILL[name]().settled.digits.min() < PROMISED


@pytest.mark.parametrize("name", EVERY)
def test_the_fast_path_keeps_its_own_estimate(name: str) -> None:
    case = EVERY[name]()
    fit = case.fast
    promised = rounding_digits(fit, case.data).min()
    assert promised <= fewest(fit.coef, case.truth.coef)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("nested", [True, False])
def test_moments_are_worth_their_estimate(name: str, nested: bool) -> None:
    case = EVERY[name]()
    within = case.within
    clusters = case.effects[0] if nested else np.arange(len(within)) % 9
    try:
        m = moments(case.y.high, case.X.high, case.effects, clusters, case.weights)
    except np.linalg.LinAlgError:
        # Cross-products hold the square of the condition, here 1e16: refused.
        assert name in ("nearly collinear, 1e-8", "nearly collinear, 1e-9")
        return
    products = moments_digits(m, Data(within[:, 0], within[:, 1:], case.weights))
    data = rounding_digits(case.fast, case.data)
    promised = min(products.min(), data.min())
    assert promised <= fewest(m.coef[: m.terms], case.truth.coef)


def test_the_exact_path_is_taken_only_where_it_is_needed() -> None:
    assert not plain().settled.is_exact
    assert whole(plain(), 1e12).settled.is_exact


def test_where_the_exact_path_gives_up_the_fast_fit_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    case = whole(plain(), 1e12)
    monkeypatch.setattr(exact_module, "LEVELS", 3)
    got = case.settled
    assert not got.is_exact
    assert got.fit.coef.tolist() == case.fast.coef.tolist()
    assert (got.digits < PROMISED).all()


def test_whole_numbers_are_exact_and_others_are_not() -> None:
    case = whole(plain(), 1e12)
    fit, y, X = case.truth, case.y.high, case.X.high
    assert (input_digits(fit, Data(y, X)) == 15).all()
    assert (input_digits(fit, Data(y + 0.5, X)) > 12.5).all()
    assert (input_digits(fit, Data(y, X + 0.5)) < 6).all()
    # Doubles beyond 2^52 have no fraction to show: they prove nothing.
    assert (input_digits(fit, Data(y, X + 2.0**52)) < 2).all()


def test_a_fit_that_leaves_nothing_promises_its_digits() -> None:
    """The coefficient of a column that plays no part is zero: it is not to be called uncertain."""
    case = plain()
    exact_fit = replace(case, y=pairs(2.0 * case.X.high[:, 0] + case.effects[0]))
    assert (exact_fit.settled.digits >= PROMISED).all()


def test_nothing_in_a_bread_of_zeros_or_noise_is_promised() -> None:
    fit = Fit(np.array([1.0]), np.ones(4), np.ones((4, 1)), np.array([[np.inf]]))
    assert rounding_digits(fit, Data(np.ones(4), np.ones((4, 1)))).tolist() == [0.0]


@pytest.mark.parametrize("by", [0.0, 1e4, 1e6, 1e8, 1e10])
@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_poisson_keeps_the_digits_it_promises(by: float, is_whole: bool, weighted: bool) -> None:
    case = plain(weighted=weighted)
    near_zero = counted(whole(case, 0.0) if is_whole else case)
    far = counted(whole(case, by) if is_whole else shifted(case, by))
    base, got = (poisson(c.y.high, c.X.high, c.effects, weights=c.weights) for c in (near_zero, far))
    promised = poisson_digits(got, far.data).min()
    assert bool(promised >= PROMISED) is (is_whole or by < 1e7)
    assert fewest(got.fit.coef, base.fit.coef) >= min(promised, 12.0)
