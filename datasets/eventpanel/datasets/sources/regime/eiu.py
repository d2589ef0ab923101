"""Democracy Index of the Economist Intelligence Unit, from 0 to 10.

Publisher: Economist Intelligence Unit. Licence: free to read; passing on needs the publisher's permission. Unit: one
country in one edition. Coverage: about 167 countries, 2006, 2008, and every year since 2010.

The publisher prints the index in its reports. Two tables are read, as csv or spreadsheet: tidy, with the columns
country, year and eiu, and the report's table of all years, with a column for each year. The publisher's classes are 8
and above full democracy, 6 to 8 flawed democracy, 4 to 6 hybrid regime, below 4 authoritarian regime; a score is
rounded to two digits before it is classed.

Known faults: 2007 and 2009 had no edition and are missing, not repeated; decimal commas in copies are refused; the
index is of the year in the title of the edition, which is judged until November or December.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from eventpanel.datasets.cells import to_years
from eventpanel.datasets.errors import WrongLayoutError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import country_years_panel
from eventpanel.datasets.sources.regime.common import between, open_table, pick

NAME = "eiu"
COUNTRY = ("eiu_country", "country", "country_name", "economy")
TIDY = {
    "country": COUNTRY,
    "year": ("year",),
    "eiu": ("eiu", "democracy index", "democracy_index", "overall score", "score"),
}
EMPTY = ("", "-", "NA", "n/a")


def read(path: Path) -> Panel:
    """Read the index.

    Parameters
    ----------
    path : Path
        csv file or spreadsheet: country, year, eiu; or country and a column for each year.

    Returns
    -------
    Panel
        Unit importer, period year; ``eiu_democracy`` from 0 to 10.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Neither of these tables, text for numbers, a number outside 0 to 10.
    DuplicateKeyError
        A country and year on two rows.
    """
    table = open_table(path)
    years = [name for name in table.columns if re.fullmatch(r"(19|20)\d\d", str(name).strip())]
    rows = _long(table, years, path.name) if years else pick(table, TIDY, path.name)
    scores = between(rows["eiu"], 0, 10, path.name, EMPTY)
    rows = rows[["country"]].assign(year=to_years(rows["year"], path.name), eiu_democracy=scores)
    return country_years_panel(
        rows[scores.notna()],
        "country",
        "name",
        name=NAME,
        path=path,
        coverage="Countries of the editions {years}, none for 2007 and 2009; an absent row is missing.",
    )


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
