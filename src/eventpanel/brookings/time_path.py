"""Figure A.2: deals by year, all and those that concern smart cities."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eventpanel.brookings.canvas import caption, page, values
from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit
from eventpanel.brookings.flows import between_countries, is_true, watched_years
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from eventpanel.reports.figures import STYLE

__all__ = ["EXHIBITS", "by_year"]

ALL, SMART = "All AI", "Smart city"
LOOKS = {ALL: ("black", "o", "-"), SMART: ("0.45", "s", "--")}
TITLE = "Figure A.2: Deals of surveillance AI by year"


def by_year(deals: pd.DataFrame, years: list[int]) -> pd.Series:
    """Count deals by year, shape (last - first + 1,): zero in a year that is watched, missing in one that is not.

    Examples
    --------
    >>> by_year(pd.DataFrame({"year": [2010, 2010, 2012]}), [2010, 2011, 2013]).tolist()
    [2.0, 0.0, nan, 0.0]
    """
    counts = deals.groupby("year").size().astype(float)
    span = range(min(years), max(years) + 1) if years else range(0)
    return counts.reindex(years).fillna(0.0).reindex(list(span))


def make_time_path(materials: Materials, switches: Switches) -> Content:
    """Make Figure A.2: one column a series, its terms the years.

    Raises
    ------
    NotAvailableError
        No deal has an exporter.
    """
    deals = between_countries(materials.records("deals"))
    years = watched_years(materials.deals)
    series = {ALL: deals}
    if "smart_city" in deals.columns:
        series[SMART] = deals[is_true(deals["smart_city"])]
    columns = [_column(name, by_year(part, years)) for name, part in series.items()]
    lost = int((~deals["year"].isin(years)).sum())
    notes = [
        "Deals between countries. Years that the list does not watch, or sees only in part, are left out; a year that "
        "it watches and that has no deal is a zero."
    ]
    if lost:
        notes.append(f"Deals in years left out: {lost:,}.")
    if SMART not in series:
        notes.append("Not there: whether a deal concerns smart cities.")
    return Content(columns=tuple(columns), notes=tuple(notes))


def _column(name: str, counts: pd.Series) -> Column:
    cells = tuple(Coefficient(str(year), float(number), is_count=True) for year, number in counts.items())
    total = float(counts.sum())
    return Column(panel="", head=name, coefficients=cells, counts=(("Deals", f"{total:,.0f}"),), nobs=total)


def draw_time_path(content: Content, level: float, label: str) -> Figure:
    """Draw Figure A.2.

    Parameters
    ----------
    content : Content
    level : float
        Not used; counts have no interval.
    label : str
    """
    with rc_context(STYLE):
        figure = page((6.6, 4.0), TITLE, label)
        ax = figure.subplots()
        for (_, head), path in values(content).items():
            _line(ax, head, path)
        ax.set_ylim(bottom=0)
        ax.set_ylabel("Deals")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12))
        ax.grid(axis="y", color="0.9", linewidth=0.6)
        ax.set_axisbelow(True)
        caption(figure, " ".join(content.notes))
    return figure


def _line(ax: Axes, head: str, path: Mapping[str, float]) -> None:
    color, mark, dashes = LOOKS[head]
    years, counts = np.array([int(term) for term in path]), np.array(list(path.values()))
    ax.plot(years, counts, dashes, marker=mark, color=color, markersize=4, linewidth=1.4, clip_on=False)
    known = np.flatnonzero(~np.isnan(counts))
    if len(known):
        last = known[-1]
        place = (float(years[last]), float(counts[last]))
        ax.annotate(head, place, xytext=(7, 0), textcoords="offset points", va="center", color=color, fontsize=8.5)


EXHIBITS = (
    Exhibit(
        name="figure_a2",
        number="Figure A.2",
        title="Deals by year",
        uses=(),
        make=make_time_path,
        draw=draw_time_path,
    ),
)
