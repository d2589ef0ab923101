"""Grouping: one fixed effect, ready for many group sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats


@dataclass(frozen=True, slots=True)
class Grouping:
    """Rows by group.

    Attributes
    ----------
    codes : ndarray, shape (n,)
        Group of each row, 0..G-1.
    mass : ndarray, shape (G,)
        Weight of each group; one for a group without rows, which then never counts.
    starts : ndarray, shape (G,), or None
        First row of each group, where the rows of every group stand together and in order.
    present : int
        Number of groups with rows.
    """

    codes: Codes
    mass: Floats
    starts: Codes | None
    present: int

    @property
    def size(self) -> int:
        """Number of groups."""
        return len(self.mass)

    def sums(self, columns: Floats) -> Floats:
        """Group sums of columns that lie in rows: shape (k, n) to (k, G)."""
        if self.starts is not None:
            return np.asarray(np.add.reduceat(columns, self.starts, axis=1))
        out = np.empty((len(columns), self.size))
        for j, column in enumerate(columns):
            out[j] = np.bincount(self.codes, weights=column, minlength=self.size)
        return out

    def spread(self, values: Floats, out: Floats) -> Floats:
        """Give each row the value of its group: shape (k, G) to (k, n)."""
        return np.take(values, self.codes, axis=1, out=out, mode="clip")


def grouping(codes: Codes, weights: Floats | None = None) -> Grouping:
    """Prepare a grouping.

    Parameters
    ----------
    codes : ndarray, shape (n,)
    weights : ndarray, shape (n,), optional
        Positive weights.

    Examples
    --------
    >>> grouping(np.array([0, 0, 1])).sums(np.array([[1.0, 2.0, 3.0]])).tolist()
    [[3.0, 3.0]]
    """
    codes = codes.astype(np.intp, copy=False)
    mass = np.bincount(codes, weights=weights).astype(np.float64)
    present = int(np.count_nonzero(mass))
    starts = None
    # Codes in order begin at the lowest and end at the highest: one look spares most of the others a pass.
    if len(codes) and codes[0] == 0 and codes[-1] == len(mass) - 1 == present - 1:
        steps = np.diff(codes)
        if not (steps < 0).any():
            starts = np.concatenate([[0], np.flatnonzero(steps) + 1])
    return Grouping(codes, mass if present == len(mass) else np.where(mass > 0, mass, 1.0), starts, present)
