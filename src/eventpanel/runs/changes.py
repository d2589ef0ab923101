"""What changed between two runs: inputs, versions, settings, estimates, and what only one of them has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.runs.estimates import COLUMNS, estimates_of
from eventpanel.runs.folder import AS_WRITTEN, Run
from eventpanel.runs.inputs import input_changes
from eventpanel.runs.settings import changed, flat
from eventpanel.runs.tables import TABLE

__all__ = ["Changes", "changes_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """What changed from one run to another.

    Attributes
    ----------
    then, now : Run
    warnings : tuple of str
        Why a comparison may mislead: other studies, files changed after the run.
    inputs, versions, settings : list of (name, then, now)
        Those that differ; versions with the platform, settings by dotted key.
    estimates : DataFrame
        Columns of :func:`eventpanel.runs.estimates.estimates_of`; what says something else now first, then by how far
        it moved.
    only_then, only_now : list of (file, row)
        Files that only one has; rows that only one has, of tables with estimates.
    others : tuple of str
        Further files in both that are not the same.
    """

    then: Run
    now: Run
    warnings: tuple[str, ...]
    inputs: list[tuple[str, str, str]]
    versions: list[tuple[str, str, str]]
    settings: list[tuple[str, str, str]]
    estimates: pd.DataFrame
    only_then: list[tuple[str, str]]
    only_now: list[tuple[str, str]]
    others: tuple[str, ...]


def changes_of(then: Run, now: Run) -> Changes:
    """Compare two runs.

    Parameters
    ----------
    then, now : Run

    Returns
    -------
    Changes

    Raises
    ------
    WrongLayoutError
        A file that should be a table and is none.
    """
    one, two = then.manifest, now.manifest
    tables: list[pd.DataFrame] = []
    only_then = [(name, "") for name in one.outputs if name not in two.outputs]
    only_now = [(name, "") for name in two.outputs if name not in one.outputs]
    others = []
    for name in (name for name in one.outputs if name in two.outputs):
        before, after = then.content(name), now.content(name)
        if before is None or after is None:
            continue
        found = estimates_of(before, after, name) if name.endswith(TABLE) else None
        if found is not None:
            tables.append(found.both)
            only_then += [(name, row) for row in found.lost]
            only_now += [(name, row) for row in found.added]
        elif before != after:
            others.append(name)
    return Changes(
        then,
        now,
        _warnings(then, now),
        input_changes(one.inputs, two.inputs),
        changed(one.platforms, two.platforms),
        changed(flat(one.study), flat(two.study)),
        _sorted(tables),
        only_then,
        only_now,
        tuple(others),
    )


def _warnings(then: Run, now: Run) -> tuple[str, ...]:
    one, two = then.manifest, now.manifest
    found = []
    if one.command != two.command:
        found.append(f"A was made by `{one.command}`, B by `{two.command}`.")
    if (one.title, one.study.get("family")) != (two.title, two.study.get("family")):
        found.append("These are runs of different studies: estimates of one name need not be of one thing.")
    for letter, run in (("A", then), ("B", now)):
        states = {name: run.state(name) for name in run.manifest.outputs}
        found += [
            f"{letter}: {name} is {state} since the run." for name, state in states.items() if state != AS_WRITTEN
        ]
    return tuple(found)


def _sorted(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """All estimates in one table: first what says something else, then by how far it moved."""
    held = [table for table in tables if len(table)]
    if not held:
        return pd.DataFrame(columns=list(COLUMNS))
    whole = pd.concat(held, ignore_index=True)
    silent = whole["says"].eq("").to_numpy() | ~whole["moved"].to_numpy()
    distance = -np.nan_to_num(whole["change_in_std_errors"].abs().to_numpy(), nan=-1.0)
    return whole.iloc[np.lexsort((distance, silent))].reset_index(drop=True)
