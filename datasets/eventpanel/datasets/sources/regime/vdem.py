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
from eventpanel.datasets.conflicts import stack_conflicts
from eventpanel.datasets.countries import harmonise, settle_successions
from eventpanel.datasets.files import read_table
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import describe

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
    rows, unknown = harmonise(rows, "country_text_id", "vdem", source=NAME)
    rows, successions = settle_successions(rows, "country_text_id", "vdem", keys=["importer", "year"], source=NAME)
    first, last = int(rows["year"].min()), int(rows["year"].max())
    coverage = f"Countries of the file, {first}-{last}; an absent row is missing."
    return Panel(
        rows.drop(columns="country_text_id"),
        ("importer",),
        "year",
        (describe(NAME, path, coverage),),
        stack_conflicts([unknown, successions]),
    )
