"""Small invented materials for the exhibits of equation (4): random numbers, nothing planted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.records import Records

SOURCE = Source("invented", "Invented numbers for tests")
YEARS = range(2000, 2022)
INDICES = ("institutions", "fair_elections", "free_media", "peaceful", "monitors")


def codes(countries: int) -> list[str]:
    invented = [f"X{first}{second}" for first in "ABCDEFG" for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    return ["CHN", "USA", *invented[: countries - 2]]


def random_materials(seed: int, countries: int = 60) -> Materials:
    """Two thirds of the countries below Polity 7, half of these around 6; unrest skewed; every index noise."""
    rng = np.random.default_rng(seed)
    names = codes(countries)
    frame = pd.DataFrame([(name, year) for name in names for year in YEARS], columns=["importer", "year"])
    n, years = len(frame), len(YEARS)
    level = np.array([-3, 5, 9])[np.arange(countries) % 3]
    frame["polity2"] = (np.repeat(level, years) + rng.integers(-1, 2, n)).astype(float)
    frame.loc[rng.random(n) < 0.02, "polity2"] = 4.0
    frame["unrest"] = np.round(rng.gamma(0.8, 3000.0, n) * np.repeat(rng.gamma(4.0, 0.25, countries), years))
    frame["gdp"] = np.exp(
        np.repeat(rng.normal(24.0, 1.5, countries), years) + 0.03 * (frame["year"] - 2000) + rng.normal(0, 0.2, n)
    )
    frame["total_trade"] = frame["gdp"] * rng.uniform(0.1, 0.4, n)
    frame["government_revenue"] = rng.uniform(10.0, 40.0, n)
    frame[list(INDICES)] = rng.normal(size=(n, len(INDICES)))
    frame["autocratization"] = (rng.random(n) < 0.02).astype(float)
    watched = frame.loc[frame["year"].between(2008, 2021), ["importer", "year"]]
    return Materials(
        kind="simulated",
        label="Invented numbers",
        deals=Records(_deals(rng, watched), watched, SOURCE),
        countries=Panel(frame, ("importer",), "year", (SOURCE,)),
        sources=(SOURCE,),
    )


def _deals(rng: np.random.Generator, watched: pd.DataFrame) -> pd.DataFrame:
    """Zero to two deals a year from each exporter; none with oneself."""
    both = []
    for exporter, often in (("CHN", 0.35), ("USA", 0.25)):
        times = rng.binomial(2, often, len(watched))
        both.append(watched.loc[watched.index.repeat(times)].assign(exporter=exporter))
    deals = pd.concat(both, ignore_index=True)
    deals["smart_city"] = rng.random(len(deals)) < 0.7
    return deals[deals["exporter"] != deals["importer"]].reset_index(drop=True)


def without(materials: Materials, column: str) -> Materials:
    """The same without one column of the countries, and why."""
    panel = materials.countries
    return replace(
        materials,
        countries=panel.with_frame(panel.frame.drop(columns=column)),
        absent={column: f"no {column} here"},
    )


def with_columns(materials: Materials, **columns: Any) -> Materials:
    """The same with other columns of the countries."""
    panel = materials.countries
    return replace(materials, countries=panel.with_frame(panel.frame.assign(**columns)))
