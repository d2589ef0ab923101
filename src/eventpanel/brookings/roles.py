"""Roles: what an input of the family is for, which columns it can give, and whether a study can do without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ROLES", "Role"]

Shape = Literal["deals", "country_years", "pairs", "goods", "pair_years", "countries"]


@dataclass(frozen=True, slots=True)
class Role:
    """What an input is for.

    Attributes
    ----------
    shape : str
        What its rows are: deals (a list), country-years, pairs, goods by pair and year, pairs by year, countries.
    columns : tuple of str
        Columns of :class:`eventpanel.datasets.materials.Materials` that it can give.
    what : str
        What it is, in words.
    needed : bool
        No study without it.
    """

    shape: Shape
    columns: tuple[str, ...]
    what: str
    needed: bool = False


INSTITUTIONS = ("institutions", "fair_elections", "free_media", "peaceful", "monitors")
TIES = ("border", "fta", "colonial", "language", "legal", "religion", "landlocked", "island")
AID = ("aid_china", "aid_usa")
TECHNOLOGY = ("technology_from_chn", "technology_from_usa", "facial_recognition", "smart_city", "smart_policing")

ROLES = {
    "deals": Role("deals", (), "deals", needed=True),
    "arms": Role("deals", (), "arms deals"),
    "polity": Role("country_years", ("polity2",), "the Polity score", needed=True),
    "row": Role("country_years", ("regimes_of_the_world",), "V-Dem's Regimes of the World"),
    "ert": Role("country_years", ("autocratization",), "episodes of autocratization"),
    "unrest": Role("country_years", ("unrest",), "unrest", needed=True),
    "gdp": Role("country_years", ("gdp",), "GDP"),
    "trade": Role("country_years", ("total_trade", "trade_china", "trade_usa"), "trade in all goods"),
    "institutions": Role("country_years", INSTITUTIONS, "political institutions (NELDA)"),
    "revenue": Role("country_years", ("government_revenue",), "government revenue"),
    "domestic_ai": Role("country_years", ("domestic_ai",), "AI of a country's own"),
    "pairs": Role("pairs", ("log_distance", *TIES), "distance and ties of pairs"),
    "goods": Role("goods", ("trade",), "trade in frontier goods, summed over years and by year"),
    "goods_years": Role("goods", ("trade",), "trade in frontier goods by year"),
    "investment": Role("pair_years", ("investment", "construction"), "investment and construction abroad"),
    "ai_investment": Role("countries", ("ai_investment",), "investment in AI"),
    "aid": Role("countries", AID, "aid"),
    "suppliers": Role("countries", TECHNOLOGY, "whose surveillance technology a country uses"),
}
