"""Canvas: the empty page that figures of the family are drawn on, and how their content is looked up."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from eventpanel.brookings.exhibit import Content
from eventpanel.reports.figures import GROUP_COLORS, wrap

__all__ = ["GREY", "RED_AND_BLUE", "REGIME_COLORS", "caption", "page", "quiet", "values"]

# Weak democracies and autocracies, strong democracies, regime not known.
REGIME_COLORS = (GROUP_COLORS[0], GROUP_COLORS[1], "0.55")
# China, the United States.
RED_AND_BLUE = {"CHN": GROUP_COLORS[0], "USA": GROUP_COLORS[1]}
GREY = "0.55"


def page(size: tuple[float, float], title: str, label: str) -> Figure:
    """Return an empty figure with title and label.

    Parameters
    ----------
    size : tuple of float
        Inches.
    title, label : str
        Above the figure; the label says what the data are.
    """
    # Inches between what is drawn.
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(h_pad=0.07, w_pad=0.05))
    FigureCanvasAgg(figure)
    width = round(11 * size[0])
    figure.suptitle("\n".join(wrap(line, width) for line in (title, label) if line), fontsize=11)
    return figure


def caption(figure: Figure, text: str) -> None:
    """Write a caption below."""
    width = round(18 * figure.get_figwidth())
    figure.supxlabel(wrap(text, width), fontsize=7.5, color="0.3", x=0.01, ha="left")


def quiet(ax: Axes) -> None:
    """Take ticks and left spine away, as for bars that carry their numbers."""
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_visible(False)
    ax.set_xticks([])


def values(content: Content) -> Mapping[tuple[str, str], Mapping[str, float]]:
    """Return the estimates of a content by panel and head of the column, then by term."""
    return {(c.panel, c.head): {one.term: one.estimate for one in c.coefficients} for c in content.columns}
