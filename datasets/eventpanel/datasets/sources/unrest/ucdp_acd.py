"""UCDP/PRIO Armed Conflict Dataset: conflicts of 25 or more battle deaths a year, by country and year.

Publishers: Uppsala Conflict Data Program and Peace Research Institute Oslo, https://ucdp.uu.se. Licence: CC BY
4.0. Unit: one conflict in one year; this reader returns countries and years. Coverage: all independent states
since 1946; no conflict is a zero.

Known faults: one cell lists several states (``750, 770``); Serbia keeps the number 345 of Yugoslavia from 2006 on
(read as 340, and reported); wars of colonies stand under countries that were no states yet (listed), Hyderabad
in 1947 and 1948 under a number of its own. Intensity is 1 for 25 to 999 battle deaths in the year and 2 for 1,000
and more; quiet years between two active ones have no row, so they are zeros.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pandas as pd

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.conflicts import stack_conflicts
from eventpanel.datasets.countries import country_years, harmonise
from eventpanel.datasets.files import read_table
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import TODAYS_SERBIA, describe, refuse_repeats, renamed

NAME = "ucdp_acd"
WHERE = {"location": ["gwno_loc"], "sides": ["gwno_a", "gwno_a_2nd", "gwno_b", "gwno_b_2nd"]}
INTERNAL = (3, 4)
WAR = 2
COUNTS = ["conflicts", "internal_conflicts", "wars", "intensity"]


def read(path: Path, *, states: Literal["location", "sides"] = "location") -> Panel:
    """Read conflicts as countries and years.

    Parameters
    ----------
    path : Path
        The publisher's ``UcdpPrioConflict_v24_1.csv`` or the same of another year.
    states : {"location", "sides"}
        Which states have a conflict: those whose territory or government it is about, or those whose troops fight
        in it, abroad too.

    Returns
    -------
    Panel
        Unit importer, period year; conflicts, internal_conflicts (between a government and rebels) and wars
        (1,000 or more battle deaths) in numbers of conflicts; intensity 0, 1 or 2, that of the gravest.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, text for numbers.
    DuplicateKeyError
        A conflict and year on two rows.
    """
    columns = WHERE[states]
    rows = read_table(path, ["conflict_id", "year", "intensity_level", "type_of_conflict", *columns])
    rows = rows.assign(
        year=to_years(rows["year"], path.name),
        intensity=to_numbers(rows["intensity_level"], path.name, missing=()),
        kind=to_numbers(rows["type_of_conflict"], path.name, missing=()),
    )
    refuse_repeats(
        rows,
        ["conflict_id", "year"],
        "a conflict and year",
        path.name,
        "give the conflict-level file, not that of dyads",
    )
    first, last = int(rows["year"].min()), int(rows["year"].max())
    each = rows.assign(state=rows[columns].agg(",".join, axis=1).str.split(",")).explode("state", ignore_index=True)
    each = each.assign(state=each["state"].str.strip())
    each, renumbered = renamed(each[each["state"] != ""], "state", TODAYS_SERBIA, NAME)
    each, unknown = harmonise(each, "state", "gw", source=NAME)
    counted = _count(each.drop_duplicates(["importer", "year", "conflict_id"]))
    frame = country_years(first, last).merge(counted, on=["importer", "year"], how="outer")
    frame[COUNTS] = frame[COUNTS].fillna(0).astype("int64")
    where = "on their territory or about their government" if states == "location" else "in which they fought"
    coverage = f"All states, {first}-{last}, conflicts {where}; no conflict is a zero."
    conflicts = stack_conflicts([renumbered, unknown])
    return Panel(frame, ("importer",), "year", (describe(NAME, path, coverage),), conflicts)


def _count(each: pd.DataFrame) -> pd.DataFrame:
    each = each.assign(conflicts=1, internal_conflicts=each["kind"].isin(INTERNAL), wars=each["intensity"] >= WAR)
    groups = each.groupby(["importer", "year"])
    return groups[COUNTS[:3]].sum().join(groups["intensity"].max()).reset_index()
