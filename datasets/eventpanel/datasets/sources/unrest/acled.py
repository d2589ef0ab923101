"""ACLED: protests, riots and political violence, each event with its date and place.

Publisher: Armed Conflict Location & Event Data, https://acleddata.com. Licence: terms of use, which ask for an
account and restrict passing on. Unit: one event of one day. Coverage: each country from the year ACLED began to
watch it: most of Africa 1997, South and Southeast Asia from 2010, the Middle East from 2015 to 2017, Latin
America, the Caucasus, East Asia and eastern Europe 2018, western Europe and the United States 2020, Canada and
Oceania 2021. There, no event is a zero.

Known faults: an export ends on the day it was made, so its last year is a part of one; dates are written
``31 January 2019`` or ``2019-01-31``, cells separated by commas or semicolons; exports by actor hold each event
twice; Kosovo has the numeric code 0, so countries are matched by name and year; the years of the list below are
whole years, and ACLED adds earlier ones from time to time.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from eventpanel.datasets.cells import to_numbers
from eventpanel.datasets.conflicts import stack_conflicts
from eventpanel.datasets.countries import country_years, harmonise
from eventpanel.datasets.engine import TextFile, ask
from eventpanel.datasets.errors import NumberError, StudyError, first_few
from eventpanel.datasets.files import keep_columns
from eventpanel.datasets.headers import header_of
from eventpanel.datasets.records import Records
from eventpanel.datasets.sheets import SHEETS, read_sheet
from eventpanel.datasets.sources.common import describe, once

NAME = "acled"
COLUMNS = {
    "event_id_cnty": "event_id",
    "event_date": "date",
    "event_type": "event_type",
    "sub_event_type": "sub_event_type",
    "country": "country",
    "fatalities": "fatalities",
}
# Named one by one, for a file may write its columns in capitals.
QUESTION = """
SELECT event_id_cnty AS event_id, event_date AS date, event_type AS event_type, sub_event_type AS sub_event_type,
       country AS country, fatalities AS fatalities
FROM events
"""
DAY_FIRST = r"(?P<day>\d{1,2})[ -](?P<month>[A-Za-z]{3})[a-z]*[ -](?P<year>\d{4})"
YEAR_FIRST = r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?: .*)?"
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

# First years of ACLED's list of countries, as its R package acledR 1.0 (2025) states them.
BEGINNINGS = {
    1997: "AGO BDI BEN BFA BWA CAF CIV CMR COD COG DJI DZA EGY ERI ETH GAB GHA GIN GMB GNB GNQ KEN LBR LBY LSO MAR "
    "MDG MLI MOZ MRT MWI NAM NER NGA RWA SDN SEN SLE SOM SWZ TCD TGO TUN TZA UGA ZAF ZMB ZWE",
    2010: "BGD KHM LAO LKA MMR NPL PAK THA VNM",
    2011: "SSD",
    2015: "IDN SAU YEM",
    2016: "BHR IND IRN IRQ ISR JOR KWT LBN OMN PHL PSE QAT TUR",
    2017: "AFG ARE SYR",
    2018: "ABW AIA ALB ARG ARM ATG AZE BES BGR BHS BIH BLM BLR BLZ BMU BOL BRA BRB CHL CHN COL CRI CUB CUW CYM CYP "
    "DMA DOM ECU FLK GEO GLP GRC GRD GTM GUF GUY HND HRV HTI IOT JAM JPN KAZ KGZ KNA KOR LCA MAF MDA MEX MKD MNE "
    "MNG MSR MTQ MYS NIC PAN PER PRI PRK PRY ROU RUS SGS SLV SRB SUR SXM TCA TJK TKM TTO TWN UKR URY UZB VCT VEN "
    "VGB VIR XKX",
    2020: "AND AUT BEL BRN BTN CHE COM CPV CZE DEU DNK ESP EST FIN FRA FRO GBR GGY GIB GRL HUN IMN IRL ISL ITA JEY "
    "LIE LTU LUX LVA MCO MDV MLT MUS MYT NLD NOR POL PRT REU SGP SHN SMR STP SVK SVN SWE SYC TLS USA VAT",
    2021: "ASM ATA AUS CAN CCK COK CXR FJI FSM GUM HMD KIR MHL MNP NCL NFK NIU NRU NZL PCN PLW PNG PYF SLB SPM TKL "
    "TON TUV UMI VUT WLF WSM",
}
FIRST_YEARS = {code: year for year, codes in BEGINNINGS.items() for code in codes.split()}


def read(path: Path, *, first: int | None = None, last: int | None = None) -> Records:
    """Read an export of events.

    Parameters
    ----------
    path : Path
        csv file of ACLED's export tool or interface, or a spreadsheet of one of its regions.
    first : int, optional
        First year in which the export watches every country in it, in place of ACLED's list and of what the
        export's first day says.
    last : int, optional
        Last year the export holds in full, in place of what its last day says.

    Returns
    -------
    Records
        Columns importer, year, event_id, date (``2019-01-31``), event_type, sub_event_type, fatalities. Covered
        are the countries in the file, each from the year ACLED began there.

    Raises
    ------
    MissingFileError, WrongLayoutError, EncodingError, NumberError
        Not this file, another encoding, a date that cannot be read, text for fatalities.
    StudyError
        ``first`` after ``last``.
    """
    rows = _rows(path)
    rows = rows.assign(date=_dates(rows["date"], path.name), fatalities=to_numbers(rows["fatalities"], path.name))
    rows = rows.assign(year=rows["date"].str[:4].astype("int64")).sort_values(["date", "event_id"], ignore_index=True)
    rows, twice = once(rows, "event_id", "country", NAME)
    rows, unknown = harmonise(rows, "country", "name", source=NAME)
    begin, end = _span(rows, first, last)
    watched = country_years(begin, end, sorted(rows["importer"].unique()))
    if first is None:
        starts = watched["importer"].map(FIRST_YEARS)
        watched = watched[watched["year"] >= starts.where(starts.notna(), end + 1)].reset_index(drop=True)
    coverage = (
        f"Countries of the file, {begin}-{end}"
        f"{', each from the year ACLED began there' if first is None else ', as the user states'}; "
        "no event there is a zero."
    )
    frame = rows[["importer", "year", "event_id", "date", "event_type", "sub_event_type", "fatalities"]]
    return Records(
        frame.reset_index(drop=True),
        watched,
        describe(NAME, path, coverage),
        stack_conflicts([twice, unknown]),
    )


def _rows(path: Path) -> pd.DataFrame:
    """Columns we keep, as text; names of columns may be in capitals."""
    if path.suffix.casefold() in SHEETS:
        table = read_sheet(path)
        table = table.set_axis([name.casefold() for name in table.columns], axis=1)
        return keep_columns(table, list(COLUMNS), path.name).rename(columns=COLUMNS)
    header = header_of(path)
    delimiter = ";" if len(header) == 1 and ";" in header[0] else ","
    header = header_of(path, delimiter)
    keep_columns(pd.DataFrame(columns=[name.casefold() for name in header]), list(COLUMNS), path.name)
    return ask(QUESTION, {"events": TextFile((path,), header, delimiter=delimiter)})


def _dates(column: pd.Series, file: str) -> pd.Series:
    """Dates as 2019-01-31, from either way to write them; each distinct text is read once."""
    texts = pd.Series(column.unique(), dtype=object)
    filled = texts.where(texts.notna(), "").astype(str).str.strip()
    numeric = filled.str.extract(f"^{YEAR_FIRST}$")
    written = filled.str.extract(f"^{DAY_FIRST}$")
    months = written["month"].str.casefold().map({name: f"{place:02d}" for place, name in enumerate(MONTHS, 1)})
    written = written.assign(month=months, day=written["day"].str.zfill(2))
    parts = numeric.where(numeric["year"].notna(), written)[["year", "month", "day"]]
    joined = parts["year"] + "-" + parts["month"] + "-" + parts["day"]
    bad = pd.to_datetime(joined, format="%Y-%m-%d", errors="coerce").isna()
    if bad.any():
        raise NumberError(
            f"{file}: column 'event_date' holds dates that cannot be read.",
            first_few(map(repr, texts[bad])),
            "write them as 31 January 2019 or 2019-01-31",
        )
    return column.map(dict(zip(texts, joined, strict=True)))


def _span(rows: pd.DataFrame, first: int | None, last: int | None) -> tuple[int, int]:
    """Years the export holds in full: a first or last day inside a year makes it a part of one."""
    if rows.empty:
        return (first or min(BEGINNINGS)), (last or min(BEGINNINGS))
    earliest, latest = str(rows["date"].min()), str(rows["date"].max())
    began = rows["importer"].map(FIRST_YEARS).min()
    year, day = int(earliest[:4]), earliest[5:]
    # In the year ACLED began, a late first event says that nothing had happened before.
    begin = year if day == "01-01" or year <= began else year + 1
    end = int(latest[:4]) - (latest[5:] != "12-31")
    begin, end = begin if first is None else first, end if last is None else last
    if begin > end:
        raise StudyError(
            f"No year is whole between {begin} and {end}.",
            f"first event {earliest}, last event {latest}",
            "state the years the export holds in full as `first` and `last`",
        )
    return begin, end
