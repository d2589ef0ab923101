"""Run the checks of a case, and say what each found."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eventpanel.datasets.errors import NotAvailableError
from eventpanel.reports.folder import check_folder, publish
from eventpanel.reports.text import versions
from eventpanel.robustness.case import Case
from eventpanel.robustness.catalogue import asked_checks
from eventpanel.robustness.check import Check
from eventpanel.robustness.lines import Found
from eventpanel.robustness.page import render
from eventpanel.robustness.plan import Checked, Plan
from eventpanel.robustness.runner import run_parts
from eventpanel.robustness.store import Store, fingerprint
from eventpanel.robustness.variation import reason

__all__ = ["Job", "plan_checks", "run_checks", "run_robustness"]

Step = Callable[[str], None]


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
    """

    names: tuple[str, ...] = ()
    workers: int = 1
    fresh: bool = False


def plan_checks(case: Case, names: Sequence[str] | None = None) -> Plan:
    """Say which parts the checks of a case have; nothing is estimated.

    Parameters
    ----------
    case : Case
    names : sequence of str, optional
        Checks; those of the study without them.

    Raises
    ------
    StudyError
        An unknown check.
    """
    planned, without = [], []
    for check in asked_checks(names or case.section.checks):
        try:
            planned.append((check, tuple(check.parts(case))))
        except NotAvailableError as error:
            without.append((check, reason(error)))
    return Plan(tuple(planned), tuple(without))


def run_checks(case: Case, plan: Plan, store: Store, workers: int, step: Step) -> tuple[Checked, ...]:
    """Run what a plan holds.

    Parameters
    ----------
    case : Case
    plan : Plan
    store : Store
        Open.
    workers : int
    step : callable
        Called with the name of every part that is there.

    Raises
    ------
    OutputError
        A part that cannot be kept.
    """
    found = run_parts(case, plan.every, store, workers, step)
    return tuple(_checked(case, check, [found[part] for part in parts]) for check, parts in plan.parts)


def _checked(case: Case, check: Check, found: Sequence[Found]) -> Checked:
    draws: Mapping[str, tuple[float, ...]] = {label: one for part in found for label, one in part.draws.items()}
    whole = Found(tuple(line for part in found for line in part.lines), dict(draws))
    if check.join is not None:
        whole = whole._replace(lines=(*check.join(case, whole), *whole.lines))
    return Checked(check, whole, check.judge(case, whole.lines))


def run_robustness(case: Case, out: Path, job: Job, step: Step) -> tuple[Checked, ...]:
    """Run the checks of a case and write the folder; a run that was stopped goes on where it was.

    Parameters
    ----------
    case : Case
    out : Path
        Folder to make, or to replace if an earlier run made it. Finished parts wait in a folder of the same name with
        ``.unfinished`` until all are there.
    job : Job
    step : callable
        Called with the name of every part that is there.

    Raises
    ------
    EventPanelError
        An unknown check, a folder that cannot be written, or unfinished results of another run.
    """
    check_folder(out)
    plan = plan_checks(case, job.names)
    folder = out.with_name(f"{out.name}.unfinished")
    if job.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    store = Store(folder, fingerprint(case.study.model_dump(), case.panel, versions()))
    store.open()
    checked = run_checks(case, plan, store, job.workers, step)
    step("writing")
    publish(out, render(case, plan, checked))
    store.remove()
    return checked
