"""International Trade and Production Database for Estimation (ITPD-E): trade by pair, industry and year.

Publisher: United States International Trade Commission, https://www.usitc.gov/data/gravity/itpde.htm. Licence:
public domain of the United States; cite. Unit: one exporter, importer, industry and year; millions of current US
dollars. Coverage: release 2 has 170 industries, agriculture since 1986, mining, energy and manufacturing since 1988,
services since 2000, until 2019; release 3 goes on.

Known faults: a zero is of two kinds, and ``flag_zero`` tells them apart: ``r`` a zero that was reported, ``u`` an
unknown flow that the publisher filled with zero. Unknown flows are left out here, and how many they are stands beside
the sum, so that a series cut short shows. Trade of a country with itself stands among the flows and is left out.
``flag_mirror`` is 1 where the exporter's report was used. Tens of millions of rows are summed where they lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from eventpanel.datasets.conflicts import no_conflicts, stack_conflicts
from eventpanel.datasets.countries import harmonise, require_iso3
from eventpanel.datasets.engine import TextFile, ask
from eventpanel.datasets.errors import DuplicateKeyError, InputError, WrongLayoutError, first_few
from eventpanel.datasets.headers import header_with
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import describe

NAME = "itpd"
Sector = Literal["Agriculture", "Mining and Energy", "Manufacturing", "Services"]
COLUMNS = (
    "exporter_iso3", "exporter_dynamic_code", "importer_iso3", "importer_dynamic_code", "year", "industry_id",
    "broad_sector", "trade", "flag_mirror", "flag_zero",
)  # fmt: skip
COUNTS = ("reported", "unknown", "mirrored")

# Industries have numbers below 512; each is counted once a pair and year, in a bit of its own.
PAIRS = """
SELECT exporter_iso3 AS exporter_code, importer_iso3 AS importer_code, year,
    sum(trade::DOUBLE) FILTER (WHERE flag_zero <> 'u') AS trade,
    count(*) FILTER (WHERE flag_zero <> 'u') AS reported,
    count(*) FILTER (WHERE flag_zero = 'u') AS unknown,
    count(*) FILTER (WHERE flag_mirror = '1' AND flag_zero <> 'u') AS mirrored,
    count(*) FILTER (WHERE flag_zero IS NULL OR flag_zero NOT IN ('p', 'r', 'u')) AS unflagged,
    count(*) > bit_count(bitstring_agg(least(industry_id::INTEGER, 511), 0, 511)) AS repeated
FROM itpd WHERE {where}
GROUP BY exporter_iso3, exporter_dynamic_code, importer_iso3, importer_dynamic_code, year
"""
SUMS = """
SELECT {exporter} importer_code, year::INTEGER AS year, sum(trade) AS trade, sum(reported)::BIGINT AS reported,
    sum(unknown)::BIGINT AS unknown, sum(mirrored)::BIGINT AS mirrored, sum(unflagged)::BIGINT AS unflagged,
    bool_or(repeated) AS repeated
FROM ({pairs}) GROUP BY ALL
"""


def read(
    path: Path,
    *,
    exporters: Sequence[str] | None = None,
    sector: Sector | None = None,
    industries: Sequence[int] | None = None,
) -> Panel:
    """Sum trade over industries.

    Parameters
    ----------
    path : Path
        The publisher's csv file, with or without the names of countries.
    exporters : sequence of str, optional
        ISO3 codes: imports from each of these countries. All partners together without it.
    sector : {"Agriculture", "Mining and Energy", "Manufacturing", "Services"}, optional
        One broad sector; all without it.
    industries : sequence of int, optional
        Numbers of industries; all without it.

    Returns
    -------
    Panel
        Unit importer, or exporter and importer; period year. ``imports`` in millions of current US dollars,
        missing where nothing is known; ``flows_reported``, ``flows_unknown`` and ``flows_mirrored``: how many pairs
        and industries are in the sum, are not, and were taken from the exporter.

    Raises
    ------
    MissingFileError, WrongLayoutError, EncodingError
        Not this file.
    CountryError
        Exporters that are no ISO3 codes.
    DuplicateKeyError
        One pair, industry and year on two rows.
    InputError
        No trade of that choice in the file.
    """
    sums = _sums(path, exporters, sector, industries)
    _check(sums, exporters, path.name)
    flows, no_buyer = harmonise(sums, "importer_code", "iso3", source=NAME)
    unit: tuple[str, ...] = ("importer",)
    no_seller = no_conflicts()
    if exporters is not None:
        flows, no_seller = harmonise(flows, "exporter_code", "iso3", into="exporter", source=NAME)
        unit = ("exporter", "importer")
    flows = flows.rename(columns={"trade": "imports"} | {name: f"flows_{name}" for name in COUNTS})
    columns = [*unit, "year", "imports", *(f"flows_{name}" for name in COUNTS)]
    years = f"{flows['year'].min()}-{flows['year'].max()}" if len(flows) else "no year"
    coverage = f"Importers and years of the file, {years}; an absent row is missing, and so is a sum of unknown flows."
    return Panel(
        flows[columns],
        unit,
        "year",
        (describe(NAME, path, coverage),),
        stack_conflicts([no_buyer, no_seller]),
    )


def _sums(
    path: Path, exporters: Sequence[str] | None, sector: Sector | None, industries: Sequence[int] | None
) -> pd.DataFrame:
    header = header_with(path, COLUMNS, "give the file of ITPD-E, such as ITPD_E_R02.csv")
    where = ["exporter_iso3 <> importer_iso3"]
    values: list[object] = []
    if exporters is not None:
        require_iso3(exporters)
        where.append("list_contains(?::VARCHAR[], exporter_iso3)")
        values.append(list(exporters))
    if sector is not None:
        where.append("broad_sector = ?")
        values.append(sector)
    if industries is not None:
        where.append("list_contains(?::INTEGER[], industry_id::INTEGER)")
        values.append(list(industries))
    pairs = PAIRS.format(where=" AND ".join(where))
    question = SUMS.format(pairs=pairs, exporter="" if exporters is None else "exporter_code,")
    return ask(question, {"itpd": TextFile((path,), header)}, values)


def _check(sums: pd.DataFrame, exporters: Sequence[str] | None, file: str) -> None:
    silent = [] if exporters is None or sums.empty else sorted(set(exporters) - set(sums["exporter_code"]))
    if sums.empty or silent:
        raise InputError(
            f"{file} has no trade of that choice.",
            "options exporters, sector, industries" if sums.empty else f"exporters {first_few(silent)}",
            "give codes and industries that are in the file",
        )
    for column, error, problem in (
        ("unflagged", WrongLayoutError, "flags of zeros other than p, r and u"),
        ("repeated", DuplicateKeyError, "a pair, industry and year on more than one row"),
    ):
        bad = sums[sums[column] > 0]
        if len(bad):
            where = first_few(" ".join(map(str, row)) for row in bad[["importer_code", "year"]].itertuples(index=False))
            raise error(f"{file} has {problem}.", where, "download the file again")
