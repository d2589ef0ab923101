"""AidData's Global Chinese Development Finance Dataset 3.0, geocoded projects.

Publisher: AidData at William & Mary, https://www.aiddata.org. Licence: ODC-BY.
Unit: one project. Coverage: projects committed 2000-2021 in low- and middle-income countries.

Known faults: only projects with a place on the map, 9,404 of 20,985; the amount is missing in two fifths,
the year of implementation in three tenths; some recipients are regions; years are written as ``2004.0``; a
few projects began before 2000 or will end after 2021, outside the commitments the publisher watches. Each
project stands on one row.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pandas as pd

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.conflicts import stack_conflicts
from eventpanel.datasets.countries import country_years, harmonise
from eventpanel.datasets.errors import WrongLayoutError, first_few
from eventpanel.datasets.files import read_table
from eventpanel.datasets.records import Records
from eventpanel.datasets.sources.common import describe, set_aside

NAME = "aiddata_china"
YEARS = {
    "commitment": "Commitment.Year",
    "implementation": "Implementation.Start.Year",
    "completion": "Completion.Year",
}
COLUMNS = {
    "AidData.Record.ID": "project",
    "Recipient": "recipient",
    "Title": "title",
    "Sector.Name": "sector",
    "Status": "status",
    "Amount.(Constant.USD.2021)": "amount_usd_2021",
}


def read(path: Path, *, year: Literal["commitment", "implementation", "completion"] = "commitment") -> Records:
    """Read Chinese-financed projects.

    Parameters
    ----------
    path : Path
        csv file of the geocoded projects.
    year : {"commitment", "implementation", "completion"}
        Which year is the year of a project; projects without it are reported and left out.

    Returns
    -------
    Records
        Columns exporter (always CHN), importer, year, project, title, sector, status, amount_usd_2021
        (constant US dollars of 2021, often missing). Covered are the recipients in the file and the years
        in which the file has commitments.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, a project on several rows, text for numbers.
    """
    rows = read_table(path, [*COLUMNS, *YEARS.values()]).rename(columns=COLUMNS)
    _refuse_repeats(rows["project"], path.name)
    committed = to_years(rows[YEARS["commitment"]], path.name)
    when = to_numbers(rows[YEARS[year]], path.name)
    rows = rows.assign(year=when, amount_usd_2021=to_numbers(rows["amount_usd_2021"], path.name))
    # A project's recipient is watched even if this project lacks the year.
    dated = rows.assign(year=committed)
    places, not_states = harmonise(dated, "recipient", "name", source=NAME)
    first, last = int(committed.min()), int(committed.max())
    watched = country_years(first, last, sorted(places["importer"].unique()))
    places, undated = set_aside(places, when[places.index].isna(), "recipient", f"no {year} year", NAME)
    frame = places.assign(exporter="CHN", year=when[places.index].astype("int64"))
    columns = ["exporter", "importer", "year", *(name for name in COLUMNS.values() if name != "recipient")]
    coverage = (
        f"Recipients with any geocoded project, commitments of {first}-{last}; a zero says that no project "
        f"with a known place was found. Recipients that appear nowhere in the file are not covered."
    )
    return Records(
        frame[columns].reset_index(drop=True),
        watched,
        describe(NAME, path, coverage),
        stack_conflicts([not_states, undated]),
    )


def _refuse_repeats(projects: pd.Series, name: str) -> None:
    repeated = projects[projects.duplicated()]
    if len(repeated):
        raise WrongLayoutError(
            f"{name}: a project stands on more than one row.",
            f"AidData.Record.ID {first_few(repeated.unique())}",
            "give the file with one row for each project, or keep the first row of each",
        )
