"""The figure of confounding: the adjusted headline over the shares that a confounder explains."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.distributions import t_quantile
from eventpanel.estimators.core.omitted import Coefficient, Strength
from eventpanel.reports.figures import wrap
from eventpanel.robustness.case import Case
from eventpanel.robustness.figures.frame import COLORS, framed
from eventpanel.robustness.lines import Found

__all__ = ["BENCHMARKS", "COEFFICIENT", "contours"]

# Part of the lines, and what stands beside the strengths of benchmarks among the draws: estimate, classical standard
# error and degrees of freedom, those that were asked for.
BENCHMARKS = "with a confounder as strong as a benchmark"
COEFFICIENT = "coefficient"
POINTS = 80
# Shares of the headline that contours follow.
LEVELS = (-2.0, -1.0, -0.5, 0.25, 0.5, 0.75)
MARKS = "os^DvP"


def contours(case: Case, found: Found) -> Figure:
    """Draw contours of the headline as a confounder would leave it, with benchmarks once to three times as strong.

    Parameters
    ----------
    case : Case
    found : Found
        With the coefficient and the strengths among its draws.
    """
    own = Coefficient(*found.draws[COEFFICIENT])
    marks = {label: values for label, values in found.draws.items() if label != COEFFICIENT}
    across = _end(own, [values[0] for values in marks.values()])
    up = _end(own, [values[1] for values in marks.values()])
    treatment, outcome = np.linspace(0, across, POINTS), np.linspace(0, up, POINTS)
    left = np.array([[_left(case, own, Strength(d, y)) for d in treatment] for y in outcome])
    with framed(7.2, 5.2) as figure:
        axes = figure.subplots()
        levels = np.sort(own.estimate * np.array(LEVELS))
        drawn = axes.contour(
            treatment, outcome, left[..., 0], levels=levels, colors="0.6", linewidths=0.7, linestyles="solid"
        )
        axes.clabel(drawn, fontsize=6.5, fmt="%.3g")
        axes.contour(treatment, outcome, left[..., 0], levels=[0.0], colors=COLORS["headline"], linewidths=1.8)
        axes.contour(treatment, outcome, left[..., 1], levels=[0.0], colors=COLORS["headline"], linestyles="--")
        _marks(axes, marks)
        axes.set_xlabel("Share of what is left of the event that the confounder explains", fontsize=8)
        axes.set_ylabel("Share of what is left of the outcome", fontsize=8)
        axes.set_title(
            f"The estimate of {own.estimate:.4g} as a confounder would leave it. Red: zero; dashed: the edge of\n"
            f"significance at {case.alpha:.3g}. Marks: once, twice, three times as strong as a benchmark",
            fontsize=8.5,
        )
    return figure


def _end(own: Coefficient, shares: list[float]) -> float:
    """Where an axis ends: beyond all benchmarks and the robustness value."""
    return float(min(0.98, 1.3 * max([own.robustness, *shares, 1e-3])))


def _left(case: Case, own: Coefficient, strength: Strength) -> tuple[float, float]:
    """Estimate that is left, and the end of its interval towards zero, both as seen from the headline's side."""
    left = own.with_variable(strength)
    half = float(t_quantile(0.5 + case.level / 2, np.array([left.robust_dof]))[0]) * left.robust_error
    return left.estimate, float(np.sign(own.estimate)) * left.estimate - half


def _marks(axes: Axes, marks: Mapping[str, tuple[float, ...]]) -> None:
    by: dict[str, list[Floats]] = {}
    for label, values in marks.items():
        by.setdefault(label.partition(" x ")[2], []).append(np.array(values))
    for shape, (name, points) in zip(MARKS * len(by), by.items(), strict=False):
        places = np.array(points)
        axes.plot(
            places[:, 0], places[:, 1], f"{shape}-", color="0.1", linewidth=0.6, markersize=5, label=wrap(name, 44)
        )
    axes.plot(0, 0, "+", color="0.1", markersize=9)
    if by:
        axes.legend(fontsize=7, loc="upper right", edgecolor="none", framealpha=1.0)
