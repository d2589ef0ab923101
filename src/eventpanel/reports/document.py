"""One self-contained page: figure, tables, audit, ledger, coverage, conflicts, sources."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from importlib import resources

import pandas as pd
from jinja2 import Environment, StrictUndefined

from eventpanel.datasets.countries import name_of
from eventpanel.datasets.coverage import coverage_table
from eventpanel.datasets.errors import first_few
from eventpanel.datasets.panel import Panel
from eventpanel.reports.results import Result
from eventpanel.reports.tables import grid

__all__ = ["conflicts_summary", "coverage_summary", "ledger_summary", "page"]


def page(
    results: Sequence[Result], panel: Panel, *, title: str, label: str, picture: bytes, audit: Mapping[str, float]
) -> str:
    """Render the report.

    Parameters
    ----------
    results : sequence of Result
    panel : Panel
        Its sources, coverage and conflicts are shown.
    title, label : str
        The label stands in a banner at the top and at the foot of every printed page.
    picture : bytes
        The figure as png.
    audit : mapping of str to float
        Totals of the recurrence audit.

    Returns
    -------
    str
        HTML with everything inside; no script, no link to anything outside but the sources' own addresses.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = resources.files("eventpanel.reports.templates").joinpath("report.html").read_text("utf-8")
    return environment.from_string(template).render(
        title=title,
        label=label,
        picture=base64.b64encode(picture).decode(),
        grids=[grid(result) for result in results],
        audit=[(name, _show(value)) for name, value in audit.items()],
        ledgers=[(result.title, ledger_summary(result)) for result in results],
        coverage=_cells(coverage_summary(panel)),
        conflicts=_cells(conflicts_summary(panel)),
        sources=panel.sources,
    )


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


def _cells(table: pd.DataFrame) -> dict[str, list[object]]:
    return {"columns": list(table.columns), "rows": [[_show(v) for v in row] for row in table.to_numpy().tolist()]}


def _show(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.0f}" if value == round(value) else f"{value:.3f}"
    return str(value)
