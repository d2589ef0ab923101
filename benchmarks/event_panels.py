"""Simulated panels for the estimators for events: events that return, and events that happen once; seeded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.workloads import Floats

Codes = NDArray[np.int64]
Kind = Literal["recurring", "once"]
RATE = 0.05
PATH = (1.0, 0.6, 0.3)
NEVER = 0.35
BEFORE, AFTER = 4, 2


@dataclass(frozen=True)
class Size:
    """Units and periods of a panel, all observed."""

    units: int
    periods: int

    def __str__(self) -> str:
        """Units by periods."""
        return f"{self.units:,} x {self.periods}"


SIZES = (Size(1_000, 20), Size(100_000, 10))


def recurring(size: Size, seed: int = 11) -> pd.DataFrame:
    """Units by periods with columns unit, year, event, y: events last one period, return, and work for three.

    Parameters
    ----------
    size : Size
    seed : int
    """
    rng = np.random.default_rng(seed)
    liking = rng.gamma(2.0, 0.5, (size.units, 1))
    event = (rng.random((size.units, size.periods)) < RATE * liking).astype(float)
    outcome = _without(size, rng)
    for k, effect in enumerate(PATH):
        outcome[:, k:] += effect * event[:, : size.periods - k]
    return _frame(size, {"event": event, "y": outcome})


def once(size: Size, seed: int = 12) -> pd.DataFrame:
    """Units by periods with columns unit, year, status, first, y: a status that turns on once; first is 0 if never.

    Effects grow with time and differ between cohorts.

    Parameters
    ----------
    size : Size
    seed : int
    """
    rng = np.random.default_rng(seed)
    cohorts = np.arange(BEFORE, size.periods - AFTER + 1)
    first = np.where(rng.random(size.units) < NEVER, 0, rng.choice(cohorts, size.units))[:, None]
    since = np.arange(1, size.periods + 1) - first
    status = ((first > 0) & (since >= 0)).astype(float)
    outcome = _without(size, rng) + status * (1.0 + 0.2 * np.clip(since, 0, 4) + 0.05 * first)
    held = np.broadcast_to(first, outcome.shape).astype(np.int64)
    return _frame(size, {"status": status, "first": held, "y": outcome})


def _without(size: Size, rng: np.random.Generator) -> Floats:
    """Outcomes without events: unit and period effects, and noise."""
    shape = (size.units, size.periods)
    return np.asarray(rng.normal(size=(size.units, 1)) + rng.normal(size=size.periods) + rng.normal(size=shape))


def _frame(size: Size, grids: Mapping[str, Floats | Codes]) -> pd.DataFrame:
    units, years = np.arange(size.units), np.arange(1, size.periods + 1)
    keys = {"unit": np.repeat(units, size.periods), "year": np.tile(years, size.units)}
    return pd.DataFrame({**keys, **{name: grid.reshape(-1) for name, grid in grids.items()}})


PANELS: Mapping[Kind, Callable[[Size], pd.DataFrame]] = {"recurring": recurring, "once": once}
