"""Run a study: build, estimate, write; or check it: build and look."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from eventpanel.build import Folders, build_designs, build_event, build_panel, build_window
from eventpanel.comparisons import build_comparisons, study_cards
from eventpanel.datasets.panel import Panel
from eventpanel.estimating import estimate_by_name
from eventpanel.estimators.audit import audit_events
from eventpanel.estimators.card import Card
from eventpanel.estimators.side_by_side import compare_estimators
from eventpanel.reports.document import Report, page
from eventpanel.reports.events import (
    Compared,
    card_name,
    cards_events,
    cards_table,
    comparison_table,
    differences_table,
)
from eventpanel.reports.figures import event_study, save
from eventpanel.reports.folder import check_folder, publish
from eventpanel.reports.results import Result, estimates_table, summarise, tests_table
from eventpanel.reports.side_by_side import side_by_side
from eventpanel.reports.status import plot_status
from eventpanel.reports.tables import latex, markdown
from eventpanel.reports.text import csv_bytes, manifest
from eventpanel.study import Study

__all__ = [
    "Checked",
    "check_files",
    "check_study",
    "compare_study",
    "estimate_study",
    "render",
    "run_files",
    "run_study",
]

Step = Callable[[str], None]


def _silent(_: str) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A study's panel and its recurrence audit, before any estimate.

    Attributes
    ----------
    panel : Panel
    audit : DataFrame
        One row per unit; see :func:`eventpanel.estimators.audit.recurrence`.
    totals : dict of str to float
    cards : dict of str to Card
        What the estimators will do with every event, by what the card belongs to.
    """

    panel: Panel
    audit: pd.DataFrame
    totals: dict[str, float]
    cards: dict[str, Card]


def check_study(study: Study, data: Folders = (), step: Step = _silent) -> Checked:
    """Build the panel of a study, audit its events and draw up the cards of its estimators.

    Parameters
    ----------
    study : Study
    data : Path or sequence of Path
        Folders of the publishers' files, searched in order.
    step : callable
        Called with what is done next.

    Examples
    --------
    >>> from eventpanel.study import load_study
    >>> check_study(load_study("demo")).totals["units"]
    100.0
    """
    designs = build_designs(study)
    panel = build_panel(study, data, step)
    step("auditing events")
    audit = audit_events(panel, build_event(study.event), build_window(study.window))
    for design in designs.values():
        panel.column(design.outcome)
    step("drawing up cards")
    return Checked(panel, audit.units, audit.totals, study_cards(study, panel))


def estimate_study(study: Study, panel: Panel, step: Step = _silent) -> tuple[Result, ...]:
    """Estimate everything a study asks for.

    Cautions are part of the results, so they are not raised as warnings here.

    Parameters
    ----------
    study : Study
    panel : Panel
        As :func:`eventpanel.build.build_panel` makes it.
    step : callable
        Called with the name of each estimate before it is made.
    """
    results = []
    for name, design in build_designs(study).items():
        step(f"estimating {name}")
        section = study.estimates[name]
        estimate = estimate_by_name(section.estimator or study.design.estimator, panel, design)
        results.append(summarise(name, section.title, estimate, section.difference, study.output.level))
    return tuple(results)


def compare_study(study: Study, panel: Panel, step: Step = _silent) -> dict[str, Compared]:
    """Run the comparisons of a study.

    Parameters
    ----------
    study : Study
    panel : Panel
        As :func:`eventpanel.build.build_panel` makes it.
    step : callable
        Called with the name of each comparison before it is made.
    """
    made = {}
    for name, (design, methods) in build_comparisons(study).items():
        step(f"comparing {name}")
        section = study.comparisons[name]
        found = compare_estimators(panel, design, methods)
        few = len(found.estimates) < 2
        differences = pd.DataFrame() if few else found.differences(draws=section.draws, seed=section.seed)
        made[name] = Compared(section.title, found, differences)
    return made


def run_study(study: Study, out: Path, data: Folders = (), step: Step = _silent) -> tuple[Result, ...]:
    """Run a study and write its folder.

    Parameters
    ----------
    study : Study
    out : Path
        Folder to make, or to replace if an earlier run made it.
    data : Path or sequence of Path
        Folders of the publishers' files, searched in order.
    step : callable
        Called with what is done next.

    Returns
    -------
    tuple of Result

    Raises
    ------
    EventPanelError
        Anything wrong with study, data, design or folder; then nothing is written.
    """
    check_folder(out)
    results, files = run_files(study, data, step)
    step("writing")
    publish(out, files)
    return results


def run_files(study: Study, data: Folders = (), step: Step = _silent) -> tuple[tuple[Result, ...], dict[str, bytes]]:
    """Run a study and keep its files in memory: results, and all files by name.

    Parameters
    ----------
    study : Study
    data : Path or sequence of Path
        Folders of the publishers' files, searched in order.
    step : callable
        Called with what is done next.
    """
    checked = check_study(study, data, step)
    results = estimate_study(study, checked.panel, step)
    compared = compare_study(study, checked.panel, step)
    step("drawing")
    return results, render(study, checked, results, compared)


def render(
    study: Study, checked: Checked, results: tuple[Result, ...], compared: Mapping[str, Compared]
) -> dict[str, bytes]:
    """All files of a run, by name.

    Parameters
    ----------
    study : Study
    checked : Checked
    results : tuple of Result
    compared : mapping of str to Compared
    """
    checked = _as_run(checked, compared)
    title, label, panel = study.title, study.label, checked.panel
    figures = {
        "event_study": event_study(results, title, label),
        "status": plot_status(panel, build_event(study.event), build_window(study.window), title=title, label=label),
    }
    if compared:
        shown = {one.title: one.found for one in compared.values()}
        figures["estimators"] = side_by_side(shown, title, label, level=study.output.level)
    pictures = {name: save(figure, "png") for name, figure in figures.items()}
    report = Report(title, label, panel, results, checked.totals, checked.cards, tuple(compared.values()), pictures)
    files = {
        "estimates.csv": estimates_table(results, label),
        "tests.csv": tests_table(results),
        "ledger.csv": _ledger(results),
        "comparison.csv": comparison_table(compared, study.output.level),
        "comparison_differences.csv": differences_table(compared),
        **_check_tables(checked),
    }
    rendered = {
        **{name: csv_bytes(table.assign(label=label)) for name, table in files.items() if len(table.columns) > 1},
        **{f"{name}.png": picture for name, picture in pictures.items()},
        **{f"{name}.pdf": save(figure, "pdf") for name, figure in figures.items()},
        "table.md": markdown(results, title, label).encode(),
        "table.tex": latex(results, title, label).encode(),
        "report.html": page(report).encode(),
    }
    return rendered | {"manifest.json": manifest(study.model_dump(), panel.sources, rendered, "run")}


def _as_run(checked: Checked, compared: Mapping[str, Compared]) -> Checked:
    """With the cards of comparisons that were run, on which is also what refused only then."""
    run = {card_name(name, label): card for name, one in compared.items() for label, card in one.found.cards.items()}
    return replace(checked, cards=checked.cards | run)


def _ledger(results: Sequence[Result]) -> pd.DataFrame:
    ledger = pd.concat([r.estimate.ledger.assign(estimate=r.name) for r in results], ignore_index=True)
    return ledger[["estimate", *ledger.columns.drop("estimate")]]


def check_files(study: Study, checked: Checked) -> dict[str, bytes]:
    """All files of a check, by name.

    Parameters
    ----------
    study : Study
    checked : Checked
    """
    tables = {name: table for name, table in _check_tables(checked).items() if len(table.columns) > 1}
    files = {name: csv_bytes(table.assign(label=study.label)) for name, table in tables.items()}
    return files | {"manifest.json": manifest(study.model_dump(), checked.panel.sources, files, "check")}


def _check_tables(checked: Checked) -> dict[str, pd.DataFrame]:
    """Tables of a study's panel before any estimate, by file name."""
    return {
        "coverage.csv": checked.panel.coverage,
        "conflicts.csv": checked.panel.conflicts,
        "recurrence.csv": checked.audit,
        "cards.csv": cards_table(checked.cards),
        "cards_events.csv": cards_events(checked.cards),
        "panel.csv": checked.panel.frame,
    }
