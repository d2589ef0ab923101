"""The list of deals: China and the United States by their probabilities, 34 others up to the published total."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventpanel.datasets.simulated.chances import DEAL_YEARS, PROFILE, Chances
from eventpanel.datasets.simulated.comparative import ALSO_DEALS, OTHER_PARTNERS, UNKNOWN_REGIME, deals_with
from eventpanel.datasets.simulated.projection import Floats
from eventpanel.datasets.simulated.regimes import RECORD, REGIMES, column
from eventpanel.datasets.simulated.world import CHINA, CODES, COUNTRIES, UNITED_STATES, WITH_REGIME, World

__all__ = ["Drawn", "Whole", "any_deals", "draw_deals"]

Whole = npt.NDArray[np.int64]
DEALS, CARNEGIE, SMART_CITY = 1636, 313, 0.79
CARNEGIE_IMPORTERS = 75
# Deals by year of all exporters, read off Figure A.2 and scaled to their total; 2021 as 2020.
PATH = np.array([4, 10, 25, 25, 25, 25, 35, 47, 98, 165, 236, 260, 210, 200], dtype=float)
# Further deals of the other exporters of AI beyond one a link; the ten largest from Figure A.3.
MORE_DEALS = np.array([73, 99, 56, 52, 97, 55, 42, 16, 46, 74, 30, 20, 15, 10] + [3] * 20, dtype=float)
COMPANIES = 8


@dataclass(frozen=True, slots=True)
class Drawn:
    """Deals drawn.

    Attributes
    ----------
    frame : DataFrame
        exporter, importer, year, company, smart_city, carnegie.
    numbers : mapping of int to ndarray, shape (133, 14)
        Deals of China and of the United States with importers that have a regime, by year.
    """

    frame: pd.DataFrame
    numbers: dict[int, Whole]


@dataclass(frozen=True, slots=True)
class _List:
    exporter: Whole
    importer: Whole
    year: Whole
    smart: npt.NDArray[np.bool_]


def draw_deals(rng: np.random.Generator, world: World, chances: dict[int, Chances]) -> Drawn:
    """Draw all deals.

    Parameters
    ----------
    rng : numpy.random.Generator
    world : World
    chances : dict of int to Chances
        By position of the exporter: China and the United States.
    """
    numbers = {position: _numbers(rng, position, own) for position, own in chances.items()}
    lists = [_expand(rng, position, numbers[position], chances[position].smart) for position in chances]
    lists.append(_others(rng, world, lists))
    exporter, importer, year = (
        np.concatenate([getattr(one, name) for one in lists]) for name in ("exporter", "importer", "year")
    )
    named = _named(rng, exporter, importer)
    letter = rng.choice(list("ABCDEFGH")[:COMPANIES], len(year))
    frame = pd.DataFrame(
        {
            "exporter": CODES[exporter].astype(object),
            "importer": CODES[importer].astype(object),
            "year": year,
            "company": [f"{code} company {one}" for code, one in zip(CODES[exporter], letter, strict=True)],
            "smart_city": np.concatenate([one.smart for one in lists]),
            "carnegie": named,
        }
    )
    frame = frame.sort_values(["year", "exporter", "importer"], kind="stable", ignore_index=True)
    return Drawn(frame, {position: table[WITH_REGIME] for position, table in numbers.items()})


def any_deals(deals: Drawn) -> dict[int, Floats]:
    """Return 1 where there is any deal, by exporter, importer with a regime, and year 2000 to 2020."""
    before = np.zeros((REGIMES, column(DEAL_YEARS[0]) - RECORD.start))
    years = RECORD.stop - RECORD.start
    return {position: np.hstack([before, one > 0])[:, :years].astype(float) for position, one in deals.numbers.items()}


def _numbers(rng: np.random.Generator, position: int, chances: Chances) -> Whole:
    """Deals by importer and year, shape (150, 14)."""
    yearly, more = np.zeros((COUNTRIES, len(DEAL_YEARS))), np.full(COUNTRIES, float(chances.more.mean()))
    yearly[WITH_REGIME], more[WITH_REGIME] = chances.yearly, chances.more
    level = 1 - (1 - UNKNOWN_REGIME[position]) ** (1 / PROFILE.sum())
    for importer in {CHINA, UNITED_STATES, ALSO_DEALS} - {position}:
        yearly[importer] = 1 - (1 - level) ** PROFILE
    number = (rng.random(yearly.shape) < yearly) * (1 + rng.poisson(more[:, None], yearly.shape))
    return number.astype(np.int64)


def _expand(rng: np.random.Generator, position: int, number: Whole, smart: float) -> _List:
    importer, year = np.nonzero(number)
    times = number[importer, year]
    importer, year = np.repeat(importer, times), np.repeat(year + DEAL_YEARS[0], times)
    return _List(np.full(len(year), position), importer, year, rng.random(len(year)) < smart)


def _others(rng: np.random.Generator, world: World, known: list[_List]) -> _List:
    """Deals of 34 invented exporters: links of the published numbers, then further deals up to the total."""
    exporters = 2 + rng.choice(COUNTRIES - 2, len(OTHER_PARTNERS) - 1, replace=False)
    importers = np.flatnonzero(deals_with())
    links = [
        (exporter, importer)
        for exporter, partners in zip(exporters, OTHER_PARTNERS[1:], strict=True)
        for importer in rng.choice(importers[importers != exporter], partners, replace=False)
    ]
    covered = np.concatenate([one.importer for one in known])
    link = _cover(rng, np.array(links), covered)
    missing = DEALS - sum(len(one.year) for one in known) - len(link)
    more = np.zeros(COUNTRIES)
    more[exporters] = MORE_DEALS
    demand = _demand(world)[link[:, 1]]
    weight = more[link[:, 0]] * demand / np.bincount(link[:, 0], demand, COUNTRIES)[link[:, 0]]
    times = 1 + rng.multinomial(max(missing, 0), weight / weight.sum())
    exporter, importer = np.repeat(link, times, axis=0).T
    year = rng.permutation(_years(known, len(exporter)))
    held = sum(int(one.smart.sum()) for one in known)
    share = (SMART_CITY * DEALS - held) / len(year)
    return _List(exporter, importer, year, rng.random(len(year)) < share)


def _named(rng: np.random.Generator, exporter: Whole, importer: Whole) -> npt.NDArray[np.bool_]:
    """Deals of the bibliography that the search began with: of at most 75 importers, those of China above all."""
    count = np.bincount(importer, minlength=COUNTRIES)
    chosen = rng.choice(COUNTRIES, CARNEGIE_IMPORTERS, replace=False, p=count / count.sum())
    weight = np.where(exporter == CHINA, 4.0, 1.0) * np.isin(importer, chosen)
    named = np.zeros(len(exporter), dtype=bool)
    named[rng.choice(len(exporter), CARNEGIE, replace=False, p=weight / weight.sum())] = True
    return named


def _cover(rng: np.random.Generator, link: Whole, covered: Whole) -> Whole:
    """Turn links to importers with many towards importers without any."""
    for importer in np.setdiff1d(np.flatnonzero(deals_with()), covered):
        if importer in link[:, 1]:
            continue
        count = np.bincount(link[:, 1], minlength=COUNTRIES)
        spare = (count[link[:, 1]] > 2) & (link[:, 0] != importer)
        link[rng.choice(np.flatnonzero(spare)), 1] = importer
    return link


def _demand(world: World) -> Floats:
    """Weights of importers for further deals: output, and the United States above all."""
    weight = np.exp(0.9 * (world.log_gdp - world.log_gdp.mean()))
    weight[CHINA] = np.median(weight) * 25
    weight[UNITED_STATES] = np.median(weight) * 300
    return np.asarray(weight)


def _years(known: list[_List], number: int) -> Whole:
    """Years of the deals that are left, such that all deals follow the published path."""
    held = np.bincount(np.concatenate([one.year for one in known]) - DEAL_YEARS[0], minlength=len(DEAL_YEARS))
    left = np.maximum(PATH * DEALS / PATH.sum() - held, 1.0)
    ends = np.round(np.cumsum(left) * number / left.sum()).astype(np.int64)
    return np.repeat(np.array(DEAL_YEARS), np.diff(ends, prepend=0))
