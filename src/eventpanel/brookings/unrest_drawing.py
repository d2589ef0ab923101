"""Pictures of the exhibits of equation (3): paths around unrest, and bars of goods."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from eventpanel.brookings.canvas import caption, page
from eventpanel.brookings.exhibit import Coefficient, Column, Content
from eventpanel.brookings.samples import AI
from eventpanel.brookings.unrest_models import EVENT_TIMES, SPECIFICATIONS, term_name
from eventpanel.reports.figures import GROUP_COLORS, STYLE, wrap

__all__ = ["bounds", "draw_bars", "draw_paths"]

COLORS = ("#053061", "#2166ac", "#4393c3", "#92c5de")
MARKERS = ("o", "s", "^", "D")
LEGEND: Any = {"fontsize": 7.5, "title_fontsize": 7.5, "alignment": "left", "frameon": False}
# Between the specifications at one event time, in years.
STEP = 0.16


def bounds(one: Coefficient, level: float) -> tuple[float, float]:
    """Return the interval of a coefficient, from the t distribution; missing without a standard error.

    Examples
    --------
    >>> [round(bound, 3) for bound in bounds(Coefficient("x", 1.0, 0.5, 10), 0.90)]
    [0.094, 1.906]
    """
    half = float(stats.t.ppf((1 + level) / 2, one.dof)) * one.std_error
    return one.estimate - half, one.estimate + half


def draw_paths(said: tuple[str, str], content: Content, level: float, label: str) -> Figure:
    """Draw paths around unrest: panels side by side, specifications side by side at each event time.

    Parameters
    ----------
    said : tuple of str
        Title, and the outcome as the axis names it.
    content : Content
    level : float
        Of the intervals.
    label : str
        What the data are.

    Returns
    -------
    Figure
        An event time that a column leaves out is a hollow point at zero.
    """
    panels = list(dict.fromkeys(column.panel for column in content.columns))
    with rc_context(STYLE):
        figure = page((max(1.4 + 3.4 * len(panels), 6.0), 4.4), said[0], label)
        axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
        for ax, panel in zip(axes, panels, strict=True):
            _panel(ax, [column for column in content.columns if column.panel == panel], level)
            ax.set_title(wrap(panel or "All", 40))
        axes[0].set_ylabel(wrap(f"Effect of unrest on {said[1]}", 34))
        figure.legend(
            *axes[0].get_legend_handles_labels(),
            title=f"Bars: {level:.0%} intervals. Hollow points: no coefficient, left out or the base.\n",
            loc="outside lower left",
            ncols=2,
            **LEGEND,
        )
    return figure


def _panel(ax: Axes, columns: list[Column], level: float) -> None:
    ax.axhline(0, color="0.4", linewidth=0.8)
    ax.axvline(-0.5, color="0.7", linewidth=0.8, linestyle=":")
    for number, column in enumerate(columns):
        shift = STEP * (number - (len(columns) - 1) / 2)
        color, marker = COLORS[number % len(COLORS)], MARKERS[number % len(MARKERS)]
        found = {_event_time(one.term): one for one in column.coefficients if _event_time(one.term) is not None}
        there = [k for k in EVENT_TIMES if k in found]
        ends = np.array([bounds(found[k], level) for k in there]).reshape(-1, 2)
        at = np.array(there, dtype=float) + shift
        ax.vlines(at, ends[:, 0], ends[:, 1], color=color, linewidth=1.6)
        values = [found[k].estimate for k in there]
        said = f"{column.head} {SPECIFICATIONS[number].said}" if number < len(SPECIFICATIONS) else column.head
        ax.plot(at, values, marker, color=color, markersize=4.5, label=said.replace(" none", " base"))
        out = np.array([k + shift for k in EVENT_TIMES if k not in found and not np.isnan(values).all()])
        ax.plot(out, np.zeros(len(out)), marker, markerfacecolor="white", markeredgecolor=color, markersize=4.5)
    names = [str(k).replace("-", "\N{MINUS SIGN}") for k in EVENT_TIMES]
    ax.set_xticks(list(EVENT_TIMES), names)
    ax.set_xlim(EVENT_TIMES[0] - 0.6, EVENT_TIMES[-1] + 0.6)
    ax.set_xlabel("Years since unrest")


def _event_time(name: str) -> int | None:
    """Event time of a row of a table."""
    return next((k for k in EVENT_TIMES if term_name(k, name.split(" ")[0]) == name), None)


def draw_bars(title: str, content: Content, level: float, label: str) -> Figure:
    """Draw one bar for each coefficient of the only column; AI stands out.

    Parameters
    ----------
    title : str
    content : Content
    level : float
    label : str

    Returns
    -------
    Figure
        A coefficient that is missing has no bar, and says so.
    """
    cells = content.columns[0].coefficients
    with rc_context(STYLE):
        figure = page((6.8, 1.6 + 0.27 * len(cells)), title, label)
        ax = figure.subplots()
        for place, one in enumerate(cells):
            if np.isnan(one.estimate):
                ax.text(0, place, " not estimated", va="center", fontsize=7.5, color="0.4")
                continue
            ax.barh(place, one.estimate, color=GROUP_COLORS[0] if one.term == AI else "0.72", height=0.7)
            ax.hlines(place, *bounds(one, level), color="0.15", linewidth=1.2)
        ax.axvline(0, color="0.3", linewidth=0.8)
        ax.set_yticks(range(len(cells)), [one.term for one in cells])
        ax.set_ylim(len(cells) - 0.4, -0.6)
        ax.set_xlabel("Coefficient of unrest in the same year")
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        caption(figure, f"One regression for each bar; lines: {level:.0%} intervals.")
    return figure
