"""Families of hypotheses against loops, statsmodels, exact formulas, and simulated families."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.draws import draws as draws_of
from eventpanel.estimators.core.moments import moments
from eventpanel.estimators.core.multiple import (
    Method,
    adjusted,
    data_statistics,
    drawn_statistics,
    exceedance,
    step_down,
)
from eventpanel.estimators.core.wild import Residuals, statistics
from tests.estimators.core.test_moments import dense, sample

RNG = np.random.default_rng(0)
P = np.concatenate([[0.0, 1e-12, 0.003, 0.003], RNG.random(20) ** 3])
# Two terms, a difference, and a combination that should be 0.3.
ROWS = np.array([[1.0, 0, 0], [0, 1, 0], [1, 0, -1], [0.5, 0.5, 2]])
VALUES = np.array([0.0, 0, 0, 0.3])


@pytest.mark.parametrize("method", ["bonferroni", "sidak", "holm", "holm-sidak"])
def test_adjusted_p_values_equal_statsmodels(method: Method) -> None:
    want = np.asarray(multipletests(P, method=method)[1], dtype=np.float64)
    np.testing.assert_allclose(adjusted(P, method), want, rtol=1e-12)
    holes = np.insert(P, [0, 7], np.nan)
    np.testing.assert_allclose(adjusted(holes, method)[~np.isnan(holes)], want, rtol=1e-12)
    assert np.isnan(adjusted(holes, method)).sum() == 2


def by_loop(t: Floats, draws: Floats) -> Floats:
    """Romano and Wolf (2016), algorithm 4.2, one hypothesis after another."""
    order, b = sorted(range(len(t)), key=lambda s: -t[s]), draws.shape[1]
    p, before = np.empty(len(t)), 0.0
    for k, s in enumerate(order):
        beyond = sum(max(draws[r, i] for r in order[k:]) >= t[s] for i in range(b))
        before = max(before, (1 + beyond) / (b + 1))
        p[s] = before
    return p


@pytest.mark.parametrize("seed", range(4))
def test_step_down_equals_its_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t = np.abs(rng.normal(size=7)) * 1.7
    draws = np.abs(rng.normal(size=(7, 5)) @ rng.normal(size=(5, 199)) / 2)
    np.testing.assert_allclose(step_down(t, draws), by_loop(t, draws), rtol=1e-15)


def test_a_p_value_of_one_stays_one() -> None:
    for method in ("bonferroni", "sidak", "holm", "holm-sidak"):
        assert adjusted(np.array([1.0, 0.5]), method).tolist()[0] == 1.0


def family(seed: int, draws: int = 999) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(0.6 * np.eye(6) + 0.4)
    return np.abs(root @ rng.normal(size=6)) * 1.5, np.abs(root @ rng.normal(size=(6, draws)))


def test_step_down_is_monotone_and_never_below_the_hypothesis_alone() -> None:
    for seed in range(20):
        t, draws = family(seed)
        alone, joint = exceedance(t, draws), step_down(t, draws)
        assert (np.diff(joint[np.argsort(-t)]) >= 0).all()
        assert (joint >= alone).all()
        # The largest statistic stands against the largest draw of all.
        assert joint.min() == (1 + (draws.max(axis=0) >= t.max()).sum()) / 1000


def test_step_down_does_not_depend_on_order_and_repetition() -> None:
    t, draws = family(3)
    order = np.array([4, 0, 5, 2, 1, 3])
    np.testing.assert_array_equal(step_down(t[order], draws[order]), step_down(t, draws)[order])
    twice = np.array([0, 1, 2, 3, 4, 5, 2, 2])
    np.testing.assert_array_equal(step_down(t[twice], draws[twice]), step_down(t, draws)[twice])


def test_a_missing_statistic_is_no_part_of_the_family() -> None:
    t, draws = family(4)
    got = step_down(np.append(t, np.nan), np.vstack([draws, np.full(999, 99.0)]))
    np.testing.assert_array_equal(got[:-1], step_down(t, draws))
    assert np.isnan(got[-1])


def test_independent_hypotheses_are_close_to_holm_sidak() -> None:
    t = np.array([3.1, 2.6, 2.2, 1.5, 0.4])
    draws = np.abs(np.random.default_rng(1).normal(size=(5, 40_000)))
    want = adjusted(2 * stats.norm.sf(t), "holm-sidak")
    # Four standard errors of a share of 40,000 draws.
    assert (np.abs(step_down(t, draws) - want) <= 4 * np.sqrt(want * (1 - want) / 40_000) + 3e-5).all()


def t_of(y: Floats, D: Floats, clusters: Codes, row: Floats, value: float) -> float:
    bread = np.linalg.pinv(D.T @ D)
    coef = bread @ D.T @ y
    e = y - D @ coef
    sums = np.array(
        [row @ bread[: len(row)] @ D[clusters == g].T @ e[clusters == g] for g in range(clusters.max() + 1)]
    )
    return float(abs(row @ coef[: len(row)] - value) / np.sqrt(sums @ sums))


@pytest.mark.parametrize("restricted", [True, False])
def test_each_draw_is_a_regression_on_its_sample(restricted: bool) -> None:
    y, X, effects, clusters = sample(5)
    m, D = moments(y, X, effects, clusters), dense(X, effects)
    flips = np.concatenate(list(draws_of(12, 5, "webb", 3)), axis=1)
    got = drawn_statistics(m, ROWS, VALUES, flips, restricted=restricted)
    data = data_statistics(m, ROWS, VALUES)
    coef = np.linalg.lstsq(D, y, rcond=None)[0]
    for j, (row, value) in enumerate(zip(ROWS, VALUES, strict=True)):
        assert data[j] == pytest.approx(t_of(y, D, clusters, row, value), rel=1e-8)
        fitted, target = D @ coef, float(row @ coef[:3])
        if restricted:
            wide = np.append(row, np.zeros(D.shape[1] - 3))
            bread = np.linalg.pinv(D.T @ D)
            fitted, target = fitted - D @ bread @ wide * (target - value) / (wide @ bread @ wide), value
        for b in range(5):
            drawn = fitted + flips[clusters, b] * (y - fitted)
            assert got[j, b] == pytest.approx(t_of(drawn, D, clusters, row, target), rel=1e-8)


@pytest.mark.parametrize("restricted", [True, False])
def test_draws_of_single_terms_equal_the_wild_bootstrap(restricted: bool) -> None:
    y, X, effects, clusters = sample(6)
    m = moments(y, X, effects, clusters)
    flips = np.concatenate(list(draws_of(12, 50, "rademacher", 3)), axis=1)
    got = drawn_statistics(m, np.eye(3), np.zeros(3), flips, restricted=restricted)
    for j in range(3):
        how: Residuals = "restricted" if restricted else "unrestricted"
        want = np.sqrt(statistics(m, [j], np.zeros(1), draws_of(12, 50, "rademacher", 3), how))
        np.testing.assert_allclose(got[j], want, rtol=1e-8)


def test_scale_and_sign_of_a_hypothesis_do_not_matter() -> None:
    y, X, effects, clusters = sample(5)
    m = moments(y, X, effects, clusters)
    flips = np.concatenate(list(draws_of(12, 40, "mammen", 3)), axis=1)
    factor = np.array([2.0, -1, 1e3, -1e-4])
    for restricted in (True, False):
        once = drawn_statistics(m, ROWS, VALUES, flips, restricted=restricted)
        again = drawn_statistics(m, factor[:, None] * ROWS, factor * VALUES, flips, restricted=restricted)
        # A draw that flips every cluster alike has an effect of zero, up to rounding.
        np.testing.assert_allclose(again, once, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("restricted", [True, False])
def test_false_rejections_of_the_family_keep_the_level(restricted: bool) -> None:
    """Four true hypotheses, 40 clusters of 5 rows with common shocks; 300 families."""
    rng, clusters = np.random.default_rng(7), np.repeat(np.arange(40), 5)
    family_errors = single_errors = 0
    for number in range(300):
        X = rng.normal(size=(200, 4)) + rng.normal(size=(40, 4))[clusters]
        y = rng.normal(size=200) + rng.normal(size=40)[clusters]
        m = moments(y, X, [], clusters)
        flips = np.concatenate(list(draws_of(40, 199, "rademacher", number)), axis=1)
        t = data_statistics(m, np.eye(4), np.zeros(4))
        draws = drawn_statistics(m, np.eye(4), np.zeros(4), flips, restricted=restricted)
        family_errors += step_down(t, draws).min() <= 0.05
        single_errors += exceedance(t, draws).min() <= 0.05
    # Three standard errors of 300 families at the level of 5 %.
    assert abs(family_errors / 300 - 0.05) <= 3 * np.sqrt(0.05 * 0.95 / 300)
    # Without the step-down four tests reject one true hypothesis or more in 1 - 0.95^4 = 19 % of families.
    assert single_errors / 300 > 0.12
