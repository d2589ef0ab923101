"""What every reader does in the same way: name its source, set rows aside with a reason, make country-years."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from eventpanel.datasets.checks import sha256
from eventpanel.datasets.conflicts import list_conflicts, stack_conflicts
from eventpanel.datasets.countries import Scheme, harmonise, settle_successions
from eventpanel.datasets.errors import StudyError, first_few
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.registry import entry

LEFT_OUT = "rows left out"


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
    reason = pd.Series("several codes of one country", index=parts.index, dtype=object)
    listed = list_conflicts(parts, column, reason, source, "added up", "year")
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
    rows = frame[lost]
    reason = pd.Series(problem, index=rows.index, dtype=object)
    return frame[~lost], list_conflicts(rows, column, reason, source, LEFT_OUT, "year")


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


def todays_serbia(rows: pd.DataFrame, column: str, source: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give Serbia its own number of Gleditsch and Ward: UCDP goes on with that of Yugoslavia after 2006.

    Parameters
    ----------
    rows : DataFrame
        Columns ``column`` and year.
    column : str
        Column of the numbers, as text.
    source : str
        Name of the source.
    """
    kept = (rows[column].str.removesuffix(".0") == "345") & (rows["year"] > 2006)
    reason = pd.Series("number of a state that ended in 2006", index=rows.index[kept], dtype=object)
    listed = list_conflicts(rows[kept], column, reason, source, "read as its successor", "year")
    return rows.assign(**{column: rows[column].mask(kept, "340")}), listed
