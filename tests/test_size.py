"""The table of sizes: the command that makes it, and that the page holds what the command would print."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import eventpanel.api as ep
from benchmarks.null_panels import LAYOUTS, YEARS, Layout, null_panel
from benchmarks.rejections import COUNT, LINEAR, METHODS, PANELS, ROBUST, Cell, Door, Method, rejections, table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "methods" / "inference.md"
BY_NAME = {method.name: method for method in METHODS}
ALL, TWELVE, TWO = LAYOUTS


@cache
def few_panels() -> list[Cell]:
    return [cell for layout in LAYOUTS for cell in rejections(layout, METHODS, 1)]


@cache
def printed() -> dict[tuple[str, str], str]:
    """Cells of the page by method and layout."""
    section = PAGE.read_text("utf-8").split("\n## Size\n")[1].split("\n## ")[0]
    head, _, *rows = [re.split(r" *\| *", line.strip("| ")) for line in section.splitlines() if line.startswith("|")]
    return {(row[0], name): cell for row in rows for name, cell in zip(head[1:], row[1:], strict=True)}


def share(cell: str) -> float:
    found = re.fullmatch(r"(?:\*\*)?([\d.]+)(?:\*\*)? \(([\d.]+)\)(?: !)?", cell)
    assert found is not None, cell
    return float(found[1]) / 100


def test_every_method_runs_on_every_layout_that_it_can() -> None:
    cells = few_panels()
    assert {(cell.method, cell.layout) for cell in cells} == {
        (method.name, layout.name)
        for method in METHODS
        for layout in LAYOUTS
        if layout is TWO or not method.by_controls
    }
    assert all(cell.panels == 1 and 0 <= cell.share <= 1 for cell in cells)
    rows = table(cells)
    assert [row[0] for row in rows] == ["method", *BY_NAME]
    assert all(len(row) == len(LAYOUTS) + 2 for row in rows)


def test_shares_are_those_of_p_values_that_are_defined() -> None:
    values = iter([0.05, 0.051, np.nan, 0.0, 1.0])
    methods = [Method("told", lambda panel, seed: next(values)), Method("first two", lambda panel, seed: 0.0, most=2)]
    told, first = rejections(TWELVE, methods, 5)
    assert (told.panels, told.rejected, told.warned) == (4, 2, False)
    assert (first.panels, first.rejected) == (2, 2)
    assert (told.share, told.error) == (0.5, 0.25)
    assert str(told) == "**50.0** (25.0)"
    assert str(Cell("", "", 1000, 75, warned=True)) == "7.5 (0.8) !"
    assert str(Cell("", "", 1000, 76, warned=False)) == "**7.6** (0.8)"


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_panels_are_what_the_page_says(layout: Layout) -> None:
    frame = null_panel(layout, np.random.default_rng(3)).frame
    inside = frame[frame["year"].between(1, YEARS)]
    assert inside.groupby("unit").size().tolist() == [YEARS] * layout.clusters
    assert (inside.groupby("unit")["event"].sum() > 0).tolist() == [True] * layout.treated + [False] * (
        layout.clusters - layout.treated
    )
    assert frame["event"].isin([0, 1]).all()
    assert (frame["count"] >= 0).all()


def test_a_panel_depends_on_its_number_alone() -> None:
    seen: list[tuple[float, int]] = []

    def look(panel: ep.Panel, seed: int) -> float:
        seen.append((float(panel.frame["y"].sum()), seed))
        return 1.0

    rejections(TWO, [Method("look", look)], 2)
    rejections(TWO, [Method("look", look)], 4)
    assert seen[:2] == seen[2:4]
    assert len(set(seen)) == 4


def test_the_page_names_every_method_and_layout() -> None:
    assert {name for name, _ in printed()} == set(BY_NAME)
    assert {layout for _, layout in printed()} == {*(layout.name for layout in LAYOUTS), "panels"}
    for name, method in BY_NAME.items():
        assert printed()[name, "panels"].split()[-1] == str(min(method.most, PANELS))


def test_the_page_marks_the_cells_in_which_the_toolkit_warns() -> None:
    for cell in few_panels():
        assert printed()[cell.method, cell.layout].endswith(" !") == cell.warned, cell


def test_wherever_a_test_rejects_too_often_the_toolkit_warns() -> None:
    """HC1 with 12 units too: it does not know of clusters, but is told that few units have many rows."""
    cells = {key: cell for key, cell in printed().items() if key[1] != "panels" and cell != "-"}
    failing = {key for key, cell in cells.items() if share(cell) > ROBUST[1]}
    assert {("CRV1, t(G-1)", TWO.name), ("Poisson, CRV1, t(G-1)", TWO.name)} <= failing
    assert ("HC1", TWELVE.name) in failing
    assert {key for key in failing if not cells[key].endswith(" !")} == set()
    for key, cell in cells.items():
        assert cell.startswith("**") == (not ROBUST[0] <= share(cell) <= ROBUST[1]), key


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        (TWO, "the event happens in only 2 clusters: standard errors may be far too small."),
        (TWELVE, "only 12 clusters: tests reject too often"),
    ],
    ids=["2 treated", "12 clusters"],
)
def test_the_warnings_are_those_the_page_quotes(layout: Layout, said: str) -> None:
    panel = null_panel(layout, np.random.default_rng(1))
    assert said in " ".join(PAGE.read_text("utf-8").split())
    for door, design in ((ep.distributed_lag, LINEAR), (ep.ppml, COUNT)):
        with pytest.warns(ep.EstimationWarning, match=said):
            door(panel, design)


@pytest.mark.parametrize(("door", "outcome"), [(ep.distributed_lag, "y"), (ep.ppml, "count")])
def test_hc1_says_that_few_units_have_many_rows(door: Door, outcome: str) -> None:
    said = "HC1 takes 144 rows of only 12 units as independent"
    assert said in " ".join(PAGE.read_text("utf-8").split())
    with pytest.warns(ep.EstimationWarning, match=said):
        door(
            null_panel(TWELVE, np.random.default_rng(1)), replace(LINEAR, outcome=outcome, covariance=ep.Robust("HC1"))
        )


def test_with_many_clusters_nothing_is_said() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ep.distributed_lag(null_panel(ALL, np.random.default_rng(1)), LINEAR)


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_the_printed_sizes_come_back(layout: Layout) -> None:
    names = ("CRV1, t(G-1)", "CRV3, t(G-1)", "Poisson, CRV1, t(G-1)")
    for cell in rejections(layout, [BY_NAME[name] for name in names], 300):
        was = share(printed()[cell.method, cell.layout])
        assert abs(cell.share - was) <= 4 * np.sqrt(was * (1 - was) / 300), cell
