"""``eventpanel check STUDY``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pandas as pd

from eventpanel.commands.progress import progress
from eventpanel.commands.shared import data_folder, study_of
from eventpanel.reports.document import conflicts_summary, coverage_summary
from eventpanel.reports.folder import check_folder, publish
from eventpanel.reports.text import csv_bytes, manifest
from eventpanel.run import Checked, check_study
from eventpanel.study import Study

SHOWN = 15


def main(options: Namespace) -> int:
    """Build the panel and print coverage, conflicts and the recurrence audit."""
    study = study_of(options)
    if options.out is not None:
        check_folder(Path(options.out))
    with progress(len(study.inputs) + 2, quiet=options.quiet) as step:
        checked = check_study(study, data_folder(options), step)
    if not options.quiet:
        _show(study, checked)
    if options.out is not None:
        publish(Path(options.out), _files(study, checked))
    return 0


def _show(study: Study, checked: Checked) -> None:
    panel = checked.panel
    print(f"{study.title}\n{study.label}\n")
    print(f"Panel: {len(panel.frame)} rows; unit: {', '.join(panel.unit)}; period: {panel.period}")
    _table("Coverage (panel rows)", coverage_summary(panel))
    _table("Conflicts", conflicts_summary(panel))
    print("\nRecurrence of the event")
    for name, value in checked.totals.items():
        print(f"  {name}: {value:.3g}" if value < 1 else f"  {name}: {value:.0f}")
    _table("Recurrence by unit, most events first", checked.audit.sort_values("events", ascending=False, kind="stable"))


def _table(title: str, table: pd.DataFrame) -> None:
    print(f"\n{title}")
    if table.empty:
        print("  none")
        return
    with pd.option_context("display.max_colwidth", 48, "display.width", 160):
        print(table.head(SHOWN).to_string(index=False))
    if len(table) > SHOWN:
        print(f"  ... and {len(table) - SHOWN} more; use --out DIR for all")


def _files(study: Study, checked: Checked) -> dict[str, bytes]:
    label = study.label
    files = {
        "coverage.csv": csv_bytes(checked.panel.coverage.assign(label=label)),
        "conflicts.csv": csv_bytes(checked.panel.conflicts.assign(label=label)),
        "recurrence.csv": csv_bytes(checked.audit.assign(label=label)),
        "panel.csv": csv_bytes(checked.panel.frame.assign(label=label)),
    }
    return files | {"manifest.json": manifest(study.model_dump(), checked.panel, files)}
