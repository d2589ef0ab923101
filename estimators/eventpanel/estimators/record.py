"""Record: the event of every unit along its calendar, as given and as coded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, PanelError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.calendar import Calendar, calendar, shifted
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.events import Event, Threshold


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
        The panel has several unit columns and ``event.by`` does not say which.
    PanelError
        The event differs between rows of one unit and period.
    """
    by = event_unit(panel, event)
    given = panel.once(("record", event.column, by), lambda: _given(panel, event.column, by))
    return Record(by, calendar(panel, by), given, _code(given, event))


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


def _code(given: Floats, event: Event) -> Floats:
    x = np.log1p(given) if event.transform == "log1p" else given
    if event.kind == "change":
        return x - shifted(x, 1)
    if event.threshold is None:
        return _standardise(x, event.scale)
    above = np.where(np.isnan(x), np.nan, x > _cut(x, event.threshold))
    if event.kind == "threshold":
        return above
    return _onsets(above, event.quiet) if event.kind == "onset" else _spells(above, event.quiet)


def _standardise(x: Floats, scale: str) -> Floats:
    if scale == "none":
        return x
    mean, spread = _moments(x, {"sd": None, "unit_sd": 1, "period_sd": 0}[scale])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((x - mean) / np.where(spread > 0, spread, np.nan))


def _moments(x: Floats, axis: int | None) -> tuple[Floats, Floats]:
    """Mean and standard deviation of what is known; missing where there are too few values."""
    known = ~np.isnan(x)
    count = known.sum(axis=axis, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(known, x, 0.0).sum(axis=axis, keepdims=True) / count
        squares = (np.where(known, x - mean, 0.0) ** 2).sum(axis=axis, keepdims=True)
        return mean, np.sqrt(np.where(count > 1, squares, np.nan) / (count - 1))


def _cut(x: Floats, threshold: Threshold) -> Floats | float:
    if threshold.rule == "unit_sd":
        mean, spread = _moments(x, 1)
        return np.asarray(mean + threshold.value * np.where(np.isnan(spread), 0.0, spread))
    if threshold.rule == "unit_median":
        some = ~np.isnan(x).all(axis=1)
        median = np.full((len(x), 1), np.nan)
        median[some, 0] = np.nanmedian(x[some], axis=1)
        return median
    known = x[~np.isnan(x)]
    if threshold.rule == "quantile" and len(known):
        return float(np.quantile(known, threshold.value))
    return threshold.value


def _onsets(above: Floats, quiet: int) -> Floats:
    before = np.array([shifted(above, k) for k in range(1, quiet + 1)])
    # An earlier event settles the matter even where other periods of the record are missing.
    ongoing = (before == 1).any(axis=0)
    unknown = np.isnan(before).any(axis=0) & ~ongoing & (above == 1)
    first = np.where(ongoing, 0.0, np.where(unknown, np.nan, above))
    return np.where(np.isnan(above), np.nan, first)


def _spells(above: Floats, quiet: int) -> Floats:
    inside = above.copy()
    for gap in range(1, quiet):
        for start in range(1, gap + 1):
            ends = (shifted(above, start) == 1) & (shifted(above, start - gap - 1) == 1)
            between = [shifted(above, start - k) == 0 for k in range(1, gap + 1)]
            inside[ends & np.all(between, axis=0)] = 1.0
    return inside
