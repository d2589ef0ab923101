"""Inference: the interval and the p-value by every way, and what each cluster gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eventpanel.reports.figures import wrap
from eventpanel.robustness.case import Case
from eventpanel.robustness.figures.frame import COLORS, framed
from eventpanel.robustness.lines import Found, Line, made
from eventpanel.robustness.variation import unit_of

__all__ = ["methods"]

EVENTS = "0.72"
# Of what does not reject.
CLOSE = "#b35806"
MOST_CLUSTERS = 25


def methods(case: Case, found: Found) -> Figure:
    """Draw the interval and the p-value of the headline by every way of inference, and what each cluster gives to it.

    Parameters
    ----------
    case : Case
    found : Found
        Test lines; draws by cluster: rows first, shares of the events and of the partial leverage last.
    """
    lines = made(found.lines, "test")
    # The first number of a cluster is its rows in the groups of the headline.
    shares = sorted(((name, own) for name, own in found.draws.items() if own[0] > 0), key=lambda one: -one[1][-1])
    with framed(8.2, 1.4 + 0.27 * len(lines) + (2.3 if shares else 0.0)) as figure:
        ratios = [0.27 * len(lines) + 0.8, *([2.3] if shares else [])]
        grid = figure.subplots(len(ratios), 1, squeeze=False, gridspec_kw={"height_ratios": ratios})[:, 0]
        _methods(grid[0], case, lines)
        if shares:
            _shares(grid[1], shares)
    return figure


def _methods(axes: Axes, case: Case, lines: Sequence[Line]) -> None:
    value, alpha = float(case.headline.coef[0]), case.alpha
    ends = np.array([(line.conf_low, line.conf_high) for line in lines] + [(value, 0.0)])
    finite = ends[np.isfinite(ends)]
    low, high = float(finite.min()), float(finite.max())
    pad = 0.06 * (high - low)
    for place, line in enumerate(lines):
        color = COLORS["variation"] if line.p_value < alpha else CLOSE
        if not np.isnan(line.conf_low):
            left, right = max(line.conf_low, low - pad), min(line.conf_high, high + pad)
            axes.hlines(place, left, right, color=color, linewidth=1.8)
            axes.plot(value, place, "o", color=color, markersize=4.5)
        else:
            axes.text(value, place, "no interval ", ha="right", va="center", fontsize=7.5, color="0.45")
        axes.annotate(
            f"p = {line.p_value:.3f}" if line.p_value >= 0.001 else "p < 0.001",
            (1.01, place),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8,
            color=color,
            annotation_clip=False,
        )
    axes.axvline(0, color="0.5", linewidth=0.8)
    axes.axvline(value, color=COLORS["headline"], linewidth=0.9, linestyle=":")
    axes.set_xlim(low - pad, high + pad)
    axes.set_yticks(range(len(lines)), [wrap(line.label, 46) for line in lines], fontsize=8)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_title(
        wrap(f"Effect on {unit_of(case.question)}, {case.target.describe()}", 84)
        + f"\n{case.level:.0%} intervals; blue: rejects no effect at {alpha:.0%}, orange: does not",
        fontsize=8.5,
    )


def _shares(axes: Axes, every: Sequence[tuple[str, tuple[float, ...]]]) -> None:
    shares, clusters = every[:MOST_CLUSTERS], len(every)
    places = np.arange(len(shares))
    axes.bar(places - 0.2, [100 * one[-1] for _, one in shares], 0.4, color=COLORS["variation"], label="leverage")
    axes.bar(places + 0.2, [100 * one[-2] for _, one in shares], 0.4, color=EVENTS, label="events")
    axes.axhline(100 / clusters, color="0.3", linewidth=0.8, linestyle="--")
    axes.set_xticks(places, [name for name, _ in shares], rotation=90, fontsize=7)
    axes.set_ylabel("Share, %", fontsize=8)
    axes.legend(frameon=False, fontsize=8)
    axes.set_title(f"The {len(shares)} clusters of most leverage of {clusters}; dashed: equal shares", fontsize=8.5)
