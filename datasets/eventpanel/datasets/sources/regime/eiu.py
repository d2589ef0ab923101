"""Democracy Index of the Economist Intelligence Unit, from 0 to 10.

Publisher: Economist Intelligence Unit. Licence: free to read; passing on needs the publisher's permission. Unit: one
country in one edition. Coverage: about 167 countries, 2006, 2008, and every year since 2010.

The publisher prints the index in its reports. Three tables are read, as csv or spreadsheet: tidy, with the columns
country, year and eiu; the report's table of all years, with a column for each year; and its table of one edition, with
the overall score and the five parts it is the mean of, whose year must be told. The publisher's classes are full
democracy above 8, flawed democracy above 6, hybrid regime above 4, else authoritarian regime.

Known faults: 2007 and 2009 had no edition and are missing, not repeated; decimal commas in copies are refused; the
index is of the year in the title of the edition, which is judged until November or December.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from eventpanel.datasets.cells import to_years
from eventpanel.datasets.conflicts import stack_conflicts
from eventpanel.datasets.errors import StudyError, WrongLayoutError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import country_years_panel, set_aside
from eventpanel.datasets.sources.regime.common import between, pick
from eventpanel.datasets.tables import read_any

NAME = "eiu"
COUNTRY = ("eiu_country", "country", "country_name", "economy")
SCORE = ("eiu", "democracy index", "democracy_index", "overall score", "score")
# Our name: words of the report's heading, which has a Roman number before them and a line break between.
PARTS = {
    "eiu_electoral_process": "electoral process",
    "eiu_government": "functioning of",
    "eiu_participation": "political participation",
    "eiu_culture": "political culture",
    "eiu_liberties": "civil liberties",
}
EMPTY = ("", "-", "NA", "n/a")


def read(path: Path, *, year: int | None = None) -> Panel:
    """Read the index, and the parts it is made of where a table has them.

    Parameters
    ----------
    path : Path
        csv file or spreadsheet: country, year and score; or country and a column for each year; or country, score
        and parts of one edition.
    year : int, optional
        Year of a table of one edition, which does not hold it.

    Returns
    -------
    Panel
        Unit importer, period year; ``eiu_democracy`` from 0 to 10, and where the table has all five parts
        ``eiu_electoral_process``, ``eiu_government``, ``eiu_participation``, ``eiu_culture``, ``eiu_liberties``.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        None of these tables, text for numbers, a number outside 0 to 10.
    StudyError
        A table without a year and none told, or a year told for a table that has one.
    DuplicateKeyError
        A country and year on two rows.
    """
    rows = _rows(read_any(path), year, path.name)
    names = {"eiu": "eiu_democracy", **{part: part for part in PARTS if part in rows.columns}}
    scores = {name: between(rows[column], 0, 10, path.name, EMPTY) for column, name in names.items()}
    table = rows[["country"]].assign(year=to_years(rows["year"], path.name), **scores)
    table, empty = set_aside(table, table["eiu_democracy"].isna(), "country", "no score", NAME)
    panel = country_years_panel(
        table,
        "country",
        "name",
        name=NAME,
        path=path,
        coverage="Countries of the editions {years}, none for 2007 and 2009; an absent row is missing.",
    )
    return replace(panel, conflicts=stack_conflicts([panel.conflicts, empty]))


def _rows(table: pd.DataFrame, year: int | None, file: str) -> pd.DataFrame:
    """Rows of country, year, eiu and perhaps the parts, from any of the tables."""
    years = [name for name in table.columns if re.fullmatch(r"(19|20)\d\d", str(name).strip())]
    has_year = bool(years) or any(str(name).strip().casefold() == "year" for name in table.columns)
    if has_year == (year is not None):
        raise StudyError(
            f"{file} {'holds its years itself' if has_year else 'does not say its year'}.",
            f"columns: {first_few(table.columns, 8)}",
            "leave the option `year` out" if has_year else "give the option `year`, the year of the edition",
        )
    if years:
        return _long(table, years, file)
    rows = pick(table, {"country": COUNTRY, "eiu": SCORE, **({} if year else {"year": ("year",)})}, file)
    held = {part: _headed(table, words) for part, words in PARTS.items()}
    parts = {part: table[name] for part, name in held.items() if name is not None}
    rows = rows.assign(**parts) if len(parts) == len(PARTS) else rows
    return rows if year is None else rows.assign(year=str(year))


def _headed(table: pd.DataFrame, words: str) -> str | None:
    """Column whose heading holds some words."""
    return next((name for name in table.columns if words in " ".join(str(name).casefold().split())), None)


def _long(table: pd.DataFrame, years: list[str], file: str) -> pd.DataFrame:
    """Give each year of the report's table its rows."""
    names = pick(table, {"country": COUNTRY}, file)["country"]
    repeated = names[names.duplicated() & (names != "")]
    if len(repeated):
        raise WrongLayoutError(
            f"{file} has countries on two rows.", first_few(repeated.unique()), "keep one row for each country"
        )
    parts = [pd.DataFrame({"country": names, "year": year, "eiu": table[year]}, dtype=object) for year in years]
    return pd.concat(parts, ignore_index=True)
