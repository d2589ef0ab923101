"""Ledger: every lost row, by cause and unit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from eventpanel.estimators.core.arrays import Mask

COLUMNS = ("cause", "unit", "rows", "first", "last")


@dataclass(slots=True)
class Ledger:
    """Rows still in the sample, and why the others left; each row leaves once, for the first cause that applies.

    Parameters
    ----------
    units : Series, shape (n,)
        Unit of every row, such as the importer.
    periods : Series, shape (n,)
        Period of every row.
    """

    units: pd.Series
    periods: pd.Series
    keep: Mask = field(init=False)
    cause: np.ndarray[tuple[int], np.dtype[np.object_]] = field(init=False)

    def __post_init__(self) -> None:
        self.keep = np.ones(len(self.units), dtype=bool)
        self.cause = np.full(len(self.units), "", dtype=object)

    def drop(self, rows: Mask, cause: str) -> None:
        """Take rows out of the sample, shape (n,)."""
        lost = self.keep & rows
        self.cause[lost] = cause
        self.keep &= ~rows

    def table(self) -> pd.DataFrame:
        """One line per cause and unit: cause, unit, rows, first, last; in the order the causes applied."""
        lost = pd.DataFrame({"cause": self.cause, "unit": self.units, "period": self.periods})[~self.keep]
        if lost.empty:
            return pd.DataFrame(columns=list(COLUMNS))
        order = list(dict.fromkeys(self.cause[~self.keep]))
        grouped = lost.groupby(["cause", "unit"])["period"].agg(rows="size", first="min", last="max").reset_index()
        rank = grouped["cause"].map({cause: number for number, cause in enumerate(order)})
        return grouped.assign(rank=rank).sort_values(["rank", "unit"], ignore_index=True)[list(COLUMNS)]
