"""One self-contained page: figure, tables, audit, ledger, coverage, conflicts, sources."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from eventpanel.datasets.countries import name_of
from eventpanel.datasets.coverage import coverage_table
from eventpanel.datasets.errors import first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.audit import shown
from eventpanel.estimators.card import Card
from eventpanel.estimators.leads_in_words import leads_in_words
from eventpanel.reports.events import Compared, card_terms, card_units, uses_table
from eventpanel.reports.pages import rendered_page
from eventpanel.reports.results import Result
from eventpanel.reports.tables import grid

__all__ = ["Report", "conflicts_summary", "coverage_summary", "ledger_summary", "page"]


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """All that the page shows.

    Attributes
    ----------
    title, label : str
        The label stands in a banner at the top and at the foot of every printed page.
    panel : Panel
        Its sources, coverage and conflicts are shown.
    results : sequence of Result
    audit : mapping of str to float
        Totals of the recurrence audit.
    cards : mapping of str to Card
        What the estimators do with every event, by what the card belongs to.
    compared : sequence of Compared
        Estimators side by side.
    pictures : mapping of str to bytes
        Figures as png: ``"event_study"``, ``"status"``, ``"estimators"`` where there are comparisons.
    """

    title: str
    label: str
    panel: Panel
    results: Sequence[Result]
    audit: Mapping[str, float]
    cards: Mapping[str, Card]
    compared: Sequence[Compared]
    pictures: Mapping[str, bytes]


def page(report: Report) -> str:
    """Render the report.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        HTML with everything inside; no script, no link to anything outside but the sources' own addresses.
    """
    panel, results = report.panel, report.results
    return rendered_page(
        "report.html",
        {
            "title": report.title,
            "label": report.label,
            "pictures": {name: base64.b64encode(picture).decode() for name, picture in report.pictures.items()},
            "grids": [(grid(result), _leads(result)) for result in results],
            "audit": [(name, shown(name, value)) for name, value in report.audit.items()],
            "uses": _cells(uses_table(report.cards)),
            "terms": card_terms(report.cards.values()),
            "cards": [(name, card.outcome, card_units(card)) for name, card in report.cards.items()],
            "compared": [_comparison(one) for one in report.compared],
            "ledgers": [(result.title, ledger_summary(result)) for result in results],
            "coverage": _cells(coverage_summary(panel)),
            "conflicts": _cells(conflicts_summary(panel)),
            "sources": panel.sources,
        },
    )


def _leads(result: Result) -> list[tuple[str, tuple[str, ...]]]:
    """Say what the leads of each group can show."""
    estimate = result.estimate
    return [(group, leads_in_words(estimate, group, level=result.level)) for group in estimate.groups]


def _comparison(compared: Compared) -> dict[str, object]:
    """Parts of a comparison: what each estimator uses, whether it differs from the first, and which refuse."""
    found, differences = compared.found, compared.differences
    table = uses_table({label: found.cards[label] for label in found.estimates})
    if len(differences):
        whole = differences[differences["event_time"].isna()].set_index("method")["p_joint"]
        table["p of differences"] = table["estimator"].map(whole)
    return {"title": compared.title, "table": _cells(table), "refused": list(found.refused.items())}


def ledger_summary(result: Result) -> list[tuple[str, int, int, str]]:
    """Lost rows by cause: cause, rows, units, the five units that lose most."""
    lines = []
    for cause, part in result.estimate.ledger.groupby("cause", sort=False):
        most = part.sort_values("rows", ascending=False, kind="stable").head(5)
        names = ", ".join(
            f"{name_of(str(unit))} ({rows})" for unit, rows in zip(most["unit"], most["rows"], strict=True)
        )
        lines.append((str(cause), int(part["rows"].sum()), len(part), names))
    return lines


def coverage_summary(panel: Panel) -> pd.DataFrame:
    """Coverage by variable: source, variable, nonzero, zero, censored, no_value, not_covered, first, last."""
    return coverage_table(panel) if panel.watched else pd.DataFrame()


def conflicts_summary(panel: Panel) -> pd.DataFrame:
    """Conflicts by kind: source, problem, values, rows, examples, resolution."""
    conflicts = panel.conflicts
    if conflicts.empty:
        return conflicts
    kind = conflicts["problem"].str.split(" (", regex=False).str[0]
    grouped = conflicts.assign(problem=kind).groupby(["source", "problem", "resolution"], sort=False)
    table = grouped.agg(values=("value", "nunique"), rows=("rows", "sum"), examples=("value", _examples))
    return table.reset_index()[["source", "problem", "values", "rows", "examples", "resolution"]]


def _examples(values: pd.Series) -> str:
    return first_few(values.unique(), 3)


def _cells(table: pd.DataFrame) -> dict[str, list[Any]]:
    """Table as texts, and which columns are numbers, which stand to the right."""
    return {
        "columns": [str(name).replace("_", " ") for name in table.columns],
        "numbers": [_of_numbers(table[name]) for name in table.columns],
        "rows": [[_show(value) for value in row] for row in table.astype(object).to_numpy().tolist()],
    }


def _of_numbers(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) or bool(column.astype(str).str.fullmatch(r"\d+%").any())


def _show(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.0f}" if value == round(value) else f"{value:.3f}"
    return str(value)
