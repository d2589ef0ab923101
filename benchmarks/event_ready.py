"""What peers of events start from: ready columns, and what they return: estimates and standard errors by event time."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.event_ours import Path

TIMES = (-3, -2, 0, 1, 2)
LAGS = (-2, -1, 0, 1, 2)


def package(name: str) -> Any:
    """Import a package when its work first runs, which no clock measures."""
    return importlib.import_module(name)


def lag_column(k: int) -> str:
    """Name of the column of the event some periods before (after, if negative)."""
    return f"event_{k}".replace("-", "m")


def outcome_column(k: int) -> str:
    """Name of the column of the outcome some periods later (earlier, if negative)."""
    return f"y_{k}".replace("-", "m")


def ready(frame: pd.DataFrame) -> pd.DataFrame:
    """Add what peers need: leads and lags, outcomes before and later, rows in a window; or periods since the event.

    Parameters
    ----------
    frame : DataFrame
        One of :data:`benchmarks.event_panels.PANELS`.
    """
    if "first" in frame:
        since = frame["year"] - frame["first"]
        treated = frame["first"] > 0
        return frame.assign(
            since=since.where(treated, np.inf),
            treated_for=since.where(frame["status"] > 0, -1).astype(float),
            cohort=frame["first"].where(treated).astype(float),
            code=frame["first"].where(treated, 10_000),
        )
    event, outcome = (frame.pivot(index="unit", columns="year", values=name).to_numpy() for name in ("event", "y"))
    columns = {lag_column(k): _later(event, k) for k in LAGS} | {outcome_column(k): _later(outcome, -k) for k in TIMES}
    columns["before"] = _later(outcome, 1)
    columns["window"] = np.nan_to_num(np.stack([_later(event, k) for k in range(3)])).max(axis=0)
    return frame.assign(**{name: grid.reshape(-1) for name, grid in columns.items()})


def _later(grid: Any, steps: int) -> Any:
    """Values some periods later (earlier if negative); missing where there is none."""
    out = np.full(grid.shape, np.nan)
    if steps >= 0:
        out[:, steps:] = grid[:, : grid.shape[1] - steps]
    else:
        out[:, :steps] = grid[:, -steps:]
    return out


def listed(times: Any, coef: Any, errors: Any) -> Path:
    """Estimates and standard errors by event time.

    Parameters
    ----------
    times, coef, errors : sequences of numbers
    """
    return {int(k): (float(b), float(s)) for k, b, s in zip(times, coef, errors, strict=True)}
