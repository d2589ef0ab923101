"""Verify a run: files as written, inputs as then, and the same numbers when it is made again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eventpanel.datasets.errors import EventPanelError
from eventpanel.reports.folder import MANIFEST
from eventpanel.reports.text import system, versions
from eventpanel.rerun import rerun
from eventpanel.runs.folder import AS_WRITTEN, PLATFORM, InputPart, Run
from eventpanel.runs.inputs import found_now, input_changes
from eventpanel.runs.settings import changed
from eventpanel.runs.tables import DIFFERS, IDENTICAL, TABLE, TOLERANCE, WITHIN, TableChange, compare_tables

__all__ = ["NOT_COMPARED", "NOT_MADE", "OTHER_BYTES", "Verified", "verify_run"]

OTHER_BYTES = "other bytes"
NOT_MADE = "not made again"
NOT_COMPARED = "not compared"


@dataclass(frozen=True, slots=True, eq=False)
class Verified:
    """What was found when a run was made again.

    Attributes
    ----------
    run : Run
    states : dict of str to str
        Each output: as written, changed or missing.
    inputs, versions : list of (name, then, now)
        Those that differ; versions with the platform.
    files : dict of str to TableChange
        Each output: identical, within the tolerance, differs, or for what is no table other bytes.
    new : tuple of str
        Files that only the new run has.
    tolerance : float
    refused : EventPanelError or None
        Why the run could not be made again; then no file is compared.
    """

    run: Run
    states: dict[str, str]
    inputs: list[tuple[str, str, str]]
    versions: list[tuple[str, str, str]]
    files: dict[str, TableChange]
    new: tuple[str, ...]
    tolerance: float
    refused: EventPanelError | None

    def having(self, verdict: str) -> list[str]:
        """Names of the files with a verdict."""
        return [name for name, change in self.files.items() if change.verdict == verdict]

    @property
    def excused(self) -> bool:
        """Whether other bytes of pictures and pages are no surprise: other versions, or last digits that moved."""
        return bool(self.versions or self.having(WITHIN))

    @property
    def problems(self) -> list[str]:
        """All that does not agree, one line each; empty where the run comes out as it was."""
        found = [f"{name} is {state}" for name, state in self.states.items() if state != AS_WRITTEN]
        found += [f"the input {name} has changed" for name, _, _ in self.inputs]
        found += [f"{name} {DIFFERS}" for name in self.having(DIFFERS)]
        found += [f"{name} is {NOT_MADE}" for name in self.having(NOT_MADE)]
        found += [] if self.excused else [f"{name} has {OTHER_BYTES}" for name in self.having(OTHER_BYTES)]
        return found


def verify_run(run: Run, data: Sequence[Path], step: Callable[[str], None], tolerance: float = TOLERANCE) -> Verified:
    """Check the files of a run, make it again in memory and compare.

    Parameters
    ----------
    run : Run
    data : sequence of Path
        Folders of the publishers' files, searched in order.
    step : callable
        Called with what is done next.
    tolerance : float
        See :func:`eventpanel.runs.tables.compare_tables`.

    Returns
    -------
    Verified
    """
    step("checksums")
    past = run.manifest
    states = {name: run.state(name) for name in past.outputs}
    differing = changed(past.platforms, {**versions(), PLATFORM: system()})
    try:
        fresh = rerun(past.command, past.study, data, step)
    except EventPanelError as error:
        inputs = input_changes(past.inputs, found_now(past.inputs, past.study, data))
        files = {name: TableChange(NOT_COMPARED) for name in past.outputs}
        return Verified(run, states, inputs, differing, files, (), tolerance, error)
    step("comparing")
    inputs = input_changes(past.inputs, _inputs(fresh[MANIFEST]))
    files = {name: _compared(run, name, fresh, tolerance) for name in past.outputs}
    new = tuple(sorted(set(fresh) - set(past.outputs) - {MANIFEST}))
    return Verified(run, states, inputs, differing, files, new, tolerance, None)


def _inputs(content: bytes) -> list[InputPart]:
    return [InputPart.model_validate(one) for one in json.loads(content)["inputs"]]


def _compared(run: Run, name: str, fresh: Mapping[str, bytes], tolerance: float) -> TableChange:
    then, now = run.content(name), fresh.get(name)
    if now is None:
        return TableChange(NOT_MADE)
    if then is None:
        return TableChange(NOT_COMPARED)
    if then == now:
        return TableChange(IDENTICAL)
    if not name.endswith(TABLE):
        return TableChange(OTHER_BYTES)
    try:
        return compare_tables(then, now, name, tolerance)
    except EventPanelError:  # what stands there now is no table
        return TableChange(DIFFERS)
