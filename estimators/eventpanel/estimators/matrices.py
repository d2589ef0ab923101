"""Matrices: a design on a panel, as arrays; leads and lags first, then the sample, every lost row on the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import NoEventError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.clusters import few_clusters
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import is_nested, numbered, recode
from eventpanel.estimators.design import Design
from eventpanel.estimators.ledger import Ledger
from eventpanel.estimators.moderator import Groups, groups_or_one
from eventpanel.estimators.path import Term, check_record, event_grids, happened_in
from eventpanel.estimators.record import Record, record
from eventpanel.estimators.selection import Path, Selection, crossed, select

__all__ = ["Matrices", "matrices", "without_rows"]


@dataclass(frozen=True, slots=True, eq=False)
class Matrices:
    """A design on a panel.

    The terms of the path and of the moderator are the same in all rows of a cell: a unit of the event, a period and a
    group. They are held once per cell.

    Attributes
    ----------
    y : ndarray, shape (n,)
    profiles : ndarray, shape (cells, p)
        Values of the first p terms in each cell.
    cells : ndarray, shape (n,)
        Cell of each row.
    rows : ndarray, shape (cells,)
        Number of rows of each cell.
    member : ndarray, shape (cells,)
        Group of each cell, as position among the names.
    controls : ndarray, shape (n, k - p)
        The other terms.
    terms : tuple of Term, length k
    effects : tuple of (name, codes of shape (n,))
    clusters : ndarray, shape (n,)
    cell_clusters : ndarray, shape (cells,), or None
        Cluster of each cell; None where some cell has rows of several.
    weights : ndarray, shape (n,), or None
    names : tuple of str
        Names of the groups; one empty text without a moderator.
    struck : ndarray of bool, shape (cells,)
        Whether the uncoded event happened in that cell.
    lost : Ledger
        Which rows of the panel are used, and why the others are not.
    """

    y: Floats
    profiles: Floats
    cells: Codes
    rows: Codes
    member: Codes
    controls: Floats
    terms: tuple[Term, ...]
    effects: tuple[tuple[str, Codes], ...]
    clusters: Codes
    cell_clusters: Codes | None
    weights: Floats | None
    names: tuple[str, ...]
    struck: Mask
    lost: Ledger

    @property
    def X(self) -> Floats:
        """Terms by row, shape (n, k); each column lies together in memory."""
        out = np.empty((len(self.terms), len(self.y)))
        p = self.profiles.shape[1]
        np.take(self.profiles.T, self.cells, axis=1, out=out[:p], mode="clip")
        out[p:] = self.controls.T
        return out.T

    @property
    def group(self) -> Codes:
        """Group of each row, as position among the names, shape (n,)."""
        return self.member.take(self.cells)

    @property
    def by_cluster(self) -> tuple[Mask, Mask]:
        """Which groups have rows in which clusters, and in which the event happened; each shape (groups, clusters)."""
        size, number = int(self.clusters.max(initial=-1)) + 1, len(self.names)
        group, clusters, happened = self.member, self.cell_clusters, self.struck
        if clusters is None:
            group, clusters, happened = self.group, self.clusters, self.happened
        place = group * size + clusters
        tables = np.zeros((2, number * size), dtype=bool)
        tables[0, place] = True
        tables[1, place[happened]] = True
        present, struck = tables.reshape(2, number, size)
        return present, struck

    def refuse_few_clusters(self) -> None:
        """Refuse groups of too few clusters.

        Raises
        ------
        FewClustersError
        """
        rows = np.bincount(self.member, weights=self.rows, minlength=len(self.names)).astype(np.int64)
        few_clusters(self.names, self.by_cluster[0].sum(axis=1), rows)

    @property
    def happened(self) -> Mask:
        """Whether the uncoded event happened in each row, shape (n,)."""
        return self.struck.take(self.cells)

    @property
    def groups(self) -> pd.Series:
        """Name of the group of each row, shape (n,), on the index of the panel."""
        names = np.array(self.names, dtype=object)
        return pd.Series(names[self.group], index=np.flatnonzero(self.sample), dtype=object)

    @property
    def sample(self) -> Mask:
        """Rows of the panel that are used, shape (rows of the panel,)."""
        return self.lost.keep

    @property
    def ledger(self) -> pd.DataFrame:
        """Lost rows: cause, unit, rows, first, last."""
        return self.lost.table()


def matrices(panel: Panel, design: Design) -> Matrices:
    """Turn a design on a panel into arrays.

    Raises
    ------
    ColumnError, NumberError, DesignError, WindowError, NoEventError, FewClustersError
        Each says what is wrong, where, and what to do.
    """
    events = record(panel, design.event)
    check_record(events, design)
    path, groups = event_grids(design, events), groups_or_one(panel, design.moderator)
    rows = select(panel, design, path, groups, events)
    cells = _cells(design, path, groups, events, rows)
    profiles, terms = _columns(panel, design, groups, cells)
    counted, nested = _summary(cells.codes, rows.clusters)
    controls = [rows.of(panel.values(control)) for control in design.controls]
    m = Matrices(
        y=rows.of(panel.values(design.outcome)),
        profiles=profiles,
        cells=cells.codes,
        rows=counted,
        member=cells.member,
        controls=np.array(controls).T if controls else np.empty((len(cells.codes), 0)),
        terms=(*terms, *map(Term, design.controls)),
        effects=rows.effects,
        clusters=rows.clusters,
        cell_clusters=nested,
        weights=None if design.weights is None else rows.of(panel.values(design.weights)),
        names=cells.names,
        struck=cells.struck,
        lost=rows.lost,
    )
    m.refuse_few_clusters()
    return m


def without_rows(panel: Panel, design: Design, m: Matrices, rows: Mask, cause: str) -> Matrices:
    """Matrices without some of their rows, which go on the ledger.

    Parameters
    ----------
    panel : Panel
    design : Design
    m : Matrices
    rows : ndarray of bool, shape (n,)
        Rows to leave out.
    cause : str
        Why.
    """
    if not rows.any():
        return m
    lost, left = m.lost.copy(), np.zeros(len(m.sample), dtype=bool)
    left[m.sample] = rows
    lost.drop(left, cause)
    stay, cells = numbered(m.cells[~rows])
    clusters = recode(m.clusters[~rows])
    counted, nested = _summary(cells, clusters)
    return replace(
        m,
        y=m.y[~rows],
        profiles=m.profiles[stay],
        cells=cells,
        rows=counted,
        member=m.member[stay],
        controls=m.controls[~rows],
        effects=tuple((name, recode(codes[~rows])) for name, codes in m.effects),
        clusters=clusters,
        cell_clusters=nested,
        weights=None if m.weights is None else m.weights[~rows],
        struck=m.struck[stay],
        lost=lost,
    )


def _summary(cells: Codes, clusters: Codes) -> tuple[Codes, Codes | None]:
    """Rows of each cell, and its cluster if it has one."""
    rows = np.bincount(cells)
    held = np.zeros(len(rows), dtype=np.int64)
    held[cells] = clusters
    return rows, held if (held.take(cells) == clusters).all() else None


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Units of the event by period and group: cell of each row, and what is the same in all rows of a cell."""

    codes: Codes
    member: Codes
    path: dict[int, Floats]
    struck: Mask
    names: tuple[str, ...]


def _cells(design: Design, path: Path, groups: Groups, events: Record, rows: Selection) -> _Cells:
    number = len(groups.names)
    places = rows.of(events.calendar.cells)
    first, codes = numbered(places if number == 1 else places * number + rows.group)
    at, member = np.divmod(first, number)
    present, member = numbered(member)
    held = {event_time: grid.reshape(-1)[at] for event_time, grid in path.items()}
    struck = happened_in(design, events).reshape(-1)[at]
    return _Cells(codes, member, held, struck, tuple(groups.names[g] for g in present))


def _columns(panel: Panel, design: Design, groups: Groups, cells: _Cells) -> tuple[Floats, tuple[Term, ...]]:
    """Terms of the path by group, and of the groups themselves where no fixed effect has them; on cells."""
    values = np.column_stack(list(cells.path.values()))
    _check_events(cells, values)
    inside, names = design.window.event_times, cells.names
    terms = tuple(Term(design.event.column, k, name, k not in inside) for name in names for k in cells.path)
    mine = cells.member[:, None] == np.arange(len(names))
    profiles = np.hstack([np.where(mine[:, [g]], values, 0.0) for g in range(len(names))])
    if design.moderator is None or _absorbed(panel, design, groups):
        return profiles, terms
    own = tuple(Term(f"{design.moderator.name} = {name}") for name in names[1:])
    return np.column_stack([profiles, mine[:, 1:].astype(np.float64)]), (*terms, *own)


def _check_events(cells: _Cells, values: Floats) -> None:
    happened = np.bincount(cells.member[cells.struck], minlength=len(cells.names))
    for g, name in enumerate(cells.names):
        mine = values[cells.member == g]
        if not happened[g] or (mine == mine[0]).all():
            raise NoEventError(
                f"The event never varies in {f'group {name!r}' if name else 'the sample'}.",
                f"{len(mine)} units and periods",
                "check the event column, its threshold and the sample",
            )


def _absorbed(panel: Panel, design: Design, groups: Groups) -> bool:
    """Whether the groups themselves are constant within some fixed effect; worked out once for a panel."""
    known = groups.codes >= 0

    def within(name: str) -> bool:
        effect = crossed(panel, design, groups, name)
        return is_nested(effect, groups.codes) if known.all() else is_nested(effect[known], groups.codes[known])

    return any(
        panel.once(("groups within", design.moderator, name), partial(within, name)) for name in design.fixed_effects
    )
