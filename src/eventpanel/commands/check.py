"""``eventpanel check STUDY``."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pandas as pd

from eventpanel.commands.progress import progress
from eventpanel.commands.shared import data_folders, study_of
from eventpanel.estimators.audit import shown
from eventpanel.reports.document import conflicts_summary, coverage_summary
from eventpanel.reports.events import cards_table
from eventpanel.reports.folder import check_folder, publish
from eventpanel.reports.terminal import aligned, wrapped
from eventpanel.run import Checked, check_files, check_study
from eventpanel.study import Study

SHOWN = 15
CARD = ("card", "events", "used", "dropped", "comparison", "share_of_rows")
# What a terminal has room for; recurrence.csv has all.
COLUMNS = ["unit", "first", "last", "missing", "events", "spells", "overlapping", "clean_before", "clean_window"]
COLUMNS += ["first_usable", "last_usable"]


def main(options: Namespace) -> int:
    """Build the panel and print coverage, conflicts and the recurrence audit."""
    study = study_of(options)
    if options.out is not None:
        check_folder(Path(options.out))
    with progress(len(study.inputs) + 3, quiet=options.quiet) as step:
        checked = check_study(study, data_folders(options), step)
    if not options.quiet:
        _show(study, checked)
    if options.out is not None:
        publish(Path(options.out), check_files(study, checked))
    return 0


def _show(study: Study, checked: Checked) -> None:
    panel = checked.panel
    print(wrapped(study.title), wrapped(study.label), "", sep="\n")
    print(f"Panel: {len(panel.frame)} rows; unit: {', '.join(panel.unit)}; period: {panel.period}")
    _table("Coverage (panel rows)", coverage_summary(panel).drop(columns="source", errors="ignore"))
    print("\nConflicts")
    lines = [_conflict(line) for line in conflicts_summary(panel).to_dict("records")]
    print(*lines[:SHOWN] or ["  none"], sep="\n")
    _more(len(lines))
    print("\nRecurrence of the event")
    for name, value in checked.totals.items():
        print(f"  {name}: {shown(name, value)}")
    _cards(checked)
    units = checked.audit[COLUMNS].sort_values("events", ascending=False, kind="stable")
    _table("Recurrence by unit, most events first", units.astype(object).where(units.notna(), ""))


def _cards(checked: Checked) -> None:
    """Show what each estimator does with the events, then what it estimates and assumes, said once for each."""
    table = cards_table(checked.cards).reindex(columns=list(CARD))
    table["share_of_rows"] = table["share_of_rows"].map("{:.0%}".format, na_action="ignore").fillna("refuses")
    _table("What each estimator does with the events", table)
    print("\nWhat each estimator estimates and assumes")
    for terms in dict.fromkeys(tuple(card.terms) for card in checked.cards.values()):
        print(*(wrapped(line, "  ") for line in terms), sep="\n")
    for name, card in checked.cards.items():
        print(*(wrapped(f"{name}: {line}", "  ") for line in card.outcome), sep="\n")


def _conflict(line: dict[Hashable, Any]) -> str:
    text = "{source}: {problem}: {examples} ({values} values, {rows} rows): {resolution}"
    return wrapped(text.format_map({str(key): value for key, value in line.items()}), "  ")


def _table(title: str, table: pd.DataFrame) -> None:
    print(f"\n{title}")
    print(aligned(list(table.columns), table.head(SHOWN).to_numpy().tolist()) if len(table) else "  none")
    _more(len(table))


def _more(lines: int) -> None:
    if lines > SHOWN:
        print(f"  ... and {lines - SHOWN} more; use --out DIR for all")
