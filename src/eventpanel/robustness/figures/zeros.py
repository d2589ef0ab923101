"""The figure of zeros: a panel a unit, and the logarithm over units of the outcome."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from eventpanel.reports.figures import wrap
from eventpanel.robustness.case import Case
from eventpanel.robustness.figures.frame import COLORS, framed
from eventpanel.robustness.lines import Found, Line, made

__all__ = ["DEPENDS", "OTHER_ROWS", "WITHOUT_UNIT", "by_unit"]

# Parts of the check.
WITHOUT_UNIT = "sign and size without the choice of a unit"
DEPENDS = "depends on the unit of the outcome"
OTHER_ROWS = "among positive rows"


def by_unit(case: Case, found: Found) -> Figure:
    """Draw an interval a way to treat zeros, each on its own axis, and below log(1 + a y) over a.

    Parameters
    ----------
    case : Case
    found : Found
    """
    lines = made(found.lines, "other")
    plain = [line for line in lines if line.part != DEPENDS]
    logs = sorted((x for x in lines if x.part == DEPENDS and not np.isnan(x.position)), key=lambda x: x.position)
    heights = [0.5] * len(plain) + [2.6] * bool(logs)
    with framed(7.5, 0.6 * len(plain) + 3.0 * bool(logs) + 0.4) as figure:
        grid = figure.subplots(max(1, len(heights)), 1, squeeze=False, gridspec_kw={"height_ratios": heights or [1.0]})[
            :, 0
        ]
        for axes, line in zip(grid, plain, strict=False):
            _interval(axes, line)
        grid[0].set_title(f"{case.level:.0%} intervals, each in its own unit", fontsize=8.5)
        if logs:
            _over_units(grid[-1], case, logs)
    return figure


def _interval(axes: Axes, line: Line) -> None:
    color = COLORS["other" if line.part == OTHER_ROWS else "variation"]
    axes.hlines(0, line.conf_low, line.conf_high, color=color, linewidth=1.8)
    axes.plot(line.estimate, 0, "o", color=color, markersize=5)
    axes.axvline(0, color="0.5", linewidth=0.8)
    axes.set_yticks([0], [f"{line.label}\n{wrap(line.unit, 44)}"], fontsize=7)
    axes.set_ylim(-1, 1)
    axes.margins(x=0.1)
    axes.tick_params(axis="x", labelsize=7)


def _over_units(axes: Axes, case: Case, logs: Sequence[Line]) -> None:
    where = [line.position for line in logs]
    color = COLORS["placebo"]
    axes.fill_between(where, [x.conf_low for x in logs], [x.conf_high for x in logs], color=color, alpha=0.18)
    axes.plot(where, [line.estimate for line in logs], "o-", color=color, markersize=4, linewidth=1.2)
    axes.axhline(0, color="0.5", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xticks(where, [f"{one:g}" for one in where])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("a: what the outcome is multiplied by, which is its unit and means nothing", fontsize=8)
    axes.set_ylabel("100 times the coefficient", fontsize=8)
    axes.set_title(
        f"log(1 + a y): the same data, the same event, any number (band: {case.level:.0%} intervals)", fontsize=8.5
    )
