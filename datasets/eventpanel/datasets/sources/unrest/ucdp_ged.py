"""UCDP Georeferenced Event Dataset: each event of organised violence with at least one death.

Publisher: Uppsala Conflict Data Program, https://ucdp.uu.se. Licence: CC BY 4.0. Unit: one event of state-based
conflict, non-state conflict or one-sided violence. Coverage: all states since 1989; no event is a zero.

Known faults: countries have the numbers of Gleditsch and Ward, but Serbia keeps the number 345 of Yugoslavia
from 2006 on (read as 340, and reported); monthly candidate releases end inside a year, which is then not covered;
first releases leave out Syria, where a zero is then none. Protests that cost no life are not in it.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.conflicts import stack_conflicts
from eventpanel.datasets.countries import country_years, harmonise
from eventpanel.datasets.engine import TextFile, ask
from eventpanel.datasets.errors import WrongLayoutError, first_few
from eventpanel.datasets.files import keep_columns
from eventpanel.datasets.headers import header_of
from eventpanel.datasets.records import Records
from eventpanel.datasets.sources.common import TODAYS_SERBIA, describe, once, renamed

NAME = "ucdp_ged"
COLUMNS = ["id", "year", "type_of_violence", "conflict_name", "country_id", "date_end", "best", "low", "high"]
QUESTION = """
SELECT id, year, type_of_violence, conflict_name, country_id, date_end, best, low, high FROM events
"""
VIOLENCE = {1: "state-based", 2: "non-state", 3: "one-sided"}


def read(path: Path) -> Records:
    """Read events.

    Parameters
    ----------
    path : Path
        The publisher's ``GEDEvent_v24_1.csv`` or the same of another year.

    Returns
    -------
    Records
        Columns importer, year, event_id, violence (``"state-based"``, ``"non-state"``, ``"one-sided"``),
        conflict, deaths, deaths_low, deaths_high. All states are covered, to the last whole year of the file.

    Raises
    ------
    MissingFileError, WrongLayoutError, EncodingError, NumberError
        Not this file, another encoding, text for numbers.
    """
    header = header_of(path)
    keep_columns(pd.DataFrame(columns=list(header)), COLUMNS, path.name)
    rows = ask(QUESTION, {"events": TextFile((path,), header)}).sort_values("id", ignore_index=True)
    numbers = {
        name: to_numbers(rows[column], path.name)
        for column, name in {"best": "deaths", "low": "deaths_low", "high": "deaths_high"}.items()
    }
    rows = rows.assign(year=to_years(rows["year"], path.name), violence=_violence(rows, path.name), **numbers)
    rows, twice = once(rows, "id", "country_id", NAME)
    first, last = int(rows["year"].min()), _last(rows, path.name)
    rows, renumbered = renamed(rows, "country_id", TODAYS_SERBIA, NAME)
    rows, unknown = harmonise(rows, "country_id", "gw", source=NAME)
    frame = rows.rename(columns={"id": "event_id", "conflict_name": "conflict"})
    return Records(
        frame[["importer", "year", "event_id", "violence", "conflict", *numbers]].reset_index(drop=True),
        country_years(first, last),
        describe(NAME, path, f"All states, {first}-{last}; no event of organised violence with a death is a zero."),
        stack_conflicts([twice, renumbered, unknown]),
    )


def _violence(rows: pd.DataFrame, file: str) -> pd.Series:
    kinds = to_numbers(rows["type_of_violence"], file, missing=()).map(VIOLENCE)
    if kinds.isna().any():
        raise WrongLayoutError(
            f"{file} has types of violence other than 1, 2 and 3.",
            first_few(rows.loc[kinds.isna(), "type_of_violence"].unique()),
            "give the event file of UCDP GED",
        )
    return kinds


def _last(rows: pd.DataFrame, file: str) -> int:
    """Last year of the file, if an event of its last day is there: somewhere, every day has one."""
    latest = str(rows["date_end"].max())[:10]
    if not latest[:4].isdigit():
        raise WrongLayoutError(f"{file}: column 'date_end' holds no dates.", latest, "download it again")
    return int(latest[:4]) - (latest[5:] < "12-31")
