"""Clean windows: which periods of a unit are disturbed by no other event; for events that recur, end, or stay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.adoption import adoption
from eventpanel.estimators.core.arrays import Codes, Mask
from eventpanel.estimators.core.shifts import shifted
from eventpanel.estimators.trajectories import Trajectories, on_or_off
from eventpanel.estimators.uses import NOT_BEGUN

__all__ = ["NOT_CLEAN", "RULES", "Rule", "Unrecorded", "Windows", "assumed", "check_rule", "quiet_facts", "windows"]

Rule = Literal["absorbing", "one_off", "stabilised"]
RULES: dict[Rule, str] = {
    "absorbing": "the first period with the event, against units without it until then",
    "one_off": "events that last one period and may recur, against periods of units without one; no other event near",
    "stabilised": "a status that turns on and may turn off, against a status that stays; no other change near",
}
Unrecorded = Literal["unknown", "quiet"]
UNRECORDED = ("unknown", "quiet")
# Reasons why an event is not used.
NOT_QUIET = "something happens in the quiet periods before, or may have"
NOT_CLEAN = "another event in its window, or may be"


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """What happens around each period of each unit.

    Attributes
    ----------
    begins : ndarray of bool, shape (U, T)
        The event happens, or the status turns on: candidates for treated periods.
    still : ndarray of bool, shape (U, T)
        Known that nothing happens: candidates for controls.
    moved : ndarray of bool, shape (U, T)
        Something happens, or it is not known whether it does.
    quiet : int or None
        Periods after which an effect stays what it is; ``None`` where events happen once and last.
    before : bool
        What the periods before the calendar count as, in the sense of ``moved``.
    """

    begins: Mask
    still: Mask
    moved: Mask
    quiet: int | None
    before: bool

    def treated(self, first: int, last: int) -> Mask:
        """Periods with an event and nothing else that moves outcomes from ``first`` to ``last``, shape (U, T)."""
        if self.quiet is None:
            return self.begins & none_in(self.moved, first, -1, before=True)
        return self.begins & self._clean(first, last)

    def control(self, first: int, last: int) -> Mask:
        """Periods in which nothing moves outcomes from ``first`` to ``last``, event times, shape (U, T)."""
        if self.quiet is None:
            return none_in(self.moved, first, last, before=True)
        return self.still & self._clean(first, last)

    def _clean(self, first: int, last: int) -> Mask:
        assert self.quiet is not None
        earlier = none_in(self.moved, first + 1 - self.quiet, -1, before=self.before)
        return earlier & none_in(self.moved, 1, last, before=self.before)

    def reasons(self, events: Mask) -> tuple[Codes, tuple[str, ...]]:
        """Why events cannot be used at any event time: position among the reasons, or -1, shape (U, T)."""
        why = np.full(events.shape, -1)
        if self.quiet is not None:
            why[~none_in(self.moved, -self.quiet, -1, before=self.before)] = 1
        why[~self.begins] = 0
        return np.where(events, why, -1), (NOT_BEGUN, NOT_QUIET)


def none_in(moved: Mask, first: int, last: int, *, before: bool) -> Mask:
    """Whether nothing moved from ``first`` to ``last`` periods after each period, shape (U, T).

    Periods after the calendar count as moved, those before it as ``before`` says.

    Examples
    --------
    >>> none_in(np.array([[False, True, False, False]]), -1, 0, before=True).tolist()
    [[False, False, False, True]]
    """
    if last < first:
        return np.ones_like(moved)
    units, periods = moved.shape
    left, right = max(-first, 0), max(last, 0)
    counts = np.zeros((units, left + periods + right + 1), dtype=np.int32)
    counts[:, 1 : left + 1] = before
    counts[:, left + 1 : left + periods + 1] = moved
    counts[:, left + periods + 1 :] = 1
    np.cumsum(counts, axis=1, out=counts)
    start = left + first
    return np.asarray(
        counts[:, left + last + 1 : left + last + 1 + periods] == counts[:, start : start + periods], dtype=bool
    )


def check_rule(rule: str, quiet: int | None, unrecorded: str) -> None:
    """Refuse options that say nothing, or contradict one another.

    Parameters
    ----------
    rule : str
    quiet : int or None
    unrecorded : str

    Raises
    ------
    DesignError
    """
    for what, value, allowed in (("rule", rule, RULES), ("unrecorded", unrecorded, UNRECORDED)):
        if value not in allowed:
            raise DesignError(f"Unknown {what} {value!r}.", "", f"choose one of {', '.join(allowed)}")
    if rule == "absorbing" and (quiet is not None or unrecorded != "unknown"):
        raise DesignError(
            "An event that happens once has no quiet periods.",
            f"rule={rule!r}, quiet={quiet}, unrecorded={unrecorded!r}",
            "leave quiet and unrecorded out",
        )
    if quiet is not None and quiet < 0:
        raise DesignError("quiet must not be negative.", f"quiet={quiet}", "0 for effects that never change")


class Ruled(Protocol):
    """A method with a rule of clean windows."""

    @property
    def rule(self) -> Rule:
        """What is an event, and what a clean control."""
        ...

    @property
    def quiet(self) -> int | None:
        """Periods after which an effect stays what it is; ``None`` for the lags of the window."""
        ...

    @property
    def unrecorded(self) -> Unrecorded:
        """What periods before the record of a unit count as."""
        ...


def assumed(rule: Rule, trends: str) -> tuple[str, ...]:
    """Sentences on what clean windows assume, after one on parallel trends."""
    settled = () if rule == "absorbing" else ("The effect of an event no longer changes after the quiet periods.",)
    return (trends, "No anticipation: events do not affect the outcome of the period before them.", *settled)


def quiet_facts(asked: Ruled, lags: int) -> tuple[tuple[str, str], ...]:
    """Say which rule and which quiet periods hold."""
    rule = ("Rule", f"{asked.rule}: {RULES[asked.rule]}")
    if asked.rule == "absorbing":
        return (rule,)
    quiet = f"{lags} (the lags of the window)" if asked.quiet is None else str(asked.quiet)
    return (rule, ("Quiet periods", quiet), ("Periods before the record", asked.unrecorded))


def windows(t: Trajectories, asked: Ruled, lags: int, name: str) -> Windows:
    """Work out what happens around each period.

    Parameters
    ----------
    t : Trajectories
    asked : Ruled
    lags : int
        Of the window; the quiet periods where none are asked for.
    name : str
        The estimator that asks.

    Raises
    ------
    RecurringEventError
        An event that returns under the rule ``"absorbing"``.
    DesignError
        A dose.
    """
    rule, quiet = asked.rule, lags if asked.quiet is None else asked.quiet
    given = t.event if rule == "one_off" else t.level
    on_or_off(given, name)
    if rule == "absorbing":
        return _absorbing(replace(t, event=given, happened=given == 1), name)
    change = given if rule == "one_off" else given - shifted(given, 1)
    moved, before = change != 0, asked.unrecorded == "unknown"
    if not before:
        moved &= np.logical_or.accumulate(~np.isnan(change), axis=1)
    return Windows(change == 1, change == 0, moved, quiet, before)


def _absorbing(t: Trajectories, name: str) -> Windows:
    first = adoption(t, name)[:, None]
    periods = np.arange(t.event.shape[1])
    off = (t.event == 0) & (periods < first)
    begins = (periods == first) & (shifted(off.astype(np.float64), 1) == 1)
    return Windows(begins, off, ~off, None, before=True)
