"""The exact path against rational numbers, and where it gives up."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from eventpanel.estimators.core import exact as module
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.double_double import Pairs
from eventpanel.estimators.core.exact import exact
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.sandwich import clustered
from tests.rational import as_pairs, correct_digits, dummies, rational, regress


def sample(seed: int, *, far: float = 0.0) -> tuple[Floats, Floats, list[Codes], Floats]:
    """Unbalanced rows of two effects; whole numbers, so that rational numbers stay short."""
    rng = np.random.default_rng(seed)
    unit, period = np.repeat(np.arange(7), 5), np.tile(np.arange(5), 7)
    keep = rng.random(35) < 0.8
    effects = [recode(unit[keep]), recode(period[keep])]
    n = int(keep.sum())
    X = rng.integers(-9, 10, (n, 2)).astype(float) + np.array([far, 0.0])
    return rng.integers(-9, 10, n).astype(float), X, effects, rng.integers(1, 5, n).astype(float)


@pytest.mark.parametrize("far", [0.0, 1e8, 1e14])
@pytest.mark.parametrize("weighted", [False, True])
def test_equals_rational_numbers(far: float, weighted: bool) -> None:
    y, X, effects, w = sample(1, far=far)
    weights = w if weighted else None
    columns = [rational(X[:, 0]), rational(X[:, 1]), *dummies(effects[0]), *dummies(effects[1])]
    want = regress(rational(y), columns, rational(w) if weighted else None)
    got = exact(y, X, effects, weights)
    assert correct_digits(got.fit.coef, want.coef[:2]) >= 15
    assert correct_digits(got.fit.bread.reshape(-1), [b for row in want.bread[:2] for b in row[:2]]) >= 14.9
    assert correct_digits(got.fit.residuals, want.residuals, [1.0] * len(y)) >= 14.9
    cov = clustered(got.fit, effects[0])
    # Scores are doubles of the right numbers: sums and products round a few times more.
    size = [float(v) for row in want.clustered(effects[0].tolist(), 2) for v in row]
    scale = np.sqrt(np.outer(*[np.array(size).reshape(2, 2).diagonal()] * 2)).reshape(-1).tolist()
    assert correct_digits(cov.reshape(-1), [Fraction(v) for v in size], scale) >= 14
    assert got.certificate < 1e-15


def test_three_effects_a_part_of_the_panel_apart() -> None:
    rng = np.random.default_rng(0)
    unit, period = np.repeat(np.arange(8), 5), np.tile(np.arange(5), 8)
    period = period + 5 * (unit >= 4)
    region = recode(rng.integers(0, 3, 40))
    X, y = rng.integers(-9, 10, (40, 2)).astype(float), rng.integers(-9, 10, 40).astype(float)
    columns = [rational(X[:, 0]), rational(X[:, 1]), *dummies(unit), *dummies(period), *dummies(region)]
    want = regress(rational(y), columns)
    assert correct_digits(exact(y, X, [unit, period, region]).fit.coef, want.coef[:2]) >= 15


def test_a_chain_of_levels() -> None:
    """Each worker links two firms: the slowest graph for iterations, and the hardest for any factor."""
    workers = np.repeat(np.arange(30), 2)
    firms = np.column_stack([np.arange(30), np.arange(1, 31)]).reshape(-1)
    # A last worker closes the chain, else every row is fitted.
    workers, firms = np.concatenate([workers, [30, 30]]), np.concatenate([firms, [0, 30]])
    rng = np.random.default_rng(0)
    X, y = rng.integers(-9, 10, (62, 1)).astype(float), rng.integers(-9, 10, 62).astype(float)
    want = regress(rational(y), [rational(X[:, 0]), *dummies(workers), *dummies(firms)])
    assert correct_digits(exact(y, X, [workers, firms]).fit.coef, want.coef[:1]) >= 14.9


@pytest.mark.parametrize("scale", [1e-140, 1e140])
def test_extreme_sizes_of_columns(scale: float) -> None:
    y, X, effects, _ = sample(2)
    base, got = exact(y, X, effects).fit, exact(y, X * [2.0**400, scale], effects).fit
    np.testing.assert_allclose(got.coef * [2.0**400, scale], base.coef, rtol=1e-15)


def test_columns_in_pairs_keep_what_doubles_round() -> None:
    tenths = [Fraction(i * i % 7, 10) + 10**9 for i in range(12)]
    y = [Fraction(i * 5 % 11, 10) for i in range(12)]
    want = regress(y, [[Fraction(1)] * 12, tenths])
    one = [np.zeros(12, dtype=np.int64)]
    wide = as_pairs(tenths)
    column = Pairs(wide.high[:, None], wide.low[:, None])
    assert correct_digits(exact(as_pairs(y), column, one).fit.coef, want.coef[1:]) >= 15
    assert correct_digits(exact(np.array(y, dtype=float), column.high, one).fit.coef, want.coef[1:]) < 9


def test_collinear_columns_are_refused() -> None:
    y, X, effects, _ = sample(3)
    with pytest.raises(ArithmeticError, match="collinear"):
        exact(y, np.column_stack([X, X @ [1.0, 2.0]]), effects)


def test_too_many_levels_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    y, X, effects, _ = sample(3)
    monkeypatch.setattr(module, "LEVELS", 3)
    with pytest.raises(ArithmeticError, match="5 levels are too many"):
        exact(y, X, effects)


def test_effects_that_stay_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    y, X, effects, _ = sample(3)
    monkeypatch.setattr(module, "PASSES", 0)
    with pytest.raises(ArithmeticError, match="could not be removed"):
        exact(y, X, effects)


def test_an_outcome_without_variation_has_coefficients_of_zero() -> None:
    _, X, effects, _ = sample(4)
    fit = exact(np.full(len(X), 7.0), X, effects).fit
    assert fit.coef.tolist() == [0.0, 0.0]
