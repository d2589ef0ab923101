"""The command on events: which works, how often, and where the numbers go."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import r, tables
from benchmarks.command import versions
from benchmarks.event_harness import EventRow, measure
from benchmarks.event_panels import SIZES, Size
from benchmarks.event_process import others, ours
from benchmarks.event_works import WORKS, EventWork
from benchmarks.harness import FULL, QUICK, Pace

HEAD = ("work", "panel", "peer", "ours", "peer's", "ratio", "met", "agree", "s.e.", "note")


def run(works: Sequence[EventWork], sizes: Sequence[Size], pace: Pace, fixest: str) -> list[EventRow]:
    """Run works one after the other on panels of each size.

    Parameters
    ----------
    works : sequence of EventWork
    sizes : sequence of Size
    pace : Pace
    fixest : str
        Version of R fixest; empty where it is not installed.
    """
    rows: list[EventRow] = []
    for size in sizes:
        for work in works:
            peers, absent = others(work, size, fixest)
            found = measure(work, size, ours(work, size), peers, absent, pace)
            print(tables.aligned(cells(found)), file=sys.stderr, flush=True)
            rows += found
    return rows


def cells(rows: Sequence[EventRow]) -> list[tuple[str, ...]]:
    """Rows as text under a head.

    Parameters
    ----------
    rows : sequence of EventRow
    """
    return [HEAD, *map(_cells, rows)]


def _cells(row: EventRow) -> tuple[str, ...]:
    more = "> " if row.over else ""
    return (
        row.work,
        row.panel,
        row.peer or "-",
        tables.seconds(row.ours_s),
        more + tables.seconds(row.peer_s),
        "-" if row.ratio is None else f"{more}{row.ratio:.3g}",
        tables.VERDICTS[row.met],
        "-" if row.agreement is None else f"{row.agreement:.0e}",
        "-" if row.errors is None else f"{row.errors:.0e}",
        row.note,
    )


def main() -> None:
    """Run the command."""
    asked = parser().parse_args()
    works = [work for work in WORKS if asked.only is None or work.key in asked.only]
    rows = run(works, SIZES, QUICK if asked.quick else FULL, r.installed())
    table = (tables.piped if asked.markdown else tables.aligned)(cells(rows))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print("\n\n".join([f"{versions()}; {os.cpu_count()} cores, load {load}", table]))
    if asked.json is not None:
        asked.json.write_text(json.dumps([row.as_dict() for row in rows], indent=1), "utf-8")


def parser() -> argparse.ArgumentParser:
    """Options of the command."""
    options = argparse.ArgumentParser(description="Time the estimators for events against peers.")
    options.add_argument("--quick", action="store_true", help="few repeats")
    options.add_argument("--json", type=Path, metavar="FILE", help="also write the rows here")
    options.add_argument("--only", nargs="+", metavar="NAME", choices=[work.key for work in WORKS])
    options.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    return options
