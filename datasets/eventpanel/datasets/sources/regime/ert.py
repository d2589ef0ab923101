"""Episodes of Regime Transformation: V-Dem's regime classes by country and year, and episodes of change.

Publisher: V-Dem Institute, https://github.com/vdeminstitute/ERT. Licence: CC BY-SA 4.0.
Unit: one country in one year. Coverage: 183 countries, 1900-2024 in version 15.

``v2x_regime`` is Regimes of the World: 0 closed autocracy, 1 electoral autocracy, 2 electoral democracy, 3
liberal democracy. An episode is a substantial, sustained change of electoral democracy upwards (democratization) or
downwards (autocratization). It begins in the first year of change; the year before it bears its name in the file
and is no part of it.

Known faults: an unnamed first column; missing values are the text ``NA``; country letters are V-Dem's own and look
like ISO3 (PSG Gaza, SML Somaliland, ZZB Zanzibar). Episodes are dated with hindsight: that a year was the first of one
is known only when the sum of changes is large enough, and that it has ended some years later. Episodes that run into
the last years of the data, or up to a gap, are censored; their outcome may be known all the same (a transition has
happened).
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from eventpanel.datasets.cells import to_flags, to_numbers, to_years
from eventpanel.datasets.countries import harmonise
from eventpanel.datasets.errors import WrongLayoutError, first_few
from eventpanel.datasets.files import read_table
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.records import Records
from eventpanel.datasets.sources.common import country_years_panel, describe

NAME = "ert"
KEYS = ["country_text_id", "year"]
COLUMNS = {"v2x_regime": "regimes_of_the_world", "v2x_polyarchy": "polyarchy"}
KINDS = {"dem": "democratization", "aut": "autocratization"}
# A change of regime in the episode's direction, and whether the episode went on after it.
CHANGES = {"dem": 1, "aut": -1}
WENT_ON = {"dem": "dem_ep_subdep", "aut": "aut_ep_subreg"}
MARKS = ("", "_start_year", "_censored")
FLAGS = {"censored": "censored", "prch": "could_change_regime", "went_on": "went_on"}
CONSTANT = ("start_year", "end_year", "termination", "prch", "outcome", "censored")
OUTCOMES = {
    "dem": {
        1: "democratic transition",
        2: "preempted democratic transition",
        3: "stabilised electoral autocracy",
        4: "reverted liberalisation",
        5: "deepened democracy",
        6: "censored",
    },
    "aut": {
        1: "democratic breakdown",
        2: "preempted democratic breakdown",
        3: "diminished democracy",
        4: "averted regression",
        5: "regressed autocracy",
        6: "censored",
    },
}
TERMINATIONS = {
    0: "none yet",
    1: "years without change",
    2: "a year of change the other way",
    3: "years of change the other way",
    4: "regime change the other way",
}


def read(path: Path, *, episodes: bool = False) -> Panel:
    """Read regime classes and electoral democracy.

    Parameters
    ----------
    path : Path
        The publisher's ``ert.csv``.
    episodes : bool
        Also mark the years of episodes.

    Returns
    -------
    Panel
        Unit importer, period year; ``regimes_of_the_world`` from 0 to 3 and ``polyarchy`` from 0 to 1. With
        episodes also ``regime_change`` (1 a transition to democracy, -1 a breakdown, else 0), and for
        ``democratization`` and ``autocratization`` a 0/1 column of their years, their first year (``_onset``) and
        the years of those without a known end (``_censored``).

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, text for numbers.
    DuplicateKeyError
        A country and year on two rows.
    """
    marks = [f"{kind}_ep{end}" for kind in KINDS for end in MARKS] if episodes else []
    rows = read_table(path, [*KEYS, *COLUMNS, *(["reg_trans"] if episodes else []), *marks])
    years = to_years(rows["year"], path.name)
    scores = {name: to_numbers(rows[column], path.name) for column, name in COLUMNS.items()}
    if episodes:
        scores["regime_change"] = to_numbers(rows["reg_trans"], path.name)
        for kind, name in KINDS.items():
            during, first, censored = (to_numbers(rows[f"{kind}_ep{end}"], path.name) for end in MARKS)
            scores |= {name: during, f"{name}_onset": during.where(during != 1, (first == years).astype(float))}
            scores[f"{name}_censored"] = censored
    return country_years_panel(
        rows[["country_text_id"]].assign(year=years, **scores),
        "country_text_id",
        "vdem",
        name=NAME,
        path=path,
        coverage="Countries of the file, {years}; an absent row is missing.",
    )


def episodes(path: Path) -> Records:
    """Read the list of episodes: one row for each, dated by its first year.

    Parameters
    ----------
    path : Path
        The publisher's ``ert.csv``.

    Returns
    -------
    Records
        Columns importer, year (the first), last, years, kind (``"democratization"`` or ``"autocratization"``),
        episode (the publisher's name of it), outcome, termination, censored, could_change_regime (it began in an
        autocracy, or for autocratization in a democracy), change_year (in which it did), went_on (for years after
        that: deepening of the new democracy, regression of the new autocracy), polyarchy_before (in the year before
        it) and polyarchy_last. Covered are the country-years of the file, so that counted onsets are zero where
        none began.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, text for numbers, an episode whose years contradict it.

    Examples
    --------
    >>> onsets = count(select(episodes(path), "kind", ["autocratization"]), "onsets")  # doctest: +SKIP
    """
    parts = ("ep_id", "pre_ep_year", *(f"ep_{part}" for part in CONSTANT))
    columns = [*(f"{kind}_{part}" for kind in KINDS for part in parts), *WENT_ON.values()]
    rows = read_table(path, [*KEYS, "v2x_polyarchy", "reg_trans", *columns])
    rows = rows.assign(
        year=to_years(rows["year"], path.name), v2x_polyarchy=to_numbers(rows["v2x_polyarchy"], path.name)
    )
    listed = pd.concat([_episodes(rows, kind, path.name) for kind in KINDS], ignore_index=True)
    named, unknown = harmonise(listed, "country_text_id", "vdem", source=NAME)
    watched, _ = harmonise(rows[KEYS], "country_text_id", "vdem", source=NAME)
    span = f"{rows['year'].min()}-{rows['year'].max()}"
    coverage = f"Countries of the file, {span}; no episode there is a zero, as far as hindsight reaches."
    return Records(
        named.drop(columns="country_text_id").sort_values(["importer", "year", "kind"], ignore_index=True),
        watched[["importer", "year"]].drop_duplicates(ignore_index=True),
        describe(NAME, path, coverage),
        unknown,
    )


def _episodes(rows: pd.DataFrame, kind: str, file: str) -> pd.DataFrame:
    """Episodes of one direction; what the file repeats on each of their years, once."""
    names = {f"{kind}_ep_{part}": part for part in CONSTANT} | {WENT_ON[kind]: "went_on"}
    named = rows[rows[f"{kind}_ep_id"] != "NA"].rename(columns={f"{kind}_ep_id": "episode", **names})
    before = to_numbers(named[f"{kind}_pre_ep_year"], file) == 1
    during = named[~before].sort_values("year", kind="stable")
    groups = during.groupby("episode", sort=False)
    _refuse_torn(groups[["country_text_id", *names.values()]].nunique(), file)
    once = groups.first()
    changed = during[to_numbers(during["reg_trans"], file) == CHANGES[kind]].groupby("episode")["year"].min()
    outcome = to_numbers(once["outcome"], file)
    listed = pd.DataFrame(
        {
            "country_text_id": once["country_text_id"],
            "year": to_years(once["start_year"], file),
            "last": to_years(once["end_year"], file),
            "years": groups.size(),
            "kind": KINDS[kind],
            "episode": once.index,
            "outcome": outcome.map(OUTCOMES[kind]),
            "termination": to_numbers(once["termination"], file).map(TERMINATIONS),
            **{name: to_flags(once[part], file) for part, name in FLAGS.items()},
            "change_year": changed.reindex(once.index).where(outcome == 1).astype("Int64"),
            "polyarchy_before": named[before].set_index("episode")["v2x_polyarchy"].reindex(once.index),
            "polyarchy_last": groups["v2x_polyarchy"].last(),
        }
    )
    _refuse_gaps(listed, file)
    return listed


def _refuse_torn(values: pd.DataFrame, file: str) -> None:
    torn = values[(values > 1).any(axis=1)]
    if len(torn):
        raise WrongLayoutError(
            f"{file}: rows of one episode contradict each other.",
            f"episodes {first_few(torn.index)}",
            "download the file again",
        )


def _refuse_gaps(listed: pd.DataFrame, file: str) -> None:
    torn = listed[listed["last"] - listed["year"] + 1 != listed["years"]]
    if len(torn):
        raise WrongLayoutError(
            f"{file}: years of an episode are missing or stand twice.",
            f"episodes {first_few(torn['episode'])}",
            "download the file again",
        )
