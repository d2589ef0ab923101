"""SIPRI Arms Transfers Database: tables of import and export values, by country and year of delivery.

Publisher: Stockholm International Peace Research Institute, https://www.sipri.org/databases/armstransfers.
Licence: SIPRI's terms (cite; large extracts only with permission). Unit: one recipient, or one supplier, with the
years as columns; a table is of all partners together or of one. Coverage: all states, since 1950. Values are
SIPRI's trend-indicator values in millions (TIV), a measure of the volume of arms, not money.

Known faults: lines before the header, a line and a column of totals; an empty cell means no delivery, while 0 means
deliveries of less than half a million, so both stand as 0 and a column beside them says which had deliveries;
values are rounded and do not add up; whose partners the lines are stands in the first line of older files and in the
line of totals of present ones; armed groups (``*``) and organisations (``**``) stand among the states; the
years asked for may reach beyond those the database holds. Files of the older and of the present page are read.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from eventpanel.datasets.cells import to_numbers
from eventpanel.datasets.conflicts import list_conflicts, stack_conflicts
from eventpanel.datasets.countries import country_years, existed, harmonise, match, require_iso3
from eventpanel.datasets.errors import CountryError, EncodingError, StudyError, WrongLayoutError, first_few
from eventpanel.datasets.files import parse_table, read_text
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import describe, set_aside

NAME = "sipri_tiv"
ALL = "all"
EVERYONE = (ALL, "all countries")
OLDER = re.compile(r"TIV of arms exports (from|to) (.+?),? (\d{4})-(\d{4})")
TOTAL = re.compile(r"Total (?:world|\w+ (?:from|to|by) (.+))")
ROWS = {"recipient": "importer", "imports by": "importer", "supplier": "exporter", "exports by": "exporter"}
MADE = re.compile(r"[Gg]enerated:?\s*\d{1,2} ([A-Z][a-z]+) (\d{4})")
# A year's deliveries are published in March of the next.
BEFORE_MARCH = ("Jan", "Feb")


@dataclass(frozen=True, slots=True)
class Table:
    """What a table says about itself: whose rows, which partner (ISO3 or all), and its first and last year."""

    side: str
    partner: str
    first: int
    last: int


def read(path: Path, *, partner: str | None = None) -> Panel:
    """Read one table of import or export values.

    Parameters
    ----------
    path : Path
        The publisher's csv file.
    partner : str, optional
        Needed where the file does not say, or says only that its totals are of the world: ``"all"``, or the ISO3
        code of the one supplier (of a table of recipients) or recipient (of a table of suppliers).

    Returns
    -------
    Panel
        Unit importer or exporter, period year (of delivery). ``tiv_imports`` or ``tiv_exports`` in millions of TIV,
        for one partner ``tiv_from_chn`` or ``tiv_to_egy`` and the like; and ``deliveries``, ``deliveries_from_chn``
        and so on, 1 where something was delivered. All states are covered, in years in which the partner existed:
        one without a row received, or sent, nothing.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, text for values.
    StudyError, CountryError
        No word about the partner, a partner that is not the file's, or one that is no country.
    """
    head, table = _read_text(path)
    about = _about(head, table, partner, path.name)
    years = [str(year) for year in range(about.first, about.last + 1)]
    numbers = {year: to_numbers(table[year], path.name, missing=("",)) for year in years}
    cells = table.assign(**numbers).melt(table.columns[0], years, "year", "tiv")
    cells = cells.rename(columns={table.columns[0]: "name"}).astype({"year": "int64"})
    flows = cells[cells["tiv"].notna() & ~cells["name"].str.match("Total\\b|$")]
    flows, groups = set_aside(flows, flows["name"].str.endswith("*"), "name", "armed group or organisation", NAME)
    flows, unknown = harmonise(flows, "name", "name", into=about.side, source=NAME)
    if flows.empty:
        raise WrongLayoutError(
            f"{path.name} has no row of a country with a delivery.",
            f"rows: {first_few(cells['name'].unique())}",
            "give a table by country, not by category of weapon",
        )
    frame, added = _with_zeros(flows, about)
    others = "all partners" if about.partner == ALL else about.partner
    coverage = (
        f"Deliveries of major arms, {about.side}s: all states, partner: {others}, {about.first}-{about.last}; "
        f"a zero says that SIPRI found no delivery, or less than half a million TIV where deliveries are 1."
    )
    return Panel(
        frame, (about.side,), "year", (describe(NAME, path, coverage),), stack_conflicts([groups, unknown, added])
    )


def _read_text(path: Path) -> tuple[str, pd.DataFrame]:
    """Lines before the header, and the table."""
    try:
        text = read_text(path)
    except EncodingError:
        text = read_text(path, "latin-1")
    lines = [line.rstrip().rstrip(";") for line in text.splitlines()]
    for place, line in enumerate(lines):
        cells = next(csv.reader([line]), [])
        if len(cells) > 1 and _years(cells[1:2]):
            body = [row for row in lines[place:] if row.strip(",")]
            return "\n".join(lines[:place]), parse_table("\n".join(body), path.name)
    raise WrongLayoutError(
        f"{path.name} has no line with years in it.",
        "a table of import or export values has a column for each year",
        "give the csv file of import or export values, not the trade register (`sipri_register`)",
    )


def _years(names: Sequence[str]) -> list[int]:
    return [int(name) for name in names if re.fullmatch(r"(19|20)\d\d", name)]


def _about(head: str, table: pd.DataFrame, partner: str | None, file: str) -> Table:
    years = _years(list(table.columns))
    older = OLDER.search(head)
    if older is not None:
        name = older[2]
        whole = name.casefold() in EVERYONE
        side = "exporter" if (older[1] == "from") == whole else "importer"
    else:
        side = ROWS.get(str(table.columns[0]).strip().casefold(), "")
        name = _of_total(table.iloc[:, 0])
        name = "" if name == ALL and partner is not None else name
    if side == "":
        raise WrongLayoutError(
            f"{file} does not say whether its rows are suppliers or recipients.",
            f"first column {str(table.columns[0])!r}",
            "keep the lines before the header as the publisher wrote them",
        )
    return Table(side, _partner(name, partner, years, file), years[0], _last(head, table, years))


def _of_total(names: pd.Series) -> str:
    """Partner in the name of the line of totals, such as "Total exports to Israel"; empty where there is none."""
    found = [match for match in map(TOTAL.match, names.str.strip()) if match is not None]
    return "" if not found else found[-1][1] or ALL


def _partner(name: str, stated: str | None, years: list[int], file: str) -> str:
    if name == "" and stated is None:
        raise StudyError(
            f"{file} does not say whose partners its rows are.",
            "option partner",
            "say partner = 'all', or the ISO3 code of the one country the table was made for",
        )
    known = stated if name == "" else ALL if name.casefold() in EVERYONE else _iso3(name, years, file)
    if stated not in (None, known):
        raise StudyError(f"{file} is of the partner {known}, not {stated}.", "option partner", "leave it out")
    if known != ALL:
        require_iso3([str(known)])
    return str(known)


def _iso3(name: str, years: list[int], file: str) -> str:
    """Code of the partner in the last year in which it existed."""
    found = match(pd.Series([name] * len(years)), "name", pd.Series(years)).iso3.dropna()
    if found.empty:
        raise CountryError(f"{file} is of the partner {name!r}, which is no country.", file, "choose another table")
    return str(found.iloc[-1])


def _last(head: str, table: pd.DataFrame, years: list[int]) -> int:
    """Last year the database held when the table was made, or without a date the last one with a delivery."""
    made = MADE.search(head)
    if made is not None:
        return min(years[-1], int(made[2]) - (2 if made[1].startswith(BEFORE_MARCH) else 1))
    held = [year for year in years if (table[str(year)].str.strip() != "").any()]
    return held[-1] if held else years[-1]


def _with_zeros(flows: pd.DataFrame, about: Table) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every state a row, in years in which the partner existed; add up two names of one country."""
    keys = [about.side, "year"]
    twice = flows[flows.duplicated(keys, keep=False)]
    reason = pd.Series("two names of one country in one year", index=twice.index, dtype=object)
    added = list_conflicts(twice, "name", reason, NAME, "added up", "year")
    value, deliveries = _names(about)
    totals = flows.groupby(keys)["tiv"].sum().rename(value).reset_index()
    states = set(country_years(about.first, about.last)["importer"]) | set(flows[about.side])
    grid = country_years(about.first, about.last, sorted(states)).rename(columns={"importer": about.side})
    if about.partner != ALL:
        there = existed([about.partner] * len(grid), grid["year"].to_numpy())
        grid = grid[there & (grid[about.side] != about.partner)]
    frame = grid.merge(totals, on=keys, how="outer")
    known = frame[value].notna()
    return frame.assign(**{value: frame[value].fillna(0.0), deliveries: known.astype("int64")}), added


def _names(about: Table) -> tuple[str, str]:
    """Names of the columns of values and of deliveries."""
    if about.partner == ALL:
        return {"importer": "tiv_imports", "exporter": "tiv_exports"}[about.side], "deliveries"
    tail = {"importer": "from", "exporter": "to"}[about.side] + f"_{about.partner.lower()}"
    return f"tiv_{tail}", f"deliveries_{tail}"
