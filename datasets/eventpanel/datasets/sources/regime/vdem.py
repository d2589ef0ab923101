"""Varieties of Democracy: any of its country-year measures, from the full or the core file.

Publisher: V-Dem Institute, https://www.v-dem.net/data/the-v-dem-dataset/. Licence: CC BY-SA 4.0.
Unit: one country in one year. Coverage: 202 countries, 1789-2024 in version 15; each version adds a year.

The full file has more than four thousand columns and takes a gigabyte as csv. It is therefore asked where it lies, by
columns, and only the columns wanted enter memory; a Parquet copy of it is read the same way and faster.

Measures have a point estimate under their own name and the ends of an interval, about one posterior standard
deviation to each side, under ``_codelow`` and ``_codehigh``. ``v2x_regime`` is Regimes of the World, 0 closed
autocracy to 3 liberal democracy; ``v2x_regime_amb`` has ten classes, with those whose interval reaches into the next
class apart. ``v2cagenmob`` (mass mobilisation), ``v2cademmob`` (for democracy) and ``v2caautmob`` (for autocracy) are
experts' yearly measures of unrest on an interval scale with mean about 0, not counts: zero is no absence of unrest.

Known faults: country letters are V-Dem's own; some countries have no score in years of war or occupation; a country
scored for part of a year stands once; mobilisation and other newer measures begin in 1900.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.engine import ParquetFile, TextFile, ask
from eventpanel.datasets.errors import InputError, WrongLayoutError, first_few
from eventpanel.datasets.headers import header_of
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import country_years_panel

NAME = "vdem"
COLUMNS = ("v2x_polyarchy", "v2x_libdem")
KEYS = ("country_text_id", "year")
ENDS = ("_codelow", "_codehigh")


def read(path: Path, *, columns: Sequence[str] = COLUMNS, intervals: bool = False) -> Panel:
    """Read some of V-Dem's measures.

    Parameters
    ----------
    path : Path
        The publisher's country-year csv file, full or core, or a Parquet copy of it.
    columns : sequence of str
        Names of numeric columns, such as ``v2x_polyarchy``; they keep their names.
    intervals : bool
        Also read the ends of each measure's interval, ``_codelow`` and ``_codehigh``.

    Returns
    -------
    Panel
        Unit importer, period year, and the columns as the publisher scales them.

    Raises
    ------
    MissingFileError, EncodingError, WrongLayoutError, NumberError
        Not this file, a column it does not have, text for numbers.
    InputError
        No columns asked for, or one of them twice.
    DuplicateKeyError
        A country and year on two rows.
    """
    wanted = [name + end for name in columns for end in ("", *(ENDS if intervals else ()))]
    if not wanted or len(set(wanted)) < len(wanted):
        raise InputError("Name each measure of V-Dem once.", f"columns: {first_few(wanted) or 'none'}")
    rows = _rows(path, [*KEYS, *wanted])
    scores = {name: to_numbers(rows[name], path.name) for name in wanted}
    rows = rows[["country_text_id"]].assign(year=to_years(rows["year"], path.name), **scores)
    return country_years_panel(
        rows,
        "country_text_id",
        "vdem",
        name=NAME,
        path=path,
        coverage="Countries of the file, {years}; an absent row is missing.",
    )


def _rows(path: Path, wanted: Sequence[str]) -> pd.DataFrame:
    """Rows of the wanted columns; the others are never kept."""
    table = ParquetFile((path,)) if path.suffix.casefold() == ".parquet" else TextFile((path,), header_of(path))
    held = _columns_of(table)
    absent = [name for name in wanted if name not in held]
    if absent:
        alike = [name for name in held if any(word.removesuffix("_codelow")[:6] in name for word in absent)]
        raise WrongLayoutError(
            f"{path.name} lacks the columns {first_few(absent)}.",
            f"it has: {first_few(alike or held, 8)}",
            "correct the name by V-Dem's codebook, or give the full file: the core file has indices alone",
        )
    # One thread keeps the order of the file, so that a refusal names the right row.
    rows = ask("SELECT COLUMNS(?) FROM vdem", {"vdem": table}, [list(wanted)], threads=1)
    if rows.empty:
        raise WrongLayoutError(f"{path.name} holds no rows.", path.name, "download the file again")
    return rows


def _columns_of(table: TextFile | ParquetFile) -> tuple[str, ...]:
    if isinstance(table, TextFile):
        return table.columns
    return tuple(ask("SELECT * FROM vdem LIMIT 0", {"vdem": table}).columns)
