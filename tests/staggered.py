"""Panels whose event happens once, and their designs; for tests of estimators of such events."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event
from eventpanel.estimators.window import EventWindow

DESIGN = Design(
    outcome="y",
    event=Event(column="x", kind="dose"),
    window=EventWindow(leads=2, lags=2, reference=-1),
    fixed_effects=("unit", "year"),
    covariance=Clustered("unit", "none"),
)


def window(design: Design, leads: int, lags: int, reference: int | None = -1) -> Design:
    """Change the window of a design."""
    return replace(design, window=EventWindow(leads=leads, lags=lags, reference=reference))


def frame(units: int = 40, seed: int = 0, missing: float = 0.0) -> pd.DataFrame:
    """Seven periods; cohorts of the third, fourth and sixth, a quarter of the units never struck."""
    rng = np.random.default_rng(seed)
    unit, year = np.divmod(np.arange(units * 7), 7)
    start = np.array([2, 3, 5, 99])[unit % 4]
    rows = pd.DataFrame({"unit": unit + 100, "year": 2000 + year, "start": start})
    rows["x"] = (year >= start).astype(float)
    since = np.where(rows["x"] > 0, year - start, 0)
    rows["fixed"] = rng.normal(size=units)[unit] + 0.3 * (unit % 4)
    rows["moving"] = rng.normal(size=len(rows)) + 0.2 * year
    rows["weight"] = 0.5 + rng.random(len(rows))
    rows["y"] = (
        rng.normal(size=units)[unit] + 0.3 * year + rows["x"] * (1 + since + start / 10) + rng.normal(size=len(rows))
    )
    rows["y"] += 0.5 * rows["moving"] + 0.2 * rows["fixed"] * year
    rows["count"] = rng.poisson(np.exp(0.6 + 0.2 * rows["y"].clip(-4, 6)))
    rows["region"] = unit // 2
    rows["regime"] = np.where(unit % 8 < 4, "low", "high")
    # Outcomes are missing, events are not: a gap in the record of events would hide when they happened.
    rows["count"] = rows["count"].astype(float)
    rows.loc[rng.random(len(rows)) < missing, ["y", "count"]] = np.nan
    return rows


def panel(rows: pd.DataFrame) -> Panel:
    """Make a panel of units and years."""
    return Panel(rows, ("unit",), "year")
