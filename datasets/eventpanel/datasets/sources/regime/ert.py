"""Episodes of Regime Transformation: V-Dem's regime classes by country and year.

Publisher: V-Dem Institute, https://github.com/vdeminstitute/ERT. Licence: CC BY-SA 4.0.
Unit: one country in one year. Coverage: 183 countries, 1900-2024.

``v2x_regime`` is Regimes of the World: 0 closed autocracy, 1 electoral autocracy, 2 electoral democracy, 3
liberal democracy. Known faults: an unnamed first column; missing values are the text ``NA``; country
letters are V-Dem's own and look like ISO3 (PSG Gaza, SML Somaliland, ZZB Zanzibar).
"""

from __future__ import annotations

from pathlib import Path

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.files import read_table
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import country_years_panel

NAME = "ert"
COLUMNS = {"v2x_regime": "regimes_of_the_world", "v2x_polyarchy": "polyarchy"}


def read(path: Path) -> Panel:
    """Read regime classes and electoral democracy.

    Parameters
    ----------
    path : Path
        The publisher's ``ert.csv``.

    Returns
    -------
    Panel
        Unit importer, period year; ``regimes_of_the_world`` from 0 to 3 and ``polyarchy`` from 0 to 1.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, text for numbers.
    DuplicateKeyError
        A country and year on two rows.
    """
    rows = read_table(path, ["country_text_id", "year", *COLUMNS])
    scores = {name: to_numbers(rows[column], path.name) for column, name in COLUMNS.items()}
    rows = rows[["country_text_id"]].assign(year=to_years(rows["year"], path.name), **scores)
    return country_years_panel(
        rows,
        "country_text_id",
        "vdem",
        name=NAME,
        path=path,
        coverage="Countries of the file, {years}; an absent row is missing.",
    )
