"""All GDELT events by country and year: the denominator for counts of one kind of event.

Publisher: The GDELT Project, https://www.gdeltproject.org. Licence: free with citation.
Unit: one country in one year. Coverage: countries and territories by FIPS 10-4 code, 1979 to April 2021.

Known faults: no header; stray rows of 1920; 2021 ends in April; rows without a country. All these are
reported and left out. Some countries have several codes (Gaza and West Bank, Serbia RB and RI), which are
added up and reported. Events grow sixteenfold from 2000 to 2016, since GDELT reads more newspapers.
"""

from __future__ import annotations

from pathlib import Path

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.conflicts import stack_conflicts
from eventpanel.datasets.countries import harmonise
from eventpanel.datasets.files import parse_table, read_text
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import add_parts, describe, refuse_repeats, set_aside

NAME = "gdelt_totals"
HEADER = ["year", "fips", "gdelt_events"]
FIRST, LAST_FULL = 1979, 2020


def read(path: Path) -> Panel:
    """Read all events by country and year.

    Parameters
    ----------
    path : Path
        csv file without header: year, FIPS code, events.

    Returns
    -------
    Panel
        Unit importer, period year; gdelt_events in numbers of events.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, text for numbers.
    DuplicateKeyError
        A code and year on two rows.
    """
    rows = parse_table(read_text(path), path.name, header=HEADER)
    rows = rows.assign(year=to_years(rows["year"], path.name), gdelt_events=to_numbers(rows["gdelt_events"], path.name))
    rows, stray = set_aside(rows, rows["year"] < FIRST, "year", f"before GDELT begins in {FIRST}", NAME)
    rows, partial = set_aside(rows, rows["year"] > LAST_FULL, "year", "2021 ends in April", NAME)
    rows, nowhere = set_aside(rows, rows["fips"].str.strip() == "", "fips", "no country code", NAME)
    rows, unknown = harmonise(rows, "fips", "fips", source=NAME)
    refuse_repeats(rows, ["fips", "year"], "a code and year", path.name, "keep one of them")
    rows, parts = add_parts(rows, "fips", NAME)
    last = int(rows["year"].max())
    coverage = f"Country-years with a row, {FIRST}-{last}; an absent row is missing, not zero."
    return Panel(
        rows,
        ("importer",),
        "year",
        (describe(NAME, path, coverage),),
        stack_conflicts([stray, partial, nowhere, unknown, parts]),
    )
