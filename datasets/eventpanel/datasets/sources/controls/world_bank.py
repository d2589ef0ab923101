"""World Development Indicators in long form: one indicator, one row for each economy and year.

Publisher: World Bank, https://datacatalog.worldbank.org. Licence: CC BY 4.0.
Unit: one economy in one year, with columns Country Name, Country Code, Year, Value. Coverage: since 1960.

Known faults: aggregates (World, Arab World, income groups) stand among the countries and are reported, not
kept; so are values for years before a state existed. The unit of the value is the indicator's and is not in
the file.
"""

from __future__ import annotations

from pathlib import Path

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.errors import StudyError
from eventpanel.datasets.files import read_table
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import country_years_panel

NAME = "world_bank"
COLUMNS = ["Country Name", "Country Code", "Year", "Value"]


def read(path: Path, *, name: str) -> Panel:
    """Read one indicator.

    Parameters
    ----------
    path : Path
        csv file in the long layout.
    name : str
        Name for the indicator in the panel, for example ``"gdp"``.

    Returns
    -------
    Panel
        Unit importer, period year, and the indicator in its own unit.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, text for numbers.
    StudyError
        An empty name, or one of the keys.
    """
    if name.strip() in ("", "importer", "year"):
        raise StudyError(f"{name!r} cannot name an indicator.", "option name", "give a name such as 'gdp'")
    rows = read_table(path, COLUMNS)
    values = {name: to_numbers(rows["Value"], path.name)}
    rows = rows[["Country Code"]].assign(year=to_years(rows["Year"], path.name), **values)
    return country_years_panel(
        rows,
        "Country Code",
        "iso3",
        name=NAME,
        path=path,
        coverage="Economies with a row, {years}; an absent row is missing.",
    )
