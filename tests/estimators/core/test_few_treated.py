"""Errors of controls under treated regressors: against a loop, and coverage of a planted truth."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.few_treated import equal_tailed, placed, reference, rescaled
from eventpanel.estimators.core.least_squares import Fit, least_squares


def sample(seed: int, units: int = 9, periods: int = 6) -> tuple[Fit, Floats, Codes, Codes, Mask]:
    """Two treated units, two terms, one outcome missing in a control and one in a treated unit."""
    rng = np.random.default_rng(seed)
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    treated = np.arange(units) < 2
    X = (rng.poisson(1.0, (len(unit), 2)) * treated[unit][:, None]).astype(np.float64)
    keep = ~np.isin(np.arange(len(unit)), [3, units * periods - 1])
    y = rng.normal(size=len(unit))
    unit, period = unit[keep], np.unique(period[keep], return_inverse=True)[1]
    within = absorb(np.column_stack([y, X])[keep], [unit, period]).columns
    return least_squares(within[:, 0], within[:, 1:]), within[:, 1:], unit, period, treated


def test_errors_are_those_of_a_loop() -> None:
    fit, X, unit, cell, treated = sample(1)
    errors, controls = placed(fit, X, unit, cell, treated)
    # The last control lacks the last period, which a treated unit has.
    assert controls.tolist() == [2, 3, 4, 5, 6, 7]
    assert errors.shape == (2, 6, 2)
    for j, c in product(range(2), range(6)):
        want = np.zeros(2)
        for row in np.flatnonzero(unit == j):
            other = np.flatnonzero((unit == controls[c]) & (cell == cell[row]))
            want += X[row] * fit.residuals[other[0]]
        np.testing.assert_allclose(errors[j, c], fit.bread @ want, rtol=1e-12, atol=1e-15)


def test_one_treated_unit_gives_the_placebo_estimates_of_differences_in_differences() -> None:
    """With one treated unit W of control c is its residuals after treatment less those before."""
    rng, units, periods = np.random.default_rng(2), 8, 6
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    x = ((unit == 0) & (period >= 4)).astype(float)
    within = absorb(np.column_stack([rng.normal(size=len(unit)), x]), [unit, period]).columns
    fit = least_squares(within[:, 0], within[:, 1:])
    errors, controls = placed(fit, within[:, 1:], unit, period, np.arange(units) == 0)
    paths = fit.residuals.reshape(units, periods)[controls]
    np.testing.assert_allclose(errors[0, :, 0], paths[:, 4:].mean(axis=1) - paths[:, :4].mean(axis=1), rtol=1e-10)


def test_all_combinations_are_taken_where_they_are_few() -> None:
    errors = np.random.default_rng(3).normal(size=(2, 5, 3))
    drawn, enumerated = reference(errors, 25, 1)
    assert enumerated
    want = [errors[0, a] + errors[1, b] for a, b in product(range(5), repeat=2)]
    np.testing.assert_allclose(np.sort(drawn, axis=0), np.sort(want, axis=0))
    some, enumerated = reference(errors, 24, 1)
    assert not enumerated
    assert some.shape == (24, 3)
    np.testing.assert_array_equal(some, reference(errors, 24, 1)[0])


def test_equal_sizes_change_nothing() -> None:
    errors = np.random.default_rng(4).normal(size=(2, 12, 3))
    np.testing.assert_allclose(rescaled(errors, np.full(2, 7.0), np.full(12, 7.0)), errors, rtol=1e-12)


def test_rescaling_finds_the_variance_that_was_planted() -> None:
    rng = np.random.default_rng(5)
    sizes = rng.choice([1.0, 2.0, 4.0, 8.0, 16.0], 20_000)
    errors = (rng.normal(size=sizes.shape) * np.sqrt(0.5 + 3 / sizes))[None, :, None]
    for size in (1.0, 100.0):
        got = rescaled(errors, np.array([size]), sizes)[0, :, 0]
        # The standard error of a variance from 20,000 draws is one per cent, of the fitted line a little more.
        for own in np.unique(sizes):
            assert got[sizes == own].var() == pytest.approx(0.5 + 3 / size, rel=0.12)


def test_a_line_that_would_fall_below_zero_is_flat_or_through_the_origin() -> None:
    sizes = np.array([1.0, 2.0, 4.0, 8.0])
    growing = (np.sqrt(sizes) * np.array([1.0, -1.0, 1.0, -1.0]))[None, :, None]
    np.testing.assert_allclose(rescaled(growing, np.array([1.0]), sizes), growing, rtol=1e-12)
    steep = (sizes**-1.0)[None, :, None]
    ratio = rescaled(steep, np.array([1.0]), sizes) / steep
    np.testing.assert_allclose(ratio[0, :, 0], np.sqrt(sizes), rtol=1e-12)


def test_intervals_hold_what_is_not_rejected() -> None:
    rng = np.random.default_rng(6)
    for count, level in ((39, 0.95), (60, 0.90), (500, 0.95)):
        errors = rng.normal(size=count) + 0.3
        _, low, high = equal_tailed(1.0, errors, level)
        for null in np.linspace(-4, 6, 401):
            p = equal_tailed(1.0 - null, errors, level)[0]
            assert (low <= null <= high) == (p > 1 - level + 1e-12)
    assert equal_tailed(1.0, rng.normal(size=38), 0.95)[1:] == (-np.inf, np.inf)


@pytest.mark.parametrize(("units", "sized"), [(40, False), (160, True)])
def test_the_planted_truth_is_covered(units: int, sized: bool) -> None:
    """Two treated units, errors that depend on one another over time; with sizes the treated are the smallest."""
    periods, panels, level, truth = 10, 400, 0.90, (1.0, -0.5)
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    treated = np.arange(units) < 2
    sizes = np.where(treated, 1.0, 1.0 + np.arange(units) % 8) if sized else np.ones(units)
    covered, plain = list[list[bool]](), list[list[bool]]()
    for seed in range(panels):
        rng = np.random.default_rng(seed)
        events = (rng.poisson(0.5, (units, periods)) * treated[:, None]).astype(np.float64)
        X = np.column_stack([events.reshape(-1), np.roll(events, 1, axis=1).reshape(-1)])
        u = np.zeros((units, periods))
        for t in range(periods):
            u[:, t] = 0.6 * u[:, t - 1] + rng.normal(size=units)
        y = X @ np.array(truth) + (u * np.sqrt(0.2 + 2 / sizes)[:, None]).reshape(-1)
        within = absorb(np.column_stack([y, X]), [unit, period]).columns
        fit = least_squares(within[:, 0], within[:, 1:])
        errors, controls = placed(fit, within[:, 1:], unit, period, treated)
        for found, used in ((covered, rescaled(errors, sizes[treated], sizes[controls])), (plain, errors)):
            drawn = reference(used, 999, 1)[0]
            bounds = [equal_tailed(float(fit.coef[k]), drawn[:, k], level)[1:] for k in range(2)]
            found.append([low <= b <= high for b, (low, high) in zip(truth, bounds, strict=True)])
    # Four standard deviations of a binomial share, and 0.02 for the number of controls, which is not infinite.
    bound = 4 * np.sqrt(level * (1 - level) / panels) + 0.02
    np.testing.assert_allclose(np.mean(covered, axis=0), level, atol=bound)
    if sized:
        assert (np.mean(plain, axis=0) < level - 0.15).all()
