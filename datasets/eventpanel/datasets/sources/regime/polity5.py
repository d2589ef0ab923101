"""Polity5: authority characteristics of states, from -10 (autocracy) to 10 (democracy).

Publisher: Center for Systemic Peace (Marshall and Gurr), https://www.systemicpeace.org/inscrdata.html.
Licence: free with citation; not to be passed on without permission. Version: 2018 release of Polity5; the
file of Polity IV has the same columns and is read too; so are all of the publisher's formats, csv, Excel
(``p5v2018.xls``) and SPSS (``p5v2018.sav``, which needs the package ``pyreadstat``). Unit: one state in one
year. Coverage: states of more than 500,000 people, 1776-2018; 2019 and 2020 for the United States alone. There
is no later release: a study of years after 2018 needs another measure.

Known faults: ``polity`` mixes scores with codes for foreign interruption (-66), interregnum (-77) and
transition (-88), which must not enter a mean; a year of change can stand twice (Sudan 2011, Yugoslavia
1991, Ethiopia 1993); its numeric codes are its own, not those of the Correlates of War.
"""

from __future__ import annotations

from pathlib import Path

from eventpanel.datasets.cells import MISSING, to_numbers, to_years
from eventpanel.datasets.files import keep_columns
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import country_years_panel
from eventpanel.datasets.sources.regime.common import between
from eventpanel.datasets.tables import read_any

NAME = "polity5"
SPECIAL = {-66.0: "interruption", -77.0: "interregnum", -88.0: "transition"}
REGULAR = "none"
COLUMNS = ["ccode", "scode", "country", "year", "polity", "polity2"]


def read(path: Path) -> Panel:
    """Read Polity scores.

    Parameters
    ----------
    path : Path
        csv, xls or sav file with the publisher's columns ccode, scode, country, year, polity, polity2.

    Returns
    -------
    Panel
        Unit importer, period year; ``polity2`` and ``polity`` from -10 to 10, and ``polity_special``: "none",
        "interruption", "interregnum" or "transition". ``polity`` is missing where it is special.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, text for numbers, a number that is neither a score nor a code.
    InputError
        An SPSS file without the package pyreadstat.
    DuplicateKeyError
        A country and year on two rows that no succession of states explains.
    """
    rows = keep_columns(read_any(path), COLUMNS, path.name)
    special = to_numbers(rows["polity"], path.name).map(SPECIAL)
    rows = rows.assign(
        year=to_years(rows["year"], path.name),
        polity2=between(rows["polity2"], -10, 10, path.name, MISSING),
        polity=between(rows["polity"].mask(special.notna(), ""), -10, 10, path.name, MISSING),
        polity_special=special.fillna(REGULAR),
    )
    return country_years_panel(
        rows[["ccode", "year", "polity2", "polity", "polity_special"]],
        "ccode",
        "polity",
        name=NAME,
        path=path,
        coverage="States of more than 500,000 people, {years}; most end in 2018. An absent row is missing.",
    )
