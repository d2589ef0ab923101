"""Bias of logit and probit against the formulas of Fernandez-Val and Weidner (2016): loops, dense projections."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.binary import binary, binary_given
from eventpanel.estimators.core.binary_bias import Lags, coefficient_bias, maximum, partial_effects
from eventpanel.estimators.core.binary_separation import one_sided
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.links import LINKS, LOGIT

Curve = Callable[[Floats], Floats]


def curves(name: str) -> tuple[Curve, Curve, Curve, Curve]:
    """F and its three derivatives, written out."""
    if name == "probit":
        f = stats.norm.pdf
        return stats.norm.cdf, f, lambda z: -z * f(z), lambda z: (z**2 - 1) * f(z)
    F = stats.logistic.cdf
    first: Curve = lambda z: F(z) * (1 - F(z))  # noqa: E731
    second: Curve = lambda z: first(z) * (1 - 2 * F(z))  # noqa: E731
    return F, first, second, lambda z: first(z) * (1 - 6 * F(z) + 6 * F(z) ** 2)


def sample(seed: int, missing: float = 0.15) -> tuple[Floats, Floats, Codes, Codes]:
    """A lagged outcome, an indicator and a number; rows in random order, some years missing."""
    rng = np.random.default_rng(seed)
    units, periods = 14, 9
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    X = np.column_stack([rng.normal(size=len(unit)), rng.integers(0, 2, len(unit)).astype(float)])
    y = np.zeros(len(unit))
    for row in range(len(unit)):
        before = y[row - 1] if period[row] else 0.0
        y[row] = float(rng.logistic() < 0.7 * X[row, 0] - 0.4 * X[row, 1] + 0.8 * before + 0.1 * (unit[row] - 7))
    lagged = np.where(period > 0, np.roll(y, 1), np.nan)
    X = np.column_stack([lagged, X])
    keep = (period > 0) & (rng.random(len(unit)) >= missing)
    keep = rng.permutation(np.flatnonzero(keep))
    y, X, unit, period = y[keep], X[keep], unit[keep], period[keep]
    varies = ~one_sided(y, [recode(unit), recode(period)])
    return y[varies], X[varies], recode(unit[varies]), period[varies].astype(np.int64)


def dummies(codes: Codes) -> Floats:
    return np.asarray(codes[:, None] == np.unique(codes)[None, :], dtype=float)


class ByHand:
    """Every object of the paper by its own name, one row at a time."""

    def __init__(self, name: str, y: Floats, X: Floats, effects: list[Codes], eta: Floats) -> None:
        self.F, self.f, self.f1, self.f2 = curves(name)
        self.X, self.effects, self.eta = X, effects, eta
        H = self.f(eta) / (self.F(eta) * (1 - self.F(eta)))
        self.omega, self.score, self.Hf1 = H * self.f(eta), H * (y - self.F(eta)), H * self.f1(eta)
        D = np.column_stack([dummies(codes) for codes in effects])
        W = np.diag(self.omega)
        self.P = D @ np.linalg.pinv(D.T @ W @ D) @ D.T @ W
        self.Xt = X - self.P @ X
        self.information = self.Xt.T @ W @ self.Xt

    def groups(self, numerator: Floats) -> Floats:
        total = np.zeros(numerator.shape[1])
        for codes in self.effects:
            for g in np.unique(codes):
                total += numerator[codes == g].sum(axis=0) / self.omega[codes == g].sum()
        return total

    def lags(self, later: Floats, unit: Codes, period: Codes, L: int) -> Floats:
        total = np.zeros(later.shape[1])
        for g in np.unique(unit):
            rows = np.flatnonzero(unit == g)
            for lag in range(1, L + 1):
                pairs = [(s, t) for s in rows for t in rows if period[t] - period[s] == lag]
                products = [self.score[s] * later[t] for s, t in pairs]
                if pairs:
                    total += np.sum(products, axis=0) * len(rows) / len(pairs) / self.omega[rows].sum()
        return total

    def coefficients(self, unit: Codes, period: Codes, L: int) -> Floats:
        B = -0.5 * self.groups(self.Hf1[:, None] * self.Xt) - self.lags(self.omega[:, None] * self.Xt, unit, period, L)
        return np.asarray(np.linalg.inv(self.information) @ B)

    def effect(self, b: Floats, j: int, discrete: bool) -> tuple[Floats, Floats, Floats, Floats]:
        """Change of probability, its first two derivatives in the effects, and its gradient in b, row by row."""
        n, k = self.X.shape
        level, first, second, gradient = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros((n, k))
        for i in range(n):
            x, eta = self.X[i], self.eta[i]
            moved = x - self.Xt[i]
            if discrete:
                low = eta - b[j] * x[j]
                high = low + b[j]
                level[i] = self.F(high) - self.F(low)
                first[i], second[i] = self.f(high) - self.f(low), self.f1(high) - self.f1(low)
                one, zero = x.copy(), x.copy()
                one[j], zero[j] = 1.0, 0.0
                gradient[i] = self.f(high) * (one - moved) - self.f(low) * (zero - moved)
            else:
                level[i], first[i], second[i] = b[j] * self.f(eta), b[j] * self.f1(eta), b[j] * self.f2(eta)
                gradient[i] = first[i] * self.Xt[i]
                gradient[i, j] += self.f(eta)
        return level, first, second, gradient

    def partial(self, b: Floats, j: int, discrete: bool, order: tuple[Codes, Codes, int]) -> tuple[float, float, float]:
        """Average effect, its bias, and its variance from independent rows."""
        level, first, second, gradient = self.effect(b, j, discrete)
        n = len(level)
        psi = first / self.omega
        projected = self.P @ psi
        bias = 0.5 * self.groups((second - projected * self.Hf1)[:, None])[0]
        bias += self.lags((self.omega * (psi - projected))[:, None], *order)[0]
        direction = np.linalg.solve(self.information, gradient.sum(axis=0))
        return level.mean(), bias / n, float((((self.Xt @ direction + projected) * self.score / n) ** 2).sum())


@pytest.mark.parametrize("L", [0, 2])
@pytest.mark.parametrize("ways", [1, 2, 3])
@pytest.mark.parametrize("name", ["logit", "probit"])
def test_equals_the_formulas_row_by_row(name: str, ways: int, L: int) -> None:
    y, X, unit, period = sample(1)
    effects = [unit, recode(period), recode((3 * period + unit) % 4)][:ways]
    fitted = binary(y, X, effects, LINKS[name])
    at = maximum(y, X, effects, LINKS[name], fitted.eta)
    lags = Lags(unit, period, L) if L else None
    hand = ByHand(name, y, X, effects, fitted.eta)
    np.testing.assert_allclose(coefficient_bias(at, lags), hand.coefficients(unit, period, L), rtol=1e-7)
    discrete = np.array([True, False, True])
    got = partial_effects(at, fitted.fit.coef, np.full(X.shape, 1 / len(y)), discrete, lags)
    for j in range(3):
        effect, bias, variance = hand.partial(fitted.fit.coef, j, bool(discrete[j]), (unit, period, L))
        assert got.effects[j] == pytest.approx(effect, rel=1e-9)
        assert got.bias[j] == pytest.approx(bias, rel=1e-6)
        assert (got.influence[:, j] ** 2).sum() == pytest.approx(variance, rel=1e-6)


def test_gradient_of_partial_effects_is_the_difference_of_refitted_effects() -> None:
    """The influence of the coefficients runs through the effects estimated given them."""
    y, X, unit, _ = sample(2)
    b, h = binary(y, X, [unit], LOGIT).fit.coef, 1e-5
    hand = ByHand("logit", y, X, [unit], binary(y, X, [unit], LOGIT).eta)
    for j, discrete in enumerate((True, False, True)):
        for k in range(3):
            moved = []
            for sign in (1, -1):
                c = b + sign * h * np.eye(3)[k]
                at = maximum(y, X, [unit], LOGIT, binary_given(y, X, c, [unit], LOGIT).eta)
                kinds = np.array([True, False, True])
                moved.append(partial_effects(at, c, np.full(X.shape, 1 / len(y)), kinds, None).effects[j])
            want = (moved[0] - moved[1]) / (2 * h)
            assert hand.effect(b, j, discrete)[3].mean(axis=0)[k] == pytest.approx(want, abs=1e-7)


def test_rows_of_another_unit_are_never_a_lag() -> None:
    y, X, unit, period = sample(3)
    at = maximum(y, X, [unit], LOGIT, binary(y, X, [unit], LOGIT).eta)
    some = coefficient_bias(at, Lags(unit, period, 3))
    # Units far apart on the calendar, in another order.
    moved = coefficient_bias(at, Lags(unit, period + 1000, 3))
    np.testing.assert_allclose(moved, some, rtol=1e-12)
    turned = maximum(y, X, [unit.max() - unit], LOGIT, at.eta)
    np.testing.assert_allclose(coefficient_bias(turned, Lags(unit.max() - unit, period, 3)), some, rtol=1e-10)


def test_agrees_with_the_panel_jackknife_where_units_are_seen_often() -> None:
    """Hahn and Newey (2004): T times the estimate less T - 1 times its mean without each period, to order 1/T^2."""
    rng = np.random.default_rng(4)
    units, periods = 300, 20
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    X = rng.normal(size=(len(unit), 1))
    y = (rng.logistic(size=len(unit)) < X[:, 0] + 0.5 * rng.normal(size=units)[unit]).astype(float)
    whole = binary(y, X, [unit], LOGIT)
    assert not one_sided(y, [unit]).any()
    without = []
    for t in range(periods):
        keep = period != t
        keep[keep] = ~one_sided(y[keep], [unit[keep]])
        without.append(binary(y[keep], X[keep], [recode(unit[keep])], LOGIT).fit.coef[0])
    jackknife = (periods - 1) * (np.mean(without) - whole.fit.coef[0])
    analytical = coefficient_bias(maximum(y, X, [unit], LOGIT, whole.eta), None)[0]
    assert analytical == pytest.approx(jackknife, rel=0.15)
    assert analytical > 0.03
