"""Panels in which the event does nothing: a linear outcome and a count; errors last, clusters differ a little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import eventpanel.api as ep

YEARS = 12
PROBABILITY = 0.3
# One lead and one lag: the record of events is one year longer than the sample on each side.
AROUND = 1
PERSISTENCE = 0.6
# Standard deviations of the errors of clusters lie between these.
DEVIATIONS = (0.7, 1.3)
# Mean of the count where effects and errors are zero, and share of the linear error in its logarithm.
MEAN, SHARE = 5.0, 0.3


@dataclass(frozen=True, slots=True)
class Layout:
    """How many clusters there are, and how many of them ever have an event.

    Attributes
    ----------
    name : str
    clusters, treated : int
    """

    name: str
    clusters: int
    treated: int


LAYOUTS = (
    Layout("200 clusters", 200, 200),
    Layout("12 clusters", 12, 12),
    Layout("2 of 40 clusters treated", 40, 2),
)


def null_panel(layout: Layout, rng: np.random.Generator) -> ep.Panel:
    """Simulate a panel with columns unit, year, event, y and count; the event has no effect.

    Parameters
    ----------
    layout : Layout
    rng : Generator
    """
    shape = layout.clusters, YEARS + 2 * AROUND
    unit, year = rng.normal(size=(shape[0], 1)), rng.normal(size=(1, shape[1]))
    error = _errors(rng, shape)
    frame = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(shape[0]), shape[1]),
            "year": np.tile(np.arange(shape[1]), shape[0]),
            "event": _events(rng, shape, layout.treated).ravel().astype(np.float64),
            "y": (unit + year + error).ravel(),
            "count": rng.poisson(MEAN * np.exp(SHARE * (unit + year + error))).ravel().astype(np.float64),
        }
    )
    return ep.Panel(frame, ("unit",), "year")


def _events(rng: np.random.Generator, shape: tuple[int, int], treated: int) -> NDArray[np.bool_]:
    """Events of the first clusters, drawn again where there is none in the sample."""
    events = np.zeros(shape, dtype=bool)
    idle = np.arange(treated)
    while len(idle):
        events[idle] = rng.random((len(idle), shape[1])) < PROBABILITY
        idle = idle[~events[idle, AROUND:-AROUND].any(axis=1)]
    return events


def _errors(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """First-order autoregressive errors from their stationary distribution."""
    error = rng.normal(size=shape)
    for t in range(1, shape[1]):
        error[:, t] = PERSISTENCE * error[:, t - 1] + np.sqrt(1 - PERSISTENCE**2) * error[:, t]
    return error * rng.uniform(*DEVIATIONS, size=(shape[0], 1))
