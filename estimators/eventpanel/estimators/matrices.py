"""Matrices: a design on a panel, as arrays; leads and lags first, then the sample, every lost row on the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, FewClustersError, NoEventError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import cross, is_nested, not_singletons, recode
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Record, calendar, event_unit, record
from eventpanel.estimators.ledger import Ledger
from eventpanel.estimators.moderator import group_order, moderator_groups
from eventpanel.estimators.path import Term, check_record, event_path, happened_in

MINIMUM_CLUSTERS = 3


@dataclass(frozen=True, slots=True)
class Matrices:
    """A design on a panel.

    Attributes
    ----------
    y : ndarray, shape (n,)
    X : ndarray, shape (n, k)
    terms : tuple of Term, length k
    effects : tuple of (name, codes of shape (n,))
    clusters : ndarray, shape (n,)
    weights : ndarray, shape (n,), or None
    groups : Series, shape (n,)
        Group of each row; empty text without a moderator.
    happened : ndarray of bool, shape (n,)
        Whether the uncoded event happened in that row.
    sample : ndarray of bool, shape (rows of the panel,)
    ledger : DataFrame
        cause, unit, rows, first, last.
    """

    y: Floats
    X: Floats
    terms: tuple[Term, ...]
    effects: tuple[tuple[str, Codes], ...]
    clusters: Codes
    weights: Floats | None
    groups: pd.Series
    happened: Mask
    sample: Mask
    ledger: pd.DataFrame


def matrices(panel: Panel, design: Design) -> Matrices:
    """Turn a design on a panel into arrays.

    Raises
    ------
    ColumnError, NumberError, DesignError, WindowError, NoEventError, FewClustersError
        Each says what is wrong, where, and what to do.
    """
    events = record(panel, design.event)
    check_record(events, design)
    path = event_path(panel, design, events)
    groups = _groups(panel, design)
    ledger = _sample(panel, design, path, groups, events)
    clusters = recode(_factor(panel.column(design.covariance.by)))
    order = ("",) if design.moderator is None else group_order(groups[ledger.keep], design.moderator)
    check_clusters(groups[ledger.keep], clusters[ledger.keep])
    effects = {name: _effect(panel, design, groups, name) for name in design.fixed_effects}
    ledger.drop(~_not_alone(list(effects.values()), ledger.keep), "alone in a fixed effect")
    keep = ledger.keep
    if not keep.any():
        raise DesignError(
            "No row is left to estimate from.", _causes(ledger), "see the ledger: which cause takes the rows"
        )
    happened = happened_in(panel, design, events)
    check_clusters(groups[keep], clusters[keep])
    _check_events(order, groups[keep], happened[keep], path[keep])
    columns, terms = _columns(panel, design, path, groups, order)
    return Matrices(
        y=panel.number(design.outcome).to_numpy()[keep],
        X=columns[keep],
        terms=terms,
        effects=tuple((name, recode(codes[keep])) for name, codes in effects.items()),
        clusters=recode(clusters[keep]),
        weights=None if design.weights is None else panel.number(design.weights).to_numpy()[keep],
        groups=groups[keep],
        happened=happened[keep],
        sample=keep,
        ledger=ledger.table(),
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
    by = event_unit(panel, design.event)
    lost = Ledger(panel.column(by)[m.sample], panel.column(str(panel.period))[m.sample])
    lost.drop(rows, cause)
    sample = m.sample.copy()
    sample[m.sample] = ~rows
    return replace(
        m,
        y=m.y[~rows],
        X=m.X[~rows],
        effects=tuple((name, recode(codes[~rows])) for name, codes in m.effects),
        clusters=recode(m.clusters[~rows]),
        weights=None if m.weights is None else m.weights[~rows],
        groups=m.groups[~rows],
        happened=m.happened[~rows],
        sample=sample,
        ledger=pd.concat([m.ledger, lost.table()], ignore_index=True) if len(m.ledger) else lost.table(),
    )


def _groups(panel: Panel, design: Design) -> pd.Series:
    if design.moderator is None:
        return pd.Series("", index=panel.frame.index, dtype=object)
    return moderator_groups(panel, design.moderator)


def _sample(panel: Panel, design: Design, path: pd.DataFrame, groups: pd.Series, events: Record) -> Ledger:
    units = panel.column(events.by)
    ledger = Ledger(units, panel.column(str(panel.period)))
    _restrict(panel, design, ledger)
    ledger.drop(panel.number(design.outcome).isna().to_numpy(), f"no value of the outcome {design.outcome}")
    if design.moderator is not None:
        ledger.drop(groups.isna().to_numpy(), f"no group of the moderator {design.moderator.name}")
    watched = units.isin(events.raw.index.get_level_values(0))
    ledger.drop(~watched.to_numpy(), f"never in the record of the event {design.event.column}")
    for event_time in sorted(map(int, path.columns), key=abs):
        ledger.drop(path[event_time].isna().to_numpy(), _lost_event(design, event_time))
    for control in design.controls:
        ledger.drop(panel.number(control).isna().to_numpy(), f"no value of the control {control}")
    if design.weights is not None:
        weights = panel.number(design.weights)
        ledger.drop(~(weights > 0).to_numpy(), f"no positive weight {design.weights}")
    if design.offset is not None:
        ledger.drop(~np.isfinite(panel.number(design.offset).to_numpy()), f"no value of the offset {design.offset}")
    return ledger


def _lost_event(design: Design, event_time: int) -> str:
    if event_time == 0:
        return f"no value of the event {design.event.column}"
    which = "lead" if event_time < 0 else "lag"
    return f"{which} {abs(event_time)} of the event {design.event.column} outside its record"


def _restrict(panel: Panel, design: Design, ledger: Ledger) -> None:
    times, sample = calendar(panel), design.sample
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
        ledger.drop((moderator_groups(panel, moderator) != group).to_numpy(), f"not {group} by {moderator.name}")


def _factor(column: pd.Series) -> Codes:
    codes = pd.factorize(column, sort=True)[0].astype(np.int64)
    if (codes < 0).any():
        codes[codes < 0] = codes.max() + 1
    return codes


def _effect(panel: Panel, design: Design, groups: pd.Series, name: str) -> Codes:
    codes: Codes | None = None
    for part in name.split("^"):
        is_moderator = design.moderator is not None and part == design.moderator.name
        one = _factor(groups if is_moderator else panel.column(part))
        codes = one if codes is None else cross(codes, one)
    assert codes is not None
    return codes


def _not_alone(effects: list[Codes], keep: Mask) -> Mask:
    alive = keep.copy()
    if effects:
        alive[keep] = not_singletons([codes[keep] for codes in effects])
    return alive


def _causes(ledger: Ledger) -> str:
    table = ledger.table().groupby("cause", sort=False)["rows"].sum()
    return first_few(f"{cause}: {rows} rows" for cause, rows in table.items())


def check_clusters(groups: pd.Series, clusters: Codes) -> None:
    """Refuse groups of too few clusters.

    Raises
    ------
    FewClustersError
    """
    for group in groups.dropna().unique():
        rows = (groups == group).to_numpy()
        n = len(np.unique(clusters[rows]))
        if n < MINIMUM_CLUSTERS:
            raise FewClustersError(
                f"{_where(group)} has {n} cluster(s); standard errors would mean nothing.",
                f"{int(rows.sum())} rows in {_where(group)}",
                "use a wider sample or another cutoff, or drop the moderator",
            )


def _check_events(order: tuple[str, ...], groups: pd.Series, happened: Mask, path: pd.DataFrame) -> None:
    for group in order:
        rows = (groups == group).to_numpy()
        if not happened[rows].any() or (path[rows].nunique() <= 1).all():
            raise NoEventError(
                f"The event never varies in {_where(group)}.",
                f"{int(rows.sum())} rows",
                "check the event column, its threshold and the sample",
            )


def _where(group: str) -> str:
    return f"group {group!r}" if group else "the sample"


def _columns(
    panel: Panel, design: Design, path: pd.DataFrame, groups: pd.Series, order: tuple[str, ...]
) -> tuple[Floats, tuple[Term, ...]]:
    columns: list[Floats] = []
    terms: list[Term] = []
    for group in order:
        member = (groups == group).to_numpy()
        for event_time in map(int, path.columns):
            columns.append(np.where(member, path[event_time].to_numpy(dtype=float), 0.0))
            terms.append(Term(design.event.column, event_time, group, event_time not in design.window.event_times))
    if design.moderator is not None and not _absorbed(panel, design, groups):
        for group in order[1:]:
            columns.append((groups == group).to_numpy().astype(float))
            terms.append(Term(f"{design.moderator.name} = {group}"))
    for control in design.controls:
        columns.append(panel.number(control).to_numpy())
        terms.append(Term(control))
    return np.column_stack(columns), tuple(terms)


def _absorbed(panel: Panel, design: Design, groups: pd.Series) -> bool:
    """Whether the groups themselves are constant within some fixed effect."""
    codes = _factor(groups)
    known = groups.notna().to_numpy()
    return any(is_nested(_effect(panel, design, groups, name)[known], codes[known]) for name in design.fixed_effects)
