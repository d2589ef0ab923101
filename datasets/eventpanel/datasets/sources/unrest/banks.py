"""Banks' Cross-National Time-Series: strikes, riots, demonstrations and other domestic conflict by country and year.

Publisher: CNTS Data Archive, Databanks International, https://www.cntsdata.com. Licence: bought by an institution;
not to be passed on, so it is never downloaded. Unit: one country in one year. Coverage: domestic conflict since
1919, without 1940-1945, counted from the New York Times; zeros are written in the file, an empty cell is missing.

Known faults: the 2023 edition has two lines of names, long ones first; countries have names of the publisher's own
(``Congo (BRA)``, ``German FR``, ``Vietnam REP``); the weighted index is a sum of the other eight under
weights that changed between editions; sectors of Cyprus, Senegambia and Somaliland are no states and listed.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import country_years_panel
from eventpanel.datasets.tables import read_any

NAME = "banks"
COLUMNS = {
    "domestic1": "assassinations",
    "domestic2": "general_strikes",
    "domestic3": "guerrilla_warfare",
    "domestic4": "government_crises",
    "domestic5": "purges",
    "domestic6": "riots",
    "domestic7": "revolutions",
    "domestic8": "demonstrations",
    "domestic9": "conflict_index",
}
NAMES = {
    "Congo (BRA)": "Republic of Congo",
    "Congo (KIN)": "Democratic Republic of Congo",
    "German DR": "German Democratic Republic",
    "German FR": "German Federal Republic",
    "Vietnam REP": "Republic of Vietnam",
    "Yemen PDR": "South Yemen",
    "Yemen PDR (So. Yemen)": "South Yemen",
}


def read(path: Path) -> Panel:
    """Read domestic conflict.

    Parameters
    ----------
    path : Path
        The publisher's spreadsheet, or a csv file of it, with columns country, year, domestic1 ... domestic9.

    Returns
    -------
    Panel
        Unit importer, period year; assassinations, general_strikes, guerrilla_warfare, government_crises, purges,
        riots, revolutions, demonstrations (against the government) in numbers of events, and conflict_index.

    Raises
    ------
    MissingFileError, WrongLayoutError, EncodingError, NumberError
        Not this file, another encoding, text for numbers.
    DuplicateKeyError
        A country and year on two rows.
    """
    rows = read_any(path, ["country", "year", *COLUMNS])
    numbers = {name: to_numbers(rows[column], path.name) for column, name in COLUMNS.items()}
    country = rows["country"].str.strip().replace(NAMES)
    return country_years_panel(
        pd.DataFrame({"country": country, "year": to_years(rows["year"], path.name), **numbers}),
        "country",
        "name",
        name=NAME,
        path=path,
        coverage="Rows of the file, {years}; zeros are written in the file, an empty cell is missing.",
    )
