"""``eventpanel run STUDY``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from eventpanel.brookings.family import is_family
from eventpanel.commands import family
from eventpanel.commands.progress import progress
from eventpanel.commands.shared import data_folders, study_of
from eventpanel.datasets.errors import StudyError
from eventpanel.reports.printed import result_text
from eventpanel.reports.terminal import wrapped
from eventpanel.run import run_study


def main(options: Namespace) -> int:
    """Run the study, print the estimates and say where the files are."""
    if is_family(options.study, options.set):
        return family.run(options)
    if options.package is not None:
        raise StudyError(
            f"The study {options.study} has no replication package.",
            "--package",
            "leave it out: packages are of the family brookings; other studies have their folder and its manifest",
        )
    study = study_of(options)
    out = Path(options.out if options.out is not None else f"eventpanel-{Path(options.study).stem}")
    with progress(len(study.inputs) + len(study.estimates) + len(study.comparisons) + 5, quiet=options.quiet) as step:
        results = run_study(study, out, data_folders(options), step)
    if not options.quiet:
        print(wrapped(study.title), wrapped(study.label), "", sep="\n")
        for result in results:
            print(result_text(result))
        print(f"Written to {out}: open {out / 'report.html'}")
    return 0
