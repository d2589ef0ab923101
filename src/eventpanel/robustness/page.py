"""Page: all files of a run of checks; the verdict first, then every check with its question, figure and table."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
import pandas as pd

from eventpanel.reports.figures import save
from eventpanel.reports.pages import rendered_page
from eventpanel.reports.tables import latex_grids, markdown_grids
from eventpanel.reports.text import csv_bytes, manifest, versions
from eventpanel.robustness.case import Case
from eventpanel.robustness.judge import RULES
from eventpanel.robustness.lines import Line, lines_table
from eventpanel.robustness.plan import Checked, Plan
from eventpanel.robustness.summary import chance, settings, short, summary
from eventpanel.robustness.verdict import (
    headline_in_words,
    headline_terms,
    not_shown_in_words,
    verdict,
    verdict_in_words,
)

__all__ = ["render"]

HEAD = ("", "what it is", "estimate", "s.e.", "p", "interval", "N", "clusters", "in units of", "note")


# Rows of one check on the page; results.csv has all.
SHOWN = 400


def render(case: Case, plan: Plan, checked: Sequence[Checked]) -> dict[str, bytes]:
    """All files of a run of checks, by name.

    Parameters
    ----------
    case : Case
    plan : Plan
    checked : sequence of Checked
    """
    label = case.study.label
    files = {
        "results.csv": csv_bytes(_results(checked).assign(label=label)),
        "findings.csv": csv_bytes(_findings(plan, checked).assign(label=label)),
    }
    pictures = {}
    for one in checked:
        if one.check.tables is not None:
            tables = one.check.tables(case, one.found)
            files |= {f"{name}.csv": csv_bytes(table.assign(label=label)) for name, table in tables.items()}
        if one.check.draw is not None and any(not np.isnan(line.estimate) for line in one.found.lines):
            figure = one.check.draw(case, one.found)
            pictures[one.check.name] = save(figure, "png")
            files |= {f"{one.check.name}.png": pictures[one.check.name], f"{one.check.name}.pdf": save(figure, "pdf")}
    grids = [summary(case, plan, checked)]
    files["verdict.md"] = markdown_grids(grids, f"{case.study.title}: robustness", label).encode()
    files["verdict.tex"] = latex_grids(grids, f"{case.study.title}: robustness", label).encode()
    files["report.html"] = _page(case, plan, checked, pictures).encode()
    return files | {"manifest.json": manifest(case.settings, case.panel.sources, files, "robustness")}


def _results(checked: Sequence[Checked]) -> pd.DataFrame:
    """All lines; what differs from the headline is its name, since the label of every table says what the data are."""
    return lines_table(line for one in checked for line in one.found.lines).rename(columns={"label": "name"})


def _findings(plan: Plan, checked: Sequence[Checked]) -> pd.DataFrame:
    rows: list[tuple[str, ...]] = [
        (one.check.name, one.check.title, one.finding.answer, one.finding.words) for one in checked
    ]
    rows += [(check.name, check.title, "not made", reason) for check, reason in plan.without]
    return pd.DataFrame(rows, columns=["check", "title", "answer", "words"])


def _page(case: Case, plan: Plan, checked: Sequence[Checked], pictures: dict[str, bytes]) -> str:
    table = summary(case, plan, checked)
    names = [one.check.name for one in checked] + ["without"] * len(plan.without)
    return rendered_page(
        "robustness.html",
        {
            "title": case.study.title,
            "label": case.study.label,
            "headline": headline_in_words(case),
            "terms": headline_terms(case),
            "nobs": f"{case.estimate.nobs:,}",
            "clusters": f"{case.estimate.n_clusters:,}",
            "said": verdict_in_words(case, plan, checked),
            "not_shown": not_shown_in_words(case),
            "verdict": verdict(checked),
            "rules": RULES,
            "columns": table.columns,
            "summary": list(zip(names, table.rows, strict=True)),
            "own": table.counts[0],
            "head": HEAD,
            "checks": [(one, _rows(one.found.lines)) for one in checked],
            "without": plan.without,
            "pictures": {name: base64.b64encode(picture).decode() for name, picture in pictures.items()},
            "settings": settings(case.section),
            "versions": versions(),
            "sources": case.panel.sources,
        },
    )


def _rows(lines: Sequence[Line]) -> list[tuple[str, list[str]]]:
    """Cells of the first lines, with their role."""
    return [(line.role, _cells(line)) for line in lines[:SHOWN]]


def _cells(line: Line) -> list[str]:
    return [
        f"{line.part}: {line.label}" if line.part and line.part != line.label else line.label,
        line.role,
        short(line.estimate),
        short(line.std_error),
        chance(line),
        "" if np.isnan(line.conf_low) else f"{short(line.conf_low)} to {short(line.conf_high)}",
        "" if np.isnan(line.nobs) else f"{line.nobs:,.0f}",
        "" if np.isnan(line.n_clusters) else f"{line.n_clusters:,.0f}",
        line.unit or line.quantity,
        line.note,
    ]
