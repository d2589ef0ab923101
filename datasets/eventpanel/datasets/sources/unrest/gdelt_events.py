"""GDELT event files: every event GDELT read in the news, counted by the country where it happened and by year.

Publisher: The GDELT Project, https://www.gdeltproject.org. Licence: free with citation.
Unit: one event between two actors. Coverage: the world since 1979, on the days the files hold.

Three layouts, all tab separated and without header: 57 columns in the yearly and monthly files of 1979 to March
2013, 58 in the daily files since (both GDELT 1.0), 61 in the files of 15 minutes since February 2015 (2.0).

Known faults: countries are FIPS 10-4 codes of today's map for all years, so that Ukraine has events in 1985
(listed, for it was no state) and the Soviet Union none; events name the day GDELT thinks they happened, and a
file of 2014 holds echoes of 2013; one event is several rows if several sources tell it differently; events grow
sixteenfold from 2000 to 2016, since GDELT reads more newspapers; some days are missing for good (January 23 to
25, 2014). 1.0 and 2.0 are two databases that number the same events differently.
"""

from __future__ import annotations

import tempfile
from calendar import isleap
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from eventpanel.datasets.archives import batches, pieces, unpack
from eventpanel.datasets.conflicts import list_conflicts, no_conflicts, stack_conflicts
from eventpanel.datasets.countries import country_years, harmonise
from eventpanel.datasets.crosswalk import spells
from eventpanel.datasets.engine import ParquetFile, TextFile, ask, keep
from eventpanel.datasets.errors import InputError, MissingFileError, StudyError, WrongLayoutError, first_few
from eventpanel.datasets.headers import header_of
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import LEFT_OUT, add_parts, describe, say_years, set_aside

NAME = "gdelt_events"
ROOTS = tuple(f"{number:02d}" for number in range(1, 21))
ENDINGS = (".csv", ".tsv", ".txt")
FILES = (*ENDINGS, *(f"{ending}.gz" for ending in ENDINGS), ".zip")
OTHERS = (".mentions.", ".gkg.")
QUARTER_HOURS = 96

ACTOR = ("Code", "Name", "CountryCode", "KnownGroupCode", "EthnicCode", "Religion1Code", "Religion2Code",
         "Type1Code", "Type2Code", "Type3Code")  # fmt: skip
EVENT = ("IsRootEvent", "EventCode", "EventBaseCode", "EventRootCode", "QuadClass", "GoldsteinScale",
         "NumMentions", "NumSources", "NumArticles", "AvgTone")  # fmt: skip
PLACE = ("Type", "FullName", "CountryCode", "ADM1Code", "Lat", "Long", "FeatureID")
PLACE_2 = ("Type", "FullName", "CountryCode", "ADM1Code", "ADM2Code", "Lat", "Long", "FeatureID")


def _layout(place: Sequence[str], last: Sequence[str]) -> tuple[str, ...]:
    actors = [f"Actor{number}{name}" for number in (1, 2) for name in ACTOR]
    places = [f"{what}Geo_{name}" for what in ("Actor1", "Actor2", "Action") for name in place]
    return ("GLOBALEVENTID", "SQLDATE", "MonthYear", "Year", "FractionDate", *actors, *EVENT, *places, *last)


LAYOUTS = {
    57: _layout(PLACE, ["DATEADDED"]),
    58: _layout(PLACE, ["DATEADDED", "SOURCEURL"]),
    61: _layout(PLACE_2, ["DATEADDED", "SOURCEURL"]),
}

# Whole rows are too many to hold: what counting needs is kept, then counted once for each event.
KEPT = """
SELECT
    coalesce(GLOBALEVENTID::BIGINT, -1) AS id,
    coalesce(SQLDATE::INTEGER // 10000, 0) AS year,
    coalesce(ActionGeo_CountryCode, '') AS fips,
    coalesce(
        list_contains(?::VARCHAR[], lpad(EventRootCode, 2, '0'))
        AND (NOT ?::BOOLEAN OR IsRootEvent = '1')
        AND (NOT ?::BOOLEAN OR list_has_any(?::VARCHAR[], [Actor1Type1Code, Actor1Type2Code, Actor1Type3Code]))
        AND (NOT ?::BOOLEAN OR list_contains(?::VARCHAR[], ActionGeo_CountryCode || ' ' || Actor1CountryCode)),
        false
    ) AS counted,
    coalesce(NumMentions::BIGINT, 0) AS mentions,
    coalesce((CASE WHEN ?::BOOLEAN THEN SQLDATE ELSE DATEADDED END)::BIGINT, 0) AS added
FROM events
"""
COUNTED = """
WITH once AS (
    SELECT id, min(year) AS year, min(fips) AS fips, bool_or(counted) AS counted,
           max(mentions) AS mentions, min(added) AS added, count(*) AS rows
    FROM kept GROUP BY id
)
SELECT year, fips, added, count(*) AS gdelt_total, count(*) FILTER (counted) AS gdelt_count,
       coalesce(sum(mentions) FILTER (counted), 0)::BIGINT AS gdelt_mentions,
       (sum(rows) - count(*))::BIGINT AS repeated, min(id) FILTER (rows > 1) AS example
FROM once GROUP BY GROUPING SETS ((year, fips), (added))
"""


def read(
    path: Path,
    *,
    roots: Sequence[str],
    actor_types: Sequence[str] = (),
    actor_country: Literal["any", "same"] = "any",
    root_events: bool = False,
    least_days: int = 360,
) -> Panel:
    """Count events by the country where they happened and by year.

    Parameters
    ----------
    path : Path
        One event file, or a folder of them: text, gzip, or zip files as published.
    roots : sequence of str
        CAMEO root classes to count, such as ``["14"]`` for protest.
    actor_types : sequence of str
        CAMEO types of the first actor, such as ``["OPP", "CVL"]``; any without it.
    actor_country : {"any", "same"}
        Whether the first actor must be of the country where the event happened; an actor without a country is
        then not counted.
    root_events : bool
        Count only events GDELT found in the lead of an article.
    least_days : int
        Years with fewer days in the files are left out.

    Returns
    -------
    Panel
        Unit importer, period year; gdelt_count (events counted), gdelt_mentions (their mentions), gdelt_total
        (all events of the country and year), gdelt_share (count over total; missing where there is none),
        gdelt_days (days of the year in the files).

    Raises
    ------
    MissingFileError, WrongLayoutError, EncodingError, NumberError
        No event file, another number of columns, 1.0 and 2.0 together, text for numbers.
    InputError
        No event has an actor of these types.
    StudyError
        Roots or days that do not exist.
    """
    _refuse_strange(roots, least_days)
    wanted = _values(roots, actor_types, same_country=actor_country == "same", root_events=root_events)
    files, others = _files(path)
    with tempfile.TemporaryDirectory(prefix="eventpanel-") as folder:
        answer = ask(COUNTED, {"kept": _kept(files, wanted, Path(folder))})
    cells = answer[answer["added"].isna()].drop(columns="added").astype({"year": "int64"})
    if actor_types and not cells["gdelt_count"].any():
        raise InputError(
            "No event of the files passes the filters.",
            f"actor_types: {first_few(actor_types)}",
            "correct the CAMEO types, such as OPP, CVL, LAB",
        )
    days = _days(answer["added"].dropna().astype("int64"))
    rows, listed = _by_country(cells, days, least_days)
    years = sorted(days[days >= least_days].index)
    coverage = (
        f"Countries of the files, {say_years(years)}; no event there is a zero. "
        f"A year of fewer than {least_days} days in the files is missing."
    )
    return Panel(
        _with_zeros(rows, years, days),
        ("importer",),
        "year",
        (describe(NAME, path, coverage, files if path.is_dir() else ()),),
        stack_conflicts([others, listed]),
    )


def _refuse_strange(roots: Sequence[str], least_days: int) -> None:
    strange = [root for root in roots if root not in ROOTS]
    if strange or not roots:
        raise StudyError(
            f"Not root classes of CAMEO: {first_few(map(repr, strange)) or 'none given'}.",
            "roots",
            f'choose among "{ROOTS[0]}" to "{ROOTS[-1]}"; "14" is protest',
        )
    if not 1 <= least_days <= 365:
        raise StudyError(f"A year has no {least_days} days.", "least_days", "give a number from 1 to 365")


def _values(roots: Sequence[str], actor_types: Sequence[str], *, same_country: bool, root_events: bool) -> list[object]:
    """Values of the question that keeps what counting needs; CAMEO writes countries as ISO 3166 does."""
    both = spells("fips").merge(spells("iso3"), on="iso3", suffixes=("_fips", "_cameo"))
    own = sorted(set(both["key_fips"] + " " + both["key_cameo"])) if same_country else []
    return [list(roots), root_events, bool(actor_types), list(actor_types), same_country, own]


def _files(path: Path) -> tuple[list[Path], pd.DataFrame]:
    """Event files of a path, and a list of those that hold something else."""
    if not path.is_dir():
        return [path], no_conflicts()
    every = sorted(one for one in path.iterdir() if one.is_file())
    files = [one for one in every if not _is_other(one.name)]
    if not files:
        raise MissingFileError(
            f"The folder {path.name!r} holds no event file.",
            f"it holds: {first_few(one.name for one in every) or 'nothing'}",
            "give the folder of the zip files from GDELT",
        )
    rows = pd.DataFrame({"file": [one.name for one in every if _is_other(one.name)]})
    return files, list_conflicts(rows, "file", "not an event file", NAME, "not read", None)


def _is_other(name: str) -> bool:
    small = name.casefold()
    return not small.endswith(FILES) or any(mark in small for mark in OTHERS)


def _kept(files: Sequence[Path], wanted: Sequence[object], folder: Path) -> ParquetFile:
    """Keep what counting needs of all files; members of zip files are on disk only while they are read."""
    parts: list[Path] = []
    seen: dict[int, str] = {}
    # A quarter of an hour may have no event, and then its file is empty.
    for batch in batches(piece for file in files for piece in pieces(file, ENDINGS) if piece.size):
        with tempfile.TemporaryDirectory(dir=folder) as unpacked:
            layouts: dict[int, list[Path]] = {}
            for piece in batch:
                text = unpack(piece, Path(unpacked))
                layouts.setdefault(_width(text, piece.path.name, seen), []).append(text)
            for width, texts in layouts.items():
                parts.append(folder / f"{len(parts)}.parquet")
                table = TextFile(tuple(texts), LAYOUTS[width], delimiter="\t", header=False, quote="")
                keep(KEPT, {"events": table}, [*wanted, width == 57], into=parts[-1])
    if not parts:
        raise WrongLayoutError("The files hold no rows.", first_few(file.name for file in files), "download them again")
    return ParquetFile(tuple(parts))


def _width(text: Path, name: str, seen: dict[int, str]) -> int:
    """Find the number of columns of a file; two databases in one folder are refused."""
    width = len(header_of(text, "\t", quote=""))
    if width not in LAYOUTS:
        raise WrongLayoutError(
            f"{name} has {width} columns.",
            "line 1",
            "give GDELT's event files: tab separated, without header, of 57, 58 or 61 columns",
        )
    seen.setdefault(width, name)
    if 61 in seen and len(seen) > 1:
        raise WrongLayoutError(
            "The files are of GDELT 1.0 and 2.0, which hold the same events.",
            first_few(f"{file} ({columns} columns)" for columns, file in sorted(seen.items())),
            "give the files of one of them",
        )
    return width


def _days(added: pd.Series) -> pd.Series:
    """Whole days of each year in the files; 2.0 has a time of day, and a day is 96 quarters of an hour."""
    timed = added.max() >= 10**13
    stamps = added.groupby(added // (10**10 if timed else 10**4)).nunique()
    return stamps // (QUARTER_HOURS if timed else 1)


def _whole_years(cells: pd.DataFrame, days: pd.Series, least: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of years with enough days; every year that lacks a day is listed."""
    held = cells["year"].map(days).fillna(0).astype("int64")
    length = pd.Series([365 + isleap(year) for year in cells["year"].tolist()], index=cells.index, dtype="int64")
    problem = held.astype(str) + " of " + length.astype(str) + " days in the files"
    lost, short = held < least, (held >= least) & (held < length)
    left_out = list_conflicts(cells[lost], "year", problem[lost], NAME, LEFT_OUT, "year")
    kept = list_conflicts(cells[short], "year", problem[short], NAME, "kept", "year")
    return cells[~lost], stack_conflicts([left_out, kept])


def _by_country(cells: pd.DataFrame, days: pd.Series, least: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of countries and whole years from those of codes, and a list of what was left out or added up."""
    rows, partial = _whole_years(cells.drop(columns=["repeated", "example"]), days, least)
    placeless = rows["fips"] == ""
    events = rows.loc[placeless, "gdelt_total"].sum()
    rows, nowhere = set_aside(rows, placeless, "fips", f"no country code ({events:,} events)", NAME)
    rows, unknown = harmonise(rows, "fips", "fips", source=NAME)
    rows, parts = add_parts(rows, "fips", NAME)
    return rows, stack_conflicts([_repeated(cells), partial, nowhere, unknown, parts])


def _repeated(cells: pd.DataFrame) -> pd.DataFrame:
    """List events that stand on several rows, with the first of each year."""
    rows = cells[cells["repeated"] > 0].groupby("year").agg(rows=("repeated", "sum"), example=("example", "min"))
    listed = rows.reset_index().assign(
        source=NAME,
        problem="one GLOBALEVENTID on several rows",
        years=rows.index.astype(str),
        resolution="counted once",
    )
    listed["value"] = rows["example"].astype("int64").astype(str).to_numpy()
    return listed[no_conflicts().columns]


def _with_zeros(rows: pd.DataFrame, years: Sequence[int], days: pd.Series) -> pd.DataFrame:
    """Every country of the files in every year covered; its share is missing where it has no event at all."""
    if not len(rows):
        return rows.assign(gdelt_share=0.0, gdelt_days=0)
    grid = country_years(min(years), max(years), sorted(rows["importer"].unique()))
    frame = grid[grid["year"].isin(years)].merge(rows, on=["importer", "year"], how="outer")
    counts = ["gdelt_count", "gdelt_mentions", "gdelt_total"]
    frame = frame.fillna(dict.fromkeys(counts, 0)).astype(dict.fromkeys(counts, "int64"))
    share = frame["gdelt_count"] / frame["gdelt_total"].where(frame["gdelt_total"] > 0)
    return frame[["importer", "year", *counts]].assign(gdelt_share=share, gdelt_days=frame["year"].map(days))
