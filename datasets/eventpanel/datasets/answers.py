"""Answers: a value, a true zero, not covered or censored; each source carries the frame that tells which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import reduce

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventpanel.datasets.coded import Coded

__all__ = ["Answer", "Watched"]

Answers = npt.NDArray[np.int8]
Mask = npt.NDArray[np.bool_]


class Answer(IntEnum):
    """What a source says about one row.

    ``NO_VALUE`` is a gap inside the frame of a source: a row of the publisher without a number. It is counted apart and
    drawn as not covered.
    """

    NOT_COVERED = 0
    VALUE = 1
    ZERO = 2
    CENSORED = 3
    NO_VALUE = 4


# Columns of coverage tables, in order.
COUNTS = {
    "nonzero": Answer.VALUE,
    "zero": Answer.ZERO,
    "censored": Answer.CENSORED,
    "no_value": Answer.NO_VALUE,
    "not_covered": Answer.NOT_COVERED,
}


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """The frame of a source: where it watches, and where it sees only a part.

    Rows are named by keys, never by position, so a frame stays true when rows of a panel are left out.

    Attributes
    ----------
    source : str
        Name of the source.
    variables : tuple of str
        Columns of a panel that the frame is for.
    covered : DataFrame
        Keys at which the source has an answer: ``importer`` and ``year``, or more.
    censored : DataFrame, optional
        Keys at which it sees only a part: flows below its threshold, deals of years that are not complete. The panel
        has no number there.
    why : str
        Why they are censored, in a few words: ``"under 1 % of imports"``.
    parts : tuple of str
        Columns that the variables were made from; where one is missing, their frames say why.
    """

    source: str
    variables: tuple[str, ...]
    covered: pd.DataFrame
    censored: pd.DataFrame | None = None
    why: str = ""
    parts: tuple[str, ...] = ()


def held(wanted: pd.DataFrame, levels: Mapping[str, Coded]) -> Mask:
    """Whether each row of a panel is among the wanted keys, shape (n,).

    Keys that the panel does not have are left out of the comparison.

    Examples
    --------
    >>> level = Coded(np.array([0, 1]), pd.Index(["KEN", "UGA"]))
    >>> held(pd.DataFrame({"importer": ["UGA"]}), {"importer": level}).tolist()
    [False, True]
    """
    names = [name for name in levels if name in wanted.columns]
    rows = np.zeros(len(next(iter(levels.values())).codes), dtype=np.int64)
    theirs, known = np.zeros(len(wanted), dtype=np.int64), np.ones(len(wanted), dtype=bool)
    for name in names:
        level = levels[name]
        place = level.labels.get_indexer(pd.Index(wanted[name]))
        known &= place >= 0
        rows, theirs = rows * len(level.labels) + level.codes, theirs * len(level.labels) + place
    return np.isin(rows, theirs[known])


def frame_of(name: str, frames: Sequence[Watched]) -> Watched | None:
    """Frame of a column: the last one that names it, or none."""
    return next((one for one in reversed(frames) if name in one.variables), None)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of a panel with the frames of its sources.

    Attributes
    ----------
    frame : DataFrame, shape (n, any)
    frames : tuple of Watched
    levels : dict of str to Coded
        Key columns as codes.
    period : str or None
        The key that is time.
    """

    frame: pd.DataFrame
    frames: tuple[Watched, ...]
    levels: Mapping[str, Coded]
    period: str | None
    _gaps: dict[int, Answers] = field(default_factory=dict, init=False, repr=False)

    def gaps(self, watched: Watched) -> Answers:
        """Say why a source has no number, row by row, shape (n,): not covered, censored or no value."""
        if id(watched) not in self._gaps:
            inside = held(watched.covered, self.levels)
            answers = np.where(inside, Answer.NO_VALUE, Answer.NOT_COVERED).astype(np.int8)
            if watched.censored is not None:
                answers[held(watched.censored, self.levels)] = Answer.CENSORED
            self._gaps[id(watched)] = answers
        return self._gaps[id(watched)]


def framed(rows: Rows) -> list[str]:
    """Columns that came from a source and stand in the panel, in the order they came."""
    names = [name for one in rows.frames if not one.parts for name in one.variables]
    return [name for name in dict.fromkeys(names) if name in rows.frame.columns]


def answers_of(name: str, rows: Rows) -> Answers:
    """Answer of each row for one column, shape (n,).

    A number is a number; where there is none, the frame of the column says why. A column without a frame has the rows
    of the panel as its frame.
    """
    column = rows.frame[name]
    absent = column.isna().to_numpy()
    answers = np.full(len(absent), Answer.VALUE, dtype=np.int8)
    answers[(column == 0).fillna(value=False).to_numpy(dtype=bool)] = Answer.ZERO
    if absent.any():
        answers[absent] = _gaps_of(name, rows, rows.frames)[absent]
    return answers


def _gaps_of(name: str, rows: Rows, frames: Sequence[Watched]) -> Answers:
    own, nothing = frame_of(name, frames), np.full(len(rows.frame), Answer.NO_VALUE, dtype=np.int8)
    if own is None:
        return nothing
    if not own.parts:
        return rows.gaps(own)
    parts = []
    for part in own.parts:
        why = _gaps_of(part, rows, _before(own, frames))
        parts.append(np.where(rows.frame[part].isna(), why, nothing) if part in rows.frame.columns else why)
    # Not covered, censored, no value: the numbers stand in this order, the worst first.
    return reduce(np.minimum, parts)


def _before(own: Watched, frames: Sequence[Watched]) -> Sequence[Watched]:
    """Frames that were there when a column was made: it may bear the name of one of its parts."""
    return frames[: next(place for place, one in enumerate(frames) if one is own)]


def may_be_censored(name: str, frames: Sequence[Watched]) -> bool:
    """Whether the source of a column, or of one of its parts, sees only a part anywhere."""
    own = frame_of(name, frames)
    if own is None:
        return False
    return own.censored is not None or any(may_be_censored(part, _before(own, frames)) for part in own.parts)


def tabulate(rows: Rows, names: Sequence[str], by: Sequence[str]) -> pd.DataFrame:
    """Count the answers of columns by groups of keys.

    Parameters
    ----------
    rows : Rows
    names : sequence of str
        Columns to count.
    by : sequence of str
        Keys; all rows together without any.

    Returns
    -------
    DataFrame
        One row for each column and group: source, variable, the keys, nonzero, zero, censored, no_value, not_covered,
        and the first and last period with a number.
    """
    place = np.zeros(len(rows.frame), dtype=np.int64)
    for key in by:
        place = place * len(rows.levels[key].labels) + rows.levels[key].codes
    _, where, groups = np.unique(place, return_index=True, return_inverse=True)
    heads = rows.frame[list(by)].take(where).reset_index(drop=True)
    tables = [_count(rows, name, groups, heads) for name in names]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _count(rows: Rows, name: str, groups: npt.NDArray[np.int64], heads: pd.DataFrame) -> pd.DataFrame:
    answers = answers_of(name, rows)
    cells = np.bincount(groups * len(Answer) + answers, minlength=len(heads) * len(Answer)).reshape(-1, len(Answer))
    table = heads.assign(**{column: cells[:, answer] for column, answer in COUNTS.items()})
    if rows.period is not None:
        codes, labels = rows.levels[rows.period].codes, rows.levels[rows.period].labels
        known = np.isin(answers, (Answer.VALUE, Answer.ZERO))
        for column, extreme, start in (("first", np.minimum, len(labels)), ("last", np.maximum, -1)):
            found = np.full(len(heads), start, dtype=np.int64)
            extreme.at(found, groups[known], codes[known])
            table[column] = pd.Series(labels).reindex(found).to_numpy()
    own = frame_of(name, rows.frames)
    table.insert(0, "source", "" if own is None else own.source)
    table.insert(1, "variable", name)
    return table


def numbers_where_censored(rows: Rows) -> Mask:
    """Rows that hold a number where their source is censored, shape (n,): such a number would be taken for whole."""
    found = np.zeros(len(rows.frame), dtype=bool)
    for one in rows.frames:
        names = [name for name in one.variables if name in rows.frame.columns]
        if one.censored is not None and names:
            found |= held(one.censored, rows.levels) & rows.frame[names].notna().any(axis=1).to_numpy()
    return found
