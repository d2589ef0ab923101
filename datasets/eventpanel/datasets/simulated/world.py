"""The invented world: countries, regimes, output, unrest and distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from eventpanel.datasets.simulated.projection import Floats, Mask
from eventpanel.datasets.simulated.regimes import FIRST_YEAR, LAST_YEAR, RECORD, REGIMES, Regimes, column, draw_regimes

__all__ = ["CHINA", "CODES", "COUNTRIES", "GRAVITY", "UNITED_STATES", "WITH_REGIME", "World", "draw_world"]

COUNTRIES = 150
CHINA = 0
UNITED_STATES = 1
WITH_REGIME = slice(2, 2 + REGIMES)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CODES = np.array(["CHN", "USA", *(f"X{first}{second}" for first in "ABCDEF" for second in LETTERS)][:COUNTRIES])
YEARS = LAST_YEAR - FIRST_YEAR + 1
GRAVITY = (
    "log_distance",
    "border",
    "fta",
    "colonial",
    "language",
    "legal",
    "religion",
    "landlocked",
    "island",
)
# Among the 100 largest with a regime: 48 that were mature democracies in 2007 and 52 others.
LARGE_MATURE, LARGE_LOW = 48, 52
# Log of gross domestic product in US dollars: least, mean and most of the large, by regime, and of the small.
LARGE, SMALL = (23.45, (25.9, 24.8), 28.4), (21.4, 22.4, 23.35)
# Of either regime, the least of the large; neither has institutions at the end, so that no table turns on them.
LEAST = {False: 23.40, True: 23.41}
GIANTS = (30.1, 30.5)
GROWTH = 0.04
# Unrest: a skewed share of 35,000 events; the standard deviation is about 1.7 times the mean.
SHARE, EVENTS = (0.13, 0.63), 31_000
PERSISTENCE, LASTING = 0.55, 0.15
MATURE_MORE_EVENTS = 1_300.0


@dataclass(frozen=True, slots=True)
class World:
    """What deals are set against. Countries: China, the United States, 133 with a regime, 15 without.

    Attributes
    ----------
    regimes : Regimes
    gdp : ndarray, shape (150, 28)
        US dollars, NaN in 52 country-years.
    unrest : ndarray, shape (150, 28)
        Events.
    dose : ndarray, shape (133, 28)
        Unrest of the importers with a regime, in standard deviations of the country-years below 7 of 2000 to 2020.
    place : ndarray, shape (150, 2)
        Latitude and longitude, degrees.
    gravity : ndarray, shape (150, 150, 9)
        Exporter by importer; columns in the order of ``GRAVITY``.
    aid : ndarray, shape (150, 2)
        From China and from the United States, US dollars.
    """

    regimes: Regimes
    gdp: Floats
    unrest: Floats
    dose: Floats
    place: Floats
    gravity: Floats
    aid: Floats

    @property
    def log_gdp(self) -> Floats:
        """Log of gross domestic product in 2007, shape (150,)."""
        return np.asarray(np.log(self.gdp[:, column(2007)]))


def draw_world(rng: np.random.Generator) -> World:
    """Draw everything but trade."""
    regimes = draw_regimes(rng)
    unrest = _unrest(rng, regimes)
    sample = unrest[WITH_REGIME, RECORD][regimes.known_weak[:, RECORD]]
    dose = (unrest[WITH_REGIME] - sample.mean()) / sample.std(ddof=1)
    place = np.column_stack([rng.uniform(-40, 60, COUNTRIES), rng.uniform(-180, 180, COUNTRIES)])
    place[CHINA], place[UNITED_STATES] = (35, 104), (39, -98)
    gdp = _gdp(rng, regimes)
    poor = special.expit(25.5 - np.log(gdp[:, [column(2007)]]))
    aid = np.where(rng.random((COUNTRIES, 2)) < poor, np.exp(rng.normal(19, 0.8, (COUNTRIES, 2))), 0.0)
    return World(regimes, gdp, unrest, dose, place, _gravity(rng, place), aid)


def _gdp(rng: np.random.Generator, regimes: Regimes) -> Floats:
    """Level, common growth, and shocks that vanish in 2007 and on average of 2000 to 2020."""
    shocks = np.cumsum(rng.normal(0, 0.03, (COUNTRIES, YEARS)), axis=1)
    shocks -= shocks[:, [column(2007)]]
    others = np.arange(YEARS) != column(2007)
    shocks[:, others] -= shocks[:, RECORD].sum(axis=1, keepdims=True) / 20
    missing = _missing(rng, regimes)
    shocks[missing.any(axis=1)] = 0
    growth = GROWTH * (np.arange(YEARS) + FIRST_YEAR - 2010)
    gdp = np.exp(_levels(rng, regimes)[:, None] + growth + shocks)
    gdp[missing] = np.nan
    return np.asarray(gdp)


def _levels(rng: np.random.Generator, regimes: Regimes) -> Floats:
    level = np.empty(COUNTRIES)
    level[[CHINA, UNITED_STATES]] = GIANTS
    level[2:] = _between(rng, COUNTRIES - 2, *SMALL)
    for side, number in ((False, LARGE_MATURE), (True, LARGE_LOW)):
        ended = np.flatnonzero(regimes.ended & (regimes.low == side))
        others = np.flatnonzero(~regimes.ended & (regimes.low == side))
        large = 2 + np.concatenate([ended, rng.choice(others, number - len(ended), replace=False)])
        level[large] = _between(rng, number, LARGE[0], LARGE[1][int(side)], LARGE[2])
        level[large[0]] = LEAST[side]
    return level


def _between(rng: np.random.Generator, number: int, least: float, mean: float, most: float) -> Floats:
    share = (mean - least) / (most - least)
    return np.asarray(least + (most - least) * rng.beta(2 * share, 2 * (1 - share), number))


def _missing(rng: np.random.Generator, regimes: Regimes) -> Mask:
    """Country-years without output, two a country and equally far from 2010, so that growth drops from averages."""
    missing = np.zeros((COUNTRIES, YEARS), dtype=bool)
    free = regimes.constant & ~regimes.ended
    for known, years, number in (
        (regimes.known_weak, (2000, 2020), 6),
        (regimes.known_weak, (2003, 2017), 7),
        (regimes.known_mature, (2000, 2020), 13),
    ):
        pair = [column(year) for year in years]
        units = rng.choice(np.flatnonzero(free & known[:, pair].all(axis=1)), number, replace=False)
        free[units] = False
        missing[units[:, None] + 2, pair] = True
    return missing


def _unrest(rng: np.random.Generator, regimes: Regimes) -> Floats:
    """Event counts; constantly mature democracies have more."""
    latent = np.empty((COUNTRIES, YEARS))
    latent[:, 0] = rng.normal(size=COUNTRIES)
    for t in range(1, YEARS):
        latent[:, t] = PERSISTENCE * latent[:, t - 1] + rng.normal(0, np.sqrt(1 - PERSISTENCE**2), COUNTRIES)
    lasting = rng.normal(0, np.sqrt(LASTING), (COUNTRIES, 1))
    share = special.betaincinv(*SHARE, special.ndtr(lasting + np.sqrt(1 - LASTING) * latent))
    events = EVENTS * share + rng.gamma(2.0, 60.0, share.shape)
    mature = np.ones(COUNTRIES, dtype=bool)
    mature[WITH_REGIME] = ~regimes.weak.any(axis=1)
    return np.asarray(np.round(events + MATURE_MORE_EVENTS * mature[:, None]))


def _gravity(rng: np.random.Generator, place: Floats) -> Floats:
    latitude, longitude = np.radians(place).T
    cosine = np.sin(latitude)[:, None] * np.sin(latitude) + np.cos(latitude)[:, None] * np.cos(latitude) * np.cos(
        longitude[:, None] - longitude
    )
    distance = 6371 * np.arccos(np.clip(cosine, -1, 1))
    near = distance < 1500

    def same(groups: int) -> Mask:
        group = rng.integers(0, groups, COUNTRIES)
        return np.asarray(group[:, None] == group)

    def either(share: float) -> Mask:
        has = rng.random(COUNTRIES) < share
        return has[:, None] | has

    layers: list[npt.NDArray[np.generic]] = [
        np.log(np.maximum(distance, 100)),
        near & same(2),
        near | same(12),
        same(15),
        same(6),
        same(3),
        same(4),
        either(0.1),
        either(0.15),
    ]
    return np.stack(layers, axis=2).astype(float)
