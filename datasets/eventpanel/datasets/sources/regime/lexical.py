"""Lexical Index of Electoral Democracy: which of six conditions of electoral democracy hold, in their order.

Publisher: Svend-Erik Skaaning, doi:10.7910/DVN/WPKNIT. Licence: CC0 1.0. Unit: one country on 31 December of one
year. Coverage: independent countries and most colonies and protectorates, since 1789.

``lexical_index``: 0 no elections, 1 elections without parties, 2 parties but no elected executive, 3 elected but not
competitive, 4 competitive, 5 with the vote for all men, 6 for all women too. ``lexical_index_plus`` adds 7, political
liberties.

Known faults: codes of the Correlates of War are filled up with the publisher's own, so countries are matched by name;
the names of columns change between versions, as do some scores; colonies stand under the name of the later state and
are listed before it; one condition without those below it does not raise the index; a few conditions hold a 2 by
mistake (Botswana), which is left missing and reported.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.conflicts import list_conflicts, stack_conflicts
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import country_years_panel
from eventpanel.datasets.sources.regime.common import between, pick
from eventpanel.datasets.tables import read_any

NAME = "lexical"
SCALES = {"lexical_index": 6, "lexical_index_plus": 7}
# Our name: its spellings from version to version.
CONDITIONS = {
    "legislative_elections": ("legislative_elections", "legselec"),
    "executive_elections": ("executive_elections", "exselec"),
    "multiparty_elections": ("multi-party_legislative_elections", "multi_party_legislative_elections", "opposition"),
    "competitive_elections": ("competitive_elections", "competition"),
    "male_suffrage": ("male_suffrage",),
    "female_suffrage": ("female_suffrage",),
    "political_liberties": ("political_liberties",),
}
COLUMNS = {
    "country": ("countryn", "country", "lied_country"),
    "year": ("year",),
    **{name: (name,) for name in SCALES},
    **CONDITIONS,
}
EMPTY = ("", "NA", ".")


def read(path: Path) -> Panel:
    """Read the index and its conditions.

    Parameters
    ----------
    path : Path
        The publisher's xlsx or csv file.

    Returns
    -------
    Panel
        Unit importer, period year; ``lexical_index`` from 0 to 6, ``lexical_index_plus`` to 7, and the
        conditions, 0 or 1.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, text for numbers, a number outside its scale.
    DuplicateKeyError
        A country and year on two rows.
    """
    rows = pick(read_any(path), COLUMNS, path.name)
    rows = rows[(rows["year"] != "") | (rows["country"] != "")].reset_index(drop=True)
    rows = rows.assign(year=to_years(rows["year"], path.name))
    indices = {name: between(rows[name], 0, top, path.name, EMPTY) for name, top in SCALES.items()}
    conditions = pd.DataFrame({name: to_numbers(rows[name], path.name, EMPTY) for name in CONDITIONS})
    wrong = conditions.notna() & ~conditions.isin([0, 1])
    listed = [
        list_conflicts(rows[wrong[name]], "country", f"{name} neither 0 nor 1", NAME, "left missing", "year")
        for name in CONDITIONS
    ]
    panel = country_years_panel(
        rows[["country", "year"]].assign(**indices).join(conditions.mask(wrong)),
        "country",
        "name",
        name=NAME,
        path=path,
        coverage="States of the file on 31 December of {years}; an absent row is missing.",
    )
    return replace(panel, conflicts=stack_conflicts([panel.conflicts, *listed]))
