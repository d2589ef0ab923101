"""Small random panels for tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel


def random_frame(seed: int = 0, units: int = 44, periods: int = 16, missing: float = 0.0) -> pd.DataFrame:
    """Columns importer, year, x (a recurring count), regime, control, weight, y; rows left out at random."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        [(f"U{u:03d}", 2000 + t) for u in range(units) for t in range(periods)], columns=["importer", "year"]
    )
    n = len(frame)
    frame["x"] = rng.poisson(0.8, n).astype(float)
    frame["regime"] = np.where(frame["importer"] < f"U{units // 2:03d}", "low", "high")
    frame["control"] = rng.normal(size=n)
    frame["weight"] = rng.uniform(0.5, 2.0, n)
    unit_part = frame["importer"].str[1:].astype(int) * 0.1
    frame["y"] = 0.4 * frame["x"] + 0.3 * frame["control"] + unit_part + rng.normal(size=n) + 0.05 * frame["year"]
    return frame[rng.random(n) >= missing].reset_index(drop=True)


def random_panel(seed: int = 0, units: int = 44, periods: int = 16, missing: float = 0.0) -> Panel:
    """Panel of :func:`random_frame`."""
    return Panel(random_frame(seed, units, periods, missing), ("importer",), "year")


def shift(series: pd.Series, event_time: int) -> pd.Series:
    """Value ``event_time`` periods earlier on the calendar (later if negative), by look-up of unit and ordinal."""
    units, times = series.index.get_level_values(0), series.index.get_level_values(1)
    earlier = pd.MultiIndex.from_arrays([units, times - event_time])
    return pd.Series(series.reindex(earlier).to_numpy(), index=series.index)
