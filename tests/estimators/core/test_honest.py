"""Honest sets from arrays, against plain twins: linear programs, brute force, integrals, closed forms."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.breakdown import largest_bound
from eventpanel.estimators.core.relative_magnitude import accepted, covering_bound, problem, relative_set
from eventpanel.estimators.core.sensitivity import Effect, plain_interval
from eventpanel.estimators.core.smoothness import Shortest, folded_quantile, frontier, shortest
from eventpanel.estimators.core.wedge import above, critical

LEVEL = 0.95


def effect_of(seed: int, before: int, after: int, weights: Floats | None = None) -> Effect:
    """Coefficients and a covariance without any structure."""
    rng = np.random.default_rng(seed)
    k = before + after
    root = rng.normal(size=(k, 2 * k))
    return Effect(rng.normal(size=k), root @ root.T / k, np.eye(after)[0] if weights is None else weights)


def with_weights(effect: Effect, weights: Floats) -> Effect:
    return Effect(effect.coef, effect.vcov, weights)


def smooth(effect: Effect, bound: float, level: float = LEVEL) -> Shortest:
    return shortest(frontier(effect), bound, level)


# The largest of a few forms.


def by_slices(forms: Floats, value: float) -> float:
    """One less the integral over the first normal of the room that is left for the second."""

    def room(first: float) -> float:
        low, high = -np.inf, np.inf
        for one, two in forms:
            rest = value - one * first
            if two > 0:
                high = min(high, rest / two)
            elif two < 0:
                low = max(low, rest / two)
            elif rest < 0:
                return 0.0
        return max(float(special.ndtr(high) - special.ndtr(low)), 0.0) * float(np.exp(-(first**2) / 2))

    grid = np.linspace(-9, 9, 20001)
    return 1 - float(integrate.trapezoid([room(z) for z in grid], grid)) / float(np.sqrt(2 * np.pi))


@pytest.mark.parametrize("seed", range(4))
def test_the_largest_form_exceeds_a_value_as_often_as_by_slices(seed: int) -> None:
    rng = np.random.default_rng(seed)
    forms = rng.normal(size=(1, 2 + seed, 2))
    # The trapezoid errs where a form begins to bind, by the square of its step.
    assert above(forms, np.array([0.8]))[0] == pytest.approx(by_slices(forms[0], 0.8), abs=2e-7)


def test_critical_values_are_exceeded_as_often_as_asked() -> None:
    forms = np.random.default_rng(1).normal(size=(6, 4, 2))
    forms[2, 1] = 0.0
    np.testing.assert_allclose(above(forms, critical(forms, 0.005)), 0.005, rtol=1e-10)


def test_critical_values_of_one_two_and_no_form() -> None:
    one, both = np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[3.0, 4.0], [-3.0, -4.0]])
    found = critical(np.array([one, both, np.zeros((2, 2))]), 0.005)
    np.testing.assert_allclose(found, [5 * stats.norm.isf(0.005), 5 * stats.norm.isf(0.0025), 0.0], rtol=1e-12)


# Smoothness.


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0, 4.0, 30.0, 1e4])
@pytest.mark.parametrize("level", [0.3, 0.9, 0.95, 0.999])
def test_the_folded_quantile(shift: float, level: float) -> None:
    q = folded_quantile(shift, level)
    assert stats.norm.cdf(q - shift) - stats.norm.cdf(-q - shift) == pytest.approx(level, rel=1e-11)


def least(answer: optimize.OptimizeResult) -> float:
    """Value of a linear program that was solved."""
    assert answer.status == 0
    return float(answer.fun)


def largest_bias(weights: Floats, before: int) -> float:
    """Of a linear estimator when the slope of the trend changes by at most one: a program on the trend itself."""
    k = len(weights)
    # The slope at the end may be anything: the program is bounded only where a line biases the estimator not at all.
    path = np.insert(np.eye(k), before, 0.0, axis=0)
    second = np.diff(path, n=2, axis=0)
    answer = optimize.linprog(
        -weights, A_ub=np.concatenate([second, -second]), b_ub=np.ones(2 * len(second)), bounds=(None, None)
    )
    return -least(answer)


def half_length(weights: Floats, effect: Effect, bound: float) -> float:
    error = float(np.sqrt(weights @ effect.vcov @ weights))
    return float(error * folded_quantile(bound * largest_bias(weights, effect.before) / error, LEVEL))


@pytest.mark.parametrize("bound", [0.0, 0.05, 0.5, 5.0])
def test_bias_and_length_are_what_they_are_said_to_be(bound: float) -> None:
    effect = effect_of(3, 4, 3, np.array([0.2, -0.5, 1.0]))
    found = smooth(effect, bound)
    assert found.bias == pytest.approx(bound * largest_bias(found.weights, 4), rel=1e-9, abs=1e-12)
    assert found.half == pytest.approx(half_length(found.weights, effect, bound), rel=1e-9)
    assert found.centre == pytest.approx(found.weights @ effect.coef)
    np.testing.assert_array_equal(found.weights[4:], effect.weights)


@pytest.mark.parametrize("bound", [0.0, 0.1, 10.0])
def test_one_coefficient_before_leaves_no_choice(bound: float) -> None:
    effect = effect_of(1, 1, 2, np.array([0.25, 0.75]))
    # The line through the one coefficient before, two periods ahead: 0.25 times one period and 0.75 times two.
    weights = np.array([1.75, 0.25, 0.75])
    found = smooth(effect, bound)
    np.testing.assert_allclose(found.weights, weights)
    error = float(np.sqrt(weights @ effect.vcov @ weights))
    # Changes of slope: 1.75 at the reference, 0.75 one period after.
    assert found.half == pytest.approx(error * folded_quantile(bound * 2.5 / error, LEVEL))


@pytest.mark.parametrize("bound", [0.02, 0.2, 1.0])
def test_two_coefficients_before_by_brute_force(bound: float) -> None:
    effect = effect_of(2, 2, 1)
    # Weights (v, w) of -3 and -2 with 2 v + w = 1 leave a line without bias.

    def length(v: float) -> float:
        return half_length(np.array([v, 1 - 2 * v, 1.0]), effect, bound)

    best = optimize.minimize_scalar(length, bounds=(-3, 3), method="bounded", options={"xatol": 1e-10})
    found = smooth(effect, bound)
    assert found.half <= best.fun * (1 + 1e-12)
    assert found.half == pytest.approx(best.fun, rel=1e-9)


@pytest.mark.parametrize("bound", [0.0, 0.01, 0.1, 1.0])
def test_no_other_weights_are_shorter(bound: float) -> None:
    effect = effect_of(5, 5, 3, np.full(3, 1 / 3))
    found = smooth(effect, bound)
    rng = np.random.default_rng(0)
    times = np.arange(-5, 0)
    for size in (1e-4, 1e-2, 1.0):
        for _ in range(8):
            step = rng.normal(size=5) * size
            step -= times * (times @ step) / (times @ times)
            other = found.weights + np.concatenate([step, np.zeros(3)])
            # The length is convex in the weights: no step is shorter if no small step is.
            assert half_length(other, effect, bound) > found.half


def test_without_a_bound_the_trend_is_the_best_line() -> None:
    rng = np.random.default_rng(4)
    before, times = 4, np.array([-4.0, -3.0, -2.0, -1.0])
    variances = rng.uniform(0.5, 2.0, 6)
    effect = Effect(rng.normal(size=6), np.diag(variances), np.array([0.0, 1.0]))
    precision = times / variances[:before]
    slope, spread = precision @ effect.coef[:before] / (precision @ times), 1 / (precision @ times)
    found = smooth(effect, 0.0)
    assert found.centre == pytest.approx(effect.coef[-1] - 2 * slope, rel=1e-12)
    half = stats.norm.isf(0.025) * np.sqrt(variances[-1] + 4 * spread)
    assert found.half == pytest.approx(half, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_frontier_is_a_lasso(seed: int) -> None:
    effect = effect_of(seed, 7, 2, np.array([0.5, 0.5]))
    line = frontier(effect)
    scale = effect.std_error**2
    quadratic, linear = line.basis @ effect.vcov @ line.basis.T / scale, line.basis @ effect.vcov @ line.origin / scale
    root = np.linalg.cholesky(np.linalg.inv(quadratic))
    for price in line.penalty[-1] * np.array([0.01, 0.1, 0.37, 0.9]):
        # Its dual: the nearest point of a box, by bounded least squares.
        dual = optimize.lsq_linear(root.T, -root.T @ linear, bounds=(-price, price), method="bvls", tol=1e-14)
        c = -np.linalg.solve(quadratic, linear + dual.x)
        np.testing.assert_allclose(line.at(price)[0], line.origin + c @ line.basis, atol=1e-7)


def test_invariances_of_smoothness() -> None:
    effect = effect_of(8, 3, 3, np.array([0.5, 0.5, 0.0]))
    found = smooth(effect, 0.1)
    scaled = smooth(Effect(-20 * effect.coef, 400 * effect.vcov, effect.weights), 2.0)
    assert (scaled.centre, scaled.half) == pytest.approx((-20 * found.centre, 20 * found.half), rel=1e-10)
    weighted = smooth(with_weights(effect, -4 * effect.weights), 0.1)
    assert (weighted.centre, weighted.half) == pytest.approx((-4 * found.centre, 4 * found.half), rel=1e-10)
    shorter = Effect(effect.coef[:-1], effect.vcov[:-1, :-1], effect.weights[:-1])
    less = smooth(shorter, 0.1)
    assert (less.centre, less.half) == pytest.approx((found.centre, found.half), rel=1e-12)


def test_a_line_moves_nothing() -> None:
    effect = effect_of(9, 4, 2)
    line = np.array([-4.0, -3.0, -2.0, -1.0, 1.0, 2.0])
    moved = Effect(effect.coef + 7 * line, effect.vcov, effect.weights)
    assert smooth(moved, 0.3).centre == pytest.approx(smooth(effect, 0.3).centre, rel=1e-10)


def test_lengths_grow_with_the_bound_and_in_the_end_by_its_bias() -> None:
    effect = effect_of(6, 4, 2)
    line = frontier(effect)
    halves = np.array([shortest(line, bound, LEVEL).half for bound in (0.0, 0.01, 0.1, 1.0, 1e3, 1e3 + 1)])
    assert (np.diff(halves) > 0).all()
    assert halves[-1] - halves[-2] == pytest.approx(line.fixed, rel=1e-9)


def test_a_singular_covariance_before_the_event_is_an_error() -> None:
    effect = effect_of(1, 3, 1)
    vcov = effect.vcov.copy()
    vcov[0], vcov[:, 0] = vcov[1], vcov[:, 1]
    vcov[0, 0] = vcov[1, 1]
    with pytest.raises(np.linalg.LinAlgError):
        frontier(Effect(effect.coef, vcov, effect.weights))


# Relative magnitudes.


def moments(effect: Effect, bound: float, which: tuple[int, int, float]) -> tuple[Floats, Floats, Floats]:
    """Moments of the authors: A (coef - post effect) <= 0, of the periods after; values, covariance, A after."""
    order, period, sign = which
    before = effect.before
    path = np.insert(np.eye(len(effect.coef)), before, 0.0, axis=0)
    changes = np.diff(path, n=order, axis=0)
    largest = sign * changes[period]
    later = changes[before + 1 - order :]
    rows = np.concatenate([later - bound * largest, -later - bound * largest])
    return rows @ effect.coef, rows @ effect.vcov @ rows.T, rows[:, before:]


def nuisance(effect: Effect) -> Floats:
    """Directions of the effects after that leave the weighted sum as it is."""
    return np.linalg.svd(effect.weights[None, :])[2][1:].T


def plain_test(effect: Effect, bound: float, which: tuple[int, int, float], value: float, limit: float) -> bool:
    """Hybrid test by linear programs and all vertices of the dual, as Andrews, Roth and Pakes describe it."""
    y, sigma, after = moments(effect, bound, which)
    shift = effect.weights * value / (effect.weights @ effect.weights)
    y, free = y - after @ shift, after @ nuisance(effect)
    deviation = np.sqrt(np.diag(sigma))
    cost = np.zeros(1 + free.shape[1])
    cost[0] = 1.0
    answer = optimize.linprog(cost, A_ub=-np.column_stack([deviation, free]), b_ub=-y, bounds=(None, None))
    statistic = least(answer)
    vertices = dual_vertices(deviation, free)
    values = vertices @ y
    assert values.max() == pytest.approx(statistic, abs=1e-9)
    if statistic <= 0 or statistic > limit:
        return statistic <= 0
    spread = vertices @ sigma @ vertices.T
    top = int(values.argmax())
    move = spread[top] / spread[top, top]
    rest, room = values - move * statistic, 1 - move
    low = max(rest[room > 1e-8] / room[room > 1e-8], default=-np.inf)
    high = min([*(rest[room < -1e-8] / room[room < -1e-8]), limit])
    size = (0.05 - 0.005) / (1 - 0.005)
    a, b, z = (end / np.sqrt(spread[top, top]) for end in (low, high, statistic))
    beyond = (stats.norm.sf(z) - stats.norm.sf(b)) / (stats.norm.sf(a) - stats.norm.sf(b))
    return bool(beyond >= size)


def dual_vertices(deviation: Floats, free: Floats) -> Floats:
    """All vertices of the weights >= 0 on which deviations sum to one and nuisance directions to zero."""
    system = np.vstack([deviation, free.T])
    target = np.zeros(len(system))
    target[0] = 1.0
    found = []
    for basis in combinations(range(len(deviation)), len(system)):
        part = system[:, basis]
        if abs(np.linalg.det(part)) < 1e-12:
            continue
        weights = np.zeros(len(deviation))
        weights[list(basis)] = np.linalg.solve(part, target)
        if weights.min() >= -1e-10:
            found.append(weights)
    every = np.array(found)
    return every[np.unique(np.round(every, 9), axis=0, return_index=True)[1]]


@pytest.mark.parametrize(
    ("seed", "bound", "weights"),
    [
        (0, 0.0, [1.0, 0.0]),
        (1, 1.0, [1.0]),
        (2, 0.5, [1.0, 0.0, 0.0]),
        (3, 1.5, [0.0, 1.0, 0.0]),
        (4, 1.0, [0.25, 0.25, 0.5]),
        (5, 2.0, [1.0, -1.0]),
    ],
)
@pytest.mark.parametrize("order", [1, 2])
def test_every_decision_is_that_of_the_linear_programs(
    seed: int, bound: float, weights: list[float], order: int
) -> None:
    effect = effect_of(seed, 2 + order, len(weights), np.array(weights))
    tests = problem(effect, bound, LEVEL, order)
    signs = [(order, period, 1.0) for period in range(3)] + [(order, period, -1.0) for period in range(3)]
    low, high = relative_set(effect, bound, LEVEL, order)
    values = (low + high) / 2 + 0.7 * (high - low) * np.linspace(-1, 1, 31)
    decided = accepted(tests, np.tile(values, (6, 1)))
    assert decided.any() and not decided.all()
    for row, which in enumerate(signs):
        plain = [plain_test(effect, bound, which, value, float(tests.limit[row])) for value in values]
        assert decided[row].tolist() == plain


@pytest.mark.parametrize("bound", [0.5, 2.0])
def test_the_least_favourable_critical_value_by_draws(bound: float) -> None:
    effect = effect_of(7, 2, 3, np.array([0.5, 0.5, 0.0]))
    tests = problem(effect, bound, LEVEL)
    for row, which in enumerate([(1, 0, 1.0), (1, 1, 1.0), (1, 0, -1.0), (1, 1, -1.0)]):
        _, sigma, after = moments(effect, bound, which)
        vertices = dual_vertices(np.sqrt(np.diag(sigma)), after @ nuisance(effect))
        draws = np.random.default_rng(row).multivariate_normal(np.zeros(len(sigma)), sigma, 200_000)
        share = np.mean((draws @ vertices.T).max(axis=1) > tests.limit[row])
        # Four standard errors of a share of 0.005.
        assert share == pytest.approx(0.005, abs=4 * np.sqrt(0.005 / 200_000))


def test_the_ends_are_ends() -> None:
    effect = effect_of(4, 3, 2, np.array([0.5, 0.5]))
    tests = problem(effect, 1.0, LEVEL)
    low, high = relative_set(effect, 1.0, LEVEL)
    step = 1e-7 * (high - low)
    inside = accepted(tests, np.tile([low + step, high - step], (6, 1)))
    outside = accepted(tests, np.tile([low - step, high + step], (6, 1)))
    assert inside.any(axis=0).all() and not outside.any()
    far = np.concatenate([low - np.geomspace(1e-6, 1e3, 200), high + np.geomspace(1e-6, 1e3, 200)])
    assert not accepted(tests, np.tile(far, (6, 1))).any()


def test_without_a_bound_the_set_is_the_plain_interval() -> None:
    for weights in ([1.0, 0.0], [0.5, 0.5]):
        effect = effect_of(2, 3, 2, np.array(weights))
        # Of the truncated normal on (0, c) with the size that is left, the quantile is the two-sided one.
        assert relative_set(effect, 0.0, LEVEL) == pytest.approx(plain_interval(effect, LEVEL), rel=1e-9)


def test_without_a_bound_on_the_slope_the_effect_is_measured_from_a_line() -> None:
    effect = effect_of(2, 3, 2, np.array([0.5, 0.5]))
    # Slope from -2 to -1, one and two periods ahead.
    row = np.array([0.0, 0.0, 1.5, 0.5, 0.5])
    half = float(stats.norm.isf(0.025) * np.sqrt(row @ effect.vcov @ row))
    centre = float(row @ effect.coef)
    assert relative_set(effect, 0.0, LEVEL, 2) == pytest.approx((centre - half, centre + half), rel=1e-9)


def identified(effect: Effect, bound: float, order: int) -> tuple[float, float]:
    """Set that the coefficients allow were they known: the ends of all linear programs of the definition."""
    before, k = effect.before, len(effect.coef)
    changes = np.diff(np.insert(np.eye(k), before, 0.0, axis=0), n=order, axis=0)
    most = np.abs(changes[: before + 1 - order] @ effect.coef).max()
    later = changes[before + 1 - order :]
    limits = np.full(2 * len(later), bound * most)
    fixed = [(value, value) for value in effect.coef[:before]] + [(None, None)] * (k - before)
    ends = []
    for sign in (1.0, -1.0):
        answer = optimize.linprog(
            sign * effect.row, A_ub=np.concatenate([later, -later]), b_ub=limits, bounds=fixed, method="highs"
        )
        ends.append(effect.estimate - sign * least(answer))
    return min(ends), max(ends)


@pytest.mark.parametrize(("bound", "weights"), [(0.5, [1.0, 0.0]), (1.0, [0.5, 0.5]), (2.0, [-1.0, 2.0])])
@pytest.mark.parametrize("order", [1, 2])
def test_coefficients_without_noise_give_the_identified_set(bound: float, weights: list[float], order: int) -> None:
    effect = effect_of(11, 3, 2, np.array(weights))
    sure = Effect(effect.coef, 1e-16 * effect.vcov, effect.weights)
    assert relative_set(sure, bound, LEVEL, order) == pytest.approx(identified(effect, bound, order), abs=1e-6)


@pytest.mark.parametrize("order", [1, 2])
def test_invariances_of_relative_magnitudes(order: int) -> None:
    effect = effect_of(12, 3, 2, np.array([0.3, 0.7]))
    low, high = relative_set(effect, 1.0, LEVEL, order)
    scaled = relative_set(Effect(20 * effect.coef, 400 * effect.vcov, effect.weights), 1.0, LEVEL, order)
    assert scaled == pytest.approx((20 * low, 20 * high), rel=1e-8)
    flipped = relative_set(Effect(-effect.coef, effect.vcov, effect.weights), 1.0, LEVEL, order)
    assert flipped == pytest.approx((-high, -low), rel=1e-8)
    moved = Effect(effect.coef + np.array([0, 0, 0, 5, 5]), effect.vcov, effect.weights)
    assert relative_set(moved, 1.0, LEVEL, order) == pytest.approx((low + 5, high + 5), rel=1e-8)


def test_a_line_moves_no_set_of_slopes() -> None:
    effect = effect_of(12, 3, 2, np.array([0.3, 0.7]))
    moved = Effect(effect.coef + 7 * np.array([-3, -2, -1, 1, 2]), effect.vcov, effect.weights)
    assert relative_set(moved, 1.0, LEVEL, 2) == pytest.approx(relative_set(effect, 1.0, LEVEL, 2), rel=1e-8)


def test_a_moment_without_variance_is_an_error() -> None:
    effect = effect_of(1, 2, 1)
    vcov = effect.vcov.copy()
    # The coefficient after is that before less another: with M = 1 a moment does not vary.
    vcov[2], vcov[:, 2] = vcov[1], vcov[:, 1]
    vcov[2, 2] = vcov[1, 1]
    with pytest.raises(np.linalg.LinAlgError):
        relative_set(Effect(effect.coef, vcov, effect.weights), 1.0, LEVEL)


def test_the_truth_is_covered_at_the_edge_of_what_is_allowed() -> None:
    rng = np.random.default_rng(3)
    vcov = 0.01 * (0.5 + 0.5 * np.eye(5))
    trend = np.array([0.3, 0.0, 0.0, 0.3, 0.6])
    weights = np.array([0.5, 0.5])
    held, wrong, draws = 0, 0, 600
    for noise in rng.multivariate_normal(np.zeros(5), vcov, draws):
        # After the event the trend moves by just as much as it ever did before; the true effect is zero.
        tests = problem(Effect(trend + noise, vcov, weights), 1.0, LEVEL)
        decided = np.asarray(accepted(tests, np.tile([0.0, -0.6], (6, 1))).any(axis=0))
        held, wrong = held + int(decided[0]), wrong + int(decided[1])
    assert held / draws > 0.95 - 3 * np.sqrt(0.95 * 0.05 / draws)
    assert wrong / draws < 0.5


# The breakdown.


def test_the_last_crossing_counts() -> None:
    # Zero is outside between one and two only.
    assert largest_bound(lambda bound: (bound - 1) * (2 - bound), 4.0) == pytest.approx(2.0, rel=1e-7)
    assert np.isnan(largest_bound(lambda bound: -1 - bound, 1.0))
    assert largest_bound(lambda bound: 100 - bound, 1.0) == pytest.approx(100, rel=1e-7)


def test_beyond_the_covering_bound_zero_is_inside() -> None:
    for seed in range(4):
        effect = effect_of(seed, 3, 2, np.array([0.5, 0.5]))
        line = frontier(effect)
        for share in (1.0, 1.5, 10.0):
            found = shortest(line, share * line.covering, LEVEL)
            assert abs(found.centre) <= found.half
            for order in (1, 2):
                low, high = relative_set(effect, share * covering_bound(effect, order), LEVEL, order)
                assert low <= 0 <= high
