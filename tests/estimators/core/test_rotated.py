"""Rotated moments keep the digits of the estimate; else they say what moments say."""

from __future__ import annotations

import numpy as np
import pytest

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.cluster_robust import crv2, crv3, leave_one_out
from eventpanel.estimators.core.conditioning import input_digits
from eventpanel.estimators.core.double_double import Pairs
from eventpanel.estimators.core.exact import exact
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.least_squares import least_squares
from eventpanel.estimators.core.moments import moments
from eventpanel.estimators.core.rotated import Rotated, rotated, without_each
from tests.torture import Torture, fewest, near, plain, worst_variance


def truth(case: Torture, clusters: Codes) -> Floats:
    """Coefficients without each cluster, by a regression of its own on the exact path."""
    out = []
    for g in range(int(clusters.max()) + 1):
        keep = clusters != g
        y, X = (Pairs(column.high[keep], column.low[keep]) for column in (case.y, case.X))
        weights = None if case.weights is None else case.weights[keep]
        out.append(exact(y, X, [recode(codes[keep]) for codes in case.effects], weights).fit.coef)
    return np.array(out)


@pytest.mark.parametrize("share", [1e-2, 1e-5, 1e-6, 1e-7, 1e-8])
@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_what_comes_of_leaving_clusters_out_has_the_digits_of_the_data(
    share: float, nested: bool, weighted: bool
) -> None:
    case = near(plain(weighted=weighted), share)
    clusters = case.effects[0] if nested else np.arange(len(case.within)) % 9
    fit = case.settled.fit
    got = rotated(fit, case.within[:, 1:], case.effects, clusters, case.weights)
    want, promised = truth(case, clusters), input_digits(fit, case.data).min()
    assert promised > 7
    assert fewest(without_each(got), want) >= promised
    gaps, count = want - case.truth.coef, len(want)
    # Variances: their square roots have a third of a digit more.
    assert worst_variance(crv3(got.moments, got.turn), (count - 1) / count * gaps.T @ gaps) >= promised - 0.3


def sample(*, alone: bool = False) -> tuple[Floats, Floats, list[Codes], Codes]:
    rng = np.random.default_rng(4)
    unit, period = np.repeat(np.arange(24), 6), np.tile(np.arange(6), 24)
    X = rng.normal(size=(144, 3)) + 0.2 * period[:, None]
    if alone:
        # Only the first cluster tells the second term.
        X[unit >= 2, 1] = 0.0
    return X @ [1.0, -0.5, 0.2] + rng.normal(size=144), X, [unit, period], unit // 2


def both(*, alone: bool = False) -> tuple[Rotated, Floats, tuple[Floats, Floats], Floats]:
    """Rotated moments; paths, CRV2 and CRV3 of the plain ones."""
    y, X, effects, clusters = sample(alone=alone)
    within = absorb(np.column_stack([y, X]), effects).columns
    fit, m = least_squares(within[:, 0], within[:, 1:]), moments(y, X, effects, clusters)
    return rotated(fit, within[:, 1:], effects, clusters), leave_one_out(m), crv2(m), crv3(m)


def test_where_nothing_is_collinear_they_say_what_moments_say() -> None:
    got, paths, (vcov, dof), jackknife = both()
    np.testing.assert_allclose(without_each(got), paths, rtol=1e-10)
    np.testing.assert_allclose(crv3(got.moments, got.turn), jackknife, rtol=1e-9)
    for found, want in zip(crv2(got.moments, got.turn), (vcov, dof), strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-9)


def test_only_what_the_cluster_alone_tells_is_missing_without_it() -> None:
    got, paths, *_ = both(alone=True)
    assert np.isnan(paths).sum() == 1
    assert np.isnan(paths[0, 1])
    np.testing.assert_allclose(without_each(got), paths, rtol=1e-9)
    assert np.isnan(crv3(got.moments, got.turn)[1]).all()
