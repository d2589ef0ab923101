"""Sweep: estimates along an axis, such as cutoffs or lengths of the window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eventpanel.reports.figures import wrap
from eventpanel.robustness.case import Case
from eventpanel.robustness.figures.frame import COLORS, framed
from eventpanel.robustness.lines import Found, Line, made
from eventpanel.robustness.variation import unit_of

__all__ = ["SIMULTANEOUS", "sweep"]

# What a line of role "size" holds whose estimate widens the intervals of its part to a band for all of them at once.
SIMULTANEOUS = "critical value of the simultaneous band"


def sweep(case: Case, found: Found) -> Figure:
    """Draw estimates along an axis with a band of pointwise intervals; the headline stands out.

    Parameters
    ----------
    case : Case
    found : Found
    """
    shown = [line for line in made(found.lines, "variation", "other") if not np.isnan(line.position)]
    parts = list(dict.fromkeys((line.part, line.unit) for line in shown))
    with framed(7.0, 0.4 + 2.8 * max(1, len(parts))) as figure:
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
