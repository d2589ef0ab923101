"""What estimators do with the events, for the report: cards, and estimators side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from eventpanel.datasets.countries import name_of
from eventpanel.datasets.errors import first_few
from eventpanel.estimators.card import Card
from eventpanel.estimators.side_by_side import SideBySide

__all__ = ["Compared", "card_units", "cards_events", "cards_table", "comparison_table", "differences_table"]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A comparison with its differences.

    Attributes
    ----------
    title : str
    found : SideBySide
    differences : DataFrame
        As ``SideBySide.differences`` returns it; empty where there are fewer than two estimates.
    """

    title: str
    found: SideBySide
    differences: pd.DataFrame


def cards_table(cards: Mapping[str, Card]) -> pd.DataFrame:
    """One row per card: what it belongs to, its totals, estimand and assumptions.

    Parameters
    ----------
    cards : mapping of str to Card
    """
    rows = [
        {"card": name, **card.totals, "estimand": card.estimand, "assumptions": " ".join(card.assumptions)}
        for name, card in cards.items()
    ]
    return pd.DataFrame(rows)


def cards_events(cards: Mapping[str, Card]) -> pd.DataFrame:
    """One row per card and event: card, group, unit, period, use, comparison, reason.

    Parameters
    ----------
    cards : mapping of str to Card
    """
    parts = [card.events.assign(card=name) for name, card in cards.items()]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"card": []})
    return whole[["card", *whole.columns.drop("card")]]


def card_units(card: Card) -> list[tuple[str, str]]:
    """List what a card does with the events, country by country: a line for each use and reason.

    Parameters
    ----------
    card : Card
    """
    events = card.events.assign(said=card.events["use"].where(card.events["use"] == "used", card.events["reason"]))
    lines = []
    for said, part in events.groupby("said", sort=False):
        counts = part["unit"].value_counts(sort=True)
        names = [f"{name_of(str(unit))} ({count})" for unit, count in counts.items()]
        label = "used" if said == "used" else f"dropped, {said}"
        lines.append((f"{label}: {len(part)} events of {len(counts)}", first_few(names, len(names))))
    return sorted(lines, key=lambda line: not line[0].startswith("used"))


def comparison_table(compared: Mapping[str, Compared], level: float) -> pd.DataFrame:
    """All estimates of all comparisons: comparison, method, group, event_time and what was found.

    Parameters
    ----------
    compared : mapping of str to Compared
    level : float
    """
    parts = [one.found.table(level).assign(comparison=name, level=level) for name, one in compared.items()]
    return _first("comparison", parts)


def differences_table(compared: Mapping[str, Compared]) -> pd.DataFrame:
    """All differences between estimators: comparison, method, group, event_time and what was found.

    Parameters
    ----------
    compared : mapping of str to Compared
    """
    return _first("comparison", [one.differences.assign(comparison=name) for name, one in compared.items()])


def _first(column: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({column: []})
    return whole[[column, *whole.columns.drop(column)]]
