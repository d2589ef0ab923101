"""Logit with few periods is biased, as planted truth shows, and the correction takes the bias out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.binary import binary, binary_given
from eventpanel.estimators.core.binary_bias import Lags, coefficient_bias, maximum, partial_effects
from eventpanel.estimators.core.binary_separation import one_sided
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.links import LOGIT, PROBIT, Link


@dataclass(frozen=True)
class Draw:
    """Outcome, regressors (a number and the lagged outcome), unit, period, and the true predictor."""

    y: Floats
    X: Floats
    unit: Codes
    period: Codes
    eta: Floats


def draw(rng: np.random.Generator, link: Link, units: int, periods: int, persistence: float) -> Draw:
    alpha = 0.7 * rng.normal(size=units)
    x = 0.5 * alpha[:, None] + 0.7 * rng.normal(size=(units, periods + 1))
    size = (units, periods + 1)
    noise = rng.logistic(size=size) if link is LOGIT else rng.normal(size=size)
    y = np.zeros(size)
    y[:, 0] = alpha + x[:, 0] > noise[:, 0]
    for t in range(1, periods + 1):
        y[:, t] = alpha + x[:, t] + persistence * y[:, t - 1] > noise[:, t]
    eta = alpha[:, None] + x[:, 1:] + persistence * y[:, :-1]
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    X = np.column_stack([x[:, 1:].ravel(), y[:, :-1].ravel()])
    return Draw(y[:, 1:].ravel(), X, unit, period, eta.ravel())


def estimates(rng: np.random.Generator, link: Link, size: tuple[int, int], persistence: float, L: int) -> list[float]:
    """Coefficients and effects of the last regressor over their true values, before and after correction; and t."""
    drawn = draw(rng, link, *size, persistence)
    last = 1 if persistence else 0
    true = persistence if persistence else 1.0
    low = drawn.eta - persistence * drawn.X[:, 1]
    rise = np.exp(link.log_mean(low + persistence)) - np.exp(link.log_mean(low))
    effect = rise.mean() if persistence else np.exp(link.log_slope(drawn.eta)).mean()
    keep, n = ~one_sided(drawn.y, [drawn.unit]), len(drawn.y)
    y, X = drawn.y[keep], drawn.X[keep][:, : last + 1]
    unit, period = recode(drawn.unit[keep]), drawn.period[keep]
    fitted = binary(y, X, [unit], link)
    lags = Lags(unit, period, L) if L else None
    at = maximum(y, X, [unit], link, fitted.eta)
    coef = fitted.fit.coef - coefficient_bias(at, lags)
    again = binary_given(y, X, coef, [unit], link)
    shares, discrete = np.full(X.shape, 1 / n), np.array([False, True])[: last + 1]
    before = partial_effects(at, fitted.fit.coef, shares, discrete, lags)
    after = partial_effects(maximum(y, X, [unit], link, again.eta), coef, shares, discrete, lags)
    error = np.sqrt(again.fit.bread[last, last])
    corrected = after.effects[last] - after.bias[last]
    return [
        fitted.fit.coef[last] / true,
        coef[last] / true,
        before.effects[last] / effect,
        corrected / effect,
        (coef[last] - true) / error,
        (corrected - effect) / np.sqrt((after.influence[:, last] ** 2).sum()),
    ]


def test_static_logit_of_eight_periods() -> None:
    rng = np.random.default_rng(8)
    runs = np.array([estimates(rng, LOGIT, (150, 8), 0.0, 0) for _ in range(150)])
    mean, error = runs.mean(axis=0), runs.std(axis=0) / np.sqrt(len(runs))
    assert 1.12 < mean[0] < 1.20
    assert abs(mean[1] - 1) < 3 * error[1]
    # Partial effects averaged over all rows are nearly unbiased in static models, before and after.
    assert np.abs(mean[2:4] - 1).max() < 0.04
    # 95 % intervals cover: binomial bounds of three standard deviations.
    covered = (np.abs(runs[:, 4:]) < 1.96).mean(axis=0)
    assert np.abs(covered - 0.95).max() < 3 * np.sqrt(0.95 * 0.05 / len(runs))


@pytest.mark.slow
@pytest.mark.parametrize("link", [LOGIT, PROBIT], ids=lambda link: link.name)
def test_a_lagged_outcome_needs_a_bandwidth(link: Link) -> None:
    rng = np.random.default_rng(9)
    runs = {L: np.array([estimates(rng, link, (150, 14), 0.5, L) for _ in range(200)]) for L in (0, 1)}
    off = {L: np.abs(values.mean(axis=0) - 1) for L, values in runs.items()}
    error = runs[1].std(axis=0) / np.sqrt(len(runs[1]))
    # The lag's coefficient and effect lose most of themselves; without the spectral term little is repaired.
    assert off[1][0] > 0.3
    assert off[1][2] > 0.3
    assert off[1][1] < 0.25 * off[1][0]
    assert off[1][3] < 0.25 * off[1][2]
    assert off[0][1] > off[1][1] + 3 * error[1]
    assert off[0][3] > off[1][3] + 3 * error[3]


@pytest.mark.slow
def test_effects_over_all_rows_where_most_units_never_change() -> None:
    """The correction is averaged over all rows, as the effect is: with half the units settled, either choice shows."""
    rng = np.random.default_rng(10)
    ratios = []
    for _ in range(150):
        alpha, periods = 1.5 * rng.normal(size=200), 16
        x = 0.5 * alpha[:, None] + 0.7 * rng.normal(size=(200, periods))
        eta = (alpha[:, None] + x).ravel()
        y = (rng.normal(size=len(eta)) < eta).astype(float)
        unit = np.repeat(np.arange(200), periods)
        keep = ~one_sided(y, [unit])
        X, codes, shares = x.reshape(-1, 1)[keep], recode(unit[keep]), np.full((keep.sum(), 1), 1 / len(y))
        fitted = binary(y[keep], X, [codes], PROBIT)
        coef = fitted.fit.coef - coefficient_bias(maximum(y[keep], X, [codes], PROBIT, fitted.eta), None)
        at = maximum(y[keep], X, [codes], PROBIT, binary_given(y[keep], X, coef, [codes], PROBIT).eta)
        found = partial_effects(at, coef, shares, np.array([False]), None)
        true = np.exp(PROBIT.log_slope(eta)).mean()
        ratios.append(
            [(found.effects[0] - found.bias[0]) / true, (found.effects[0] - found.bias[0] / keep.mean()) / true]
        )
    ours, over_fitted = np.abs(np.mean(ratios, axis=0) - 1)
    assert ours < 0.02
    assert over_fitted > ours
