"""Figures that checks share: a forest of intervals, ranked estimates, a sweep along an axis, draws under the null."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eventpanel.reports.figures import STYLE, cut, wrap
from eventpanel.robustness.case import Case
from eventpanel.robustness.lines import Found, Line, made
from eventpanel.robustness.variation import unit_of

__all__ = ["SIMULTANEOUS", "forest", "new_figure", "ordered", "ranked", "sweep"]

COLORS = {"headline": "#b2182b", "variation": "#2166ac", "other": "#5aae61", "placebo": "#762a83", "test": "0.35"}
# Above this many rows a forest cannot be read, and the ranks are drawn.
MOST_ROWS = 70
# What a line of role "size" holds whose estimate widens the intervals of its part to a band for all of them at once.
SIMULTANEOUS = "critical value of the simultaneous band"


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches.

    Parameters
    ----------
    width, height : float
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
    return figure


def forest(case: Case, found: Found) -> Figure:
    """Draw an interval a line, by part; a panel a unit, since numbers of different units do not compare.

    Parameters
    ----------
    case : Case
    found : Found
    """
    shown = made(found.lines, "headline", "variation", "other", "placebo")
    shown = [line for line in shown if not np.isnan(line.estimate)]
    if len(shown) > MOST_ROWS:
        return ranked(case, found)
    units = list(dict.fromkeys([unit_of(case.question), *(line.unit for line in shown)]))
    panels = [rows for unit in units if (rows := _rows([line for line in shown if line.unit == unit]))]
    heights = [len(rows) + 2.2 for rows in panels]
    with rc_context(STYLE):
        figure = new_figure(8.0, 0.25 * sum(heights) + 0.5)
        grid = figure.subplots(len(panels), 1, squeeze=False, gridspec_kw={"height_ratios": heights})
        for axes, rows in zip(grid[:, 0], panels, strict=True):
            _intervals(axes, case, rows)
    return figure


def _rows(lines: Sequence[Line]) -> list[Line | str]:
    """Lines under the names of their parts; the headline once."""
    head = [line for line in lines if line.role == "headline"][:1]
    rows: list[Line | str] = [*head]
    rest = [line for line in lines if line.role != "headline"]
    parts = list(dict.fromkeys(line.part for line in rest))
    for part in parts:
        rows += [part] if len(parts) > 1 and part else []
        rows += [line for line in rest if line.part == part]
    return rows


def _intervals(axes: Axes, case: Case, rows: Sequence[Line | str]) -> None:
    labels = []
    for place, row in enumerate(rows):
        if isinstance(row, str):
            labels.append(row)
            continue
        color = COLORS.get(row.role, "0.3")
        axes.hlines(place, row.conf_low, row.conf_high, color=color, linewidth=1.7)
        axes.plot(row.estimate, place, "o", color=color, markersize=4.5)
        labels.append(wrap(cut(row.label, 110), 60))
    axes.axvline(0, color="0.5", linewidth=0.8)
    lines = [row for row in rows if isinstance(row, Line)]
    if any(row.role == "headline" for row in lines):
        value = next(row.estimate for row in lines if row.role == "headline")
        axes.axvline(value, color=COLORS["headline"], linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(rows)), labels, fontsize=8)
    for tick, row in zip(axes.get_yticklabels(), rows, strict=True):
        tick.set_fontweight("bold" if isinstance(row, str) else "normal")
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_title(f"Effect on {lines[0].unit}, {case.level:.0%} intervals", fontsize=8.5)


def ranked(case: Case, found: Found) -> Figure:
    """Draw many estimates by size, with their intervals and the headline's.

    Parameters
    ----------
    case : Case
    found : Found
    """
    shown = [line for line in made(found.lines, "variation", "other", "placebo") if not np.isnan(line.estimate)]
    parts = list(dict.fromkeys(line.part for line in shown))
    with rc_context(STYLE):
        figure = new_figure(8.0, 0.4 + 2.5 * len(parts))
        grid = figure.subplots(len(parts), 1, squeeze=False)
        for axes, part in zip(grid[:, 0], parts, strict=True):
            _ranks(axes, case, part, sorted((x for x in shown if x.part == part), key=lambda line: line.estimate))
    return figure


def _ranks(axes: Axes, case: Case, part: str, lines: Sequence[Line]) -> None:
    places = np.arange(len(lines))
    low, high = (np.array([getattr(line, name) for line in lines]) for name in ("conf_low", "conf_high"))
    axes.vlines(places, low, high, color="0.75", linewidth=1.2)
    axes.plot(places, [line.estimate for line in lines], ".", color=COLORS["variation"], markersize=5)
    value = float(case.headline.coef[0])
    axes.axhline(value, color=COLORS["headline"], linewidth=0.9, linestyle=":")
    axes.axhline(0, color="0.5", linewidth=0.8)
    for place in dict.fromkeys([0, 1, len(lines) - 2, len(lines) - 1]):
        if 0 <= place < len(lines):
            side = "bottom" if place > 1 else "top"
            axes.annotate(
                lines[place].label,
                (place, high[place] if side == "bottom" else low[place]),
                rotation=90,
                fontsize=6.5,
                ha="center",
                va=side,
            )
    axes.margins(y=0.25)
    axes.set_xticks([])
    axes.set_ylabel(wrap(f"Effect on {lines[0].unit}", 30), fontsize=8)
    axes.set_title(f"{part}: {len(lines)} estimates in order, {case.level:.0%} intervals", fontsize=8.5)


def sweep(case: Case, found: Found) -> Figure:
    """Draw estimates along an axis with a band of pointwise intervals; the headline stands out.

    Parameters
    ----------
    case : Case
    found : Found
    """
    shown = [line for line in made(found.lines, "variation", "other") if not np.isnan(line.position)]
    parts = list(dict.fromkeys((line.part, line.unit) for line in shown))
    with rc_context(STYLE):
        figure = new_figure(7.0, 0.4 + 2.8 * max(1, len(parts)))
        grid = figure.subplots(max(1, len(parts)), 1, squeeze=False)
        for axes, (part, unit) in zip(grid[:, 0], parts, strict=False):
            lines = sorted((x for x in shown if (x.part, x.unit) == (part, unit)), key=lambda line: line.position)
            where, values = [line.position for line in lines], [line.estimate for line in lines]
            axes.fill_between(
                where, [x.conf_low for x in lines], [x.conf_high for x in lines], color=COLORS["variation"], alpha=0.18
            )
            bands = ["pointwise", *_simultaneous(axes, found, part, lines)]
            axes.plot(where, values, "o-", color=COLORS["variation"], markersize=4, linewidth=1.2)
            axes.axhline(0, color="0.5", linewidth=0.8)
            if all(place == round(place) for place in where):
                axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            if unit == unit_of(case.question):
                axes.axhline(float(case.headline.coef[0]), color=COLORS["headline"], linewidth=0.9, linestyle=":")
            axes.set_ylabel(wrap(f"Effect on {unit}", 32), fontsize=8)
            axes.set_title(f"{part}; band: {', '.join(bands)} {case.level:.0%} intervals", fontsize=8.5)
    return figure


def _simultaneous(axes: Axes, found: Found, part: str, lines: Sequence[Line]) -> list[str]:
    """Draw the band for all estimates at once where the lines have one, and say so."""
    critical = [x.estimate for x in found.lines if x.part == part and x.quantity == SIMULTANEOUS]
    for times in critical:
        for side in (-times, times):
            bound = [line.estimate + side * line.std_error for line in lines]
            axes.plot([line.position for line in lines], bound, ":", color=COLORS["variation"], linewidth=1.0)
    return ["dotted: simultaneous"] * len(critical)


def ordered(case: Case, found: Found) -> Figure:
    """Draw the headline among placebos, by size, with intervals.

    Parameters
    ----------
    case : Case
    found : Found
    """
    shown = [line for line in made(found.lines, "headline", "placebo") if not np.isnan(line.estimate)]
    if len(shown) > MOST_ROWS:
        return ranked(case, found)
    rows = sorted(shown, key=lambda line: -line.estimate)
    with rc_context(STYLE):
        figure = new_figure(8.0, 0.25 * len(rows) + 1.0)
        _intervals(figure.subplots(), case, rows)
    return figure
