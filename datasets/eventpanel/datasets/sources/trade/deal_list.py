"""A list of deals of one's own: exporter, importer, year, and whatever else is known about a deal.

Publisher, version and licence: the user's. Unit: one deal. Coverage: stated by the user, for a list cannot
tell a year without deals from a year nobody looked at. Further columns are kept as text, ``smart_city`` as
yes or no.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from eventpanel.datasets.cells import to_flags, to_years
from eventpanel.datasets.conflicts import stack_conflicts
from eventpanel.datasets.countries import Scheme, country_years, harmonise
from eventpanel.datasets.errors import StudyError
from eventpanel.datasets.files import keep_columns, read_table, rename
from eventpanel.datasets.records import Records
from eventpanel.datasets.sources.common import describe

NAME = "deal_list"
NEEDED = ("exporter", "importer", "year")


def read(
    path: Path,
    *,
    first: int,
    last: int,
    columns: Mapping[str, str] | None = None,
    scheme: Scheme = "name",
    importers: Sequence[str] | None = None,
) -> Records:
    """Read a list of deals.

    Parameters
    ----------
    path : Path
        csv file in UTF-8 with a header.
    first, last : int
        Years in which the list is complete, both included: there, no deal is a zero.
    columns : mapping of str to str, optional
        Names in the file to our names, for example ``{"supplier": "exporter"}``; other columns keep their
        names.
    scheme : str
        What exporter and importer are written in: names or one of the code schemes.
    importers : sequence of str, optional
        ISO3 codes of the importers the list watches; all states without it.

    Returns
    -------
    Records
        Columns exporter, importer, year and the others of the file.

    Raises
    ------
    MissingFileError, WrongLayoutError, ColumnError, NumberError
        No such file, exporter, importer or year not named, text for years.
    StudyError
        ``first`` after ``last``.
    """
    if first > last:
        raise StudyError(f"The list ends before it begins: {first}-{last}.", NAME, "exchange `first` and `last`")
    names = columns or {}
    table = read_table(path)
    others = {name: name for name in table.columns if name not in names}
    rows = rename(table, {**names, **others}, path.name)
    keep_columns(rows, NEEDED, path.name)
    rows = rows.assign(year=to_years(rows["year"], path.name))
    if "smart_city" in rows.columns:
        rows = rows.assign(smart_city=to_flags(rows["smart_city"], path.name))
    rows, no_buyer = harmonise(rows, "importer", scheme, source=NAME)
    rows, no_seller = harmonise(rows, "exporter", scheme, into="exporter", source=NAME)
    watched = country_years(first, last, importers)
    places = "all states" if importers is None else f"{len(set(importers))} importers"
    coverage = f"As the user states: {places}, {first}-{last}; no deal there is a zero."
    return Records(
        rows[[*NEEDED, *(name for name in rows.columns if name not in NEEDED)]].reset_index(drop=True),
        watched,
        describe(NAME, path, coverage),
        stack_conflicts([no_buyer, no_seller]),
    )
