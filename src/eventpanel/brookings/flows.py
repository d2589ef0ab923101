"""Flows: deals between countries, who counts, and when the list watches; used by the exhibits on who sells to whom."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventpanel.brookings.samples import top_100, weak_in_base_year
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import HOW, Materials
from eventpanel.datasets.records import Records

__all__ = [
    "REGIMES",
    "STRONG",
    "UNKNOWN",
    "WEAK",
    "between_countries",
    "by_regime",
    "counted_countries",
    "counted_deals",
    "is_true",
    "regime_of",
    "share",
    "watched",
    "watched_importers",
    "watched_years",
]

WEAK = "Weak democracies and autocracies"
STRONG = "Strong democracies"
UNKNOWN = "Regime not known"
REGIMES = (WEAK, STRONG, UNKNOWN)


def between_countries(deals: Records) -> pd.DataFrame:
    """Return deals whose exporter is another country than the importer.

    Raises
    ------
    NotAvailableError
        No deal has an exporter.
    """
    held = deals.frame
    if "exporter" not in held.columns or held["exporter"].isna().all():
        raise NotAvailableError("The list of deals names no exporters.", deals.source.title, HOW)
    held = held[held["exporter"].notna() & (held["exporter"] != held["importer"])]
    if "domestic" in held.columns:
        held = held[~is_true(held["domestic"])]
    return held.reset_index(drop=True)


def is_true(column: pd.Series) -> pd.Series:
    """Return where a column of truth values is true; a missing value is not."""
    return column.eq(other=True)


def counted_countries(materials: Materials, switches: Switches) -> list[str]:
    """Return the countries whose deals are counted (D11), in the order of their codes."""
    if switches.counts == "top_100":
        return top_100(materials, switches)
    return sorted(set(materials.countries.frame["importer"]) | set(materials.deals.frame["importer"]))


def counted_deals(materials: Materials, switches: Switches) -> pd.DataFrame:
    """Return deals between countries whose importer counts (D11); the exporter may be any."""
    held = between_countries(materials.records("deals"))
    return held[held["importer"].isin(counted_countries(materials, switches))].reset_index(drop=True)


def regime_of(importers: pd.Series, materials: Materials, switches: Switches) -> pd.Series:
    """Return the regime of importers in the base year, in the words of the tables.

    Parameters
    ----------
    importers : Series
        Codes.
    materials : Materials
    switches : Switches
    """
    weak = importers.map(weak_in_base_year(materials, switches))
    return weak.map({1.0: WEAK, 0.0: STRONG}).fillna(UNKNOWN)


def by_regime(deals: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Split deals with a column ``regime``; that of unknown regimes only where there are any."""
    parts = {name: deals[deals["regime"] == name] for name in REGIMES}
    return {name: part for name, part in parts.items() if name != UNKNOWN or len(part)}


def watched(deals: Records) -> pd.DataFrame:
    """Return the country-years, importer and year, in which no deal is a zero: covered, and not in part only."""
    whole = deals.covered[["importer", "year"]].drop_duplicates()
    if deals.censored is None:
        return whole
    partly = pd.MultiIndex.from_frame(deals.censored[["importer", "year"]])
    return whole[~pd.MultiIndex.from_frame(whole).isin(partly)]


def watched_importers(deals: Records) -> set[str]:
    """Return importers that the list watches in any year."""
    return set(watched(deals)["importer"])


def watched_years(deals: Records) -> list[int]:
    """Return the years that the list watches for any importer and sees only in part for none."""
    years = set(watched(deals)["year"].astype(int))
    partly = set() if deals.censored is None else set(deals.censored["year"].astype(int))
    return sorted(years - partly)


def share(part: float, whole: float) -> float:
    """Return a share, missing where there is nothing to share."""
    return part / whole if whole else np.nan
