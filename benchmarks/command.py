"""The command: which works, how often, and where the numbers go."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import platform
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from benchmarks import machine, r, tables
from benchmarks.harness import FULL, QUICK, Pace, Row, run
from benchmarks.prepare import Setting
from benchmarks.workloads import Shape
from benchmarks.works import WORKS, Work

PACKAGES = ("numpy", "scipy", "pandas", "numba")


def measure(works: Sequence[Work], setting: Setting, held: machine.Machine, pace: Pace) -> list[Row]:
    """Run works one after the other; what ours and the peers warn about is not printed.

    Parameters
    ----------
    works : sequence of Work
    setting : Setting
    held : Machine
    pace : Pace
    """
    rows: list[Row] = []
    with setting.places, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for work in works:
            found = run(work, work.prepare(setting), held, pace)
            print(tables.text(found), file=sys.stderr, flush=True)
            rows += found
    return rows


def versions() -> str:
    """Date, Python and the packages that matter."""
    held = [f"{name} {_version(name)}" for name in PACKAGES]
    return f"{datetime.date.today()}, Python {platform.python_version()}, {', '.join(held)}"


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def main() -> None:
    """Run the command."""
    asked = parser().parse_args()
    works = [work for work in WORKS if asked.only is None or work.key in asked.only]
    held = machine.measure()
    setting = Setting(Shape(), r.installed(), quick=asked.quick)
    rows = measure(works, setting, held, QUICK if asked.quick else FULL)
    table = tables.markdown(rows) if asked.markdown else tables.text(rows)
    print("\n\n".join([f"{versions()}; {held.describe()}", table]))
    if asked.json is not None:
        asked.json.write_text(json.dumps([row.as_dict() for row in rows], indent=1), "utf-8")


def parser() -> argparse.ArgumentParser:
    """Options of the command."""
    options = argparse.ArgumentParser(description="Time eventpanel against its peers and this machine.")
    options.add_argument("--quick", action="store_true", help="few repeats and a smaller large panel: minutes")
    options.add_argument("--json", type=Path, metavar="FILE", help="also write the rows here")
    options.add_argument("--only", nargs="+", metavar="NAME", choices=[work.key for work in WORKS])
    options.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    return options
