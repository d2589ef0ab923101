"""Small panels of events that recur, for tests of estimators with clean windows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.window import EventWindow

FIRST = 2000
HAPPENS = Event(column="event", kind="threshold", threshold=Threshold(rule="absolute"))
ON = replace(HAPPENS, column="on")


def frame(seed: int = 0, units: int = 40, periods: int = 14, missing: float = 0.06) -> pd.DataFrame:
    """Columns unit, region, regime, year, event (recurs), on (a status), once (stays), x, weight, y; rows missing."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        [(f"U{u:02d}", FIRST + t) for u in range(units) for t in range(periods)], columns=["unit", "year"]
    )
    shape = (units, periods)
    rows["event"] = (rng.random(shape) < 0.12).astype(float).reshape(-1)
    rows["on"] = ((rng.random(shape) < 0.2).cumsum(axis=1) % 2).astype(float).reshape(-1)
    rows["once"] = (np.arange(periods) >= rng.integers(2, 2 * periods, units)[:, None]).astype(float).reshape(-1)
    number = rows["unit"].str[1:].astype(int)
    rows["region"] = "R" + (number // 3).astype(str)
    rows["regime"] = np.where(number < units // 2, "low", "high")
    rows["x"] = rng.normal(size=len(rows))
    rows["weight"] = rng.uniform(0.5, 2.0, len(rows))
    rows["y"] = rng.normal(size=len(rows)) + number + 0.3 * rows["x"] + rows["event"] + np.sin(rows["year"])
    keep = rng.random(len(rows)) >= missing
    return rows[keep].reset_index(drop=True)


def panel(rows: pd.DataFrame | None = None) -> Panel:
    """Panel of :func:`frame`."""
    return Panel(frame() if rows is None else rows, ("unit",), "year")


def design(**changes: Any) -> Design:
    """Two leads, two lags, reference -1, clustered by unit without a small-sample factor."""
    base = Design(
        outcome="y",
        event=HAPPENS,
        window=EventWindow(leads=2, lags=2, reference=-1),
        fixed_effects=("unit", "year"),
        covariance=Clustered("unit", "none"),
    )
    return replace(base, **changes)


def grids(rows: pd.DataFrame, *columns: str) -> list[dict[tuple[str, int], float]]:
    """Values of columns by unit and year, as plain dictionaries."""
    keys = list(zip(rows["unit"], rows["year"], strict=True))
    return [dict(zip(keys, rows[column], strict=True)) for column in columns]


def clean_by_hand(
    event: dict[tuple[str, int], float], unit: str, year: int, quiet: int, span: tuple[int, int]
) -> float | None:
    """Whether the event happens, if nothing else does near; one period after the other."""
    first, last = min(span[0], -1), max(span[1], 0)
    near = [*range(first + 1 - quiet, 0), *range(1, last + 1)]
    if all(event.get((unit, year + k)) == 0 for k in near):
        return event.get((unit, year))
    return None


def once_by_hand(on: dict[tuple[str, int], float], unit: str, year: int, span: tuple[int, int]) -> float | None:
    """Whether a status that stays turns on, or is off throughout."""
    first, last = min(span[0], -1), max(span[1], 0)
    before = all(on.get((unit, year + k)) == 0 for k in range(first, 0))
    if before and on.get((unit, year)) == 1:
        return 1.0
    return 0.0 if before and all(on.get((unit, year + k)) == 0 for k in range(last + 1)) else None


def changes_of(on: dict[tuple[str, int], float]) -> dict[tuple[str, int], float]:
    """Change of a status where it is known."""
    return {(u, y): now - on[u, y - 1] for (u, y), now in on.items() if (u, y - 1) in on}


def status_by_hand(
    change: dict[tuple[str, int], float], unit: str, year: int, quiet: int, span: tuple[int, int]
) -> float | None:
    """Whether a status turns on, if it does not change near; ends are neither treated nor controls."""
    found = clean_by_hand(change, unit, year, quiet, span)
    return None if found == -1 else found
