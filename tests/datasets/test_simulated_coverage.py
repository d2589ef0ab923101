"""Intervals of 95 % hold the planted coefficients in the share of simulated studies that they should."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventpanel.datasets.materials import Materials
from eventpanel.datasets.simulated import PLANTED, simulate_materials
from tests.datasets.plain_regressions import (
    Floats,
    Regression,
    any_deal,
    change,
    clustered,
    hc3,
    institutions_years,
    lead_mean,
    long_difference,
    look_up,
    pairs_of,
    regime_bias,
    unrest_years,
    wide,
)

SEEDS = 200
# Standard error of a share of 200 at 95 %: 1.5 %. Bounds are two of them away; the seeds are fixed.
LOW, HIGH = 0.92, 0.98


def trade_of_pairs(materials: Materials) -> Floats:
    """Mean of AI and smart-city AI less mean of the goods, exporter by importer."""
    codes = sorted(materials.countries.frame["importer"].unique())
    deals = materials.deals.frame
    ai, smart = (
        frame.groupby(["exporter", "importer"]).size().unstack().reindex(index=codes, columns=codes).notna().to_numpy()
        for frame in (deals, deals[deals["smart_city"]])
    )
    frame = materials.panel("goods").frame
    # Sorted by exporter, importer and product, without pairs of a country with itself.
    goods = np.zeros((150, 150))
    goods[~np.eye(150, dtype=bool)] = (frame["trade"].to_numpy() > 0).reshape(-1, 16).mean(axis=1)
    return np.asarray((ai.astype(float) + smart) / 2 - goods)


def gaps(regression: Regression, outcome: Floats) -> pd.Series:
    """Coefficient of every exporter in the place of China, the controls the same."""
    x = regression.columns[:, 1:]
    code, names = pd.factorize(regression.rows["exporter"])
    inverse = np.linalg.inv(x.T @ x)
    sums = np.zeros((len(names), x.shape[1]))
    np.add.at(sums, code, x)
    left = np.bincount(code, outcome - x @ (inverse @ x.T @ outcome))
    return pd.Series(left / (np.bincount(code) - np.einsum("ij,jk,ik->i", sums, inverse, sums)), index=names)


def covered(estimate: float, error: float, freedom: float, planted: float) -> bool:
    return bool(abs(estimate - planted) <= stats.t.ppf(0.975, freedom) * error)


def verdicts(materials: Materials) -> dict[str, tuple[bool, float]]:
    """By equation: whether the interval holds the truth, and the estimate."""
    found: dict[str, tuple[bool, float]] = {}

    def note(name: str, estimate: float, error: float, freedom: float) -> None:
        found[name] = covered(estimate, error, freedom, PLANTED[name]), estimate

    regression = pairs_of(materials)
    codes = pd.Index(sorted(materials.countries.frame["importer"].unique()))
    place = [codes.get_indexer(pd.Index(regression.rows[name])) for name in ("exporter", "importer")]
    every = gaps(regression, trade_of_pairs(materials)[place[0], place[1]])
    name = "table_2: China x AI"
    # China and the six placebo gaps beyond this one are 7 of 150, not more than 5 %.
    reach = every.drop("CHN").abs().nlargest(7).iloc[-1]
    found[name] = bool(abs(every["CHN"] - PLANTED[name]) <= reach), float(every["CHN"])
    ahead = pd.DataFrame(trade_of_pairs(materials), codes, codes)
    for exporter, label in (("CHN", "China"), ("USA", "US")):
        regression = regime_bias(materials, exporter)
        estimate, error, clusters = clustered(
            regression, ahead.loc[exporter].loc[list(regression.rows["importer"])].to_numpy()
        )
        note(f"table_3: {label}, Low x AI", estimate, error, clusters - 1)
    regression = unrest_years(materials)
    importers = regression.rows["importer"].nunique()
    estimate, error, clusters = clustered(regression, look_up(any_deal(materials, "CHN"), regression.rows), importers)
    note("table_4: same year", estimate, error, clusters - 1)
    institutions = wide(materials, "institutions")
    for label, exporter, low in (
        ("autocracies", "CHN", True),
        ("mature democracies", "CHN", False),
        ("US exports", "USA", True),
    ):
        regression = long_difference(materials, exporter, low=low)
        note(
            f"table_5: {label}",
            *hc3(regression, change(institutions)[regression.rows["importer"]].to_numpy()),
            len(regression.rows) - 2,
        )
    regression = institutions_years(materials)
    importers = regression.rows["importer"].nunique()
    estimate, error, clusters = clustered(regression, look_up(lead_mean(institutions), regression.rows), importers)
    note("table_a20: AI x unrest", estimate, error, clusters - 1)
    return found


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_intervals_cover_and_estimates_are_unbiased() -> None:
    found = [verdicts(simulate_materials(seed)) for seed in range(1000, 1000 + SEEDS)]
    shares = {name: np.mean([one[name][0] for one in found]) for name in PLANTED}
    estimates = {name: np.array([one[name][1] for one in found]) for name in PLANTED}
    standard_errors = {name: values.std(ddof=1) / np.sqrt(SEEDS) for name, values in estimates.items()}
    for name, planted in PLANTED.items():
        # Four standard errors of the mean of 200 estimates.
        assert abs(estimates[name].mean() - planted) < 4 * standard_errors[name], name
        assert LOW <= shares[name] <= HIGH, (name, shares)
