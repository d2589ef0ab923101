"""Small invented materials for the exhibits of equation (3): the counts of the paper, and a planted effect."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.records import Records

FIRST, LAST = 1998, 2022
EFFECT = 0.08
WEAK, MATURE = 58, 70
# Rows of the sample without a GDP: 1226 - 1200 and 1474 - 1448 of the paper's Table 4 and Table A.17.
WITHOUT_GDP = 26
PRODUCTS = (
    "525",
    "541",
    "712",
    "716",
    "718",
    "728",
    "731",
    "772",
    "774",
    "776",
    "781",
    "792",
    "872",
    "874",
    "884",
    "899",
)
INVENTED = Source("invented", "Invented numbers")


def small_materials(seed: int) -> Materials:
    """58 importers that are always weak, 70 that are always mature, one that is weak for 8 years and mature for 4.

    In 2000 to 2020 these are 58 x 21 + 8 = 1,226 weak and 70 x 21 + 4 = 1,474 mature importer-years.
    """
    rng = np.random.default_rng(seed)
    codes = [f"X{a}{b}" for a in "ABCDE" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"][: WEAK + MATURE + 1]
    years = np.arange(FIRST, LAST + 1)
    shape = (len(codes), len(years))
    polity = np.repeat(np.r_[np.full(WEAK, -3.0), np.full(MATURE, 9.0), np.nan][:, None], shape[1], axis=1)
    polity[-1, 2:10], polity[-1, 10:14] = 2.0, 8.0
    unrest = np.round(rng.gamma(0.7, 2000, shape) + rng.gamma(1.0, 900, (shape[0], 1)))
    inside = (polity < 7) & (years >= 2000) & (years <= 2020)
    dose = (unrest - unrest[inside].mean()) / unrest[inside].std(ddof=1)
    gdp = np.exp(rng.normal(24, 1, (shape[0], 1)) + 0.03 * (years - 2000) + rng.normal(0, 0.1, shape))
    for group in (0, WEAK):
        gdp[group, 2 : 2 + 13], gdp[group + 1, 4 : 4 + 13] = np.nan, np.nan
    grid = pd.DataFrame({"importer": np.repeat(codes, shape[1]), "year": np.tile(years, shape[0])})
    total = np.exp(rng.normal(22, 1, shape)).ravel()
    countries = grid.assign(
        polity2=polity.ravel(),
        unrest=unrest.ravel(),
        gdp=gdp.ravel(),
        total_trade=total,
        regimes_of_the_world=np.where(polity.ravel() < 5, 1.0, 3.0),
    )
    planted = np.where(polity < 7, EFFECT * dose, 0.0)
    return Materials(
        kind="simulated",
        label="SIMULATED",
        deals=_deals(rng, grid, planted),
        countries=Panel(countries, ("importer",), "year", (INVENTED,)),
        goods_years=_goods(rng, grid),
        arms=Records(_drawn(rng, grid, np.full(len(grid), 0.2), "CHN"), grid, INVENTED),
        investment=Panel(
            grid.assign(exporter="CHN", investment=rng.poisson(0.3, len(grid)) * 1e8, construction=0.0),
            ("exporter", "importer"),
            "year",
            (INVENTED,),
        ),
        planted={"table_4: same year": EFFECT},
    )


def _deals(rng: np.random.Generator, grid: pd.DataFrame, planted: np.ndarray) -> Records:
    both = [
        _drawn(rng, grid, np.clip(0.3 + planted.ravel(), 0, 1), "CHN"),
        _drawn(rng, grid, np.full(len(grid), 0.2), "USA"),
    ]
    frame = pd.concat(both, ignore_index=True)
    held = frame.assign(smart_city=rng.random(len(frame)) < 0.7, carnegie=rng.random(len(frame)) < 0.4)
    return Records(held, grid[grid["year"] <= 2021], INVENTED)


def _drawn(rng: np.random.Generator, grid: pd.DataFrame, chance: np.ndarray, exporter: str) -> pd.DataFrame:
    hit = (rng.random(len(grid)) < chance) & (grid["year"] <= 2021).to_numpy()
    twice = hit & (rng.random(len(grid)) < 0.1)
    return pd.concat([grid[hit], grid[twice]], ignore_index=True).assign(exporter=exporter)


def _goods(rng: np.random.Generator, grid: pd.DataFrame) -> Panel:
    wide = grid.merge(pd.DataFrame({"product": PRODUCTS}), how="cross").assign(exporter="CHN")
    trade = np.where(rng.random(len(wide)) < 0.15, np.exp(rng.normal(15, 2, len(wide))), 0.0)
    return Panel(wide.assign(trade=trade), ("exporter", "importer", "product"), "year", (INVENTED,))
