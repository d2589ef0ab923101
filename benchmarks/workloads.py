"""Simulated data: trade between countries in years of unrest, mostly zeros, the same for every contender.

Ours starts from the raw column of unrest counts and the Polity score. Peers start from event columns that are ready
made, and from sample and effects as integer codes: their advantage.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FIRST, LAST = 2008, 2021
AROUND = 2
EVENT_TIMES = (-2, -1, 0, 1, 2)
GROUPS = ("autocracy", "democracy")
CUTOFF = 7
THRESHOLDS = (3.0, 5.0, 8.0, 12.0)
OUTCOMES = ("deals", "any_deal", "log_deals", "value", "log_value")
CONTROLS: tuple[tuple[str, ...], ...] = (
    (),
    ("gdp",),
    ("gdp", "population"),
    ("gdp", "population", "tariff"),
    ("tariff",),
)
EFFECTS: tuple[tuple[str, ...], ...] = (
    ("exporter^importer", "exporter^year"),
    ("exporter^importer", "year"),
    ("importer", "exporter^year"),
    ("importer", "exporter", "year"),
    ("exporter^importer", "exporter^year", "region^year"),
)
SAMPLES = ((FIRST, LAST), (FIRST, LAST - 4))
WINDOWS = (AROUND, AROUND - 1)
REGRESSORS = 10


@dataclass(frozen=True)
class Shape:
    """How many importers, exporters, and rows of the large panel."""

    importers: int = 136
    exporters: int = 36
    large_rows: int = 10_000_000


@dataclass(frozen=True)
class Specification:
    """One regression: outcome, threshold of the event, effects, sample, controls, years on each side of the event."""

    outcome: str = OUTCOMES[0]
    threshold: float = THRESHOLDS[1]
    effects: tuple[str, ...] = EFFECTS[0]
    sample: tuple[int, int] = SAMPLES[0]
    controls: tuple[str, ...] = ()
    around: int = AROUND

    @property
    def regressors(self) -> list[str]:
        """Event columns and controls of the peers, in the order of our terms."""
        return [*event_columns(self.threshold, self.around), *self.controls]


@dataclass(frozen=True)
class Trade:
    """One panel, twice.

    Attributes
    ----------
    record : DataFrame
        Raw columns, two years more on each side: the whole event record. What ours starts from.
    ready : DataFrame
        Rows of the sample with event columns and codes of the effects. What peers start from.
    """

    record: pd.DataFrame
    ready: pd.DataFrame


def specifications() -> list[Specification]:
    """Return all specifications of the suite: 5 x 4 x 5 x 2 x 5 = 1,000."""
    every = itertools.product(OUTCOMES, THRESHOLDS, EFFECTS, SAMPLES, CONTROLS)
    return [Specification(*one) for one in every]


def curve() -> list[Specification]:
    """Return all specifications of the curve: those of the suite with two windows, 2,000."""
    every = itertools.product(OUTCOMES, THRESHOLDS, EFFECTS, SAMPLES, CONTROLS, WINDOWS)
    return [Specification(*one) for one in every]


def event_columns(threshold: float, around: int = AROUND) -> list[str]:
    """Names of the ready-made event columns of one threshold: first all of one group, then of the other."""
    times = [k for k in EVENT_TIMES if abs(k) <= around]
    return [f"x{threshold:.0f}_{group}_{k + AROUND}" for group in GROUPS for k in times]


def code_column(effect: str) -> str:
    """Name of the column of codes of an effect: ``exporter^year`` becomes ``exporter_year``."""
    return effect.replace("^", "_")


def dyads(shape: Shape, seed: int = 1) -> Trade:
    """Importer-exporter-years with deals in about 3 per cent of them."""
    rng = np.random.default_rng(seed)
    countries = _countries(shape, rng)
    years = countries["year"].nunique()
    exporters = np.array([f"E{j:02d}" for j in range(shape.exporters)])
    record = countries.loc[countries.index.repeat(shape.exporters)].reset_index(drop=True)
    record.insert(0, "exporter", np.tile(exporters, shape.importers * years))
    n, pairs = len(record), shape.importers * shape.exporters
    pair = np.repeat(np.arange(pairs).reshape(shape.importers, 1, shape.exporters), years, axis=1).reshape(-1)
    taste = rng.gamma(0.08, 1.0, pairs)[pair]
    record["tariff"] = rng.normal(size=n) + 0.2 * (record["year"] - FIRST)
    effect = 0.4 * (record["unrest"] > THRESHOLDS[1]) * (record["polity2"] < CUTOFF)
    growth = 0.08 * (record["year"] - LAST)
    record["deals"] = rng.poisson(taste * np.exp(effect + growth - 0.05 * record["tariff"])).astype(float)
    record["value"] = record["deals"] * rng.lognormal(1.0, 0.5, n)
    record["any_deal"] = (record["deals"] > 0).astype(float)
    record["log_deals"], record["log_value"] = np.log1p(record["deals"]), np.log1p(record["value"])
    return Trade(record, _ready(record))


def importer_years(trade: Trade) -> Trade:
    """Deals of each importer and year, from all exporters."""
    kept = ["unrest", "polity2"]
    held = trade.record.groupby(["importer", "year"], as_index=False).agg(
        {**dict.fromkeys(kept, "first"), "deals": "sum"}
    )
    return Trade(held, _ready(held))


def _countries(shape: Shape, rng: np.random.Generator) -> pd.DataFrame:
    """Importer-years: unrest that comes back, a Polity score, GDP and population, a region."""
    years = np.arange(FIRST - AROUND, LAST + AROUND + 1)
    latent = np.empty((shape.importers, len(years)))
    latent[:, 0] = rng.normal(size=shape.importers)
    for t in range(1, len(years)):
        latent[:, t] = 0.6 * latent[:, t - 1] + rng.normal(0, 0.8, shape.importers)
    names = np.array([f"I{i:03d}" for i in range(shape.importers)])
    polity = rng.permutation(np.linspace(-9, 10, shape.importers).round())
    grown = rng.normal(0.03, 0.02, latent.shape).cumsum(axis=1) + rng.normal(10, 1, (shape.importers, 1))
    people = rng.normal(0.01, 0.01, latent.shape).cumsum(axis=1) + rng.normal(3, 1, (shape.importers, 1))
    return pd.DataFrame(
        {
            "importer": np.repeat(names, len(years)),
            "year": np.tile(years, shape.importers),
            "unrest": np.floor(np.exp(1.2 + 0.9 * latent)).reshape(-1),
            "polity2": np.repeat(polity, len(years)),
            "region": np.repeat([f"R{i % 6}" for i in range(shape.importers)], len(years)),
            "gdp": grown.reshape(-1),
            "population": people.reshape(-1),
        }
    )


def _ready(record: pd.DataFrame) -> pd.DataFrame:
    """Rows of the sample with event columns and integer codes."""
    unrest = record.drop_duplicates(["importer", "year"]).set_index(["importer", "year"])["unrest"].unstack()
    inside = record["year"].between(FIRST, LAST)
    ready = record[inside].reset_index(drop=True)
    row, year = unrest.index.get_indexer(pd.Index(ready["importer"])), ready["year"].to_numpy() - (FIRST - AROUND)
    member = [ready["polity2"].to_numpy() < CUTOFF, ready["polity2"].to_numpy() >= CUTOFF]
    columns: dict[str, Floats] = {}
    for threshold in THRESHOLDS:
        event = (unrest.to_numpy() > threshold).astype(float)
        shifted = [member[g] * event[row, year - k] for g in range(len(GROUPS)) for k in EVENT_TIMES]
        columns |= dict(zip(event_columns(threshold), shifted, strict=True))
    codes = {
        name: pd.factorize(ready[name], sort=True)[0] for name in ("exporter", "importer", "region") if name in ready
    }
    codes["year"] = year - AROUND
    for first, second in (("exporter", "importer"), ("exporter", "year"), ("region", "year")):
        if first in codes:
            codes[f"{first}_{second}"] = codes[first] * (codes[second].max() + 1) + codes[second]
    numbers = ready.select_dtypes("number").drop(columns="year")
    return numbers.assign(**columns, **codes)


@dataclass(frozen=True)
class Large:
    """A large panel as arrays: outcome (n,), regressors (n, 10), codes of pair, year and cluster, each (n,)."""

    y: Floats
    X: Floats
    pair: NDArray[np.int64]
    year: NDArray[np.int64]
    cluster: NDArray[np.int64]

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in (self.y, self.X, self.pair, self.year, self.cluster))


PRODUCTS = 160


def large(shape: Shape, seed: int = 2) -> Large:
    """Product pairs and years, sorted by pair, about 9 per cent of the rows missing at random."""
    rng = np.random.default_rng(seed)
    years, n = LAST - FIRST + 1, shape.large_rows
    # 136 x 36 x 160 pairs in 10 million rows; fewer rows have fewer products.
    pairs = round(shape.importers * shape.exporters * PRODUCTS * n / 10_000_000)
    kept = np.sort(rng.choice(pairs * years, n, replace=False, shuffle=False))
    pair, year = np.divmod(kept, years)
    cluster = pair * shape.importers // pairs
    X = rng.standard_normal((REGRESSORS, n)).T
    X[:, 0] += 0.1 * year
    X[:, 1] += 0.5 * (pair % 7)
    y = X @ np.linspace(-1.0, 1.0, REGRESSORS)
    y += rng.standard_normal(n)
    y += 0.3 * (pair % 11)
    y += 0.05 * year
    return Large(y, X, pair, year, cluster)
