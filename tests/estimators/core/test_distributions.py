"""Distributions against scipy.stats, closed forms and one another."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from eventpanel.estimators.core.distributions import f_survival, normal_quantile, t_quantile, t_two_sided

DOF = np.array([0.3, 1, 1.5, 2, 3.7, 5, 12, 43, 99.5, 1e3, 1e5, 1e8, 1e12, np.inf])
T = np.concatenate([[0, 1e-8, 1e-3], np.linspace(0.1, 12, 50), [20, 37, 100, 1e3]])


def test_t_equals_scipy_stats() -> None:
    got = t_two_sided(T[:, None], DOF)
    np.testing.assert_allclose(got[:, :-1], 2 * stats.t.sf(T[:, None], DOF[:-1]), rtol=1e-13, atol=0)
    np.testing.assert_allclose(got[:, -1], 2 * stats.norm.sf(T), rtol=1e-13, atol=0)
    assert (got == t_two_sided(-T[:, None], DOF)).all()
    assert got[got > 0].min() < 1e-290


def test_t_equals_its_closed_forms() -> None:
    # Closer to zero than 1e-8 the special function is one half: an error of 3e-9 in a p-value of one.
    t = T[T != 1e-8]
    np.testing.assert_allclose(t_two_sided(t, 1), 2 / np.pi * np.arctan2(1, t), rtol=1e-12)
    root = np.sqrt(2 + t**2)
    np.testing.assert_allclose(t_two_sided(t, 2), 2 / (root * (root + t)), rtol=1e-13)
    assert float(t_two_sided(1e-8, 1)) == pytest.approx(1 - 2e-8 / np.pi, abs=4e-9)


def test_t_quantiles_equal_scipy_stats_and_invert_the_probability() -> None:
    p = np.array([1e-60, 1e-20, 1e-9, 1e-4, 0.025, 0.3, 0.5, 0.7, 0.975, 1 - 1e-9])
    dof = DOF[DOF >= 1]
    got = t_quantile(p[:, None], dof)
    np.testing.assert_allclose(got, stats.t.ppf(p[:, None], dof), rtol=1e-13, atol=0)
    # Far in the tail a relative error e of the quantile is an error e q^2 of the probability.
    low = p <= 0.5
    np.testing.assert_allclose(t_two_sided(got[low], dof), 2 * np.repeat(p[low, None], len(dof), 1), rtol=1e-11)


@pytest.mark.parametrize("dfn", [1, 2, 4.5, 17, 68])
def test_f_equals_scipy_stats(dfn: float) -> None:
    f = np.array([0, 1e-9, 1e-3, 0.2, 1, 2.5, 7, 40, 1e3])[:, None]
    dfd = DOF[np.isfinite(DOF)]
    np.testing.assert_allclose(f_survival(f, dfn, dfd), stats.f.sf(f, dfn, dfd), rtol=1e-13, atol=0)
    np.testing.assert_allclose(f_survival(f, dfn, np.inf)[:, 0], stats.chi2.sf(f[:, 0] * dfn, dfn), rtol=1e-13, atol=0)


def test_f_of_one_term_is_t_squared() -> None:
    t = T[(T > 0.1) & (T < 12), None]
    np.testing.assert_allclose(f_survival(t**2, 1, DOF), t_two_sided(t, DOF), rtol=1e-11)


def test_normal_quantile_equals_scipy_stats() -> None:
    p = np.array([1e-300, 1e-20, 0.01, 0.5, 0.9, 1 - 1e-12])
    np.testing.assert_allclose(normal_quantile(p), stats.norm.ppf(p), rtol=1e-13, atol=0)


@pytest.mark.parametrize("nothing", [np.nan, 0.0, -1.0])
def test_what_is_undefined_is_missing(nothing: float) -> None:
    assert np.isnan(t_two_sided(1.0, nothing))
    assert np.isnan(t_quantile(0.9, nothing))
    assert np.isnan(f_survival(1.0, nothing, 5.0))
    assert np.isnan(f_survival(1.0, 5.0, nothing))


def test_missing_and_infinite_statistics() -> None:
    assert np.isnan(t_two_sided(np.nan, [3.0, np.inf])).all()
    assert np.isnan(f_survival(np.nan, 2, [3.0, np.inf])).all()
    assert np.isnan(t_quantile([np.nan, -0.1, 1.1], 4.0)).all()
    assert (t_two_sided([np.inf, -np.inf], [3.0, np.inf]) == 0).all()
    assert (f_survival(np.inf, 2, [3.0, np.inf]) == 0).all()
