"""What changed between two runs in words, as a page and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from eventpanel.datasets.errors import first_few
from eventpanel.reports.compared import compared_page
from eventpanel.reports.tables import Grid
from eventpanel.reports.text import csv_bytes, manifest
from eventpanel.runs.changes import Changes
from eventpanel.runs.estimates import SIGN, SIGNIFICANCE
from eventpanel.runs.folder import Run

__all__ = ["changes_csv", "changes_files", "changes_told"]

SHOWN = 10
ON_PAGE = 500
MARK = 12  # digits of a checksum that a reader can compare
LONG = 60


def changes_told(changes: Changes) -> list[str]:
    """Say in words what changed.

    Parameters
    ----------
    changes : Changes
    """
    lines = [f"{letter}: {run.manifest.title} ({run.folder})" for letter, run in zip("AB", _runs(changes), strict=True)]
    lines += [f"Warning: {warning}" for warning in changes.warnings]
    lines += _listed("input", changes.inputs) + _listed("version", changes.versions)
    lines += _listed("setting", changes.settings) + _estimates(changes)
    for letter, only in (("A", changes.only_then), ("B", changes.only_now)):
        if only:
            lines.append(f"Only in {letter}: {first_few(': '.join(filter(None, one)) for one in only)}.")
    if changes.others:
        lines.append(f"Other files that are not the same: {first_few(changes.others, SHOWN)}.")
    return lines


def _runs(changes: Changes) -> tuple[Run, Run]:
    return changes.then, changes.now


def _listed(what: str, found: Sequence[tuple[str, str, str]]) -> list[str]:
    if not found:
        return [f"{what.capitalize()}s: the same."]
    lines = [f"{what.capitalize()}s that differ: {len(found)}."]
    lines += [f"  {name}: {_short(then)} -> {_short(now)}" for name, then, now in found[:SHOWN]]
    return lines + ([f"  and {len(found) - SHOWN} more"] if len(found) > SHOWN else [])


def _short(text: str) -> str:
    if len(text) == 64 and " " not in text:
        return text[:MARK]
    return text if len(text) <= LONG else f"{text[: LONG - 3]}..."


def _estimates(changes: Changes) -> list[str]:
    table = changes.estimates
    if table.empty:
        return ["Estimates: none in both."]
    moved = table[table["moved"]]
    if moved.empty:
        return [f"Estimates: {len(table)} compared, none moved."]
    sign, significance = (int(moved["says"].str.contains(word, regex=False).sum()) for word in (SIGN, SIGNIFICANCE))
    lines = [
        f"Estimates: {len(table)} compared, {len(moved)} moved; {sign} with another sign, {significance} with another "
        f"{SIGNIFICANCE}."
    ]
    lines.append("What moved most, in standard errors of A, what says something else first:")
    lines += [f"  {_moved(row)}" for row in moved.head(SHOWN).itertuples(index=False)]
    return lines + ([f"  and {len(moved) - SHOWN} more"] if len(moved) > SHOWN else [])


def _moved(row: tuple[Any, ...]) -> str:
    file, name, then, now, _, _, distance, _, _, says, _ = row
    told = "" if pd.isna(distance) else f" ({distance:+.2g} std. errors)"
    change = f"{_number(then)} -> {_number(now)}{told}"
    return f"{file}: {name}: {change}{f'; changes {says}' if says else ''}"


def _number(value: float) -> str:
    return "none" if pd.isna(value) else f"{value:.4g}"


def changes_csv(changes: Changes) -> bytes:
    """All estimates of both runs as csv.

    Parameters
    ----------
    changes : Changes
    """
    return csv_bytes(changes.estimates.assign(label=_label(changes)))


def _label(changes: Changes) -> str:
    return " / ".join(dict.fromkeys(run.manifest.label for run in _runs(changes)))


def changes_files(changes: Changes) -> dict[str, bytes]:
    """All files of a comparison of two runs, by name.

    Parameters
    ----------
    changes : Changes
    """
    title = " / ".join(dict.fromkeys(run.manifest.title for run in _runs(changes)))
    label, told = _label(changes), "\n".join(changes_told(changes))
    grids = [
        _changed("Inputs that differ", changes.inputs),
        _changed("Versions that differ", changes.versions),
        _changed("Settings that differ", changes.settings),
        _table(changes.estimates),
        _only(changes),
    ]
    page = compared_page(f"{title}: what changed", label, told, [one for one in grids if one.rows])
    files = {"diff.csv": changes_csv(changes), "diff.html": page.encode()}
    study = {"title": title, "label": label, "studies": [run.manifest.study for run in _runs(changes)]}
    sources = [one.source for run in _runs(changes) for one in run.manifest.inputs]
    return files | {"manifest.json": manifest(study, list(dict.fromkeys(sources)), files, "diff")}


def _changed(title: str, found: Sequence[tuple[str, str, str]]) -> Grid:
    return Grid(title, ("", "A", "B"), tuple(found), (), ())


def _table(table: pd.DataFrame) -> Grid:
    moved = table[table["moved"].astype(bool)] if len(table) else table
    rows = tuple(
        (f"{file}: {name}", _number(then), _number(now), "" if pd.isna(distance) else f"{distance:+.2g}", says)
        for file, name, then, now, _, _, distance, _, _, says, _ in moved.head(ON_PAGE).itertuples(index=False)
    )
    notes = ["A change in standard errors of A is no test: both estimates may come from the same data."]
    if len(moved) > ON_PAGE:
        notes.append(f"{len(moved) - ON_PAGE} more are in diff.csv.")
    return Grid("Estimates that moved", ("", "A", "B", "std. errors", "changes"), rows, (), tuple(notes))


def _only(changes: Changes) -> Grid:
    both = (("A", changes.only_then), ("B", changes.only_now))
    rows = tuple((file, row, letter) for letter, only in both for file, row in only[:ON_PAGE])
    return Grid("Files and rows that only one has", ("", "row", "only in"), rows, (), ())
