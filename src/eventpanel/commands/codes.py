"""``eventpanel codes audit FILE``."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from eventpanel.datasets.audit import Audit, audit
from eventpanel.datasets.countries import SCHEMES, Scheme
from eventpanel.datasets.errors import CountryError, EncodingError, first_few
from eventpanel.datasets.guesses import Guess
from eventpanel.datasets.tables import read_any
from eventpanel.reports.folder import write_table
from eventpanel.reports.terminal import wrapped
from eventpanel.reports.text import csv_bytes

SHOWN = 8
NOTHING = "none was found: state one with --column NAME=SCHEME"
NAMELESS = "(a column without a name)"


def main(options: Namespace) -> int:
    """Audit the country codes of one file."""
    path = Path(options.file).expanduser()
    schemes = dict(_scheme(text) for text in options.column)
    found = audit(_table(path, options.encoding), schemes=schemes, year=options.year)
    print(*_report(path.name, found), sep="\n")
    if options.csv is not None:
        write_table(Path(options.csv).expanduser(), csv_bytes(found.findings))
    if options.strict and len(found.conflicts):
        raise CountryError(
            f"{path.name} has {len(found.conflicts)} conflicts.",
            first_few(found.conflicts["value"]),
            "correct them, or audit without --strict",
        )
    return 0


def _scheme(text: str) -> tuple[str, Scheme]:
    name, equals, given = text.rpartition("=")
    for scheme in SCHEMES:
        if equals and scheme == given:
            return name, scheme
    raise CountryError(f"--column {text!r} is not understood.", "", f"write NAME=SCHEME: {', '.join(SCHEMES)}")


def _table(path: Path, encoding: str | None) -> pd.DataFrame:
    if encoding is not None:
        return read_any(path, encoding=encoding)
    try:
        return read_any(path)
    except EncodingError:
        table = read_any(path, encoding="latin-1")
    print(wrapped(f"{path.name} is not in UTF-8; it was read as Latin-1. Name another with --encoding.") + "\n")
    return table


def _report(name: str, found: Audit) -> Iterator[str]:
    """Lines of the report."""
    yield wrapped(f"{name}: {found.rows} rows; {_years(found)}")
    yield "\nColumns that hold countries"
    yield from [wrapped(_column(guess), "  ") for guess in found.columns] or [f"  {NOTHING}"]
    if found.columns:
        yield wrapped(_key(found.key), "  ")
    for severity, title in (("conflict", "Conflicts: what a join would get wrong"), ("note", "Notes")):
        chosen = found.findings[found.findings["severity"] == severity]
        yield f"\n{title}"
        yield from [wrapped(line, "  ") for line in _lines(chosen)] or ["  none"]


def _years(found: Audit) -> str:
    if not found.year:
        return "no column of years, so codes are read as of today"
    text = f"years in {found.year!r}"
    if found.other_years:
        text += f" (or in {first_few(map(repr, found.other_years))}: choose with --year)"
    return text + (f"; {found.without_year} rows without a year are not read" if found.without_year else "")


def _key(key: tuple[str, ...]) -> str:
    if key:
        return f"One row for each {', '.join(name or NAMELESS for name in key)}."
    return "Several rows for a country and year, which no one column tells apart: read as records."


def _column(guess: Guess) -> str:
    written = " and ".join(_share(guess, scheme) for scheme in (guess.scheme, *guess.mixed))
    kind = "two schemes in one column, " if guess.mixed else ""
    text = f"{guess.column or NAMELESS}: {guess.distinct} values in {kind}{written}"
    if guess.doubt:
        text += f"; in doubt with {', '.join(_share(guess, scheme) for scheme in guess.doubt)}: state it with --column"
    return text if guess.reason == "fits best" else f"{text}; {guess.reason}"


def _share(guess: Guess, scheme: Scheme) -> str:
    return f"{scheme} ({guess.shares[scheme]:.0%})"


def _lines(findings: pd.DataFrame) -> Iterator[str]:
    """One line for each column and kind of problem, with the first values."""
    kinds = findings.assign(kind=[problem.partition(" (")[0] for problem in findings["problem"]])
    for (column, kind), rows in kinds.groupby(["column", "kind"], sort=False):
        items = [_item(*row) for row in rows[["value", "years", "rows", "problem", "hint"]].itertuples(index=False)]
        rest = len(items) - SHOWN
        more = f" and {rest} more (all with --csv FILE)" if rest > 0 else ""
        yield f"{column or NAMELESS}: {kind}: {'; '.join(items[:SHOWN])}{more}"


def _item(value: str, years: str, rows: int, problem: str, hint: str) -> str:
    details = [problem.partition(" (")[2].removesuffix(")"), hint, f"{rows} row{'s' if rows > 1 else ''}"]
    return f"{value} {years}".strip() + f" ({'; '.join(text for text in details if text)})"
