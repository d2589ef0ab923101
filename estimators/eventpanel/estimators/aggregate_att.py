"""Aggregate: effects of events that happen once, averaged by cohort, by period, over all, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.callaway_santanna import CallawaySantanna
from eventpanel.estimators.cohort_path import undated_note, uses_of
from eventpanel.estimators.cohorts import Found, Pairs
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.extended_two_way import ExtendedTwoWay
from eventpanel.estimators.method import Effects, estimated
from eventpanel.estimators.path import Term
from eventpanel.estimators.sun_abraham import SunAbraham
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.two_stage import TwoStage
from eventpanel.estimators.uses import Uses

__all__ = ["aggregate_att"]

By = Literal["simple", "event_time", "group", "calendar", "pairs"]
OVERALL = "all events"


@dataclass(frozen=True)
class _Sets:
    """Which pairs are averaged, with what name."""

    names: list[str]
    sets: Floats


@dataclass(frozen=True)
class _Aggregate:
    """A method whose effects after the event are averaged in another way than by event time."""

    method: CallawaySantanna | SunAbraham | TwoStage | ExtendedTwoWay
    by: By
    names: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.method.name

    @property
    def estimand(self) -> str:
        return self.method.estimand

    @property
    def assumptions(self) -> tuple[str, ...]:
        return self.method.assumptions

    def check(self, panel: Panel, design: Design) -> None:
        self.method.check(panel, design)

    def uses(self, t: Trajectories, design: Design) -> Uses:
        return self.effects(t, design).uses

    def effects(self, t: Trajectories, design: Design) -> Effects:
        keep: Callable[[Codes], Mask] = (
            (lambda since: since > -(1 << 30)) if self.by == "pairs" else (lambda since: since >= 0)
        )
        found: Found = self.method.found(t, design, keep)
        pairs, c = found.pairs, found.cohorts
        if not len(pairs.cohort):
            return Effects((), np.empty(0), np.empty((t.shape[0], 0)), _uses(t, found, None))
        asked = _SETS[self.by](pairs, c.starts, t.first)
        coef, part = found.average(asked.sets)
        influence = np.zeros((t.shape[0], len(coef)))
        influence[c.units] = part
        if self.by in ("event_time", "calendar"):
            coef = np.append(coef, coef.mean())
            influence = np.column_stack([influence, influence.mean(axis=1)])
        self.names[:] = [*asked.names, OVERALL][: len(coef)]
        times = tuple(range(len(coef)))
        notes = (*_left_out(found), *undated_note(c, t))
        return Effects(
            times, coef, influence, _uses(t, found, asked.sets), found.parameters, facts=found.facts, notes=notes
        )


def _left_out(found: Found) -> tuple[str, ...]:
    """Say which pairs of cohort and period after the event are in no average."""
    late = found.missing[0].event_time >= 0
    if not late.any():
        return ()
    why = "; ".join(dict.fromkeys(reason for reason, is_late in zip(found.missing[1], late, strict=True) if is_late))
    return (f"{int(late.sum())} pairs of cohort and period after the event are left out: {why}.",)


def _uses(t: Trajectories, found: Found, sets: Floats | None) -> Uses:
    rows, used = np.zeros(t.shape, dtype=bool), np.zeros(t.shape[0], dtype=bool)
    c = found.cohorts
    if sets is not None:
        rows[c.units] = found.carries(sets)
        after = np.zeros(t.shape, dtype=bool)
        after[c.units] = (c.since >= 0)[c.member]
        used = np.asarray((rows & after).any(axis=1))
    return uses_of(t, found, rows, used)


def _simple(pairs: Pairs, starts: Codes, first: int) -> _Sets:
    return _Sets([OVERALL], np.ones((1, len(pairs.cohort))))


def _by_event_time(pairs: Pairs, starts: Codes, first: int) -> _Sets:
    each = np.unique(pairs.event_time)
    return _Sets([f"{k} after" if k else "same period" for k in each], _equal(pairs.event_time, each))


def _by_calendar(pairs: Pairs, starts: Codes, first: int) -> _Sets:
    each = np.unique(pairs.period)
    return _Sets([f"in {first + k}" for k in each], _equal(pairs.period, each))


def _by_group(pairs: Pairs, starts: Codes, first: int) -> _Sets:
    each = np.unique(pairs.cohort)
    sets = _equal(pairs.cohort, each)
    # Each cohort counts by its size, however many periods it is seen in.
    overall = (sets / sets.sum(axis=1, keepdims=True)).sum(axis=0)
    return _Sets([*(f"events of {first + starts[e]}" for e in each), OVERALL], np.vstack([sets, overall]))


def _by_pair(pairs: Pairs, starts: Codes, first: int) -> _Sets:
    names = [f"events of {first + starts[e]} in {first + s}" for e, s in zip(pairs.cohort, pairs.period, strict=True)]
    return _Sets(names, np.eye(len(names)))


def _equal(values: Codes, each: Codes) -> Floats:
    return np.asarray(values == each[:, None], dtype=np.float64)


_SETS: dict[str, Callable[[Pairs, Codes, int], _Sets]] = {
    "simple": _simple,
    "event_time": _by_event_time,
    "group": _by_group,
    "calendar": _by_calendar,
    "pairs": _by_pair,
}


def aggregate_att(
    panel: Panel, design: Design, method: CallawaySantanna | SunAbraham | TwoStage | ExtendedTwoWay, *, by: By
) -> Estimate:
    """Average the effects of an event that happens once over cohorts and periods.

    Parameters
    ----------
    panel : Panel
    design : Design
        Without a moderator. The window matters only for what it refuses: all periods after the event are averaged.
    method : CallawaySantanna, SunAbraham, TwoStage or ExtendedTwoWay
        Estimator with its options.
    by : {"simple", "event_time", "group", "calendar", "pairs"}
        All pairs of cohort and period by their sizes; by periods since the event, by cohort, or by period, each with an
        overall mean (over event times, over cohorts by their sizes, over periods); or every pair on its own, leads
        included.

    Returns
    -------
    Estimate
        Terms without an event time, such as ``"events of 2004"`` and ``"all events"``.

    Raises
    ------
    RecurringEventError
        An event that returns.
    DesignError
        And its branches.

    References
    ----------
    Callaway and Sant'Anna 2021, doi:10.1016/j.jeconom.2020.12.001, section 3.

    Examples
    --------
    See docs/methods/callaway_santanna.md.
    """
    if by not in _SETS:
        raise DesignError(f"Unknown aggregation {by!r}.", "aggregate_att", f"choose one of {', '.join(_SETS)}")
    if design.moderator is not None:
        raise DesignError(
            "aggregate_att takes no moderator.", design.moderator.name, "use a sample of each group: Sample(among=...)"
        )
    run = _Aggregate(method, by)
    estimate = estimated(run, panel, design)
    terms = tuple(Term(f"{design.event.column}, {name}") for name in run.names)
    return replace(estimate, terms=terms, reference=(), dropped=())
