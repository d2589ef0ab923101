"""Histograms: draws under the null, with the value of the data marked."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eventpanel.estimators.core.arrays import Floats
from eventpanel.reports.figures import wrap
from eventpanel.robustness.case import Case
from eventpanel.robustness.figures.frame import COLORS, framed
from eventpanel.robustness.lines import Found, made
from eventpanel.robustness.variation import unit_of

__all__ = ["histograms"]

BINS = 40
DRAWS = "0.72"


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
    with framed(7.0, 0.5 + 2.7 * rows) as figure:
        grid = figure.subplots(rows, 1, squeeze=False, sharex=True)[:, 0]
        for axes, (label, (truth, *draws)) in zip(grid, shown.items(), strict=False):
            line = next(line for line in tests if label in (line.label, line.part))
            _histogram(axes, truth, np.array(draws))
            said = f"{label[:1].upper()}{label[1:]}: p = {line.p_value:.3g}, {line.draws:.0f} draws"
            axes.set_title(wrap(said, 90), fontsize=8.5)
        grid[-1].set_xlabel(
            wrap(f"Effect on {unit_of(case.question)}, {case.target.describe()}", 90)
            + "\nRed: the data. Dotted: the middle 95% of draws. p compares t statistics.",
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
