"""Matrices: a design on a panel, as arrays; leads and lags first, then the sample, every lost row on the ledger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, FewClustersError, NoEventError, WindowError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import cross, is_nested, not_singletons, recode
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Record, calendar, record
from eventpanel.estimators.ledger import Ledger
from eventpanel.estimators.moderator import group_order, moderator_groups
from eventpanel.estimators.window import EventWindow

MINIMUM_CLUSTERS = 3


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
    _check_window(events, design.window)
    path = event_path(panel, design, events)
    groups = _groups(panel, design)
    ledger = _sample(panel, design, path, groups, events.by)
    effects = {name: _effect(panel, design, groups, name) for name in design.fixed_effects}
    ledger.drop(~_not_alone(list(effects.values()), ledger.keep), "alone in a fixed effect")
    keep = ledger.keep
    if not keep.any():
        raise DesignError(
            "No row is left to estimate from.", _causes(ledger), "see the ledger: which cause takes the rows"
        )
    order = ("",) if design.moderator is None else group_order(groups[keep], design.moderator)
    clusters = recode(_factor(panel.column(design.covariance.by)))
    happened = _happened(panel, design, events)
    _check_groups(order, groups[keep], clusters[keep], happened[keep], path[keep])
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


def _check_window(events: Record, window: EventWindow) -> None:
    times = events.coded.index.get_level_values(1)
    if len(times) == 0:
        raise NoEventError("The event record is empty.", "", "check the event column and its coverage")
    length, needed = int(times.max() - times.min()) + 1, window.leads + window.lags + 1
    if needed > length:
        raise WindowError(
            "The window is longer than the event record.",
            f"{window.leads} leads and {window.lags} lags need {needed} periods; the record has {length}",
            "use fewer leads and lags, or a longer record",
        )


def _groups(panel: Panel, design: Design) -> pd.Series:
    if design.moderator is None:
        return pd.Series("", index=panel.frame.index, dtype=object)
    return moderator_groups(panel, design.moderator)


def _sample(panel: Panel, design: Design, path: pd.DataFrame, groups: pd.Series, by: str) -> Ledger:
    ledger = Ledger(panel.column(by), panel.column(str(panel.period)))
    _restrict(panel, design, ledger)
    ledger.drop(panel.number(design.outcome).isna().to_numpy(), f"no value of the outcome {design.outcome}")
    if design.moderator is not None:
        ledger.drop(groups.isna().to_numpy(), f"no group of the moderator {design.moderator.name}")
    for event_time in path.columns:
        ledger.drop(path[event_time].isna().to_numpy(), _lost_event(design, int(event_time)))
    for control in design.controls:
        ledger.drop(panel.number(control).isna().to_numpy(), f"no value of the control {control}")
    if design.weights is not None:
        weights = panel.number(design.weights)
        ledger.drop(~(weights > 0).to_numpy(), f"no positive weight {design.weights}")
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


def _happened(panel: Panel, design: Design, events: Record) -> Mask:
    """Whether something happened in a row: the level changed, the threshold was passed, or the dose is not zero."""
    index = pd.MultiIndex.from_arrays([panel.column(events.by), calendar(panel)])
    values = events.coded if design.event.kind != "dose" else events.raw
    return (values.reindex(index).fillna(0.0) != 0).to_numpy()


def _check_groups(
    order: tuple[str, ...], groups: pd.Series, clusters: Codes, happened: Mask, path: pd.DataFrame
) -> None:
    for group in order:
        rows = (groups == group).to_numpy()
        where = f"group {group!r}" if group else "the sample"
        n = len(np.unique(clusters[rows]))
        if n < MINIMUM_CLUSTERS:
            raise FewClustersError(
                f"{where} has {n} cluster(s); standard errors would mean nothing.",
                f"{int(rows.sum())} rows in {where}",
                "use a wider sample or another cutoff, or drop the moderator",
            )
        if not happened[rows].any() or (path[rows].nunique() <= 1).all():
            raise NoEventError(
                f"The event never varies in {where}.",
                f"{int(rows.sum())} rows",
                "check the event column, its threshold and the sample",
            )


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
