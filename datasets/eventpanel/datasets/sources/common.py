"""What every reader does in the same way: name its source, set rows aside with a reason, make country-years."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from eventpanel.datasets.checks import sha256
from eventpanel.datasets.conflicts import list_conflicts, stack_conflicts
from eventpanel.datasets.countries import Scheme, harmonise, settle_successions
from eventpanel.datasets.errors import DuplicateKeyError, StudyError, first_few
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.registry import entry

LEFT_OUT = "rows left out"
# UCDP and NELDA go on with Gleditsch and Ward's number of Yugoslavia, although Serbia is 340 since 2006.
TODAYS_SERBIA = {"345": ("340", 2006)}


def describe(name: str, path: Path, coverage: str, files: Sequence[Path] = ()) -> Source:
    """Source of a file that was read: the publisher from the registry, the checksum from the file.

    Parameters
    ----------
    name : str
        Name in the registry.
    path : Path
        The file.
    coverage : str
        What the file watches, in one sentence.
    files : sequence of Path
        The files that were read if ``path`` is a folder, all of it without them; the checksum is that of their
        checksums.
    """
    known = entry(name)
    if path.is_dir() and not files:
        files = sorted(one for one in path.iterdir() if one.is_file())
    return Source(
        name=known.name,
        title=known.title,
        url=known.url,
        licence=known.licence,
        citation=known.citation,
        file=path.name,
        sha256=sha256(path) if not files else hashlib.sha256("".join(map(sha256, files)).encode()).hexdigest(),
        coverage=coverage,
    )


def require_own_names(names: Sequence[str], taken: Iterable[str], example: str) -> None:
    """Refuse names for columns of a panel unless each is given once, and none is one of its keys.

    Parameters
    ----------
    names : sequence of str
        Names that a user gives with the option ``columns``.
    taken : iterable of str
        Names of keys.
    example : str
        What to write instead.

    Raises
    ------
    StudyError
        No name, one twice, or one that is taken.
    """
    keys = list(taken)
    if not names or len(set(names)) < len(names) or set(keys) & set(names):
        raise StudyError(
            "The option `columns` must give each column a name of its own.",
            f"names: {first_few(names)}",
            f"write columns = {example}; taken: {first_few(keys)}",
        )


def say_years(years: Iterable[int]) -> str:
    """Write years as spans.

    Examples
    --------
    >>> say_years([2016, 2014, 2015, 2018])
    '2014-2016, 2018'
    """
    ordered = np.unique(np.fromiter(years, dtype=np.int64))
    if not len(ordered):
        return "no year"
    spans = np.split(ordered, np.flatnonzero(np.diff(ordered) > 1) + 1)
    return ", ".join(f"{span[0]}-{span[-1]}" if len(span) > 1 else f"{span[0]}" for span in spans)


def add_parts(rows: pd.DataFrame, column: str, source: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add up the codes of one country and year, such as Gaza and the West Bank; list them.

    Parameters
    ----------
    rows : DataFrame
        Columns importer, year, ``column`` and numbers to add up.
    column : str
        Column of the codes as they were.
    source : str
        Name of the source.
    """
    parts = rows[rows.duplicated(["importer", "year"], keep=False)]
    listed = list_conflicts(parts, column, "several codes of one country", source, "added up", "year")
    numbers = [name for name in rows.columns if name not in ("importer", "year", column)]
    totals = rows.groupby(["importer", "year"])[numbers].sum(min_count=1)
    return totals.reset_index(), listed


def set_aside(
    frame: pd.DataFrame, lost: pd.Series, column: str, problem: str, source: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split off rows that cannot be used: the rows kept, and a conflict table of the others.

    Parameters
    ----------
    frame : DataFrame
        Rows with the columns ``column`` and ``year``.
    lost : Series of bool, shape (n,)
        Rows to leave out.
    column : str
        Column whose values are listed.
    problem : str
        Why they are left out.
    source : str
        Name of the source.
    """
    return frame[~lost], list_conflicts(frame[lost], column, problem, source, LEFT_OUT, "year")


def refuse_repeats(rows: pd.DataFrame, keys: list[str], what: str, file: str, advice: str) -> None:
    """Refuse rows that are the same thing in the same year.

    Parameters
    ----------
    rows : DataFrame
        With ``keys``.
    keys : list of str
        Columns that must be unique together.
    what : str
        What they name, for the message, such as ``"a code and year"``.
    file, advice : str
        Name of the file, and what to do about it.

    Raises
    ------
    DuplicateKeyError
        Two rows with the same keys; the first five are named.
    """
    twice = rows.loc[rows.duplicated(keys), keys]
    if len(twice):
        places = first_few(" ".join(map(str, row)) for row in twice.itertuples(index=False))
        raise DuplicateKeyError(f"{file}: {what} stand on two rows.", places, advice)


def once(rows: pd.DataFrame, key: str, column: str, source: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep the first row of each event, and list the others.

    Parameters
    ----------
    rows : DataFrame
        Columns ``key``, ``column`` and year.
    key : str
        Column of the events' names.
    column : str
        Column whose values are listed.
    source : str
        Name of the source.
    """
    twice = rows.duplicated(key)
    listed = list_conflicts(rows[twice], column, "one event on several rows", source, "counted once", "year")
    return rows[~twice], listed


def renamed(
    rows: pd.DataFrame, column: str, names: Mapping[str, tuple[str, int]], source: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a name or code as its successor's from a year on, and list the rows it was done for.

    Parameters
    ----------
    rows : DataFrame
        With ``column`` and ``year``.
    column : str
        Column of names or codes.
    names : mapping of str to (str, int)
        A publisher's name or code, what to read in its place, and the first year of it.
    source : str
        Name of the source.
    """
    written = rows[column].str.removesuffix(".0")
    late = rows["year"] >= written.map({name: first for name, (_, first) in names.items()})
    successor = written.map({name: other for name, (other, _) in names.items()})
    problem = "name or code of a state that had ended"
    listed = list_conflicts(rows[late], column, problem, source, "read as its successor", "year")
    return rows.assign(**{column: rows[column].mask(late, successor)}), listed


def country_years_panel(
    rows: pd.DataFrame, column: str, scheme: Scheme, *, name: str, path: Path, coverage: str
) -> Panel:
    """Panel of importers and years from rows with codes, years and numbers.

    Parameters
    ----------
    rows : DataFrame
        ``column``, ``year`` and the columns of the panel.
    column, scheme : str
        Column of country names or codes, and what they are written in.
    name : str
        Name in the registry.
    path : Path
        The file.
    coverage : str
        What the file watches, in one sentence, with ``{years}`` where its years belong.

    Raises
    ------
    DuplicateKeyError
        A country and year on two rows that no succession of states explains.
    """
    named, unknown = harmonise(rows, column, scheme, source=name)
    settled, successions = settle_successions(named, column, scheme, keys=["importer", "year"], source=name)
    years = f"{settled['year'].min()}-{settled['year'].max()}" if len(settled) else "no year"
    return Panel(
        settled.drop(columns=column),
        ("importer",),
        "year",
        (describe(name, path, coverage.replace("{years}", years)),),
        stack_conflicts([unknown, successions]),
    )
