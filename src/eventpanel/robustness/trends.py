"""Linear trends of units as controls."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import NotAvailableError, first_few
from eventpanel.datasets.panel import TREND, Panel

__all__ = ["trend_names", "with_trends"]


def trend_names(panel: Panel, by: str) -> tuple[str, ...]:
    """Names of the columns that hold the trends; one unit has none, since years hold its trend.

    Parameters
    ----------
    panel : Panel
    by : str
        Column of units.
    """
    return tuple(f"{TREND}{by} {one}" for one in sorted(panel.column(by).dropna().unique())[1:])


def with_trends(panel: Panel, by: str) -> Panel:
    """Add a column a unit: years from the middle of the panel in its rows, zero elsewhere.

    Parameters
    ----------
    panel : Panel
        With periods.
    by : str
        Column of units.

    Raises
    ------
    NotAvailableError
        A panel without periods, or a column that the trends would replace.
    """
    if panel.period is None:
        raise NotAvailableError("A panel without periods has no trends.", by, "leave trends out")
    names = trend_names(panel, by)
    taken = [name for name in names if name in panel.frame.columns]
    if taken:
        raise NotAvailableError("Columns of trends are there already.", first_few(taken), "rename them")
    years = panel.frame[panel.period].astype(float).to_numpy()
    centred, units = years - (years.min() + years.max()) / 2, panel.column(by).to_numpy()
    columns = {name: np.where(units == name.removeprefix(f"{TREND}{by} "), centred, 0.0) for name in names}
    return panel.with_frame(pd.concat([panel.frame, pd.DataFrame(columns, index=panel.frame.index)], axis=1))
