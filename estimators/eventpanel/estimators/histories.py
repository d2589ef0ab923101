"""Histories: the event record of every unit, moved to other units or in time, and leads and lags rebuilt from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.coding import coded, over
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.assignments import Assignments, Choices, Deals, Permutations
from eventpanel.estimators.core.groups import cross, recode
from eventpanel.estimators.core.permutation import Moved
from eventpanel.estimators.core.spells import deck
from eventpanel.estimators.design import Design
from eventpanel.estimators.matrices import Matrices
from eventpanel.estimators.occurrences import spells
from eventpanel.estimators.path import event_grids
from eventpanel.estimators.places import Places, places
from eventpanel.estimators.record import Record, record

__all__ = ["Histories", "dealt", "permuted", "shifted"]


@dataclass(frozen=True, slots=True)
class Histories:
    """What may be reassigned.

    Attributes
    ----------
    moved : Moved
        Columns of the path, for any assignment.
    assignments : Permutations, Choices or Deals
        Which assignments there are.
    other : ndarray, shape (n,)
        Code of what names a row besides its unit and period.
    held : tuple of str
        Units that cannot receive another history.
    rebuild : callable, optional
        For deals: leads and lags of the records of a draw, from its cells of shape (U, T) to shape (U, ., K).
    """

    moved: Moved
    assignments: Assignments
    other: Codes
    held: tuple[str, ...]
    rebuild: Callable[[Codes], Floats] | None = None

    def sources(self, draws: Codes) -> tuple[Floats, Codes]:
        """Return the histories that some draws need, shape (S, T, K), and the source of each unit, shape (draws, U)."""
        if self.rebuild is None:
            return self.moved.histories, draws
        count, units = draws.shape[:2]
        return np.concatenate([self.rebuild(cells) for cells in draws]), np.arange(count * units).reshape(count, units)


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
    values = _paths(design, rows, record(panel, design.event))
    known, code = np.asarray(~np.isnan(values).any(axis=2)), _strata(panel, design, m, rows, strata)
    if unequal == "match":
        code = cross(code, recode(np.unique(known, axis=0, return_inverse=True)[1].reshape(-1)))
    _check_cover(rows, known, code)
    filled = _filled(values)
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
        A record with gaps, an event coded within periods, or a lead or lag that a turned record does not tell.
    """
    rows, events = _of_units(panel, design, m)
    known = _known(events, rows)
    counts, first = known.sum(axis=1), np.argmax(known, axis=1)
    time = np.arange(known.shape[1])
    turned = []
    for step in range(int(counts.max())):
        cells = np.where(known, first[:, None] + (time - first[:, None] - step) % counts[:, None], time)
        turned.append(_rearranged(design, rows, events, cells))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    every = np.array(turned)
    values = np.concatenate([every[:count, u] for u, count in enumerate(counts)])
    _check_told(rows, values, np.repeat(np.arange(len(counts)), counts))
    return _histories(m, rows, _filled(values), kept, Choices(starts, counts))


def dealt(panel: Panel, design: Design, m: Matrices, kept: Mask) -> Histories:
    """Histories whose spells and quiet gaps are dealt out anew in time, unit by unit.

    A spell is a run of periods with an event: above the threshold, or with a dose that is not zero. For an onset or a
    spell as the kind of event, quiet gaps shorter than ``quiet`` belong to it. It moves with its values. As many quiet
    periods as part two spells stay between them; all others fall anywhere, every arrangement with equal chance. Values
    of quiet periods keep their order.

    Parameters
    ----------
    panel : Panel
    design : Design
    m : Matrices
    kept : ndarray of bool, shape (terms of the path,)

    Raises
    ------
    DesignError
        A record with gaps, a change as the event, an event coded within periods, nothing to deal out, or a lead or lag
        that a record dealt out anew does not tell.
    """
    event = design.event
    if event.kind == "change":
        raise DesignError(
            "Changes of a level are not dealt out as spells.", event.column, "use scheme='shift' or scheme='permute'"
        )
    rows, events = _of_units(panel, design, m)
    passed = over(events.given, event)
    apart = event.quiet if event.kind in ("onset", "spell") else 1
    standing = spells(passed, apart) == 1
    # Records that are coded alike are one.
    shown, known = (passed if event.is_binary else events.given), _known(events, rows)
    where = _rows_of(events, rows)
    assignments = Deals(tuple(deck(shown[u], standing[u], known[i], apart) for i, u in enumerate(where)))
    if assignments.count == 1:
        raise DesignError(
            "There is nothing to deal out: no record has another order of its spells and quiet periods.",
            f"{len(rows.names)} units, {int(assignments.held.sum())} of them with events",
            "use scheme='shift' or scheme='permute'",
        )

    rebuild = partial(_rebuilt, design, rows, events)
    return replace(_histories(m, rows, rebuild(assignments.own), kept, assignments), rebuild=rebuild)


def _rebuilt(design: Design, rows: Places, events: Record, cells: Codes) -> Floats:
    values = _rearranged(design, rows, events, cells)
    _check_told(rows, values, np.arange(len(values)))
    return _filled(values)


def _of_units(panel: Panel, design: Design, m: Matrices) -> tuple[Places, Record]:
    """Places and record of a design whose units can each be rearranged in time."""
    event = design.event
    by_period = event.threshold is not None and event.threshold.rule == "period_quantile"
    if event.scale == "period_sd" or by_period:
        raise DesignError(
            "A record coded within periods cannot be moved in time unit by unit.",
            event.column,
            "standardise or cut over units or all periods, or use scheme='permute'",
        )
    rows, events = places(panel, design, m), record(panel, event)
    _check_unbroken(rows, _known(events, rows))
    return rows, events


def _rows_of(events: Record, rows: Places) -> Codes:
    """Rows of the calendar in which the units of the sample stand, shape (U,)."""
    return np.asarray(events.calendar.units.get_indexer(rows.names), dtype=np.int64)


def _known(events: Record, rows: Places) -> Mask:
    return np.asarray(events.known[_rows_of(events, rows)])


def _paths(design: Design, rows: Places, events: Record) -> Floats:
    """Leads and lags of a record for the units and periods of the sample, shape (U, T, K); missing where unknown."""
    cube = np.stack(list(event_grids(design, events).values()), axis=2)
    return np.asarray(cube[_rows_of(events, rows)][:, rows.times - events.calendar.first])


def _rearranged(design: Design, rows: Places, events: Record, cells: Codes) -> Floats:
    """Leads and lags where each cell has the value of another cell of its unit; cells of shape (U, T)."""
    given, where = events.given.copy(), _rows_of(events, rows)
    given[where] = np.take_along_axis(given[where], cells, axis=1)
    return _paths(design, rows, replace(events, given=given, code=coded(given, design.event)))


def _filled(values: Floats) -> Floats:
    return np.where(np.isnan(values), 0.0, values)


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


def _check_unbroken(rows: Places, known: Mask) -> None:
    broken = (np.diff(known.astype(np.int64), axis=1) == 1).sum(axis=1) + known[:, 0] > 1
    if broken.any():
        raise DesignError(
            "A record with gaps cannot be moved in time.",
            f"{int(broken.sum())} units: {first_few(rows.names[broken])}",
            "leave these units out, complete their records, or use scheme='permute'",
        )


def _check_told(rows: Places, values: Floats, unit: Codes) -> None:
    unknown = (np.isnan(values).any(axis=2) & rows.needed[unit]).any(axis=1)
    if unknown.any():
        raise DesignError(
            "With the record moved in time some leads or lags inside the sample cannot be told.",
            f"units: {first_few(rows.names[np.unique(unit[unknown])])}",
            "start the sample later, so that every onset has its quiet periods in the record, or use another event",
        )


def _histories(m: Matrices, rows: Places, values: Floats, kept: Mask, assignments: Assignments) -> Histories:
    order = list(dict.fromkeys(term.group for term in m.terms if term.event_time is not None))
    group = m.groups.map({name: number for number, name in enumerate(order)}).to_numpy()
    held = tuple(str(name) for name in rows.names[assignments.held])
    return Histories(Moved(values, rows.unit, rows.period, group.astype(np.int64), kept), assignments, rows.other, held)
