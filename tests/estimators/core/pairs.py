"""Sandwiches as their definitions read: a loop over all pairs of rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.least_squares import Fit, least_squares
from eventpanel.estimators.core.poisson import poisson
from tests.formula_panel import formula_frame

Row = dict[str, Any]
Weight = Callable[[Row, Row], float]


def by_pairs(fit: Fit, frame: pd.DataFrame, weight: Weight) -> Floats:
    """``B (sum over i, j of weight(i, j) s_i s_j') B``."""
    rows: list[Row] = [dict(zip(frame.columns.map(str), row, strict=True)) for row in frame.itertuples(index=False)]
    meat = np.zeros_like(fit.bread)
    for one, row in enumerate(rows):
        for other, column in enumerate(rows):
            meat += weight(row, column) * np.outer(fit.scores[one], fit.scores[other])
    return fit.bread @ meat @ fit.bread


def fitted(frame: pd.DataFrame, kind: str) -> Fit:
    """Fit of x and control with unit and time effects: "plain", "weighted" or "poisson"."""
    X, effects = frame[["x", "control"]].to_numpy(), [frame["unit"].to_numpy(), frame["time"].to_numpy()]
    weights = frame["weight"].to_numpy() if kind != "plain" else None
    if kind == "poisson":
        return poisson(frame["count"].to_numpy(dtype=float), X, effects, weights=weights).fit
    within = absorb(np.column_stack([frame["y"], X]), effects, weights).columns
    return least_squares(within[:, 0], within[:, 1:], weights)


def example() -> pd.DataFrame:
    """The arithmetic panel with a second member for each row and a partner of the unit itself in some."""
    frame = formula_frame()
    return frame.assign(partner=(frame["unit"] * 5 + frame["time"] * 3) % 12)


def bartlett_weight(elapsed: float, lags: int) -> float:
    return max(0.0, 1 - abs(elapsed) / (lags + 1))


def kilometres(one: tuple[float, float], other: tuple[float, float], radius: float) -> float:
    """Great circle by the spherical law of cosines, which is not the haversine formula."""
    a, b = (math.radians(place[0]) for place in (one, other))
    turn = math.radians(one[1] - other[1])
    cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(turn)
    return 0.0 if one == other else radius * math.acos(max(-1.0, min(1.0, cosine)))


def planar(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Pythagoras on degrees of 111 km, the short way around."""
    turn = abs(one[1] - other[1]) % 360
    turn = min(turn, 360 - turn)
    return 111 * math.hypot(one[0] - other[0], turn * math.cos(math.radians((one[0] + other[0]) / 2)))
