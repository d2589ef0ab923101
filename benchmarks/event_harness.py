"""Timing the works on events in turn: what is too slow runs once, what fails says why, and numbers are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import TypeGuard

import numpy as np

from benchmarks.contenders import Timed
from benchmarks.event_panels import Size
from benchmarks.event_process import LIMIT, Failed, Limited, TooSlow
from benchmarks.event_works import EventWork
from benchmarks.harness import LONG, Pace, in_turn

AGREEMENT = 1e-6
LONGEST = 200


@dataclass(frozen=True)
class EventRow:
    """Ours against one peer on one work and panel.

    Attributes
    ----------
    work, panel, peer : str
    ours_s, peer_s : float or None
        Median seconds; None where it failed.
    ratio : float or None
        Median over rounds of the peer's time over ours.
    over : bool
        Whether the peer took longer than it may: its time and the ratio are at least these.
    agreement : float or None
        Largest difference of the coefficients that must be the same, as a share of the largest.
    errors : float or None
        Largest relative difference of their standard errors, which is not judged.
    met : bool or None
        Whether ours is at least as fast as the fastest peer, and the numbers agree; None where no peer ran.
    rounds : int
        0 where the peer ran once, before the rounds.
    note : str
    """

    work: str
    panel: str
    peer: str = ""
    ours_s: float | None = None
    peer_s: float | None = None
    ratio: float | None = None
    over: bool = False
    agreement: float | None = None
    errors: float | None = None
    met: bool | None = None
    rounds: int = 0
    note: str = ""

    def as_dict(self) -> dict[str, object]:
        """Field names and values, for JSON."""
        return asdict(self)


def measure(
    work: EventWork, size: Size, mine: Limited, peers: Sequence[Limited], absent: Sequence[str], pace: Pace
) -> list[EventRow]:
    """Time a work on one panel: one row for each peer.

    Parameters
    ----------
    work : EventWork
    size : Size
    mine : Limited
    peers : sequence of Limited
    absent : sequence of str
        Peers that are not installed.
    pace : Pace
    """
    missing = f"not installed: {', '.join(absent)}" if absent else ""
    blank = EventRow(work.key, str(size), note="; ".join(filter(None, [mine.note, missing])))
    first: dict[str, Timed | Failed | TooSlow] = {}
    try:
        for contender in (mine, *peers):
            first[contender.name] = _tried(contender)
        own = first[mine.name]
        if not isinstance(own, Timed):
            return [replace(blank, met=False, note=f"{_why(own)}; {blank.note}".rstrip("; "))]
        ran = [peer for peer in peers if _is_quick(first[peer.name])]
        slowest = max([own.seconds, *(found.seconds for found in first.values() if _is_quick(found))])
        rounds = in_turn([mine, *ran], pace, slowest)
    finally:
        for contender in (mine, *peers):
            contender.close()
    runs = [one[0] for one in rounds]
    alone = replace(blank, ours_s=median(one.seconds for one in runs), rounds=len(rounds))
    rows = [_row(alone, work, peer, first[peer.name], (runs, _theirs(rounds, ran, peer))) for peer in peers]
    return _judged(rows or [alone])


def _tried(contender: Limited) -> Timed | Failed | TooSlow:
    """Run it once; what fails or takes long goes away, so that it keeps no memory."""
    try:
        found = contender.once()
    except (Failed, TooSlow) as why:
        contender.close()
        return why
    if contender.language != "ours" and not _is_quick(found):
        contender.close()
    return found


def _is_quick(found: Timed | Failed | TooSlow) -> TypeGuard[Timed]:
    return isinstance(found, Timed) and found.seconds <= LONG


def _why(found: Failed | TooSlow) -> str:
    return f"failed: {found}"[:LONGEST] if isinstance(found, Failed) else f"ours took more than {LIMIT:.0f} s"


def _theirs(rounds: Sequence[Sequence[Timed]], ran: Sequence[Limited], peer: Limited) -> list[Timed]:
    """Return the runs of a peer, round by round; nothing where it is not in the rounds."""
    return [one[ran.index(peer) + 1] for one in rounds] if peer in ran else []


def _row(
    alone: EventRow, work: EventWork, peer: Limited, first: Timed | Failed | TooSlow, runs: tuple[list[Timed], ...]
) -> EventRow:
    mine, theirs = runs
    row = replace(alone, peer=peer.name, rounds=len(theirs), note="; ".join(filter(None, [peer.note, alone.note])))
    own = median(one.seconds for one in mine)
    if isinstance(first, Failed):
        return replace(row, note="; ".join(filter(None, [_why(first), row.note])))
    if isinstance(first, TooSlow):
        return replace(row, peer_s=LIMIT, ratio=LIMIT / own, over=True)
    coef, errors = _differences(work, peer, mine[-1], first)
    row = replace(row, agreement=coef, errors=errors)
    if not theirs:
        return replace(row, peer_s=first.seconds, ratio=first.seconds / own)
    return replace(
        row,
        peer_s=median(one.seconds for one in theirs),
        ratio=median(b.seconds / a.seconds for a, b in zip(mine, theirs, strict=True)),
    )


def _differences(work: EventWork, peer: Limited, mine: Timed, theirs: Timed) -> tuple[float | None, float | None]:
    """Differences of coefficients, as a share of the largest, and of standard errors, where they must be the same."""
    at = [work.times.index(k) for k in peer.same]
    if not at:
        return None, None
    assert mine.errors is not None and theirs.errors is not None
    coef = np.abs(mine.coef[at] - theirs.coef[at]).max() / np.abs(theirs.coef[at]).max()
    return float(coef), float(np.abs(mine.errors[at] / theirs.errors[at] - 1).max())


def _judged(rows: Sequence[EventRow]) -> list[EventRow]:
    """Judge a work by its fastest peer; a peer whose numbers differ where they must not is named."""
    ratios = [row.ratio for row in rows if row.ratio is not None]
    met = min(ratios) >= 1.0 if ratios else None
    out = []
    for row in rows:
        differs = row.agreement is not None and not row.agreement <= AGREEMENT
        note = "; ".join(filter(None, [f"coefficients differ by {row.agreement:.0e}" if differs else "", row.note]))
        out.append(replace(row, met=False if differs else met, note=note))
    return out
