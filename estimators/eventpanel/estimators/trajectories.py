"""Trajectories: outcome and event of every unit along its calendar, as grids; what comparisons over time start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.calendar import ordinals
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import first_rows, not_singletons, numbered, recode
from eventpanel.estimators.design import Design, cluster_name
from eventpanel.estimators.ledger import Ledger
from eventpanel.estimators.moderator import groups_or_one
from eventpanel.estimators.path import check_record, happened_in
from eventpanel.estimators.record import Record, record
from eventpanel.estimators.selection import crossed, known_rows

__all__ = ["Trajectories", "not_alone", "on_or_off", "trajectories"]


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """Units by periods. A unit is one of the panel, such as a pair of countries; an event may belong to a part of it.

    Attributes
    ----------
    row : ndarray, shape (U, T)
        Row of the panel in each cell; -1 where there is none.
    first : int
        Ordinal of the first period.
    event : ndarray, shape (U, T)
        The coded event, on the whole record, also outside the sample; missing where it cannot be told. For an event
        of kind ``"change"`` it is the change of the level.
    happened : ndarray of bool, shape (U, T)
        Whether something happened: the level changed, the threshold was passed, or the dose as given is not zero.
    level : ndarray, shape (U, T)
        What the unit is exposed to in each period: the level for an event of kind ``"change"``, else the coded event.
    outcome : ndarray, shape (U, T)
        Missing outside the sample.
    controls : ndarray, shape (c, U, T)
    weights : ndarray, shape (U, T)
        One without weights, zero outside the sample.
    offset : ndarray, shape (U, T)
        Zero without one.
    owner : ndarray, shape (U,)
        Whom the events of a unit belong to, as position among ``owners``.
    owners : Index
        Names, such as importers.
    clusters : ndarray, shape (U,)
        Codes of the panel's clusters, not dense.
    names : tuple of str
        Names of the groups of the moderator; one empty text without one.
    group : ndarray, shape (U, T)
        Position among the names; -1 outside the sample.
    lost : Ledger
        Rows of the sample, and why the others are not.
    """

    row: Codes
    first: int
    event: Floats
    happened: Mask
    level: Floats
    outcome: Floats
    controls: Floats
    weights: Floats
    offset: Floats
    owner: Codes
    owners: pd.Index
    clusters: Codes
    names: tuple[str, ...]
    group: Codes
    lost: Ledger

    @property
    def panel(self) -> Panel:
        """Where the rows are from."""
        return self.lost.panel

    @property
    def shape(self) -> tuple[int, int]:
        """Units and periods."""
        return self.outcome.shape[0], self.outcome.shape[1]

    @property
    def inside(self) -> Mask:
        """Cells of the sample, shape (U, T)."""
        return ~np.isnan(self.outcome)

    @property
    def sample(self) -> Mask:
        """Cells of the sample in any group, shape (U, T)."""
        return (self.row >= 0) & self.lost.keep[self.row]

    @property
    def events(self) -> Mask:
        """Events of units that have rows in the sample, shape (U, T)."""
        return np.asarray(self.happened & self.inside.any(axis=1, keepdims=True))

    @property
    def cluster(self) -> Codes:
        """Cluster of each unit, dense, shape (U,)."""
        return recode(self.clusters)

    def only(self, name: str) -> Trajectories:
        """Keep the rows of one group of the moderator; events stay those of the whole record."""
        if self.names == (name,):
            return self
        mine = self.group == self.names.index(name)
        outcome, group = np.where(mine, self.outcome, np.nan), np.where(mine, 0, -1)
        return replace(self, outcome=outcome, weights=np.where(mine, self.weights, 0.0), names=(name,), group=group)

    def of_rows(self, values: Floats, fill: float = np.nan) -> Floats:
        """Values of the panel's rows, shape (n,), in their cells, shape (U, T)."""
        return np.where(self.row >= 0, values[self.row], fill)

    def column(self, name: str) -> Floats:
        """Values of a column of the panel, also outside the sample, shape (U, T); missing where there is no row."""
        return self.of_rows(self.panel.values(name))

    def of_owners(self, cells: Mask) -> Mask:
        """Periods of owners in which one of their units has one of some cells, shape (owners, T)."""
        unit, period = np.nonzero(cells)
        found = np.zeros((len(self.owners), self.shape[1]), dtype=bool)
        found[self.owner[unit], period] = True
        return found

    def to_rows(self, cells: Mask) -> Mask:
        """Rows of the panel that lie in some cells, shape (n,)."""
        rows = np.zeros(len(self.lost.keep), dtype=bool)
        rows[self.row[cells & (self.row >= 0)]] = True
        return rows


def trajectories(panel: Panel, design: Design) -> Trajectories:
    """Lay out a design on a panel along the calendar.

    Parameters
    ----------
    panel : Panel
    design : Design

    Raises
    ------
    DesignError
        And its branches: an event that never varies, no row left, clusters that cut through units.

    Examples
    --------
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> frame = pd.DataFrame({"unit": ["A", "A", "B"], "year": [2001, 2002, 2002], "x": [0, 1, 0], "y": [5, 6, 7]})
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"), fixed_effects=("unit", "year"),
    ...     window=EventWindow(leads=0, lags=1, reference=None), covariance=Clustered("unit", "none"))
    >>> trajectories(Panel(frame, ("unit",), "year"), design).outcome.tolist()
    [[5.0, 6.0], [nan, 7.0]]
    """
    events = record(panel, design.event)
    check_record(events, design)
    groups = groups_or_one(panel, design.moderator)
    lost = known_rows(panel, design, {}, groups, events)
    if not lost.keep.any():
        raise DesignError("No row is left to estimate from.", "", "see the ledger: which cause takes the rows")
    unit, cells, periods = _cells(panel, events)
    units = int(unit.max()) + 1
    first_row = first_rows(unit, units)
    row = np.full((units, periods), -1, dtype=np.int64)
    row.reshape(-1)[cells] = np.arange(len(cells))
    owner = (events.calendar.cells // periods)[first_row]
    event = events.code[owner]
    there = (row >= 0) & lost.keep[row]

    def grid(values: Floats, outside: float) -> Floats:
        return np.where(there, values[row], outside)

    return Trajectories(
        row=row,
        first=events.calendar.first,
        event=event,
        happened=happened_in(design, events)[owner],
        level=events.given[owner] if design.event.kind == "change" else event,
        outcome=grid(panel.values(design.outcome), np.nan),
        controls=np.array([grid(panel.values(name), np.nan) for name in design.controls]).reshape(-1, units, periods),
        weights=there.astype(np.float64) if design.weights is None else grid(panel.values(design.weights), 0.0),
        offset=np.zeros((units, periods)) if design.offset is None else grid(panel.values(design.offset), 0.0),
        owner=owner,
        owners=events.calendar.units,
        clusters=_clusters(panel, design, unit, first_row),
        names=groups.names,
        group=np.where(there, groups.codes[row], -1),
        lost=lost,
    )


def on_or_off(status: Floats, name: str) -> None:
    """Refuse a dose, where periods with the event are compared with periods without it.

    Parameters
    ----------
    status : ndarray, shape (U, T)
    name : str
        The estimator that asks.

    Raises
    ------
    DesignError
    """
    other = ~np.isnan(status) & (status != 0) & (status != 1)
    if other.any():
        raise DesignError(
            f"{name} is for events that happen or do not, not for doses: whom a dose is compared with is not said.",
            f"the event holds {first_few(f'{value:g}' for value in np.unique(status[other]))}",
            "use an event of kind 'threshold', 'spell' or 'onset', or distributed_lag for a dose",
        )


def not_alone(t: Trajectories, design: Design, cells: Mask) -> Mask:
    """Of some cells of the sample, whatever their group, those that no fixed effect of the design fits alone.

    Parameters
    ----------
    t : Trajectories
    design : Design
    cells : ndarray of bool, shape (U, T)
    """
    panel, rows = t.panel, t.row[cells]
    groups = groups_or_one(panel, design.moderator)
    stay = cells.copy()
    stay[cells] = not_singletons([crossed(panel, design, groups, name)[rows] for name in design.fixed_effects])
    return stay


def _cells(panel: Panel, events: Record) -> tuple[Codes, Codes, int]:
    """Find the unit of each row, its cell on the grid, and the number of periods."""
    unit, periods = numbered(panel.crossed("^".join(panel.unit)))[1], events.calendar.periods
    return unit, unit * periods + (ordinals(panel) - events.calendar.first), periods


def _clusters(panel: Panel, design: Design, unit: Codes, first_row: Codes) -> Codes:
    codes = panel.crossed(cluster_name(panel, design))
    mine = codes[first_row]
    cut = mine[unit] != codes
    if cut.any():
        units = panel.frame.loc[cut, list(panel.unit)].drop_duplicates()
        raise DesignError(
            "Clusters cut through units, whose periods are compared with one another.",
            f"{cluster_name(panel, design)!r} changes within {_named(units)}",
            "cluster by the unit, or by what whole units belong to",
        )
    return mine


def _named(units: pd.DataFrame) -> str:
    names: Sequence[str] = [" ".join(map(str, unit)) for unit in units.itertuples(index=False)]
    return first_few(names)
