"""Command line: parse, hand over, turn errors into one message and an exit code.

Only the standard library and the error tree are imported here, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module, metadata
from io import TextIOWrapper

from eventpanel.datasets.errors import EventPanelError

__all__ = ["main"]

INTERRUPTED = 130
BROKEN_PIPE = 141
# What is there after an interrupt.
LEFT = {
    "fetch": "what has arrived is kept",
    "robustness": "what is finished is kept, and the same command goes on from there",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Instead of the process's own.

    Returns
    -------
    int
        0, or the exit code of the error (``eventpanel.datasets.errors``); 2 for a wrong call, 130 if interrupted.

    Examples
    --------
    >>> main(["run", "no-such-study", "--quiet"])
    10
    """
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal that cannot show a letter gets a question mark, not an error.
        sys.stdout.reconfigure(errors="replace")
    try:
        command = import_module(f"eventpanel.commands.{options.command}")
        code = int(command.main(options))
        sys.stdout.flush()
        return code
    except EventPanelError as error:
        print(f"eventpanel: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"eventpanel: interrupted; {LEFT.get(options.command, 'nothing was written')}.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away; keep Python from complaining when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        print(f"eventpanel: the system refuses: {error}", file=sys.stderr)
        return EventPanelError.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="eventpanel",
        description="Event studies of recurring events: imports in years of unrest, by regime.",
        epilog="Errors have exit codes of their own: see docs/errors.md.",
    )
    parser.add_argument("--version", action="version", version=f"eventpanel {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="estimate a study and write tables, figure and report")
    check = commands.add_parser("check", help="stop after the panel: coverage, conflicts, recurrence of the event")
    coverage = commands.add_parser("coverage", help="draw which answer each source gives: a chart, a map, a table")
    verify = commands.add_parser(
        "verify", help="make the run of a folder again and compare; or compare with the paper a study replicates"
    )
    robustness = commands.add_parser("robustness", help="run the checks of a study; a run that was stopped goes on")
    for command in (run, check, coverage, verify, robustness):
        command.add_argument(
            "study",
            metavar="STUDY",
            help="name of a built-in study (brookings-public, brookings, demo, unrest-deals, world-panel) or "
            f"a TOML file{'; or the output folder of a run' if command is verify else ''}",
        )
        command.add_argument("--out", "--to", metavar="DIR", help="output folder (run: default eventpanel-STUDY)")
        command.add_argument("--data", metavar="DIR", help="folder of the publishers' files (default: EVENTPANEL_DATA)")
        command.add_argument(
            "--set", metavar="KEY=VALUE", action="append", default=[], help="change a setting, such as window.leads=3"
        )
        command.add_argument("--quiet", action="store_true", help="print nothing but errors")
    verify.add_argument("--tolerance", metavar="NUMBER", type=float, help="of numbers of a run (default: 1e-8)")
    _add_diff(commands.add_parser("diff", help="what changed between two runs: inputs, versions, settings, estimates"))
    run.add_argument("--package", metavar="DIR", help="also write a replication package (family brookings)")
    robustness.add_argument("--only", metavar="CHECK", action="append", default=[], help="run this check (repeatable)")
    robustness.add_argument("--list", action="store_true", help="list the checks and their parts, and run none")
    robustness.add_argument("--workers", metavar="N", type=int, help="processes (default: one a core)")
    robustness.add_argument("--fresh", action="store_true", help="throw away what an earlier run left unfinished")
    coverage.add_argument("--map", metavar="COLUMN", help="column of the map (default: the event of the study)")
    coverage.add_argument("--year", metavar="YEAR", type=int, help="draw the map of one year (default: share of years)")
    commands.add_parser("sources", help="list the sources that can be read")
    _add_fetch(commands.add_parser("fetch", help="fetch publishers' files, or say how to get them by hand"))
    _add_codes(commands.add_parser("codes", help="audit the country codes of a file of your own"))
    return parser


def _add_diff(diff: argparse.ArgumentParser) -> None:
    diff.add_argument("first", metavar="RUN_A", help="output folder of a run")
    diff.add_argument("second", metavar="RUN_B", help="output folder of another")
    diff.add_argument("--out", "--to", metavar="DIR", help="also write a page, a table and a manifest")
    diff.add_argument("--csv", metavar="FILE", help="write all estimates of both to a csv file")
    diff.add_argument("--quiet", action="store_true", help="print nothing but errors")


def _add_fetch(fetch: argparse.ArgumentParser) -> None:
    fetch.add_argument("names", metavar="NAME", nargs="*", help="name of a source")
    fetch.add_argument("--list", action="store_true", help="list what can be fetched, from where and how")
    fetch.add_argument("--to", metavar="DIR", help="folder (default: EVENTPANEL_CACHE, else the user's own cache)")
    fetch.add_argument("--years", metavar="FIRST-LAST", help="years of a source whose files come by year")
    fetch.add_argument("--refresh", action="store_true", help="fetch again, and take what a publisher has changed")
    fetch.add_argument("--quiet", action="store_true", help="print nothing but errors")


def _add_codes(codes: argparse.ArgumentParser) -> None:
    actions = codes.add_subparsers(dest="action", required=True, metavar="ACTION")
    audit = actions.add_parser("audit", help="which code schemes a file is written in, and what a join would get wrong")
    audit.add_argument("file", metavar="FILE", help="csv, xlsx, dta or parquet file")
    audit.add_argument(
        "--column", metavar="NAME=SCHEME", action="append", default=[], help="a column and the scheme it is written in"
    )
    audit.add_argument("--year", metavar="COLUMN", help="the column of years (default: guessed)")
    audit.add_argument("--encoding", metavar="NAME", help="encoding of a csv file (default: UTF-8, else Latin-1)")
    audit.add_argument("--csv", metavar="FILE", help="write all findings to a csv file")
    audit.add_argument("--strict", action="store_true", help="exit with an error if there are conflicts")


def _version() -> str:
    try:
        return metadata.version("eventpanel")
    except metadata.PackageNotFoundError:
        return "(not installed)"
