"""Double-double against rational numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventpanel.estimators.core.double_double import (
    Pairs,
    joined,
    pairs,
    plus,
    root,
    times,
    total,
    two_product,
    two_sum,
)

numbers = st.floats(min_value=-1e60, max_value=1e60, allow_subnormal=False).filter(lambda v: v == 0 or abs(v) > 1e-60)
relaxed = settings(deadline=None, max_examples=200)


def value(pair: Pairs) -> Fraction:
    return Fraction(float(pair.high[0])) + Fraction(float(pair.low[0]))


def close(got: Fraction, want: Fraction, size: Fraction) -> bool:
    # Two units of the 104th bit.
    return abs(got - want) <= 2 * size / 2**104


@relaxed
@given(numbers, numbers)
def test_sums_and_products_of_doubles_are_exact(a: float, b: float) -> None:
    one, two = np.array([a]), np.array([b])
    assert value(two_sum(one, two)) == Fraction(a) + Fraction(b)
    assert value(two_product(one, two)) == Fraction(a) * Fraction(b)


@relaxed
@given(numbers, numbers, numbers, numbers)
def test_sums_and_products_of_pairs(a: float, b: float, c: float, d: float) -> None:
    # Low parts as they are: below half a unit of the high ones.
    first, second = (two_sum(np.array([large]), np.array([small * 1e-20])) for large, small in ((a, b), (c, d)))
    x, y = value(first), value(second)
    assert close(value(plus(first, second)), x + y, abs(x) + abs(y))
    assert close(value(times(first, second)), x * y, 8 * abs(x * y))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 13, 100])
def test_a_total_keeps_what_doubles_lose(n: int) -> None:
    rng = np.random.default_rng(n)
    half = rng.normal(size=(n, 2)) * 10.0 ** rng.integers(-8, 9, (n, 2))
    values = np.concatenate([half, -half, np.full((1, 2), 1e-9)])[rng.permutation(2 * n + 1)]
    np.testing.assert_allclose(total(pairs(values)).high, [1e-9, 1e-9], rtol=1e-12)


def test_a_total_of_no_rows_is_zero() -> None:
    assert total(pairs(np.empty((0, 2)))).high.tolist() == [0.0, 0.0]


def test_roots() -> None:
    values = np.array([2.0, 3.0, 1e-9, 7e8])
    square = times(root(values), root(values))
    assert ((square.high == values) & (np.abs(square.low) <= 1e-30 * values)).all()


def test_pieces() -> None:
    pair = two_product(np.array([0.1, 0.2]), np.array([0.3, 0.7]))
    assert (-pair).low.tolist() == (-pair.low).tolist()
    assert joined(pair[:1], pair[1:]).low.tolist() == pair.low.tolist()
    assert pairs(pair) is pair
