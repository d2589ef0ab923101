"""Boix, Miller and Rosato: democracy or not, by contestation and participation.

Publisher: Carles Boix, Michael Miller and Sebastian Rosato, doi:10.7910/DVN/FENWWR. Licence: CC0 1.0. Version: 4.0,
to 2020. Unit: one state in one year. Coverage: sovereign states, 1800-2020.

``democracy`` is 1 where both branches are elected in free contests and at least half of adult men may vote. In years of
occupation or collapse it goes on as before; ``democracy_omitteddata`` is missing there (-1 in some copies).
``democracy_femalesuffrage`` asks for half of adult women too.

Known faults: numeric codes are partly those of the Correlates of War and partly Polity's (529 Ethiopia, 818 Vietnam,
624 North Sudan), so countries are matched by name; "Yugoslavia, Fed. Rep." goes on to 2006, where it is Serbia and
Montenegro; countries under occupation stand there without a score (``sovereign`` 0); a year of change can stand twice
(Germany 1945 and 1990, Yugoslavia 1991). csv and Stata files are read; a copy names the first columns bmr_country and
bmr_ccode.
"""

from __future__ import annotations

from pathlib import Path

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.conflicts import stack_conflicts
from eventpanel.datasets.countries import harmonise, settle_successions
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import describe, renamed, set_aside
from eventpanel.datasets.sources.regime.common import between, pick
from eventpanel.datasets.tables import read_any

NAME = "bmr"
MEASURES = ("democracy", "democracy_omitteddata", "democracy_femalesuffrage")
COLUMNS = {
    "country": ("country", "bmr_country"),
    "ccode": ("ccode", "bmr_ccode"),
    "year": ("year",),
    **{name: (name,) for name in MEASURES},
}
LAST = {"YUGOSLAVIA, FED. REP.": ("Serbia and Montenegro", 2003)}


def read(path: Path) -> Panel:
    """Read the codings of democracy.

    Parameters
    ----------
    path : Path
        The publisher's csv or dta file.

    Returns
    -------
    Panel
        Unit importer, period year; ``bmr_democracy``, ``bmr_democracy_omitteddata`` and
        ``bmr_democracy_femalesuffrage``, 0 or 1.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, another number than 0 or 1.
    DuplicateKeyError
        A country and year on two rows that no succession of states explains.
    """
    rows = pick(read_any(path), COLUMNS, path.name)
    scores = {f"bmr_{name}": between(rows[name], 0, 1, path.name, ("", "NA", ".", "-1", "-1.0")) for name in MEASURES}
    codes = to_numbers(rows["ccode"], path.name).astype("Int64").astype(str)
    table = rows[["country"]].assign(year=to_years(rows["year"], path.name), ccode=codes, **scores)
    empty = table[list(scores)].isna().all(axis=1)
    table, occupied = set_aside(table, empty, "country", "no score", NAME)
    table, late = renamed(table, "country", LAST, NAME)
    named, unknown = harmonise(table, "country", "name", source=NAME)
    # Only the numeric codes tell the Yugoslavia that ended in 1991 from the one that began then.
    settled, successions = settle_successions(named, "ccode", "polity", keys=["importer", "year"], source=NAME)
    coverage = f"Sovereign states, {settled['year'].min()}-{settled['year'].max()}; an absent row is missing."
    return Panel(
        settled.drop(columns=["country", "ccode"]),
        ("importer",),
        "year",
        (describe(NAME, path, coverage),),
        stack_conflicts([unknown, successions, late, occupied]),
    )
