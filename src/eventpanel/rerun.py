"""Make the files of an earlier run again, by the command that made them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from eventpanel.brookings.family import family_from
from eventpanel.brookings.robust import robust_case
from eventpanel.brookings.run import family_files, materials_of
from eventpanel.build import build_panel
from eventpanel.datasets.errors import StudyError
from eventpanel.robustness.case import case_of
from eventpanel.robustness.run import Job, robustness_files
from eventpanel.run import check_files, check_study, run_files
from eventpanel.study import study_from

__all__ = ["RERUN", "Again", "rerun"]

Step = Callable[[str], None]
# The study with all settings, folders of data, progress; all files by name.
Again = Callable[[dict[str, Any], Sequence[Path], Step], dict[str, bytes]]
NAME = "of the manifest"


def _run(study: dict[str, Any], data: Sequence[Path], step: Step) -> dict[str, bytes]:
    if "family" in study:
        return family_files(family_from(study, NAME), data, step)
    return run_files(study_from(study, NAME), data, step)[1]


def _check(study: dict[str, Any], data: Sequence[Path], step: Step) -> dict[str, bytes]:
    checked = study_from(study, NAME)
    return check_files(checked, check_study(checked, data, step))


def _robustness(study: dict[str, Any], data: Sequence[Path], step: Step) -> dict[str, bytes]:
    if "family" in study:
        family = family_from(study, NAME)
        case = robust_case(family, materials_of(family, data, step))
    else:
        checked = study_from(study, NAME)
        case = case_of(checked, build_panel(checked, data, step))
    return robustness_files(case, Job(workers=os.cpu_count() or 1))


RERUN: dict[str, Again] = {"run": _run, "check": _check, "robustness": _robustness}


def rerun(command: str, study: dict[str, Any], data: Sequence[Path], step: Step) -> dict[str, bytes]:
    """Make all files of a command again, in memory.

    Parameters
    ----------
    command : str
        As the manifest names it.
    study : dict
        The study with all settings, as the manifest holds it; it is checked like a study file.
    data : sequence of Path
        Folders of the publishers' files, searched in order.
    step : callable
        Called with what is done next.

    Raises
    ------
    StudyError
        A command whose folders cannot be made again.
    EventPanelError
        Anything wrong with study or data.
    """
    if command not in RERUN:
        raise StudyError(
            f"A folder that `eventpanel {command}` made cannot be made again from its manifest.",
            f"folders that can: {', '.join(RERUN)}",
            "verify the folder of a run; a replication package has its own run.py",
        )
    return RERUN[command](study, data, step)
