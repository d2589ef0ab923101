"""What estimators do with the events, for the report: cards, and estimators side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from eventpanel.datasets.countries import name_of
from eventpanel.datasets.errors import first_few, number
from eventpanel.estimators.card import Card
from eventpanel.estimators.side_by_side import SideBySide

__all__ = [
    "Compared",
    "card_name",
    "card_terms",
    "card_units",
    "cards_events",
    "cards_table",
    "comparison_table",
    "differences_table",
    "uses_table",
]


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


def uses_table(cards: Mapping[str, Card]) -> pd.DataFrame:
    """One row per card, for a page: estimator, events, used, dropped, comparison, rows (share, in per cent).

    Parameters
    ----------
    cards : mapping of str to Card
    """
    counts = ("events", "used", "dropped", "comparison")
    rows = [
        {
            "estimator": name,
            **{count: card.totals[count] for count in counts},
            "rows": "refuses" if card.refused else f"{card.share:.0%}",
        }
        for name, card in cards.items()
    ]
    return pd.DataFrame(rows, columns=["estimator", *counts, "rows"])


def card_terms(cards: Iterable[Card]) -> list[tuple[str, str, tuple[str, ...]]]:
    """List what cards estimate and assume, each once: estimator, estimand, assumptions.

    Parameters
    ----------
    cards : iterable of Card
    """
    return list(dict.fromkeys((card.method, card.estimand, card.assumptions) for card in cards))


def card_name(comparison: str, label: str) -> str:
    """Name of the card of a method in a comparison of a study."""
    return f"comparison {comparison}, {label}"


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
        label = "Used" if said == "used" else f"Dropped, {said}"
        size = f"{number(len(part), 'event')} of {number(len(counts), 'unit')}"
        lines.append((f"{label}: {size}", first_few(names, len(names))))
    return sorted(lines, key=lambda line: not line[0].startswith("Used: "))


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
