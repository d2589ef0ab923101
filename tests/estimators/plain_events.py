"""Events coded the slow way: every course that an incomplete record allows is written out, by loops over lists.

A record is a list of 1 (event), 0 (none) and ``None`` (not known). What all courses agree on is told, the rest is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

Known = Sequence[int | None]
Whole = list[int]
Told = list[int | None]


def courses(record: Known) -> list[Whole]:
    """Every way in which the record can be completed."""
    return [list(course) for course in product(*[(0, 1) if cell is None else (cell,) for cell in record])]


def told(record: Known, rule: Callable[[Whole], Sequence[int | None]], padded: int = 0) -> Told:
    """What a rule says of each cell in all courses; ``padded`` unknown periods stand on either side."""
    wide: list[int | None] = [None] * padded + list(record) + [None] * padded
    answers = [list(rule(course))[padded : padded + len(record)] for course in courses(wide)]
    return [cells[0] if len(set(cells)) == 1 else None for cells in zip(*answers, strict=True)]


def started(record: Known) -> list[int | None]:
    """The record with its first period found: before it nothing counts."""
    first = next((place for place, cell in enumerate(record) if cell is not None), len(record))
    return [0] * first + list(record[first:])


def onsets(course: Whole, quiet: int) -> Whole:
    return [int(cell == 1 and 1 not in course[max(t - quiet, 0) : t]) for t, cell in enumerate(course)]


def grouped(course: Whole, quiet: int) -> list[list[int]]:
    """Spells: lists of the times of their events."""
    found: list[list[int]] = []
    for t, cell in enumerate(course):
        if cell == 1 and found and t - found[-1][-1] - 1 < quiet:
            found[-1].append(t)
        elif cell == 1:
            found.append([t])
    return found


def spells(course: Whole, quiet: int) -> Whole:
    inside = {t for times in grouped(course, quiet) for t in range(times[0], times[-1] + 1)}
    return [int(t in inside) for t in range(len(course))]


def first(course: Whole) -> Whole:
    return [int(cell == 1 and 1 not in course[:t]) for t, cell in enumerate(course)]


def apart(course: Whole, periods: int) -> Whole:
    entered: list[int] = []
    for t, cell in enumerate(course):
        if cell == 1 and (not entered or t - entered[-1] > periods):
            entered.append(t)
    return [int(t in entered) for t in range(len(course))]


def isolated(course: Whole, periods: int) -> Whole:
    times = [t for t, cell in enumerate(course) if cell == 1]
    return [int(t in times and not any(0 < abs(other - t) <= periods for other in times)) for t in range(len(course))]


def since_last(course: Whole) -> list[int | None]:
    return [next((k for k in range(t + 1) if course[t - k] == 1), None) for t in range(len(course))]
