"""The figure of a specification curve: estimates in order above, choices below, the headline marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eventpanel.reports.figures import cut, wrap
from eventpanel.robustness.case import Case
from eventpanel.robustness.figures.frame import COLORS, framed
from eventpanel.robustness.lines import Line

__all__ = ["draw_curve"]

CLEAR, UNCLEAR, AGAINST = "#2166ac", "0.6", "#b35806"
HEADLINE = COLORS["headline"]


def draw_curve(case: Case, lines: Sequence[Line], choices: Mapping[str, Sequence[tuple[str, str]]]) -> Figure:
    """Draw the specifications of one family.

    Parameters
    ----------
    case : Case
    lines : sequence of Line
        Specifications, in any order; those without an estimate are left out.
    choices : mapping of label to sequence of (axis, option)
    """
    shown = sorted((x for x in lines if not np.isnan(x.estimate) and x.label in choices), key=lambda x: x.estimate)
    taken = {line.label: dict(choices[line.label]) for line in shown}
    # In the order of the study, not of the estimates.
    every = {
        axis: dict.fromkeys(dict(one)[axis] for one in choices.values()) for axis, _ in next(iter(choices.values()))
    }
    held = {axis: {one[axis] for one in taken.values()} for axis in every}
    options = {axis: [x for x in found if x in held[axis]] for axis, found in every.items() if len(held[axis]) > 1}
    rows = sum(len(found) for found in options.values()) + len(options)
    with framed(9.0, 3.4 + 0.17 * rows) as figure:
        grid = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3.0, max(0.17 * rows, 0.4)]})
        _estimates(grid[0], case, shown)
        _choices(grid[1], shown, choices, options)
    return figure


def _estimates(axes: Axes, case: Case, shown: Sequence[Line]) -> None:
    places, values = np.arange(len(shown)), np.array([line.estimate for line in shown])
    sure = np.array([line.p_value < case.alpha for line in shown])
    with_sign = np.sign(values) == case.target.sign
    color = np.where(sure & with_sign, CLEAR, np.where(sure, AGAINST, UNCLEAR))
    low, high = (np.array([getattr(line, name) for line in shown]) for name in ("conf_low", "conf_high"))
    axes.vlines(places, low, high, color="0.85", linewidth=max(0.3, 100 / len(shown)))
    axes.scatter(places, values, c=color.tolist(), s=max(2.0, min(14.0, 3000 / len(shown))), zorder=3)
    for place in [i for i, line in enumerate(shown) if line.label == "headline"]:
        axes.plot(place, values[place], "D", color=HEADLINE, markersize=6, zorder=4)
        axes.vlines(place, low[place], high[place], color=HEADLINE)
    axes.axhline(0, color="0.4", linewidth=0.8)
    axes.axhline(float(np.median(values)), color="0.3", linewidth=0.8, linestyle="--")
    axes.set_ylabel(wrap(f"Effect on {shown[0].unit}", 34), fontsize=8)
    alpha = f"{case.alpha:.3g}"
    axes.set_title(
        f"{len(shown)} specifications in order, {case.level:.0%} intervals. Blue: significant at {alpha} with the "
        f"predicted sign; orange: with the other;\ngrey: not significant. Diamond: the headline. Dashed: the median.",
        fontsize=8,
    )


def _choices(
    axes: Axes,
    shown: Sequence[Line],
    choices: Mapping[str, Sequence[tuple[str, str]]],
    options: Mapping[str, Sequence[str]],
) -> None:
    labels: list[tuple[str, bool]] = []
    size = max(0.6, min(30.0, 2500 / len(shown)))
    for axis, found in options.items():
        labels.append((axis, True))
        taken = np.array([dict(choices[line.label])[axis] for line in shown], dtype=object)
        for option in found:
            where = np.flatnonzero(taken == option)
            axes.scatter(where, np.full(len(where), len(labels)), marker="|", s=size * 3, color="0.25", linewidth=0.5)
            labels.append((option, False))
    head = next((i for i, line in enumerate(shown) if line.label == "headline"), None)
    if head is not None:
        axes.axvline(head, color=HEADLINE, linewidth=0.8)
    axes.set_yticks(range(len(labels)), [cut(text, 48) for text, _ in labels], fontsize=7)
    for tick, (_, bold) in zip(axes.get_yticklabels(), labels, strict=True):
        tick.set_fontweight("bold" if bold else "normal")
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_xticks([])
    for side in ("top", "right", "bottom", "left"):
        axes.spines[side].set_visible(False)
