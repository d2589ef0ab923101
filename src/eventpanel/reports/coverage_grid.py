"""Answers of one column, countries by periods, and how each answer looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from eventpanel.datasets.answers import Answer, frame_of
from eventpanel.datasets.errors import ColumnError
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.registry import entries
from eventpanel.reports.figures import wrap

__all__ = ["LABEL", "LOOKS", "NO_ROW", "Grid", "answer_grid", "folds", "legend", "sheet"]

# Apart in lightness as well as in hue: they stay four in grey and for every colour blindness.
LOOKS = {
    Answer.VALUE: ("#08306b", "a value"),
    Answer.ZERO: ("#6baed6", "a true zero"),
    Answer.CENSORED: ("#d94801", "censored"),
    Answer.NOT_COVERED: ("#ebebeb", "not covered, or no number"),
}
NO_ROW = -1
EDGE = "0.6"
# Inches from the top to the label of a figure.
LABEL = 0.34
# Inches of a further line of the title and of the label.
TITLE_LINE, LABEL_LINE = 0.19, 0.12
# Inches from which the legend stands on one line.
WIDE = 8.5
# Several rows may fall into a cell, as those of several exporters do: it shows the most that is known.
RANKS = {Answer.NO_VALUE: 0, Answer.NOT_COVERED: 0, Answer.CENSORED: 1, Answer.ZERO: 2, Answer.VALUE: 3}
BY_RANK = (Answer.NOT_COVERED, Answer.CENSORED, Answer.ZERO, Answer.VALUE)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Answers of one column.

    Attributes
    ----------
    name : str
    cells : ndarray, shape (countries, periods)
        Number of an :class:`Answer`, or -1 where the panel has no row.
    countries, periods : Index
    why : str
        Why some are censored.
    """

    name: str
    cells: npt.NDArray[np.int64]
    countries: pd.Index
    periods: pd.Index
    why: str

    @property
    def answered(self) -> npt.NDArray[np.bool_]:
        """Cells with a value or a zero, shape (countries, periods)."""
        return np.isin(self.cells, (Answer.VALUE, Answer.ZERO))


def answer_grid(panel: Panel, name: str) -> Grid:
    """Answers of one column by importer (or the last key of the unit) and period.

    A zero of a regime's score is a class like any other, so it is drawn as a value.

    Raises
    ------
    ColumnError
        A panel without periods.
    """
    if panel.period is None:
        raise ColumnError("The panel has no periods to draw.", ", ".join(panel.keys), "draw a panel of years")
    country = panel.codes("importer" if "importer" in panel.unit else panel.unit[-1])
    period = panel.codes(panel.period)
    ranks = np.array([RANKS[answer] for answer in Answer])[panel.answers(name)]
    best = np.full((len(country.labels), len(period.labels)), NO_ROW)
    np.maximum.at(best, (country.codes, period.codes), ranks)
    own = frame_of(name, panel.watched)
    cells = np.array([*BY_RANK, NO_ROW])[best]
    if own is not None and any(entry.name == own.source and entry.role == "regime" for entry in entries()):
        cells = np.where(cells == Answer.ZERO, Answer.VALUE, cells)
    return Grid(name, cells, country.labels, period.labels, "" if own is None else own.why)


def sheet(size: tuple[float, float], title: str, label: str, *, side: float) -> Figure:
    """Empty figure with title and label above; to be called in the style of the figures.

    Parameters
    ----------
    size : tuple of float
        Width and height in inches.
    title, label : str
    side : float
        Inches left of both.
    """
    width, height = size
    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    head, below = _head(title, label, width)
    figure.suptitle(head, x=side / width, y=1 - 0.1 / height, ha="left", va="top")
    down = LABEL + TITLE_LINE * head.count("\n")
    figure.text(side / width, 1 - down / height, below, fontsize=7, color="0.3", va="top")
    return figure


def folds(title: str, label: str, width: float) -> float:
    """Inches that title and label need beyond a line each.

    Parameters
    ----------
    title, label : str
    width : float
        Of the figure, in inches.
    """
    head, below = _head(title, label, width)
    return TITLE_LINE * head.count("\n") + LABEL_LINE * below.count("\n")


def _head(title: str, label: str, width: float) -> tuple[str, str]:
    return wrap(title, round(9 * width)), wrap(label, round(14 * width))


def legend(figure: Figure, grids: Sequence[Grid], *, blank: bool = False) -> None:
    """Name the answers that are drawn, in words, below the figure.

    Parameters
    ----------
    figure : Figure
    grids : sequence of Grid
        What is drawn.
    blank : bool
        Whether some countries have no row at all.
    """
    seen = {int(cell) for grid in grids for cell in np.unique(grid.cells)}
    reasons = [grid.why for grid in grids if grid.why and (grid.cells == Answer.CENSORED).any()]
    why = ", ".join(dict.fromkeys(reasons))
    handles = []
    for answer, (color, words) in LOOKS.items():
        if answer in seen:
            text = f"{words}: {why}" if answer == Answer.CENSORED and why else words
            handles.append(Patch(facecolor=color, edgecolor=EDGE, linewidth=0.4, label=text))
    if blank or NO_ROW in seen:
        handles.append(Patch(facecolor="white", edgecolor=EDGE, linewidth=0.4, label="no row in the panel"))
    columns = 3 if figure.get_figwidth() < WIDE else len(handles)
    figure.legend(handles=handles, loc="lower left", ncols=columns, fontsize=7, frameon=False)
