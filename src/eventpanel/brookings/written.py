"""Exhibits as files: csv, Markdown, LaTeX, png, pdf, and one index page of them all."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit, numbers
from eventpanel.brookings.limits import Limit
from eventpanel.brookings.made import Made, Version
from eventpanel.brookings.provenance import absences, conflicts, coverage, summed, traps
from eventpanel.datasets.materials import Materials
from eventpanel.reports.figures import save
from eventpanel.reports.pages import rendered_page
from eventpanel.reports.tables import Grid, latex_grids, markdown_grids, number
from eventpanel.reports.text import csv_bytes

__all__ = ["Page", "files_of", "files_of_data", "grids_of", "index_page", "tidy"]


def tidy(made: Sequence[Made]) -> pd.DataFrame:
    """All numbers of some exhibits: exhibit, version, then as :func:`eventpanel.brookings.exhibit.numbers`."""
    tables = [
        numbers(version.content).assign(exhibit=one.exhibit.name, version=version.name)
        for one in made
        for version in one.versions
        if version.content is not None
    ]
    if not tables:
        return pd.DataFrame()
    table = pd.concat(tables, ignore_index=True)
    return table[["exhibit", "version", *table.columns.drop(["exhibit", "version"])]]


def grids_of(exhibit: Exhibit, version: Version) -> list[Grid]:
    """Tables of one version, one a panel; its notes stand under the last.

    Parameters
    ----------
    exhibit : Exhibit
    version : Version
    """
    if version.content is None:
        return []
    panels: dict[str, list[Column]] = {}
    for column in version.content.columns:
        panels.setdefault(column.panel, []).append(column)
    head = f"{exhibit.number}. {exhibit.title} ({version.name})"
    last = len(panels) - 1
    return [
        _grid(f"{head}. {panel}" if panel else head, columns, _notes(version) if place == last else ())
        for place, (panel, columns) in enumerate(panels.items())
    ]


def _notes(version: Version) -> tuple[str, ...]:
    content = version.content
    own = content.notes if content is not None else ()
    return (*own, *([f"Switches: {'; '.join(version.switches)}."] if version.switches else []))


def _grid(title: str, columns: Sequence[Column], notes: tuple[str, ...]) -> Grid:
    terms = dict.fromkeys(one.term for column in columns for one in column.coefficients)
    held = [{one.term: one for one in column.coefficients} for column in columns]
    rows: list[tuple[str, ...]] = []
    for term in terms:
        cells = [cells.get(term) for cells in held]
        rows.append((term, *["" if one is None else _value(one) for one in cells]))
        if any(one is not None and one.std_error == one.std_error for one in cells):
            errors = [
                "" if one is None or one.std_error != one.std_error else f"({number(one.std_error)})" for one in cells
            ]
            rows.append(("", *errors))
    below = [dict(column.counts) for column in columns]
    names = dict.fromkeys(name for counts in below for name in counts)
    counts = tuple((name, *[one.get(name, "") for one in below]) for name in names)
    return Grid(title, ("", *[column.head for column in columns]), tuple(rows), counts, notes)


def _value(one: Coefficient) -> str:
    """Write counts as whole numbers, all else as estimates; nothing where there is none."""
    if one.is_count:
        return "" if one.estimate != one.estimate else f"{one.estimate:,.0f}"
    return number(one.estimate, one.std_error)


def files_of(one: Made, figure: Figure | None, label: str) -> dict[str, bytes]:
    """Files of one exhibit by name: numbers, tables, figure, further tables.

    Parameters
    ----------
    one : Made
    figure : Figure, optional
    label : str
        What the data are.
    """
    name, title = one.exhibit.name, f"{one.exhibit.number}. {one.exhibit.title}"
    grids = [grid for version in one.versions for grid in grids_of(one.exhibit, version)]
    if not grids:
        return {}
    files = {
        f"{name}.csv": csv_bytes(tidy([one]).assign(label=label)),
        f"{name}.md": markdown_grids(grids, title, label).encode(),
        f"{name}.tex": latex_grids(grids, title, label).encode(),
    }
    for content in _contents(one)[:1]:
        files |= {f"{name}_{key}.csv": csv_bytes(table.assign(label=label)) for key, table in content.more.items()}
    if figure is not None:
        files |= {f"{name}.png": save(figure, "png"), f"{name}.pdf": save(figure, "pdf")}
    return files


def _contents(one: Made) -> list[Content]:
    return [version.content for version in one.versions if version.content is not None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Page:
    """What the index page shows.

    Attributes
    ----------
    title, label : str
    materials : Materials
        Its sources and planted coefficients are shown.
    switches : tuple of (name, standing, meaning)
    made : tuple of Made
    moves : tuple of Grid
        How much each switch moves the headlines.
    files : mapping of str to bytes
        All files of the exhibits; pictures are shown in the page.
    limits : tuple of Limit
        What the data can and cannot say.
    """

    title: str
    label: str
    materials: Materials
    switches: tuple[tuple[str, str, str], ...]
    made: tuple[Made, ...]
    moves: tuple[Grid, ...]
    files: dict[str, bytes]
    limits: tuple[Limit, ...] = ()


def files_of_data(materials: Materials) -> dict[str, bytes]:
    """Files that say where data come from, by name: coverage, conflicts, and what was wrong with a list of deals.

    Parameters
    ----------
    materials : Materials
        Simulated data have none.
    """
    if materials.kind == "simulated":
        return {}
    tables = {"coverage.csv": coverage(materials), "conflicts.csv": conflicts(materials)}
    report = traps(materials)
    tables |= {} if report is None else {"deals_report.csv": report}
    return {name: csv_bytes(table.assign(label=materials.label)) for name, table in tables.items()}


def index_page(page: Page) -> str:
    """Render one self-contained page of all exhibits; no script, no link to anything outside but sources."""
    return rendered_page(
        "exhibits.html",
        {
            "title": page.title,
            "label": page.label,
            "kind": page.materials.kind,
            "planted": list(page.materials.planted.items()),
            "switches": page.switches,
            "exhibits": [_shown(one, page.files) for one in page.made],
            "sources": page.materials.sources,
            "moves": page.moves,
            "moves_picture": _picture(page.files, "moves"),
            "limits": page.limits,
            "tables": _tables(page.materials),
        },
    )


def _picture(files: dict[str, bytes], name: str) -> str:
    """Return a picture as it stands in the page, empty where there is none."""
    held = files.get(f"{name}.png")
    return "" if held is None else base64.b64encode(held).decode()


def _tables(materials: Materials) -> list[tuple[str, str, str, list[str], list[list[str]]]]:
    """Tables about the data: anchor, title, what they say, head and cells."""
    if materials.kind == "simulated":
        return []
    told = [
        ("absent", "What is not there", "Exhibits that need it are not made.", absences(materials)),
        ("coverage", "Coverage", "Rows of each part that a source answers; coverage.csv.", coverage(materials)),
        (
            "conflicts",
            "Conflicts",
            "What did not match, summed up; conflicts.csv has each.",
            summed(conflicts(materials)),
        ),
    ]
    report = traps(materials)
    if report is not None:
        told.insert(0, ("deals", "The list of deals", "What was looked for in it; deals_report.csv.", report))
    return [(name, title, words, *_cells(table)) for name, title, words, table in told]


def _cells(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    head = [str(name).replace("_", " ") for name in table.columns]
    return head, [
        ["" if cell != cell else _plain(cell) for cell in row] for row in table.astype(object).to_numpy().tolist()
    ]


def _plain(cell: object) -> str:
    return f"{cell:.0f}" if isinstance(cell, float) else str(cell)


def _shown(one: Made, files: dict[str, bytes]) -> dict[str, object]:
    name, exhibit = one.exhibit.name, one.exhibit
    return {
        "name": name,
        "number": exhibit.number,
        "title": exhibit.title,
        "picture": _picture(files, name),
        "versions": [(version, grids_of(exhibit, version)) for version in one.versions],
        "made": any(version.content is not None for version in one.versions),
        "files": sorted(file for file in files if file.split(".")[0] == name or file.startswith(f"{name}_")),
    }
