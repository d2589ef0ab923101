"""What every reader does in the same way: name its source, set rows aside with a reason, make country-years."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from eventpanel.datasets.conflicts import list_conflicts, stack_conflicts
from eventpanel.datasets.countries import Scheme, harmonise, settle_successions
from eventpanel.datasets.files import sha256
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.registry import entry

LEFT_OUT = "rows left out"


def describe_files(name: str, path: Path, coverage: str) -> Source:
    """Source of a file, or of a folder, whose checksum is that of the checksums of its files in order of name."""
    if not path.is_dir():
        return describe(name, path, coverage)
    known = entry(name)
    marks = [f"{sha256(one)}  {one.name}\n" for one in sorted(path.iterdir()) if one.is_file()]
    return Source(
        name=known.name,
        title=known.title,
        url=known.url,
        licence=known.licence,
        citation=known.citation,
        file=path.name,
        sha256=hashlib.sha256("".join(marks).encode()).hexdigest(),
        coverage=coverage,
    )


def describe(name: str, path: Path, coverage: str) -> Source:
    """Source of a file that was read: the publisher from the registry, the checksum from the file.

    Parameters
    ----------
    name : str
        Name in the registry.
    path : Path
        The file.
    coverage : str
        What the file watches, in one sentence.
    """
    known = entry(name)
    return Source(
        name=known.name,
        title=known.title,
        url=known.url,
        licence=known.licence,
        citation=known.citation,
        file=path.name,
        sha256=sha256(path),
        coverage=coverage,
    )


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
