"""A small unbalanced panel that is all arithmetic, so that other software can be given the very same numbers."""

from __future__ import annotations

import pandas as pd

from eventpanel.datasets.panel import Panel

COLUMNS = ["unit", "time", "good", "x", "control", "y", "count", "weight", "region", "lat", "lon"]


def formula_frame() -> pd.DataFrame:
    """12 units in 9 periods, 98 rows; every unit has a place, regions hold three units each."""
    rows = []
    for u in range(12):
        for t in range(9):
            if (u * 7 + t * 3) % 11 == 0:
                continue
            x = ((u * u * 3 + t * t * 5 + u * t * 7) % 13) / 4
            y = 0.5 * x + ((u * 5 + t * t * 11 + u * u * t * 3) % 17) / 5 + u / 6
            control = ((u * 11 + t * t * 2 + u * u * t) % 7) / 3
            weight = 1 + ((u * 3 + t) % 5) / 4
            place = ((u * 17) % 60 - 20.5, (u * 29) % 90 + 0.25)
            rows.append((u, t, (u + t * t) % 4, x, control, y, round(y * 2) % 7, weight, u % 4, *place))
    return pd.DataFrame(rows, columns=COLUMNS)


def formula_panel() -> Panel:
    """Panel of :func:`formula_frame`."""
    return Panel(formula_frame(), ("unit",), "time")
