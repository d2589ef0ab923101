"""A small world for the product tables: few countries, all products, everything known but some regimes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from eventpanel.brookings.product_panel import GOODS
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.records import Records

YEARS = range(2005, 2022)
SOURCE = Source("small_world", "SIMULATED small world")


def product_materials(seed: int, size: int = 24) -> Materials:
    """Materials of China, the United States and invented countries; the last two have no regime."""
    rng = np.random.default_rng(seed)
    codes = ["CHN", "USA", *(f"X{a}{b}" for a in "ABCDEFGH" for b in "ABCDEFGHIJKLMNOPQRST")][:size]
    years = pd.DataFrame({"importer": codes}).merge(pd.DataFrame({"year": YEARS}), how="cross")
    wealth = dict(zip(codes, rng.normal(25, 1.5, size), strict=True))
    polity = dict(zip(codes, rng.integers(-9, 11, size).astype(float), strict=True))
    polity |= {"CHN": -7.0, "USA": 10.0, codes[-1]: np.nan, codes[-2]: np.nan}
    growth = dict(zip(codes, rng.normal(0.03, 0.02, size), strict=True))
    later = (years["year"] > 2007) & (years["importer"].str[-1] == "C")
    countries = years.assign(
        polity2=years["importer"].map(polity).where(~later, 8.0),
        regimes_of_the_world=(years["importer"].map(polity) >= 7) * 2.0,
        gdp=np.exp(years["importer"].map(wealth) + years["importer"].map(growth) * (years["year"] - 2007)),
    )
    return Materials(
        kind="simulated",
        label="SIMULATED small world",
        deals=_deals(rng, codes),
        countries=Panel(countries, ("importer",), "year", (SOURCE,)),
        pairs=Panel(_pairs(rng, codes), ("exporter", "importer"), None, (SOURCE,)),
        goods=Panel(_goods(rng, codes), ("exporter", "importer", "product"), None, (SOURCE,)),
        importers=Panel(_importers(rng, codes), ("importer",), None, (SOURCE,)),
    )


def without(materials: Materials, part: str) -> Materials:
    """Take a part away."""
    left = {
        "goods": replace(materials, goods=None),
        "pairs": replace(materials, pairs=None),
        "importers": replace(materials, importers=None),
    }
    return left[part]


def _grid(codes: list[str]) -> pd.DataFrame:
    grid = pd.DataFrame({"exporter": codes}).merge(pd.DataFrame({"importer": codes}), how="cross")
    return grid[grid["exporter"] != grid["importer"]].reset_index(drop=True)


def _deals(rng: np.random.Generator, codes: list[str]) -> Records:
    grid = _grid(codes)
    chance = np.where(grid["exporter"] == "CHN", 0.6, np.where(grid["exporter"] == "USA", 0.4, 0.05))
    linked = grid[rng.random(len(grid)) < chance]
    deals = linked.loc[linked.index.repeat(1 + rng.poisson(1.0, len(linked)))].reset_index(drop=True)
    deals = deals.assign(
        year=rng.choice(list(YEARS), len(deals)),
        smart_city=rng.random(len(deals)) < 0.7,
        carnegie=rng.random(len(deals)) < 0.4,
    )
    covered = pd.DataFrame({"importer": codes}).merge(pd.DataFrame({"year": YEARS}), how="cross")
    return Records(deals, covered, SOURCE)


def _pairs(rng: np.random.Generator, codes: list[str]) -> pd.DataFrame:
    grid = _grid(codes)
    dummies = {
        name: (rng.random(len(grid)) < share).astype(float)
        for name, share in {"border": 0.2, "fta": 0.3, "colonial": 0.2, "language": 0.3, "legal": 0.4}.items()
    }
    inland, island = (dict(zip(codes, rng.random(len(codes)) < 0.3, strict=True)) for _ in range(2))
    return grid.assign(
        log_distance=rng.normal(8.5, 0.7, len(grid)),
        **dummies,
        religion=rng.random(len(grid)),
        landlocked=grid["exporter"].map(inland).astype(float) + grid["importer"].map(inland),
        island=grid["exporter"].map(island).astype(float) + grid["importer"].map(island),
    )


def _goods(rng: np.random.Generator, codes: list[str]) -> pd.DataFrame:
    grid = _grid(codes).merge(pd.DataFrame({"product": sorted(GOODS)}), how="cross")
    chance = np.where(grid["exporter"] == "CHN", 0.8, 0.5)
    chance = np.where((grid["exporter"] == "CHN") & grid["product"].isin(["541", "781"]), 1.0, chance)
    return grid.assign(trade=(rng.random(len(grid)) < chance) * np.exp(rng.normal(12, 2, len(grid))))


def _importers(rng: np.random.Generator, codes: list[str]) -> pd.DataFrame:
    names = ("ai_investment", "aid_china", "aid_usa", "aid_china_health", "aid_china_energy")
    return pd.DataFrame({"importer": codes}).assign(**{name: rng.gamma(0.5, 1e8, len(codes)) for name in names})
