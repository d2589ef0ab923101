"""Regimes of the importers: Polity scores whose samples have the published sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.datasets.simulated.projection import Floats, Mask

__all__ = ["EARLY", "FIRST_YEAR", "LAST_YEAR", "LATE", "RECORD", "REGIMES", "Regimes", "column", "draw_regimes"]

FIRST_YEAR = 1996
LAST_YEAR = 2023
REGIMES = 133
LOW_IN_2007 = 61
# Of either side of the line, as many cross it after 2007.
CROSSINGS = 4
# Importers without institutions at the end, of those constantly weak and of those constantly mature.
ENDED = {True: 6, False: 3}
# Country-years of autocracies and weak democracies 2000 to 2017 and 2018 to 2020, of mature democracies 2000 to 2020.
WEAK_EARLY, WEAK_LATE, MATURE = 1052, 174, 1474


def column(year: int) -> int:
    """Return where a year stands in arrays over years."""
    return year - FIRST_YEAR


RECORD = slice(column(2000), column(2020) + 1)
EARLY = slice(column(2000), column(2017) + 1)
LATE = slice(column(2018), column(2020) + 1)
BEFORE_THE_END = [column(year) for year in (2015, 2016, 2017)]


@dataclass(frozen=True, slots=True)
class Regimes:
    """Regimes of the importers with a score.

    Attributes
    ----------
    polity : ndarray, shape (133, 28)
        Score by year from 1996 to 2023, NaN where not known.
    weak : ndarray, shape (133, 28)
        The state is an autocracy or a weak democracy (score below 7), whether or not the score is known.
    ended : ndarray, shape (133,)
        No index of institutions from 2018 on; of the weak, no score in the three years before.
    """

    polity: Floats
    weak: Mask
    ended: Mask

    @property
    def low(self) -> Mask:
        """Score below 7 in 2007, shape (133,)."""
        return self.weak[:, column(2007)]

    @property
    def known_weak(self) -> Mask:
        """Known score below 7, shape (133, 28)."""
        return self.weak & ~np.isnan(self.polity)

    @property
    def known_mature(self) -> Mask:
        """Known score of 7 or more, shape (133, 28)."""
        return ~self.weak & ~np.isnan(self.polity)

    @property
    def constant(self) -> Mask:
        """The regime stays on one side of the line, shape (133,)."""
        return np.asarray(self.weak.all(axis=1) | ~self.weak.any(axis=1))


def draw_regimes(rng: np.random.Generator) -> Regimes:
    """Draw scores: constant but for eight importers that cross the line, and 93 country-years not known."""
    low = rng.permutation(REGIMES) < LOW_IN_2007
    years = LAST_YEAR - FIRST_YEAR + 1
    weak = np.repeat(low[:, None], years, axis=1)
    for side in (True, False):
        for unit in rng.choice(np.flatnonzero(low == side), CROSSINGS, replace=False):
            weak[unit, column(int(rng.integers(2010, 2016))) :] = not side
    score = np.where(weak, rng.integers(-9, 7, REGIMES)[:, None], rng.integers(7, 11, REGIMES)[:, None]).astype(float)
    ended = np.zeros(REGIMES, dtype=bool)
    regimes = Regimes(score, weak, ended)
    for side, number in ENDED.items():
        ended[rng.choice(np.flatnonzero(regimes.constant & (low == side)), number, replace=False)] = True
    score[np.flatnonzero(ended & low)[:, None], BEFORE_THE_END] = np.nan
    for known, keep in (
        (_rows(regimes.known_weak, EARLY), WEAK_EARLY),
        (_rows(regimes.known_weak, LATE), WEAK_LATE),
        (_rows(regimes.known_mature, RECORD), MATURE),
    ):
        _forget(rng, score, known & regimes.constant[:, None], int(known.sum()) - keep)
    return regimes


def _rows(state: Mask, years: slice) -> Mask:
    rows = np.zeros_like(state)
    rows[:, years] = state[:, years]
    return rows


def _forget(rng: np.random.Generator, score: Floats, rows: Mask, number: int) -> None:
    """Lose scores, none of 2007, by which regimes are told in the tables without time."""
    rows[:, column(2007)] = False
    unit, year = np.nonzero(rows)
    lost = rng.choice(len(unit), number, replace=False)
    score[unit[lost], year[lost]] = np.nan
