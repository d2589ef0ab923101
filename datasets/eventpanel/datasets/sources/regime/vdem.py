"""Varieties of Democracy: any of its country-year measures.

Publisher: V-Dem Institute, https://www.v-dem.net/data/the-v-dem-dataset/. Licence: CC BY-SA 4.0.
Unit: one country in one year. Coverage: 202 countries, 1789-2024.

Known faults: the file has more than four thousand columns, of which only those asked for are kept in memory;
country letters are V-Dem's own; some countries have no score in years of war or occupation.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.files import read_table
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import country_years_panel

NAME = "vdem"
COLUMNS = ("v2x_polyarchy", "v2x_libdem")


def read(path: Path, *, columns: Sequence[str] = COLUMNS) -> Panel:
    """Read some of V-Dem's measures.

    Parameters
    ----------
    path : Path
        The publisher's country-year csv file.
    columns : sequence of str
        Names of numeric columns, such as ``v2x_polyarchy``; they keep their names.

    Returns
    -------
    Panel
        Unit importer, period year, and the columns as the publisher scales them.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, a column it does not have, text for numbers.
    DuplicateKeyError
        A country and year on two rows.
    """
    rows = read_table(path, ["country_text_id", "year", *columns])
    scores = {name: to_numbers(rows[name], path.name) for name in columns}
    rows = rows[["country_text_id"]].assign(year=to_years(rows["year"], path.name), **scores)
    return country_years_panel(
        rows,
        "country_text_id",
        "vdem",
        name=NAME,
        path=path,
        coverage="Countries of the file, {years}; an absent row is missing.",
    )
