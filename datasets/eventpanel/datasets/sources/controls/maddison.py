"""Maddison Project Database: income per head and population in the very long run.

Publisher: Groningen Growth and Development Centre, https://www.rug.nl/ggdc/historicaldevelopment/maddison. Licence:
CC BY 4.0. Unit: one country in one year. Coverage: 169 countries, from year 1, yearly from 1820 or later; to 2016
(release 2018), 2018 (release 2020) or 2022 (release 2023).

Columns countrycode, country, year, then ``gdppc`` and ``pop``; release 2018 has ``cgdppc`` (prices of several
benchmark years, to compare levels) and ``rgdpnapc`` (growth of national accounts, to compare over time) in place of
``gdppc``, release 2023 a region. Incomes are international dollars of 2011, population thousands. Known faults: rows
without any value; today's countries carried into years before they were states, which are listed; former states (SUN,
CSK, YUG) beside their successors, each kept in its own years.
"""

from __future__ import annotations

from pathlib import Path

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.errors import WrongLayoutError, first_few
from eventpanel.datasets.files import keep_columns
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import country_years_panel
from eventpanel.datasets.tables import read_any

NAME = "maddison"
SHEET = "Full data"
COLUMNS = {
    "gdppc": "gdp_per_capita",
    "cgdppc": "gdp_per_capita",
    "rgdpnapc": "gdp_per_capita_national",
    "pop": "population_thousands",
}


def read(path: Path) -> Panel:
    """Read income per head and population.

    Parameters
    ----------
    path : Path
        The publisher's xlsx file (sheet "Full data"), or the same table as csv or dta.

    Returns
    -------
    Panel
        Unit importer, period year; ``gdp_per_capita`` in international dollars of 2011,
        ``population_thousands``, and for release 2018 ``gdp_per_capita_national``.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, text for numbers.
    DuplicateKeyError
        A country and year on two rows.
    """
    table = read_any(path, sheet=SHEET)
    keep_columns(table, ["countrycode", "year", "pop"], path.name)
    there = {column: name for column, name in COLUMNS.items() if column in table.columns}
    if "gdp_per_capita" not in there.values():
        raise WrongLayoutError(
            f"{path.name} has no income per head.",
            f"it has: {first_few(table.columns, 8)}",
            "give the table with gdppc (releases 2020 and 2023) or cgdppc (release 2018)",
        )
    values = {name: to_numbers(table[column], path.name) for column, name in there.items()}
    rows = table[["countrycode"]].assign(year=to_years(table["year"], path.name), **values)
    return country_years_panel(
        rows.dropna(subset=list(values), how="all"),
        "countrycode",
        "iso3",
        name=NAME,
        path=path,
        coverage="Countries and years with a value, {years}; an absent row is missing.",
    )
