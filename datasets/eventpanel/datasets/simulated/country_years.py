"""Panels of countries: by year, and once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventpanel.datasets.simulated.institutions import high_unrest_deals
from eventpanel.datasets.simulated.projection import Floats
from eventpanel.datasets.simulated.regimes import FIRST_YEAR, LAST_YEAR, REGIMES, column
from eventpanel.datasets.simulated.study import Study
from eventpanel.datasets.simulated.world import CHINA, CODES, COUNTRIES, UNITED_STATES, WITH_REGIME

__all__ = ["country_years", "importers"]

YEARS = np.arange(FIRST_YEAR, LAST_YEAR + 1)
# Probability of an episode of autocratization, by imports of AI in years of unrest below and above the median: 1 of
# 21 and 5 of 23 in Figure A.7.
EPISODES = (1 / 21, 5 / 23)
# Log of imports less log of output, and its share from China and from the United States.
OPENNESS, FROM = -3.0, {CHINA: 0.12, UNITED_STATES: 0.1}
REGIONS = ("north", "east", "south", "west")


def country_years(rng: np.random.Generator, study: Study) -> pd.DataFrame:
    """Return the panel of countries by year.

    Parameters
    ----------
    rng : numpy.random.Generator
        For trade, revenue and episodes.
    study : Study
    """
    world, institutions = study.world, study.institutions
    shape = (COUNTRIES, len(YEARS))
    level = world.log_gdp[:, None] + 0.05 * (YEARS - 2007)
    total = np.exp(level + OPENNESS + rng.normal(0, 0.3, (COUNTRIES, 1)) + rng.normal(0, 0.1, shape))
    columns: dict[str, Floats] = {
        "polity2": _everywhere(world.regimes.polity),
        "regimes_of_the_world": _regimes_of_the_world(rng, study),
        "unrest": world.unrest,
        "gdp": np.asarray(np.round(world.gdp), dtype=np.float64),
        "total_trade": np.asarray(np.round(total), dtype=np.float64),
    }
    for name, position in (("trade_china", CHINA), ("trade_usa", UNITED_STATES)):
        columns[name] = np.round(total * FROM[position] * np.exp(rng.normal(0, 0.4, shape)))
        columns[name][position] = np.nan
    columns["government_revenue"] = np.round(0.25 * np.exp(level + rng.normal(0, 0.1, shape)))
    columns["institutions"] = _everywhere(institutions.index)
    columns |= {name: _everywhere(part) for name, part in institutions.parts.items()}
    columns["autocratization"] = _everywhere(_episodes(rng, study))
    frame = pd.DataFrame({"importer": np.repeat(CODES.astype(object), len(YEARS)), "year": np.tile(YEARS, COUNTRIES)})
    return frame.assign(**{name: values.reshape(-1) for name, values in columns.items()})


def importers(rng: np.random.Generator, study: Study) -> pd.DataFrame:
    """Return the panel of countries without years.

    Parameters
    ----------
    rng : numpy.random.Generator
        For investment in AI and the kinds of aid.
    study : Study
    """
    world = study.world
    share = rng.uniform(0.3, 0.9, COUNTRIES)
    china, united_states = world.aid.T
    investment = np.exp(world.log_gdp - 7 + rng.normal(0, 1, COUNTRIES))
    return pd.DataFrame(
        {
            "importer": CODES.astype(object),
            "ai_investment": np.round(investment),
            "aid_china": np.round(china),
            "aid_china_development": np.round(share * china),
            "aid_china_commercial": np.round(china) - np.round(share * china),
            "aid_usa": np.round(united_states),
            "latitude": world.place[:, 0],
            "longitude": world.place[:, 1],
            "region": [REGIONS[number] for number in rng.integers(0, len(REGIONS), COUNTRIES)],
        }
    )


def _everywhere(values: Floats) -> Floats:
    every = np.full((COUNTRIES, values.shape[1]), np.nan)
    every[WITH_REGIME] = values
    return every


def _regimes_of_the_world(rng: np.random.Generator, study: Study) -> Floats:
    """0 and 1 below 7, 2 and 3 from 7; known for all countries and years."""
    polity = study.world.regimes.polity
    known = pd.DataFrame(polity).T.ffill().bfill().T.to_numpy()
    bands = np.full((COUNTRIES, len(YEARS)), 0.0)
    bands[:] = rng.integers(0, 4, COUNTRIES)[:, None]
    bands[CHINA], bands[UNITED_STATES] = 0, 3
    bands[WITH_REGIME] = np.searchsorted([0, 7, 10], known, side="right")
    return bands


def _episodes(rng: np.random.Generator, study: Study) -> Floats:
    """Five years of autocratization, from 2012 to 2016 on, of importers below 7 in 2007."""
    dose = high_unrest_deals(study.deals.numbers[CHINA], study.world)
    low = study.world.regimes.low
    above = dose > np.median(dose[low])
    chance = np.where(above, EPISODES[1], EPISODES[0]) * low
    start = rng.integers(column(2012), column(2017), REGIMES)
    begun = rng.random(REGIMES) < chance
    years = np.arange(len(YEARS))
    return (begun[:, None] & (years >= start[:, None]) & (years < start[:, None] + 5)).astype(float)
