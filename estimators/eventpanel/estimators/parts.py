"""Parts: what can be left out of a sample one at a time: values of a column, events, rows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.periods import ordinal
from eventpanel.estimators.calendar import calendar
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.design import Design, cluster_name
from eventpanel.estimators.event_table import code_events
from eventpanel.estimators.record import event_unit

__all__ = ["Parts", "parts_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Parts of a sample; they may overlap.

    Attributes
    ----------
    labels : tuple of str, length M
    codes : ndarray, shape (rows of the panel,)
        Codes 0..C-1; rows of one code belong to the same parts.
    holds : sparse array, shape (C, M)
        One where rows of a code belong to a part.
    """

    labels: tuple[str, ...]
    codes: Codes
    holds: sparse.csr_array

    def touched(self, out: Mask) -> Mask:
        """Codes that belong to any of the parts left out, shape (C,)."""
        return np.asarray(self.holds @ out.astype(np.float64) > 0)

    def rows(self, out: Mask) -> Mask:
        """Rows of the panel that belong to any of them."""
        return self.touched(out)[self.codes]

    def sums(self, values: Floats) -> Floats:
        """Add up values of the panel's rows by part, shape (M,)."""
        return np.asarray(self.holds.T @ np.bincount(self.codes, weights=values, minlength=self.holds.shape[0]))

    def among(self, sample: Mask) -> Parts:
        """Those that have rows in a sample.

        Raises
        ------
        DesignError
            There is none.
        """
        there = self.sums(sample.astype(np.float64)) > 0
        if not there.any():
            raise DesignError(
                "There is nothing to leave out.", "no row of the sample has a value", "name a column with values"
            )
        labels = tuple(label for label, present in zip(self.labels, there, strict=True) if present)
        return Parts(labels, self.codes, self.holds[:, np.flatnonzero(there)])


def parts_of(panel: Panel, design: Design, by: str) -> Parts:
    """Divide the rows of a panel.

    Parameters
    ----------
    panel : Panel
    design : Design
    by : str
        A column, an interaction such as ``"importer^year"``, ``"cluster"``, ``"event"`` (the rows of a unit within the
        window of one of its spells) or ``"row"``. A column of that name comes first. Rows without a value belong to
        no part.
    """
    own = {"event": _events, "row": _rows}
    if by in own and by not in panel.frame.columns:
        return own[by](panel, design)
    return _values(panel, cluster_name(panel, design) if by == "cluster" and by not in panel.frame.columns else by)


def _values(panel: Panel, by: str) -> Parts:
    columns = [panel.column(part) for part in by.split("^")]
    known = ~np.logical_or.reduce([column.isna().to_numpy() for column in columns])
    _, first, codes = np.unique(panel.crossed(by), return_index=True, return_inverse=True)
    labels = [" ^ ".join(str(column.iloc[row]) for column in columns) for row in first]
    told = np.flatnonzero(known[first])
    holds = sparse.csr_array((np.ones(len(told)), (told, np.arange(len(told)))), shape=(len(first), len(told)))
    return Parts(tuple(labels[i] for i in told), codes.reshape(-1).astype(np.int64), holds)


def _rows(panel: Panel, design: Design) -> Parts:
    keys = (panel.frame[key].astype(str) for key in panel.keys)
    labels = tuple(" ".join(row) for row in zip(*keys, strict=True))
    return Parts(labels, np.arange(len(labels)), sparse.eye_array(len(labels), format="csr"))


def _events(panel: Panel, design: Design) -> Parts:
    """Spells of every unit; its rows from the first lead before to the last lag behind."""
    by = event_unit(panel, design.event)
    along, table = calendar(panel, by), code_events(panel, design.event)
    table = table[table["spell"].notna()]
    if table.empty:
        raise DesignError("There is no event to leave out.", design.event.describe(), "check the event")
    when = pd.Series(ordinal(table[str(panel.period)]) - along.first, index=table.index)
    spans = when.groupby([table[by], table["spell"]]).agg(["min", "max"])
    names = table[str(panel.period)].groupby([table[by], table["spell"]]).agg(["min", "max"])
    held: dict[int, list[int]] = defaultdict(list)
    window = design.window
    units = along.units.get_indexer(spans.index.get_level_values(0))
    for event, (unit, first, last) in enumerate(zip(units, spans["min"], spans["max"], strict=True)):
        for t in range(max(first - window.leads, 0), min(last + window.lags + 1, along.periods)):
            held[int(unit) * along.periods + int(t)].append(event)
    labels = (
        f"{unit} {first}" if first == last else f"{unit} {first}-{last}"
        for unit, first, last in zip(spans.index.get_level_values(0), names["min"], names["max"], strict=True)
    )
    return _overlapping(tuple(labels), held, along.cells)


def _overlapping(labels: tuple[str, ...], held: dict[int, list[int]], cells: Codes) -> Parts:
    """Parts from the events that hold each cell; code 0 for cells of none."""
    sets = {events: code for code, events in enumerate(dict.fromkeys(map(tuple, held.values())), 1)}
    of_cell = np.zeros(int(cells.max(initial=0)) + 1, dtype=np.int64)
    for cell, events in held.items():
        if cell < len(of_cell):
            of_cell[cell] = sets[tuple(events)]
    pairs = np.array([(code, event) for events, code in sets.items() for event in events])
    holds = sparse.csr_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(len(sets) + 1, len(labels)))
    return Parts(labels, of_cell[cells], holds)
