"""Groups of rows."""

from __future__ import annotations

import numpy as np

from eventpanel.estimators.core.groups import cross, group_sums, is_nested, not_singletons, recode


def test_singletons_are_dropped_until_none_is_left() -> None:
    # Row 3 is alone in unit 2; without it, row 2 is alone in period 1; without that, unit 1 has one row left.
    unit = np.array([0, 0, 1, 2, 1])
    period = np.array([0, 2, 1, 1, 2])
    keep = not_singletons([unit, period])
    assert keep.tolist() == [False, False, False, False, False]
    unit = np.array([0, 0, 1, 1, 2])
    period = np.array([0, 1, 0, 1, 1])
    assert not_singletons([unit, period]).tolist() == [True, True, True, True, False]


def test_nesting() -> None:
    inner = np.array([0, 1, 2, 2])
    assert is_nested(inner, np.array([0, 0, 1, 1]))
    assert not is_nested(inner, np.array([0, 0, 1, 0]))


def test_sums_equal_a_loop() -> None:
    rng = np.random.default_rng(0)
    columns, codes = rng.normal(size=(50, 3)), recode(rng.integers(0, 7, 50))
    want = [[columns[codes == g, j].sum() for j in range(3)] for g in range(7)]
    np.testing.assert_allclose(group_sums(columns, codes), want, rtol=1e-13)


def test_cross_tells_pairs_apart() -> None:
    first, second = np.array([0, 0, 1, 1, 0]), np.array([0, 3, 0, 3, 0])
    assert cross(first, second).tolist() == [0, 1, 2, 3, 0]
