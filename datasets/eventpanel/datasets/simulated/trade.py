"""Trade in goods, arms and investment: nothing in them answers to regimes, and only arms answer to unrest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eventpanel.datasets.simulated.chances import SAME_YEAR, event_columns
from eventpanel.datasets.simulated.comparative import GOODS, Advantage
from eventpanel.datasets.simulated.projection import Floats
from eventpanel.datasets.simulated.regimes import RECORD, REGIMES
from eventpanel.datasets.simulated.world import CHINA, COUNTRIES, UNITED_STATES, World

__all__ = ["ARMS_EFFECT", "ARMS_LEVEL", "GIANT", "draw_arms", "draw_goods", "draw_goods_years", "draw_investment"]

GIANT = (CHINA, UNITED_STATES)
EXPORTER_NOISE = 0.01
ACTIVE_YEARS = 0.97
# Any arms deal in a year: level, and change with a standard deviation of unrest, for either regime.
ARMS_LEVEL = {CHINA: 0.06, UNITED_STATES: 0.08}
ARMS_EFFECT = {CHINA: 0.03, UNITED_STATES: 0.0}


def draw_goods_years(rng: np.random.Generator, traded: npt.NDArray[np.bool_]) -> Floats:
    """Draw trade of China and of the United States by year.

    Parameters
    ----------
    rng : numpy.random.Generator
    traded : ndarray, shape (2, 150, 16)
        Whether there is any.

    Returns
    -------
    ndarray, shape (2, 150, 16, 21)
        US dollars, 2000 to 2020.
    """
    years = RECORD.stop - RECORD.start
    level = rng.normal(15, 1.5, (*traded.shape, 1))
    shape = (*traded.shape, years)
    value = np.exp(level + 0.06 * np.arange(years) + rng.normal(0, 0.3, shape))
    return np.asarray(np.where(traded[..., None] & (rng.random(shape) < ACTIVE_YEARS), np.round(value), 0.0))


def draw_goods(rng: np.random.Generator, world: World, advantage: Advantage) -> tuple[Floats, Floats]:
    """Draw trade in the 16 goods.

    Parameters
    ----------
    rng : numpy.random.Generator
    world : World
    advantage : Advantage

    Returns
    -------
    ndarray, shape (150, 150, 16)
        US dollars; exporter by importer by product.
    ndarray, shape (2, 150, 16, 21)
        Of China and of the United States, by year.
    """
    own = rng.normal(0, EXPORTER_NOISE, (COUNTRIES, 1)).clip(-2 * EXPORTER_NOISE, 2 * EXPORTER_NOISE)
    own[list(GIANT)] = 0
    shape = (COUNTRIES, COUNTRIES, len(GOODS))
    traded = rng.random(shape) < (advantage.goods + own)[:, :, None]
    size = 13 + 0.5 * (world.log_gdp - world.log_gdp.mean())
    level = size[:, None] + 0.5 * (world.log_gdp - world.log_gdp.mean())
    value = np.round(np.exp(level[:, :, None] + rng.normal(0, 1.5, shape)))
    goods = np.where(traded, np.maximum(value, 1), 0.0)
    years = draw_goods_years(rng, traded[list(GIANT)])
    goods[list(GIANT)] = years.sum(axis=3)
    return goods, years


def draw_arms(rng: np.random.Generator, world: World) -> dict[int, npt.NDArray[np.int64]]:
    """Draw arms deals, shape (133, 21), by exporter: more in years of unrest, whatever the regime."""
    same_year = event_columns(world.dose, RECORD)[:, :, SAME_YEAR]
    drawn = {}
    for position in GIANT:
        chance = ARMS_LEVEL[position] + ARMS_EFFECT[position] * same_year
        drawn[position] = ((rng.random(chance.shape) < chance) * (1 + rng.poisson(0.3, chance.shape))).astype(np.int64)
    return drawn


def draw_investment(rng: np.random.Generator) -> Floats:
    """Draw investment and construction of China, shape (133, 21, 2), US dollars; before 2005 none."""
    years = RECORD.stop - RECORD.start
    shape = (REGIMES, years, 2)
    some = (rng.random(shape) < 0.25) & (np.arange(years) >= 5)[:, None]
    return np.asarray(np.where(some, np.round(np.exp(rng.normal(19.5, 1.0, shape)), -5), 0.0))
