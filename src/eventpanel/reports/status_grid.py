"""Status of the event, units by periods, and how each looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.audit import audit_events
from eventpanel.estimators.core.shifts import shifted
from eventpanel.estimators.events import Event
from eventpanel.estimators.record import period_labels, record
from eventpanel.estimators.standing import Standing, standing
from eventpanel.estimators.window import EventWindow

__all__ = ["LOOKS", "Cells", "Status", "StatusGrid", "status_grid"]

Cells = npt.NDArray[np.int64]


class Status(IntEnum):
    """What is known of a unit in a period."""

    NO_RECORD = 0
    QUIET = 1
    WINDOW = 2
    OVERLAP = 3
    EVENT = 4
    LARGER = 5
    LARGEST = 6
    ASIDE = 7
    UNTOLD = 8


# Apart in lightness as well as in hue, for print in grey and for every colour blindness.
LOOKS = {
    Status.EVENT: ("#3f75b5", "event"),
    Status.LARGER: ("#1f4f8f", "larger event"),
    Status.LARGEST: ("#08204a", "event"),
    Status.WINDOW: ("#b3cde3", "in the window of an event"),
    Status.OVERLAP: ("#e8a33d", "in the windows of several"),
    Status.QUIET: ("#ececec", "no event"),
    Status.ASIDE: ("#a3123a", "event set aside"),
    Status.UNTOLD: ("#8c8c8c", "cannot be told"),
    Status.NO_RECORD: ("white", "no record"),
}
NO_WINDOW = EventWindow(leads=0, lags=0, reference=None)


@dataclass(frozen=True, slots=True, eq=False)
class StatusGrid:
    """Status of the event.

    Attributes
    ----------
    cells : ndarray, shape (units, periods)
        Number of a :class:`Status`.
    units : Index
        Units with a record, by first event, then by number of events, then by name; those without an event last.
    periods : Index
    window : EventWindow or None
    totals : dict of str to float
        Of :func:`eventpanel.estimators.audit.audit_events`.
    words : dict of Status to str
        What shades of a dose stand for.
    """

    cells: Cells
    units: pd.Index
    periods: pd.Index
    window: EventWindow | None
    totals: Mapping[str, float]
    words: Mapping[Status, str] = field(default_factory=dict)

    @property
    def counts(self) -> dict[Status, int]:
        """Cells by status."""
        numbers = np.bincount(self.cells.ravel(), minlength=len(Status))
        return {status: int(numbers[status]) for status in Status}


def status_grid(panel: Panel, event: Event, window: EventWindow | None) -> StatusGrid:
    """Tell the status of every unit and period.

    Parameters
    ----------
    panel : Panel
    event : Event
    window : EventWindow or None
    """
    events = record(panel, event)
    stand = standing(events, event, window or NO_WINDOW)
    known = events.known[:-1]
    # Units and periods of the record, without empty edges of the panel.
    rows, columns = np.flatnonzero(known.any(axis=1)), _span(known)
    cells = np.where(known, Status.QUIET, Status.NO_RECORD)
    if window is not None:
        covered = _windows(stand, window)
        cells = np.where(known & (covered > 0), np.where(covered > 1, Status.OVERLAP, Status.WINDOW), cells)
    cells = np.where(known & np.isnan(stand.occurred) | stand.untold, Status.UNTOLD, cells)
    shades, words = _shades(stand, event)
    cells = np.where(stand.enters, shades, np.where(stand.aside, Status.ASIDE, cells))
    order = rows[_order(stand)[rows].argsort(kind="stable")]
    return StatusGrid(
        cells[order][:, columns].astype(np.int64),
        events.calendar.units[order],
        period_labels(panel, events.by)[columns],
        window,
        audit_events(panel, event, window or NO_WINDOW).totals,
        words,
    )


def _span(known: npt.NDArray[np.bool_]) -> slice:
    periods = np.flatnonzero(known.any(axis=0))
    return slice(int(periods[0]), int(periods[-1]) + 1) if len(periods) else slice(0, 0)


def _windows(stand: Standing, window: EventWindow) -> Cells:
    """How many windows of events that enter each cell lies in."""
    enters = stand.enters.astype(float)
    covered = np.zeros(enters.shape)
    for k in range(-window.leads, window.lags + 1):
        covered += np.nan_to_num(shifted(enters, k))
    return covered.astype(np.int64)


def _shades(stand: Standing, event: Event) -> tuple[Cells, dict[Status, str]]:
    """Thirds of the doses; one shade where all are the same, or events have none."""
    size = np.abs(stand.dose)
    sizes = size[stand.enters]
    if event.is_binary or len(np.unique(sizes)) < 2:
        return np.full(size.shape, int(Status.LARGEST)), {Status.LARGEST: "event"}
    low, high = np.quantile(sizes, (1 / 3, 2 / 3), method="lower")
    shades = np.where(size <= low, Status.EVENT, np.where(size <= high, Status.LARGER, Status.LARGEST))
    what = "change" if event.kind == "change" else "dose"
    words = {
        Status.EVENT: f"event, {what} up to {_plain(low)}",
        Status.LARGER: f"event, {what} up to {_plain(high)}",
        Status.LARGEST: f"event, {what} over {_plain(high)}",
    }
    return shades.astype(np.int64), words


def _plain(size: float) -> str:
    """Three digits, and no power of ten where whole numbers do."""
    return f"{size:.0f}" if 1000 <= size < 1e7 else f"{size:.3g}"


def _order(stand: Standing) -> Cells:
    """Key of each unit: first event, then more events before fewer; units come sorted by name."""
    happened = stand.enters | stand.aside
    periods = happened.shape[1]
    first = np.where(happened.any(axis=1), happened.argmax(axis=1), periods)
    return np.asarray(first * (periods + 1) + periods - happened.sum(axis=1), dtype=np.int64)
