"""Path: leads and lags of the event for every row of a panel, and the terms they become."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from eventpanel.datasets.errors import NoEventError, WindowError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Mask
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Record, calendar


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
    series = {k: shift_onto(events.coded, k) for k in design.window.event_times}
    if design.window.ends == "bin":
        ahead, behind = _ends(events, design)
        series = {-design.window.leads - 1: ahead, **series, design.window.lags + 1: behind}
    index = pd.MultiIndex.from_arrays([panel.column(events.by), calendar(panel)])
    return pd.DataFrame({k: s.reindex(index).to_numpy() for k, s in series.items()}, index=panel.frame.index)


def shift_onto(series: pd.Series, event_time: int) -> pd.Series:
    """Place each value ``event_time`` periods later on the calendar, so that a gap in the record loses only itself."""
    units, times = series.index.get_level_values(0), series.index.get_level_values(1)
    return pd.Series(series.to_numpy(), index=pd.MultiIndex.from_arrays([units, times + event_time]))


def _ends(events: Record, design: Design) -> tuple[pd.Series, pd.Series]:
    """Events further ahead than the leads and further back than the lags, while the record is unbroken."""
    if design.event.kind == "change":
        level = events.raw
    else:
        coded = events.coded
        units = coded.index.get_level_values(0)
        steps = pd.Series(coded.index.get_level_values(1), index=coded.index).groupby(level=0).diff()
        broken = (coded.isna() | (steps > 1)).groupby(level=0).cummax()
        level = coded.groupby(units).cumsum().where(~broken)
    total = level.groupby(level=0).transform("last")
    ahead = total - level
    return shift_onto(ahead, -design.window.leads), shift_onto(level, design.window.lags + 1)


def check_record(events: Record, design: Design) -> None:
    """Refuse a record that is empty, without variation, or shorter than the window.

    Raises
    ------
    NoEventError, WindowError
    """
    column, window = design.event.column, design.window
    if events.raw.nunique() <= 1:
        held = first_few(f"{value:g}" for value in events.raw.unique()) or "no value at all"
        raise NoEventError(
            f"The event {column!r} never varies.",
            f"{len(events.raw)} units and periods hold {held}",
            "check the event column and its coverage",
        )
    times = events.coded.index.get_level_values(1)
    length, needed = int(times.max() - times.min()) + 1, window.leads + window.lags + 1
    if needed > length:
        raise WindowError(
            "The window is longer than the event record.",
            f"{window.leads} leads and {window.lags} lags need {needed} periods; the record has {length}",
            "use fewer leads and lags, or a longer record",
        )


def happened_in(panel: Panel, design: Design, events: Record) -> Mask:
    """Whether something happened in a row: the level changed, the threshold was passed, or the dose is not zero."""
    index = pd.MultiIndex.from_arrays([panel.column(events.by), calendar(panel)])
    values = events.coded if design.event.kind != "dose" else events.raw
    return (values.reindex(index).fillna(0.0) != 0).to_numpy()
