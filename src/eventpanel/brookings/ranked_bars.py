"""Figures A.3 and A.4: the largest exporters, importers and pairs, by deals and by partners."""

from __future__ import annotations

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eventpanel.brookings.canvas import GREY, RED_AND_BLUE, caption, page, quiet
from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit
from eventpanel.brookings.flows import between_countries
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.countries import name_of
from eventpanel.datasets.materials import Materials
from eventpanel.reports.figures import STYLE

__all__ = ["EXHIBITS", "ranking"]

TOP = 20
ARROW = " \N{RIGHTWARDS ARROW} "
BY_DEALS = "Figure A.3: Exporters, importers and pairs by deals"
BY_PARTNERS = "Figure A.4: Exporters and importers by partners"


def ranking(counts: pd.Series) -> pd.Series:
    """Return the 20 largest counts, ties in the order of their codes.

    Examples
    --------
    >>> ranking(pd.Series({"USA": 2, "CHN": 2, "ISR": 3})).index.tolist()
    ['ISR', 'CHN', 'USA']
    """
    return counts.sort_index().sort_values(ascending=False, kind="stable").head(TOP)


def make_by_deals(materials: Materials, switches: Switches) -> Content:
    """Make Figure A.3: exporters, importers and pairs; terms are codes, those of pairs such as ``"ISR>USA"``.

    Raises
    ------
    NotAvailableError
        No deal has an exporter.
    """
    deals = between_countries(materials.records("deals"))
    pairs = deals["exporter"] + ">" + deals["importer"]
    return _content(
        {
            "Exporters": deals.groupby("exporter").size(),
            "Importers": deals.groupby("importer").size(),
            "Pairs": pairs.groupby(pairs).size(),
        },
        "deals",
    )


def make_by_partners(materials: Materials, switches: Switches) -> Content:
    """Make Figure A.4: countries by the number of countries they sell to or buy from.

    Raises
    ------
    NotAvailableError
        No deal has an exporter.
    """
    deals = between_countries(materials.records("deals"))
    return _content(
        {
            "Exporters": deals.groupby("exporter")["importer"].nunique(),
            "Importers": deals.groupby("importer")["exporter"].nunique(),
        },
        "partner countries",
    )


def _content(counts: dict[str, pd.Series], unit: str) -> Content:
    notes = [f"Number of {unit}, all countries; domestic deals are not counted."]
    notes += [note for name, count in counts.items() for note in _tied(name, count, unit)]
    columns = tuple(_column(name, unit.capitalize(), count) for name, count in counts.items())
    return Content(columns=columns, notes=tuple(notes))


def _tied(name: str, counts: pd.Series, unit: str) -> list[str]:
    """Say how many are left out though they have as many as the last one shown."""
    shown = ranking(counts)
    if len(shown) < TOP:
        return []
    last = int(shown.iloc[-1])
    more = int((counts == last).sum() - (shown == last).sum())
    return [f"{name}: {more} more with {last} {unit}."] if more else []


def _column(panel: str, head: str, counts: pd.Series) -> Column:
    cells = tuple(Coefficient(str(code), float(number), is_count=True) for code, number in ranking(counts).items())
    return Column(
        panel=panel,
        head=head,
        coefficients=cells,
        counts=(("In all", f"{len(counts):,}"),),
        nobs=float(len(counts)),
    )


def draw_by_deals(content: Content, level: float, label: str) -> Figure:
    """Draw Figure A.3.

    Parameters
    ----------
    content : Content
    level : float
        Not used; counts have no interval.
    label : str
    """
    return _draw(content, BY_DEALS, label)


def draw_by_partners(content: Content, level: float, label: str) -> Figure:
    """Draw Figure A.4.

    Parameters
    ----------
    content : Content
    level : float
        Not used; counts have no interval.
    label : str
    """
    return _draw(content, BY_PARTNERS, label)


def _draw(content: Content, title: str, label: str) -> Figure:
    with rc_context(STYLE):
        figure = page((3.1 * len(content.columns) + 1.0, 5.0), title, label)
        axes = figure.subplots(1, len(content.columns), squeeze=False)[0]
        for ax, column in zip(axes, content.columns, strict=True):
            _bars(ax, {one.term: one.estimate for one in column.coefficients})
            ax.set_title(f"{column.panel} ({len(column.coefficients)} of {column.nobs:,.0f})", weight="bold")
        caption(figure, "Red: China. Blue: the United States. " + " ".join(content.notes))
    return figure


def _bars(ax: Axes, counts: dict[str, float]) -> None:
    colors = [RED_AND_BLUE.get(code.split(">")[0], GREY) for code in counts]
    rows = range(len(counts))
    ax.barh(rows, list(counts.values()), color=colors, height=0.72)
    ax.set_yticks(rows, [ARROW.join(short_name(code) for code in codes.split(">")) for codes in counts], fontsize=7.5)
    ax.set_ylim(TOP - 0.4, -0.6)
    most = max(counts.values(), default=1.0)
    for row, number in enumerate(counts.values()):
        ax.text(number + 0.015 * most, row, f"{number:.0f}", va="center", fontsize=7.5, color="0.2")
    ax.set_xlim(0, 1.14 * most)
    quiet(ax)


SHORT = {
    "USA": "US",
    "GBR": "UK",
    "ARE": "UAE",
    "RUS": "Russia",
    "KOR": "Korea",
    "PRK": "North Korea",
    "TZA": "Tanzania",
    "COD": "DR Congo",
    "CAF": "Central Africa",
    "BIH": "Bosnia",
    "VEN": "Venezuela",
    "IRN": "Iran",
    "SYR": "Syria",
    "LAO": "Laos",
    "TWN": "Taiwan",
    "MKD": "N. Macedonia",
}


def short_name(iso3: str) -> str:
    """Return a country's name, short enough for a bar.

    Examples
    --------
    >>> short_name("GBR"), short_name("XAB")
    ('UK', 'XAB')
    """
    name = SHORT.get(iso3, name_of(iso3))
    return name.removeprefix("Simulated ")


EXHIBITS = (
    Exhibit(
        name="figure_a3",
        number="Figure A.3",
        title="Exporters, importers and pairs by deals",
        uses=(),
        make=make_by_deals,
        draw=draw_by_deals,
    ),
    Exhibit(
        name="figure_a4",
        number="Figure A.4",
        title="Exporters and importers by partners",
        uses=(),
        make=make_by_partners,
        draw=draw_by_partners,
    ),
)
