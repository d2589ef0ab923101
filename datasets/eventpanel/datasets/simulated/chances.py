"""Probabilities of a deal, such that the regressions over importers and over years have the planted coefficients.

Any deal in a year has a probability that is exactly linear in unrest for autocracies and weak democracies. The levels
of the importers are then solved so that any deal over all years has the planted gap between regimes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from eventpanel.datasets.simulated.projection import Floats, Mask, within
from eventpanel.datasets.simulated.regimes import RECORD, REGIMES, column
from eventpanel.datasets.simulated.world import CHINA, UNITED_STATES, WITH_REGIME, World

__all__ = [
    "DEAL_YEARS",
    "EVENT_TIMES",
    "PROFILE",
    "SAME_YEAR",
    "Chances",
    "Exporter",
    "event_columns",
    "solve_chances",
]

DEAL_YEARS = range(2008, 2022)
EVENT_TIMES = (-2, 0, 1, 2)
# Deals of China and of the United States grow less steeply than all deals do, so that no probability leaves (0, 1).
PROFILE = np.array([0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.75, 0.85, 1.0, 1.15, 1.3, 1.4, 1.35, 1.2]) / 1.4
FLOOR = 0.004
# Event time 0 is the second of EVENT_TIMES.
SAME_YEAR = 1
ROUNDS, ENOUGH = 60, 1e-10
LEAST_EVER = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """What is planted for one exporter.

    Attributes
    ----------
    position : int
        Its place among the countries.
    effect : float
        Same-year effect of unrest on any deal, in importers below 7 in that year.
    gap : float
        Low x AI: by how much more probable AI is, relative to other products, below 7 in 2007.
    low : float
        Mean probability of any deal of the importers below 7 in 2007.
    smart : float
        Probability that a deal concerns smart cities.
    more_low, more_mature : float
        Mean number of further deals of a year with any deal, by regime in 2007.
    """

    position: int
    effect: float
    gap: float
    low: float
    smart: float
    more_low: float
    more_mature: float


@dataclass(frozen=True, slots=True)
class Chances:
    """Probabilities of one exporter, for the 133 importers with a regime.

    Attributes
    ----------
    yearly : ndarray, shape (133, 14)
        Any deal in a year, 2008 to 2021.
    more : ndarray, shape (133,)
        Mean number of further deals of a year with any deal.
    smart : float
        Probability that a deal concerns smart cities.
    """

    yearly: Floats
    more: Floats
    smart: float

    @property
    def ever(self) -> Floats:
        """Any deal over all years, shape (133,)."""
        return np.asarray(1 - np.prod(1 - self.yearly, axis=1))

    @property
    def ever_smart(self) -> Floats:
        """Any deal that concerns smart cities, shape (133,). Further deals are Poisson."""
        within_year = 1 - (1 - self.smart) * np.exp(-self.smart * self.more)
        return np.asarray(1 - np.prod(1 - self.yearly * within_year[:, None], axis=1))

    @property
    def record(self) -> Floats:
        """Any deal in a year, 2000 to 2020, shape (133, 21)."""
        years = RECORD.stop - RECORD.start
        before = column(DEAL_YEARS[0]) - RECORD.start
        return np.hstack([np.zeros((REGIMES, before)), self.yearly[:, : years - before]])

    @property
    def ahead(self) -> Floats:
        """Mean of AI and smart-city AI, shape (133,); goods do not depend on importers."""
        return (self.ever + self.ever_smart) / 2


def event_columns(dose: Floats, years: slice) -> Floats:
    """Return unrest around each year: event time -2 is a deal two years before unrest.

    Parameters
    ----------
    dose : ndarray, shape (133, 28)
    years : slice
        Of the columns of the dose.

    Returns
    -------
    ndarray, shape (133, years, 4)
    """
    return np.stack([dose[:, years.start - time : years.stop - time] for time in EVENT_TIMES], axis=2)


@dataclass(frozen=True, slots=True)
class _Problem:
    exporter: Exporter
    taste: Floats
    columns: Floats
    weak: Mask
    mature: Mask
    maps: tuple[Floats, Floats]
    samples: tuple[Mask, Mask]
    controls: Floats
    low: Mask
    tied: Mask


@dataclass(frozen=True, slots=True)
class _Levels:
    """Unknowns: levels of tied importers are in ``level``, those of the others follow from ``ever``."""

    level: Floats
    ever: Floats
    weak: Floats
    mature: Floats


def solve_chances(rng: np.random.Generator, world: World, exporter: Exporter) -> Chances | None:
    """Solve the probabilities of one exporter; ``None`` where this world lets none of them lie inside (0, 1).

    Parameters
    ----------
    rng : numpy.random.Generator
        For what the planted coefficients leave open.
    world : World
    exporter : Exporter
    """
    problem = _pose(rng, world, exporter)
    mature = exporter.low - exporter.gap
    ever = np.where(problem.low, exporter.low, mature) + rng.uniform(-0.2, 0.2, REGIMES)
    first = np.array([0, exporter.effect / PROFILE.mean() * 1.5, 0, 0])
    levels = _Levels(np.full(REGIMES, 0.1), ever, first, np.zeros(len(EVENT_TIMES)))
    more = np.where(problem.low, exporter.more_low, exporter.more_mature)
    for _ in range(ROUNDS):
        chances = Chances(np.empty(0), more, exporter.smart)
        levels = _slopes(problem, _importers(problem, levels))
        chances = replace(chances, yearly=_yearly(problem, levels))
        error = _error(problem, chances)
        if np.abs(error).max() < ENOUGH:
            return chances if _inside(chances) else None
        levels = replace(levels, ever=levels.ever + _step(problem, error))
    return None


def _inside(chances: Chances) -> bool:
    return bool(chances.yearly.min() > 0 and chances.yearly.max() < 1 and chances.ever.min() > LEAST_EVER)


def _pose(rng: np.random.Generator, world: World, exporter: Exporter) -> _Problem:
    regimes, dose = world.regimes, world.dose
    columns = event_columns(dose, RECORD)
    samples = regimes.known_weak[:, RECORD], regimes.known_mature[:, RECORD]
    years = slice(column(DEAL_YEARS[0]), column(DEAL_YEARS[-1]) + 1)
    aid = world.aid[WITH_REGIME, {CHINA: 0, UNITED_STATES: 1}[exporter.position]]
    controls = np.column_stack(
        [
            np.ones(REGIMES),
            regimes.low.astype(float),
            world.log_gdp[WITH_REGIME],
            world.gravity[exporter.position, WITH_REGIME],
            aid / 1e8,
        ]
    )
    return _Problem(
        exporter,
        rng.gamma(4.0, 0.25, REGIMES).clip(max=2.0),
        event_columns(dose, years),
        regimes.weak[:, years],
        ~regimes.weak[:, years],
        (within(columns, samples[0]), within(columns, samples[1])),
        samples,
        controls,
        regimes.low,
        np.asarray(regimes.weak.any(axis=1) & (exporter.effect != 0)),
    )


def _yearly(problem: _Problem, levels: _Levels) -> Floats:
    weak, mature = problem.columns @ levels.weak, problem.columns @ levels.mature
    if problem.exporter.effect:
        return np.asarray(PROFILE * (levels.level[:, None] * (1 + problem.mature * mature) + problem.weak * weak))
    return np.asarray(PROFILE * levels.level[:, None] * (1 + problem.mature * mature + problem.weak * weak))


def _importers(problem: _Problem, levels: _Levels) -> _Levels:
    """Levels of importers: as high as the effect of unrest needs where there is one, else such that ``ever`` holds."""
    free = replace(levels, level=_bisect(lambda level: _ever(problem, levels, level), levels.ever, REGIMES))
    if not problem.tied.any():
        return free
    dip = np.where(problem.weak, -(problem.columns @ levels.weak), 0.0)
    floor = FLOOR + dip[problem.tied].max()

    def tied(more: Floats) -> Floats:
        return np.where(problem.tied, floor + more * problem.taste, free.level)

    target = np.array([problem.exporter.low])
    more = _bisect(lambda more: _ever(problem, levels, tied(more))[problem.low].mean(keepdims=True), target, 1)
    return replace(levels, level=tied(more))


def _ever(problem: _Problem, levels: _Levels, level: Floats) -> Floats:
    yearly = np.clip(_yearly(problem, replace(levels, level=level)), 0, 1)
    return np.asarray(1 - np.prod(1 - yearly, axis=1))


def _bisect(function: Callable[[Floats], Floats], target: Floats, number: int) -> Floats:
    """Where an increasing function between 0 and 1 has a value."""
    least, most = np.zeros(number), np.ones(number)
    for _ in range(50):
        middle = (least + most) / 2
        above = function(middle) > target
        least, most = np.where(above, least, middle), np.where(above, middle, most)
    return (least + most) / 2


def _slopes(problem: _Problem, levels: _Levels) -> _Levels:
    """Slopes such that the regressions over years have the planted coefficients, those of the finite sample."""
    target = np.zeros(len(EVENT_TIMES))
    target[SAME_YEAR] = problem.exporter.effect
    base = PROFILE * levels.level[:, None]
    dose = PROFILE[:, None] * problem.columns
    scaled = base[:, :, None] * problem.columns
    solved = []
    for place, (wanted, moves) in enumerate(
        ((target, dose if problem.exporter.effect else scaled), (np.zeros(len(EVENT_TIMES)), scaled))
    ):
        own = problem.weak if place == 0 else problem.mature
        level = _project(problem, place, base)
        slopes = np.column_stack(
            [_project(problem, place, own * moves[:, :, term]) for term in range(len(EVENT_TIMES))]
        )
        solved.append(np.asarray(np.linalg.solve(slopes, wanted - level), dtype=np.float64))
    return replace(levels, weak=solved[0], mature=solved[1])


def _project(problem: _Problem, place: int, yearly: Floats) -> Floats:
    years = RECORD.stop - RECORD.start
    before = column(DEAL_YEARS[0]) - RECORD.start
    record = np.hstack([np.zeros((REGIMES, before)), yearly[:, : years - before]])
    return np.asarray(problem.maps[place] @ record[problem.samples[place]])


def _error(problem: _Problem, chances: Chances) -> Floats:
    """How what is left beside the planted gap goes together with the controls; zero where the gap holds."""
    apart = chances.ahead - problem.exporter.gap * problem.low
    return np.asarray(problem.controls.T @ (apart - apart[problem.low].mean()))


def _step(problem: _Problem, error: Floats) -> Floats:
    """Least change of the free importers that takes the error away."""
    free = ~problem.tied
    step = np.zeros(REGIMES)
    step[free] = -np.linalg.lstsq(problem.controls[free].T, error, rcond=1e-10)[0]
    return step
