"""One simulated study in arrays: the world, the probabilities, and what is drawn from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.datasets.simulated.chances import Chances, Exporter, solve_chances
from eventpanel.datasets.simulated.comparative import Advantage, Deviation, draw_deviation, solve_advantage
from eventpanel.datasets.simulated.deals import Drawn, draw_deals
from eventpanel.datasets.simulated.institutions import Institutions, draw_institutions
from eventpanel.datasets.simulated.world import CHINA, UNITED_STATES, World, draw_world

__all__ = ["EFFECT", "LOW_BY_AI", "Study", "draw_study", "stream"]

EFFECT = 0.073
LOW_BY_AI = {CHINA: 0.222, UNITED_STATES: -0.015}
CHINA_LOW, US_LOW = 0.80, 0.45
# The mean over all importers is lower than over those with a regime, some of the others having no deals.
RAISED = 1.1


@dataclass(frozen=True, slots=True)
class Study:
    """A simulated study.

    Attributes
    ----------
    world : World
    deviation : Deviation
        China's own, around the planted China x AI.
    chances : dict of int to Chances
        Of China and of the United States, by position among the countries.
    advantage : Advantage
    deals : Drawn
    institutions : Institutions
    """

    world: World
    deviation: Deviation
    chances: dict[int, Chances]
    advantage: Advantage
    deals: Drawn
    institutions: Institutions


def stream(seed: int, part: int) -> np.random.Generator:
    """Return the random numbers of one part, so that parts do not depend on one another."""
    return np.random.default_rng([seed, part])


def draw_study(seed: int) -> Study:
    """Draw a study; worlds in which a probability would leave (0, 1) are drawn anew.

    Parameters
    ----------
    seed : int
        Same seed, same study.
    """
    deviation = draw_deviation(stream(seed, 0))
    exporters = _exporters(deviation)
    rng = stream(seed, 1)
    while True:
        world = draw_world(rng)
        solved = {one.position: solve_chances(rng, world, one) for one in exporters}
        chances = {position: one for position, one in solved.items() if one is not None}
        if len(chances) == len(exporters):
            break
    deals = draw_deals(stream(seed, 2), world, chances)
    institutions = draw_institutions(stream(seed, 3), world, deals)
    return Study(world, deviation, chances, solve_advantage(world, chances, deviation), deals, institutions)


def _exporters(deviation: Deviation) -> tuple[Exporter, Exporter]:
    china = Exporter(
        position=CHINA,
        effect=EFFECT,
        gap=LOW_BY_AI[CHINA],
        low=CHINA_LOW + RAISED * deviation.deals,
        smart=158 / 250,
        more_low=0.55,
        more_mature=0.6,
    )
    return china, Exporter(
        position=UNITED_STATES,
        effect=0.0,
        gap=LOW_BY_AI[UNITED_STATES],
        low=US_LOW,
        smart=0.77,
        more_low=0.5,
        more_mature=2.7,
    )
