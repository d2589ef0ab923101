"""AI Global Surveillance Index, 2019: which countries use which kinds of surveillance, and whose technology.

Publisher: Steven Feldstein, Carnegie Endowment for International Peace, doi:10.17632/386s7f9d25. Licence: CC BY
4.0. Unit: one country, as the table of the report has it. Coverage: 176 countries were assessed with sources of
2017 to 2019; the table holds the 75 in which something was found, once each, without years.

Known faults: a tick says that a source was found, not when, how much or how well it works, so the index is a
cross-section and never an outcome over years; the countries assessed without a find are not in the table, so that
they cannot be told from those not assessed; the report is a page of ticks, and names too long for its column are cut
off (``Burma/Myan``), as are those of the csv file made from it. 53 countries are ticked for smart policing, where
the text of the report counts 52.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from eventpanel.datasets.cells import to_flags
from eventpanel.datasets.conflicts import list_conflicts, no_conflicts, stack_conflicts
from eventpanel.datasets.countries import country_years, harmonise
from eventpanel.datasets.files import read_table
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import describe

NAME = "aigs"
YEAR = 2019
COUNTRY = "name_as_printed"
CUT_OFF = {
    "Burma/Myan": "Myanmar",
    "Czech Republ": "Czech Republic",
    "United Arab E": "United Arab Emirates",
    "United Kingdo": "United Kingdom",
}
TICKS = {
    "smart_city": "smart_city",
    "facial_recognition": "facial_recognition",
    "smart_policing": "smart_policing",
    "china_tech": "technology_from_chn",
    "us_tech": "technology_from_usa",
    "japan_tech": "technology_from_jpn",
    "bri": "belt_and_road",
}
# A country without surveillance has none of a kind or of an origin; it may well be of the Belt and Road.
FOUND = [name for name in TICKS.values() if name != "belt_and_road"]


def read(path: Path, *, assessed: Sequence[str] | None = None) -> Panel:
    """Read the ticks.

    Parameters
    ----------
    path : Path
        csv file of the report's table: name_as_printed, smart_city, facial_recognition, smart_policing, china_tech,
        us_tech, japan_tech, bri, companies.
    assessed : sequence of str, optional
        ISO3 codes of the countries the index assessed: those without a row are zero then. Without it, countries
        that are not in the file are missing.

    Returns
    -------
    Panel
        Unit importer, no period; ``smart_city``, ``facial_recognition``, ``smart_policing``,
        ``technology_from_chn``, ``technology_from_usa``, ``technology_from_jpn`` and ``belt_and_road`` as 0 and 1,
        ``companies`` as text.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, a cell that is neither 0 nor 1.
    CountryError
        ``assessed`` holds what is no ISO3 code.
    DuplicateKeyError
        A country on two rows.
    """
    rows = read_table(path, [COUNTRY, *TICKS, "companies"])
    ticks = {name: to_flags(rows[column], path.name).astype("Float64").astype(float) for column, name in TICKS.items()}
    printed = rows[COUNTRY].str.split().str.join(" ")
    table = pd.DataFrame({COUNTRY: printed.replace(CUT_OFF), **ticks, "companies": rows["companies"]})
    table, unknown = harmonise(table, COUNTRY, "name", year=None, source=NAME)
    table = table.drop(columns=COUNTRY)
    table, outside = _zeros(table, assessed)
    known = (
        f"{len(table)} countries in the table; others are missing, for the table does not tell no from not assessed."
    )
    if assessed is not None:
        known = (
            f"The {len(table)} countries stated as assessed; one of them without a row has none, others are missing."
        )
    return Panel(
        table,
        ("importer",),
        None,
        (describe(NAME, path, f"{known} Sources of 2017-{YEAR}, no years."),),
        stack_conflicts([unknown, outside]),
    )


def _zeros(table: pd.DataFrame, assessed: Sequence[str] | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Zeros for countries that were assessed and are not in the table."""
    if assessed is None:
        return table, no_conflicts()
    known = country_years(YEAR, YEAR, assessed)["importer"]
    stray = table[~table["importer"].isin(known)]
    reason = pd.Series("in the table, and not among the countries stated as assessed", index=stray.index, dtype=object)
    listed = list_conflicts(stray, "importer", reason, NAME, "kept", None)
    absent = pd.DataFrame({"importer": known[~known.isin(table["importer"])]})
    zeros = absent.assign(**dict.fromkeys(FOUND, 0.0), companies="")
    return pd.concat([table, zeros], ignore_index=True), listed
