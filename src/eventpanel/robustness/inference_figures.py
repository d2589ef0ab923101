"""Figures of inference: draws under the null with the truth marked, intervals by method, a path with its placebos."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eventpanel.estimators.core.arrays import Floats
from eventpanel.reports.figures import STYLE, wrap
from eventpanel.robustness.case import Case
from eventpanel.robustness.drawing import COLORS, new_figure
from eventpanel.robustness.lines import Found, Line, made
from eventpanel.robustness.variation import unit_of

__all__ = ["histograms", "methods", "placebo_path"]

BINS = 40
DRAWS = "0.72"
# Of what does not reject.
CLOSE = "#b35806"
MOST_CLUSTERS = 25


def histograms(case: Case, found: Found) -> Figure:
    """Draw a histogram for every set of draws, its first value marked as that of the data.

    Parameters
    ----------
    case : Case
    found : Found
        Draws by the label or the part of the lines whose p-values they give.
    """
    tests = made(found.lines, "test", "size")
    shown = {label: values for label, values in found.draws.items() if len(values) > 1}
    rows = max(1, len(shown))
    with rc_context(STYLE):
        figure = new_figure(7.0, 0.5 + 2.7 * rows)
        grid = figure.subplots(rows, 1, squeeze=False, sharex=True)[:, 0]
        for axes, (label, (truth, *draws)) in zip(grid, shown.items(), strict=False):
            line = next(line for line in tests if label in (line.label, line.part))
            _histogram(axes, truth, np.array(draws))
            said = f"{label[:1].upper()}{label[1:]}: p = {line.p_value:.3g}, {line.draws:.0f} draws"
            axes.set_title(wrap(said, 90), fontsize=8.5)
        grid[-1].set_xlabel(
            wrap(f"Effect on {unit_of(case.question)}, {case.target.describe()}", 90)
            + "\nRed: the data. Dotted: the middle 95 % of draws. p compares t statistics.",
            fontsize=8,
        )
    return figure


def _histogram(axes: Axes, truth: float, draws: Floats) -> None:
    axes.hist(draws, bins=BINS, color=DRAWS)
    for edge in np.quantile(draws, [0.025, 0.975]):
        axes.axvline(float(edge), color="0.35", linewidth=0.9, linestyle=":")
    axes.axvline(0, color="0.5", linewidth=0.8)
    axes.axvline(truth, color=COLORS["headline"], linewidth=1.8)
    axes.annotate(
        f"{truth:.3g}",
        (truth, 0.97),
        xycoords=("data", "axes fraction"),
        xytext=(4, 0),
        textcoords="offset points",
        color=COLORS["headline"],
        fontsize=8,
        va="top",
    )
    axes.set_ylabel("Draws", fontsize=8)


def placebo_path(case: Case, found: Found) -> Figure:
    """Draw the path of the target with its far leads, which are placebos, marked.

    Parameters
    ----------
    case : Case
    found : Found
        Lines with the event time as position.
    """
    shown = [line for line in made(found.lines, "variation", "other", "placebo") if not np.isnan(line.position)]
    shown = sorted((line for line in shown if not np.isnan(line.estimate)), key=lambda line: line.position)
    with rc_context(STYLE):
        figure = new_figure(6.2, 3.4)
        axes = figure.subplots()
        for line in shown:
            color = COLORS["placebo"] if line.role == "placebo" else COLORS["variation"]
            axes.vlines(line.position, line.conf_low, line.conf_high, color=color, linewidth=1.8)
            marker = "D" if line.role == "placebo" else "o"
            axes.plot(line.position, line.estimate, marker, color=color, markersize=5)
        axes.axhline(0, color="0.5", linewidth=0.8)
        axes.axhline(float(case.headline.coef[0]), color=COLORS["headline"], linewidth=0.9, linestyle=":")
        far = [line.position for line in shown if line.role == "placebo"]
        for place in far:
            axes.axvspan(place - 0.5, place + 0.5, color=COLORS["placebo"], alpha=0.08, linewidth=0)
        axes.set_xticks([line.position for line in shown])
        axes.set_xlabel("Periods since the event", fontsize=8)
        axes.set_ylabel(wrap(f"Effect on {unit_of(case.question)}", 34), fontsize=8)
        joint = made(found.lines, "test")
        said = f"Shaded: placebos, jointly zero with p = {joint[0].p_value:.3g}. " if joint else "Shaded: placebos. "
        axes.set_title(wrap(f"{said}{case.level:.0%} intervals; dotted: the headline", 84), fontsize=8.5)
    return figure


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
    with rc_context(STYLE):
        figure = new_figure(8.2, 1.4 + 0.27 * len(lines) + (2.3 if shares else 0.0))
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
    axes.bar(places + 0.2, [100 * one[-2] for _, one in shares], 0.4, color=DRAWS, label="events")
    axes.axhline(100 / clusters, color="0.3", linewidth=0.8, linestyle="--")
    axes.set_xticks(places, [name for name, _ in shares], rotation=90, fontsize=7)
    axes.set_ylabel("Share, %", fontsize=8)
    axes.legend(frameon=False, fontsize=8)
    axes.set_title(f"The {len(shares)} clusters of most leverage of {clusters}; dashed: equal shares", fontsize=8.5)
