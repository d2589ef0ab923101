"""Recurrence audit: how often events return, how far their windows overlap, which have a clean window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.events import Event
from eventpanel.estimators.occurrences import since_last
from eventpanel.estimators.record import Record, period_labels, record
from eventpanel.estimators.standing import Standing, standing
from eventpanel.estimators.window import EventWindow

__all__ = ["Audit", "audit_events", "recurrence", "recurrence_totals"]

QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
NAMES = ("least", "10 % quantile", "25 % quantile", "median", "75 % quantile", "90 % quantile", "most")
# Lines of a table shown in a notebook.
SHOWN = 20


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Audit:
    """What an event and a window make of a record, before any estimate.

    Attributes
    ----------
    event : Event
    window : EventWindow
    units : DataFrame
        One row per unit; see :func:`recurrence`.
    events : DataFrame
        One row per event: unit, period, dose, entry (``"enters"``, ``"set aside"`` by the overlap rule, ``"cannot be
        told"``), since_previous (periods since the event before), overlapping, shared_window, clean_before,
        clean_window as in ``units``, usable (all leads and lags of its own period are known).
    doses : DataFrame
        Statistic and value: how doses are distributed over the units and periods of the record.
    absent : int
        Units of the panel without any record.
    """

    event: Event
    window: EventWindow
    units: pd.DataFrame
    events: pd.DataFrame
    doses: pd.DataFrame
    absent: int

    @property
    def totals(self) -> dict[str, float]:
        """Totals over all units, by name; shares are shares of the events that enter."""
        dose = dict(zip(self.doses["statistic"], self.doses["value"], strict=True))
        return {
            **recurrence_totals(self.units),
            "mean periods between events": float(self.events["since_previous"].mean()),
            "share of doses that are zero": dose["share of zeros"],
            "median of other doses": dose["median"],
            "units without a record": float(self.absent),
        }

    def __repr__(self) -> str:
        """Event, window and totals, one a line."""
        return "\n".join([self._head, *(f"  {name}: {shown(name, value)}" for name, value in self.totals.items())])

    @property
    def _head(self) -> str:
        return f"{self.event.describe()}; {self.window.leads} leads, {self.window.lags} lags"

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{escape(n)}</td><td>{shown(n, v)}</td></tr>" for n, v in self.totals.items())
        units = self.units.to_html(index=False, max_rows=SHOWN, na_rep="", float_format=lambda v: f"{v:.3g}")
        return f"<p>{escape(self._head)}</p><table><tbody>{rows}</tbody></table>{units}"


def shown(name: str, value: float) -> str:
    """Total of an audit as text: shares in per cent, whole numbers whole, what is undefined in words.

    Examples
    --------
    >>> shown("share of events", 0.25), shown("events", 4.0), shown("mean periods between events", 2.5)
    ('25%', '4', '2.5')
    """
    if np.isnan(value):
        return "not defined"
    if name.startswith("share"):
        return f"{value:.0%}"
    return f"{value:.0f}" if value == round(value) else f"{value:.3g}"


def audit_events(panel: Panel, event: Event, window: EventWindow) -> Audit:
    """Audit the events of a panel: how often they return, and what that leaves of their windows.

    For a dose every period with a value other than zero is an event; for a change, every period in which the level
    changes.

    Parameters
    ----------
    panel : Panel
    event : Event
    window : EventWindow

    Returns
    -------
    Audit

    Raises
    ------
    DesignError, PanelError
        As :func:`eventpanel.estimators.record.record`.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": "A", "year": range(2000, 2006), "x": [0, 0, 1, 0, 2, 0]})
    >>> audit = audit_events(Panel(frame, ("unit",), "year"), Event(column="x", kind="dose"),
    ...                      EventWindow(leads=1, lags=1, reference=None))
    >>> audit.events[["period", "since_previous", "overlapping", "shared_window"]].to_numpy().tolist()
    [[2002, nan, False, True], [2004, 2.0, False, True]]
    >>> audit.totals["share of events whose window shares a period with another's"]
    1.0
    """
    events = record(panel, event)
    labels = period_labels(panel, events.by)
    stand = standing(events, event, window)
    watched = events.known[:-1].any(axis=1)
    return Audit(
        event,
        window,
        _units(events, stand, labels),
        _events(events, stand, labels),
        _doses(stand.dose[~np.isnan(stand.dose)]),
        int((~watched).sum()),
    )


def recurrence(panel: Panel, event: Event, window: EventWindow) -> pd.DataFrame:
    """Count events and their overlaps for every unit: the table ``units`` of :func:`audit_events`.

    Parameters
    ----------
    panel : Panel
    event : Event
    window : EventWindow

    Returns
    -------
    DataFrame
        One row per unit: unit, first, last (of the record), periods, missing (periods inside without a record),
        events (that enter), set_aside (by the overlap rule), untold (that may have been events or may enter), spells,
        overlapping (events with another inside their window), shared_window (events whose window shares a period with
        that of another), clean_before (events with no event in the ``leads`` periods before), clean_window (nor in the
        ``lags`` after), mean_gap (periods between events), longest_quiet, usable (periods in which every lead and lag
        is known), first_usable, last_usable.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": "A", "year": range(2000, 2006), "x": [0, 0, 1, 0, 0, 0]})
    >>> table = recurrence(Panel(frame, ("unit",), "year"), Event(column="x", kind="dose"),
    ...                    EventWindow(leads=2, lags=2, reference=None))
    >>> table[["events", "overlapping", "clean_before", "first_usable", "last_usable"]].values.tolist()
    [[1, 0, 1, 2002, 2003]]
    """
    return audit_events(panel, event, window).units


def recurrence_totals(table: pd.DataFrame) -> dict[str, float]:
    """Sum up :func:`recurrence`: units, events, and shares of the events that overlap or are clean."""
    sums, most = table.sum(numeric_only=True), table["events"].max()
    events, some = float(sums["events"]), float((table["events"] > 0).sum())

    def share(column: str) -> float:
        return float(sums[column]) / events if events else np.nan

    return {
        "units": float(len(table)),
        "units with an event": some,
        "units with more than one event": float((table["events"] > 1).sum()),
        "units with more than one spell": float((table["spells"] > 1).sum()),
        "units with a usable period": float((table["usable"] > 0).sum()),
        "events": events,
        "events set aside": float(sums["set_aside"]),
        "events that cannot be told": float(sums["untold"]),
        "events per unit with one": events / some if some else np.nan,
        "most events in a unit": float(most) if len(table) else np.nan,
        "share of events with another inside the window": share("overlapping"),
        "share of events whose window shares a period with another's": share("shared_window"),
        "share of events with a clean period before": share("clean_before"),
        "share of events with a clean window": share("clean_window"),
    }


def _units(events: Record, stand: Standing, labels: pd.Index) -> pd.DataFrame:
    known = events.known[:-1]
    watched = known.any(axis=1)
    first, last = _ends(known, labels)
    usable_first, usable_last = _ends(stand.usable, labels)
    periods = known.sum(axis=1)
    span = known.shape[1] - known[:, ::-1].argmax(axis=1) - known.argmax(axis=1)
    table = {
        "unit": events.calendar.units,
        "first": first,
        "last": last,
        "periods": periods,
        "missing": span - periods,
        "events": stand.enters.sum(axis=1),
        "set_aside": stand.aside.sum(axis=1),
        "untold": stand.untold.sum(axis=1),
        "spells": stand.starts.sum(axis=1),
        **{name: (flag & stand.enters).sum(axis=1) for name, flag in stand.flags.items()},
        "mean_gap": _mean(stand.gap),
        "longest_quiet": _longest_run(stand.occurred == 0),
        "usable": stand.usable.sum(axis=1),
        "first_usable": usable_first,
        "last_usable": usable_last,
    }
    return pd.DataFrame(table).iloc[np.flatnonzero(watched)].reset_index(drop=True)


def _events(events: Record, stand: Standing, labels: pd.Index) -> pd.DataFrame:
    which = stand.enters | stand.aside | stand.untold
    unit, period = np.nonzero(which)
    entry = np.where(stand.enters, "enters", np.where(stand.aside, "set aside", "cannot be told"))
    flags: Mapping[str, Mask] = {**stand.flags, "usable": stand.usable}
    return pd.DataFrame(
        {
            "unit": events.calendar.units[unit],
            "period": labels[period],
            "dose": stand.dose[which],
            "entry": entry[which],
            "since_previous": stand.gap[which],
            **{name: flag[which] for name, flag in flags.items()},
        }
    )


def _ends(cells: Mask, labels: pd.Index) -> tuple[pd.Series, pd.Series]:
    """First and last period of each unit's cells; missing without any."""
    first, last = cells.argmax(axis=1), cells.shape[1] - 1 - cells[:, ::-1].argmax(axis=1)
    return _placed(labels, first, cells), _placed(labels, last, cells)


def _placed(labels: pd.Index, place: Codes, cells: Mask) -> pd.Series:
    found = pd.Series(labels[place])
    whole = found.astype("Int64") if pd.api.types.is_integer_dtype(found.dtype) else found
    return whole.mask(~np.asarray(cells.any(axis=1), dtype=bool))


def _mean(values: Floats) -> Floats:
    count = (~np.isnan(values)).sum(axis=1)
    return np.where(count > 0, np.nansum(values, axis=1) / np.maximum(count, 1), np.nan)


def _longest_run(cells: Mask) -> Codes:
    """Longest run of cells of each unit."""
    broken = since_last(np.pad((~cells).astype(float), ((0, 0), (1, 0)), constant_values=1.0))
    return np.asarray(broken.max(axis=1), dtype=np.int64)


def _doses(values: Floats) -> pd.DataFrame:
    some = values[values != 0]
    zeros = 1 - len(some) / len(values) if len(values) else np.nan
    quantiles = np.quantile(some, QUANTILES) if len(some) else np.full(len(QUANTILES), np.nan)
    rows = [
        ("units and periods", float(len(values))),
        ("share of zeros", zeros),
        ("mean of others", some.mean() if len(some) else np.nan),
        *zip(NAMES, quantiles, strict=True),
    ]
    return pd.DataFrame(rows, columns=["statistic", "value"])
