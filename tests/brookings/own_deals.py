"""Materials small enough to count by hand, and larger ones with random deals of real countries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from eventpanel.datasets.countries import country_years
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.records import Records

LABEL = "INVENTED DEALS for tests: no statement about any country"
SOURCE = Source("invented", LABEL)
FIRST, LAST = 2008, 2021


def records(rows: pd.DataFrame, importers: Sequence[str], first: int = FIRST, last: int = LAST) -> Records:
    """Deals, with every importer watched in every year."""
    covered = pd.MultiIndex.from_product([importers, range(first, last + 1)], names=["importer", "year"])
    return Records(rows, covered.to_frame(index=False), SOURCE)


def random_materials(seed: int = 0, size: int = 130) -> Materials:
    """Deals of real countries that look a little like the paper's: few sellers, growth until 2019, two regimes."""
    rng = np.random.default_rng(seed)
    codes = np.array(sorted(set(country_years(2007, 2021)["importer"])))
    codes = np.array(["CHN", "USA", *rng.choice(codes[~np.isin(codes, ["CHN", "USA"])], size - 2, replace=False)])
    grid = pd.MultiIndex.from_product([codes, range(2000, 2022)], names=["importer", "year"]).to_frame(index=False)
    score = dict(zip(codes, rng.integers(-9, 11, size), strict=True))
    wealth = dict(zip(codes, rng.normal(25, 1.8, size), strict=True))
    polity = grid["importer"].map({**score, "CHN": -7, "USA": 10}).astype(float)
    # Some change regime after the usual base year.
    polity = polity.where((grid["year"] < 2010) | (grid["importer"] > "M"), -polity)
    countries = grid.assign(
        polity2=polity,
        regimes_of_the_world=np.clip((polity + 10) // 5 + rng.integers(-1, 2, len(grid)), 0, 3),
        unrest=rng.negative_binomial(1, 0.001, len(grid)).astype(float),
        gdp=np.exp(grid["importer"].map(wealth) + rng.normal(0, 0.5, len(grid))),
        total_trade=np.exp(grid["importer"].map(wealth) - 2 + rng.normal(0, 0.2, len(grid))),
        institutions=rng.normal(size=len(grid)),
    )
    return Materials(
        kind="own",
        label=LABEL,
        deals=records(_deals(rng, codes), list(codes)),
        countries=Panel(countries, ("importer",), "year", (SOURCE,)),
    )


def _deals(rng: np.random.Generator, codes: np.ndarray) -> pd.DataFrame:
    number = 1600
    sellers = np.concatenate([["CHN", "USA"], codes[2:36]])
    chance = np.concatenate([[0.17, 0.14], np.full(34, 0.69 / 34)])
    taste = rng.gamma(0.7, 1.0, len(codes))
    growth = np.array([0.2, 0.6, 1, 1.1, 1, 1.2, 1.5, 2, 4, 7, 9.5, 10, 8.5, 6])
    rows = pd.DataFrame(
        {
            "exporter": rng.choice(sellers, number, p=chance),
            "importer": rng.choice(codes, number, p=taste / taste.sum()),
            "year": rng.choice(np.arange(FIRST, LAST + 1), number, p=growth / growth.sum()),
            "smart_city": rng.random(number) < 0.79,
        }
    )
    return rows
