"""Histories: the event record of every unit as a source that others may receive, leads and lags rebuilt from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.assignments import Assignments, Choices, Permutations
from eventpanel.estimators.core.groups import cross, recode
from eventpanel.estimators.core.permutation import Moved
from eventpanel.estimators.design import Design
from eventpanel.estimators.matrices import Matrices
from eventpanel.estimators.path import event_path
from eventpanel.estimators.places import Places, places
from eventpanel.estimators.record import record

__all__ = ["Histories", "permuted", "shifted"]


@dataclass(frozen=True, slots=True)
class Histories:
    """What may be reassigned.

    Attributes
    ----------
    moved : Moved
        Columns of the path, for any assignment.
    assignments : Permutations or Choices
        Which assignments there are.
    other : ndarray, shape (n,)
        Code of what names a row besides its unit and period.
    held : tuple of str
        Units that cannot receive another history.
    """

    moved: Moved
    assignments: Assignments
    other: Codes
    held: tuple[str, ...]


def permuted(panel: Panel, design: Design, m: Matrices, kept: Mask, strata: Sequence[str], unequal: str) -> Histories:
    """Histories that move between the units of a stratum.

    Parameters
    ----------
    panel : Panel
    design : Design
    m : Matrices
        Of this design on this panel; its rows stay the sample of every draw.
    kept : ndarray of bool, shape (terms of the path,)
    strata : sequence of str
        Columns, or the name of the moderator, that do not change within a unit.
    unequal : {"refuse", "match"}
        Where records do not cover the same periods: refuse, or exchange only between units whose records do.

    Raises
    ------
    DesignError
        Strata that change within a unit, records that do not cover what another unit needs, or nothing to permute.
    """
    rows = places(panel, design, m)
    values = _paths(panel, design, rows, _raw(panel, design))
    known, code = np.asarray(~np.isnan(values).any(axis=2)), _strata(panel, design, m, rows, strata)
    if unequal == "match":
        code = cross(code, recode(np.unique(known, axis=0, return_inverse=True)[1].reshape(-1)))
    _check_cover(rows, known, code)
    filled = np.where(np.isnan(values), 0.0, values)
    kinds = np.unique(filled.reshape(len(filled), -1), axis=0, return_inverse=True)[1].reshape(-1)
    assignments = Permutations(code, kinds.astype(np.int64))
    if assignments.count == 1:
        raise DesignError(
            "There is nothing to permute: every stratum holds one unit, or units with the same history.",
            f"strata: {', '.join(strata) or 'none'}; {len(np.unique(code))} of them for {len(code)} units",
            "use coarser strata, or another scheme",
        )
    return _histories(m, rows, filled, kept, assignments)


def shifted(panel: Panel, design: Design, m: Matrices, kept: Mask) -> Histories:
    """Histories that turn around in time: what falls off the end of a unit's record comes in at its start.

    Parameters
    ----------
    panel : Panel
    design : Design
    m : Matrices
    kept : ndarray of bool, shape (terms of the path,)

    Raises
    ------
    DesignError
        A record with gaps, an event standardised within periods, or a lead or lag that a turned record does not tell.
    """
    if design.event.scale == "period_sd":
        raise DesignError(
            "A record standardised within periods cannot be shifted unit by unit.",
            design.event.column,
            "use scale='unit_sd' or 'sd', or scheme='permute'",
        )
    rows, raw = places(panel, design, m), _raw(panel, design)
    units = raw.index.get_level_values(0)
    _check_unbroken(raw, rows)
    sizes = pd.Series(units).groupby(units.to_numpy()).size()
    counts = sizes.reindex(rows.names).to_numpy().astype(np.int64)
    first, place = np.searchsorted(units, units), pd.Series(units).groupby(units.to_numpy()).cumcount().to_numpy()
    length = sizes.reindex(units).to_numpy()
    turned = []
    for step in range(int(counts.max())):
        values = raw.to_numpy()[first + (place - step) % length]
        turned.append(_paths(panel, design, rows, pd.Series(values, index=raw.index)))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    values = np.concatenate([np.array(turned)[:count, u] for u, count in enumerate(counts)])
    _check_turned(rows, values, np.repeat(np.arange(len(counts)), counts))
    filled = np.where(np.isnan(values), 0.0, values)
    return _histories(m, rows, filled, kept, Choices(starts, counts))


def _raw(panel: Panel, design: Design) -> pd.Series:
    return record(panel, design.event).raw


def _paths(panel: Panel, design: Design, rows: Places, raw: pd.Series) -> Floats:
    """Leads and lags of a record for the units and periods of the sample, shape (U, T, K); missing where unknown."""
    units, times = raw.index.get_level_values(0), raw.index.get_level_values(1).to_numpy()
    start = min(int(times.min()), int(rows.times.min()))
    span = np.arange(max(int(times.max()), int(rows.times.max())) - start + 1)
    watched = units.unique()
    grid = pd.MultiIndex.from_product([watched, span], names=["unit", "time"])
    placed = pd.Series(raw.to_numpy(), index=pd.MultiIndex.from_arrays([units, times - start])).reindex(grid)
    small = Panel(placed.rename("event").reset_index(), ("unit",), "time")
    moved = replace(design, event=replace(design.event, column="event", by="unit"))
    path = event_path(small, moved, record(small, moved.event)).to_numpy()
    cube = path.reshape(len(watched), len(span), -1)
    return np.asarray(cube[watched.get_indexer(rows.names)][:, rows.times - start])


def _strata(panel: Panel, design: Design, m: Matrices, rows: Places, strata: Sequence[str]) -> Codes:
    code = np.zeros(len(rows.names), dtype=np.int64)
    for name in strata:
        is_moderator = design.moderator is not None and name == design.moderator.name
        labels = m.groups if is_moderator else panel.column(name)[m.sample]
        values = pd.factorize(labels)[0].astype(np.int64)
        low, high = np.full(len(code), np.iinfo(np.int64).max), np.full(len(code), -1)
        np.minimum.at(low, rows.unit, values)
        np.maximum.at(high, rows.unit, values)
        if (low != high).any():
            raise DesignError(
                f"The stratum {name!r} changes within units.",
                first_few(rows.names[low != high]),
                f"use a column with one value for each {rows.by}",
            )
        code = cross(code, high + 1)
    return code


def _check_cover(rows: Places, known: Mask, code: Codes) -> None:
    """Refuse units whose record lacks a period in which another unit of the stratum has rows."""
    union = np.zeros((int(code.max()) + 1, known.shape[1]), dtype=bool)
    np.logical_or.at(union, code, rows.needed)
    short = np.asarray((union[code] & ~known).any(axis=1))
    if short.any():
        raise DesignError(
            "Histories cannot be exchanged: some do not cover the periods that others need.",
            f"{int(short.sum())} of {len(short)} units: {first_few(rows.names[short])}",
            "leave these units out, shorten the sample period, or set unequal='match' to exchange only between units "
            "whose records cover the same periods",
        )


def _check_unbroken(raw: pd.Series, rows: Places) -> None:
    times = pd.Series(raw.index.get_level_values(1), index=raw.index)
    steps = times.groupby(level=0).diff()
    broken = steps[steps > 1].index.get_level_values(0).unique().intersection(rows.names)
    if len(broken):
        raise DesignError(
            "A record with gaps cannot be turned around in time.",
            f"{len(broken)} units: {first_few(broken)}",
            "leave these units out, complete their records, or use scheme='permute'",
        )


def _check_turned(rows: Places, values: Floats, unit: Codes) -> None:
    unknown = (np.isnan(values).any(axis=2) & rows.needed[unit]).any(axis=1)
    if unknown.any():
        raise DesignError(
            "After a shift some leads or lags inside the sample cannot be told.",
            f"units: {first_few(rows.names[np.unique(unit[unknown])])}",
            "start the sample later, so that every onset has its quiet periods in the record, or use another event",
        )


def _histories(m: Matrices, rows: Places, values: Floats, kept: Mask, assignments: Assignments) -> Histories:
    order = list(dict.fromkeys(term.group for term in m.terms if term.event_time is not None))
    group = m.groups.map({name: number for number, name in enumerate(order)}).to_numpy()
    held = tuple(str(name) for name in rows.names[assignments.held])
    return Histories(Moved(values, rows.unit, rows.period, group.astype(np.int64), kept), assignments, rows.other, held)
