"""Institutions: an index that moves with deals in unrest by the planted amounts, and its parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.datasets.simulated.projection import Floats, Mask, least_squares, within
from eventpanel.datasets.simulated.regimes import EARLY, FIRST_YEAR, LATE, RECORD, REGIMES, column
from eventpanel.datasets.simulated.world import CHINA, UNITED_STATES, WITH_REGIME, World

__all__ = ["BASE_YEAR", "LAST_INSTITUTIONS", "PARTS", "Institutions", "draw_institutions", "high_unrest_deals"]

# The record ends where that of NELDA 6.0 does; the long difference starts here.
LAST_INSTITUTIONS, BASE_YEAR = 2020, 2000
AUTOCRACIES, MATURE_DEMOCRACIES = 46, 45
EFFECT_AUTOCRACIES, EFFECT_MATURE, EFFECT_US, EFFECT_YEARLY = -0.556, 0.091, -0.671, -0.106
LEADS = 3
# Parts relative to the index, from Table A.18.
PARTS = {"fair_elections": -0.16, "free_media": 0.64, "peaceful": 1.39, "monitors": 0.85}
NOISE, SPREAD, MEANS = 0.8, 0.6, (0.3, -0.4)


@dataclass(frozen=True, slots=True)
class Institutions:
    """The index and its parts, for the 133 importers with a regime.

    Attributes
    ----------
    signal : ndarray, shape (133, 28)
        What deals make of the expected index.
    index : ndarray, shape (133, 28)
        NaN after 2020, and up to 2000 for the importers that are in no long difference.
    parts : mapping of str to ndarray, shape (133, 28)
    """

    signal: Floats
    index: Floats
    parts: dict[str, Floats]


def high_unrest_deals(any_deal: Floats, world: World) -> Floats:
    """Return years of any deal and of unrest above the importer's own median of 2000 to 2020, shape (133,).

    Parameters
    ----------
    any_deal : ndarray, shape (133, 21)
        1 where there is any deal, 2000 to 2020.
    world : World
    """
    unrest = world.unrest[WITH_REGIME, RECORD]
    return np.asarray((any_deal * (unrest > np.median(unrest, axis=1, keepdims=True))).sum(axis=1))


def draw_institutions(rng: np.random.Generator, world: World, any_deal: dict[int, Floats]) -> Institutions:
    """Draw institutions.

    Parameters
    ----------
    rng : numpy.random.Generator
    world : World
    any_deal : dict of int to ndarray, shape (133, 21)
        1 where China or the United States have any deal, 2000 to 2020.
    """
    inside = _in_long_difference(rng, world)
    signal = _signal(world, any_deal, inside)
    low = world.regimes.low
    years = signal.shape[1]
    level = np.where(low, MEANS[1], MEANS[0])[:, None] + rng.normal(0, SPREAD, (REGIMES, 1))
    common = rng.normal(0, 0.05, years)
    noise = rng.normal(0, NOISE, (REGIMES, years))
    unknown = np.zeros((REGIMES, years), dtype=bool)
    unknown[:, column(LAST_INSTITUTIONS) + 1 :] = True
    unknown[~inside, : column(BASE_YEAR) + 1] = True

    def known(values: Floats) -> Floats:
        return np.where(unknown, np.nan, values)

    parts = {
        name: known(level + common + share * signal + 0.6 * noise + rng.normal(0, 0.7, noise.shape))
        for name, share in PARTS.items()
    }
    return Institutions(signal, known(level + common + signal + noise), parts)


def _in_long_difference(rng: np.random.Generator, world: World) -> Mask:
    """Choose importers with a base year: 46 of those below 7 in 2007 and 45 others, all large."""
    low, size = world.regimes.low, world.log_gdp[WITH_REGIME]
    inside = np.zeros(REGIMES, dtype=bool)
    for side, large, number in ((True, 52, AUTOCRACIES), (False, 48, MATURE_DEMOCRACIES)):
        units = np.flatnonzero(low == side)
        units = units[np.argsort(-size[units])][:large]
        inside[rng.choice(units, number, replace=False)] = True
    return inside


def _signal(world: World, any_deal: dict[int, Floats], inside: Mask) -> Floats:
    """Three movements whose sizes solve for three coefficients; mature democracies move by a line of their own."""
    low = world.regimes.low
    doses = [high_unrest_deals(any_deal[position], world) for position in (CHINA, UNITED_STATES)]
    years = np.arange(world.dose.shape[1]) + FIRST_YEAR
    ramp = np.clip((years - 2007) / 11.0, 0, 1)
    china = any_deal[CHINA]
    moves = [low[:, None] * dose[:, None] * ramp for dose in doses] + [_after(china * world.dose[:, RECORD])]
    autocracies = low & inside
    rows = [_line(dose, autocracies) for dose in doses]
    columns = np.stack([china * world.dose[:, RECORD], china, world.dose[:, RECORD]], axis=2)
    sample = yearly_sample(world)
    yearly = within(columns[:, : sample.shape[1]], sample)[0]
    slopes = np.array(
        [[rows[0] @ difference(move), rows[1] @ difference(move), yearly @ lead_mean(move)[sample]] for move in moves]
    ).T
    sizes = np.linalg.solve(slopes, [EFFECT_AUTOCRACIES, EFFECT_US, EFFECT_YEARLY])
    mature = ~low[:, None] * EFFECT_MATURE * doses[0][:, None] * ramp
    return np.asarray(sum(size * move for size, move in zip(sizes, moves, strict=True)) + mature)


def _line(dose: Floats, units: Mask) -> Floats:
    row = np.zeros(len(dose))
    row[units] = least_squares(np.column_stack([np.ones(units.sum()), dose[units]]))[1]
    return row


def yearly_sample(world: World) -> Mask:
    """Return importer-years 2000 to 2017 below 7, whose next three years lie in the record, shape (133, 18)."""
    return world.regimes.known_weak[:, EARLY]


def difference(values: Floats) -> Floats:
    """Return the mean of 2018 to 2020 less the value of 2000, shape (133,)."""
    return np.asarray(values[:, LATE].mean(axis=1) - values[:, column(BASE_YEAR)])


def lead_mean(values: Floats) -> Floats:
    """Return the mean of the next three years, 2000 to 2017, shape (133, 18)."""
    return np.asarray(
        np.mean([values[:, EARLY.start + lead : EARLY.stop + lead] for lead in range(1, LEADS + 1)], axis=0)
    )


def _after(record: Floats) -> Floats:
    """Sum what happened in the three years before; from 2018 nothing."""
    moved = np.zeros((REGIMES, LATE.stop + (2023 - LAST_INSTITUTIONS)))
    for lag in range(1, LEADS + 1):
        moved[:, RECORD.start + lag : LATE.start] += record[:, : LATE.start - RECORD.start - lag]
    return moved
