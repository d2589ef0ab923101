"""Penn World Table: income, output, capital and productivity in comparable prices.

Publisher: Groningen Growth and Development Centre, https://www.rug.nl/ggdc/productivity/pwt. Licence: CC BY 4.0.
Unit: one country in one year. Coverage: 183 countries, 1950-2019 (releases 10.0 and 10.01); 185 countries to 2023
(release 11.0).

The table has countrycode, country, currency_unit, year and some fifty columns of numbers. ``rgdpe`` is real GDP by
expenditure and ``rgdpo`` by output, both in millions of international dollars of 2017 (2021 in release 11.0) at chained
prices; ``rgdpna`` is at constant national prices, for growth; ``pop`` is in millions. Known faults: texts among the
columns (``i_cig`` and the like); countries carried into years before they were states, which are listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.files import keep_columns, rename
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import country_years_panel, require_own_names
from eventpanel.datasets.tables import read_any

NAME = "penn_world_table"
SHEET = "Data"
KEYS = ["countrycode", "year"]
USUAL = {"rgdpe": "gdp_by_expenditure", "rgdpo": "gdp_by_output", "pop": "population_millions"}


def read(path: Path, *, columns: Mapping[str, str] | None = None) -> Panel:
    """Read columns of numbers.

    Parameters
    ----------
    path : Path
        The publisher's xlsx file (sheet "Data") or dta file.
    columns : mapping of str to str, optional
        The publisher's names to names in the panel, for example ``{"hc": "human_capital"}``; GDP by expenditure and
        by output and population without it.

    Returns
    -------
    Panel
        Unit importer, period year, and the columns in the publisher's units.

    Raises
    ------
    MissingFileError, WrongLayoutError, ColumnError, NumberError
        Not this file, a column it lacks, a column of text.
    DuplicateKeyError
        A country and year on two rows.
    StudyError
        No columns asked for, or two of one name.
    """
    names = USUAL if columns is None else columns
    given = list(names.values())
    require_own_names(given, [*KEYS, "importer"], '{ hc = "human_capital" }')
    table = read_any(path, sheet=SHEET)
    keep_columns(table, KEYS, path.name)
    wanted = rename(table, names, path.name)
    values = {name: to_numbers(wanted[name], path.name) for name in given}
    rows = table[["countrycode"]].assign(year=to_years(table["year"], path.name), **values)
    return country_years_panel(
        rows.dropna(subset=given, how="all"),
        "countrycode",
        "iso3",
        name=NAME,
        path=path,
        coverage="Countries and years with a value, {years}; an absent row is missing.",
    )
