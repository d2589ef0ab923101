"""Warnings where digits are few, none where they are not."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.least_squares import Fit, least_squares
from eventpanel.estimators.core.moments import moments
from eventpanel.estimators.core.poisson import poisson
from eventpanel.estimators.covariance import Clustered, SmallSample
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.precision import ConditioningWarning, check_moments, check_poisson, settled
from tests.estimators.designs import design
from tests.panels import random_frame
from tests.torture import ILL, WELL, Torture, counted, fewest, near, plain, shifted

NAMES = ("first", "second", "third")


def solve(case: Torture) -> Fit:
    return settled(case.fast, case.y.high, case.X.high, case.effects, case.weights, NAMES).fit


@pytest.mark.parametrize("name", WELL)
def test_silent_with_nine_digits(name: str) -> None:
    case = WELL[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = solve(case)
    assert fewest(got.coef, case.truth.coef) >= 9


@pytest.mark.parametrize("name", ILL)
def test_warns_where_the_data_hold_fewer(name: str) -> None:
    with pytest.warns(ConditioningWarning, match=r"fewer than nine digits are certain for .*\(\d\)"):
        solve(ILL[name]())


def test_names_those_concerned_and_counts_the_rest() -> None:
    """Seven columns beside one another, and one apart."""
    rng = np.random.default_rng(0)
    common, groups = rng.normal(size=60), [np.repeat(np.arange(6), 10)]
    X = np.column_stack([common + 1e-10 * rng.normal(size=60) for _ in range(7)])
    y = X @ rng.normal(size=7) + rng.normal(size=60)
    within = absorb(np.column_stack([y, X]), groups).columns
    fit = least_squares(within[:, 0], within[:, 1:])
    with pytest.warns(ConditioningWarning, match=r"for a \(\d\), b .*, d \(\d\), e \(\d\) and 2 more; most is"):
        settled(fit, y, X, groups, None, tuple("abcdefg"))


@pytest.mark.parametrize("share", [1e-2, 1e-5, 1e-6])
def test_moments_say_what_their_products_cost(share: float) -> None:
    case = near(plain(), share)
    within = case.within
    m = moments(case.y.high, case.X.high, case.effects, case.effects[0])
    columns = within[:, 0], within[:, 1:]
    if share > 1e-3:
        assert check_moments(m, *columns, None, NAMES) is m
    else:
        with pytest.warns(ConditioningWarning, match=r"certain for .*second \(\d\)"):
            check_moments(m, *columns, None, NAMES)


def test_poisson_says_what_the_data_hold() -> None:
    near_zero, far = counted(plain()), counted(shifted(plain(), 1e9))
    for case, warned in ((near_zero, False), (far, True)):
        fitted = poisson(case.y.high, case.X.high, case.effects)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert check_poisson(fitted, case.y.high, case.X.high, None, NAMES) is fitted
        assert [one.category for one in caught] == [ConditioningWarning] * warned


@pytest.mark.parametrize(("estimator", "rule"), [(distributed_lag, "reghdfe"), (ppml, "ppmlhdfe")])
def test_estimators_name_the_control_that_lies_too_far_from_zero(
    estimator: Callable[[Panel, Design], Estimate], rule: SmallSample
) -> None:
    frame = random_frame(3)
    frame = frame.assign(y=np.abs(np.rint(3 * frame["y"])))
    asked = design(controls=("control",), covariance=Clustered("importer", rule))
    near_zero = estimator(Panel(frame, ("importer",), "year"), asked)
    far = Panel(frame.assign(control=frame["control"] + 1e9), ("importer",), "year")
    with pytest.warns(ConditioningWarning, match=r"most is lost to control, whose values reach 1e\+09"):
        got = estimator(far, asked)
    np.testing.assert_allclose(got.coef, near_zero.coef, rtol=1e-5, atol=1e-7)
