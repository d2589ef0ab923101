"""Forest: an interval a line, by part or by size; where they are too many, their ranks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eventpanel.reports.figures import cut, wrap
from eventpanel.robustness.case import Case
from eventpanel.robustness.figures.frame import COLORS, framed
from eventpanel.robustness.lines import Found, Line, made
from eventpanel.robustness.variation import rests_on_few, unit_of

__all__ = ["forest", "ordered"]

# Above this many rows a forest cannot be read, and the ranks are drawn.
MOST_ROWS = 70


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
        return _ranked(case, found)
    units = list(dict.fromkeys([unit_of(case.question), *(line.unit for line in shown)]))
    panels = [rows for unit in units if (rows := _rows([line for line in shown if line.unit == unit]))]
    heights = [len(rows) + 2.2 for rows in panels]
    with framed(8.0, 0.25 * sum(heights) + 0.5) as figure:
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
        few = f" (N\u00a0=\u00a0{row.nobs:,.0f})" if rests_on_few(case, row) else ""
        labels.append(wrap(f"{cut(row.label, 110)}{few}", 60))
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


def ordered(case: Case, found: Found) -> Figure:
    """Draw the headline among placebos, by size, with intervals.

    Parameters
    ----------
    case : Case
    found : Found
    """
    shown = [line for line in made(found.lines, "headline", "placebo") if not np.isnan(line.estimate)]
    if len(shown) > MOST_ROWS:
        return _ranked(case, found)
    rows = sorted(shown, key=lambda line: -line.estimate)
    with framed(8.0, 0.25 * len(rows) + 1.0) as figure:
        _intervals(figure.subplots(), case, rows)
    return figure


def _ranked(case: Case, found: Found) -> Figure:
    """Draw many estimates by size, with their intervals and the headline's.

    Parameters
    ----------
    case : Case
    found : Found
    """
    shown = [line for line in made(found.lines, "variation", "other", "placebo") if not np.isnan(line.estimate)]
    parts = list(dict.fromkeys(line.part for line in shown))
    with framed(8.0, 0.4 + 2.5 * len(parts)) as figure:
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
