"""Selection: the rows of a panel that a design uses, their codes, and every lost row on the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from eventpanel.datasets.errors import ConstantOutcomeError, DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.calendar import ordinals
from eventpanel.estimators.clusters import clusters_by_group, few_clusters
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import not_singletons, recode
from eventpanel.estimators.design import Design, Sample, cluster_name
from eventpanel.estimators.finite import finite
from eventpanel.estimators.ledger import Ledger
from eventpanel.estimators.moderator import Groups, groups_of
from eventpanel.estimators.record import Record

__all__ = ["Path", "Selection", "check_varies", "crossed", "known_rows", "refuse_empty", "restrict", "select"]

# Leads and lags of the event on its calendar, by event time.
Path = dict[int, Floats]
Array = TypeVar("Array", Floats, Codes)


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Rows of the sample.

    Attributes
    ----------
    where : ndarray, shape (n,), or None
        Their places in the panel; None where all rows are used.
    effects : tuple of (name, codes of shape (n,))
        Fixed effects, codes 0..G-1.
    clusters : ndarray, shape (n,)
        Codes 0..G-1.
    group : ndarray, shape (n,)
        Group of the moderator; zero without one.
    lost : Ledger
        Which rows of the panel are used, and why the others are not.
    """

    where: Codes | None
    effects: tuple[tuple[str, Codes], ...]
    clusters: Codes
    group: Codes
    lost: Ledger

    def of(self, values: Array) -> Array:
        """Take the values of these rows from those of the panel."""
        return _taken(values, self.where)


def select(panel: Panel, design: Design, path: Path, groups: Groups, events: Record) -> Selection:
    """Choose the rows that have all that a design needs, and that no fixed effect fits alone.

    Parameters
    ----------
    panel : Panel
    design : Design
    path : dict of int to ndarray
        Leads and lags of the event on its calendar.
    groups : Groups
        Of the moderator.
    events : Record

    Raises
    ------
    DesignError
        No row is left, or a value of the sample that no row has.
    FewClustersError
        A group has too few clusters before rows that are alone are left out.
    """
    lost = known_rows(panel, design, path, groups, events)
    columns = [crossed(panel, design, groups, name) for name in design.fixed_effects]
    clusters = panel.crossed(cluster_name(panel, design))
    where = _where(lost.keep)
    effects = [_taken(codes, where) for codes in columns]
    stay = not_singletons(effects)
    if not stay.all():
        _few_clusters(groups, _taken(groups.codes, where), recode(_taken(clusters, where)))
        alone = lost.keep.copy()
        alone[lost.keep] = ~stay
        lost.drop(alone, "alone in a fixed effect")
        where, effects = _where(lost.keep), [codes[stay] for codes in effects]
    refuse_empty(lost)
    named = tuple((name, recode(codes)) for name, codes in zip(design.fixed_effects, effects, strict=True))
    return Selection(where, named, recode(_taken(clusters, where)), _taken(groups.codes, where), lost)


def crossed(panel: Panel, design: Design, groups: Groups, name: str) -> Codes:
    """Give numbers to the values of a column, of the moderator, or of several of them joined by ``^``.

    Parameters
    ----------
    panel : Panel
    design : Design
    groups : Groups
        Of the moderator.
    name : str
        What to number; the name of the moderator stands for its groups.

    Returns
    -------
    ndarray, shape (rows of the panel,)
        Not always dense.
    """
    own = {} if design.moderator is None else {design.moderator.name: groups.with_unknown}
    return panel.crossed(name, own)


def _taken(values: Array, where: Codes | None) -> Array:
    return values if where is None else values.take(where)


def _where(keep: Mask) -> Codes | None:
    return None if keep.all() else np.flatnonzero(keep)


def known_rows(panel: Panel, design: Design, path: Path, groups: Groups, events: Record) -> Ledger:
    """Rows of the sample that have all that a design needs.

    Parameters
    ----------
    panel : Panel
    design : Design
    path : dict of int to ndarray
        Leads and lags that each row needs.
    groups : Groups
        Of the moderator.
    events : Record

    Raises
    ------
    DesignError
        Infinite values of the outcome, a control or the weights; a value of the sample that no row has.
    """
    lost = Ledger(panel, events.by)
    restrict(panel, design.sample, lost)
    lost.drop(panel.censored(design.outcome), f"censored value of the outcome {design.outcome}")
    lost.drop(np.isnan(panel.values(design.outcome)), f"no value of the outcome {design.outcome}")
    if design.moderator is not None:
        lost.drop(groups.codes < 0, f"no group of the moderator {design.moderator.name}")
    outside, causes = _outside(design, path, events)
    if outside.any():
        lost.drop_first(outside.reshape(-1)[events.calendar.cells], causes)
    for control in design.controls:
        lost.drop(np.isnan(panel.values(control)), f"no value of the control {control}")
    if design.weights is not None:
        lost.drop(~(panel.values(design.weights) > 0), f"no positive weight {design.weights}")
    if design.offset is not None:
        lost.drop(~np.isfinite(panel.values(design.offset)), f"no value of the offset {design.offset}")
    held = (design.outcome, *design.controls, *(() if design.weights is None else (design.weights,)))
    finite(panel, held, lost.keep)
    return lost


def _outside(design: Design, path: Path, events: Record) -> tuple[npt.NDArray[np.int16], tuple[str, ...]]:
    """Cells that the record of the event does not answer for: number of the cause, 0 for none; and the causes."""
    which = np.zeros(events.calendar.shape, dtype=np.int16)
    watched = np.asarray(events.known.any(axis=1), dtype=bool)
    if not watched[:-1].all():
        which[~watched] = 1
    times = sorted(path, key=abs)
    for number, event_time in enumerate(times, 2):
        which[np.isnan(path[event_time]) & (which == 0)] = number
    never = f"never in the record of the event {design.event.column}"
    return which, (never, *(_lost_event(design, event_time) for event_time in times))


def _lost_event(design: Design, event_time: int) -> str:
    if event_time == 0:
        return f"no value of the event {design.event.column}"
    which = "lead" if event_time < 0 else "lag"
    return f"{which} {abs(event_time)} of the event {design.event.column} outside its record"


def restrict(panel: Panel, sample: Sample, lost: Ledger) -> None:
    """Take the rows that a sample leaves out off a ledger.

    Parameters
    ----------
    panel : Panel
    sample : Sample
    lost : Ledger
        Written on.

    Raises
    ------
    DesignError
        A value of the sample that no row has; first or last periods where the panel has no periods.
    """
    if sample.first is not None:
        lost.drop(ordinals(panel) < sample.first, "before the sample period")
    if sample.last is not None:
        lost.drop(ordinals(panel) > sample.last, "after the sample period")
    for column, values in sample.where:
        held = panel.column(column)
        absent = [value for value in values if not (held == value).any()]
        if absent:
            raise DesignError(
                f"The sample asks for {column} = {first_few(map(repr, absent))}, which no row has.",
                f"values: {first_few(sorted(map(str, held.dropna().unique())), 12)}",
                "correct the sample",
            )
        lost.drop(~held.isin(list(values)).to_numpy(), f"other {column}")
    for moderator, group in sample.among:
        lost.drop(~groups_of(panel, moderator).of(group), f"not {group} by {moderator.name}")


def _few_clusters(groups: Groups, codes: Codes, clusters: Codes) -> None:
    number = len(groups.names)
    few_clusters(groups.names, clusters_by_group(codes, clusters, number), np.bincount(codes, minlength=number))


def refuse_empty(lost: Ledger) -> None:
    """Refuse a sample without rows, and say where they went.

    Parameters
    ----------
    lost : Ledger

    Raises
    ------
    DesignError
    """
    if not lost.keep.any():
        raise DesignError(
            "No row is left to estimate from.", _causes(lost), "see the ledger: which cause takes the rows"
        )


def _causes(lost: Ledger) -> str:
    table = lost.table().groupby("cause", sort=False)["rows"].sum()
    return first_few(f"{cause}: {rows} rows" for cause, rows in table.items())


def check_varies(y: Floats, outcome: str) -> None:
    """Refuse an outcome that is the same in every row.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Outcomes of the rows that are used.
    outcome : str
        Their name.

    Raises
    ------
    ConstantOutcomeError
    """
    if np.ptp(y) == 0:
        raise ConstantOutcomeError(
            f"The outcome {outcome!r} is the same in every row.",
            f"value {y[0]:g} in {len(y)} rows",
            "check the outcome and the sample",
        )
