"""A country-year table of one's own: any controls, scores or counts.

Publisher, version and licence: the user's. Unit: one country in one year. Coverage: the rows of the file;
an absent row is missing, and so is an empty cell. Every column named must hold numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.countries import Scheme
from eventpanel.datasets.files import rename
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import country_years_panel, require_own_names
from eventpanel.datasets.tables import read_any

NAME = "country_years"
KEYS = ("country", "importer", "year")


def read(path: Path, *, columns: Mapping[str, str], country: str, scheme: Scheme, year: str = "year") -> Panel:
    """Read numbers by country and year.

    Parameters
    ----------
    path : Path
        csv file in UTF-8, spreadsheet, Stata or SPSS file, with a header.
    columns : mapping of str to str
        Names in the file to names in the panel, for example ``{"Polity score": "polity"}``.
    country : str
        Column of countries.
    scheme : str
        What they are written in: names or one of the code schemes.
    year : str
        Column of years.

    Returns
    -------
    Panel
        Unit importer, period year, and the named columns.

    Raises
    ------
    MissingFileError, WrongLayoutError, ColumnError, NumberError
        No such file or column, text for numbers.
    DuplicateKeyError
        A country and year on two rows.
    StudyError
        No columns asked for, or two of one name.
    """
    names = list(columns.values())
    require_own_names(names, KEYS, '{ "Polity score" = "polity" }')
    rows = rename(read_any(path), {country: "country", year: "year", **columns}, path.name)
    values = {name: to_numbers(rows[name], path.name) for name in names}
    rows = rows.assign(year=to_years(rows["year"], path.name), **values)
    return country_years_panel(
        rows,
        "country",
        scheme,
        name=NAME,
        path=path,
        coverage="The rows of the file; an absent row is missing.",
    )
