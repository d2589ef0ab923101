"""A map without geometry: each country is one square near its place on the globe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linear_sum_assignment

from eventpanel.datasets.countries import country_years
from eventpanel.datasets.crosswalk import crosswalk

__all__ = ["off_the_map", "positions", "regions", "tiles"]

COLUMNS, ROWS = 27, 19
# The cut of the map, in the Pacific between Samoa and Kiribati.
CUT = -169.0
# How much of a position is its rank among the countries: Europe gets room, the oceans lose it.
EVEN = 0.7
TODAY = 2024


@cache
def positions() -> pd.DataFrame:
    """Positions of countries by ISO3: latitude and longitude in degrees."""
    path = resources.files("eventpanel.datasets").joinpath("data", "positions.csv")
    with path.open(encoding="utf-8") as stream:
        return pd.read_csv(stream, keep_default_na=False).set_index("iso3")


def tiles(countries: Sequence[str] = ()) -> dict[str, tuple[int, int]]:
    """Give every state of today, and the countries named, a square of a grid: column and row, from the south-west.

    The squares are those with the least sum of squared distances from the countries' own places, so the same countries
    always stand in the same squares.

    Parameters
    ----------
    countries : sequence of str
        ISO3 codes; those without a position are left out.

    Examples
    --------
    >>> squares = tiles()
    >>> squares["PRT"][0] < squares["POL"][0], squares["NOR"][1] > squares["ITA"][1]
    (True, True)
    """
    today = set(country_years(TODAY, TODAY)["importer"])
    codes = sorted((today | set(countries)) & set(positions().index))
    place = positions().loc[codes]
    east = _spread((place["longitude"].to_numpy(dtype=float) - CUT) % 360, COLUMNS)
    north = _spread(place["latitude"].to_numpy(dtype=float), ROWS)
    column, row = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS), indexing="ij")
    cost = (east[:, None] - column.ravel()) ** 2 + (north[:, None] - row.ravel()) ** 2
    chosen = linear_sum_assignment(cost)[1]
    return {code: (int(cell // ROWS), int(cell % ROWS)) for code, cell in zip(codes, chosen, strict=True)}


def off_the_map(countries: Sequence[str]) -> list[str]:
    """Countries without a position, such as simulated ones.

    Examples
    --------
    >>> off_the_map(["KEN", "XAA"])
    ['XAA']
    """
    return [code for code in countries if code not in positions().index]


def _spread(values: npt.NDArray[np.float64], cells: int) -> npt.NDArray[np.float64]:
    """Places on an axis of cells: between their own and evenly spaced ones."""
    own = (values - values.min()) / np.ptp(values)
    even = np.searchsorted(np.sort(values), values) / (len(values) - 1)
    return np.asarray(((1 - EVEN) * own + EVEN * even) * (cells - 1), dtype=np.float64)


# Numbers of Gleditsch and Ward run by region, neighbours together.
REGIONS = {
    "Americas": (2, 199),
    "Europe": (200, 399),
    "Sub-Saharan Africa": (400, 599),
    "Middle East and North Africa": (600, 699),
    "Asia and Oceania": (700, 999),
}


def regions(countries: Sequence[str]) -> dict[str, list[str]]:
    """Sort countries into regions, neighbours together.

    Numbers of Gleditsch and Ward tell; a country without one stands beside the nearest country that has one, and a code
    without a position stands under "Other".

    Parameters
    ----------
    countries : sequence of str
        ISO3 codes.

    Examples
    --------
    >>> regions(["KEN", "UGA", "FRA"])
    {'Europe': ['FRA'], 'Sub-Saharan Africa': ['UGA', 'KEN']}
    """
    table = crosswalk()
    states = table[table["gw"] != ""].drop_duplicates("iso3", keep="last")
    numbered = dict(zip(states["iso3"], states["gw"].astype(int), strict=True))
    places = {code: (_number(code, numbered), code) for code in countries}
    found = {
        name: [code for number, code in sorted(places.values()) if low <= number <= high]
        for name, (low, high) in {**REGIONS, "Other": (OTHER, OTHER)}.items()
    }
    return {name: codes for name, codes in found.items() if codes}


OTHER = 10_000


def _number(code: str, numbered: Mapping[str, int]) -> int:
    if code in numbered:
        return numbered[code]
    if code not in positions().index:
        return OTHER
    known = positions().loc[[other for other in numbered if other in positions().index]]
    north, east = np.radians(known.to_numpy(dtype=float)).T
    here = np.radians(positions().loc[code].to_numpy(dtype=float))
    # Cosine of the angle between two points of the globe.
    near = np.sin(here[0]) * np.sin(north) + np.cos(here[0]) * np.cos(north) * np.cos(here[1] - east)
    return numbered[str(known.index[near.argmax()])]
