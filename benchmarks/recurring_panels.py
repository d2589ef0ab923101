"""Panels whose events return and do something known: one world a difficulty that estimators may meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import eventpanel.api as ep

UNITS, YEARS = 100, 20
# The record of events is longer than the sample by the longest lead and lag that anything needs.
AROUND = 5
PERSISTENCE = 0.5
LAGS = 2

Grid = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How events come about and what they do.

    Attributes
    ----------
    name : str
    about : str
        What is difficult about it, in a few words.
    rate : float
        Probability of an event in a year, on average over units.
    once : bool
        Whether a unit has at most one event; half of the units then have none.
    path : tuple of float
        Effect of an event in its own year and the years after.
    spread : float
        Standard deviation between units of what an event does, as a share of the mean; units with more events have
        larger effects.
    repeat : float
        What an event does if the unit has had another in the two years before, as a share.
    anticipation : float
        Effect in the year before the event.
    drawn : float
        How much a low outcome makes an event in the next year more likely: standard deviations of its log odds.
    """

    name: str
    about: str
    rate: float = 0.15
    once: bool = False
    path: tuple[float, ...] = (1.0, 0.6, 0.3)
    spread: float = 0.0
    repeat: float = 1.0
    anticipation: float = 0.0
    drawn: float = 0.0


WORLDS = (
    World(name="once", about="one event for half of the units", once=True),
    World(name="rare", about="events return, rarely: 6 % of years", rate=0.06),
    World(name="frequent", about="events return in 25 % of years, effects last two years, windows overlap", rate=0.25),
    World(name="uneven", about="effects differ between units and are larger where events are frequent", spread=0.8),
    World(name="lasting", about="effects last longer than the window", path=(1.0, 1.0, 1.0, 1.0, 1.0)),
    World(name="worn out", about="an event soon after another does half as much", rate=0.25, repeat=0.5),
    World(name="foreseen", about="half of the effect comes a year early", anticipation=0.5),
    World(name="drawn by a dip", about="a low outcome makes events more likely", drawn=1.0),
)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What the events of a panel do.

    Attributes
    ----------
    panel : Panel
        Columns unit, year, event, y.
    effects : dict of int to float
        Mean over all events in the sample, by event time.
    """

    panel: ep.Panel
    effects: dict[int, float]


def recurring_panel(world: World, rng: np.random.Generator) -> Truth:
    """Simulate a panel; effects of events that overlap add up.

    Parameters
    ----------
    world : World
    rng : Generator
    """
    years = YEARS + 2 * AROUND
    error = _errors(rng, (UNITS, years))
    liking = rng.normal(size=(UNITS, 1))
    events = _events(world, rng, error, liking)
    size = 1.0 + world.spread * (liking + 0.5 * rng.normal(size=(UNITS, 1))) / np.sqrt(1.25)
    does = events * size * np.where(_soon_after(events), world.repeat, 1.0)
    outcome = rng.normal(size=(UNITS, 1)) + rng.normal(size=(1, years)) + error
    for k, effect in ((-1, world.anticipation), *enumerate(world.path)):
        outcome += effect * _later(does, k)
    inside = slice(AROUND, AROUND + YEARS)
    frame = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(UNITS), years),
            "year": np.tile(np.arange(years), UNITS),
            "event": events.ravel(),
            "y": np.where(np.isin(np.arange(years), np.arange(years)[inside]), outcome, np.nan).ravel(),
        }
    )
    mean = float(does[:, inside][events[:, inside] > 0].mean())
    effects = {k: mean * (world.path[k] if k < len(world.path) else 0.0) for k in range(LAGS + 1)}
    return Truth(ep.Panel(frame, ("unit",), "year"), effects)


def _errors(rng: np.random.Generator, shape: tuple[int, int]) -> Grid:
    """First-order autoregressive errors from their stationary distribution."""
    error = rng.normal(size=shape)
    for t in range(1, shape[1]):
        error[:, t] = PERSISTENCE * error[:, t - 1] + np.sqrt(1 - PERSISTENCE**2) * error[:, t]
    return error


def _events(world: World, rng: np.random.Generator, error: Grid, liking: Grid) -> Grid:
    """Events of each unit and year; units differ in how many they have."""
    years = error.shape[1]
    if world.once:
        events = np.zeros(error.shape)
        units = np.arange(0, UNITS, 2)
        events[units, rng.integers(AROUND + 3, AROUND + YEARS - 3, len(units))] = 1.0
        return events
    odds = np.log(world.rate / (1 - world.rate)) + 0.5 * liking - world.drawn * _later(error, 1)
    happens: NDArray[np.bool_] = rng.random((UNITS, years)) < 1 / (1 + np.exp(-odds))
    return happens.astype(np.float64)


def _soon_after(events: Grid) -> NDArray[np.bool_]:
    return np.asarray((_later(events, 1) + _later(events, 2)) > 0)


def _later(grid: Grid, steps: int) -> Grid:
    """Values some years later (earlier if negative); zero where there is none."""
    out = np.zeros_like(grid)
    if steps >= 0:
        out[:, steps:] = grid[:, : grid.shape[1] - steps]
    else:
        out[:, :steps] = grid[:, -steps:]
    return out
