"""Pictures of the exhibits of equation (3): paths around unrest, and bars of goods."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy import stats

from eventpanel.brookings.exhibit import Coefficient, Column, Content
from eventpanel.brookings.unrest_models import EVENT_TIMES, SPECIFICATIONS, term_name
from eventpanel.reports.figures import GROUP_COLORS, STYLE, wrap

__all__ = ["bounds", "draw_bars", "draw_paths"]

Floats = npt.NDArray[np.float64]
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


def draw_paths(outcome: str, content: Content, level: float, label: str) -> Figure:
    """Draw paths around unrest: panels side by side, specifications side by side at each event time.

    Parameters
    ----------
    outcome : str
        Label of the vertical axis.
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
        figure = _page((max(1.4 + 3.4 * len(panels), 6.0), 4.4), label)
        axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
        for ax, panel in zip(axes, panels, strict=True):
            _panel(ax, [column for column in content.columns if column.panel == panel], level)
            ax.set_title(wrap(panel or "All", 40))
        axes[0].set_ylabel(wrap(f"Effect of unrest on {outcome}", 34))
        figure.legend(
            *axes[0].get_legend_handles_labels(),
            title=f"Bars: {level:.0%} intervals. Hollow points: no coefficient, left out or the base.",
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


def draw_bars(outcome: str, content: Content, level: float, label: str) -> Figure:
    """Draw one bar for each column, by its first coefficient; the last column stands out.

    Parameters
    ----------
    outcome : str
        Label of the axis.
    content : Content
    level : float
    label : str

    Returns
    -------
    Figure
        A column without an estimate has no bar, and says so.
    """
    with rc_context(STYLE):
        figure = _page((6.8, 1.2 + 0.27 * len(content.columns)), label)
        ax = figure.subplots()
        places = np.arange(len(content.columns), dtype=float)
        for place, column in zip(places, content.columns, strict=True):
            one, color = column.coefficients[0], GROUP_COLORS[0] if place == places[-1] else "0.62"
            if np.isnan(one.estimate):
                ax.text(0, place, " not estimated", va="center", fontsize=7.5, color="0.4")
                continue
            ax.barh(place, one.estimate, color=color, height=0.7)
            ax.hlines(place, *bounds(one, level), color="0.15", linewidth=1.2)
        ax.axvline(0, color="0.4", linewidth=0.8)
        ax.set_yticks(places, [column.head for column in content.columns])
        ax.invert_yaxis()
        ax.set_xlabel(outcome)
        _caption(figure, f"One regression for each bar; lines: {level:.0%} intervals.")
    return figure


def _page(size: tuple[float, float], label: str) -> Figure:
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(wrap(label, round(11 * size[0])), fontsize=10)
    return figure


def _caption(figure: Figure, text: str) -> None:
    width = round(16 * figure.get_figwidth())
    figure.supxlabel(wrap(text, width), fontsize=7.5, color="0.3", x=0.01, ha="left")
