"""Figures of single checks: what is left out or dropped, zeros by unit, confounders, power."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eventpanel.reports.figures import wrap
from eventpanel.robustness.case import Case
from eventpanel.robustness.figures.frame import COLORS, framed
from eventpanel.robustness.lines import Found, Line, made

__all__ = ["dropped", "extremes"]

HEADLINE, CLEAR = COLORS["headline"], COLORS["variation"]
UNCLEAR = "#e08214"
# Up to so many values each has its name below the axis; of more, the extreme ones stand beside it.
NAMED, EXTREME = 30, 4


def extremes(case: Case, found: Found) -> Figure:
    """Draw estimates by size, a panel a part; those whose interval holds zero stand out, the extreme ones are named.

    Parameters
    ----------
    case : Case
    found : Found
    """
    shown = [line for line in made(found.lines, "variation") if not np.isnan(line.estimate)]
    every = list(dict.fromkeys(line.part for line in shown))
    with framed(8.0, 0.4 + 2.6 * max(1, len(every))) as figure:
        grid = figure.subplots(max(1, len(every)), 1, squeeze=False)
        for axes, part in zip(grid[:, 0], every, strict=False):
            lines = sorted((line for line in shown if line.part == part), key=lambda line: line.estimate)
            _by_size(axes, case, lines)
            axes.set_title(f"Without one {part} at a time: {len(lines)} estimates, {_said(case)}", fontsize=8.5)
    return figure


def _said(case: Case) -> str:
    return f"{case.level:.0%} intervals. Orange: zero is inside; dotted: the headline"


def _by_size(axes: Axes, case: Case, lines: Sequence[Line]) -> None:
    _intervals(axes, case, np.arange(len(lines)), lines)
    if len(lines) <= NAMED:
        axes.set_xticks(range(len(lines)), [line.label for line in lines], rotation=90, fontsize=7)
        return
    axes.set_xticks([])
    for side, some, place in (("Highest", lines[: -EXTREME - 1 : -1], 1.0), ("Lowest", lines[:EXTREME], 0.0)):
        told = "\n".join([f"{side} without", *(f"{wrap(x.label, 24)}: {x.estimate:.4g}" for x in some)])
        align = "top" if place else "bottom"
        axes.text(1.01, place, told, transform=axes.transAxes, va=align, fontsize=6.5)


def _intervals(axes: Axes, case: Case, where: Sequence[float] | np.ndarray, lines: Sequence[Line]) -> None:
    color = [CLEAR if line.is_significant else UNCLEAR for line in lines]
    width = max(0.6, min(2.0, 120 / len(lines)))
    axes.vlines(where, [x.conf_low for x in lines], [x.conf_high for x in lines], color=color, alpha=0.45, lw=width)
    axes.scatter(where, [x.estimate for x in lines], c=color, s=max(4.0, min(16.0, 900 / len(lines))), zorder=3)
    axes.axhline(float(case.headline.coef[0]), color=HEADLINE, linewidth=0.9, linestyle=":")
    axes.axhline(0, color="0.5", linewidth=0.8)
    axes.set_ylabel(wrap(f"Effect on {lines[0].unit}", 30), fontsize=8)


def dropped(case: Case, found: Found) -> Figure:
    """Draw the headline as more and more is dropped, a panel an aim; below, what goes at each step.

    Parameters
    ----------
    case : Case
    found : Found
    """
    start = [line._replace(label="0: nothing", position=0.0) for line in found.lines if line.role == "headline"]
    shown = made(found.lines, "variation")
    every = list(dict.fromkeys(line.part for line in shown))
    with framed(3.1 * max(2, len(every)), 3.6) as figure:
        grid = figure.subplots(1, max(1, len(every)), squeeze=False, sharey=True)
        for axes, part in zip(grid[0], every, strict=False):
            lines = [*start, *(line for line in shown if line.part == part)]
            where = [line.position for line in lines]
            _intervals(axes, case, where, lines)
            axes.plot(where, [line.estimate for line in lines], color="0.6", linewidth=0.8)
            axes.set_xticks(where, [line.label.partition(": ")[2] for line in lines], rotation=90, fontsize=7)
            axes.set_title(wrap(part, 40), fontsize=8.5)
        for axes in grid[0, 1:]:
            axes.set_ylabel("")
        figure.supxlabel(f"dropped one after another, from the left; {_said(case)}", fontsize=8)
    return figure
