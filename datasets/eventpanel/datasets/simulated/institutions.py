"""Institutions: an index that moves with deals in unrest by the planted amounts, and its parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.datasets.simulated.chances import DEAL_YEARS
from eventpanel.datasets.simulated.deals import Drawn, Whole, any_deals
from eventpanel.datasets.simulated.projection import Floats, Mask, least_squares, within
from eventpanel.datasets.simulated.regimes import EARLY, FIRST_YEAR, LAST_YEAR, LATE, RECORD, REGIMES, column
from eventpanel.datasets.simulated.world import CHINA, UNITED_STATES, WITH_REGIME, World

__all__ = [
    "EFFECT_AUTOCRACIES",
    "EFFECT_MATURE",
    "EFFECT_US",
    "EFFECT_YEARLY",
    "LAST_INSTITUTIONS",
    "PARTS",
    "Institutions",
    "difference",
    "draw_institutions",
    "high_unrest_deals",
    "lead_mean",
    "long_sample",
    "yearly_sample",
]

# The record ends where that of NELDA 6.0 does.
LAST_INSTITUTIONS = 2020
BASE = slice(column(2000), column(2000) + 1)
EFFECT_AUTOCRACIES = -0.556
EFFECT_MATURE = 0.091
EFFECT_US = -0.671
EFFECT_YEARLY = -0.106
LEADS = 3
# The first of the last years of the long difference.
FIRST_LATE = FIRST_YEAR + LATE.start
LARGEST = 100
# Parts relative to the index, from Table A.18.
PARTS = {"fair_elections": -0.16, "free_media": 0.64, "peaceful": 1.39, "monitors": 0.85}
# The noise gives Table 5 its printed standard error, 0.21.
NOISE, SPREAD, MEANS = 1.4, 0.6, (0.3, -0.05)


@dataclass(frozen=True, slots=True)
class Institutions:
    """The index and its parts, for the 133 importers with a regime.

    Attributes
    ----------
    signal : ndarray, shape (133, 28)
        What deals make of the expected index.
    index : ndarray, shape (133, 28)
        NaN after 2020, and after 2017 for nine importers.
    parts : mapping of str to ndarray, shape (133, 28)
    """

    signal: Floats
    index: Floats
    parts: dict[str, Floats]


def high_unrest_deals(numbers: Whole, world: World) -> Floats:
    """Return years to 2020 of any deal and of unrest above the importer's own median of 2000 to 2020, shape (133,).

    Parameters
    ----------
    numbers : ndarray, shape (133, 14)
        Deals by year, 2008 to 2021.
    world : World
    """
    unrest = world.unrest[WITH_REGIME, RECORD]
    high = (unrest > np.median(unrest, axis=1, keepdims=True))[:, column(DEAL_YEARS[0]) - RECORD.start :]
    return np.asarray(((numbers[:, : high.shape[1]] > 0) & high).sum(axis=1), dtype=np.float64)


def draw_institutions(rng: np.random.Generator, world: World, deals: Drawn) -> Institutions:
    """Draw institutions.

    Parameters
    ----------
    rng : numpy.random.Generator
    world : World
    deals : Drawn
    """
    signal = _signal(world, deals)
    low = world.regimes.low
    years = signal.shape[1]
    level = np.where(low, MEANS[1], MEANS[0])[:, None] + rng.normal(0, SPREAD, (REGIMES, 1))
    common = rng.normal(0, 0.05, years)
    noise = rng.normal(0, NOISE, (REGIMES, years))
    unknown = np.zeros((REGIMES, years), dtype=bool)
    unknown[:, column(LAST_INSTITUTIONS) + 1 :] = True
    unknown[world.regimes.ended, LATE.start :] = True

    def known(values: Floats) -> Floats:
        return np.where(unknown, np.nan, values)

    parts = {
        name: known(level + common + share * signal + 0.6 * noise + rng.normal(0, 0.7, noise.shape))
        for name, share in PARTS.items()
    }
    return Institutions(signal, known(level + common + signal + noise), parts)


def _signal(world: World, deals: Drawn) -> Floats:
    """Three movements whose sizes solve for three coefficients; mature democracies move by a line of their own."""
    low = world.regimes.low
    doses = [high_unrest_deals(deals.numbers[position], world) for position in (CHINA, UNITED_STATES)]
    years = np.arange(world.dose.shape[1]) + FIRST_YEAR
    late = (years >= FIRST_LATE).astype(float)
    china = any_deals(deals)[CHINA]
    moves = [low[:, None] * dose[:, None] * late for dose in doses] + [_after(china * world.dose[:, RECORD])]
    autocracies = low & long_sample(world)
    rows = [_line(dose, autocracies) for dose in doses]
    columns = np.stack([china * world.dose[:, RECORD], china, world.dose[:, RECORD]], axis=2)
    sample = yearly_sample(world)
    yearly = within(columns[:, : sample.shape[1]], sample)[0]
    slopes = np.array(
        [[rows[0] @ difference(move), rows[1] @ difference(move), yearly @ lead_mean(move)[sample]] for move in moves]
    ).T
    mature = ~low[:, None] * EFFECT_MATURE * doses[0][:, None] * late
    left = EFFECT_YEARLY - yearly @ lead_mean(mature)[sample]
    sizes = np.linalg.solve(slopes, [EFFECT_AUTOCRACIES, EFFECT_US, left])
    return np.asarray(sum(size * move for size, move in zip(sizes, moves, strict=True)) + mature)


def _line(dose: Floats, units: Mask) -> Floats:
    row = np.zeros(len(dose))
    row[units] = least_squares(np.column_stack([np.ones(units.sum()), dose[units]]))[1]
    return row


def long_sample(world: World) -> Mask:
    """Return importers of the long difference: those of the 100 largest whose institutions are known, shape (133,)."""
    smallest = np.sort(world.log_gdp)[-LARGEST]
    return np.asarray(~world.regimes.ended & (world.log_gdp[WITH_REGIME] >= smallest))


def yearly_sample(world: World) -> Mask:
    """Return importer-years 2000 to 2017 below 7, whose next three years lie in the record, shape (133, 18)."""
    return world.regimes.known_weak[:, EARLY]


def difference(values: Floats) -> Floats:
    """Return the mean of 2018 to 2020 less the value of 2000, shape (133,)."""
    return np.asarray(values[:, LATE].mean(axis=1) - values[:, BASE].mean(axis=1))


def lead_mean(values: Floats) -> Floats:
    """Return the mean of the next three years, 2000 to 2017, shape (133, 18)."""
    return np.asarray(
        np.mean([values[:, EARLY.start + lead : EARLY.stop + lead] for lead in range(1, LEADS + 1)], axis=0)
    )


def _after(record: Floats) -> Floats:
    """Sum what happened in the three years before; from 2018 nothing."""
    moved = np.zeros((REGIMES, LAST_YEAR - FIRST_YEAR + 1))
    for lag in range(1, LEADS + 1):
        moved[:, RECORD.start + lag : LATE.start] += record[:, : LATE.start - RECORD.start - lag]
    return moved
