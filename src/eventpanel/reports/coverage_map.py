"""Coverage map: the answers of one column, each country a square near its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from eventpanel.datasets.answers import Answer
from eventpanel.datasets.errors import ColumnError, CountryError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.reports.coverage_grid import LABEL, LOOKS, NO_ROW, Grid, answer_grid, legend, sheet
from eventpanel.reports.figures import STYLE
from eventpanel.reports.tiles import COLUMNS, ROWS, off_the_map, tiles

__all__ = ["plot_coverage_map"]

# Inches: a square, above and below the map, at its sides.
TILE, ABOVE, BELOW, SIDE = 0.34, 0.7, 0.65, 0.2
SHADES = {
    "none": "#e4e4e4",
    "up to 1/4": "#deebf7",
    "up to 1/2": "#9ecae1",
    "up to 3/4": "#4292c6",
    "not all": "#2171b5",
    "all": "#08306b",
}
BOUNDS = (0.0, 0.25, 0.5, 0.75)
# Of 255: letters are white on what is darker.
DARK = 140


def plot_coverage_map(
    panel: Panel, variable: str, *, year: int | None = None, title: str = "", label: str = ""
) -> Figure:
    """Draw one column on a map in which each country is a square near its place.

    Parameters
    ----------
    panel : Panel
        Of several exporters a square shows the one that is known best.
    variable : str
        Column of the panel.
    year : int, optional
        Show the answers of this period. Without it: in which share of its periods each country has an answer, and the
        number of them.
    title, label : str
        Above the figure; the label says what the data are.

    Returns
    -------
    matplotlib Figure
        Save it with ``figure.savefig("map.pdf")``.

    Raises
    ------
    ColumnError
        No such column, or a period that the panel does not have.
    CountryError
        No country has a position, as with simulated ones.
    """
    grid = answer_grid(panel, variable)
    span = f"{grid.periods[0]} to {grid.periods[-1]}"
    if year is not None and year not in grid.periods:
        raise ColumnError(f"The panel has no period {year}.", f"periods: {span}", "choose one of its periods")
    codes = [str(code) for code in grid.countries]
    lost = off_the_map(codes)
    if len(lost) == len(codes):
        raise CountryError("No country of the panel has a place on the map.", first_few(lost), "draw the chart instead")
    width, height = COLUMNS * TILE + 2 * SIDE, ROWS * TILE + ABOVE + BELOW
    with rc_context(STYLE):
        figure = sheet((width, height), title or f"{variable}, {span if year is None else year}", label, side=SIDE)
        if lost:
            note = f"Not on the map: {first_few(lost, 12)}"
            figure.text(1 - SIDE / width, 1 - LABEL / height, note, fontsize=7, color="0.3", va="top", ha="right")
        if year is None:
            _draw(figure, tiles(codes), _shares(grid))
            _share_legend(figure)
        else:
            grid = replace(grid, cells=grid.cells[:, [list(grid.periods).index(year)]])
            squares, looks = tiles(codes), _answers(grid)
            _draw(figure, squares, looks)
            legend(figure, [grid], blank=len(squares) > len(looks))
    return figure


def _draw(figure: Figure, squares: Mapping[str, tuple[int, int]], looks: Mapping[str, tuple[str, str]]) -> None:
    width, height = figure.get_size_inches()
    box = (SIDE / width, BELOW / height, COLUMNS * TILE / width, ROWS * TILE / height)
    ax = figure.add_axes(box, xlim=(0, COLUMNS), ylim=(0, ROWS), aspect="equal")
    ax.set_axis_off()
    for code, place in squares.items():
        _tile(ax, code, place, looks.get(code, ("", "")))


def _shares(grid: Grid) -> dict[str, tuple[str, str]]:
    """Colour and number of periods with an answer, by country."""
    rows, answered = (grid.cells != NO_ROW).sum(axis=1), grid.answered.sum(axis=1)
    shades = list(SHADES.values())
    looks = {}
    for code, number, of in zip(grid.countries, answered, rows, strict=True):
        step = len(BOUNDS) + 1 if number == of else int(np.searchsorted(BOUNDS, number / of))
        looks[str(code)] = (shades[step], str(number))
    return looks


def _answers(grid: Grid) -> dict[str, tuple[str, str]]:
    cells = zip(grid.countries, grid.cells[:, 0], strict=True)
    return {str(code): (LOOKS[Answer(cell)][0], "") for code, cell in cells if cell != NO_ROW}


def _tile(ax: Axes, code: str, place: tuple[int, int], look: tuple[str, str]) -> None:
    color, number = look
    left, bottom = place
    square = Rectangle((left + 0.04, bottom + 0.04), 0.92, 0.92, linewidth=0.5)
    square.set(facecolor=color or "white", edgecolor="0.75")
    ax.add_patch(square)
    ink = _ink(color)
    ax.text(left + 0.5, bottom + (0.62 if number else 0.48), code, fontsize=6.5, ha="center", va="center", color=ink)
    ax.text(left + 0.5, bottom + 0.27, number, fontsize=5, ha="center", va="center", color=ink)


def _ink(color: str) -> str:
    """Letters that can be read: dark on light, light on dark, faint where the panel has no row."""
    if not color:
        return "0.6"
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < DARK else "black"


def _share_legend(figure: Figure) -> None:
    looks = {**SHADES, "no row in the panel": "white"}
    handles = [Patch(facecolor=color, edgecolor="0.6", linewidth=0.4, label=words) for words, color in looks.items()]
    title = "Share of periods with a value or a true zero; the number counts them"
    small = {"fontsize": 7, "title_fontsize": 7}
    figure.legend(
        handles=handles, loc="lower left", ncols=len(handles), frameon=False, title=title, alignment="left", **small
    )
