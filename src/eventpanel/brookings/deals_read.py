"""Deals of a study from one or several inputs: each deal once, and only where all of them watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from eventpanel.brookings.roles_read import Given
from eventpanel.datasets.conflicts import list_conflicts, no_conflicts, stack_conflicts
from eventpanel.datasets.deal_traps import OUTSIDE
from eventpanel.datasets.errors import ColumnError, InputError, NotAvailableError, StudyError
from eventpanel.datasets.records import Records
from eventpanel.datasets.source import Source
from eventpanel.datasets.sources.common import say_years

__all__ = ["deals_of", "records_of"]

KEYS = ["exporter", "importer", "year"]
FLAGS = ("smart_city", "carnegie", "domestic")


def records_of(one: Given) -> Records:
    """Return the list of an input.

    Raises
    ------
    StudyError
        It is a panel.
    ColumnError
        It lacks exporter, importer or year.
    """
    held = one.loaded
    if not isinstance(held, Records):
        raise StudyError(
            f"The input {one.name!r} is no list of deals.", f"inputs.{one.name}", "give a list, or another role"
        )
    lacking = [name for name in KEYS if name not in held.frame.columns]
    if lacking:
        raise ColumnError(
            f"The input {one.name!r} is a list without {', '.join(lacking)}.",
            f"source {one.section.source}",
            "give a list of deals between countries",
        )
    return held


def deals_of(given: Sequence[Given]) -> Records:
    """Make one list of several.

    Years are those that all lists watch, countries those that any of them does; deals elsewhere are listed. A deal that
    two inputs take from one file is one. The column ``input`` says which input a deal is from.

    Parameters
    ----------
    given : sequence of Given
        At least one.

    Raises
    ------
    InputError
        No deal at all.
    NotAvailableError
        No year that all lists watch.
    """
    lists = [(one, records_of(one)) for one in given]
    first = max(int(records.covered["year"].min()) for _, records in lists)
    last = min(int(records.covered["year"].max()) for _, records in lists)
    if first > last:
        spans = [f"{one.name} {say_years(records.covered['year'])}" for one, records in lists]
        raise NotAvailableError("The lists of deals have no year in common.", "; ".join(spans), "leave out one of them")
    watched = pd.concat([records.covered for _, records in lists], ignore_index=True).drop_duplicates()
    covered = watched[watched["year"].between(first, last)].sort_values(["importer", "year"], ignore_index=True)
    frame, repeated = _joined(lists)
    kept, outside = _inside(frame, covered, lists)
    if kept.empty:
        raise InputError(
            "No deal is left.", f"{len(frame)} deals, none in {first}-{last}", "check search and select of the deals"
        )
    return Records(
        kept.reset_index(drop=True),
        covered,
        _source([one for one, _ in lists], [records for _, records in lists], (first, last)),
        stack_conflicts([*_conflicts(lists), repeated, outside]),
    )


def _joined(lists: Sequence[tuple[Given, Records]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All deals, one of a file and row that several inputs take once."""
    tables = [
        records.frame.assign(
            input=one.name, _file=f"{one.section.source} {records.source.file}", _row=records.frame.index
        )
        for one, records in lists
    ]
    table = pd.concat([one.dropna(axis="columns", how="all") for one in tables if len(one)] or tables)
    again = table.duplicated(["_file", "_row"])
    listed = list_conflicts(table[again], "input", "a deal of an input before", "deals", "counted once", "year")
    flags = {name: table[name].astype("boolean") for name in FLAGS if name in table.columns}
    table = table.assign(**flags)
    columns = dict.fromkeys([*KEYS, "input", *table.columns])
    return table.loc[~again, [name for name in columns if name not in ("_file", "_row")]], listed


def _inside(
    frame: pd.DataFrame, covered: pd.DataFrame, lists: Sequence[tuple[Given, Records]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    there = pd.MultiIndex.from_frame(frame[["importer", "year"]]).isin(pd.MultiIndex.from_frame(covered))
    lost = [
        list_conflicts(part, "importer", OUTSIDE, records.source.name, "left out", "year")
        for one, records in lists
        for part in [frame[~there & (frame["input"] == one.name).to_numpy()]]
    ]
    return frame[there], stack_conflicts(lost)


def _conflicts(lists: Sequence[tuple[Given, Records]]) -> list[pd.DataFrame]:
    """Conflicts of each file once, for several inputs may be of one file."""
    files = {records.source: records.conflicts for _, records in lists}
    return list(files.values()) or [no_conflicts()]


def _source(given: Sequence[Given], lists: Sequence[Records], years: tuple[int, int]) -> Source:
    if len(given) == 1:
        return lists[0].source
    sources = dict.fromkeys(records.source for records in lists)
    return replace(
        Source("deals", " and ".join(source.title for source in sources)),
        coverage=f"{years[0]}-{years[1]}, the years that all of them watch; countries that any of them does.",
    )
