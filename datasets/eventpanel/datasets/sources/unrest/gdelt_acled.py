"""Yearly counts of events in GDELT, ACLED and UCDP, in one table.

Publishers: The GDELT Project, https://www.gdeltproject.org; ACLED, https://acleddata.com; UCDP,
https://ucdp.uu.se. Licences: GDELT free with citation; ACLED's terms restrict passing on; UCDP CC BY 4.0.
Unit: one country, year and CAMEO root class (14 protest, 18 assault, 19 fight). Coverage: GDELT protests
2012-2020, ACLED 1997-2019 where it had reached, UCDP 1989-2019.

Known faults: one column holds two code systems, ISO3 for GDELT and ACLED, Correlates of War letters for
UCDP; six strings are valid in both and mean different countries (AUS, CZE, MAC, MNG, SLV, SWZ). Each
measure is therefore read alone, with its own codes. UCDP numbers Germany 260 and Yemen 678 until today,
which the table turned into the letters of states that ended in 1990 (GFR, YAR); after 1990 they are read as
Germany and Yemen, and reported. Missing values are the text ``NA``; no row is missing too, never zero.
GDELT's counts are thinned and grow with its sources: compare them within a year, or divide them by all
events (``gdelt_totals``).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.conflicts import stack_conflicts
from eventpanel.datasets.countries import Scheme
from eventpanel.datasets.errors import InputError, first_few
from eventpanel.datasets.files import read_table
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import country_years_panel, renamed

NAME = "gdelt_acled"
Measure = Literal["gdelt", "acled", "ucdp"]
# Letters of the western and northern halves of Germany and Yemen, and those of the whole.
LETTERS_KEPT = {"GFR": ("GMY", 1991), "YAR": ("YEM", 1991)}
SCHEMES: dict[str, Scheme] = {"gdelt": "iso3", "acled": "iso3", "ucdp": "cow_letters"}


def read(path: Path, *, measure: Measure, event_type: int = 14) -> Panel:
    """Read one measure for one class of events.

    Parameters
    ----------
    path : Path
        csv file with columns country_code, year, event_type, acled_total, ucdp_total, gdelt_total.
    measure : {"gdelt", "acled", "ucdp"}
        Whose counts.
    event_type : int
        CAMEO root class: 14 protest, 18 assault, 19 fight.

    Returns
    -------
    Panel
        Unit importer, period year; ``gdelt_14`` and the like, in numbers of events.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, text for numbers.
    InputError
        The measure has no events of that class.
    """
    column, name = f"{measure}_total", f"{measure}_{event_type}"
    rows = read_table(path, ["country_code", "year", "event_type", column])
    kinds, counts = to_years(rows["event_type"], path.name), to_numbers(rows[column], path.name)
    there = (kinds == event_type) & counts.notna()
    if not there.any():
        held = sorted(kinds[counts.notna()].unique())
        raise InputError(
            f"{path.name} has no {measure} counts of event type {event_type}.",
            f"event types of {measure}: {first_few(held)}",
            "choose one of these, or another measure",
        )
    table = rows[["country_code"]].assign(year=to_years(rows["year"], path.name), **{name: counts})[there]
    table, read_as = renamed(table, "country_code", LETTERS_KEPT if measure == "ucdp" else {}, NAME)
    panel = country_years_panel(
        table,
        "country_code",
        SCHEMES[measure],
        name=NAME,
        path=path,
        coverage="Country-years with a row, {years}; an absent row is missing, not zero.",
    )
    return replace(panel, conflicts=stack_conflicts([read_as, panel.conflicts]))
