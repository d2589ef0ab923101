"""Records: a list of things that happened (deals, protests), before they are counted into a panel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from eventpanel.datasets.answers import Watched
from eventpanel.datasets.conflicts import no_conflicts, stack_conflicts
from eventpanel.datasets.errors import ColumnError, InputError, first_few
from eventpanel.datasets.panel import Panel, Source

__all__ = ["Records", "count", "search", "select"]


@dataclass(frozen=True, slots=True)
class Records:
    """One row per deal or protest, and where its source would have seen one.

    Attributes
    ----------
    frame : DataFrame
        One row per record with ISO3 columns (``importer``, perhaps ``exporter``), ``year``, and the
        publisher's further columns under readable names.
    covered : DataFrame
        Columns importer, year: country-years the source watches. No record there is a zero; elsewhere it is
        missing.
    source : Source
        Publisher, licence, checksum.
    conflicts : DataFrame
        What did not match.
    censored : DataFrame, optional
        Columns importer, year: country-years of which the source has seen only a part. No record there is no zero,
        and the records there are not all of them.
    why : str
        Why they are censored, in a few words.
    """

    frame: pd.DataFrame
    covered: pd.DataFrame
    source: Source
    conflicts: pd.DataFrame = field(default_factory=no_conflicts)
    censored: pd.DataFrame | None = None
    why: str = ""


def select(records: Records, column: str, values: Sequence[object]) -> Records:
    """Keep the records whose column holds one of the values.

    Parameters
    ----------
    records : Records
    column : str
        Column of the records.
    values : sequence
        Values to keep.

    Raises
    ------
    ColumnError
        No such column.
    InputError
        A value that no record has.
    """
    held = _column(records, column)
    absent = [value for value in values if not (held == value).any()]
    if absent:
        raise InputError(
            f"No record of {records.source.name} has {column} = {first_few(map(repr, absent))}.",
            f"values: {first_few(map(repr, sorted(held.dropna().unique(), key=str)), 12)}",
            "correct the value",
        )
    return replace(records, frame=records.frame[held.isin(list(values))])


def search(records: Records, column: str, words: Sequence[str]) -> Records:
    """Keep the records whose text holds one of the words or phrases, at the start of a word, in any case.

    Parameters
    ----------
    records : Records
    column : str
        Column of texts.
    words : sequence of str
        Plain words or phrases, never patterns.

    Raises
    ------
    ColumnError
        No such column.
    InputError
        No words given.
    """
    if not any(re.search(r"\w", word) for word in words):
        raise InputError("No words to search for.", f"column {column!r}", "give at least one word")
    held = _column(records, column)
    texts = held.where(held.notna(), "").astype(str).map(_plain)
    plain = [_plain(word) for word in words]
    hit = pd.Series([any(word in text for word in plain) for text in texts], index=held.index, dtype=bool)
    return replace(records, frame=records.frame[hit])


def _plain(text: str) -> str:
    """Lower case, one blank before each word: plain text, so that a user's word is never a pattern."""
    return " " + " ".join(re.findall(r"\w+", text.casefold()))


def _column(records: Records, column: str) -> pd.Series:
    if column not in records.frame.columns:
        raise ColumnError(
            f"The records of {records.source.name} have no column {column!r}.",
            f"columns: {first_few(records.frame.columns, 30)}",
            "correct the name",
        )
    return records.frame[column]


def count(records: Records, name: str, *, exporters: Sequence[str] | None = None, weight: str | None = None) -> Panel:
    """Count records per importer and year, and per exporter where exporters are named.

    Parameters
    ----------
    records : Records
        The list.
    name : str
        Name of the count column.
    exporters : sequence of str, optional
        ISO3 codes; the panel then has one row per exporter, importer and year.
    weight : str, optional
        Column to add up instead of counting rows.

    Returns
    -------
    Panel
        A row for every covered country-year; zero where the source watched and nothing happened. An exporter
        is never its own importer. Censored country-years have no row; the panel's frame knows them.

    Examples
    --------
    >>> import pandas as pd
    >>> deals = pd.DataFrame({"exporter": ["CHN"], "importer": ["KEN"], "year": [2010]})
    >>> watched = pd.DataFrame({"importer": ["KEN", "KEN"], "year": [2010, 2011]})
    >>> records = Records(deals, watched, Source("mine", "My deals"))
    >>> count(records, "deals", exporters=["CHN"]).frame["deals"].tolist()
    [1, 0]
    """
    rows, grid, unit = _rows_and_grid(records, exporters)
    keys = [*unit, "year"]
    totals = _totals(records, rows, keys, weight).rename(name)
    frame = grid.merge(totals.reset_index(), on=keys, how="left", validate="1:1", indicator="_found")
    frame.loc[frame["_found"] == "left_only", name] = 0
    if weight is None:
        frame[name] = frame[name].astype("int64")
    source = records.source.name
    conflicts = [records.conflicts, _outside(rows, grid, keys, source), _unweighed(rows, weight, source)]
    frame = frame.drop(columns="_found")
    partly = None if records.censored is None else _grid(records.censored, exporters)
    watched = Watched(source, (name,), grid[keys], partly, records.why)
    return Panel(frame, unit, "year", (records.source,), stack_conflicts(conflicts), (watched,))


def _rows_and_grid(
    records: Records, exporters: Sequence[str] | None
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    """Keep the exporters asked for; with the keys they are counted on, and the unit."""
    if exporters is None:
        return records.frame, records.covered, ("importer",)
    rows = records.frame[_column(records, "exporter").isin(list(exporters))]
    return rows, _grid(records.covered, exporters), ("exporter", "importer")


def _grid(places: pd.DataFrame, exporters: Sequence[str] | None) -> pd.DataFrame:
    """Country-years, or each of them with each exporter but itself."""
    if exporters is None:
        return places
    grid = pd.DataFrame({"exporter": list(exporters)}).merge(places, how="cross")
    return grid[grid["exporter"] != grid["importer"]]


def _totals(records: Records, rows: pd.DataFrame, keys: list[str], weight: str | None) -> pd.Series:
    if weight is None:
        return rows.groupby(keys).size()
    if not pd.api.types.is_numeric_dtype(_column(records, weight).dtype):
        raise InputError(
            f"Column {weight!r} of {records.source.name} holds no numbers to add up.",
            f"columns: {first_few(records.frame.select_dtypes('number').columns, 30)}",
            "choose a column of numbers as weight",
        )
    return rows.groupby(keys)[weight].sum(min_count=1)


def _unweighed(rows: pd.DataFrame, weight: str | None, source: str) -> pd.DataFrame:
    """List records whose weight is missing: sums that leave them out are too small."""
    if weight is None or not rows[weight].isna().any():
        return no_conflicts()
    return _spans(rows[rows[weight].isna()], source, f"no {weight}", "not added up")


def _outside(rows: pd.DataFrame, grid: pd.DataFrame, keys: list[str], source: str) -> pd.DataFrame:
    """List records that lie where their own source is not complete."""
    merged = rows[keys].merge(grid, on=keys, how="left", indicator="_found")
    lost = merged[merged["_found"] == "left_only"]
    if lost.empty:
        return no_conflicts()
    problem = "outside the years the source covers"
    return _spans(lost, source, problem, "not counted")


def _spans(lost: pd.DataFrame, source: str, problem: str, resolution: str) -> pd.DataFrame:
    grouped = lost.groupby("importer")["year"].agg(["min", "max", "size"]).reset_index()
    return pd.DataFrame(
        {
            "source": source,
            "problem": problem,
            "value": grouped["importer"],
            "years": grouped["min"].astype(str) + "-" + grouped["max"].astype(str),
            "rows": grouped["size"],
            "resolution": resolution,
        }
    )
