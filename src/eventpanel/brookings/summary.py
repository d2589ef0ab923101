"""Table 1: imports of surveillance AI, unrest and wealth, of all countries and by regime."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit
from eventpanel.brookings.flows import (
    STRONG,
    UNKNOWN,
    WEAK,
    counted_countries,
    counted_deals,
    is_true,
    regime_of,
    watched_importers,
)
from eventpanel.brookings.samples import CHINA, UNREST_YEARS, US
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials

__all__ = ["EXHIBITS", "by_country"]

ALL = "All countries"
DEALS = {
    "AI imports": "all deals",
    "AI imports from China": "deals with China",
    "AI imports from the US": "deals with the United States",
    "Smart-city AI imports": "deals that concern smart cities",
}
# Column of the countries, and whether its logarithm is taken.
YEARLY = {
    "Unrest events": ("unrest", "level"),
    "log GDP": ("gdp", "log"),
    "log trade": ("total_trade", "log"),
    "Institutional index": ("institutions", "level"),
}
FRONTIER = "log frontier trade"
TERMS = (*DEALS, "Unrest events", "log GDP", "log trade", FRONTIER, "Institutional index")
DEFINITIONS = (
    "AI imports: deals of a country over all years of the list; a country that the list watches and that has none is "
    "a zero, one that it does not watch is missing. Standard deviations are those across countries.",
    "Unrest, GDP, trade and institutions: means of a country over the years of unrest (D5), logarithms taken first. "
    "The paper does not say whether its 5,951 events are of a year; they fit a year: its 18.4 million events over 150 "
    "countries and 21 years are 5,857.",
    "Frontier trade: imports of all frontier goods together.",
    "The paper's means (1.9 from China, 1.6 from the US) times 100 countries are 190 and 160 deals; its Figure 1 "
    "counts 238 and 211 in the same countries.",
)


def by_country(materials: Materials, switches: Switches) -> pd.DataFrame:
    """Return what Table 1 summarises: index importer, column ``regime`` and one column a row of the table.

    Columns are missing where the data lack what they need.
    """
    countries = pd.Index(counted_countries(materials, switches), name="importer")
    held = pd.DataFrame(index=countries)
    held["regime"] = regime_of(countries.to_series(), materials, switches)
    for name, counts in _imports(materials, switches).items():
        known = countries.isin(list(watched_importers(materials.deals)))
        held[name] = counts.reindex(countries).fillna(0.0).where(known)
    first, last = UNREST_YEARS[switches.unrest_years]
    yearly = materials.countries.frame
    yearly = yearly[yearly["year"].between(first, last)]
    for name, (column, scale) in YEARLY.items():
        if column in yearly.columns:
            held[name] = _scaled(yearly[column], scale).groupby(yearly["importer"]).mean().reindex(countries)
    if materials.goods is not None:
        goods = materials.goods.frame
        held[FRONTIER] = _scaled(goods.groupby("importer")["trade"].sum(min_count=1), "log").reindex(countries)
    return held.reindex(columns=["regime", *TERMS])


def _imports(materials: Materials, switches: Switches) -> dict[str, pd.Series]:
    """Deals by importer, for each row of the table that counts deals."""
    deals = counted_deals(materials, switches)
    parts = {
        "AI imports": deals,
        "AI imports from China": deals[deals["exporter"] == CHINA],
        "AI imports from the US": deals[deals["exporter"] == US],
    }
    if "smart_city" in deals.columns:
        parts["Smart-city AI imports"] = deals[is_true(deals["smart_city"])]
    return {name: part.groupby("importer").size().astype(float) for name, part in parts.items()}


def _scaled(column: pd.Series, scale: str) -> pd.Series:
    """Take logarithms of positive numbers; those of others are missing."""
    number = column.astype(float)
    if scale == "level":
        return number
    return pd.Series(np.log(number.where(number > 0)), index=number.index)


def make_table_1(materials: Materials, switches: Switches) -> Content:
    """Make Table 1.

    Raises
    ------
    NotAvailableError
        No regimes, or no GDP where the 100 largest countries are asked for.
    """
    held = by_country(materials, switches)
    groups = {
        ALL: held,
        STRONG: held[held["regime"] == STRONG],
        WEAK: held[held["regime"] == WEAK],
    }
    columns = [column for name, group in groups.items() for column in _columns(name, group)]
    return Content(
        columns=tuple(columns),
        notes=(*DEFINITIONS, *_lacking(held, materials), *_unknown(held)),
        more={"countries": held.reset_index(), "known": _known(groups)},
    )


def _columns(name: str, group: pd.DataFrame) -> list[Column]:
    numbers = group[list(TERMS)].astype(float)
    statistics = {"mean": numbers.mean(), "s.d.": numbers.std(ddof=1)}
    return [
        Column(
            panel="",
            head=f"{name}: {word}",
            coefficients=tuple(Coefficient(term, float(found[term])) for term in TERMS),
            counts=(("Countries", f"{len(group):,}"),),
            nobs=float(len(group)),
        )
        for word, found in statistics.items()
    ]


def _known(groups: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Count the countries behind each number."""
    counts = {name: group[list(TERMS)].notna().sum() for name, group in groups.items()}
    return pd.DataFrame(counts).rename_axis("term").reset_index()


def _lacking(held: pd.DataFrame, materials: Materials) -> tuple[str, ...]:
    names = {**{name: column for name, (column, _) in YEARLY.items()}, FRONTIER: "goods", **dict.fromkeys(DEALS, "")}
    empty = [term for term in TERMS if held[term].isna().all()]
    return tuple(f"Not there: {term}. {materials.absent.get(names[term], '')}".strip() for term in empty)


def _unknown(held: pd.DataFrame) -> tuple[str, ...]:
    unknown = list(held.index[held["regime"] == UNKNOWN])
    return (f"Regime not known, in the first two columns only: {', '.join(unknown)}.",) if unknown else ()


EXHIBITS = (
    Exhibit(
        name="table_1",
        number="Table 1",
        title="Summary statistics",
        uses=("regime_cutoff", "regime_base", "unrest_years", "counts"),
        make=make_table_1,
    ),
)
