"""Ledger: every lost row, by cause and unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Mask

COLUMNS = ("cause", "unit", "rows", "first", "last")


@dataclass(slots=True, eq=False)
class Ledger:
    """Rows still in the sample, and why the others left; each row leaves once, for the first cause that applies.

    Parameters
    ----------
    panel : Panel
        Whose rows are kept or lost.
    by : str
        Column of the unit that lost rows are listed by, such as the importer.
    keep : ndarray of bool, shape (n,), optional
        Rows still in the sample; all of them to begin with.
    cause : ndarray, shape (n,), optional
        Number of the cause, 0 for none.
    causes : list of str
        Causes in the order they applied.
    """

    panel: Panel
    by: str
    keep: Mask = field(default_factory=lambda: np.ones(0, dtype=bool))
    cause: npt.NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, dtype=np.int16))
    causes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not len(self.keep):
            self.keep = np.ones(len(self.panel.frame), dtype=bool)
            self.cause = np.zeros(len(self.panel.frame), dtype=np.int16)

    def copy(self) -> Ledger:
        """Return a ledger that can be written on without changing this one."""
        return Ledger(self.panel, self.by, self.keep.copy(), self.cause.copy(), list(self.causes))

    def drop(self, rows: Mask, cause: str) -> None:
        """Take rows out of the sample, shape (n,)."""
        if not rows.any():
            return
        lost = self.keep & rows
        if lost.any():
            self.cause[lost] = self._number(cause)
            self.keep = self.keep & ~rows

    def drop_first(self, which: npt.NDArray[np.int16], causes: Sequence[str]) -> None:
        """Take rows out of the sample, each for one of several causes.

        Parameters
        ----------
        which : ndarray, shape (n,)
            Number of the cause, from 1; 0 for rows that stay.
        causes : sequence of str
            In the order they apply.
        """
        rows = np.flatnonzero(self.keep & (which > 0))
        if not len(rows):
            return
        found = which[rows]
        numbers = np.zeros(len(causes) + 1, dtype=np.int16)
        for one in np.flatnonzero(np.bincount(found)).tolist():
            numbers[one] = self._number(causes[one - 1])
        self.cause[rows] = numbers[found]
        self.keep = self.keep & (which == 0)

    def _number(self, cause: str) -> int:
        if cause not in self.causes:
            self.causes.append(cause)
        return self.causes.index(cause) + 1

    def table(self) -> pd.DataFrame:
        """One line per cause and unit: cause, unit, rows, first, last; in the order the causes applied."""
        lost = ~self.keep
        if not lost.any():
            return pd.DataFrame(columns=list(COLUMNS))
        units, period = self.panel.column(self.by)[lost], self.panel.period
        # Facts that do not change have no period to tell.
        periods = np.nan if period is None else self.panel.column(period)[lost]
        rows = pd.DataFrame({"rank": self.cause[lost], "unit": units, "period": periods})
        grouped = rows.groupby(["rank", "unit"])["period"].agg(rows="size", first="min", last="max").reset_index()
        grouped.insert(0, "cause", [self.causes[rank - 1] for rank in grouped["rank"]])
        return grouped[list(COLUMNS)]
