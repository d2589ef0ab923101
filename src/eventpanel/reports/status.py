"""Treatment status: when the event happened in which unit, and where the windows of events overlap."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from eventpanel.datasets.countries import name_of
from eventpanel.datasets.errors import NoEventError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.events import Event
from eventpanel.estimators.window import EventWindow
from eventpanel.reports.coverage_grid import folds, sheet
from eventpanel.reports.figures import STYLE, wrap
from eventpanel.reports.status_grid import LOOKS, Cells, Status, StatusGrid, status_grid

__all__ = ["plot_status", "status_caption"]

# Inches: around everything, above, below, from below to the caption; of a unit and a period where there is room; of a
# line, a letter and the key of the legend.
SIDE, ABOVE, BELOW, CAPTION = 0.14, 0.62, 1.12, 0.86
UNIT, PERIOD, LINE, LETTER, KEY = 0.14, 0.16, 0.1, 0.065, 0.3
TALL, WIDE, NAMES = (1.0, 8.4), (4.2, 6.4), (0.4, 1.45)
# Units that can be told apart on a sheet; of more, an even choice is drawn.
MOST = 1500
# Rows from which cells are set apart by lines, in inches.
THICK = 0.06
LONGEST_NAME = 22
# Labels stand at every so manieth row or column.
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)


def plot_status(
    panel: Panel, event: Event, window: EventWindow | None = None, *, title: str = "", label: str = ""
) -> Figure:
    """Draw the event in every unit and period, units with the earliest first event on top.

    A cell shows an event, darker for a larger dose; a period inside the window of one event, or of several; a period
    without; an event that is set aside or cannot be told; or that there is no record.

    Parameters
    ----------
    panel : Panel
    event : Event
    window : EventWindow, optional
        Whose leads and lags are shaded; without it no window is.
    title, label : str
        Above the figure; the label says what the data are.

    Returns
    -------
    matplotlib Figure
        Save it with ``figure.savefig("status.pdf")``; :func:`status_caption` says in words what it shows.

    Raises
    ------
    NoEventError
        No unit has a record of the event.
    DesignError, PanelError
        As :func:`eventpanel.estimators.record.record`.
    """
    grid = status_grid(panel, event, window)
    if not len(grid.units):
        raise NoEventError(
            "There is nothing to draw: no unit has a record of the event.",
            event.column,
            "check the event column and its coverage",
        )
    rows = np.unique(np.linspace(0, len(grid.units) - 1, min(len(grid.units), MOST)).round().astype(int))
    tall, wide = np.clip(UNIT * len(rows), *TALL), np.clip(PERIOD * len(grid.periods), *WIDE)
    names = [_name(unit) for unit in grid.units[rows]]
    left = SIDE + np.clip(0.1 + LETTER * max(map(len, names)), *NAMES)
    title, width = title or f"When it happened: {event.column}", left + wide + SIDE
    tall = min(tall, TALL[1] - folds(title, label, width))
    height = tall + ABOVE + folds(title, label, width) + BELOW
    with rc_context(STYLE):
        figure = sheet((width, height), title, label, side=SIDE)
        ax = figure.add_axes((left / width, BELOW / height, wide / width, tall / height))
        _draw(ax, grid.cells[rows], tall / len(rows))
        _ticks(ax, [str(period) for period in grid.periods], names, (wide, tall))
        _legend(figure, grid)
        text = wrap(_caption(grid, len(rows)), round(19 * width))
        figure.text(SIDE / width, CAPTION / height, text, fontsize=6.5, color="0.3", va="top")
    return figure


def status_caption(panel: Panel, event: Event, window: EventWindow | None = None) -> str:
    """Say in words what the figure shows, for a caption or for those who cannot see it.

    Parameters
    ----------
    panel : Panel
    event : Event
    window : EventWindow, optional

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"unit": ["A"] * 3 + ["B"] * 3, "year": [2000, 2001, 2002] * 2, "x": [0, 1, 1, 0, 0, 0]})
    >>> status_caption(Panel(frame, ("unit",), "year"), Event(column="x", kind="dose"))
    '2 units, 2000 to 2002, by first event: 2 events in 1 of them.'
    """
    grid = status_grid(panel, event, window)
    return _caption(grid, len(grid.units))


def _caption(grid: StatusGrid, drawn: int) -> str:
    units, totals, count = len(grid.units), grid.totals, grid.counts
    if not units:
        return "There is no record of the event."
    text = (
        f"{units} units, {grid.periods[0]} to {grid.periods[-1]}, by first event: {totals['events']:.0f} events in "
        f"{totals['units with an event']:.0f} of them"
    )
    window, events = grid.window, totals["events"]
    if window is not None and events:
        overlapping = totals["share of events with another inside the window"]
        clean = totals["share of events with a clean window"]
        text += (
            f"; {overlapping:.0%} have another inside their window ({window.leads} before, {window.lags} after), "
            f"of {clean:.0%} the window is known to hold no other"
        )
    cells = {
        "set aside": Status.ASIDE,
        "that cannot be told": Status.UNTOLD,
        "without a record": Status.NO_RECORD,
    }
    more = "; ".join(f"{words}: {count[status]}" for words, status in cells.items() if count[status])
    few = f" {drawn} of the units are drawn, evenly chosen." if drawn < units else ""
    return f"{text}.{few}" + (f" Cells {more}." if more else "")


def _draw(ax: Axes, cells: Cells, thick: float) -> None:
    colors = ListedColormap([LOOKS[status][0] for status in Status])
    ax.imshow(cells, cmap=colors, vmin=-0.5, vmax=len(Status) - 0.5, aspect="auto", interpolation="nearest")
    units, periods = cells.shape
    if thick >= THICK:
        ax.hlines(np.arange(1, units) - 0.5, -0.5, periods - 0.5, color="white", linewidth=0.4)
        ax.vlines(np.arange(1, periods) - 0.5, -0.5, units - 0.5, color="white", linewidth=0.4)
    for spine in ax.spines.values():
        spine.set(visible=True, color="0.6", linewidth=0.4)


def _ticks(ax: Axes, periods: list[str], names: list[str], size: tuple[float, float]) -> None:
    """Label as many periods and units as there is room for."""
    wide, tall = size
    longest = max(map(len, periods))
    ax.set_xticks(*_every(_step(len(periods), round(wide / (LETTER * (longest + 1)))), periods), fontsize=6)
    ax.set_yticks(*_every(_step(len(names), round(tall / LINE)), names), fontsize=5.5)
    ax.tick_params(length=1.5, width=0.4, pad=1.5, color="0.6")


def _step(number: int, room: int) -> int:
    """Every how manieth label fits."""
    return next(step for step in STEPS if step * max(room, 1) >= number or step == STEPS[-1])


def _every(step: int, labels: list[str]) -> tuple[list[int], list[str]]:
    places = list(range(0, len(labels), step))
    return places, [labels[place] for place in places]


def _name(unit: object) -> str:
    name = name_of(str(unit))
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}\N{HORIZONTAL ELLIPSIS}"


def _legend(figure: Figure, grid: StatusGrid) -> None:
    handles = [
        Patch(facecolor=color, edgecolor="0.6", linewidth=0.4, label=grid.words.get(status, words))
        for status, (color, words) in LOOKS.items()
        if grid.counts[status]
    ]
    longest = max((len(str(handle.get_label())) for handle in handles), default=0)
    room = int(figure.get_figwidth() / (KEY + LETTER * longest))
    columns = int(np.clip(room, 1, min(len(handles), 4) or 1))
    figure.legend(handles=handles, loc="lower left", ncols=columns, fontsize=6.5, frameon=False)
