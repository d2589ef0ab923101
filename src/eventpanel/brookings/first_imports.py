"""First imports: when each country first bought surveillance AI, from whom, and whether it was in a year of unrest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.brookings.flows import between_countries, is_true, watched, watched_years
from eventpanel.brookings.samples import CHINA, UNREST_YEARS
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials

__all__ = [
    "CALM",
    "DEVELOPMENT",
    "NONE",
    "OTHER",
    "UNCLEAR",
    "UNREST",
    "Outcome",
    "first_imports",
    "high_unrest",
    "outcomes",
]

UNREST = "China, in a year of unrest"
CALM = "China, never in a year of unrest"
OTHER = "Other exporters only"
NONE = "No imports"
UNCLEAR = "China, unrest not known"
# The one outcome that is a level and no share.
DEVELOPMENT = "Domestic development"


def high_unrest(materials: Materials, switches: Switches) -> pd.Series:
    """Return 1 in years of high unrest (D9) and 0 in others, missing where unrest is, index importer and year.

    Medians, means and standard deviations are those of the years of unrest (D5); later years are compared with them.

    Raises
    ------
    NotAvailableError
        No data on unrest.
    """
    first, last = UNREST_YEARS[switches.unrest_years]
    frame = materials.panel("countries", "unrest").frame[["importer", "year", "unrest"]]
    own = frame[frame["year"].between(first, last)].groupby("importer")["unrest"]
    bound = own.median() if switches.high_unrest == "above_median" else own.mean() + own.std()
    unrest = frame.set_index(["importer", "year"])["unrest"].astype(float)
    bounds = bound.reindex(unrest.index.get_level_values("importer")).to_numpy(dtype=float)
    return (unrest > bounds).astype(float).where(unrest.notna() & ~np.isnan(bounds))


def first_imports(materials: Materials, switches: Switches) -> pd.DataFrame:
    """Return index importer, columns ``group`` and ``start``: the year of the first import that makes the group.

    China itself, and countries that neither the list nor the data on unrest know, are left out. A country with deals
    from China of which none is known to be in a year of unrest, and some may be, is unclear.

    Raises
    ------
    NotAvailableError
        No data on unrest, or no deal has an exporter.
    """
    high = high_unrest(materials, switches)
    deals = between_countries(materials.records("deals"))
    deals = deals.join(high.rename("high"), on=["importer", "year"])
    chinese = deals[deals["exporter"] == CHINA]
    firsts = {
        UNREST: chinese[chinese["high"] == 1],
        UNCLEAR: chinese[chinese["importer"].isin(chinese.loc[chinese["high"].isna(), "importer"])],
        CALM: chinese,
        OTHER: deals,
    }
    countries = set(watched(materials.deals)["importer"]) & set(high.index.get_level_values("importer"))
    held = pd.DataFrame({"group": NONE, "start": np.nan}, index=pd.Index(sorted(countries - {CHINA}), name="importer"))
    for group, rows in reversed(firsts.items()):
        start = rows.groupby("importer")["year"].min()
        start = start[start.index.isin(held.index)]
        held.loc[start.index, "group"] = group
        held.loc[start.index, "start"] = start.astype(float)
    return held


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What may follow from first imports.

    Attributes
    ----------
    name : str
    values : DataFrame
        Index importer, columns years; missing where it is not known.
    is_any : bool
        Whether it is 1 in years with any deal and 0 in others.
    """

    name: str
    values: pd.DataFrame
    is_any: bool


def outcomes(materials: Materials, countries: pd.Index) -> list[Outcome]:
    """Return own exports, and domestic deals and domestic development where the data have them.

    Parameters
    ----------
    materials : Materials
    countries : Index
        Codes.
    """
    years = watched_years(materials.deals)
    sold = between_countries(materials.deals)
    exports = _any(sold, "exporter").reindex(index=countries, columns=years).fillna(0.0)
    found = [Outcome(name="Own exports", values=exports, is_any=True)]
    deals = materials.deals.frame
    if "domestic" in deals.columns:
        seen = watched(materials.deals).assign(seen=1.0).pivot(index="importer", columns="year", values="seen")
        own = _any(deals[is_true(deals["domestic"])], "importer").reindex(index=countries, columns=years)
        known = seen.reindex(index=countries, columns=years).notna()
        found.append(Outcome(name="Domestic deals", values=own.fillna(0.0).where(known), is_any=True))
    if "domestic_ai" in materials.countries.frame.columns:
        frame = materials.countries.frame
        table = frame.pivot(index="importer", columns="year", values="domestic_ai").reindex(index=countries)
        found.append(Outcome(name=DEVELOPMENT, values=table.astype(float), is_any=False))
    return found


def _any(deals: pd.DataFrame, country: str) -> pd.DataFrame:
    """Return 1 in years with any deal, missing in others, index country, columns years."""
    counts = deals.groupby([country, "year"]).size().unstack("year")
    return (counts > 0).astype(float).where(counts.notna()).rename_axis(index="importer")
