"""What the columns of a table are written in: which hold countries, in which code scheme, and which holds years.

A scheme fits as far as it knows a column's distinct values in their years. Two schemes that fit alike are in doubt
only where they read some value as different countries; otherwise it does not matter which is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import pandas as pd

from eventpanel.datasets.countries import SCHEMES, Scheme, match, normalise
from eventpanel.datasets.crosswalk import NUMBERS, crosswalk, spells

__all__ = [
    "FITS",
    "Guess",
    "Reading",
    "collides",
    "guess_scheme",
    "guess_years",
    "read_in",
    "schemes_that_fit",
    "settle",
]

# A column of countries has at least this share of values that one scheme knows something about.
FITS = 0.5
FITS_BY_CHANCE = 0.8  # numbers and pairs of letters
FEWEST_BY_CHANCE = 10
MOST = 2000  # more distinct values are no countries
# Schemes whose shares are this close fit alike.
ALIKE = 0.05
# A second scheme is mixed in where it alone knows this share of values, and more than one.
MIXED = 0.02
SHORT = {"iso2", "fips"}
YEARS = ("year", "years", "yr", "refyear", "period", "time", "t")
FIRST, LAST = 1700, 2100


@dataclass(frozen=True, slots=True)
class Guess:
    """What one column of countries is written in.

    Attributes
    ----------
    column : str
    distinct : int
        Number of distinct values.
    shares : mapping of scheme to float
        Share of the distinct values that a scheme knows as countries in one of their years; largest first.
    scheme : str
        The scheme the column is read in.
    mixed : tuple of str
        A second scheme that alone knows values the first does not.
    doubt : tuple of str
        Other schemes that fit as well and mean other countries by some of the values.
    reason : str
        Why this scheme: ``"stated"``, ``"fits best"``, or ``"agrees with NAME"``, a column beside it.
    """

    column: str
    distinct: int
    shares: Mapping[Scheme, float]
    scheme: Scheme
    mixed: tuple[Scheme, ...] = ()
    doubt: tuple[Scheme, ...] = ()
    reason: str = "fits best"


@dataclass(frozen=True, slots=True)
class Reading:
    """A column read in every scheme that may be meant.

    Attributes
    ----------
    schemes : tuple of str
        The schemes it is read in.
    cells : DataFrame, shape (n, 3)
        Distinct values and years with their number of rows: value, year, rows.
    iso3 : DataFrame, shape (n, schemes)
        ISO3 or missing, one column a scheme.
    problem : DataFrame, shape (n, schemes)
        Why a scheme reads nothing.
    """

    schemes: tuple[Scheme, ...]
    cells: pd.DataFrame
    iso3: pd.DataFrame
    problem: pd.DataFrame


def schemes_that_fit(values: pd.Series) -> tuple[Scheme, ...]:
    """Schemes that know a good part of some values in any year.

    Examples
    --------
    >>> schemes_that_fit(pd.Series(["KEN", "UGA", "FRN"]))
    ('iso3', 'cow_letters', 'vdem')
    """
    distinct = pd.Series(values.unique(), dtype=object)
    distinct = distinct[distinct != ""]
    if distinct.empty or len(distinct) > MOST:
        return ()
    forms = {kind: normalise(distinct, kind).tolist() for kind in ("name", "iso3", "cow")}
    found: list[Scheme] = []
    for scheme in SCHEMES:
        chance = scheme in NUMBERS or scheme in SHORT
        if chance and len(distinct) < FEWEST_BY_CHANCE:
            continue
        written = forms["name" if scheme == "name" else "cow" if scheme in NUMBERS else "iso3"]
        known = sum(key in _keys(scheme) for key in written) / len(written)
        if known >= (FITS if chance else FITS / 2):
            found.append(scheme)
    return tuple(found)


@cache
def _keys(scheme: Scheme) -> frozenset[str]:
    return frozenset(spells(scheme)["key"])


def read_in(schemes: tuple[Scheme, ...], values: pd.Series, years: pd.Series | None) -> Reading:
    """Read a column in several schemes.

    Parameters
    ----------
    schemes : tuple of str
        One or more of :data:`~eventpanel.datasets.countries.SCHEMES`.
    values : Series of str, shape (n,)
    years : Series of int, shape (n,), or None
        Years in which the values must be valid; without them today's states are read.
    """
    table = pd.DataFrame({"value": values, "year": 0 if years is None else years})
    cells = table.groupby(["value", "year"], sort=False).size().rename("rows").reset_index()
    found = {scheme: match(cells["value"], scheme, None if years is None else cells["year"]) for scheme in schemes}
    return Reading(
        schemes,
        cells,
        pd.DataFrame({scheme: answer.iso3 for scheme, answer in found.items()}, index=cells.index, dtype=object),
        pd.DataFrame({scheme: answer.problem for scheme, answer in found.items()}, index=cells.index, dtype=object),
    )


def guess_years(table: pd.DataFrame) -> tuple[str, ...]:
    """Names of columns that hold years, the likeliest first; those after it are as likely.

    Examples
    --------
    >>> guess_years(pd.DataFrame({"iso": ["KEN"], "gdp": ["1990.5"], "refYear": ["2010"]}))
    ('refYear',)
    """
    holds = [str(name) for name in table.columns if _are_years(table[name])]
    ranks = {name: _rank(name) for name in holds}
    return tuple(name for name in holds if ranks[name] == min(ranks.values()))


def _are_years(column: pd.Series) -> bool:
    text = column[column != ""]
    if len(text) * 2 < len(column) or text.empty:
        return False
    distinct = pd.Series(text.unique())
    if not distinct.str.fullmatch(r"\d{4}(\.0)?").all():
        return False
    return bool(distinct.astype(float).between(FIRST, LAST).all())


def _rank(name: str) -> int:
    plain = name.casefold().strip()
    if plain in YEARS:
        return YEARS.index(plain)
    return len(YEARS) + ("year" not in plain)


def guess_scheme(column: str, reading: Reading, stated: Scheme | None = None) -> Guess | None:
    """Say which scheme a column is written in; nothing where it holds no countries.

    Parameters
    ----------
    column : str
        Its name.
    reading : Reading
        The column in every scheme that may be meant.
    stated : str, optional
        The scheme, where it is known.
    """
    values = reading.cells["value"].where(reading.cells["value"] != "")
    distinct = values.nunique()
    known = reading.iso3.notna()
    by_value = known.groupby(values).any()
    shares = by_value.mean()
    rows = known.mul(reading.cells["rows"], axis=0).sum()
    own = {scheme: normalise(values.dropna(), scheme).isin(_own(scheme)).sum() for scheme in reading.schemes}
    order = sorted(
        reading.schemes, key=lambda scheme: (-shares[scheme], -rows[scheme], -own[scheme], SCHEMES.index(scheme))
    )
    fitting: dict[Scheme, float] = {scheme: float(shares[scheme]) for scheme in order}
    if stated is not None:
        return Guess(column, distinct, fitting, stated, reason="stated")
    best = order[0]
    unknown = reading.problem[best].eq("not known").groupby(values).all()
    if not _is_enough(best, fitting[best], float(1 - unknown.mean()), distinct):
        return None
    alone = {scheme: int((by_value[scheme] & unknown).sum()) for scheme in order}
    second = max(order, key=lambda scheme: alone[scheme])
    mixed = (second,) if alone[second] > max(1, MIXED * distinct) else ()
    doubt: tuple[Scheme, ...] = tuple(
        scheme
        for scheme in order[1:]
        if scheme not in mixed and shares[best] - shares[scheme] <= ALIKE and collides(reading, best, scheme).any()
    )
    return Guess(column, distinct, fitting, best, mixed, doubt)


def _own(scheme: Scheme) -> set[str]:
    """Keys that are a scheme's own, not further ones it is lenient about."""
    return set(normalise(crosswalk()[scheme], scheme)) - {""}


def _is_enough(scheme: Scheme, share: float, about: float, distinct: int) -> bool:
    """Whether a column holds countries; ``about`` counts also values of other years and known non-countries."""
    if scheme in NUMBERS or scheme in SHORT:
        return share >= FITS_BY_CHANCE and distinct >= FEWEST_BY_CHANCE
    return about >= FITS


def collides(reading: Reading, one: Scheme, other: Scheme) -> pd.Series:
    """Which cells two schemes read as different countries, shape (n,).

    In the year of a succession two schemes may name its two sides; a value counts only where they differ in at
    least half of the cells that both read.

    Parameters
    ----------
    reading : Reading
        A column.
    one, other : str
        Two of the schemes it is read in.
    """
    first, second = reading.iso3[one], reading.iso3[other]
    both = first.notna() & second.notna()
    other_country = both & (first != second)
    values = reading.cells["value"]
    return other_country & (other_country.groupby(values).transform("sum") * 2 >= both.groupby(values).transform("sum"))


def settle(guess: Guess, agreement: Mapping[Scheme, float], beside: str) -> Guess:
    """Choose among the schemes a column may be written in the one that agrees best with a column beside it.

    Parameters
    ----------
    guess : Guess
        A column in doubt, or of two schemes, of which the better one becomes the first.
    agreement : mapping of scheme to float
        Share of rows in which each scheme means the same country as the column beside it.
    beside : str
        Name of that column.
    """
    best = max(agreement, key=lambda scheme: agreement[scheme])
    mixed = tuple(guess.scheme if scheme == best else scheme for scheme in guess.mixed)
    return replace(guess, scheme=best, mixed=mixed, doubt=(), reason=f"agrees with {beside}")
