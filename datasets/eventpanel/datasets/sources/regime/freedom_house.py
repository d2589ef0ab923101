"""Freedom in the World: political rights and civil liberties, rated by Freedom House.

Publisher: Freedom House, https://freedomhouse.org/report/freedom-world. Licence: free for non-commercial use with
citation. Unit: one country or territory in one edition. Coverage: independent countries, 1972 to the year before the
edition, and some territories.

Ratings go from 1 (most free) to 7 (least free). Three layouts are read: the workbook of all years, "Country and
Territory Ratings and Statuses", whose header takes three rows (edition, years under review, PR CL Status); the lists
"All data" and "Aggregate scores", one row an edition, with scores of up to 40, 60 and 100 points; and a tidy csv file
with the columns country, year, pr, cl, status.

Known faults: an edition rates the year before it, so a list's year is its edition less one. There is no rating for
1981: one edition covers January 1981 to August 1982 and counts as 1982, and the periods up to 1989 are not calendar
years, they count as the year in which they end. Until 2002 an average rating of 5.5 could be partly free or not
free; since 2003 it is not free. South Africa in 1972 has two ratings in one cell, "2(5)", one for each part of a
divided population: it is left missing, and reported. Scores exist since the edition of 2003; those of the editions
2003 to 2005 come without ratings.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from eventpanel.datasets.cells import to_years
from eventpanel.datasets.conflicts import list_conflicts, stack_conflicts
from eventpanel.datasets.errors import NumberError, WrongLayoutError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sheets import SHEETS, read_sheet, sheet_names
from eventpanel.datasets.sources.common import country_years_panel, set_aside
from eventpanel.datasets.sources.regime.common import between, pick
from eventpanel.datasets.tables import read_any

NAME = "freedom_house"
STATUS = {"NF": 0.0, "PF": 1.0, "F": 2.0}
MEASURES = ["pr", "cl", "status"]
EMPTY = ("", "-", "NA", "N/A")
# Our name: column of the tidy layout, ends of the scale.
RATINGS = {"political_rights": ("pr", 1, 7), "civil_liberties": ("cl", 1, 7)}
# Points can be taken off, for a forced change of a people's composition.
SCORES = {
    "political_rights_score": ("pr_score", -4, 40),
    "civil_liberties_score": ("cl_score", 0, 60),
    "freedom_score": ("total", -4, 100),
}
LIST = {
    "country": ("Country/Territory",),
    "kind": ("C/T", "C/T?", "C/T ?"),
    "edition": ("Edition",),
    "status": ("Status",),
    "pr": ("PR rating",),
    "cl": ("CL rating",),
    "pr_score": ("PR", "PR Aggr"),
    "cl_score": ("CL", "CL Aggr"),
    "total": ("Total", "Total Aggr"),
}
TIDY = {
    "country": ("fh_country", "country"),
    "year": ("year",),
    "pr": ("pr",),
    "cl": ("cl",),
    "status": ("status",),
}


def read(path: Path, *, territories: bool = False) -> Panel:
    """Read ratings, statuses and, where the file has them, scores.

    Parameters
    ----------
    path : Path
        A workbook of the publisher, or a tidy csv file.
    territories : bool
        Also read what the publisher rates as a territory, such as Hong Kong. A tidy file does not tell them apart.

    Returns
    -------
    Panel
        Unit importer, period year; ``political_rights`` and ``civil_liberties`` from 1 (most free) to 7,
        ``freedom_status`` 0 not free, 1 partly free, 2 free. From a list also ``political_rights_score`` (to 40),
        ``civil_liberties_score`` (to 60) and ``freedom_score`` (to 100), more being freer.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not one of these files, text for numbers, a number outside its scale.
    DuplicateKeyError
        A country and year on two rows.
    """
    rows = _workbook(path) if path.suffix.casefold() in SHEETS else _tidy(path)
    rows, apart = set_aside(rows, (rows["kind"] == "t") & (not territories), "country", "rated as a territory", NAME)
    split = rows[MEASURES].apply(lambda column: column.str.contains("(", regex=False)).any(axis=1)
    torn = list_conflicts(rows[split], "country", "two ratings in one cell", NAME, "left missing", "year")
    rows[MEASURES] = rows[MEASURES].mask(split, "")
    scales = {**RATINGS, **(SCORES if "total" in rows.columns else {})}
    values = {name: between(rows[column], low, high, path.name, EMPTY) for name, (column, low, high) in scales.items()}
    table = rows[["country", "year"]].assign(**values, freedom_status=_status(rows["status"], path.name))
    panel = country_years_panel(
        table,
        "country",
        "name",
        name=NAME,
        path=path,
        coverage="Countries of the file, {years}, none for 1981; an absent row is missing.",
    )
    return replace(panel, conflicts=stack_conflicts([panel.conflicts, apart, torn]))


def _tidy(path: Path) -> pd.DataFrame:
    rows = pick(read_any(path), TIDY, path.name)
    return rows.assign(year=to_years(rows["year"], path.name), kind="")


def _workbook(path: Path) -> pd.DataFrame:
    """Rows of all sheets of ratings, or of the list; other sheets explain them."""
    names = sheet_names(path)
    wide = [_wide(path, name) for name in names if "rating" in name.casefold()]
    long = [_list(path, name) for name in names if name.casefold().startswith("fiw")]
    found = [table for table in wide + long if table is not None]
    if not found:
        raise WrongLayoutError(
            f"{path.name} has no sheet of ratings.",
            f"sheets: {first_few(names, 12)}",
            "give a workbook of Freedom in the World as it is: all ratings and statuses, or all data",
        )
    return pd.concat(found, ignore_index=True)


def _below(path: Path, sheet: str, first: str) -> tuple[list[str], pd.DataFrame] | None:
    """Find the row that begins with a word, and the rows below it; columns by number."""
    table = read_sheet(path, sheet=sheet)
    lines = [list(table.columns), *table.to_numpy().tolist()]
    for place, line in enumerate(lines[:20]):
        if line[0].casefold().startswith(first.casefold()):
            return line, pd.DataFrame(lines[place + 1 :], dtype=object)
    return None


def _wide(path: Path, sheet: str) -> pd.DataFrame | None:
    """Three columns a year to one row a year; countries without any rating in a year have no row."""
    found = _below(path, sheet, "Year")
    if found is None:
        return None
    periods, body = found
    measures = [str(cell).strip().casefold() for cell in body.iloc[0]]
    starts = [place for place, measure in enumerate(measures) if measure == "pr"]
    if not starts:
        return None
    if any(measures[start : start + 3] != MEASURES for start in starts):
        raise WrongLayoutError(
            f"{path.name}: sheet {sheet!r} does not have PR, CL and Status for each year.",
            f"third row of the header: {first_few(body.iloc[0], 8)}",
            "give the publisher's workbook as it is",
        )
    years = [_last_year(periods[start], path.name, sheet) for start in starts]
    parts = [
        body.iloc[1:, [0, start, start + 1, start + 2]].set_axis(["country", *MEASURES], axis=1).assign(year=year)
        for start, year in zip(starts, years, strict=True)
    ]
    rows = pd.concat(parts, ignore_index=True)
    rated = ~rows[MEASURES].isin(EMPTY).all(axis=1)
    return rows[rated].assign(kind="t" if "territor" in sheet.casefold() else "c")


def _last_year(period: str, file: str, sheet: str) -> int:
    """Year in which a period under review ends, such as 1982 for ``Jan.1981-Aug. 1982``."""
    found = re.findall(r"\d{4}", period)
    if not found:
        raise WrongLayoutError(
            f"{file}: sheet {sheet!r} has a column without its year.",
            f"row of years: {period!r}",
            "give the publisher's workbook as it is",
        )
    return int(found[-1])


def _list(path: Path, sheet: str) -> pd.DataFrame | None:
    found = _below(path, sheet, LIST["country"][0])
    if found is None:
        return None
    header, body = found
    table = body.set_axis(header, axis=1)
    rows = pick(table, LIST, path.name) if "Edition" in header else _first_scores(table, path.name)
    rows = rows[rows["country"] != ""].reset_index(drop=True)
    kind = rows["kind"].str.strip().str.casefold()
    return rows.assign(kind=kind, year=to_years(rows["edition"], path.name) - 1)


def _first_scores(table: pd.DataFrame, file: str) -> pd.DataFrame:
    """Scores of the editions 2003 to 2005, which stand beside one another and without ratings: ``FIW03 Total``."""
    names = {"PR": "pr_score", "CL": "cl_score", "Total": "total"}
    held = [(found, name) for name in table.columns if (found := re.search(r"FIW(\d\d).*(PR|CL|Total)", name))]
    if not held:
        raise WrongLayoutError(
            f"{file}: a sheet has neither an edition nor scores of one.",
            f"it has: {first_few(table.columns, 8)}",
            "give the publisher's workbook as it is",
        )
    keys = pick(table, {name: LIST[name] for name in ("country", "kind")}, file)
    parts = {found[1]: keys.assign(edition=f"20{found[1]}", pr="", cl="", status="") for found, _ in held}
    for found, name in held:
        parts[found[1]][names[found[2]]] = table[name]
    return pd.concat(parts.values(), ignore_index=True)


def _status(column: pd.Series, file: str) -> pd.Series:
    text = column.str.strip()
    status = text.map(STATUS)
    bad = status.isna() & ~text.isin(EMPTY)
    if bad.any():
        raise NumberError(
            f"{file}: a status is none of F, PF, NF.", first_few(map(repr, text[bad].unique())), "correct these cells"
        )
    return status.astype(float)
