"""Path: leads and lags of the event for every row of a panel, and the terms they become."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import NoEventError, WindowError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.shifts import shifted
from eventpanel.estimators.design import Design
from eventpanel.estimators.record import Record


@dataclass(frozen=True, slots=True)
class Term:
    """What a coefficient belongs to.

    Attributes
    ----------
    variable : str
        Event, control or grouping.
    event_time : int or None
        Periods since the event; ``None`` for other columns.
    group : str
        Group of the moderator, or empty.
    binned : bool
        Whether the term stands for all event times further out.
    """

    variable: str
    event_time: int | None = None
    group: str = ""
    binned: bool = False

    def __str__(self) -> str:
        """Label for tables: ``protests, 1 before [autocracy]``."""
        if self.event_time is None:
            return self.variable
        when = "same period" if self.event_time == 0 else f"{abs(self.event_time)} {_side(self.event_time)}"
        beyond = " or more" if self.binned else ""
        return f"{self.variable}, {when}{beyond}" + (f" [{self.group}]" if self.group else "")


def _side(event_time: int) -> str:
    return "before" if event_time < 0 else "after"


def event_path(panel: Panel, design: Design, events: Record) -> pd.DataFrame:
    """Leads and lags of the event for every row of the panel.

    Returns
    -------
    DataFrame, shape (rows of the panel, terms)
        One column per event time; with binned ends also ``-leads - 1`` and ``lags + 1``.
    """
    rows = {k: events.calendar.rows(grid) for k, grid in event_grids(design, events).items()}
    return pd.DataFrame(rows, index=panel.frame.index)


def event_grids(design: Design, events: Record) -> dict[int, Floats]:
    """Leads and lags of the event on its calendar: grids by event time, binned ends first and last."""
    window = design.window
    grids = {k: shifted(events.code, k) for k in window.event_times}
    if window.ends == "bin":
        ahead, behind = _ends(events, design)
        grids = {-window.leads - 1: ahead, **grids, window.lags + 1: behind}
    return grids


def _ends(events: Record, design: Design) -> tuple[Floats, Floats]:
    """Events further ahead than the leads and further back than the lags, while the record is unbroken."""
    known = events.known
    if design.event.kind == "change":
        level = events.given
    else:
        begun = np.logical_or.accumulate(known, axis=1)
        gap = known[:, 1:] & ~known[:, :-1] & begun[:, :-1]
        broken = known & np.isnan(events.code)
        broken[:, 1:] |= gap
        broken = np.logical_or.accumulate(broken, axis=1)
        level = np.where(known & ~broken, np.nancumsum(events.code, axis=1), np.nan)
    # The last level of each unit; a unit without any has none.
    last = level.shape[1] - 1 - np.argmax(~np.isnan(level[:, ::-1]), axis=1)
    total = np.take_along_axis(level, last[:, None], axis=1)
    return shifted(total - level, -design.window.leads), shifted(level, design.window.lags + 1)


def check_record(events: Record, design: Design) -> None:
    """Refuse a record that is empty, without variation, or shorter than the window.

    Raises
    ------
    NoEventError, WindowError
    """
    column, window, known = design.event.column, design.window, events.known
    values = events.given[known]
    if not len(values) or values.min() == values.max():
        held = first_few(f"{value:g}" for value in np.unique(values)) or "no value at all"
        raise NoEventError(
            f"The event {column!r} never varies.",
            f"{len(values)} units and periods hold {held}",
            "check the event column and its coverage",
        )
    periods = np.flatnonzero(known.any(axis=0))
    length, needed = int(periods[-1] - periods[0]) + 1, window.leads + window.lags + 1
    if needed > length:
        raise WindowError(
            "The window is longer than the event record.",
            f"{window.leads} leads and {window.lags} lags need {needed} periods; the record has {length}",
            "use fewer leads and lags, or a longer record",
        )


def happened_in(design: Design, events: Record) -> Mask:
    """Whether something happened in each cell of the calendar, shape (U + 1, T).

    The level changed, the threshold was passed, or the dose is not zero.
    """
    values = events.code if design.event.kind != "dose" else events.given
    return np.asarray(np.nan_to_num(values) != 0, dtype=bool)
