"""Timing in turn, A B A B, and what follows from it: medians, minima, ratios pair by pair, a verdict."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median

import numpy as np

from benchmarks.contenders import Contender, Language, Timed
from benchmarks.machine import Machine
from benchmarks.prepare import Prepared
from benchmarks.works import Work

AGREEMENT = 1e-8
LONG = 15.0
NAMES: Mapping[Language, str] = {"python": "Python peers", "R": "R fixest", "ours": "eventpanel"}


@dataclass(frozen=True)
class Pace:
    """How often: at least and at most so many rounds, no new one after some seconds."""

    least: int
    most: int
    seconds: float


QUICK, FULL = Pace(3, 15, 10.0), Pace(5, 51, 60.0)


@dataclass(frozen=True)
class Row:
    """Ours against one peer on one work.

    Attributes
    ----------
    work, target : str
    ours_s, ours_min_s : float or None
        Median and minimum in seconds.
    peer : str
    peer_s, peer_min_s : float or None
    ratio : float or None
        Median over rounds of the peer's time over ours.
    limit_s : float or None
        Below this no program can go on this machine.
    agreement : float or None
        Largest relative difference of coefficients.
    met : bool or None
        Whether the work reaches its target; None where its judge did not run.
    rounds : int
    note : str
    """

    work: str
    target: str
    ours_s: float | None = None
    ours_min_s: float | None = None
    peer: str = ""
    peer_s: float | None = None
    peer_min_s: float | None = None
    ratio: float | None = None
    limit_s: float | None = None
    agreement: float | None = None
    met: bool | None = None
    rounds: int = 0
    note: str = ""

    def as_dict(self) -> dict[str, object]:
        """Field names and values, for JSON."""
        return asdict(self)


def run(work: Work, prepared: Prepared, machine: Machine, pace: Pace) -> list[Row]:
    """Time a work and judge it: one row for each peer that ran.

    Parameters
    ----------
    work : Work
    prepared : Prepared
    machine : Machine
    pace : Pace
    """
    blank = Row(prepared.title, work.target, note=prepared.note)
    if prepared.ours is None:
        return [replace(blank, met=False)]
    everyone: list[Contender] = [prepared.ours]
    try:
        first = prepared.ours.once()
        everyone += [fastest(ways) for ways in prepared.peers if ways]
        rounds = in_turn(everyone, pace, first.seconds)
    finally:
        for contender in everyone:
            contender.close()
    bound = machine.limit(prepared.unavoidable)
    agreement = None if prepared.check is None else prepared.check()
    rows = [
        _row(replace(blank, limit_s=bound), peer, [(one[0], one[i]) for one in rounds], agreement)
        for i, peer in enumerate(everyone[1:], start=1)
    ]
    return judge(work, prepared, everyone[1:], rows, max(one[0].peak for one in rounds))


def fastest(ways: Sequence[Contender]) -> Contender:
    """Warm up each way of a peer, and keep the fastest."""
    if len(ways) == 1:
        ways[0].once()
        return ways[0]
    seconds = []
    for way in ways:
        start = time.perf_counter()
        first = way.once()
        # Compiling hides in a first run, unless the run is long.
        is_long = time.perf_counter() - start > LONG
        seconds.append(first.seconds if is_long else way.once().seconds)
        way.close()
    best = ways[int(np.argmin(seconds))]
    best.once()
    return best


def in_turn(everyone: Sequence[Contender], pace: Pace, expected: float) -> list[list[Timed]]:
    """Let everyone run once a round, until there are enough rounds; one round where one run takes very long."""
    least = pace.least if expected < pace.seconds else 1
    rounds: list[list[Timed]] = []
    start = time.perf_counter()
    while len(rounds) < least or (len(rounds) < pace.most and time.perf_counter() - start < pace.seconds):
        rounds.append([contender.once() for contender in everyone])
    return rounds


def _row(blank: Row, peer: Contender, pairs: Sequence[tuple[Timed, Timed]], agreement: float | None) -> Row:
    mine, theirs = ([one[side].seconds for one in pairs] for side in (0, 1))
    peak = pairs[-1][1].peak
    notes = [blank.note, peer.note, "" if np.isnan(peak) else f"peer's peak memory {peak / 1e9:.2f} GB"]
    return replace(
        blank,
        ours_s=median(mine),
        ours_min_s=min(mine),
        peer=peer.name,
        peer_s=median(theirs),
        peer_min_s=min(theirs),
        ratio=median(b / a for a, b in zip(mine, theirs, strict=True)),
        agreement=difference(pairs[-1][0], pairs[-1][1]) if agreement is None else agreement,
        rounds=len(pairs),
        note="; ".join(note for note in notes if note),
    )


def difference(mine: Timed, theirs: Timed) -> float:
    """Largest relative difference of coefficients."""
    return float(np.abs(mine.coef / theirs.coef - 1).max())


def judge(work: Work, prepared: Prepared, names: Sequence[Contender], rows: list[Row], peak: float) -> list[Row]:
    """Say of every row whether the work reaches its target, and what stands against it.

    Parameters
    ----------
    work : Work
    prepared : Prepared
    names : sequence of Contender
        The peers, as long as ``rows``.
    rows : list of Row
    peak : float
        Peak memory of ours in bytes; missing where it is not measured.
    """
    met, notes = _verdict(work, _by_language(names, rows))
    if prepared.ours is not None and prepared.ours.note:
        notes.append(prepared.ours.note)
    if not np.isnan(peak):
        notes.append(f"our peak memory {peak / 1e9:.2f} GB of {prepared.most_memory / 1e9:.2f} GB allowed")
        met = met and peak <= prepared.most_memory
    return [_judged(row, notes, met=met) for row in rows]


def _by_language(names: Sequence[Contender], rows: Sequence[Row]) -> dict[Language, list[Row]]:
    found: dict[Language, list[Row]] = {}
    for peer, row in zip(names, rows, strict=True):
        found.setdefault(peer.language, []).append(row)
    return found


def _verdict(work: Work, rows: Mapping[Language, Sequence[Row]]) -> tuple[bool | None, list[str]]:
    """Judge by the fastest peer of each language that the target names; None where none of them ran."""
    absent = [f"{NAMES[language]} not installed" for language in work.reach if language not in rows]
    reached = []
    for language in work.reach.keys() & rows.keys():
        row = min(rows[language], key=lambda row: row.peer_s or 0.0)
        reached.append((row.ratio or 0.0) >= work.reach[language] and (row.agreement or 0.0) <= AGREEMENT)
    return (all(reached) if reached else None), absent


def _judged(row: Row, notes: Sequence[str], *, met: bool | None) -> Row:
    differs = row.agreement is not None and not row.agreement <= AGREEMENT
    own = [f"coefficients differ by {row.agreement:.1e}"] if differs else []
    return replace(row, met=False if differs else met, note="; ".join([*filter(None, [row.note]), *notes, *own]))
