"""A verified run in words, as a page and as tables."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from eventpanel.datasets.errors import first_few, number
from eventpanel.reports.compared import compared_page
from eventpanel.reports.tables import Grid
from eventpanel.reports.text import csv_bytes, manifest
from eventpanel.runs.folder import AS_WRITTEN
from eventpanel.runs.tables import DIFFERS, IDENTICAL, TABLE, WITHIN, Cell, TableChange
from eventpanel.runs.verified import OTHER_BYTES, Verified

__all__ = ["told", "verification_files"]

SHOWN = 5
ON_PAGE = 200
MARK = 12  # digits of a checksum that a reader can compare
RULE = (
    "Two numbers agree if they differ by at most {:g} times the largest of: their own size, the standard error of "
    "their row where the table has one, and 1 in columns of statistics and probabilities."
)


def told(found: Verified) -> list[str]:
    """Say in words what a verification found.

    Parameters
    ----------
    found : Verified
    """
    lines = [_checksums(found), _inputs(found)]
    if found.refused is not None:
        lines.append(f"The run could not be made again: {found.refused.what}")
    else:
        lines += _made_again(found)
    if found.versions:
        reason = ", a likely reason for differences" if found.problems else ""
        differing = first_few((f"{name} {then}, now {now}" for name, then, now in found.versions), 10)
        lines.append(f"Versions that differ{reason}: {differing}.")
    verdict = "The run does not come out as it was." if found.problems else "The run comes out as it was."
    return [*lines, *([] if found.refused else [verdict])]


def _checksums(found: Verified) -> str:
    wrong = [f"{name} is {state}" for name, state in found.states.items() if state != AS_WRITTEN]
    kept = len(found.states) - len(wrong)
    return f"Files as written: {kept} of {len(found.states)}" + (f"; {first_few(wrong)}." if wrong else ".")


def _inputs(found: Verified) -> str:
    files = [one for one in found.run.manifest.inputs if one.sha256]
    if not found.inputs:
        return f"Inputs: {number(len(files), 'file')} with the checksums of then." if files else "Inputs: simulated."
    changes = (f"{name} had {then[:MARK]}, now {now[:MARK]}" for name, then, now in found.inputs)
    return f"Inputs that have changed: {first_few(changes)}."


def _made_again(found: Verified) -> list[str]:
    lines = []
    for what, tables in (("Tables", True), ("Other files", False)):
        verdicts = Counter(one.verdict for name, one in found.files.items() if name.endswith(TABLE) == tables)
        if verdicts:
            told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
            lines.append(f"{what} made again: {told}.")
    near = {name: found.files[name] for name in found.having(WITHIN)}
    if near:
        name, change = max(near.items(), key=lambda one: one[1].largest)
        lines.append(f"Largest difference within the tolerance: {change.largest:.2g}, {name}, {change.where}.")
    if found.having(DIFFERS) or near:
        lines.append(RULE.format(found.tolerance))
    for name in found.having(DIFFERS):
        cells = found.files[name].cells
        lines.append(f"{name} differs in {number(len(cells), 'place')}:" if cells else f"{name} is no table now.")
        lines += [f"  {_cell(cell)}" for cell in cells[:SHOWN]]
    if found.having(OTHER_BYTES) and found.excused:
        lines.append("Pictures and pages with other bytes are no surprise beside other versions or other last digits.")
    if found.new:
        lines.append(f"Only the new run has: {first_few(found.new)}.")
    return lines


def _cell(cell: Cell) -> str:
    place = ": ".join(filter(None, (cell.row, cell.column)))
    return f"{place}: then {cell.then or 'empty'}, now {cell.now or 'empty'}"


def verification_files(found: Verified) -> dict[str, bytes]:
    """All files of a verification, by name.

    Parameters
    ----------
    found : Verified
    """
    past = found.run.manifest
    grids = [_files(found), *[_cells(name, found.files[name]) for name in found.having(DIFFERS)]]
    page = compared_page(f"{past.title}: made again", past.label, "\n".join(told(found)), grids)
    files = {
        "verified.csv": csv_bytes(_verdicts(found).assign(label=past.label)),
        "differences.csv": csv_bytes(_differences(found).assign(label=past.label)),
        "verified.html": page.encode(),
    }
    study = {"title": past.title, "label": past.label, "tolerance": found.tolerance, "study": past.study}
    sources = [one.source for one in past.inputs]
    return files | {"manifest.json": manifest(study, sources, files, "verify")}


def _verdicts(found: Verified) -> pd.DataFrame:
    rows = [
        (name, found.states[name], one.verdict, len(one.cells), one.largest, one.where)
        for name, one in found.files.items()
    ]
    names = ["file", "state", "verdict", "differences", "largest_within", "where"]
    return pd.DataFrame(rows, columns=names)


def _differences(found: Verified) -> pd.DataFrame:
    rows = [
        (name, cell.row, cell.column, _value(cell.then), _value(cell.now))
        for name, change in found.files.items()
        for cell in change.cells
    ]
    return pd.DataFrame(rows, columns=["file", "row", "column", "then", "now"])


def _value(text: str) -> object:
    """Read a signed number as one, lest it be taken for a formula."""
    try:
        return float(text) if text.startswith(("-", "+")) else text
    except ValueError:
        return text


def _files(found: Verified) -> Grid:
    rows = tuple(
        (
            name,
            found.states[name],
            "" if one.verdict == IDENTICAL or not one.largest else f"{one.largest:.2g}",
            one.where,
            f"{one.verdict} ({len(one.cells)})" if one.cells else one.verdict,
        )
        for name, one in found.files.items()
    )
    head = ("", "checksum", "largest difference within", "where", "made again")
    return Grid("Files", head, rows, (), (RULE.format(found.tolerance),))


def _cells(name: str, change: TableChange) -> Grid:
    rows = tuple((cell.row, cell.column, cell.then, cell.now) for cell in change.cells[:ON_PAGE])
    left = len(change.cells) - ON_PAGE
    notes = (f"{left} more are in differences.csv.",) if left > 0 else ()
    return Grid(f"{name}: what differs", ("row", "column", "then", "now"), rows, (), notes)
