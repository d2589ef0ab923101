"""Card: what a method does with the events of a panel, what it estimates and what it assumes, before it is run."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, number
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.design import Design
from eventpanel.estimators.method import Planned
from eventpanel.estimators.record import event_unit, period_labels
from eventpanel.estimators.trajectories import Trajectories, trajectories
from eventpanel.estimators.uses import Uses

__all__ = ["Card", "card"]

EVENTS = ("group", "unit", "period", "use", "comparison", "reason")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Card:
    """The estimand card of a method on a panel.

    Attributes
    ----------
    method : str
        Name of the estimator.
    estimand : str
        What it estimates, in one sentence.
    assumptions : tuple of str
        What it assumes.
    events : DataFrame
        One row per event: group, unit (whom the event belongs to), period, use (``"used"`` or ``"dropped"``),
        comparison (whether rows of its window serve as comparisons for other events), reason (why it is dropped).
    rows : int
        Rows that carry weight in some coefficient.
    sample : int
        Rows of the sample.
    refused : str
        Why the method refuses this panel; empty where it does not.
    """

    method: str
    estimand: str
    assumptions: tuple[str, ...]
    events: pd.DataFrame
    rows: int
    sample: int
    refused: str = ""

    @property
    def share(self) -> float:
        """Share of the sample that identifies the effects; missing where the method refuses."""
        return np.nan if self.refused or not self.sample else self.rows / self.sample

    @property
    def share_of_events(self) -> float:
        """Share of the events that are used; missing without any."""
        return float((self.events["use"] == "used").mean()) if len(self.events) else np.nan

    @property
    def by_unit(self) -> pd.DataFrame:
        """One row per group and unit: events, used, dropped, comparison (events in whose window rows are compared)."""
        flags = self.events.assign(used=self.events["use"] == "used", dropped=self.events["use"] == "dropped", events=1)
        counted = ["events", "used", "dropped", "comparison"]
        return flags.groupby(["group", "unit"], sort=False)[counted].sum().astype("int64").reset_index()

    @property
    def reasons(self) -> pd.DataFrame:
        """Why events are dropped: reason, events, units; most frequent first."""
        dropped = self.events[self.events["use"] == "dropped"]
        table = dropped.groupby("reason", sort=False)["unit"].agg(events="size", units="nunique").reset_index()
        return table.sort_values("events", ascending=False, kind="stable").reset_index(drop=True)

    @property
    def totals(self) -> dict[str, object]:
        """One line for a table of cards."""
        events = self.events
        used = int((events["use"] == "used").sum())
        return {
            "estimator": self.method,
            "events": len(events),
            "used": used,
            "dropped": len(events) - used,
            "comparison": int(events["comparison"].sum()),
            "share_of_events": self.share_of_events,
            "share_of_rows": self.share,
            "refused": self.refused,
        }

    @property
    def terms(self) -> list[str]:
        """What it estimates and what it assumes, in words."""
        return [f"{self.method}: {self.estimand}", *(f"Assumes: {said}" for said in self.assumptions)]

    @property
    def outcome(self) -> list[str]:
        """Why it refuses, or what it does with the events and what identifies it, in words."""
        if self.refused:
            return [f"Refused: {self.refused}"]
        used, compared = (self.events["use"] == "used").sum(), self.events["comparison"].sum()
        dropped = [
            f"Dropped: {number(events, 'event')} of {number(units, 'unit')}: {reason}."
            for reason, events, units in self.reasons.itertuples(index=False)
        ]
        return [
            f"Events: {used} of {len(self.events)} used; the windows of {compared} serve as comparisons for others.",
            *dropped,
            f"Identified by {self.rows} of {self.sample} rows ({self.share:.0%}).",
        ]

    def describe(self) -> list[str]:
        """Lines of text: what it estimates, what it assumes, what it does with the events, what identifies it."""
        return [*self.terms, *self.outcome]

    def __repr__(self) -> str:
        """Show the lines."""
        return "\n".join(self.describe())

    def _repr_html_(self) -> str:
        return "".join(f"<p>{escape(line)}</p>" for line in self.describe())


def card(method: Planned, panel: Panel, design: Design) -> Card:
    """Plan a method on a panel; nothing is estimated.

    Parameters
    ----------
    method : Planned
    panel : Panel
    design : Design

    Returns
    -------
    Card
        A refusal is on the card, not raised.
    """
    try:
        method.check(panel, design)
        whole = trajectories(panel, design)
        parts = [(part, method.uses(part, design)) for part in map(whole.only, whole.names) if part.inside.any()]
    except DesignError as error:
        return Card(method.name, method.estimand, method.assumptions, _no_events(), 0, 0, " ".join(str(error).split()))
    rows = sum(int((uses.rows & t.inside).sum()) for t, uses in parts)
    sample = sum(int(t.inside.sum()) for t, _ in parts)
    periods = period_labels(panel, event_unit(panel, design.event))
    events = pd.concat([_events(t, uses, periods) for t, uses in parts], ignore_index=True)
    return Card(method.name, method.estimand, method.assumptions, events, rows, sample)


def _no_events() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=bool if name == "comparison" else object) for name in EVENTS})


def _events(t: Trajectories, uses: Uses, periods: pd.Index) -> pd.DataFrame:
    """Events of a group, each once: a unit's event is that of its owner, used if it is in any of the owner's units."""
    unit, period = np.nonzero(uses.events)
    reason = np.full((len(t.owners), t.shape[1]), -1)
    np.maximum.at(reason, (t.owner[unit], period), uses.reason[unit, period])
    used, compares = t.of_owners(uses.used), t.of_owners(uses.control & uses.events)
    owner, period = each = np.nonzero(t.of_owners(uses.events))
    return pd.DataFrame(
        {
            "group": t.names[0],
            "unit": t.owners[owner],
            "period": periods[period],
            "use": np.where(used[each], "used", "dropped"),
            "comparison": compares[each],
            "reason": np.where(used[each], "", np.array([*uses.reasons, ""], dtype=object)[reason[each]]),
        }
    )
