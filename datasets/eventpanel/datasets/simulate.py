"""Simulated deals with a planted same-year effect, calibrated to the published marginals.

Importers are invented and carry codes from the range that ISO 3166 leaves to users (XAA, XAB, ...). Calibration, from
Beraja, Kao, Yang and Yuchtman (2023), NBER working paper 31676: 100 importers, 48 of them strong democracies; deals
from China per importer 1.6 (democracies) and 2.2 (others), from the United States 2.4 and 0.8; 79 % of deals concern
smart cities; deals grow from 2008 to a peak in 2019; the same-year coefficient of the first column of their Table 4.
The growth is flatter than the published one, so that the probability of a deal stays inside (0, 1) for every value of
the planted effect's dose, and the effect is exactly linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from eventpanel.datasets.errors import InputError
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.records import Records

__all__ = ["PUBLISHED_EFFECT", "Simulation", "simulate"]

PUBLISHED_EFFECT = 0.073
IMPORTERS, DEMOCRACIES = 100, 48
FIRST_DEAL, LAST_DEAL = 2008, 2021
FIRST_UNREST, LAST_UNREST = 2004, 2023
# Mean deals per importer over the whole period: (strong democracies, weak democracies and autocracies).
DEALS = {"CHN": (1.6, 2.2), "USA": (2.4, 0.8)}
SMART_CITY = 10.4 / 13.2
EXTRA_DEALS = 0.17
FLOOR = 0.065
# Share of events: a skewed, bounded dose with its standard deviation 1.4 times its mean.
DOSE = (0.25, 1.2)
EVENTS_SCALE = 35_000
PERSISTENCE = 0.6
PROFILE = np.array([0.2, 0.3, 0.45, 0.5, 0.5, 0.55, 0.6, 0.8, 1.1, 1.5, 1.8, 2.0, 1.9, 1.8])


@dataclass(frozen=True, slots=True)
class Simulation:
    """Simulated inputs and the truth behind them.

    Attributes
    ----------
    deals : Records
        exporter, importer, year, company, smart_city; 2008 to 2021.
    unrest : Panel
        importer, year, unrest_events; 2004 to 2023, so that two leads and lags are always known.
    regime : Panel
        importer, year, polity2; six importers cross the line after 2012.
    effect : float
        Change in the probability of any deal from China in a year of unrest one standard deviation higher, for
        importers that were no strong democracy in 2007. Zero for the others, for the United States, and one and
        two years before and after.
    """

    deals: Records
    unrest: Panel
    regime: Panel
    effect: float


def simulate(seed: int, *, effect: float = PUBLISHED_EFFECT) -> Simulation:
    """Simulate deals, unrest and regimes.

    Parameters
    ----------
    seed : int
        Same seed, same data.
    effect : float
        Planted same-year effect, between 0 and 0.09.

    Raises
    ------
    InputError
        An effect so large that probabilities would leave (0, 1).

    Examples
    --------
    >>> simulation = simulate(1)
    >>> simulation.unrest.frame.shape
    (2000, 3)
    """
    if not 0 <= effect <= 0.09:
        raise InputError("The planted effect must lie between 0 and 0.09.", f"effect={effect}", "choose a smaller one")
    rng = np.random.default_rng(seed)
    codes = np.array([f"X{first}{second}" for first in "ABCDEFG" for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"])[
        :IMPORTERS
    ]
    weak = rng.permutation(IMPORTERS) >= DEMOCRACIES
    unrest = _unrest(rng)
    standardised = (unrest - unrest.mean()) / unrest.std(ddof=1)
    years = slice(FIRST_DEAL - FIRST_UNREST, LAST_DEAL - FIRST_UNREST + 1)
    dose = {"CHN": effect * standardised[:, years] * weak[:, None], "USA": np.zeros((IMPORTERS, len(PROFILE)))}
    deals = pd.concat([_deals(rng, codes, exporter, weak, dose[exporter]) for exporter in DEALS], ignore_index=True)
    grid = _grid(codes, FIRST_DEAL, LAST_DEAL)
    return Simulation(
        deals=Records(deals, grid, _source("simulated_deals", "Simulated deals")),
        unrest=_panel(codes, FIRST_UNREST, LAST_UNREST, "unrest_events", unrest, "Simulated unrest"),
        regime=_panel(codes, FIRST_UNREST, LAST_UNREST, "polity2", _polity(rng, weak), "Simulated regimes"),
        effect=effect,
    )


def _unrest(rng: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Event counts, shape (importers, years): a persistent latent state, turned into a skewed, bounded count."""
    years = LAST_UNREST - FIRST_UNREST + 1
    lasting = rng.normal(0, np.sqrt(0.3), (IMPORTERS, 1))
    latent = np.empty((IMPORTERS, years))
    latent[:, 0] = rng.normal(size=IMPORTERS)
    for t in range(1, years):
        latent[:, t] = PERSISTENCE * latent[:, t - 1] + rng.normal(0, np.sqrt(1 - PERSISTENCE**2), IMPORTERS)
    uniform = special.ndtr(lasting + np.sqrt(0.7) * latent)
    return np.asarray(np.round(EVENTS_SCALE * special.betaincinv(*DOSE, uniform)), dtype=np.float64)


def _deals(
    rng: np.random.Generator,
    codes: np.ndarray[tuple[int], np.dtype[np.str_]],
    exporter: str,
    weak: np.ndarray[tuple[int], np.dtype[np.bool_]],
    dose: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> pd.DataFrame:
    """Draw any deal with probability floor + taste x profile + dose, then how many."""
    mean = np.where(weak, DEALS[exporter][1], DEALS[exporter][0]) / (1 + EXTRA_DEALS) / len(PROFILE)
    taste = rng.gamma(4.0, 0.25, IMPORTERS).clip(max=2.5)
    floor = np.minimum(FLOOR, mean * 0.7) if exporter != "CHN" else np.full(IMPORTERS, FLOOR)
    probability = floor[:, None] + (np.maximum(mean - floor, 0) * taste)[:, None] * PROFILE + dose
    if probability.min() <= 0 or probability.max() >= 1:
        raise AssertionError("a probability left (0, 1): the planted effect would not be linear")
    numbers = (rng.random(probability.shape) < probability) * (1 + rng.poisson(EXTRA_DEALS, probability.shape))
    rows, columns = np.nonzero(numbers)
    repeat = numbers[rows, columns]
    rows, columns = np.repeat(rows, repeat), np.repeat(columns, repeat)
    return pd.DataFrame(
        {
            "exporter": exporter,
            "importer": codes[rows],
            "year": FIRST_DEAL + columns,
            "company": [f"{exporter} company {letter}" for letter in rng.choice(list("ABCDEFGH"), len(rows))],
            "smart_city": rng.random(len(rows)) < SMART_CITY,
        }
    )


def _polity(
    rng: np.random.Generator, weak: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    years = LAST_UNREST - FIRST_UNREST + 1
    level = np.where(weak, rng.integers(-9, 7, IMPORTERS), rng.integers(7, 11, IMPORTERS)).astype(float)
    polity = np.repeat(level[:, None], years, axis=1)
    for unit in rng.choice(IMPORTERS, 6, replace=False):
        polity[unit, rng.integers(2013, 2020) - FIRST_UNREST :] = 3.0 if not weak[unit] else 8.0
    return polity


def _grid(codes: np.ndarray[tuple[int], np.dtype[np.str_]], first: int, last: int) -> pd.DataFrame:
    return pd.DataFrame({"importer": codes}).merge(pd.DataFrame({"year": range(first, last + 1)}), how="cross")


def _panel(
    codes: np.ndarray[tuple[int], np.dtype[np.str_]],
    first: int,
    last: int,
    name: str,
    values: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    title: str,
) -> Panel:
    frame = _grid(codes, first, last).assign(**{name: values.reshape(-1)})
    return Panel(frame, ("importer",), "year", (_source(f"simulated_{name}", title),))


def _source(name: str, title: str) -> Source:
    return Source(
        name,
        title,
        citation="SIMULATED DATA: no statement about any country.",
        licence="none needed",
        coverage="complete by construction",
    )
