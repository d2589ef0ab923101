"""Run a study: build, estimate, write; or check it: build and look."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from eventpanel.build import Folders, build_designs, build_event, build_panel, build_window
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.audit import audit_events
from eventpanel.estimators.debiased_ppml import debiased_ppml
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import EstimationWarning, distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.logit import logit
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.precision import ConditioningWarning
from eventpanel.estimators.probit import probit
from eventpanel.reports.document import page
from eventpanel.reports.figures import event_study, save
from eventpanel.reports.folder import check_folder, publish
from eventpanel.reports.results import Result, estimates_table, summarise, tests_table
from eventpanel.reports.tables import latex, markdown
from eventpanel.reports.text import csv_bytes, manifest
from eventpanel.study import Study

__all__ = ["Checked", "check_study", "estimate_study", "run_study"]

Step = Callable[[str], None]
ESTIMATORS: dict[str, Callable[[Panel, Design], Estimate]] = {
    "distributed_lag": distributed_lag,
    "ppml": ppml,
    "debiased_ppml": debiased_ppml,
    "logit": logit,
    "probit": probit,
}


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
    """

    panel: Panel
    audit: pd.DataFrame
    totals: dict[str, float]


def check_study(study: Study, data: Folders = (), step: Step = _silent) -> Checked:
    """Build the panel of a study and audit its events.

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
    audit = audit_events(panel, build_event(study), build_window(study))
    for design in designs.values():
        panel.column(design.outcome)
    return Checked(panel, audit.units, audit.totals)


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
        estimate = _cautioned(ESTIMATORS[section.estimator or study.design.estimator], panel, design)
        results.append(summarise(name, section.title, estimate, section.difference, study.output.level))
    return tuple(results)


def _cautioned(estimator: Callable[[Panel, Design], Estimate], panel: Panel, design: Design) -> Estimate:
    """Estimate, cautions as notes of the estimate; any other warning is passed on."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConditioningWarning)
        warnings.simplefilter("ignore", EstimationWarning)
        estimate = estimator(panel, design)
    digits = [str(one.message) for one in caught if issubclass(one.category, ConditioningWarning)]
    for one in caught:
        if not issubclass(one.category, ConditioningWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return replace(estimate, notes=(*estimate.notes, *digits))


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
    checked = check_study(study, data, step)
    results = estimate_study(study, checked.panel, step)
    step("drawing")
    files = render(study, checked, results)
    step("writing")
    publish(out, files)
    return results


def render(study: Study, checked: Checked, results: tuple[Result, ...]) -> dict[str, bytes]:
    """All files of a run, by name."""
    title, label, panel = study.title, study.label, checked.panel
    figure = event_study(results, title, label)
    picture = save(figure, "png")
    ledger = pd.concat([r.estimate.ledger.assign(estimate=r.name) for r in results], ignore_index=True)
    files = {
        "estimates.csv": csv_bytes(estimates_table(results, label)),
        "tests.csv": csv_bytes(tests_table(results).assign(label=label)),
        "table.md": markdown(results, title, label).encode(),
        "table.tex": latex(results, title, label).encode(),
        "event_study.png": picture,
        "event_study.pdf": save(figure, "pdf"),
        "ledger.csv": csv_bytes(ledger[["estimate", *ledger.columns.drop("estimate")]].assign(label=label)),
        "coverage.csv": csv_bytes(panel.coverage.assign(label=label)),
        "conflicts.csv": csv_bytes(panel.conflicts.assign(label=label)),
        "recurrence.csv": csv_bytes(checked.audit.assign(label=label)),
        "panel.csv": csv_bytes(panel.frame.assign(label=label)),
        "report.html": page(results, panel, title=title, label=label, picture=picture, audit=checked.totals).encode(),
    }
    return files | {"manifest.json": manifest(study.model_dump(), panel, files)}
