"""Mass Mobilization: protests of 50 or more people against a government.

Publisher: David Clark and Patrick Regan, doi:10.7910/DVN/HTTWYL. Licence: CC0 1.0. Unit: one protest, or a
line that says a country-year had none. Coverage: 166 countries, 1990 to March 2020; the United States and
countries of fewer than half a million people are not watched.

Known faults: 2020 ends in March and must not pass for a year; some copies dropped the country-years without
protest; country codes change by mistake (Yemen 678 and 679, Yugoslavia 345 and 347), so countries are
matched by name and year; two protests carry a demand counted twice. The publisher's layout
(``protesterdemand1`` ..., ``stateresponse1`` ...) and a copy with one column for each answer are both read.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from eventpanel.datasets.cells import to_flags, to_numbers, to_years
from eventpanel.datasets.conflicts import stack_conflicts
from eventpanel.datasets.countries import country_years, harmonise
from eventpanel.datasets.files import keep_columns, read_table
from eventpanel.datasets.records import Records
from eventpanel.datasets.sources.common import describe, set_aside

NAME = "mass_mobilization"
FIRST, LAST_FULL, PARTIAL = 1990, 2019, 2020
COLUMNS = ["id", "country", "year", "protest", "protesterviolence"]

# Our name: column of the wide copy, wording in the publisher's file.
DEMANDS = {
    "demand_labour": ("labor_wage_dispute", "labor wage dispute"),
    "demand_land": ("land_farm_issue", "land farm issue"),
    "demand_police": ("police_brutality", "police brutality"),
    "demand_politics": ("political_behavior_process", "political behavior, process"),
    "demand_prices": ("price increases_tax_policy", "price increases, tax policy"),
    "demand_removal": ("removal_of_politician", "removal of politician"),
    "demand_social": ("social_restrictions", "social restrictions"),
}
RESPONSES = {
    "response_accommodation": ("accomodation", "accomodation"),
    "response_arrests": ("arrests", "arrests"),
    "response_beatings": ("beatings", "beatings"),
    "response_dispersal": ("crowddispersal", "crowd dispersal"),
    "response_ignored": ("ignore", "ignore"),
    "response_killings": ("killings", "killings"),
    "response_shootings": ("shootings", "shootings"),
}


def read(path: Path, *, partial_2020: bool = False) -> Records:
    """Read the list of protests.

    Parameters
    ----------
    path : Path
        csv file with one row for each protest, in the publisher's layout or with one column for each answer.
    partial_2020 : bool
        Keep the protests of January to March 2020, and call 2020 covered. Never compare them with a whole
        year.

    Returns
    -------
    Records
        Columns importer, year, protest, violent, and truth values for demands and state responses. Covered
        are the countries of the file from 1990 to 2019, in years in which they existed; 2020 is censored.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, text for numbers.
    """
    rows = read_table(path)
    keep_columns(rows, COLUMNS, path.name)
    answers = _answers(rows, path.name)
    happened = to_numbers(rows["protest"], path.name) > 0
    rows = rows[COLUMNS].assign(year=to_years(rows["year"], path.name)).join(answers)
    rows, unknown = harmonise(rows, "country", "name", source=NAME)
    places = sorted(rows["importer"].unique())
    # Lines without a protest say that a country-year was watched; coverage says the same for all of them.
    rows = rows[happened[rows.index]]
    late = (rows["year"] >= PARTIAL) & (not partial_2020)
    rows, partial = set_aside(rows, late, "country", "2020 ends in March", NAME)
    frame = rows.assign(violent=to_flags(rows["protesterviolence"], path.name)).rename(columns={"id": "protest_id"})
    last = "March 2020" if partial_2020 else "2019"
    coverage = f"Countries of the file, 1990 to {last}, in years in which they existed; no protest there is a zero."
    return Records(
        frame[["importer", "year", "protest_id", "violent", *answers.columns]].reset_index(drop=True),
        country_years(FIRST, PARTIAL if partial_2020 else LAST_FULL, places),
        describe(NAME, path, coverage),
        stack_conflicts([unknown, partial]),
        None if partial_2020 else country_years(PARTIAL, PARTIAL, places),
        "protests of January to March alone",
    )


def _answers(rows: pd.DataFrame, file: str) -> pd.DataFrame:
    """Demands and responses as truth values, from either layout."""
    if "protesterdemand1" in rows.columns:
        return pd.concat([_said(rows, "protesterdemand", DEMANDS), _said(rows, "stateresponse", RESPONSES)], axis=1)
    wide = {name: column for name, (column, _) in {**DEMANDS, **RESPONSES}.items()}
    keep_columns(rows, list(wide.values()), file)
    return pd.DataFrame({name: to_numbers(rows[column], file).fillna(0) > 0 for name, column in wide.items()})


def _said(rows: pd.DataFrame, stem: str, wordings: dict[str, tuple[str, str]]) -> pd.DataFrame:
    cells = rows[[name for name in rows.columns if name.startswith(stem)]]
    texts = cells.apply(lambda column: column.str.strip().str.casefold())
    return pd.DataFrame({name: (texts == wording).any(axis=1) for name, (_, wording) in wordings.items()})
