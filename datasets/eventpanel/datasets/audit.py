"""An audit of a user's table: which code schemes it is written in, and what would go wrong in a join by country.

Nothing is changed and nothing is matched loosely: spellings are suggested, never used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from eventpanel.datasets.countries import SCHEMES, Scheme, name_of
from eventpanel.datasets.errors import ColumnError, CountryError, first_few
from eventpanel.datasets.findings import COLUMNS, finding, in_column, meaning, spellings
from eventpanel.datasets.guesses import (
    Guess,
    Reading,
    guess_scheme,
    guess_years,
    read_in,
    schemes_that_fit,
    settle,
)
from eventpanel.datasets.mixtures import tell_apart

__all__ = ["Audit", "audit"]

# Two columns name the same country where they agree in this share of the rows that both read.
SAME = 0.8
# A table has one row per country and year where no more than this share of its rows is there twice.
TWICE = 0.1
KINDS = 500  # a further column of the key has no more values
NONE = pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column of countries, as text, and what it says.

    Attributes
    ----------
    guess : Guess
        What it is written in.
    reading : Reading
        Its distinct values and years in every scheme that may be meant.
    """

    guess: Guess
    reading: Reading

    def by_row(self, table: pd.DataFrame, year: str, scheme: Scheme | None = None) -> pd.Series:
        """ISO3 of each row of the table, shape (n,): in one scheme, or as the column is read."""
        iso3 = meaning(self.guess, self.reading) if scheme is None else self.reading.iso3[scheme]
        known = pd.Series(iso3.to_numpy(), pd.MultiIndex.from_frame(self.reading.cells[["value", "year"]]))
        asked = pd.MultiIndex.from_arrays([table[self.guess.column], table[year] if year else [0] * len(table)])
        return pd.Series(known.reindex(asked).to_numpy(), index=table.index, dtype=object)


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """What an audit found.

    Attributes
    ----------
    rows : int
        Number of rows of the table.
    year : str
        Column of years, or empty.
    other_years : tuple of str
        Columns that hold years just as likely.
    without_year : int
        Rows whose year is missing; they are not read.
    columns : tuple of Guess
        Columns that hold countries, and what they are written in.
    key : tuple of str
        Columns that tell the rows apart: those of countries, years and at most one more; none if rows are records,
        of which a country and year has several.
    findings : DataFrame
        One row per value and problem: severity (``conflict`` or ``note``), column, problem, value, years, rows, hint.
    """

    rows: int
    year: str
    other_years: tuple[str, ...]
    without_year: int
    columns: tuple[Guess, ...]
    key: tuple[str, ...]
    findings: pd.DataFrame

    @property
    def conflicts(self) -> pd.DataFrame:
        """The findings that would harm a join."""
        return self.findings[self.findings["severity"] == "conflict"]


def audit(table: pd.DataFrame, *, schemes: Mapping[str, Scheme] | None = None, year: str | None = None) -> Audit:
    """Say what the country columns of a table are written in and what would go wrong in a join.

    Parameters
    ----------
    table : DataFrame
        Any table; numbers and texts alike.
    schemes : mapping of str to str, optional
        Columns and the schemes they are written in, where known; other columns are guessed.
    year : str, optional
        The column of years; guessed without it.

    Returns
    -------
    Audit

    Raises
    ------
    ColumnError
        A column that is not there, or that holds no years.
    CountryError
        A scheme that is not known.

    Examples
    --------
    >>> table = pd.DataFrame({"country": ["Serbia", "Nigerr"], "year": [1999, 1999], "protests": [3, 1]})
    >>> audit(table).findings[["problem", "value", "hint"]].values.tolist()
    [['not in that year (Serbia 1830-1918, 2006-)', 'Serbia', ''], ['not known', 'Nigerr', 'perhaps Niger']]
    """
    stated: Mapping[str, Scheme] = schemes or {}
    _refuse(table, stated, year)
    texts = pd.DataFrame({str(name): _text(table[name]) for name in table.columns}, index=range(len(table)))
    likely = guess_years(texts) if year is None else (year,)
    when = likely[0] if likely else ""
    dated = _with_years(texts, when)
    columns = _settled([*_columns(dated, when, stated, likely)], dated, when)
    key = _key(columns, dated, when)
    found = [rows for column in columns for rows in _within(column, dated, when)]
    found += [*_beside(columns, dated, when), *_repeated(columns, dated, when, key)]
    filled = [rows for rows in found if len(rows)]
    findings = pd.concat(filled, ignore_index=True) if filled else NONE.copy()
    findings = findings.sort_values("severity", kind="stable", ignore_index=True)
    guesses = tuple(column.guess for column in columns)
    return Audit(len(table), when, likely[1:], len(texts) - len(dated), guesses, key, findings)


def _refuse(table: pd.DataFrame, schemes: Mapping[str, Scheme], year: str | None) -> None:
    names = [str(name) for name in table.columns]
    if len(set(names)) < len(names):
        raise ColumnError("The table has two columns of one name.", first_few(names, 30), "rename one of them")
    absent = [repr(name) for name in [*schemes, *([year] if year is not None else [])] if name not in names]
    if absent:
        raise ColumnError(
            f"There is no column {first_few(absent)}.",
            f"columns: {first_few(names, 30)}",
            "correct the column names",
        )
    odd = sorted(set(schemes.values()) - set(SCHEMES))
    if odd:
        raise CountryError(f"Unknown code scheme {odd[0]!r}.", "", f"choose one of {', '.join(SCHEMES)}")


def _text(column: pd.Series) -> list[str]:
    """Texts of a column; whole numbers without a point, missing values empty."""
    if pd.api.types.is_float_dtype(column.dtype):
        column = column.map(lambda value: f"{value:.0f}" if value == round(value, 0) else value, na_action="ignore")
    return [str(value).strip() for value in column.astype(object).where(column.notna(), "")]


def _with_years(texts: pd.DataFrame, year: str) -> pd.DataFrame:
    """Keep the rows that have a year, and make it a number."""
    if not year:
        return texts
    years = pd.to_numeric(texts[year], errors="coerce")
    if years.isna().all():
        raise ColumnError(f"Column {year!r} holds no years.", first_few(texts[year].unique()), "name another column")
    return texts[years.notna()].assign(**{year: years.dropna().astype("int64")})


def _columns(table: pd.DataFrame, year: str, stated: Mapping[str, Scheme], years: tuple[str, ...]) -> Iterator[Column]:
    """Columns that hold countries."""
    for name in table.columns:
        if name in years:
            continue
        scheme = stated.get(name)
        schemes = schemes_that_fit(table[name])
        if scheme is not None and scheme not in schemes:
            schemes = (scheme, *schemes)
        if not schemes:
            continue
        reading = read_in(schemes, table[name], table[year] if year else None)
        guess = guess_scheme(name, reading, scheme)
        if guess is not None:
            yield Column(guess, reading)


def _within(column: Column, table: pd.DataFrame, year: str) -> Iterator[pd.DataFrame]:
    """List the findings of one column; where two schemes are mixed, other columns may tell whose a row is."""
    guess = column.guess
    known = {scheme: column.by_row(table, year, scheme).notna() for scheme in (guess.scheme, *guess.mixed)}
    for rows in in_column(guess, column.reading):
        yield tell_apart(rows, guess, table, pd.DataFrame(known)) if guess.mixed and len(rows) else rows


def _settled(columns: list[Column], table: pd.DataFrame, year: str) -> list[Column]:
    """Choose among schemes in doubt the one that agrees with a column beside it that is not in doubt."""
    sure = [column for column in columns if not column.guess.doubt and not column.guess.mixed]
    settled = []
    for column in columns:
        guess = column.guess
        candidates = (guess.scheme, *guess.mixed, *guess.doubt)
        for other in sure if len(candidates) > 1 else []:
            shares: dict[Scheme, float] = {
                scheme: _agreement(column.by_row(table, year, scheme), other.by_row(table, year))
                for scheme in candidates
            }
            if max(shares.values()) >= SAME:
                guess = settle(guess, shares, other.guess.column)
                break
        settled.append(Column(guess, column.reading))
    return settled


def _agreement(one: pd.Series, other: pd.Series) -> float:
    """Share of the rows that the other column reads in which both mean one country."""
    read = other.notna()
    return float((one == other)[read].mean()) if read.any() else 0.0


def _beside(columns: list[Column], table: pd.DataFrame, year: str) -> Iterator[pd.DataFrame]:
    """Rows in which two columns that name the same country name different ones."""
    for first, second in combinations(columns, 2):
        one, other = first.by_row(table, year), second.by_row(table, year)
        both = one.notna() & other.notna()
        wrong = both & (one != other)
        if not wrong.any() or float(wrong.sum()) > (1 - SAME) * float(both.sum()):
            continue
        names = f"{first.guess.column}, {second.guess.column}"
        rows = table[wrong]
        value = rows[first.guess.column] + " / " + rows[second.guess.column]
        found = finding(_cells(value, rows, year), names, "two columns name different countries")
        meant = dict(zip(value, zip(one[wrong].map(name_of), other[wrong].map(name_of), strict=True), strict=True))
        yield found.assign(hint=[" / ".join(meant[pair]) for pair in found["value"]])


def _cells(value: pd.Series, rows: pd.DataFrame, year: str) -> pd.DataFrame:
    return pd.DataFrame({"value": value, "year": rows[year] if year else 0, "rows": 1})


def _key(columns: list[Column], table: pd.DataFrame, year: str) -> tuple[str, ...]:
    """Columns that tell rows apart: countries and year, or one column more; none where that is not enough."""
    keys = [*(column.guess.column for column in columns), *([year] if year else [])]
    if not columns or table.duplicated(keys, keep=False).mean() <= TWICE:
        return tuple(keys) if columns else ()
    counts = table.drop(columns=keys).nunique().sort_values(kind="stable")
    for name in counts[counts.between(2, min(KINDS, len(table) / 2))].index:
        if table.duplicated([*keys, name], keep=False).mean() <= TWICE:
            return (*keys, str(name))
    return ()


def _repeated(columns: list[Column], table: pd.DataFrame, year: str, key: tuple[str, ...]) -> Iterator[pd.DataFrame]:
    """Rows that are there twice, where a key tells the others apart; and values that are one country."""
    if not key:
        yield from (spellings(column.guess, column.reading, "note") for column in columns)
        return
    countries, others = list(key[: len(columns)]), list(key[len(columns) :])
    twice = table.duplicated(list(key), keep=False)
    rows = table[twice]
    value = pd.Series([" / ".join(row) for row in rows[countries].itertuples(index=False)], rows.index, dtype=object)
    problem = f"several rows for one {', '.join(['country', *others])}"
    yield finding(_cells(value, rows, year), ", ".join(countries), problem)
    iso3 = pd.DataFrame({column.guess.column: column.by_row(table, year) for column in columns})
    keyed = iso3.assign(**{name: table[name] for name in others}).dropna()
    if (keyed.duplicated(keep=False) & ~twice[keyed.index]).any():
        yield from (spellings(column.guess, column.reading, "conflict") for column in columns)
