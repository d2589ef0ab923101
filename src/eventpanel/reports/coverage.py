"""Coverage chart: which answer each source gives, by country and year."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log
from typing import Literal

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from eventpanel.datasets.countries import name_of
from eventpanel.datasets.coverage import known_variables
from eventpanel.datasets.errors import ColumnError
from eventpanel.datasets.panel import Panel
from eventpanel.reports.coverage_grid import LOOKS, NO_ROW, Grid, answer_grid, legend, sheet
from eventpanel.reports.figures import STYLE
from eventpanel.reports.tiles import regions

__all__ = ["plot_coverage"]

Order = Literal["region", "first", "name"]

# Inches: a line, a year, the names, between columns, above and below the lines.
LINE, YEAR, NAMES, GAP, ABOVE, BELOW = 0.125, 0.075, 1.5, 0.14, 1.0, 0.55
NARROWEST_COLUMN, NARROWEST = 0.75, 5.0
LONGEST_NAME, LETTER = 34, 0.06
# Width over height of a sheet of paper, upright and lying.
SHEETS = (2**-0.5, 2**0.5)
MOST_BLOCKS = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the chart: a country and its row of the grids, or a heading and -1."""

    text: str
    row: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Blocks of lines side by side, each with its names and a column of years for each variable; inches."""

    blocks: tuple[tuple[Line, ...], ...]
    columns: int
    years: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the figure."""
        width = GAP + len(self.blocks) * (self.block + GAP)
        return max(width, NARROWEST), ABOVE + BELOW + LINE * max(map(len, self.blocks))

    @property
    def block(self) -> float:
        """Width of a block."""
        return NAMES + self.columns * (self.years + GAP)

    def box(self, block: int, column: int) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of one column of years, as shares of the figure."""
        width, height = self.size
        left = GAP + block * (self.block + GAP) + NAMES + column * (self.years + GAP)
        tall = LINE * len(self.blocks[block])
        return left / width, (height - ABOVE - tall) / height, self.years / width, tall / height


def plot_coverage(
    panel: Panel,
    variables: str | Sequence[str] | None = None,
    *,
    order: Order = "region",
    title: str = "What the sources say",
    label: str = "",
) -> Figure:
    """Draw which answer each country and year has, one column of years for each variable.

    Parameters
    ----------
    panel : Panel
        Of several exporters a cell shows the one that is known best.
    variables : str or sequence of str, optional
        Columns of the panel; without it, all that were merged from a source.
    order : {"region", "first", "name"}
        Countries by region, neighbours together; by the first year with an answer; or by name.
    title, label : str
        Above the figure; the label says what the data are.

    Returns
    -------
    matplotlib Figure
        Save it with ``figure.savefig("coverage.pdf")``.

    Raises
    ------
    ColumnError
        No such column, none at all, or a panel without periods.
    """
    names = known_variables(panel, [variables] if isinstance(variables, str) else variables)
    if not names:
        raise ColumnError("There is no column to draw.", "", "merge a source first, or name a column")
    grids = [answer_grid(panel, name) for name in names]
    layout = _layout(_lines(grids, order), len(grids), len(grids[0].periods))
    with rc_context(STYLE):
        figure = sheet(layout.size, title, label, side=GAP)
        for number, lines in enumerate(layout.blocks):
            for column, grid in enumerate(grids):
                ax = figure.add_axes(layout.box(number, column))
                _draw(ax, grid, lines)
                if column == 0:
                    _names(ax, lines)
        legend(figure, grids)
    return figure


def _lines(grids: Sequence[Grid], order: Order) -> list[Line]:
    codes = [str(code) for code in grids[0].countries]
    names = [name_of(code) for code in codes]
    if order == "region":
        lines = []
        for region, members in regions(codes).items():
            rows = [codes.index(code) for code in members]
            lines += [Line(region, NO_ROW), *(Line(names[row], row) for row in rows)]
        return lines
    first = np.zeros(len(codes), dtype=int)
    if order == "first":
        answered = np.any([grid.answered for grid in grids], axis=0)
        first = np.where(answered.any(axis=1), answered.argmax(axis=1), answered.shape[1])
    return [Line(names[row], row) for row in sorted(range(len(codes)), key=lambda row: (first[row], names[row]))]


def _layout(lines: Sequence[Line], columns: int, periods: int) -> Layout:
    """As many blocks as make the chart most like a sheet of paper."""
    years = max(YEAR * periods, NARROWEST_COLUMN)
    layouts = [Layout(_blocks(lines, number), columns, years) for number in range(1, MOST_BLOCKS + 1)]
    return min(layouts, key=lambda one: min(abs(log(one.size[0] / one.size[1] / sheet)) for sheet in SHEETS))


def _blocks(lines: Sequence[Line], number: int) -> tuple[tuple[Line, ...], ...]:
    """Blocks of about equal length; the heading of a region is repeated at the top, and never the last line."""
    length = ceil(len(lines) / number)
    blocks: list[list[Line]] = [[]]
    heading = None
    for line in lines:
        is_heading = line.row == NO_ROW
        if len(blocks[-1]) >= length - is_heading and len(blocks) < number:
            blocks.append([heading] if heading is not None and not is_heading else [])
        heading = line if is_heading else heading
        blocks[-1].append(line)
    return tuple(tuple(block) for block in blocks)


def _draw(ax: Axes, grid: Grid, lines: Sequence[Line]) -> None:
    rows = np.array([line.row for line in lines])
    cells = np.where(rows[:, None] == NO_ROW, NO_ROW, grid.cells[rows])
    picture = np.zeros(cells.shape)
    for number, answer in enumerate(LOOKS, start=1):
        picture[cells == answer] = number
    colors = ListedColormap(["white", *(color for color, _ in LOOKS.values())])
    ax.pcolormesh(picture, cmap=colors, vmin=0, vmax=len(LOOKS), edgecolors="white", linewidth=0.25)
    ax.invert_yaxis()
    room = round(ax.get_position().width * ax.figure.get_figwidth() / LETTER)  # type: ignore[union-attr]
    title = "\n".join(textwrap.wrap(grid.name.replace("_", " "), room))
    ax.set_title(title, fontsize=6.5, pad=16, va="bottom")
    ticks = _ticks(len(grid.periods))
    ax.set_xticks([tick + 0.5 for tick in ticks], [str(grid.periods[tick]) for tick in ticks], fontsize=5, rotation=90)
    ax.xaxis.tick_top()
    ax.tick_params(length=0, pad=1)
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)


def _names(ax: Axes, lines: Sequence[Line]) -> None:
    for place, line in enumerate(lines):
        weight = "bold" if line.row == NO_ROW else "normal"
        name = textwrap.shorten(line.text, LONGEST_NAME, placeholder="\N{HORIZONTAL ELLIPSIS}")
        ax.text(-0.5, place + 0.5, name, fontsize=5.5, ha="right", va="center", weight=weight)


def _ticks(number: int) -> list[int]:
    """First and last period, and every fifth between that leaves room."""
    step = 5 if number > 8 else 1
    return [*(place for place in range(0, number - 1, step) if number - 1 - place >= min(step, 2)), number - 1]
