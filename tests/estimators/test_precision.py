"""Warnings where digits are few, none where they are not."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.least_squares import Fit
from eventpanel.estimators.precision import ConditioningWarning, settled, warn_if_ill_conditioned
from tests.estimators.core.test_conditioning import ILL, WELL, Torture, fewest

NAMES = ("first", "second", "third")


def solve(case: Torture) -> Fit:
    return settled(case.fast, case.y.high, case.X.high, case.effects, case.weights, NAMES)


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
    digits: Floats = np.array([3.7, 9.0, 0.0, 8.99, 1.0, 1.0, 2.0, 3.0])
    with pytest.warns(ConditioningWarning, match=r"for a \(3\), c \(0\), d \(8\), e \(1\), f \(1\) and 2 more:"):
        warn_if_ill_conditioned(digits, tuple("abcdefgh"))
