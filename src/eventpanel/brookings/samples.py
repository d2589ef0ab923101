"""Samples: who is a weak democracy, which countries and which products stand in the tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.records import Records

__all__ = [
    "AI",
    "CHINA",
    "SMART_CITY",
    "UNREST_YEARS",
    "US",
    "links",
    "product_countries",
    "regime_column",
    "top_100",
    "weak_by_year",
    "weak_in_base_year",
    "with_deals",
]

CHINA = "CHN"
US = "USA"
AI = "AI"
SMART_CITY = "AI smart city"
UNREST_YEARS = {"2000_2020": (2000, 2020), "2008_2021": (2008, 2021)}
CUTOFFS = {"polity_7": ("polity2", 7), "polity_6": ("polity2", 6), "polity_10": ("polity2", 10)}
ROW_CUTOFF = ("regimes_of_the_world", 2)


def regime_column(switches: Switches) -> tuple[str, int]:
    """Return the column of the regime and the value below which it is weak."""
    return CUTOFFS.get(switches.regime_cutoff, ROW_CUTOFF)


def weak_by_year(materials: Materials, switches: Switches) -> pd.Series:
    """Return 1 for the weak, 0 for others, missing without a regime; by row of ``countries``."""
    column, below = regime_column(switches)
    score = materials.panel("countries", column).number(column)
    return (score < below).astype(float).where(score.notna())


def weak_in_base_year(materials: Materials, switches: Switches) -> pd.Series:
    """Return the same by importer in the base year; importers without a regime then are left out."""
    frame = materials.countries.frame
    held = weak_by_year(materials, switches)[frame["year"] == switches.regime_base].dropna()
    return pd.Series(held.to_numpy(), index=frame.loc[held.index, "importer"].to_numpy(), name="weak")


def top_100(materials: Materials, switches: Switches) -> list[str]:
    """List importers with the 100 largest GDPs in the base year, in the order of their codes."""
    frame = materials.panel("countries", "gdp").frame
    held = frame[frame["year"] == switches.regime_base].dropna(subset="gdp").sort_values(["gdp", "importer"])
    return sorted(held["importer"].tail(100))


def product_countries(materials: Materials, switches: Switches) -> list[str]:
    """List countries of the product tables: those of the goods data, perhaps only the 100 largest."""
    goods = materials.panel("goods").frame
    held = set(goods["importer"]) | set(goods["exporter"])
    return sorted(held & set(top_100(materials, switches)) if switches.countries == "top_100" else held)


def links(deals: Records, countries: Sequence[str], product: str, *, smart_city: bool = False) -> pd.DataFrame:
    """Count deals between countries as a product: exporter, importer, product, trade; pairs with any deal only.

    Parameters
    ----------
    deals : Records
    countries : sequence of str
        Exporters and importers that count.
    product : str
        Name of the product.
    smart_city : bool
        Count deals on smart cities alone.
    """
    frame = deals.frame[deals.frame["smart_city"]] if smart_city else deals.frame
    inside = frame["importer"].isin(countries) & frame["exporter"].isin(countries)
    counted = frame[inside].groupby(["exporter", "importer"]).size().rename("trade").astype(float).reset_index()
    return counted.assign(product=product)


def with_deals(panel: Panel, deals: Records, exporter: str, name: str) -> Panel:
    """Count deals from one exporter by importer and year, as a new column.

    Zero in years without, also before the list begins; years after its last are missing.

    Parameters
    ----------
    panel : Panel
        Unit importer, by year.
    deals : Records
    exporter : str
    name : str
        Of the column.
    """
    frame = panel.frame
    mine = deals.frame[deals.frame["exporter"] == exporter]
    counted = mine.groupby(["importer", "year"]).size().rename(name).astype(float)
    held = frame[["importer", "year"]].join(counted, on=["importer", "year"])[name].fillna(0.0)
    known = frame["year"] <= deals.covered["year"].max()
    return panel.with_frame(frame.assign(**{name: np.where(known, held, np.nan)}))
