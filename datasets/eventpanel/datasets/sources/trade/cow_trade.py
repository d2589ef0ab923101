"""Correlates of War trade 4.0, dyadic: imports of one state from another, all goods together.

Publisher: Correlates of War Project (Barbieri and Keshk),
https://correlatesofwar.org/data-sets/bilateral-trade/. Licence: free with citation. Unit: a pair of states
in one year; ``flow1`` is what ``ccode1`` imports from ``ccode2``, ``flow2`` the other direction. Coverage:
1870-2014. Millions of current US dollars.

Known faults: -9 is missing; a total over partners leaves out the partners whose flow is missing, so the
number of partners is given beside it, and years with a few of a country's partners are reported as
truncated (Yugoslavia 1993-1995: two partners, usually 156). A compact copy for R
(``cow_trade_ddy.rds``) has the same flows with missing ones as such; reading it needs the package
``rdata``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from eventpanel.datasets.cells import MISSING
from eventpanel.datasets.conflicts import stack_conflicts
from eventpanel.datasets.countries import harmonise, match, settle_successions
from eventpanel.datasets.engine import TextFile, ask
from eventpanel.datasets.errors import DuplicateKeyError, InputError, NumberError, WrongLayoutError, first_few
from eventpanel.datasets.files import keep_columns, require
from eventpanel.datasets.headers import header_with
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import describe, set_aside
from eventpanel.datasets.truncated import truncated

try:
    from rdata import read_rds

    reader_of_r: Callable[[Path], object] | None = read_rds
except ImportError:
    reader_of_r = None

NAME = "cow_trade"
COLUMNS = ["ccode1", "ccode2", "year", "flow1", "flow2"]
NO_FLOW = (*MISSING, "-9")
PAIRS = """
SELECT ccode1::BIGINT AS ccode1, ccode2::BIGINT AS ccode2, year::BIGINT AS year,
    TRY_CAST(flow1 AS DOUBLE) AS flow1, TRY_CAST(flow2 AS DOUBLE) AS flow2
FROM pairs
"""
TEXTS = """
SELECT ccode1, ccode2, year, text FROM (UNPIVOT pairs ON flow1, flow2 INTO NAME flow VALUE text)
WHERE TRY_CAST(text AS DOUBLE) IS NULL AND NOT list_contains(?::VARCHAR[], trim(text))
"""


def read(path: Path, *, exporter: str | None = None) -> Panel:
    """Read imports of goods by importer and year.

    Parameters
    ----------
    path : Path
        The publisher's csv file, or the .rds copy.
    exporter : str, optional
        ISO3 code: imports from this country alone.

    Returns
    -------
    Panel
        Unit importer, period year; ``total_imports`` and ``import_partners`` (number of partners with a
        flow), or ``imports_from_xyz`` for one exporter. Millions of current US dollars.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, text for numbers.
    InputError
        An .rds file without the package rdata, or an exporter that is not in the file.
    DuplicateKeyError
        Two different flows for one importer, exporter and year.
    """
    pairs = _read_rds(path) if path.suffix.casefold() == ".rds" else _read_csv(path)
    flows = _directed(pairs, path.name)
    if exporter is not None:
        flows = _from_exporter(flows, exporter, path.name)
    totals = _totals(flows, exporter)
    named, unknown = harmonise(totals, "importer_code", "cow", source=NAME)
    named, successions = settle_successions(named, "importer_code", "cow", keys=["importer", "year"], source=NAME)
    empty = named[_value_name(exporter)].isna()
    named, missing = set_aside(named, empty, "importer", "no flow reported", NAME)
    first, last = int(flows["year"].min()), int(flows["year"].max())
    coverage = f"States with a reported flow, {first}-{last}; an absent row is missing, not zero."
    panel = Panel(
        named.drop(columns="importer_code"),
        ("importer",),
        "year",
        (describe(NAME, path, coverage),),
        stack_conflicts([unknown, successions, missing]),
    )
    if exporter is not None:
        return panel
    short = truncated(panel, _value_name(exporter), partners="import_partners")
    return replace(panel, conflicts=stack_conflicts([panel.conflicts, short]))


def _read_csv(path: Path) -> pd.DataFrame:
    """Codes, years and flows of the publisher's file, of which only these columns are loaded."""
    header = header_with(path, COLUMNS, "give Dyadic_COW_4.0.csv, or the .rds copy of it")
    tables = {"pairs": TextFile((path,), header)}
    odd = ask(TEXTS, tables, [list(NO_FLOW)])
    if len(odd):
        raise NumberError(
            f"{path.name}: a flow holds text where numbers are needed.",
            first_few(f"{row.text!r} in {row.ccode1} {row.ccode2} {row.year}" for row in odd.itertuples()),
            "correct these cells",
        )
    pairs = ask(PAIRS, tables)
    return pairs.assign(**{name: pairs[name].where(pairs[name] != -9) for name in ("flow1", "flow2")})


def _read_rds(path: Path) -> pd.DataFrame:
    if reader_of_r is None:
        raise InputError(
            f"{path.name} is a file of R, which needs the package rdata.",
            str(path),
            "pip install 'eventpanel[r]'",
        )
    with warnings.catch_warnings():
        # A tibble is read as the data frame it is.
        warnings.filterwarnings("ignore", "Missing constructor for R class", UserWarning)
        try:
            table = reader_of_r(require(path))
        except (ValueError, NotImplementedError, OSError, EOFError) as error:
            raise WrongLayoutError(
                f"{path.name} cannot be read as a file of R.", str(error), "download the file again"
            ) from error
    if not isinstance(table, pd.DataFrame):
        raise WrongLayoutError(f"{path.name} does not hold a table.", str(path), "give cow_trade_ddy.rds")
    rows = keep_columns(table, COLUMNS, path.name).set_axis(COLUMNS, axis=1).reset_index(drop=True)
    rows = rows.astype({"ccode1": "int64", "ccode2": "int64", "year": "int64", "flow1": float, "flow2": float})
    return rows.assign(**{name: rows[name].where(rows[name] >= 0) for name in ("flow1", "flow2")})


def _directed(pairs: pd.DataFrame, file: str) -> pd.DataFrame:
    """One row for each importer, exporter and year, also where a file has each pair in both orders."""
    there = {"ccode1": "importer_code", "ccode2": "exporter_code", "flow1": "flow"}
    back = {"ccode2": "importer_code", "ccode1": "exporter_code", "flow2": "flow"}
    keys = ["importer_code", "exporter_code", "year"]
    both = [pairs.rename(columns=names)[[*keys, "flow"]] for names in (there, back)]
    flows = pd.concat(both, ignore_index=True).drop_duplicates(ignore_index=True)
    torn = flows[flows.duplicated(keys)]
    if len(torn):
        raise DuplicateKeyError(
            f"{file}: flows of one importer, exporter and year differ.",
            first_few(" ".join(map(str, row)) for row in torn[keys].itertuples(index=False)),
            "download the file again",
        )
    return flows


def _from_exporter(flows: pd.DataFrame, exporter: str, file: str) -> pd.DataFrame:
    sellers = flows[["exporter_code", "year"]].drop_duplicates()
    iso3 = match(sellers["exporter_code"].astype(str), "cow", sellers["year"]).iso3
    wanted = sellers[iso3 == exporter]
    if wanted.empty:
        raise InputError(
            f"{file} has no exporter {exporter!r}.", "option exporter", "give an ISO3 code such as CHN or USA"
        )
    return flows.merge(wanted, on=["exporter_code", "year"])


def _totals(flows: pd.DataFrame, exporter: str | None) -> pd.DataFrame:
    groups = flows.groupby(["importer_code", "year"])["flow"]
    totals = groups.sum(min_count=1).rename(_value_name(exporter)).reset_index()
    if exporter is None:
        totals["import_partners"] = groups.count().to_numpy()
    return totals.assign(importer_code=totals["importer_code"].astype(str))


def _value_name(exporter: str | None) -> str:
    return "total_imports" if exporter is None else f"imports_from_{exporter.lower()}"
