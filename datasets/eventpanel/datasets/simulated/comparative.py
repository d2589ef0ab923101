"""Comparative advantage: how probable goods and AI are for every pair, with the planted China x AI.

Exporters differ in AI by deviations drawn from one pool, and China's own deviation is drawn from the same pool, so that
the gaps of placebo exporters are distributed as the error of the estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eventpanel.datasets.simulated.chances import Chances
from eventpanel.datasets.simulated.projection import Floats, Mask, least_squares
from eventpanel.datasets.simulated.world import CHINA, COUNTRIES, UNITED_STATES, WITH_REGIME, World

__all__ = [
    "ALSO_DEALS",
    "CHINA_BY_AI",
    "GOODS",
    "OTHER_PARTNERS",
    "UNKNOWN_REGIME",
    "Advantage",
    "Deviation",
    "deals_with",
    "draw_deviation",
    "solve_advantage",
]

GOODS = ("525", "541", "712", "716", "718", "728", "731", "772", "774", "776", "781", "792", "872", "874", "884", "899")
# Partners of the exporters of AI but China: the United States, the ten of Figure A.4, and 24 more.
OTHER_PARTNERS = np.array(
    [
        *(60, 50, 49, 48, 41, 41, 39, 29, 24, 24, 23),
        *(17, 15, 13, 11, 10, 9, 8, 7, 6, 5, 5, 4, 4, 3, 3, 2, 2, 2, 1, 1, 1, 1, 1, 1),
    ]
)
# Partners of all exporters that are neither China nor the United States.
POOL = np.concatenate([OTHER_PARTNERS[1:], np.zeros(COUNTRIES - 1 - len(OTHER_PARTNERS))])
CHINA_GOODS = 0.99
# More than this of a deviation of China is taken from its goods, so that its deals stay below certainty.
MOST_AI = 0.08
# Of links in AI, those with a deal on smart cities.
SMART_LINKS = 0.9
CHINA_BY_AI = 0.474
MEAN_GOODS, BY_IMPORTER, BY_DISTANCE = 0.377, 0.008, -0.01
# China's deals with an importer whose regime is not known but that deals at all.
UNKNOWN_REGIME = {CHINA: 0.5, UNITED_STATES: 0.4}
# Position of the one importer without a regime that deals, beside China and the United States.
ALSO_DEALS = WITH_REGIME.stop


@dataclass(frozen=True, slots=True)
class Deviation:
    """China's own deviation, drawn from the pool of the invented exporters.

    Attributes
    ----------
    total : float
        Of AI and smart-city AI less goods.
    deals : float
        Part that is more deals.
    """

    total: float
    deals: float


@dataclass(frozen=True, slots=True)
class Advantage:
    """Probabilities of trade between all pairs.

    Attributes
    ----------
    goods : ndarray, shape (150, 150)
        Exporter by importer: a good, the same for each of the 16.
    ai : ndarray, shape (150, 150)
        Any AI deal, the invented exporters being alike.
    smart : ndarray, shape (150, 150)
        Any deal on smart cities.
    """

    goods: Floats
    ai: Floats
    smart: Floats

    @property
    def ahead(self) -> Floats:
        """Mean of AI and smart-city AI less goods, shape (150, 150)."""
        return np.asarray((self.ai + self.smart) / 2 - self.goods)


def draw_deviation(rng: np.random.Generator) -> Deviation:
    """Draw China's deviation from the pool."""
    links = (rng.choice(POOL) - POOL.mean()) / (COUNTRIES - 1)
    total = float(links * (1 + SMART_LINKS) / 2)
    return Deviation(total, min(total, MOST_AI))


def deals_with() -> Mask:
    """Return which countries have deals as importers, shape (150,)."""
    importers = np.zeros(COUNTRIES, dtype=bool)
    importers[: ALSO_DEALS + 1] = True
    return importers


def solve_advantage(world: World, chances: dict[int, Chances], deviation: Deviation) -> Advantage:
    """Solve how steeply trade in goods rises with the output of exporters, such that China x AI is planted.

    Parameters
    ----------
    world : World
    chances : dict of int to Chances
        Of China and of the United States.
    deviation : Deviation
        Of China, beside what is planted.
    """
    pairs = ~np.eye(COUNTRIES, dtype=bool)
    alike = np.outer(np.ones(COUNTRIES), deals_with()) * POOL.mean() / (deals_with().sum() - 1)
    ai, smart = alike.copy(), SMART_LINKS * alike
    for position, own in chances.items():
        known = UNKNOWN_REGIME[position]
        for part, ever, others in ((ai, own.ever, known), (smart, own.ever_smart, SMART_LINKS * known)):
            part[position] = 0
            part[position, WITH_REGIME] = ever
            part[position, [CHINA, UNITED_STATES, ALSO_DEALS]] = others
    for part in (ai, smart):
        np.fill_diagonal(part, 0)
    size = world.log_gdp - world.log_gdp.mean()
    distance = world.gravity[:, :, 0]
    goods = MEAN_GOODS + BY_IMPORTER * size + BY_DISTANCE * (distance - distance[pairs].mean())
    goods[UNITED_STATES] = MEAN_GOODS
    goods[CHINA] = CHINA_GOODS - (deviation.total - deviation.deals)
    rising = np.repeat(size[:, None], COUNTRIES, axis=1)
    rising[CHINA] = 0
    gap = _china_by_ai(world, pairs)
    base = gap(Advantage(goods, ai, smart).ahead)
    slope = (CHINA_BY_AI + deviation.total - base) / gap(-rising)
    return Advantage(goods + slope * rising, ai, smart)


class _china_by_ai:
    """Coefficient of China x AI, all controls interacted with AI: that of China on AI less goods."""

    def __init__(self, world: World, pairs: npt.NDArray[np.bool_]) -> None:
        exporter, importer = np.nonzero(pairs)
        columns = np.column_stack(
            [
                np.ones(len(exporter)),
                exporter == CHINA,
                world.log_gdp[exporter],
                world.log_gdp[importer],
                world.gravity[exporter, importer, 0],
            ]
        )
        self.row, self.pairs = least_squares(columns)[1], pairs

    def __call__(self, ahead: Floats) -> float:
        return float(self.row @ ahead[self.pairs])
