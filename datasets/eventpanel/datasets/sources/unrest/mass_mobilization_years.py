"""Mass Mobilization counted by country and year, zeros written out.

Publisher of the protests: David Clark and Patrick Regan, doi:10.7910/DVN/HTTWYL; counts by Kyle Mackey.
Licence: CC0 1.0 (protests), none stated for the counts. Unit: one country in one year. Coverage: 166
countries, 1990-2018.

Known faults: counted from an earlier release than the list of protests (96 % of country-years agree); zeros
also stand where a country did not exist yet. Such rows are reported and left out.
"""

from __future__ import annotations

from pathlib import Path

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.files import read_table
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import country_years_panel

NAME = "mass_mobilization_years"
COLUMNS = {
    "protestnumber": "protests",
    "protesterviolence": "violent_protests",
    "labor_demand": "demand_labour",
    "land_demand": "demand_land",
    "policebrutal_demand": "demand_police",
    "politbehav_demand": "demand_politics",
    "prices_demand": "demand_prices",
    "removepolit_demand": "demand_removal",
    "socialrestrict_demand": "demand_social",
}


def read(path: Path) -> Panel:
    """Read counts of protests by country and year.

    Parameters
    ----------
    path : Path
        csv file with columns country, year, protestnumber and counts by demand.

    Returns
    -------
    Panel
        Unit importer, period year; protests, violent_protests and demand_... in numbers of protests.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, text for numbers.
    DuplicateKeyError
        A country and year on two rows.
    """
    rows = read_table(path, ["country", "year", *COLUMNS])
    counts = {name: to_numbers(rows[column], path.name) for column, name in COLUMNS.items()}
    rows = rows[["country"]].assign(year=to_years(rows["year"], path.name), **counts)
    return country_years_panel(
        rows,
        "country",
        "name",
        name=NAME,
        path=path,
        coverage="Countries of the file, {years}; zeros are written in the file.",
    )
