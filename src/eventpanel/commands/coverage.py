"""``eventpanel coverage STUDY``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from eventpanel.build import build_panel
from eventpanel.commands.progress import progress
from eventpanel.commands.shared import data_folders, study_of
from eventpanel.datasets.coverage import coverage_table, known_variables
from eventpanel.datasets.errors import CountryError
from eventpanel.datasets.panel import Panel
from eventpanel.reports.coverage import plot_coverage
from eventpanel.reports.coverage_map import plot_coverage_map
from eventpanel.reports.figures import save
from eventpanel.reports.folder import check_folder, publish
from eventpanel.reports.terminal import aligned, wrapped
from eventpanel.reports.text import csv_bytes, manifest
from eventpanel.study import Study

# Columns of one chart.
PER_CHART = 6


def main(options: Namespace) -> int:
    """Build the panel; draw its coverage as chart and map, and write the counts."""
    study = study_of(options)
    out = Path(options.out if options.out is not None else f"eventpanel-{Path(options.study).stem}-coverage")
    check_folder(out)
    with progress(len(study.inputs) + 2, quiet=options.quiet) as step:
        panel = build_panel(study, data_folders(options), step)
        step("drawing")
        files, remark = _files(study, panel, options)
        publish(out, files)
    if not options.quiet:
        table = coverage_table(panel).drop(columns="source")
        print(wrapped(study.title), wrapped(study.label), "", sep="\n")
        print(aligned(list(table.columns), table.to_numpy().tolist()))
        print(*([f"\n{remark}"] if remark else []), f"\nWritten to {out}: {', '.join(files)}", sep="")
    return 0


def _files(study: Study, panel: Panel, options: Namespace) -> tuple[dict[str, bytes], str]:
    """All files by name, and why there is no map; the map first, since a column or year of it may be wrong."""
    files, remark = {}, ""
    try:
        column = options.map or study.event.column
        drawn = plot_coverage_map(panel, column, year=options.year, label=study.label)
        files = {"coverage_map.png": save(drawn, "png"), "coverage_map.pdf": save(drawn, "pdf")}
    except CountryError as error:
        remark = f"No map: {error.what}"
    files = _charts(study, panel) | files
    files["coverage.csv"] = csv_bytes(panel.coverage.assign(label=study.label))
    by_year = coverage_table(panel, by=[str(panel.period)]).drop(columns=["first", "last"])
    files["coverage_by_year.csv"] = csv_bytes(by_year.assign(label=study.label))
    return files | {"manifest.json": manifest(study.model_dump(), panel.sources, files, "coverage")}, remark


def _charts(study: Study, panel: Panel) -> dict[str, bytes]:
    """One chart, or several numbered ones that each fit a sheet."""
    names = known_variables(panel, None)
    parts = [names[start : start + PER_CHART] for start in range(0, len(names), PER_CHART)]
    files: dict[str, bytes] = {}
    for number, part in enumerate(parts, start=1):
        chart = plot_coverage(panel, part, title=study.title, label=study.label)
        name = "coverage" if len(parts) == 1 else f"coverage_{number}"
        files |= {f"{name}.png": save(chart, "png"), f"{name}.pdf": save(chart, "pdf")}
    return files
