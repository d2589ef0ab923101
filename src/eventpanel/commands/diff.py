"""``eventpanel diff RUN_A RUN_B``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from eventpanel.commands.shared import say
from eventpanel.reports.folder import check_folder, publish, write_table
from eventpanel.runs.changes import changes_of
from eventpanel.runs.folder import read_run
from eventpanel.runs.words import changes_csv, changes_files, changes_told


def main(options: Namespace) -> int:
    """Say what changed between two runs."""
    out = None if options.out is None else Path(options.out)
    if out is not None:
        check_folder(out)
    then, now = (read_run(Path(name).expanduser()) for name in (options.first, options.second))
    changes = changes_of(then, now)
    if options.csv is not None:
        write_table(Path(options.csv).expanduser(), changes_csv(changes))
    if out is not None:
        publish(out, changes_files(changes))
    if not options.quiet:
        say(changes_told(changes))
        if out is not None:
            print(f"Written to {out}: open {out / 'diff.html'}")
    return 0
