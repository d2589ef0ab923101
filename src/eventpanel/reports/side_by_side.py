"""Figure of several estimators side by side: their paths at aligned event times, and what each one uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from eventpanel.estimators.side_by_side import SideBySide
from eventpanel.reports.figures import STYLE, wrap

__all__ = ["plot_estimators", "side_by_side"]

# Okabe and Ito's colours, which the colour-blind can tell apart, and marks that print without colour.
COLORS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999933")
MARKS = ("o", "s", "^", "D", "v", "P", "X", "p")
# Share of the distance between two event times that the methods of one event time take up.
SPREAD = 0.72
# Above this many methods a panel is drawn wider.
NARROW = 5


def plot_estimators(found: SideBySide, title: str = "", *, level: float = 0.95) -> Figure:
    """Draw the paths of all estimators that have an estimate.

    Bars are pointwise intervals; hollow points are the period that others are compared with. The legend says how many
    of the panel's events each estimator uses.

    Parameters
    ----------
    found : SideBySide
        As :func:`eventpanel.estimators.side_by_side.compare_estimators` returns it.
    title : str
    level : float
        Level of the intervals.

    Returns
    -------
    Figure
    """
    return side_by_side({title: found}, "", "", level=level)


def side_by_side(comparisons: Mapping[str, SideBySide], title: str, label: str, *, level: float = 0.95) -> Figure:
    """Draw several comparisons, one below the other.

    Parameters
    ----------
    comparisons : mapping of str to SideBySide
        By their titles.
    title, label : str
        Above the figure; the label says what the data are.
    level : float

    Returns
    -------
    Figure
    """
    tables = {name: found.table(level) for name, found in comparisons.items()}
    columns = max((len(_groups(table)) for table in tables.values()), default=1)
    methods = max((len(found.estimates) for found in comparisons.values()), default=1)
    with rc_context(STYLE):
        size = (3.4 + max(4.4, 0.5 * max(methods, NARROW)) * columns, 1.0 + 3.4 * len(tables))
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        width = round(11 * size[0])
        figure.suptitle("\n".join(wrap(line, width) for line in (title, label) if line), fontsize=11)
        rows = np.atleast_1d(figure.subfigures(len(tables), 1, squeeze=False)[:, 0])
        for part, (name, table) in zip(rows, tables.items(), strict=True):
            part.suptitle(wrap(name, round(0.7 * width)), fontsize=10, x=0.01, ha="left", weight="bold")
            axes = list(part.subplots(1, columns, squeeze=False, sharey=True)[0])
            _draw(axes, part, comparisons[name], table)
        figure.supxlabel(wrap(_caption(level), round(1.35 * width)), fontsize=8, color="0.3", x=0.01, ha="left")
    return figure


def _caption(level: float) -> str:
    return (
        f"Bars: {level:.0%} pointwise intervals. Hollow points: the period that outcomes are compared with. Methods "
        "differ in what they estimate and in the events they use; numbers in brackets: events used, of all."
    )


def _groups(table: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(table["group"])) if len(table) else [""]


def _draw(axes: list[Axes], part: Any, found: SideBySide, table: pd.DataFrame) -> None:
    labels = list(found.estimates)
    for ax, group in zip(axes, _groups(table), strict=False):
        ax.axhline(0, color="0.4", linewidth=0.8)
        for number, label in enumerate(labels):
            mine = table[(table["method"] == label) & (table["group"] == group)]
            _path(ax, mine, number, (number - (len(labels) - 1) / 2) * SPREAD / max(len(labels), 2))
        times = sorted({int(k) for k in table.loc[table["group"] == group, "event_time"]})
        ax.xaxis.set_major_locator(FixedLocator(times))
        ax.set_xticks(times, [str(k).replace("-", "\N{MINUS SIGN}") for k in times])
        for k in times[:-1]:
            ax.axvline(k + 0.5, color="0.92", linewidth=0.6, zorder=0)
        ax.set_title(group or "All units")
        ax.set_xlabel("Periods since the event")
    if not labels:
        axes[0].text(0.5, 0.5, "Every estimator refuses.", transform=axes[0].transAxes, ha="center", color="0.3")
    for unused in axes[len(_groups(table)) :]:
        unused.set_axis_off()
    axes[0].set_ylabel(f"Effect on {found.design.outcome}")
    handles, _ = axes[0].get_legend_handles_labels()
    names = [_legend(found, label) for label in labels]
    part.legend(handles, names, loc="outside center right", frameon=False, fontsize=8, borderaxespad=0.2)


def _legend(found: SideBySide, label: str) -> str:
    totals = found.cards[label].totals
    return f"{label} ({totals['used']} of {totals['events']})"


def _look(number: int) -> tuple[str, str]:
    """Colour and mark of a method; from the ninth on colours come again, each with another mark."""
    return COLORS[number % len(COLORS)], MARKS[(number + number // len(COLORS)) % len(MARKS)]


def _path(ax: Axes, rows: pd.DataFrame, number: int, offset: float) -> None:
    color, mark = _look(number)
    known = rows[rows["role"] == "estimate"]
    times = known["event_time"].to_numpy(dtype=float) + offset
    ax.vlines(times, known["conf_low"], known["conf_high"], color=color, linewidth=1.6)
    ax.plot(times, known["estimate"], mark, color=color, markersize=4.5, label=str(number))
    base = rows.loc[rows["role"] == "reference", "event_time"].to_numpy(dtype=float) + offset
    ax.plot(base, np.zeros(len(base)), mark, markerfacecolor="white", markeredgecolor=color, markersize=4.5)
