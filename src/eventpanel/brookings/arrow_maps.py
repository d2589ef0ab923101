"""Figure 1: two maps of deals, from China and from the United States, arrows coloured by the importer's regime."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from eventpanel.brookings.canvas import REGIME_COLORS, caption, page, values
from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit
from eventpanel.brookings.flows import REGIMES, by_regime, counted_deals, regime_of, share
from eventpanel.brookings.globe import arrow_widths, draw_arrows, draw_graticule, draw_places, write_names
from eventpanel.brookings.samples import CHINA, US
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError, first_few
from eventpanel.datasets.materials import HOW, Materials
from eventpanel.reports.figures import STYLE
from eventpanel.reports.tiles import positions

__all__ = ["EXHIBITS", "links_from", "places"]

EXPORTERS = {CHINA: "A. China", US: "B. United States"}
COLORS: dict[str, str] = dict(zip(REGIMES, REGIME_COLORS, strict=True))
TITLE = "Figure 1: Who buys surveillance AI from China and from the United States"
# How many importers' codes stand on a map, and numbers of deals in the key of widths.
NAMED = 12
KEY = (1, 5, 20)


def places(materials: Materials) -> pd.DataFrame:
    """Return positions of countries, index ISO3, columns latitude and longitude in degrees: the data's own come first.

    The package's own table has real countries only.
    """
    known = positions()[["latitude", "longitude"]].astype(float)
    if materials.importers is None or not {"latitude", "longitude"} <= set(materials.importers.frame.columns):
        return known
    own = materials.importers.frame.set_index("importer")[["latitude", "longitude"]].astype(float)
    return own.combine_first(known)


def links_from(materials: Materials, switches: Switches) -> pd.DataFrame:
    """Return links of China and the United States: exporter, importer, regime of the importer, deals."""
    held = counted_deals(materials, switches)
    held = held[held["exporter"].isin(list(EXPORTERS))]
    found = held.groupby(["exporter", "importer"]).size().rename("deals").reset_index()
    return found.assign(regime=regime_of(found["importer"], materials, switches))


def make_arrow_maps(materials: Materials, switches: Switches) -> Content:
    """Make Figure 1: links and deals by regime, and their shares; the arrows are a table of their own.

    Raises
    ------
    NotAvailableError
        No regimes, or no importer with a position.
    """
    found = links_from(materials, switches)
    where = places(materials)
    arrows = found.join(where, on="importer").join(where.add_prefix("from_"), on="exporter")
    placed = arrows.dropna(subset=["latitude", "longitude", "from_latitude", "from_longitude"])
    if len(found) and placed.empty:
        raise NotAvailableError(
            "No importer has a position on the map.", f"importers: {first_few(found['importer'])}", HOW
        )
    columns = [
        column for code, panel in EXPORTERS.items() for column in _columns(panel, found[found["exporter"] == code])
    ]
    notes = ["A link is an exporter and an importer with any deal. Regimes are those of the base year."]
    lost = found.index.difference(placed.index)
    if len(lost):
        notes.append(f"Without a position, not drawn: {', '.join(sorted(set(found.loc[lost, 'importer'])))}.")
    dots = where[where.index.isin(materials.countries.frame["importer"])].rename_axis("importer").reset_index()
    return Content(
        columns=tuple(columns),
        notes=tuple(notes),
        more={"arrows": placed.reset_index(drop=True), "places": dots.dropna().reset_index(drop=True)},
    )


def _columns(panel: str, found: pd.DataFrame) -> list[Column]:
    return [_column(panel, name, part, found) for name, part in by_regime(found).items()]


def _column(panel: str, name: str, part: pd.DataFrame, found: pd.DataFrame) -> Column:
    links, deals = float(len(part)), float(part["deals"].sum())
    cells = (
        Coefficient("links", links, is_count=True),
        Coefficient("deals", deals, is_count=True),
        Coefficient("share of links", share(links, float(len(found)))),
        Coefficient("share of deals", share(deals, float(found["deals"].sum()))),
    )
    return Column(panel=panel, head=name, coefficients=cells, nobs=links)


def draw_arrow_maps(content: Content, level: float, label: str) -> Figure:
    """Draw Figure 1.

    Parameters
    ----------
    content : Content
    level : float
        Not used; counts have no interval.
    label : str
    """
    arrows = content.more["arrows"]
    most = float(arrows["deals"].max()) if len(arrows) else 1.0
    with rc_context(STYLE):
        figure = page((7.4, 9.4), TITLE, label)
        for ax, (code, panel) in zip(figure.subplots(2, 1), EXPORTERS.items(), strict=True):
            mine = arrows[arrows["exporter"] == code].reset_index(drop=True)
            _map(ax, mine, content.more["places"], most)
            ax.set_title(panel, weight="bold")
            _legend(ax, content, panel)
            _widths(ax, most)
        caption(figure, "The wider an arrow, the more deals. " + " ".join(content.notes))
    return figure


def _map(ax: Axes, arrows: pd.DataFrame, dots: pd.DataFrame, most: float) -> None:
    draw_graticule(ax)
    draw_places(ax, dots, ["0.72"] * len(dots), np.full(len(dots), 5.0))
    if arrows.empty:
        return
    colors = [COLORS[regime] for regime in arrows["regime"]]
    draw_places(ax, arrows, colors, np.full(len(arrows), 9.0))
    draw_arrows(ax, arrows, colors, arrow_widths(arrows["deals"].to_numpy(dtype=float), most))
    named = arrows.sort_values(["deals", "importer"], ascending=[False, True])
    write_names(ax, named.assign(words=named["importer"] + " " + named["deals"].astype(str)), NAMED)


def _legend(ax: Axes, content: Content, panel: str) -> None:
    handles = []
    for (held, head), found in values(content).items():
        if held == panel:
            words = (
                f"{head}: {_number(found['links'], 'link')} ({_percent(found['share of links'])}), "
                f"{_number(found['deals'], 'deal')} ({_percent(found['share of deals'])})"
            )
            handles.append(Line2D([], [], color=COLORS[head], linewidth=3, label=words))
    box = ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.04, 0.0), frameon=False, fontsize=8)
    ax.add_artist(box)
    # Clipped to the map, it would take no room in the layout.
    box.set_clip_on(False)


def _widths(ax: Axes, most: float) -> None:
    shown: npt.NDArray[np.float64] = np.array([n for n in KEY if n <= most] or [1], dtype=float)
    handles = [
        Line2D([], [], color="0.5", linewidth=float(width), label=_number(float(number), "deal"))
        for number, width in zip(shown, arrow_widths(shown, most), strict=True)
    ]
    ax.legend(handles=handles, loc="upper right", bbox_to_anchor=(0.98, 0.0), frameon=False, fontsize=8)


def _number(count: float, unit: str) -> str:
    return f"{count:.0f} {unit}{'' if count == 1 else 's'}"


def _percent(number: float) -> str:
    return "-" if np.isnan(number) else f"{number:.0%}"


EXHIBITS = (
    Exhibit(
        name="figure_1",
        number="Figure 1",
        title="Who buys surveillance AI from China and from the United States",
        uses=("regime_cutoff", "regime_base", "counts"),
        make=make_arrow_maps,
        draw=draw_arrow_maps,
    ),
)
