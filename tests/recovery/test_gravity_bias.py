"""Three-way gravity with few countries is biased, as planted truth shows, and the correction takes much of it out.

After the second data-generating process of Weidner and Zylkin (2021): the variance is proportional to the mean.
"""

from __future__ import annotations

import numpy as np
import pytest

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.gravity_bias import Cells, gravity_bias
from eventpanel.estimators.core.groups import cross
from eventpanel.estimators.core.poisson import poisson
from eventpanel.estimators.core.sandwich import clustered


def estimate(rng: np.random.Generator, N: int, T: int) -> Floats:
    """Error of the coefficient before and after, and both standard errors."""
    i, j, t = (axis.ravel() for axis in np.meshgrid(np.arange(N), np.arange(N), np.arange(T), indexing="ij"))
    i, j, t = (codes[i != j] for codes in (i, j, t))
    exporter, importer, pair = (rng.normal(size=size) / 4 for size in ((N, T), (N, T), (N, N)))
    x = np.zeros((N, N, T))
    x[:, :, 0] = pair + rng.normal(size=(N, N))
    for s in range(1, T):
        x[:, :, s] = x[:, :, s - 1] / 2 + exporter[:, None, s] + importer[None, :, s] + rng.normal(size=(N, N)) / 4
    mean = np.exp(x[i, j, t] + exporter[i, t] + importer[j, t] + pair[i, j])
    u = rng.normal(size=(N, N, T))
    for s in range(1, T):
        u[:, :, s] = 0.3 * u[:, :, s - 1] + np.sqrt(1 - 0.09) * u[:, :, s]
    spread = np.log1p(1 / mean)
    y = mean * np.exp(np.sqrt(spread) * u[i, j, t] - spread / 2)
    X, pairs = x[i, j, t][:, None], cross(i, j)
    fitted = poisson(y, X, [cross(i, t), cross(j, t), pairs])
    found = gravity_bias(X, fitted.mu, y - fitted.mu, Cells(i, j, t), pair_effects=True)
    error, factor = fitted.fit.coef[0] - 1, N * (N - 1) / (N * (N - 1) - 1)
    variances = factor * np.array([clustered(fitted.fit, pairs)[0, 0], found.vcov[0, 0]])
    return np.array([error, error - found.bias[0], *np.sqrt(variances)])


def test_bias_and_standard_error_are_corrected_in_the_right_direction() -> None:
    rng = np.random.default_rng(1)
    runs = np.array([estimate(rng, 10, 5) for _ in range(60)])
    before, after = runs[:, 0].mean(), runs[:, 1].mean()
    moved = runs[:, 0] - runs[:, 1]
    assert moved.mean() > 5 * moved.std() / np.sqrt(len(runs))
    assert abs(after) < abs(before)
    assert runs[:, 2].mean() < runs[:, 3].mean() < 1.2 * runs[:, 1].std()


@pytest.mark.slow
def test_bias_falls_and_intervals_cover_more() -> None:
    rng = np.random.default_rng(5)
    runs = np.array([estimate(rng, 10, 5) for _ in range(300)])
    before, after = np.abs(runs[:, :2].mean(axis=0))
    noise = runs[:, 0].std() / np.sqrt(len(runs))
    assert before > 4 * noise
    assert after < 0.7 * before
    plain, corrected = ((np.abs(runs[:, k] / runs[:, k + 2]) < 1.96).mean() for k in (0, 1))
    assert plain < 0.95 - 3 * np.sqrt(0.95 * 0.05 / 300)
    assert abs(corrected - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 300)
