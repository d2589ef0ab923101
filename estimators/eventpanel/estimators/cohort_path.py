"""Cohort path: effects of cohorts averaged by event time, and what is done with every event and row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventpanel.datasets.errors import first_few
from eventpanel.estimators.adoption import NEVER, first_event
from eventpanel.estimators.cohorts import UNDATED, Cohorts, Found
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.design import Design
from eventpanel.estimators.method import BASE, Effects
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.uses import Uses

__all__ = ["path_effects", "path_uses", "undated_note", "uses_of"]

NO_ROWS = "no row of its unit in the sample after the event"


def _path(found: Found, design: Design) -> tuple[list[int], Floats, tuple[tuple[int, str], ...]]:
    """Event times that are estimated, their sets of pairs, and the others with a reason."""
    there, (gone, reasons) = found.pairs.event_time, found.missing
    times = [k for k in design.window.event_times if (there == k).any()]
    why = {int(k): reason for k, reason in zip(gone.event_time, reasons, strict=True)}
    rest = [k for k in design.window.event_times if k not in times]
    sets = np.array([there == k for k in times], dtype=np.float64).reshape(len(times), len(there))
    return times, sets, tuple((k, why.get(k, "no unit is seen then")) for k in rest)


def path_effects(found: Found, t: Trajectories, design: Design, base: str = BASE) -> Effects:
    """Average effects by event time.

    Parameters
    ----------
    found : Found
    t : Trajectories
    design : Design
    base : str
        What the reference is.
    """
    times, sets, dropped = _path(found, design)
    influence = np.zeros((t.shape[0], len(times)))
    coef = np.empty(0)
    if times:
        coef, influence[found.cohorts.units] = found.average(sets)
    uses, left = path_uses(found, t, design), _left_out(found, design)
    return Effects(
        event_times=tuple(times),
        coef=coef,
        influence=influence,
        uses=uses,
        parameters=found.parameters,
        dropped=dropped,
        facts=found.facts,
        notes=(*left, *undated_note(found.cohorts, t)),
        base=base,
    )


def _left_out(found: Found, design: Design) -> tuple[str, ...]:
    """Say where an average leaves out cohorts that others have."""
    gone = found.missing[0].event_time
    times = sorted({int(k) for k in gone if (found.pairs.event_time == k).any()} & set(design.window.event_times))
    if not times:
        return ()
    return (f"some cohorts have no comparison and are left out at event times {', '.join(map(str, times))}.",)


def undated_note(c: Cohorts, t: Trajectories) -> tuple[str, ...]:
    """Name the units that are left out as it is not seen when their event began.

    Parameters
    ----------
    c : Cohorts
    t : Trajectories
    """
    owners = t.owners[np.unique(t.owner[c.undated])]
    if not len(owners):
        return ()
    return (
        f"{len(owners)} units are left out, as the event is on when their record begins or after a gap, and its first "
        f"period is not known: {first_few(owners)}.",
    )


def path_uses(found: Found, t: Trajectories, design: Design) -> Uses:
    """Events and rows behind the average effects by event time.

    Parameters
    ----------
    found : Found
    t : Trajectories
    design : Design
    """
    c = found.cohorts
    times, sets, _ = _path(found, design)
    rows, after = np.zeros(t.shape, dtype=bool), np.zeros(t.shape, dtype=bool)
    if times:
        rows[c.units] = found.carries(sets)
    late = found.pairs.only((found.pairs.event_time >= 0) & (found.pairs.event_time <= design.window.lags))
    cells = np.zeros((len(c.starts), t.shape[1]), dtype=bool)
    cells[late.cohort, late.period] = True
    after[c.units] = cells[c.member]
    return uses_of(t, found, rows, np.asarray((after & rows).any(axis=1)))


def _why(found: Found) -> dict[int, str]:
    """Why a cohort has no effect: the reason of its first pair after the event, by position of the cohort."""
    gone, reasons = found.missing
    late = [(int(e), why) for e, k, why in zip(gone.cohort, gone.event_time, reasons, strict=True) if k >= 0]
    return dict(reversed(late))


def uses_of(t: Trajectories, found: Found, rows: Mask, used: Mask) -> Uses:
    """Classify the events of a group, each at its first period.

    Parameters
    ----------
    t : Trajectories
    found : Found
    rows : ndarray of bool, shape (U, T)
    used : ndarray of bool, shape (U,)
        Units whose event is used.
    """
    c, why = found.cohorts, _why(found)
    struck = c.starts[c.member] != NEVER
    units, start, member = c.units[struck], c.starts[c.member][struck], c.member[struck]
    is_used = np.zeros(t.shape, dtype=bool)
    is_used[units, start] = used[units]
    reasons: Sequence[str] = tuple(dict.fromkeys([NO_ROWS, UNDATED, *why.values()]))
    code = np.array([reasons.index(why.get(e, NO_ROWS)) for e in range(len(c.starts))])
    reason = np.full(t.shape, -1, dtype=np.int64)
    reason[units, start] = np.where(used[units], -1, code[member])
    begun = c.undated[t.happened[c.undated].any(axis=1)]
    reason[begun, first_event(t.happened[begun])] = reasons.index(UNDATED)
    return Uses(is_used, np.zeros(t.shape, dtype=bool), rows, reason, tuple(reasons))
