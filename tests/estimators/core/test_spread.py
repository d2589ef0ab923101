"""The two smallest spreads of effects, beside a solver that knows no formula."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.spread import spread_to_opposite, spread_to_zero


def cells(seed: int, n: int = 8) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(n, 5.0))
    weights = shares * rng.permutation(np.linspace(-1.5, 3.0, n))
    return weights / weights.sum(), shares


def smallest(total: float, weights: Floats, shares: Floats, *, opposite: bool) -> float:
    """Minimise the variance of effects under the constraints, numerically."""

    def variance(effects: Floats) -> float:
        return float(shares @ (effects - shares @ effects) ** 2)

    constraints = [optimize.LinearConstraint(weights[None], total, total)]
    if not opposite:
        constraints.append(optimize.LinearConstraint(shares[None], 0.0, 0.0))
    bounds = [(None, 0.0)] * len(weights) if opposite else None
    start = np.where(weights < 0, -1.0, 0.0)
    found = optimize.minimize(
        variance,
        start,
        method="SLSQP",
        bounds=bounds,
        constraints=constraints,
        options={"maxiter": 1000, "ftol": 1e-14},
    )
    assert found.success
    return float(np.sqrt(variance(found.x)))


@pytest.mark.parametrize("seed", range(6))
def test_a_solver_finds_the_same(seed: int) -> None:
    weights, shares = cells(seed)
    assert (weights < 0).any()
    # The solver stops where the variance moves by less than 1e-14.
    assert spread_to_zero(0.4, weights, shares) == pytest.approx(
        smallest(0.4, weights, shares, opposite=False), rel=1e-5
    )
    assert spread_to_opposite(0.4, weights, shares) == pytest.approx(
        smallest(0.4, weights, shares, opposite=True), rel=1e-5
    )


def test_a_cell_without_weight_counts_as_a_cell() -> None:
    weights, shares = np.array([0.9, 0.4, 0.0, -0.3]), np.full(4, 0.25)
    assert spread_to_opposite(1.0, weights, shares) == pytest.approx(
        smallest(1.0, weights, shares, opposite=True), rel=1e-5
    )


def test_without_negative_weights_there_is_no_opposite() -> None:
    assert np.isnan(spread_to_opposite(1.0, np.array([0.5, 0.5]), np.array([0.4, 0.6])))


def test_equal_weights_never_mislead() -> None:
    assert spread_to_zero(1.0, np.array([0.4, 0.6]), np.array([0.4, 0.6])) == np.inf
