"""Market shares of China and the United States: partners, deals, growth and shares, by regime and by year."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from eventpanel.brookings.canvas import GREY, RED_AND_BLUE, caption, page, values
from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit
from eventpanel.brookings.flows import UNKNOWN, by_regime, counted_deals, regime_of, share, watched_years
from eventpanel.brookings.samples import CHINA, US
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.time_path import by_year
from eventpanel.datasets.materials import Materials
from eventpanel.reports.figures import STYLE

__all__ = ["EXHIBITS", "sellers"]

ALL, OTHERS = "All importers", "Other exporters"
PANELS = {CHINA: "China", US: "United States", OTHERS: OTHERS}
COLORS = {**RED_AND_BLUE, OTHERS: GREY}
# Terms that are counts; all others are shares and ratios.
COUNTS = ("partners", "deals", "deals, earlier half", "deals, later half")
BY_YEAR = ", share of deals by year"
TITLE = "Market shares of China and the United States in surveillance AI"


def sellers(deals: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Split deals by exporter: China, the United States, all others."""
    named = deals["exporter"].isin([CHINA, US])
    return {
        CHINA: deals[deals["exporter"] == CHINA],
        US: deals[deals["exporter"] == US],
        OTHERS: deals[~named],
    }


def make_market_shares(materials: Materials, switches: Switches) -> Content:
    """Make the exhibit: a panel an exporter with a column a regime, then the same shares by year.

    Raises
    ------
    NotAvailableError
        No regimes, or no deal has an exporter.
    """
    deals = counted_deals(materials, switches)
    deals = deals.assign(regime=regime_of(deals["importer"], materials, switches))
    parts = {ALL: deals, **by_regime(deals)}
    first = deals["year"].min()
    years = [year for year in watched_years(materials.deals) if year >= first]
    columns = [_column(code, head, part, years) for code in PANELS for head, part in parts.items()]
    yearly = [_yearly(code, head, part, years) for code in PANELS for head, part in parts.items()]
    half = years[: (len(years) + 1) // 2]
    spans = f"{half[0]} to {half[-1]} and after" if len(years) > 1 else "none"
    notes = (
        "Shares are those among all exporters in the same importers; partners are importers with any deal. Regimes are "
        "those of the base year.",
        "Growth: deals in the later half of the years that the list watches, from its first deal on, over those in the "
        f"earlier half ({spans}).",
        "A year without any deal has no shares.",
    )
    return Content(columns=(*columns, *yearly), notes=notes, more={"deals_by_year": _table(parts, years)})


def _column(code: str, head: str, part: pd.DataFrame, years: list[int]) -> Column:
    mine = sellers(part)[code]
    partners, deals = float(mine["importer"].nunique()), float(len(mine))
    earlier = years[: (len(years) + 1) // 2]
    early = float(mine["year"].isin(earlier).sum())
    late = float(mine["year"].isin(years[len(earlier) :]).sum())
    links = float(len(part[["exporter", "importer"]].drop_duplicates()))
    own_links = float(len(mine[["exporter", "importer"]].drop_duplicates()))
    cells = {
        "partners": partners,
        "deals": deals,
        "deals per partner": share(deals, partners),
        "share of links": share(own_links, links),
        "share of deals": share(deals, float(len(part))),
        "deals, earlier half": early,
        "deals, later half": late,
        "growth": share(late, early),
    }
    return Column(panel=PANELS[code], head=head, coefficients=_cells(cells), nobs=deals)


def _yearly(code: str, head: str, part: pd.DataFrame, years: list[int]) -> Column:
    whole = by_year(part, years)
    found = by_year(sellers(part)[code], years) / whole.where(whole > 0)
    cells = {str(year): float(number) for year, number in found.items()}
    return Column(panel=PANELS[code] + BY_YEAR, head=head, coefficients=_cells(cells), nobs=float(whole.sum()))


def _cells(found: dict[str, float]) -> tuple[Coefficient, ...]:
    return tuple(Coefficient(term, number, is_count=term in COUNTS) for term, number in found.items())


def _table(parts: dict[str, pd.DataFrame], years: list[int]) -> pd.DataFrame:
    """Deals behind the shares: importers, exporter, year, deals."""
    tables = [
        by_year(mine, years).rename("deals").rename_axis("year").reset_index().assign(importers=head, exporter=code)
        for head, part in parts.items()
        for code, mine in sellers(part).items()
    ]
    return pd.concat(tables, ignore_index=True)[["importers", "exporter", "year", "deals"]]


def draw_market_shares(content: Content, level: float, label: str) -> Figure:
    """Draw shares by year above, deals by year below, a column the importers; those of unknown regime among all only.

    Parameters
    ----------
    content : Content
    level : float
        Not used; counts have no interval.
    label : str
    """
    table = content.more["deals_by_year"]
    heads = [head for head in dict.fromkeys(table["importers"]) if head != UNKNOWN]
    with rc_context(STYLE):
        figure = page((2.9 * len(heads) + 0.9, 5.4), TITLE, label)
        axes = figure.subplots(2, len(heads), sharex=True, sharey="row", squeeze=False, height_ratios=(3, 2))
        for k, head in enumerate(heads):
            _shares(axes[0, k], content, head)
            _deals(axes[1, k], table[table["importers"] == head])
        axes[0, 0].set_ylabel("Share of deals")
        axes[1, 0].set_ylabel("Deals")
        axes[1, 0].legend(handles=axes[0, 0].get_lines()[: len(PANELS)], loc="upper left", frameon=False, fontsize=8)
        caption(figure, " ".join(content.notes[:1]) + " Dashed: the share over all years.")
    return figure


def _shares(ax: Axes, content: Content, head: str) -> None:
    found = values(content)
    for code, panel in PANELS.items():
        path = found[(panel + BY_YEAR, head)]
        years, shares = [int(term) for term in path], list(path.values())
        ax.plot(years, shares, "o-", color=COLORS[code], markersize=3.5, linewidth=1.4, label=panel)
    for code, panel in PANELS.items():
        whole = found[(panel, head)]["share of deals"]
        if code != OTHERS and not np.isnan(whole):
            ax.axhline(whole, color=COLORS[code], linewidth=0.8, linestyle="--", alpha=0.7)
    ax.set_title(head, fontsize=9)
    ax.set_ylim(0, 1.02)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.grid(axis="y", color="0.92", linewidth=0.6)


def _deals(ax: Axes, table: pd.DataFrame) -> None:
    base: pd.Series | None = None
    for code in PANELS:
        counts = table[table["exporter"] == code].set_index("year")["deals"]
        ax.bar(counts.index, counts, bottom=base, color=COLORS[code], width=0.78)
        base = counts if base is None else base + counts
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))


EXHIBITS = (
    Exhibit(
        name="market_shares",
        number="Market shares",
        title="China and the United States by regime and by year",
        uses=("regime_cutoff", "regime_base", "counts"),
        make=make_market_shares,
        draw=draw_market_shares,
    ),
)
