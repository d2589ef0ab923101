"""``eventpanel robustness STUDY``."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from eventpanel.brookings.family import is_family, load_family
from eventpanel.brookings.robust import robust_case
from eventpanel.brookings.run import materials_of
from eventpanel.build import build_panel
from eventpanel.commands.progress import progress
from eventpanel.commands.shared import data_folders, study_of
from eventpanel.datasets.errors import StudyError
from eventpanel.reports.folder import check_folder
from eventpanel.reports.terminal import wrapped
from eventpanel.robustness.case import Case, case_of
from eventpanel.robustness.run import Job, plan_checks, run_robustness
from eventpanel.robustness.verdict import headline_in_words


def main(options: Namespace) -> int:
    """Run the checks, print what each says, and where the files are."""
    workers = os.cpu_count() or 1 if options.workers is None else options.workers
    if workers < 1:
        raise StudyError("There must be a worker.", f"--workers {workers}", "use 1 or more")
    out = Path(options.out if options.out is not None else f"eventpanel-{Path(options.study).stem}-robustness")
    check_folder(out)
    case = _case(options)
    job = Job(names=tuple(options.only), workers=workers, fresh=options.fresh)
    with progress(len(plan_checks(case, job.names).every) + 1, quiet=options.quiet) as step:
        checked = run_robustness(case, out, job, step)
    if not options.quiet:
        print(wrapped(case.study.title), wrapped(case.study.label), "", wrapped(headline_in_words(case)), "", sep="\n")
        for one in checked:
            print(wrapped(f"{one.check.title}: {one.finding.answer}. {one.finding.words}"))
        print(f"\nWritten to {out}: open {out / 'report.html'}")
    return 0


def _case(options: Namespace) -> Case:
    if is_family(options.study, options.set):
        family = load_family(options.study, options.set)
        folders = () if family.simulation is not None else data_folders(options)
        with progress(len(family.inputs), quiet=options.quiet) as step:
            return robust_case(family, materials_of(family, folders, step))
    study = study_of(options)
    with progress(len(study.inputs) + 1, quiet=options.quiet) as step:
        panel = build_panel(study, data_folders(options), step)
    return case_of(study, panel)
