"""CEPII Gravity: distance, ties, agreements, incomes and trade of pairs of countries, by year.

Publisher: CEPII (Conte, Cotterlaz and Mayer 2022), https://www.cepii.fr. Licence: Etalab Open Licence 2.0. Unit: an
ordered pair of territorial configurations in one year. Coverage: 252 configurations of 243 codes, 1948-2021 (release
202211).

Known faults: the file is square, with rows for pairs that did not exist; ``country_id`` tells configurations of one
code apart (DEU.1 West Germany to 1989, DEU.2 Germany from 1990), and only those that exist in the year are read, so
that each pair stands once; trade flows have no zeros, so a missing one may be no trade. GDP and trade are thousands of
current US dollars, population thousands. More than four million rows are filtered where they lie, by the columns asked
for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from eventpanel.datasets.conflicts import stack_conflicts
from eventpanel.datasets.countries import harmonise, require_iso3
from eventpanel.datasets.engine import TextFile, ask
from eventpanel.datasets.errors import ColumnError, InputError, first_few
from eventpanel.datasets.headers import header_with
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import describe, require_own_names

NAME = "cepii_gravity"
KEYS = ("year", "country_id_o", "country_id_d", "iso3_o", "iso3_d", "country_exists_o", "country_exists_d")
BOTH = (
    "distw_harmonic", "distw_arithmetic", "distw_harmonic_jh", "distw_arithmetic_jh", "dist", "distcap", "contig",
    "diplo_disagreement", "scaled_sci_2021", "comlang_off", "comlang_ethno", "comcol", "col45", "comleg_pretrans",
    "comleg_posttrans", "transition_legalchange", "comrelig", "col_dep_ever", "col_dep", "col_dep_end_year",
    "col_dep_end_conflict", "sibling_ever", "sibling", "sever_year", "sib_conflict", "fta_wto", "fta_wto_raw",
    "rta_coverage", "rta_type", "tradeflow_baci", "manuf_tradeflow_baci",
)  # fmt: skip
EACH = (
    "heg", "pop", "gdp", "gdpcap", "gdp_ppp", "gdpcap_ppp", "pop_pwt", "gdp_ppp_pwt", "gatt", "wto", "eu",
    "entry_cost", "entry_proc", "entry_time", "entry_tp", "tradeflow_comtrade", "tradeflow_imf",
)  # fmt: skip
NUMBERS = (*BOTH, *(f"{name}_{side}" for name in EACH for side in ("o", "d")))
USUAL = {
    "distcap": "capital_distance_km",
    "contig": "contiguous",
    "comlang_off": "common_language",
    "col_dep_ever": "colony_ever",
    "fta_wto": "trade_agreement",
    "gdp_o": "gdp_of_exporter",
    "gdp_d": "gdp_of_importer",
}

PAIRS = """
SELECT iso3_o AS exporter_code, iso3_d AS importer_code, year::INTEGER AS year, {numbers} FROM gravity WHERE {where}
"""


def read(
    path: Path,
    *,
    exporters: Sequence[str] | None = None,
    importers: Sequence[str] | None = None,
    columns: Mapping[str, str] | None = None,
) -> Panel:
    """Read facts about pairs of countries by year.

    Parameters
    ----------
    path : Path
        The publisher's ``Gravity_V202211.csv``.
    exporters, importers : sequence of str, optional
        ISO3 codes; all countries without them.
    columns : mapping of str to str, optional
        The publisher's columns of numbers to names in the panel, for example ``{"distw_harmonic": "distance_km"}``.

    Returns
    -------
    Panel
        Unit exporter and importer, period year; the columns in the publisher's units.

    Raises
    ------
    MissingFileError, WrongLayoutError, EncodingError
        Not this file.
    ColumnError, StudyError
        A column that holds no numbers or is not there; two of one name.
    CountryError, InputError
        Codes that are no ISO3 codes, or not in the file.
    DuplicateKeyError
        A pair and year on two rows.
    """
    names = _checked(columns)
    rows = _ask(path, names, exporters, importers)
    rows, no_buyer = harmonise(rows, "importer_code", "iso3", source=NAME)
    rows, no_seller = harmonise(rows, "exporter_code", "iso3", into="exporter", source=NAME)
    years = f"{rows['year'].min()}-{rows['year'].max()}" if len(rows) else "no year"
    coverage = f"Pairs of countries that existed, {years}; an absent row is missing, a tie of 0 says no."
    return Panel(
        rows[["exporter", "importer", "year", *names.values()]],
        ("exporter", "importer"),
        "year",
        (describe(NAME, path, coverage),),
        stack_conflicts([no_buyer, no_seller]),
    )


def _checked(columns: Mapping[str, str] | None) -> dict[str, str]:
    names = dict(USUAL if columns is None else columns)
    strange = [column for column in names if column not in NUMBERS]
    if strange:
        raise ColumnError(
            f"CEPII Gravity has no column of numbers {first_few(map(repr, strange))}.",
            f"it has: {first_few(NUMBERS, 70)}",
            "correct the column names",
        )
    require_own_names(list(names.values()), ("exporter", "importer", "year"), '{ distcap = "distance_km" }')
    return names


def _ask(
    path: Path, names: Mapping[str, str], exporters: Sequence[str] | None, importers: Sequence[str] | None
) -> pd.DataFrame:
    header = header_with(path, (*KEYS, *names), "give the file of pairs, such as Gravity_V202211.csv")
    # Names of columns are the reader's own constants, equal to those asked for.
    wanted = [column for column in NUMBERS if column in names]
    numbers = ", ".join(f"nullif({column}, 'NA')::DOUBLE AS {column}" for column in wanted)
    where = "country_exists_o::DOUBLE = 1 AND country_exists_d::DOUBLE = 1 AND iso3_o <> iso3_d"
    values: list[object] = []
    for column, codes in (("iso3_o", exporters), ("iso3_d", importers)):
        if codes is not None:
            require_iso3(codes)
            where += f" AND list_contains(?::VARCHAR[], {column})"
            values.append(list(codes))
    question = PAIRS.format(numbers=numbers, where=where)
    rows = ask(question, {"gravity": TextFile((path,), header)}, values)
    for column, codes in (("exporter_code", exporters), ("importer_code", importers)):
        silent = sorted(set(codes or ()) - set(rows[column]))
        if silent or rows.empty:
            raise InputError(
                f"{path.name} has no pairs of that choice.",
                f"{column.removesuffix('_code')}s {first_few(silent) or 'of the file'}",
                "give codes that are in the file",
            )
    return rows.astype({"year": "int64"}).rename(columns=dict(names))
