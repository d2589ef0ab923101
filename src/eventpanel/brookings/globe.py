"""Globe: a flat map of the world without coastlines, on which arrows are drawn between countries.

Projection: Natural Earth, by the polynomials of Savric, Jenny, Patterson, Petrovic and Hurni (2011, A polynomial
equation for the Natural Earth projection, Cartography and Geographic Information Science 38), cut in the Bering Strait.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Polygon

__all__ = ["arrow_widths", "draw_arrows", "draw_graticule", "draw_places", "project", "write_names"]

Floats = npt.NDArray[np.float64]

# Degrees east: the middle of the map, so that it is cut in the Bering Strait.
MIDDLE = 11.0
X_TERMS = {0: 0.870700, 2: -0.131979, 4: -0.013791, 10: 0.003971, 12: -0.001529}
Y_TERMS = {0: 1.007226, 2: 0.015085, 6: -0.044475, 8: 0.028874, 10: -0.005916}
# Points: an arrow of one deal, the most that each further deal adds, the widest arrow.
THIN, STEP, WIDE = 0.7, 0.45, 6.0
# How far an arrow bends, of its length.
BEND = 0.16
# Room of a word on the map: to the right, and up.
ROOM = (0.27, 0.075)


def project(latitude: Floats, longitude: Floats) -> tuple[Floats, Floats]:
    """Return places on the flat map, shape (n,) each; the equator is 5.47 wide.

    Parameters
    ----------
    latitude, longitude : ndarray, shape (n,)
        Degrees.

    Examples
    --------
    >>> x, y = project(np.array([0.0, 90.0]), np.array([11.0, 11.0]))
    >>> x.round(3).tolist(), y.round(3).tolist()
    ([0.0, 0.0], [0.0, 1.422])
    """
    north = np.radians(np.asarray(latitude, dtype=float))
    east = np.radians((np.asarray(longitude, dtype=float) - MIDDLE + 180) % 360 - 180)
    return _flat(north, east)


def _flat(north: Floats, east: Floats) -> tuple[Floats, Floats]:
    across = sum((term * north**power for power, term in X_TERMS.items()), np.zeros_like(north))
    up = sum((term * north**power for power, term in Y_TERMS.items()), np.zeros_like(north))
    return east * across, north * up


def draw_graticule(ax: Axes) -> None:
    """Draw outline, meridians and parallels every 30 degrees, and set the frame; a map without anything on it."""
    north, half = np.radians(np.linspace(-58, 84, 143)), np.full(143, np.pi)
    left, right = _flat(north, -half), _flat(north[::-1], half)
    outline = np.column_stack([np.concatenate([left[0], right[0]]), np.concatenate([left[1], right[1]])])
    ax.add_patch(Polygon(outline, closed=True, facecolor="#f7f8fa", edgecolor="0.75", linewidth=0.7, zorder=0))
    for east in np.radians(np.arange(-150, 180, 30)):
        ax.plot(*_flat(north, np.full_like(north, east)), color="0.88", linewidth=0.5, zorder=1)
    for degrees in (-30, 0, 30, 60):
        east = np.linspace(-np.pi, np.pi, 181)
        x, y = _flat(np.full_like(east, np.radians(degrees)), east)
        ax.plot(x, y, color="0.78" if degrees == 0 else "0.88", linewidth=0.5, zorder=1)
        words = f"{abs(degrees)}°{'N' if degrees > 0 else 'S' if degrees < 0 else ''}"
        ax.text(x[0] - 0.03, y[0], words, fontsize=5.5, color="0.6", ha="right", va="center")
    ax.set(xlim=(-2.95, 2.8), ylim=(outline[:, 1].min() - 0.02, outline[:, 1].max() + 0.02), aspect="equal")
    ax.set_axis_off()


def draw_places(ax: Axes, places: pd.DataFrame, colors: list[str], sizes: Floats) -> None:
    """Draw countries as dots.

    Parameters
    ----------
    ax : Axes
    places : DataFrame
        latitude, longitude, degrees.
    colors : list of str
    sizes : ndarray, shape (n,)
        Square points.
    """
    x, y = project(places["latitude"].to_numpy(), places["longitude"].to_numpy())
    ax.scatter(x, y, s=sizes, c=colors, linewidths=0, zorder=2)


def arrow_widths(deals: Floats, most: float) -> Floats:
    """Return widths of arrows in points, shape (n,): linear in the number of deals.

    Parameters
    ----------
    deals : ndarray, shape (n,)
    most : float
        The largest number on any map that is to be compared.

    Examples
    --------
    >>> arrow_widths(np.array([1.0, 2.0]), 5).round(2).tolist()
    [0.7, 1.15]
    """
    step = min(STEP, (WIDE - THIN) / max(most - 1, 1))
    return np.asarray(THIN + step * (np.asarray(deals, dtype=float) - 1))


def draw_arrows(ax: Axes, arrows: pd.DataFrame, colors: list[str], widths: Floats) -> list[FancyArrowPatch]:
    """Draw arrows from exporters to importers, wide ones below thin ones.

    Parameters
    ----------
    ax : Axes
    arrows : DataFrame
        from_latitude, from_longitude, latitude, longitude, degrees.
    colors : list of str
    widths : ndarray, shape (n,)
        Points.
    """
    start = np.column_stack(project(arrows["from_latitude"].to_numpy(), arrows["from_longitude"].to_numpy()))
    end = np.column_stack(project(arrows["latitude"].to_numpy(), arrows["longitude"].to_numpy()))
    drawn: list[FancyArrowPatch] = []
    for row in np.argsort(-widths, kind="stable"):
        width = float(widths[row])
        bend = BEND if end[row, 0] < start[row, 0] else -BEND
        head = f"-|>,head_length={2.4 + 0.7 * width:.2f},head_width={1.1 + 0.58 * width:.2f}"
        arrow = FancyArrowPatch(
            tuple(start[row]),
            tuple(end[row]),
            arrowstyle=head,
            connectionstyle=f"arc3,rad={bend}",
            shrinkA=3,
            shrinkB=1.5,
        )
        arrow.set(color=colors[row], linewidth=width, alpha=0.72, zorder=3, mutation_scale=1)
        arrow.set(joinstyle="miter", capstyle="butt")
        ax.add_patch(arrow)
        drawn.append(arrow)
    return drawn


def write_names(ax: Axes, places: pd.DataFrame, most: int) -> None:
    """Write words beside places, readable on top of arrows; a word without room is left out.

    Parameters
    ----------
    ax : Axes
    places : DataFrame
        latitude, longitude, words; the most important ones first.
    most : int
        How many to write.
    """
    halo = [patheffects.withStroke(linewidth=1.6, foreground="white")]
    written: list[tuple[float, float]] = []
    x, y = project(places["latitude"].to_numpy(), places["longitude"].to_numpy())
    for right, up, words in zip(x, y, places["words"], strict=True):
        taken = any(abs(right - other) < ROOM[0] and abs(up - above) < ROOM[1] for other, above in written)
        if taken or len(written) == most:
            continue
        written.append((right, up))
        text = ax.annotate(words, (right, up), xytext=(3, 2), textcoords="offset points")
        text.set(fontsize=6, color="0.15", zorder=5, path_effects=halo)
