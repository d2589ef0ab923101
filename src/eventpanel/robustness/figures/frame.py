"""Frame: an empty figure in the style of all, and the colours of roles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from eventpanel.reports.figures import STYLE

__all__ = ["COLORS", "framed"]

COLORS = {"headline": "#b2182b", "variation": "#2166ac", "other": "#5aae61", "placebo": "#762a83", "test": "0.35"}


@contextmanager
def framed(width: float, height: float) -> Iterator[Figure]:
    """Yield an empty figure of a size in inches; what is drawn inside the block has the style.

    Parameters
    ----------
    width, height : float
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
