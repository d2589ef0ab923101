"""Spells: a record of events as pieces that can be dealt out anew in time.

A spell and the quiet periods that part it from the next are one piece; every other quiet period is a piece of its own.
All orders of these pieces, equally likely, are all orders of the spells with all lengths of the gaps that fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.orders import arrangements, orders

__all__ = ["Deck", "deck"]


@dataclass(frozen=True, slots=True)
class Deck:
    """The pieces of one unit's record.

    Attributes
    ----------
    periods : int
        Periods of the calendar, T.
    spells : tuple of ndarray
        Cells of each spell, in order of time.
    quiet : ndarray
        The other cells of the record.
    start : int
        First cell of the record.
    apart : int
        Quiet periods that part two spells at least.
    kinds : ndarray, shape (pieces,)
        What a piece is, in order of time: -1 for a free quiet period; spells with the same values share a number.
    pieces : ndarray, shape (pieces,)
        Number of the spell, -1 for a free quiet period.
    """

    periods: int
    spells: tuple[Codes, ...]
    quiet: Codes
    start: int
    apart: int
    kinds: Codes
    pieces: Codes

    @property
    def count(self) -> int:
        """Number of different records, this one among them."""
        return arrangements(np.unique(self.kinds, return_counts=True)[1].tolist())

    def draw(self, rng: np.random.Generator, draws: int) -> Codes:
        """Draw records, all equally likely: the cell that each cell receives its value from, shape (draws, T)."""
        return self._dealt(rng.permuted(np.tile(self.pieces, (draws, 1)), axis=1))

    def each(self) -> Iterator[Codes]:
        """Yield every different record once, this one first, each of shape (T,)."""
        if self.count == 1:
            yield np.arange(self.periods)
            return
        place = np.argsort(self.kinds, kind="stable")
        for wanted in orders(self.kinds.tolist()):
            order = np.empty_like(self.pieces)
            order[np.argsort(wanted, kind="stable")] = self.pieces[place]
            yield self._dealt(order[None])[0]

    def _dealt(self, order: Codes) -> Codes:
        """Cells for orders of the pieces, shape (draws, pieces) to (draws, T)."""
        sizes = np.array([*(len(cells) + self.apart for cells in self.spells), 1])
        # Number -1 is the last of the sizes: a free quiet period.
        length = sizes[order]
        begins = self.start + np.cumsum(length, axis=1) - length
        out = np.tile(np.arange(self.periods), (len(order), 1))
        if not self.spells:
            return out
        free = np.zeros(out.shape, dtype=bool)
        free[:, self.start : self.start + sum(map(len, self.spells)) + len(self.quiet)] = True
        for number, cells in enumerate(self.spells):
            # Every order holds each spell once.
            rows, places = np.nonzero(order == number)
            goal = begins[rows, places][:, None] + np.arange(len(cells))
            out[rows[:, None], goal] = cells
            free[rows[:, None], goal] = False
        out[free] = np.tile(self.quiet, len(order))
        return out


def deck(values: Floats, spell: Mask, known: Mask, apart: int) -> Deck:
    """Cut a record without gaps into pieces.

    Parameters
    ----------
    values : ndarray, shape (T,)
        What tells spells of the same length apart.
    spell : ndarray of bool, shape (T,)
        Cells of spells; at least ``apart`` other cells lie between two of them.
    known : ndarray of bool, shape (T,)
        Cells of the record.
    apart : int

    Examples
    --------
    >>> x = np.array([1.0, 0.0, 2.0, 2.0, 0.0])
    >>> [x[cells].astype(int).tolist() for cells in deck(x, x > 0, x >= 0, 1).each()]
    [[1, 0, 2, 2, 0], [1, 0, 0, 2, 2], [2, 2, 0, 1, 0], [2, 2, 0, 0, 1], [0, 1, 0, 2, 2], [0, 2, 2, 0, 1]]
    """
    cells = np.flatnonzero(known)
    on = spell & known
    inside = np.flatnonzero(on)
    spells = tuple(np.split(inside, np.flatnonzero(np.diff(inside) > 1) + 1)) if len(inside) else ()
    same = {held: number for number, held in enumerate(dict.fromkeys(values[part].tobytes() for part in spells))}
    start = int(cells[0]) if len(cells) else 0
    pieces, at = [], start
    for number, part in enumerate(spells):
        pieces += [-1] * (int(part[0]) - at) + [number]
        at = int(part[-1]) + 1 + apart
    pieces += [-1] * (start + len(cells) - at + (apart if spells else 0))
    kind = np.array([*(same[values[part].tobytes()] for part in spells), -1], dtype=np.int64)
    held = np.array(pieces, dtype=np.int64)
    return Deck(len(values), spells, cells[~on[cells]], start, apart, kind[held], held)
