"""What an audit finds in one column of countries: values that match nothing, collisions, successions.

A finding is a row: severity (``conflict``, which would harm a join, or ``note``), column, problem, value, years, rows,
hint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache

import pandas as pd

from eventpanel.datasets.cells import MISSING
from eventpanel.datasets.countries import Scheme, name_of, normalise
from eventpanel.datasets.crosswalk import not_countries, spells
from eventpanel.datasets.errors import first_few
from eventpanel.datasets.guesses import FITS, Guess, Reading, collides

__all__ = ["COLUMNS", "finding", "in_column", "meaning", "spellings"]

COLUMNS = ["severity", "column", "problem", "value", "years", "rows", "hint"]
# Schemes of letters, in which one spelling may be two countries.
LETTERS: tuple[Scheme, ...] = ("iso3", "cow_letters", "vdem", "iso2", "fips")


def finding(cells: pd.DataFrame, column: str, problem: pd.Series | str, *, severity: str = "conflict") -> pd.DataFrame:
    """Gather cells into findings, one line per value and problem.

    Parameters
    ----------
    cells : DataFrame, shape (n, 3)
        value, year, rows; no years if all are 0.
    column : str
        Name of the column.
    problem : Series, shape (n,), or str
        What is wrong.
    severity : {"conflict", "note"}
        Whether it would harm a join.
    """
    table = cells.assign(problem=problem)
    grouped = table.groupby(["problem", "value"], sort=True)
    listed = grouped.agg(first=("year", "min"), last=("year", "max"), rows=("rows", "sum")).reset_index()
    first, last = listed["first"].astype(str), listed["last"].astype(str)
    years = (first + "-" + last).where(first != last, first).where(listed["last"] != 0, "")
    return listed.assign(severity=severity, column=column, years=years, hint="")[COLUMNS]


def meaning(guess: Guess, reading: Reading) -> pd.Series:
    """ISO3 of each cell, shape (n,): by the scheme of the column, else by the second one it mixes in."""
    iso3 = reading.iso3[guess.scheme]
    for scheme in guess.mixed:
        iso3 = iso3.fillna(reading.iso3[scheme])
    return iso3


def in_column(guess: Guess, reading: Reading) -> Iterator[pd.DataFrame]:
    """All findings of one column, the gravest first."""
    yield from mixture(guess, reading)
    yield from collisions(guess, reading)
    yield from unread(guess, reading)
    yield read_as_missing(guess, reading)
    yield successions(guess, reading)
    yield from namesakes(guess, reading)


def unread(guess: Guess, reading: Reading) -> Iterator[pd.DataFrame]:
    """Values that are no country, or none in their year; known non-countries are notes."""
    lost = meaning(guess, reading).isna()
    problem = reading.problem[guess.scheme]
    for scheme in guess.mixed:
        problem = problem.where(problem != "not known", reading.problem[scheme])
    known = problem.isin({*not_countries(guess.scheme).values(), "empty"}) | problem.str.startswith("not today")
    for severity, chosen in (("conflict", lost & ~known), ("note", lost & known)):
        found = finding(reading.cells[chosen], guess.column, problem[chosen], severity=severity)
        hints = [_hint(guess, reading, value, lost) for value in found["value"]]
        yield found.assign(hint=hints if severity == "conflict" else "")


def _hint(guess: Guess, reading: Reading, value: str, lost: pd.Series) -> str:
    """Schemes that know a value, or names spelled like it."""
    if value in MISSING:
        return "perhaps a missing value written as text"
    chosen = lost & (reading.cells["value"] == value)
    fitting = [scheme for scheme in reading.schemes if scheme != guess.scheme and guess.shares[scheme] >= FITS]
    meant = {scheme: reading.iso3.loc[chosen, scheme].dropna().unique() for scheme in fitting}
    known = [f"{_names(codes)} in {scheme}" for scheme, codes in meant.items() if len(codes)]
    unknown = reading.problem.loc[chosen, guess.scheme].eq("not known").any()
    if known or guess.scheme != "name" or not unknown:
        return first_few(known, 2)
    alike = get_close_matches(normalise(pd.Series([value]), "name").iloc[0], _keys(), n=6, cutoff=0.8)
    names = dict.fromkeys(_names([_keys()[key]]) for key in alike)
    return f"perhaps {first_few(names, 3)}" if names else ""


@cache
def _keys() -> dict[str, str]:
    rows = spells("name")
    return dict(zip(rows["key"], rows["iso3"], strict=True))


def _names(codes: Iterable[str]) -> str:
    return ", ".join(name_of(code) for code in codes)


def mixture(guess: Guess, reading: Reading) -> Iterator[pd.DataFrame]:
    """Values that only the second scheme of a column knows."""
    for scheme in guess.mixed:
        chosen = reading.iso3[guess.scheme].isna() & reading.iso3[scheme].notna()
        yield _together(reading.cells[chosen], guess.column, f"two schemes in one column: {scheme}", "conflict")


def collisions(guess: Guess, reading: Reading) -> Iterator[pd.DataFrame]:
    """Values that mean different countries in two schemes the column may be written in."""
    for scheme in (*guess.mixed, *guess.doubt):
        chosen = collides(reading, guess.scheme, scheme)
        found = finding(reading.cells[chosen], guess.column, "means two countries")
        by_value = reading.iso3[chosen].groupby(reading.cells["value"][chosen])
        both = {one: by_value[one].unique() for one in (guess.scheme, scheme)}
        hints = [
            "; ".join(f"{_names(codes[value])} in {one}" for one, codes in both.items()) for value in found["value"]
        ]
        yield found.assign(hint=hints)


def namesakes(guess: Guess, reading: Reading) -> Iterator[pd.DataFrame]:
    """Letters that another scheme gives to other countries, although the column is plainly not written in it."""
    for scheme in LETTERS:
        if guess.scheme not in LETTERS or scheme not in reading.schemes or scheme in (*guess.mixed, *guess.doubt):
            continue
        chosen = collides(reading, guess.scheme, scheme)
        yield _together(reading.cells[chosen], guess.column, f"other countries in {scheme}", "note")


def _together(cells: pd.DataFrame, column: str, problem: str, severity: str) -> pd.DataFrame:
    """One finding for all values."""
    values = sorted(cells["value"].unique())
    return finding(cells.assign(value=first_few(values, 8)), column, problem, severity=severity)


def successions(guess: Guess, reading: Reading) -> pd.DataFrame:
    """Values that are one state after another."""
    cells = reading.cells.assign(iso3=meaning(guess, reading)).dropna(subset="iso3").sort_values("year")
    states = cells.groupby("value")["iso3"].agg(["unique", "nunique"])
    states = states[states["nunique"] > 1]
    found = finding(
        cells[cells["value"].isin(states.index)], guess.column, "one value, several states", severity="note"
    )
    return found.assign(hint=[_names(states.loc[value, "unique"]) for value in found["value"]])


def spellings(guess: Guess, reading: Reading, severity: str) -> pd.DataFrame:
    """Different values that are one country in one year, such as a state and its successor.

    Parameters
    ----------
    guess : Guess
        The column.
    reading : Reading
        Its values in every scheme that may be meant.
    severity : {"conflict", "note"}
        Whether the table should have one row for each country and year.
    """
    cells = reading.cells.assign(iso3=meaning(guess, reading)).dropna(subset="iso3").sort_values("value")
    cells = cells[cells.groupby(["iso3", "year"])["value"].transform("nunique") > 1]
    joined = cells.groupby(["iso3", "year"]).agg(value=("value", ", ".join), rows=("rows", "sum")).reset_index()
    found = finding(joined, guess.column, "several values are one country", severity=severity)
    countries = dict(zip(joined["value"], joined["iso3"], strict=True))
    return found.assign(hint=[name_of(countries[value]) for value in found["value"]])


def read_as_missing(guess: Guess, reading: Reading) -> pd.DataFrame:
    """Empty cells of an ISO2 column without NA, which is Namibia and which many readers take for missing."""
    values = reading.cells["value"]
    chosen = (values == "") & (guess.scheme == "iso2") & (not values.eq("NA").any())
    found = finding(reading.cells[chosen], guess.column, "empty where NA is Namibia")
    return found.assign(hint="read the file again with NA as text")
