"""Record: the event of every unit along its calendar, as given and as coded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, PanelError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.calendar import Calendar, calendar
from eventpanel.estimators.coding import coded
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.events import Event
from eventpanel.estimators.finite import finite


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """The event of every unit along its calendar.

    Attributes
    ----------
    by : str
        Unit column.
    calendar : Calendar
    given : ndarray, shape (U + 1, T)
        The column as given; missing where the panel has no value.
    code : ndarray, shape (U + 1, T)
        The coded event; missing there, and where it cannot be told.
    """

    by: str
    calendar: Calendar
    given: Floats
    code: Floats

    @property
    def known(self) -> Mask:
        """Cells in which the record has a value."""
        return ~np.isnan(self.given)

    @property
    def raw(self) -> pd.Series:
        """The column as given, indexed by unit and period ordinal, missing values left out."""
        return self._series(self.given)

    @property
    def coded(self) -> pd.Series:
        """The coded event on the same index."""
        return self._series(self.code)

    def _series(self, grid: Floats) -> pd.Series:
        known = self.known
        return pd.Series(grid[known], index=self.calendar.index(known))


def record(panel: Panel, event: Event) -> Record:
    """Code the event on the whole record of the panel.

    Raises
    ------
    DesignError
        The panel has several unit columns and ``event.by`` does not say which; an infinite dose.
    PanelError
        The event differs between rows of one unit and period.
    """
    by = event_unit(panel, event)
    if not event.is_binary:
        finite(panel, [event.column], np.ones(len(panel.frame), dtype=bool))
    given = panel.once(("record", event.column, by), lambda: _given(panel, event.column, by))
    return Record(by, calendar(panel, by), given, coded(given, event))


def _given(panel: Panel, column: str, by: str) -> Floats:
    given, differs = calendar(panel, by).grid(panel.values(column))
    if differs.any():
        keys = panel.frame.loc[differs, [by, str(panel.period)]].drop_duplicates()
        raise PanelError(
            f"{column!r} differs between rows of one {by} and period.",
            first_few(f"{unit} {period}" for unit, period in keys.itertuples(index=False)),
            f"make it one value per {by} and period, or choose another column for `by`",
        )
    return given


def event_unit(panel: Panel, event: Event) -> str:
    """Return the unit column along whose calendar the event moves."""
    if event.by is not None:
        panel.column(event.by)
        return event.by
    if len(panel.unit) == 1:
        return panel.unit[0]
    raise DesignError(
        "The panel has several unit columns, and the event does not say which it belongs to.",
        f"unit: {', '.join(panel.unit)}",
        "set `by` in the event, for example by='importer'",
    )


def period_labels(panel: Panel, by: str) -> pd.Index:
    """Periods of the calendar as the panel writes them, length T; those without a row included."""
    along, column = calendar(panel, by), panel.frame[str(panel.period)]
    if isinstance(column.dtype, pd.PeriodDtype):
        return pd.period_range(column.min(), periods=along.periods, freq=column.dtype.freq)
    return pd.RangeIndex(along.first, along.first + along.periods)
