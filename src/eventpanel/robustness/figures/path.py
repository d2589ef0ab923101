"""Path: the number that is watched at every event time, its placebos marked."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from eventpanel.reports.figures import wrap
from eventpanel.robustness.case import Case
from eventpanel.robustness.figures.frame import COLORS, framed
from eventpanel.robustness.lines import Found, made
from eventpanel.robustness.variation import unit_of

__all__ = ["placebo_path"]


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
    with framed(6.2, 3.4) as figure:
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
