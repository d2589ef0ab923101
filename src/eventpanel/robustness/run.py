"""Run the checks of a case, and say what each found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eventpanel.datasets.errors import NotAvailableError, StudyError
from eventpanel.reports.folder import check_folder, publish
from eventpanel.reports.text import versions
from eventpanel.robustness.case import Case
from eventpanel.robustness.catalogue import asked_checks
from eventpanel.robustness.check import Check
from eventpanel.robustness.columns import check_columns
from eventpanel.robustness.lines import Found
from eventpanel.robustness.page import render
from eventpanel.robustness.plan import Checked, Plan
from eventpanel.robustness.runner import run_parts
from eventpanel.robustness.standing import Standing, Watch, silent
from eventpanel.robustness.store import Store, fingerprint
from eventpanel.robustness.variation import reason

__all__ = ["Job", "plan_checks", "robustness_files", "run_checks", "run_robustness", "with_checks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How checks are run.

    Attributes
    ----------
    names : tuple of str
        Checks; those of the study where empty.
    workers : int
        Processes; the numbers do not depend on it.
    fresh : bool
        Whether unfinished results of an earlier run are thrown away.

    Raises
    ------
    StudyError
        No worker.
    """

    names: tuple[str, ...] = ()
    workers: int = 1
    fresh: bool = False

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise StudyError("There must be a worker.", f"--workers {self.workers}", "use 1 or more")


def with_checks(case: Case, names: Sequence[str]) -> Case:
    """Return a case whose study asks for some checks, as if ``robustness.checks`` said so.

    Parameters
    ----------
    case : Case
    names : sequence of str
        As they are where empty.

    Raises
    ------
    StudyError
        An unknown check.
    """
    if not names:
        return case
    section = case.section.model_copy(update={"checks": [check.name for check in asked_checks(names)]})
    return replace(case, study=case.study.model_copy(update={"robustness": section}))


def plan_checks(case: Case) -> Plan:
    """Say which parts the checks of a case have; nothing is estimated.

    Parameters
    ----------
    case : Case

    Raises
    ------
    StudyError
        An unknown check, or a setting that names a column which is not there.
    """
    check_columns(case)
    planned, without = [], []
    for check in asked_checks(case.section.checks):
        try:
            planned.append((check, tuple(check.parts(case))))
        except NotAvailableError as error:
            without.append((check, reason(error)))
    return Plan(tuple(planned), tuple(without))


def run_checks(case: Case, plan: Plan, store: Store | None, workers: int, watch: Watch = silent) -> tuple[Checked, ...]:
    """Run what a plan holds.

    Parameters
    ----------
    case : Case
    plan : Plan
    store : Store, optional
        Open; without one nothing is kept.
    workers : int
    watch : callable
        Called with the standing.

    Raises
    ------
    OutputError
        A part that cannot be kept.
    WorkerError
        A process that ended before its part was done.
    """
    found = run_parts(case, plan.every, store, workers, watch)
    return tuple(_checked(case, check, [found[part] for part in parts]) for check, parts in plan.parts)


def _checked(case: Case, check: Check, found: Sequence[Found]) -> Checked:
    draws = {label: values for part in found for label, values in part.draws.items()}
    whole = Found(tuple(line for part in found for line in part.lines), draws)
    if check.join is not None:
        whole = whole._replace(lines=(*check.join(case, whole), *whole.lines))
    return Checked(check, whole, check.judge(case, whole.lines))


def run_robustness(case: Case, out: Path, job: Job, watch: Watch = silent) -> tuple[Checked, ...]:
    """Run the checks of a case and write the folder; a run that was stopped goes on where it was.

    Parameters
    ----------
    case : Case
    out : Path
        Folder to make, or to replace if an earlier run made it. Finished parts wait in a folder of the same name with
        ``.unfinished`` until all are there.
    job : Job
    watch : callable
        Called with the standing.

    Raises
    ------
    EventPanelError
        An unknown check, a folder that cannot be written, unfinished results of another run, a process that ended.
    """
    check_folder(out)
    case = with_checks(case, job.names)
    plan = plan_checks(case)
    key = fingerprint(case.study.model_dump(), case.panel, versions())
    target = out.resolve()
    store = Store(target.with_name(f"{target.name}.unfinished"), key)
    with store.opened(fresh=job.fresh):
        checked = run_checks(case, plan, store, job.workers, watch)
        total = len(plan.every)
        watch(Standing("drawing and writing", total, total, 0, 0.0))
        publish(out, render(case, plan, checked), scratch=store.folder)
        store.remove()
    return checked


def robustness_files(case: Case, job: Job, watch: Watch = silent) -> dict[str, bytes]:
    """All files of a run by name, as :func:`run_robustness` writes them; nothing is written or kept.

    Parameters
    ----------
    case : Case
    job : Job
    watch : callable
        Called with the standing.
    """
    case = with_checks(case, job.names)
    plan = plan_checks(case)
    return render(case, plan, run_checks(case, plan, None, job.workers, watch))
