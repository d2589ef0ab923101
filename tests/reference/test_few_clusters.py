"""Published values for few and unequal clusters.

CRV2: MortalityRates of Angrist and Pischke's example in clubSandwich (Pustejovsky), motor vehicles to 1983; values
from clubSandwich's vcovCR(type = "CR2") and coef_test(test = "Satterthwaite"), CR0 beside them.
Wild bootstrap: boottest's own test data (Roodman), 16 rows in 8 clusters, all 256 sign changes; its printed t and p.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.estimators.core.cluster_robust import crv2
from eventpanel.estimators.core.draws import critical, draws, edge, p_value
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.moments import Moments, moments
from eventpanel.estimators.core.wild import Residuals, data_statistic, statistics
from eventpanel.estimators.core.wild_curves import curves


def test_clubsandwich(data_dir: Path) -> None:
    rows = pd.read_csv(data_dir / "validation" / "clubSandwich" / "MortalityRates.csv")
    rows = rows[(rows["cause"] == "Motor Vehicle") & (rows["year"] <= 1983) & rows["beertaxa"].notna()]
    assert len(rows) == 700
    state, year = recode(pd.factorize(rows["state"])[0]), recode(rows["year"].to_numpy())
    X = rows[["legal", "beertaxa"]].to_numpy(dtype=float)
    m = moments(rows["mrate"].to_numpy(dtype=float), X, [state, year], state)
    vcov, dof = crv2(m)
    plain = m.scores @ m.bread[:, :2]
    # Printed with seven decimals, the degrees of freedom with six.
    np.testing.assert_allclose(m.coef[:2], [7.5877076, 3.8186707], atol=6e-8)
    np.testing.assert_allclose(np.sqrt(np.diag(plain.T @ plain)), [2.4167399, 5.0907303], atol=6e-8)
    np.testing.assert_allclose(np.sqrt(np.diag(vcov)), [2.5130822, 5.2650161], atol=6e-8)
    np.testing.assert_allclose(dof, [24.578519, 5.7684146], atol=6e-7)


@pytest.fixture(scope="module")
def collapsed(data_dir: Path) -> Moments:
    rows = pd.read_stata(data_dir / "validation" / "boottest" / "collapsed.dta").dropna()
    year = recode(pd.factorize(rows["year"])[0])
    X = rows[["selfemployed", "post", "post_self"]].to_numpy(dtype=float)
    return moments(rows["hasinsurance"].to_numpy(dtype=float), X, [], year)


def p(m: Moments, null: float) -> float:
    plan, value = draws(8, 999, "rademacher", 1), np.array([null])
    assert plan.enumerated
    data = data_statistic(m, [2], value)
    fast = p_value(data, curves(m, {2: null}, plan, "restricted")[2].tested)
    assert fast == p_value(data, statistics(m, [2], value, plan, "restricted"))
    return fast


def test_boottest(collapsed: Moments) -> None:
    # G/(G-1) (N-1)/(N-K) with 8 clusters, 16 rows and 4 parameters.
    factor = 8 / 7 * 15 / 12
    statistic = np.sqrt(data_statistic(collapsed, [2], np.array([0.04])) / factor)
    assert statistic == pytest.approx(2.0194, abs=5e-5)
    assert p(collapsed, 0.04) == 19 / 256


def test_boottest_s_interval_lies_on_one_step_of_the_exact_p_function(collapsed: Moments) -> None:
    """Printed: [.03874, .07098]. With 256 draws the p-value is a step function; it crosses 5 % from 11/256 to 13/256.

    Both printed bounds lie inside the step of 15/256, where no exact crossing can be, so they are not reproduced as
    such: the exact interval is wider on both sides.
    """
    assert p(collapsed, 0.03874) == p(collapsed, 0.07098) == 15 / 256
    assert p(collapsed, 0.0379) == 11 / 256 < 0.05 <= p(collapsed, 0.0381) == 13 / 256
    assert p(collapsed, 0.0712) == 15 / 256
    assert p(collapsed, 0.0715) == 13 / 256 >= 0.05 > p(collapsed, 0.0717) == 11 / 256
    curve = curves(collapsed, {2: 0.0}, draws(8, 999, "rademacher", 1), "restricted")[2]
    low, high = (
        curve.estimate - sign * curve.error * edge(lambda x: abs(x) - critical(x**2, curve.at(sign * x), 0.05) ** 0.5)  # noqa: B023
        for sign in (1, -1)
    )
    assert 0.0379 < low < 0.0381
    assert 0.0715 < high < 0.0717


@pytest.mark.parametrize(
    ("residuals", "printed", "draws_of_it"), [("restricted", 0.0921, 999), ("restricted_jackknife", 0.0991, 999)]
)
def test_boottest_with_webb_s_weights(
    collapsed: Moments, residuals: Residuals, printed: float, draws_of_it: int
) -> None:
    value = np.array([0.04])
    drawn = statistics(collapsed, [2], value, draws(8, 99_999, "webb", 1), residuals)
    # boottest drew 999 times: three standard errors of its share.
    error = np.sqrt(printed * (1 - printed) / draws_of_it)
    assert p_value(data_statistic(collapsed, [2], value), drawn) == pytest.approx(printed, abs=3 * error)
