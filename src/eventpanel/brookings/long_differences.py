"""Rows of equation (4): importers, the change of their institutions and their imports of AI in years of high unrest."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from eventpanel.brookings.samples import CHINA, UNREST_YEARS, weak_in_base_year, with_deals
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.records import Records

__all__ = [
    "BASELINE",
    "CHANGE",
    "CHINESE",
    "EXPOSURE",
    "INDICES",
    "LAST_YEARS",
    "WEAK",
    "YEARS",
    "Trade",
    "deals_of",
    "high_unrest",
    "known_years",
    "large_countries",
    "long_differences",
]

# Column of ``countries``, and what it is called.
INDICES = {
    "institutions": "Overall index",
    "fair_elections": "Fair elections",
    "free_media": "Free media",
    "peaceful": "Peaceful elections",
    "monitors": "Election monitors",
}
CHANGE = "change_"
EXPOSURE = "ai_in_unrest"
WEAK = "weak"
# The paper does not name the years summed over, nor the year that the change starts from: here those of the unrest
# panel that give the printed N, and the first of them.
YEARS = UNREST_YEARS["2000_2020"]
BASELINE = YEARS[0]
LARGEST = 100
LAST_YEARS = {"2019_2021": (2019, 2021), "2018_2020": (2018, 2020)}
REMEDY = "see docs/brookings.md"


class Trade(NamedTuple):
    """Which deals count: those from one exporter, perhaps on smart cities alone."""

    exporter: str = CHINA
    of: Literal["all", "smart_city"] = "all"


CHINESE = Trade()


def deals_of(materials: Materials, trade: Trade) -> Records:
    """Return the list of deals, or that of smart cities.

    Raises
    ------
    NotAvailableError
        A list that does not say which deals concern smart cities.
    """
    if trade.of == "all":
        return materials.records("deals")
    deals = materials.records("deals", "smart_city")
    return replace(deals, frame=deals.frame[deals.frame["smart_city"] == 1])


def high_unrest(materials: Materials, switches: Switches) -> pd.Series:
    """1 in years of high unrest, 0 in others, missing where unrest is: by row of ``countries``.

    The line is the importer's own, over 2000 to 2020: its median, or its mean plus one standard
    deviation. A year on the line is not above it.
    """
    panel = materials.panel("countries", "unrest")
    inside = panel.frame["year"].between(*YEARS)
    unrest = panel.number("unrest").where(inside)
    own = unrest.groupby(panel.frame["importer"])
    line = own.transform("median")
    if switches.high_unrest == "mean_plus_sd":
        line = own.transform("mean") + own.transform("std")
    return (unrest > line).astype(float).where(unrest.notna() & line.notna())


def known_years(materials: Materials) -> list[int]:
    """List the years from 2000 to 2020 that both deals and unrest reach.

    Raises
    ------
    NotAvailableError
        None.
    """
    panel = materials.panel("countries", "unrest")
    reached = panel.frame.loc[panel.number("unrest").notna(), "year"]
    last = min(YEARS[1], int(materials.deals.covered["year"].max()))
    years = sorted(set(reached[reached.between(YEARS[0], last)]))
    if not years:
        raise NotAvailableError("No year has both deals and unrest.", f"{YEARS[0]} to {last}", REMEDY)
    return years


def large_countries(materials: Materials, switches: Switches) -> list[str]:
    """List the 100 importers with the largest GDP of those with a regime, both in the base year, by their codes.

    The 48 mature democracies and 52 others of the paper's Table 1 add up to 100: all of them have a regime.
    """
    frame = materials.panel("countries", "gdp").frame
    held = frame[frame["year"] == switches.regime_base].set_index("importer")["gdp"].dropna()
    ranked = held[held.index.isin(weak_in_base_year(materials, switches).index)].sort_values(kind="stable")
    return sorted(ranked.index[-LARGEST:])


def long_differences(materials: Materials, switches: Switches, trade: Trade = CHINESE) -> Panel:
    """Return the rows of equation (4).

    Parameters
    ----------
    materials : Materials
        With unrest, GDP and regimes.
    switches : Switches
        ``regime_cutoff``, ``regime_base``, ``high_unrest`` and ``institution_years`` count.
    trade : Trade
        Which deals count.

    Returns
    -------
    Panel
        Unit importer, no period; those of :func:`large_countries` without the exporter itself.
        ``weak`` (1 for autocracies and weak democracies, 0 for mature democracies); ``ai_in_unrest`` (years of any
        deal that were years of high unrest), ``total_ai`` (years of any deal), ``total_unrest`` (events),
        ``log_trade`` (log of the mean yearly imports in US dollars) where total trade is known, ``log_gdp`` (of the
        base year, US dollars); for each index known ``change_INDEX`` (its mean over the last years known less its
        value in 2000). Sums are missing where a year of them is.

    Raises
    ------
    NotAvailableError
        Data that are not there.
    """
    countries = materials.panel("countries", "unrest", "gdp")
    panel = with_deals(countries, deals_of(materials, trade), trade.exporter, "ai_deals")
    any_deal = (panel.number("ai_deals") > 0).astype(float).where(panel.number("ai_deals").notna())
    years = known_years(materials)
    frame = pd.DataFrame(
        {
            WEAK: weak_in_base_year(materials, switches),
            EXPOSURE: _summed(panel, any_deal * high_unrest(materials, switches), years),
            "total_ai": _summed(panel, any_deal, years),
            "total_unrest": _summed(panel, panel.number("unrest"), years),
            **_trade(panel, years),
            "log_gdp": _log(_averaged(panel, "gdp", (switches.regime_base, switches.regime_base))),
            **_changes(panel, switches),
        },
        index=pd.Index(
            [name for name in large_countries(materials, switches) if name != trade.exporter], name="importer"
        ),
    )
    return Panel(frame.reset_index(), ("importer",), None, countries.sources)


def _summed(panel: Panel, values: pd.Series, years: list[int]) -> pd.Series:
    """Sum over years by importer, missing where a year is."""
    keys = [panel.frame["importer"], panel.frame["year"]]
    wide = values.groupby(keys).first().unstack().reindex(columns=years)
    return wide.sum(axis=1, skipna=False)


def _averaged(panel: Panel, column: str, years: tuple[int, int]) -> pd.Series:
    """Mean over the years known by importer."""
    inside = panel.frame["year"].between(*years)
    return panel.number(column)[inside].groupby(panel.frame.loc[inside, "importer"]).mean()


def _log(values: pd.Series) -> pd.Series:
    return pd.Series(np.log(values.where(values > 0)), index=values.index)


def _trade(panel: Panel, years: list[int]) -> dict[str, pd.Series]:
    if "total_trade" not in panel.frame.columns:
        return {}
    return {"log_trade": _log(_averaged(panel, "total_trade", (years[0], years[-1])))}


def _changes(panel: Panel, switches: Switches) -> dict[str, pd.Series]:
    last = LAST_YEARS[switches.institution_years]
    held = [name for name in INDICES if name in panel.frame.columns]
    return {
        f"{CHANGE}{name}": _averaged(panel, name, last) - _averaged(panel, name, (BASELINE, BASELINE)) for name in held
    }
