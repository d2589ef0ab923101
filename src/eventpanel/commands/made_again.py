"""``eventpanel verify RUN``: the output folder of a run, made again."""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from eventpanel.commands.progress import progress
from eventpanel.commands.shared import say
from eventpanel.datasets.errors import StudyError, VerificationError, first_few
from eventpanel.reports.folder import check_folder, publish
from eventpanel.runs.folder import read_run
from eventpanel.runs.tables import TOLERANCE
from eventpanel.runs.told import told, verification_files
from eventpanel.runs.verified import verify_run

__all__ = ["made_again"]


def made_again(folder: Path, data: Sequence[Path], options: Namespace) -> int:
    """Make a run again, say what agrees, and fail where something does not.

    Parameters
    ----------
    folder : Path
        Output folder of the run.
    data : sequence of Path
        Folders of the publishers' files.
    options : Namespace

    Raises
    ------
    VerificationError
        Something does not agree.
    EventPanelError
        The run cannot be made again.
    """
    tolerance = TOLERANCE if options.tolerance is None else options.tolerance
    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise StudyError(f"--tolerance cannot be {tolerance}.", "--tolerance", "give a number, 0 or above")
    if options.set:
        raise StudyError(
            "A run is made again with its own settings.", first_few(options.set), "leave --set out, or run the study"
        )
    out = None if options.out is None else Path(options.out)
    if out is not None:
        check_folder(out)
        _apart(out, folder)
    run = read_run(folder)
    with progress(len(run.manifest.outputs), quiet=options.quiet) as step:
        found = verify_run(run, data, step, tolerance)
    if out is not None:
        publish(out, verification_files(found))
    if not options.quiet:
        say([run.manifest.title, run.manifest.label, "", *told(found)])
        if out is not None:
            print(f"Written to {out}: open {out / 'verified.html'}")
    if found.refused is not None:
        raise found.refused
    if found.problems:
        raise VerificationError(
            f"The run in {folder} does not come out as its manifest says.",
            first_few(found.problems),
            "see what differs above or with --out DIR; put back the inputs and versions of then",
        )
    return 0


def _apart(out: Path, folder: Path) -> None:
    """Refuse to replace the very run that is verified."""
    if out.resolve() == folder.resolve():
        raise StudyError("The report cannot replace the run.", str(out), "choose another --out")
