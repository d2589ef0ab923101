"""Matrices: a design on a panel, as arrays; leads and lags first, then the sample, every lost row on the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, NoEventError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.calendar import ordinals
from eventpanel.estimators.clusters import check_clusters, few_clusters
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import is_nested, not_singletons, recode
from eventpanel.estimators.design import Design, cluster_name
from eventpanel.estimators.ledger import Ledger
from eventpanel.estimators.moderator import Groups, groups_of
from eventpanel.estimators.path import Term, check_record, event_grids, happened_in
from eventpanel.estimators.record import Record, record

__all__ = ["Matrices", "check_clusters", "matrices", "without_rows"]


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
    controls : ndarray, shape (n, k - p)
        The other terms.
    terms : tuple of Term, length k
    effects : tuple of (name, codes of shape (n,))
    clusters : ndarray, shape (n,)
    weights : ndarray, shape (n,), or None
    group : ndarray, shape (n,)
        Group of each row, as position among the names.
    names : tuple of str
        Names of the groups; one empty text without a moderator.
    happened : ndarray of bool, shape (n,)
        Whether the uncoded event happened in that row.
    lost : Ledger
        Which rows of the panel are used, and why the others are not.
    """

    y: Floats
    profiles: Floats
    cells: Codes
    controls: Floats
    terms: tuple[Term, ...]
    effects: tuple[tuple[str, Codes], ...]
    clusters: Codes
    weights: Floats | None
    group: Codes
    names: tuple[str, ...]
    happened: Mask
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
    path, groups = event_grids(design, events), _groups(panel, design)
    ledger = _sample(panel, design, path, groups, events)
    clusters = panel.crossed(cluster_name(panel, design))
    few_clusters(groups.codes, groups.names, clusters, ledger.keep)
    own = {} if design.moderator is None else {design.moderator.name: groups.with_unknown}
    effects = {name: _crossed(panel, name, own) for name in design.fixed_effects}
    before = ledger.keep
    ledger.drop(~_not_alone(list(effects.values()), ledger.keep), "alone in a fixed effect")
    keep = ledger.keep
    if not keep.any():
        raise DesignError(
            "No row is left to estimate from.", _causes(ledger), "see the ledger: which cause takes the rows"
        )
    if keep is not before:
        few_clusters(groups.codes, groups.names, clusters, keep)
    where = keep if not keep.all() else slice(None)
    present = np.flatnonzero(np.bincount(groups.codes[where], minlength=len(groups.names)))
    renumber = np.full(len(groups.names), -1)
    renumber[present] = np.arange(len(present))
    group, names = renumber[groups.codes[where]], tuple(groups.names[g] for g in present)
    at = events.calendar.cells[where] * len(names) + group
    cells = recode(at)
    first = np.empty(int(cells.max()) + 1, dtype=np.int64)
    first[cells] = at
    values, member = (
        np.column_stack([grid.reshape(-1)[first // len(names)] for grid in path.values()]),
        first % len(names),
    )
    happened = happened_in(design, events)[where]
    _check_events(names, values, member, np.bincount(group[happened], minlength=len(names)))
    profiles = np.hstack([np.where((member == g)[:, None], values, 0.0) for g in range(len(names))])
    terms = _path_terms(design, path, names)
    if not (design.moderator is None or _absorbed(list(effects.values()), groups)):
        profiles = np.column_stack([profiles, np.eye(len(names))[member, 1:]])
        terms += tuple(Term(f"{design.moderator.name} = {name}") for name in names[1:])
    controls = [panel.number(control).to_numpy()[where] for control in design.controls]
    return Matrices(
        y=panel.number(design.outcome).to_numpy()[where],
        profiles=profiles,
        cells=cells,
        controls=np.array(controls).T if controls else np.empty((len(cells), 0)),
        terms=(*terms, *map(Term, design.controls)),
        effects=tuple((name, recode(codes[where])) for name, codes in effects.items()),
        clusters=recode(clusters[where]),
        weights=None if design.weights is None else panel.number(design.weights).to_numpy()[where],
        group=group,
        names=names,
        happened=happened,
        lost=ledger,
    )


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
    cells = recode(m.cells[~rows])
    profiles = np.empty((int(cells.max(initial=-1)) + 1, m.profiles.shape[1]))
    profiles[cells] = m.profiles[m.cells[~rows]]
    return replace(
        m,
        y=m.y[~rows],
        profiles=profiles,
        cells=cells,
        controls=m.controls[~rows],
        effects=tuple((name, recode(codes[~rows])) for name, codes in m.effects),
        clusters=recode(m.clusters[~rows]),
        weights=None if m.weights is None else m.weights[~rows],
        group=m.group[~rows],
        happened=m.happened[~rows],
        lost=lost,
    )


def _groups(panel: Panel, design: Design) -> Groups:
    if design.moderator is None:
        return Groups(np.zeros(len(panel.frame), dtype=np.int64), ("",))
    return groups_of(panel, design.moderator)


def _sample(panel: Panel, design: Design, path: dict[int, Floats], groups: Groups, events: Record) -> Ledger:
    where, ledger = events.calendar, Ledger(panel, events.by)
    _restrict(panel, design, ledger)
    ledger.drop(panel.censored(design.outcome), f"censored value of the outcome {design.outcome}")
    ledger.drop(np.isnan(panel.number(design.outcome).to_numpy()), f"no value of the outcome {design.outcome}")
    if design.moderator is not None:
        ledger.drop(groups.codes < 0, f"no group of the moderator {design.moderator.name}")
    watched = np.asarray(events.known.any(axis=1), dtype=bool)
    if not watched[:-1].all() or len(watched) - 1 != len(where.units):
        unit = where.cells // where.periods
        ledger.drop(~watched[unit], f"never in the record of the event {design.event.column}")
    for event_time in sorted(path, key=abs):
        missing = np.isnan(path[event_time])
        if missing[:-1].any() or missing[-1].any():
            ledger.drop(np.asarray(where.rows(missing), dtype=bool), _lost_event(design, event_time))
    for control in design.controls:
        ledger.drop(np.isnan(panel.number(control).to_numpy()), f"no value of the control {control}")
    if design.weights is not None:
        weights = panel.number(design.weights).to_numpy()
        ledger.drop(~(weights > 0), f"no positive weight {design.weights}")
    if design.offset is not None:
        ledger.drop(~np.isfinite(panel.number(design.offset).to_numpy()), f"no value of the offset {design.offset}")
    return ledger


def _lost_event(design: Design, event_time: int) -> str:
    if event_time == 0:
        return f"no value of the event {design.event.column}"
    which = "lead" if event_time < 0 else "lag"
    return f"{which} {abs(event_time)} of the event {design.event.column} outside its record"


def _restrict(panel: Panel, design: Design, ledger: Ledger) -> None:
    times, sample = ordinals(panel), design.sample
    if sample.first is not None:
        ledger.drop(times < sample.first, "before the sample period")
    if sample.last is not None:
        ledger.drop(times > sample.last, "after the sample period")
    for column, values in sample.where:
        held = panel.column(column)
        absent = [value for value in values if not (held == value).any()]
        if absent:
            raise DesignError(
                f"The sample asks for {column} = {first_few(map(repr, absent))}, which no row has.",
                f"values: {first_few(sorted(map(str, held.dropna().unique())), 12)}",
                "correct the sample",
            )
        ledger.drop(~held.isin(list(values)).to_numpy(), f"other {column}")
    for moderator, group in sample.among:
        ledger.drop(~groups_of(panel, moderator).of(group), f"not {group} by {moderator.name}")


def _crossed(panel: Panel, name: str, known: dict[str, Codes]) -> Codes:
    """Numbers of a column, or of several joined by ``^``; some may be known already."""
    parts = name.split("^")
    if not known.keys() & set(parts):
        return panel.crossed(name)
    codes: Codes | None = None
    for part in parts:
        one = known[part] if part in known else panel.crossed(part)
        codes = one if codes is None else codes * (int(one.max(initial=0)) + 1) + one
        codes = recode(codes) if codes.max(initial=0) > 4 * len(codes) else codes
    assert codes is not None
    return codes


def _not_alone(effects: list[Codes], keep: Mask) -> Mask:
    alive = keep.copy()
    if effects:
        alive[keep] = not_singletons([codes if keep.all() else codes[keep] for codes in effects])
    return alive


def _causes(ledger: Ledger) -> str:
    table = ledger.table().groupby("cause", sort=False)["rows"].sum()
    return first_few(f"{cause}: {rows} rows" for cause, rows in table.items())


def _path_terms(design: Design, times: Iterable[int], names: tuple[str, ...]) -> tuple[Term, ...]:
    inside = design.window.event_times
    return tuple(Term(design.event.column, k, name, k not in inside) for name in names for k in times)


def _check_events(names: tuple[str, ...], values: Floats, member: Codes, happened: Codes) -> None:
    for g, name in enumerate(names):
        mine = values[member == g]
        if not happened[g] or (np.ptp(mine, axis=0) == 0).all():
            raise NoEventError(
                f"The event never varies in {f'group {name!r}' if name else 'the sample'}.",
                f"{len(mine)} units and periods",
                "check the event column, its threshold and the sample",
            )


def _absorbed(effects: list[Codes], groups: Groups) -> bool:
    """Whether the groups themselves are constant within some fixed effect."""
    known = groups.codes >= 0
    if known.all():
        return any(is_nested(codes, groups.codes) for codes in effects)
    return any(is_nested(codes[known], groups.codes[known]) for codes in effects)
