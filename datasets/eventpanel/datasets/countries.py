"""Country names and codes, valid in their year, to ISO3; what does not match is a table, never a silent drop.

A code that two states held in one year, such as COW 365 in 1991, means the state of 31 December. XAA to XXZ,
which ISO 3166 leaves to its users, name simulated countries that always exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventpanel.datasets.conflicts import list_conflicts, no_conflicts
from eventpanel.datasets.crosswalk import (
    FOREVER,
    SCHEMES,
    YEARS,
    Scheme,
    crosswalk,
    lives,
    names,
    normalise,
    not_countries,
    spells,
)
from eventpanel.datasets.errors import ColumnError, CountryError, DuplicateKeyError, first_few

__all__ = [
    "SCHEMES",
    "Match",
    "Scheme",
    "country_years",
    "existed",
    "harmonise",
    "match",
    "name_of",
    "normalise",
    "require_iso3",
    "settle_successions",
]


@dataclass(frozen=True, slots=True)
class Match:
    """Answer of :func:`match`.

    Attributes
    ----------
    iso3 : Series, shape (n,)
        ISO 3166-1 alpha-3 code, or missing.
    last : Series, shape (n,)
        Last year of the state that matched; 9999 while it exists.
    problem : Series, shape (n,)
        Why a row did not match; empty where it did. ``"not known"``, ``"empty"``, ``"matches two states"``,
        ``"not in that year (South Sudan 2011-)"``, ``"not today (Yugoslavia 1918-2003)"``, or what the value is
        instead of a country, such as ``"aggregate"``.
    """

    iso3: pd.Series
    last: pd.Series
    problem: pd.Series


def match(values: pd.Series, scheme: Scheme, years: pd.Series | None = None) -> Match:
    """Match names or codes to ISO3.

    Parameters
    ----------
    values : Series, shape (n,)
        Names or codes. ``"NA"`` is Namibia in ISO2, so missing values must be real ones.
    scheme : str
        One of :data:`SCHEMES`; two schemes in one column must be split first.
    years : Series of int, shape (n,), optional
        Years in which the codes must be valid. Without them only today's states match.

    Raises
    ------
    CountryError
        Unknown scheme.

    Examples
    --------
    >>> import pandas as pd
    >>> match(pd.Series(["NA", "DE"]), "iso2").iso3.tolist()
    ['NAM', 'DEU']
    >>> match(pd.Series(["Yugoslavia", "Yugoslavia"]), "name", pd.Series([1999, 2010])).problem.tolist()
    ['', 'not in that year (Yugoslavia 1918-2003)']
    """
    if scheme not in SCHEMES:
        raise CountryError(f"Unknown code scheme {scheme!r}.", "", f"choose one of {', '.join(SCHEMES)}")
    places, distinct = pd.factorize(values, use_na_sentinel=False)
    keys = normalise(pd.Series(distinct), scheme).to_numpy()[places]
    year = FOREVER if years is None else years.to_numpy()
    asked = pd.DataFrame({"key": keys, "year": year}, index=values.index)
    found = asked.drop_duplicates().merge(spells(scheme), on="key")
    found = found[found["year"].between(found["first"], found["last"])]
    december = found["year"] <= found["last_december"]
    found = found[december | ~december.groupby([found["key"], found["year"]]).transform("any")]
    answer = found.groupby(["key", "year"]).agg(
        iso3=("iso3", "first"), last=("last", "max"), states=("iso3", "nunique")
    )
    rows = asked.join(answer, on=["key", "year"])
    problem = _problems(rows, scheme, "not today" if years is None else "not in that year")
    return Match(rows["iso3"].where(problem == ""), rows["last"].where(problem == ""), problem)


def _problems(rows: pd.DataFrame, scheme: Scheme, outside: str) -> pd.Series:
    problem = pd.Series("", index=rows.index, dtype=object)
    lost = rows["iso3"].isna()
    problem[lost] = "not known"
    problem[lost & (rows["key"] == "")] = "empty"
    when = {key: f"{outside} ({life})" for key, life in lives(scheme).items()} if lost.any() else {}
    for texts in (not_countries(scheme), when):
        text = rows["key"].map(texts)
        problem = problem.where(~lost | text.isna(), text)
    problem[rows["states"] > 1] = "matches two states"
    return problem


def harmonise(
    frame: pd.DataFrame,
    column: str,
    scheme: Scheme,
    *,
    into: str = "importer",
    year: str | None = "year",
    source: str = "",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Replace a column of names or codes by ISO3 and list what did not match.

    Parameters
    ----------
    frame : DataFrame
        Rows with names or codes.
    column : str
        The column that holds them.
    scheme : str
        One of :data:`SCHEMES`.
    into : str
        Name of the new ISO3 column.
    year : str or None
        Column of years in which the codes must be valid.
    source : str
        Name of the source, for the conflict table.

    Returns
    -------
    frame : DataFrame
        The rows that matched, with ``into`` first and ``column`` kept if it has another name.
    conflicts : DataFrame
        One row per value that did not match: source, problem, value, years, rows, resolution.
    """
    if column not in frame.columns:
        raise ColumnError(f"There is no column {column!r}.", f"columns: {first_few(frame.columns, 30)}")
    years = None if year is None else frame[year]
    found = match(frame[column], scheme, years)
    lost = found.problem != ""
    conflicts = list_conflicts(frame[lost], column, found.problem[lost], source, "rows left out", year)
    kept = frame[~lost].copy()
    code = found.iso3[~lost]
    if into in kept.columns:
        kept[into] = code
    else:
        kept.insert(0, into, code)
    return kept, conflicts


def settle_successions(
    frame: pd.DataFrame,
    column: str,
    scheme: Scheme,
    *,
    keys: Sequence[str],
    year: str = "year",
    source: str = "",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Where two codes are one ISO3 country in one year, keep the state that existed on 31 December.

    Sudan and Sudan-North both stand in Polity for 2011; the latter is kept, the former listed.

    Parameters
    ----------
    frame : DataFrame
        Rows with ``keys``, ``column`` and ``year``.
    column, scheme : str
        Column of the codes as they were, and one of :data:`SCHEMES`.
    keys : sequence of str
        Columns that must be unique together, ISO3 and year among them.
    year : str
        Column of years.
    source : str
        Name of the source, for the conflict table.

    Raises
    ------
    DuplicateKeyError
        Rows that collide for another reason.
    """
    twice = frame.duplicated(list(keys), keep=False)
    if not twice.any():
        return frame, no_conflicts()
    rows = frame[list(keys)].assign(ended=False)
    last = match(frame.loc[twice, column], scheme, frame.loc[twice, year]).last
    rows.loc[twice, "ended"] = (last == frame.loc[twice, year]).to_numpy()
    ended = rows["ended"] & ~rows.groupby(list(keys))["ended"].transform("all")
    kept, lost = frame[~ended], frame[ended]
    same = kept[kept.duplicated(list(keys), keep=False)]
    if len(same):
        raise DuplicateKeyError(
            f"{source}: several rows are the same country and year.",
            first_few(
                " ".join(map(str, row)) for row in same[list(dict.fromkeys([*keys, column]))].itertuples(index=False)
            ),
            "keep one row per country and year",
        )
    return kept, list_conflicts(lost, column, "two states in one year", source, "kept the state of 31 December", year)


def existed(iso3: npt.ArrayLike, years: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether countries existed on 31 December of years, shape (n,).

    Examples
    --------
    >>> existed(["SSD", "SSD"], [2010, 2011]).tolist()
    [False, True]
    """
    asked = pd.DataFrame({"iso3": np.asarray(iso3, dtype=object), "year": np.asarray(years)})
    rows = asked.reset_index(names="row").merge(crosswalk()[["iso3", *YEARS]], on="iso3", how="left")
    alive = rows["year"].between(rows["first"], rows["last_december"])
    return alive.groupby(rows["row"]).any().to_numpy(dtype=bool)


def require_iso3(codes: Iterable[str]) -> None:
    """Refuse what is no ISO3 code of the crosswalk.

    Raises
    ------
    CountryError
        Other texts among the codes, with the first few of them.

    Examples
    --------
    >>> require_iso3(["KEN", "CHN"])
    """
    unknown = sorted(set(codes) - set(crosswalk()["iso3"]))
    if unknown:
        what = f"Not ISO3 country codes: {first_few(unknown)}."
        raise CountryError(what, "", "use codes such as KEN, CHN, USA")


def country_years(first: int, last: int, countries: Sequence[str] | None = None) -> pd.DataFrame:
    """Every country and year in which it existed on 31 December: columns importer, year.

    Parameters
    ----------
    first, last : int
        Years, both included.
    countries : sequence of str, optional
        ISO3 codes; all states of the crosswalk without it.

    Examples
    --------
    >>> country_years(2005, 2007, ["MNE"])["year"].tolist()
    [2006, 2007]
    """
    table = crosswalk()
    codes = sorted(set(table.loc[table["gw"] != "", "iso3"] if countries is None else countries))
    require_iso3(codes)
    grid = pd.DataFrame(list(product(codes, range(first, last + 1))), columns=["importer", "year"])
    return grid[existed(grid["importer"], grid["year"])].reset_index(drop=True)


def name_of(iso3: str) -> str:
    """English name of an ISO3 code; the code itself if it is not known.

    Examples
    --------
    >>> name_of("KEN")
    'Kenya'
    """
    return names().get(iso3, iso3)
