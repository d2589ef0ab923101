"""National Elections Across Democracy and Autocracy: what was asked of each national election, by country and year.

Publisher: Susan Hyde and Nikolay Marinov, https://nelda.co. Licence: free with citation. Version: 6.0, to 2020; earlier
ones have the same columns. Unit: one round of one election to a national office. Coverage: independent states,
1945-2020; a watched country-year without a row had no election.

Fifty-eight questions are answered yes, no, unclear or N/A. Twenty-seven of them make the index of political
institutions of Beraja, Kao, Yang and Yuchtman (2023, NBER working paper 31676, table A.1), in four groups; those with a
star there count when the answer is no. They are read so that 1 is the better answer, and the name of a column says
which it is: ``nelda3_yes``, ``nelda11_no``.

Known faults: many questions are asked only if another is answered yes, so N/A is frequent and means something different
from unclear; a country-year can hold several elections; numeric codes are those of Gleditsch and Ward, but Serbia keeps
Yugoslavia's 345 from 2006 on; the csv file is separated by tabs and not in UTF-8. csv, Excel and Stata files are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pandas as pd

from eventpanel.datasets.cells import to_years
from eventpanel.datasets.conflicts import COLUMNS, stack_conflicts
from eventpanel.datasets.countries import country_years, harmonise
from eventpanel.datasets.errors import DuplicateKeyError, InputError, NumberError, first_few
from eventpanel.datasets.files import parse_table, read_text
from eventpanel.datasets.indices import Index, Weighting, summary_index
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sheets import SHEETS
from eventpanel.datasets.sources.common import TODAYS_SERBIA, describe, renamed
from eventpanel.datasets.sources.regime.common import pick
from eventpanel.datasets.tables import read_any

NAME = "nelda"
# Numbers of questions; below zero where the better answer is no (a star in the paper's table A.1).
GROUPS = {
    "fair_elections": (-1, 3, 4, 5, -6, 7, -9, -11, -13, -14, -15, -32, -34),
    "media": (-16, -28),
    "peaceful": (-29, -30, -31, -33, -35, -36),
    "monitors": (45, 46, -47, -48, -49, -57),
}
OVERALL = "institutions"
QUESTIONS = tuple(number for group in GROUPS.values() for number in group)
TYPES = {
    "Executive": "executive_elections",
    "Legislative/Parliamentary": "legislative_elections",
    "Constituent Assembly": "assembly_elections",
}
COUNTS = ("elections", *TYPES.values())
NO_ANSWER = ("", "na", "n/a", "unclear")


def column_of(question: int) -> str:
    """Name of a question's column; below zero, no is the better answer.

    Examples
    --------
    >>> column_of(3), column_of(-11)
    ('nelda3_yes', 'nelda11_no')
    """
    return f"nelda{abs(question)}_{'no' if question < 0 else 'yes'}"


def read(
    path: Path,
    *,
    answers: Literal["yes_no", "indicator"] = "yes_no",
    several: Literal["mean", "worst", "last"] = "mean",
    without_election: Literal["missing", "lowest"] = "missing",
    states: Literal["file", "all"] = "file",
    index: Weighting | Literal["none"] = "none",
) -> Panel:
    """Read answers by country and year.

    Parameters
    ----------
    path : Path
        The publisher's csv, xls, xlsx or dta file.
    answers : {"yes_no", "indicator"}
        What unclear and N/A are: missing; or, as in an indicator of the better answer, 0.
    several : {"mean", "worst", "last"}
        What several elections of a year give: their mean, the worst answer to each question, or the last election's.
    without_election : {"missing", "lowest"}
        What the answers are in a year without an election: missing, or 0, the lowest.
    states : {"file", "all"}
        Which states had no election in a year without a row: those of the file, or all states, also those that never
        held one.
    index : {"none", "inverse_covariance", "equal", "first_component"}
        Also add the four indices and the overall one, weighted in this way over the rows of the panel.

    Returns
    -------
    Panel
        Unit importer, period year; ``elections`` (rounds, zero where none was held), of them
        ``executive_elections``, ``legislative_elections`` and ``assembly_elections``; the 27 answers from 0 to 1,
        1 the better; with ``index`` also ``fair_elections``, ``media``, ``peaceful``, ``monitors`` and
        ``institutions``, in standard deviations. Weights: :func:`institutional_indices` of the panel.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, an answer that is none.
    DuplicateKeyError
        One election on two rows.
    InputError
        Answers from which no index can be made; ``answers = "indicator"`` makes one.
    """
    rows = _elections(path, answers)
    rows, late = renamed(rows, "ccode", TODAYS_SERBIA, NAME)
    rows, unknown = harmonise(rows, "ccode", "gw", source=NAME)
    years = int(rows["year"].min()), int(rows["year"].max())
    watched = country_years(*years, None if states == "all" else sorted(rows["importer"].unique()))
    grid = pd.concat([watched, rows[["importer", "year"]]]).drop_duplicates(ignore_index=True)
    frame = grid.merge(_by_year(rows, several), on=["importer", "year"], how="left", validate="1:1")
    frame[list(COUNTS)] = frame[list(COUNTS)].fillna(0).astype("int64")
    if without_election == "lowest":
        names = [column_of(question) for question in QUESTIONS]
        frame[names] = frame[names].where(frame["elections"] > 0, 0.0)
    places = "All states" if states == "all" else "Countries of the file"
    coverage = f"{places}, {years[0]}-{years[1]}; no election there is a zero, answers are then {without_election}."
    source = describe(NAME, path, coverage)
    panel = Panel(frame, ("importer",), "year", (source,), stack_conflicts([unknown, late]))
    return panel if index == "none" else _with_indices(panel, index)


def institutional_indices(panel: Panel, *, weighting: Weighting = "inverse_covariance") -> dict[str, Index]:
    """Summary indices of the answers: four groups and all, over the rows that have answers.

    Parameters
    ----------
    panel : Panel
        As :func:`read` gives it, or with other rows.
    weighting : {"inverse_covariance", "equal", "first_component"}
        See :mod:`eventpanel.datasets.indices`.

    Returns
    -------
    dict of str to Index
        By name: fair_elections, media, peaceful, monitors, institutions.

    Raises
    ------
    ColumnError, InputError
        A panel without the answers; answers from which no index can be made.
    """
    groups = {**GROUPS, OVERALL: QUESTIONS}
    return {name: _index(panel, name, questions, weighting) for name, questions in groups.items()}


def _index(panel: Panel, name: str, questions: Sequence[int], weighting: Weighting) -> Index:
    items = pd.DataFrame({column_of(question): panel.number(column_of(question)) for question in questions})
    try:
        return summary_index(items, weighting=weighting)
    except InputError as error:
        raise InputError(
            f"There is no index {name!r}: {error.what}",
            error.where,
            'choose answers = "indicator", which leaves none missing, or another weighting',
        ) from error


def _elections(path: Path, answers: str) -> pd.DataFrame:
    """Rows of elections: ccode, year, mmdd, a count for each type, and the answers."""
    names = {f"nelda{abs(question)}": (f"nelda{abs(question)}",) for question in QUESTIONS}
    keys = {"ccode": ("ccode", "nelda_ccode"), **{name: (name,) for name in ("year", "mmdd", "electionid", "types")}}
    rows = pick(_table(path), {**keys, **names}, path.name)
    twice = rows.loc[rows["electionid"].duplicated(), "electionid"].unique()
    if len(twice):
        raise DuplicateKeyError(
            f"{path.name}: elections stand twice.", first_few(twice), "keep one row for each election"
        )
    scores = {column_of(question): _score(rows, question, path.name, answers) for question in QUESTIONS}
    counts = {name: (rows["types"].str.strip() == kind).astype("int64") for kind, name in TYPES.items()}
    when = rows["mmdd"].str.strip().str.zfill(4) + rows["electionid"]
    codes = rows["ccode"].str.strip().str.replace(r"\.0$", "", regex=True)
    return pd.DataFrame(
        {"ccode": codes, "year": to_years(rows["year"], path.name), "when": when, "elections": 1, **counts, **scores}
    )


def _table(path: Path) -> pd.DataFrame:
    if path.suffix.casefold() in {*SHEETS, ".dta"}:
        return read_any(path)
    # Every byte is a letter in Latin-1, and what is read here is plain letters in any encoding.
    text = read_text(path, "latin-1").removeprefix("\u00ef\u00bb\u00bf")
    header = text[: text.find("\n") + 1 or len(text)]
    return parse_table(text, path.name, delimiter="\t" if "\t" in header else ",")


def _score(rows: pd.DataFrame, question: int, file: str, answers: str) -> pd.Series:
    """1 for the better answer, 0 for the other."""
    said = rows[f"nelda{abs(question)}"].str.strip().str.casefold()
    bad = ~said.isin(("yes", "no", *NO_ANSWER))
    if bad.any():
        cells = zip(said[bad], rows.index[bad] + 1, strict=True)
        raise NumberError(
            f"{file}: column 'nelda{abs(question)}' holds answers other than yes, no, unclear and N/A.",
            first_few(f"{value!r} in data row {row}" for value, row in cells),
            "correct these cells",
        )
    score = (said == ("no" if question < 0 else "yes")).astype(float)
    return score if answers == "indicator" else score.where(said.isin(("yes", "no")))


def _by_year(rows: pd.DataFrame, several: str) -> pd.DataFrame:
    keys, names = ["importer", "year"], [column_of(question) for question in QUESTIONS]
    ordered = rows.sort_values("when", kind="stable")
    groups = ordered.groupby(keys)
    if several == "last":
        scores = ordered.drop_duplicates(keys, keep="last").set_index(keys)[names]
    else:
        scores = groups[names].mean() if several == "mean" else groups[names].min()
    return groups[list(COUNTS)].sum().join(scores).reset_index()


def _with_indices(panel: Panel, weighting: Weighting) -> Panel:
    """Add the indices; what a reader must know of them goes to the conflict table."""
    found = institutional_indices(panel, weighting=weighting)
    frame = panel.frame.assign(**{name: index.values for name, index in found.items()})
    told = [
        {"source": NAME, "problem": text, "value": name, "years": "", "rows": len(frame), "resolution": resolution}
        for name, index in found.items()
        for text, resolution in [
            *((note, "index kept as it is") for note in index.notes),
            *((f"{item}: {reason}", "left out of the index") for item, reason in index.dropped.items()),
        ]
    ]
    conflicts = stack_conflicts([panel.conflicts, pd.DataFrame(told, columns=COLUMNS)])
    return replace(panel, frame=frame, conflicts=conflicts)
