"""``eventpanel robustness STUDY``."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from eventpanel.brookings.family import is_family, load_family
from eventpanel.brookings.robust import robust_case, robust_study
from eventpanel.brookings.run import materials_of
from eventpanel.build import build_panel
from eventpanel.commands.progress import parts_bar, progress
from eventpanel.commands.shared import data_folders, study_of
from eventpanel.datasets.errors import number
from eventpanel.reports.folder import check_folder
from eventpanel.reports.terminal import wrapped
from eventpanel.robustness.case import Case, case_of, check_axes, section_of
from eventpanel.robustness.catalogue import asked_checks
from eventpanel.robustness.plan import Checked, Plan
from eventpanel.robustness.run import Job, plan_checks, run_robustness, with_checks
from eventpanel.robustness.verdict import headline_in_words, not_shown_in_words


def main(options: Namespace) -> int:
    """Run the checks, print what each says, and where the files are; or list them."""
    workers = os.cpu_count() or 1 if options.workers is None else options.workers
    job = Job(names=tuple(options.only), workers=workers, fresh=options.fresh)
    out = Path(options.out if options.out is not None else f"eventpanel-{Path(options.study).stem}-robustness")
    if not options.list:
        check_folder(out)
    case = with_checks(_case(options), job.names)
    if options.list:
        _list(case, plan_checks(case))
        return 0
    with parts_bar(quiet=options.quiet) as watch:
        checked = run_robustness(case, out, job, watch)
    if not options.quiet:
        _tell(case, checked, out)
    return 0


def _case(options: Namespace) -> Case:
    """Case of the study; what is wrong with its section is said before any data are read."""
    if is_family(options.study, options.set):
        return _case_of_family(options)
    study = study_of(options)
    asked_checks(options.only or section_of(study).checks)
    check_axes(study)
    with progress(len(study.inputs) + 1, quiet=options.quiet) as step:
        panel = build_panel(study, data_folders(options), step)
    return case_of(study, panel)


def _case_of_family(options: Namespace) -> Case:
    family = load_family(options.study, options.set)
    asked_checks(options.only or section_of(robust_study(family)).checks)
    folders = () if family.simulation is not None else data_folders(options)
    with progress(len(family.inputs), quiet=options.quiet) as step:
        return robust_case(family, materials_of(family, folders, step))


def _head(case: Case) -> None:
    print(wrapped(case.study.title), wrapped(case.study.label), "", wrapped(headline_in_words(case)), "", sep="\n")


def _list(case: Case, plan: Plan) -> None:
    _head(case)
    for check, parts in plan.parts:
        print(wrapped(f"{check.name}: {check.title} ({number(len(parts), 'part')})"))
    for check, reason in plan.without:
        print(wrapped(f"{check.name}: {check.title} (not made: {reason})"))


def _tell(case: Case, checked: Sequence[Checked], out: Path) -> None:
    _head(case)
    if nothing := not_shown_in_words(case):
        print(wrapped(nothing), "", sep="\n")
    for one in checked:
        print(wrapped(f"{one.check.title}: {one.finding.answer}. {one.finding.words}"))
    for check, reason in plan_checks(case).without:
        print(wrapped(f"{check.title}: not made. {reason}"))
    print(f"\nWritten to {out}: open {out / 'report.html'}")
