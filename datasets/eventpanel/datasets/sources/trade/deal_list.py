"""A list of deals of one's own: exporter, importer, year, and whatever else is known about a deal.

Publisher, version and licence: the user's. Unit: one deal. Coverage: stated by the user, for a list cannot
tell a year without deals from a year nobody looked at. The shape is that of Beraja, Kao, Yang and Yuchtman
(2023, doi:10.3386/w31676): exporter, importer, year or date, company, product, smart city or not, and the
source that tells of the deal; only the first three are needed.

Lists gathered from websites and news name a deal once for each source. Rows that agree in all columns but
``source`` are therefore one deal, and so are rows with the same number in a column ``deal``. Where nothing
but exporter, importer, year and ``smart_city`` is known, rows that agree are deals of their own. All of them
are reported.

Known faults, all reported, with the deal or its value left out: countries that are none, deals at home, no year, text
for a year, years after the list ends, values without a currency or with its sign in the cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from eventpanel.datasets.cells import to_flags, to_years
from eventpanel.datasets.conflicts import list_conflicts, no_conflicts, stack_conflicts
from eventpanel.datasets.countries import Scheme, country_years, harmonise
from eventpanel.datasets.crosswalk import crosswalk
from eventpanel.datasets.deal_traps import AFTER, AGAIN, ALIKE, AT_HOME, BEYOND, NO_NUMBER, NO_YEAR
from eventpanel.datasets.deal_values import read_values
from eventpanel.datasets.errors import CountryError, DuplicateKeyError, NumberError, StudyError, first_few
from eventpanel.datasets.files import keep_columns, rename
from eventpanel.datasets.records import Records
from eventpanel.datasets.sources.common import LEFT_OUT, describe, set_aside
from eventpanel.datasets.tables import read_any

NAME = "deal_list"
FLAGS = ("smart_city", "carnegie", "domestic")
NEEDED = ["exporter", "importer", "year"]
UNKNOWN = ("--", "-", "\N{EN DASH}", "\N{EM DASH}", "n/a", "N/A", "?")
# Years beyond the last deal that nobody need explain.
GAP = 2
WHOLE = r"\d{1,4}(\.0*)?"
DATE = r"(\d{4})-\d{2}(?:-\d{2}(?:[ T].*)?)?"


def read(
    path: Path,
    *,
    first: int,
    last: int,
    columns: Mapping[str, str] | None = None,
    scheme: Scheme | Mapping[str, str] = "name",
    importers: Sequence[str] | None = None,
) -> Records:
    """Read a list of deals.

    Parameters
    ----------
    path : Path
        csv file in UTF-8, spreadsheet, Stata or SPSS file, with a header.
    first, last : int
        Years in which the list is complete, both included: there, no deal is a zero.
    columns : mapping of str to str, optional
        Names in the file to our names, for example ``{"supplier": "exporter"}``; other columns keep their
        names.
    scheme : str or mapping of str to str
        What exporter and importer are written in: names or one of the code schemes; or a table of one's own
        codes and their ISO3 codes, and then whatever it lacks must be a name.
    importers : sequence of str, optional
        ISO3 codes of the importers the list watches; all states without it.

    Returns
    -------
    Records
        Columns exporter, importer, year and the others of the file: ``smart_city``, ``carnegie`` and ``domestic`` as
        truth values, ``value`` as a number of one ``currency``, the rest as text; ``value_as_written`` where a value
        was left out. The cells ``--``, ``-``, ``n/a`` and ``?`` are empty.

    Raises
    ------
    MissingFileError, WrongLayoutError, ColumnError, NumberError
        No such file, exporter, importer or year not named, no year in any row, text for values.
    CountryError
        A table of own codes that leads to no ISO3 code.
    DuplicateKeyError
        One number for deals of different exporters, importers or years.
    StudyError
        ``first`` after ``last``.
    """
    if first > last:
        raise StudyError(f"The list ends before it begins: {first}-{last}.", NAME, "exchange `first` and `last`")
    rows, worth = read_values(_named(path, columns or {}), path.name)
    rows, undated = _dated(_typed(rows, path.name), path.name)
    rows, late = set_aside(rows, rows["year"] > last, "year", AFTER, NAME)
    rows, no_buyer = _countries(rows, "importer", scheme)
    rows, no_seller = _countries(rows, "exporter", scheme)
    inside = rows["exporter"] == rows["importer"]
    rows, at_home = set_aside(rows, inside, "importer", AT_HOME, NAME)
    rows, repeats = _once(rows, path.name)
    places = "all states" if importers is None else f"{len(set(importers))} importers"
    coverage = f"As the user states: {places}, {first}-{last}; no deal there is a zero."
    return Records(
        rows[[*NEEDED, *(name for name in rows.columns if name not in NEEDED)]].reset_index(drop=True),
        country_years(first, last, importers),
        describe(NAME, path, coverage),
        stack_conflicts([worth, undated, late, no_buyer, no_seller, at_home, repeats, _reach(rows, last)]),
    )


def _named(path: Path, names: Mapping[str, str]) -> pd.DataFrame:
    table = read_any(path)
    others = {name: name for name in table.columns if name not in names}
    rows = rename(table, {**names, **others}, path.name)
    keep_columns(rows, NEEDED[:2] if "date" in rows.columns else NEEDED, path.name)
    return rows.assign(**{name: _known(rows[name]) for name in rows.columns})


def _known(column: pd.Series) -> pd.Series:
    text = column.str.strip()
    return text.mask(text.isin(UNKNOWN), "")


def _dated(rows: pd.DataFrame, file: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Whole years, from the dates where no year is given; deals without either are listed, and so is text for years."""
    years = rows["year"] if "year" in rows.columns else pd.Series("", index=rows.index, name="year")
    if "date" in rows.columns:
        years = years.mask(years == "", _year_of(rows["date"], file))
    known = years.str.fullmatch(WHOLE)
    if (years != "").any() and not known.any():
        to_years(years[years != ""].reset_index(drop=True), file)  # says which cells, and in which rows
    empty = years == ""
    pairs = rows.assign(pair=rows["exporter"] + " to " + rows["importer"], text=years)
    listed = [
        list_conflicts(pairs[empty], "pair", NO_YEAR, NAME, LEFT_OUT, None),
        list_conflicts(pairs[~known & ~empty], "text", NO_NUMBER, NAME, LEFT_OUT, None),
    ]
    return rows[known].assign(year=to_years(years[known], file)), stack_conflicts(listed)


def _reach(rows: pd.DataFrame, last: int) -> pd.DataFrame:
    """List the last deals where the list is said to reach far beyond them: every year between is a zero."""
    if rows.empty or last <= rows["year"].max() + GAP:
        return no_conflicts()
    final = rows[rows["year"] == rows["year"].max()]
    return list_conflicts(final, "year", BEYOND, NAME, f"zeros to {last}, as stated", "year")


def _year_of(dates: pd.Series, file: str) -> pd.Series:
    years = dates.str.extract(f"^{DATE}$", expand=False).fillna("")
    bad = dates[(years == "") & (dates != "")]
    if len(bad):
        raise NumberError(
            f"{file}: column 'date' holds dates that can be read in two ways, or none.",
            first_few(f"{value!r} in data row {row}" for value, row in zip(bad, bad.index + 1, strict=True)),
            "write them as 2015-03-01 or 2015-03",
        )
    return years


def _typed(rows: pd.DataFrame, file: str) -> pd.DataFrame:
    return rows.assign(**{name: to_flags(rows[name], file) for name in FLAGS if name in rows.columns})


def _countries(
    rows: pd.DataFrame, column: str, scheme: Scheme | Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Names or codes to ISO3; one's own codes first, the rest of them as names."""
    if not isinstance(scheme, Mapping):
        return harmonise(rows, column, scheme, into=column, source=NAME)
    codes = set(crosswalk()["iso3"])
    unknown = [f"{own} = {code!r}" for own, code in scheme.items() if code not in codes]
    if unknown:
        raise CountryError(
            "The table of own codes leads to what is no ISO3 code.",
            first_few(unknown),
            "use codes such as KEN, CHN, USA",
        )
    own = rows[column].isin(list(scheme))
    coded = rows[own].assign(**{column: rows.loc[own, column].map(scheme)})
    first, no_code = harmonise(coded, column, "iso3", into=column, source=NAME)
    second, no_name = harmonise(rows[~own], column, "name", into=column, source=NAME)
    return pd.concat([first, second]).sort_index(), stack_conflicts([no_code, no_name])


def _once(rows: pd.DataFrame, file: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each deal once: the first of the rows that tell of it; with a conflict table of the others."""
    if "deal" in rows.columns and (rows["deal"] != "").any():
        return _by_number(rows, file)
    again = rows.duplicated([name for name in rows.columns if name not in ("source", "deal")])
    telling = rows[[name for name in rows.columns if name not in (*NEEDED, "smart_city", "source", "deal")]]
    known = (telling.notna() & (telling != "")).any(axis=1)
    return _reported(rows, again & known, again & ~known)


def _by_number(rows: pd.DataFrame, file: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    numbered = rows[rows["deal"] != ""]
    facts = numbered[["deal", *NEEDED]].drop_duplicates()
    torn = facts.loc[facts["deal"].duplicated(), "deal"].unique()
    if len(torn):
        raise DuplicateKeyError(
            f"{file}: one number stands for deals of different exporters, importers or years.",
            f"deals {first_few(torn)}",
            "give each deal a number of its own",
        )
    again = rows.index.isin(numbered.index[numbered.duplicated("deal")])
    return _reported(rows, pd.Series(again, index=rows.index), pd.Series(data=False, index=rows.index))


def _reported(rows: pd.DataFrame, again: pd.Series, alike: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split off repeated deals; list them, and deals that nothing tells apart."""
    if not (again | alike).any():
        return rows, no_conflicts()
    pairs = rows.assign(pair=rows["exporter"] + " to " + rows["importer"])
    cases = (
        (again, AGAIN, "counted once"),
        (alike, ALIKE, "counted as deals of their own"),
    )
    tables = [
        list_conflicts(pairs[hit], "pair", pd.Series(why, index=rows.index[hit], dtype=object), NAME, done, "year")
        for hit, why, done in cases
    ]
    return rows[~again], stack_conflicts(tables)
