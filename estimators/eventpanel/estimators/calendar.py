"""Calendar: units by periods as a grid, so that every lead and lag is a step along it and never along rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.periods import ordinal
from eventpanel.estimators.core.arrays import Codes, Floats, Mask

# Cells a grid may have for each row of the panel, and always.
CELLS_A_ROW = 100
CELLS = 10_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """Units by periods.

    Attributes
    ----------
    units : Index, length U
        Names of the units, sorted.
    first : int
        Ordinal of the first period.
    periods : int
        Number of periods, T.
    cells : ndarray, shape (n,)
        Cell of each row of the panel, ``unit * T + period``; rows without a unit are in row U.
    """

    units: pd.Index
    first: int
    periods: int
    cells: Codes

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of a grid: one row per unit and one for rows without a unit."""
        return len(self.units) + 1, self.periods

    def grid(self, values: Floats) -> tuple[Floats, Mask]:
        """Place the values of rows, shape (n,), on the grid; missing ones are left out.

        Returns
        -------
        grid : ndarray, shape (U + 1, T)
        differs : ndarray of bool, shape (n,)
            Rows whose value is not that of another row of their cell.
        """
        flat = np.full(self.shape[0] * self.shape[1], np.nan)
        known = ~np.isnan(values)
        if known.all():
            flat[self.cells] = values
        else:
            flat[self.cells[known]] = values[known]
        differs = known & (flat[self.cells] != values)
        flat[len(self.units) * self.periods :] = np.nan
        return flat.reshape(self.shape), differs

    def rows(self, grid: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """Values of the panel's rows, shape (n,), from a grid."""
        return grid.reshape(-1)[self.cells]

    def index(self, known: Mask) -> pd.MultiIndex:
        """Units and period ordinals of some cells, in order."""
        unit, period = np.nonzero(known[:-1])
        return pd.MultiIndex.from_arrays([self.units[unit], self.first + period])


def ordinals(panel: Panel) -> npt.NDArray[np.int64]:
    """Period ordinals of the panel's rows, shape (n,).

    Raises
    ------
    DesignError
        The panel has no periods.
    """
    if panel.period is None:
        raise DesignError(
            "The panel has no periods.", "", "an event study, or a sample in years, needs a column of periods"
        )
    column = panel.frame[panel.period]
    return panel.once("ordinals", lambda: ordinal(column))


def calendar(panel: Panel, by: str) -> Calendar:
    """Lay out the calendar of the units that a column names; worked out once for a panel.

    Raises
    ------
    DesignError
        The panel has no periods, or they lie too far apart to be one calendar.
    """
    return panel.once(("calendar", by), lambda: _calendar(panel, by))


def _calendar(panel: Panel, by: str) -> Calendar:
    times, coded = ordinals(panel), panel.codes(by)
    first = int(times.min(initial=0)) if not len(times) else int(times.min())
    periods = int(times.max()) - first + 1 if len(times) else 1
    if (len(coded.labels) + 1) * periods > max(CELLS, CELLS_A_ROW * len(times)):
        raise DesignError(
            "The periods lie too far apart to be one calendar.",
            f"{panel.period!r} runs from {first} to {first + periods - 1}: {first_few(sorted(set(times.tolist())))}",
            "check the period column for slips",
        )
    units = np.where(coded.codes < 0, len(coded.labels), coded.codes)
    return Calendar(coded.labels, first, periods, units * periods + (times - first))
