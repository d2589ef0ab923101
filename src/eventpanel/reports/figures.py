"""Event-study figure: one row an estimate, one panel a group, the difference beside them."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.inference import simultaneous_bands
from eventpanel.reports.results import Result

__all__ = ["cut", "event_study", "save"]

GROUP_COLORS = ("#b2182b", "#2166ac", "#762a83", "#1b7837")
DIFFERENCE_COLOR = "#404040"
# What the outcome is measured in, by estimator.
MEASURES = {
    "ppml": "log mean of ",
    "debiased_ppml": "log mean of ",
    "logit": "log odds of ",
    "probit": "probit index of ",
}
# Inches; a single panel keeps room for title and caption.
NARROWEST = 4.8
STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "pdf.fonttype": 42,
    "svg.hashsalt": "eventpanel",
    "axes.titlelocation": "left",
    "text.parse_math": False,
}


def event_study(results: Sequence[Result], title: str, label: str) -> Figure:
    """Draw all results.

    Thick bars are pointwise intervals, thin ones simultaneous bands of the whole path, both at the level of the
    result; a hollow point is the reference, zero by restriction. The mean of the outcome stands beside the zero line.

    Parameters
    ----------
    results : sequence of Result
    title, label : str
        Above the figure; the label says what the data are.

    Returns
    -------
    Figure
    """
    columns = max(sum(len(path.groups) for path in result.paths) for result in results)
    with rc_context(STYLE):
        size = (1.2 + max(_panel_width(results) * columns, NARROWEST), 1.1 + 2.9 * len(results))
        width = round(11 * size[0])
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(f"{wrap(title, width)}\n{wrap(label, width)}", fontsize=11)
        rows = np.atleast_1d(figure.subfigures(len(results), 1, squeeze=False)[:, 0])
        for part, result in zip(rows, results, strict=True):
            part.suptitle(wrap(result.title, width), fontsize=10, x=0.01, ha="left", weight="bold")
            axes = part.subplots(1, columns, squeeze=False, sharey=True)[0]
            _draw(list(axes), result)
        figure.supxlabel(wrap(_caption(results), round(1.35 * width)), fontsize=8, color="0.3", x=0.01, ha="left")
    return figure


def _panel_width(results: Sequence[Result]) -> float:
    """Inches of one panel: more for a long path, so that its labels stay apart."""
    times = max(len(result.estimate.path) / len(result.estimate.groups) for result in results)
    return max(2.9, 0.3 * times)


def _caption(results: Sequence[Result]) -> str:
    level = f"{results[0].level:.0%}"
    lines = [f"Thick bars: {level} pointwise intervals. Thin bars: {level} simultaneous bands for the whole path."]
    window = results[0].estimate.design.window
    if window.reference is None:
        lines.append("All event times are estimated; there is no reference.")
    else:
        lines.append(f"Hollow points: the reference, event time {_tick(window.reference, binned=False)}, set to zero.")
    return " ".join(lines)


def cut(text: str, most: int) -> str:
    """Leave out the end of a text that is too long for its place.

    Parameters
    ----------
    text : str
    most : int
        Characters.

    Examples
    --------
    >>> cut("without Brazil", 8)
    'without…'
    """
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def wrap(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width))


def _draw(axes: list[Axes], result: Result) -> None:
    panels = [(path, group) for path in result.paths for group in path.groups]
    for number, (path, group) in enumerate(panels):
        is_difference = path is result.contrast
        color = DIFFERENCE_COLOR if is_difference else GROUP_COLORS[number % len(GROUP_COLORS)]
        _panel(axes[number], result, path, group, color)
    for unused in axes[len(panels) :]:
        unused.set_axis_off()
    unit = "unit of the event" if result.estimate.design.event.scale == "none" else "s.d. of the event"
    if result.estimate.design.event.is_binary:
        unit = "event"
    outcome = result.estimate.design.outcome
    measure = MEASURES.get(result.estimate.estimator, "") + outcome
    axes[0].set_ylabel(f"Effect on {measure}\nper {unit}")


def _panel(ax: Axes, result: Result, path: Estimate, group: str, color: str) -> None:
    part = path.select([term for term in path.path if term.group == group])
    bands = simultaneous_bands(part, result.level)
    times = np.array([term.event_time for term in part.terms], dtype=float)
    bounds = part.conf_int(result.level)
    ax.axhline(0, color="0.4", linewidth=0.8)
    if (times < 0).any():
        ax.axvline(-0.5, color="0.7", linewidth=0.8, linestyle=":")
    ax.vlines(times, bands["band_low"], bands["band_high"], color=color, linewidth=1.0, alpha=0.55)
    ax.vlines(times, bounds["lower"], bounds["upper"], color=color, linewidth=2.6)
    ax.plot(times, part.coef, "o", color=color, markersize=5)
    reference = [term.event_time for term in path.reference if term.group == group and term.event_time is not None]
    if path is result.contrast:
        reference = sorted({t.event_time for t in result.estimate.reference if t.event_time is not None})
    ax.plot(reference, np.zeros(len(reference)), "o", markerfacecolor="white", markeredgecolor=color, markersize=6)
    _labels(ax, part, group, [*times, *reference])


def _labels(ax: Axes, part: Estimate, group: str, times: Sequence[float]) -> None:
    ax.set_title(wrap(f"Difference: {group}" if part.by_group["group"].ne(group).all() else group or "All units", 34))
    ax.xaxis.set_major_locator(FixedLocator(sorted(times)))
    binned = {term.event_time for term in part.terms if term.binned}
    ax.set_xticks(sorted(times), [_tick(int(t), binned=int(t) in binned) for t in sorted(times)])
    ax.set_xlim(min(times) - 0.6, max(times) + 0.6)
    ax.set_xlabel("Periods since the event")
    rows = part.by_group[part.by_group["group"] == group]
    if len(rows):
        mean = float(rows["outcome_mean"].iloc[0])
        ax.annotate(
            f"mean\n{mean:.3g}",
            (1, 0),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            ha="left",
            va="center",
            fontsize=7.5,
            color="0.3",
            annotation_clip=False,
        )


def _tick(event_time: int, *, binned: bool) -> str:
    if not binned:
        return str(event_time).replace("-", "\N{MINUS SIGN}")
    sign = "\N{LESS-THAN OR EQUAL TO}" if event_time < 0 else "\N{GREATER-THAN OR EQUAL TO}"
    return f"{sign}{event_time}".replace("-", "\N{MINUS SIGN}")


def save(figure: Figure, kind: str) -> bytes:
    """Render a figure as ``"png"`` or ``"pdf"``, the same bytes for the same figure."""
    metadata: dict[str, str | None] = {"CreationDate": None} if kind == "pdf" else {}
    with io.BytesIO() as stream, rc_context(STYLE), warnings.catch_warnings():
        # A letter that the font lacks is drawn as a box; the tables have it.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(stream, format=kind, dpi=200, metadata=metadata)
        return stream.getvalue()
