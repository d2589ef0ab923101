"""Customs flows to panels: places matched, World and residuals kept apart, sums checked, zero told from missing.

A reporter states what it imports from each partner. A partner that is absent traded nothing only where the file can be
seen to be whole: where the partners add up to the World row, or where the user states it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from eventpanel.datasets.conflicts import COLUMNS, list_conflicts, no_conflicts, stack_conflicts
from eventpanel.datasets.countries import Scheme, existed, match, require_iso3

__all__ = ["Flows", "match_in_turn", "pairs", "split_partners", "totals", "whole_sum"]

if TYPE_CHECKING:
    from pandas.core.groupby import SeriesGroupBy

    Grouped: TypeAlias = SeriesGroupBy[Any, Any]

# Share of World beyond which the partners are said not to add up.
GAP = 0.005
CELL = ["reporter", "year", "group"]


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Flows of the products asked for.

    Attributes
    ----------
    rows : DataFrame
        One row per reporter, year, product and partner: reporter, year, product, group, partner (ISO3, missing for
        what is no country), side (country, apart, world), value.
    reports : DataFrame
        Every reporter and year in the file and each group of products it should have: reporter, year, group, needed.
    source : str
        Name of the source, for conflicts.
    complete : bool
        Whether the user states that every reporter and year in the file has all its partners and products.
    """

    rows: pd.DataFrame
    reports: pd.DataFrame
    source: str
    complete: bool


def match_in_turn(frame: pd.DataFrame, columns: Mapping[Scheme, str], years: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Match places by the first of several columns that knows them.

    A column that says that a place is no country, such as a number of Belgium-Luxembourg, is the last word.

    Parameters
    ----------
    frame : DataFrame, shape (n, any)
    columns : mapping of scheme to str
        Columns of letters, codes or names, the most certain first.
    years : Series of int, shape (n,)

    Returns
    -------
    iso3 : Series, shape (n,)
        ISO3 in the year, or missing.
    problem : Series, shape (n,)
        What the columns say where none matched; empty elsewhere.
    """
    iso3 = pd.Series(np.nan, index=frame.index, dtype=object)
    problem = pd.Series("empty", index=frame.index, dtype=object)
    for scheme, column in columns.items():
        left = frame.index[iso3.isna() & (problem.isin(["empty", "not known"]) | problem.str.startswith("not in "))]
        if left.empty:
            break
        found = match(frame.loc[left, column], scheme, years[left])
        iso3[left] = found.iso3
        # What a column says about a place counts for more than that it does not know it, or has no text.
        kept = found.problem.eq("empty") | (found.problem.eq("not known") & ~problem[left].isin(["empty", "not known"]))
        problem[left] = problem[left].where(kept, found.problem)
    return iso3, problem.where(iso3.isna(), "")


def split_partners(rows: pd.DataFrame, shown: str, source: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tell countries from World and from what is neither; list the latter.

    Parameters
    ----------
    rows : DataFrame
        Columns reporter, year, code, partner (ISO3 or missing), world (bool), partner_problem and ``shown``.
    shown : str
        Column that names the partner in the file.
    source : str
        Name of the source.
    """
    own = rows["partner"] == rows["reporter"]
    side = np.where(rows["world"], "world", np.where(rows["partner"].isna() | own, "apart", "country"))
    apart = rows[side == "apart"]
    problem = apart["partner_problem"].where(~own[apart.index], "reporter is its own partner")
    listed = list_conflicts(apart, shown, problem, source, "kept apart from countries", "year")
    rows = rows.assign(side=side)
    both = rows[(rows["side"] == "country") & rows.duplicated(["reporter", "year", "code", "partner"], keep=False)]
    reason = pd.Series("two partners are one country", index=both.index, dtype=object)
    return rows, stack_conflicts([listed, list_conflicts(both, "partner", reason, source, "added up", "year")])


def whole_sum(groups: Grouped) -> pd.Series:
    """Sum of each group; missing where one of its values is."""
    return groups.sum().where(groups.count() == groups.size())


def _cells(flows: Flows) -> pd.DataFrame:
    """Each reporter, year and product: sums by side, number of partners, and whether the partners add up to World."""
    keys = ["reporter", "year", "product", "group"]
    sums = whole_sum(flows.rows.groupby([*keys, "side"])["value"]).unstack("side")
    sums = sums.reindex(columns=["country", "apart", "world"])
    known = flows.rows[flows.rows["side"] == "country"].groupby(keys)["partner"].nunique().rename("partners")
    cells = sums.join(known).reset_index()
    # A World row alone says nothing of the partners behind it.
    alone = cells["country"].isna() & cells["apart"].isna() & (cells["world"] > 0)
    cells = cells.fillna({"partners": 0, "country": 0.0, "apart": 0.0})
    listed = cells["country"] + cells["apart"]
    gap = (listed - cells["world"]).abs() / cells["world"].where(cells["world"] > 0)
    gap = gap.where(cells["world"] > 0, np.where(cells["world"].isna(), np.nan, np.where(listed > 0, np.inf, 0.0)))
    return cells.assign(country=cells["country"].mask(alone), gap=gap, whole=gap <= GAP)


def _groups(flows: Flows) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each reporter, year and group it should have, with what is known of it; and the lines on what is in doubt."""
    cells = _cells(flows)
    keyed = cells.groupby(CELL)
    found = pd.DataFrame({name: whole_sum(keyed[name]) for name in ("country", "apart", "world")})
    found["whole"] = keyed["whole"].all()
    partners = flows.rows[flows.rows["side"] == "country"].groupby(CELL)["partner"].nunique().rename("partners")
    groups = flows.reports.merge(found.join(partners).reset_index(), on=CELL, how="left")
    groups["present"] = groups["whole"].notna()
    groups["partners"] = groups["partners"].fillna(0)
    groups["cut"] = _cut_short(groups)
    whole = groups["whole"].fillna(value=False).astype(bool) & ~groups["cut"]
    groups["whole"] = whole | (flows.complete & ~groups["cut"])
    if flows.complete:
        groups = groups.fillna({"country": 0.0, "apart": 0.0}).assign(present=True)
    return groups, stack_conflicts([_gaps(cells, flows.source), *_doubts(groups, flows)])


def _cut_short(groups: pd.DataFrame) -> pd.Series:
    """At most three partners, less than a quarter of the reporter's usual number, under a tenth of its usual value.

    Usual is the median of all its years, not of those around as in :func:`eventpanel.datasets.truncated.truncated`: an
    absent partner is decided by it, and a year missed in a long run would become zeros.
    """
    there = groups[groups["present"]].groupby(["reporter", "group"])
    usual = there[["partners", "country"]].transform("median")
    rows = groups.loc[usual.index]
    cut = (
        (rows["partners"] <= 3) & (rows["partners"] < usual["partners"] / 4) & (rows["country"] < usual["country"] / 10)
    )
    return cut.reindex(groups.index, fill_value=False)


def _gaps(cells: pd.DataFrame, source: str) -> pd.DataFrame:
    torn = cells[(cells["gap"] > GAP) & cells["country"].notna()]
    if torn.empty:
        return no_conflicts()
    shares = [f"{100 * gap:.1f} % of World" if np.isfinite(gap) else "World is zero" for gap in torn["gap"]]
    return pd.DataFrame(
        {
            "source": source,
            "problem": "partners do not add up to World",
            "value": torn["reporter"] + " " + torn["product"],
            "years": torn["year"].astype(str),
            "rows": torn["partners"].astype("int64"),
            "resolution": [f"kept; gap of {share}" for share in shares],
        }
    )


def _doubts(groups: pd.DataFrame, flows: Flows) -> list[pd.DataFrame]:
    def lines(rows: pd.DataFrame, problem: str, resolution: str) -> pd.DataFrame:
        named = rows.assign(_cell=rows["reporter"] + " " + rows["group"])
        reason = pd.Series(problem, index=rows.index, dtype=object)
        return list_conflicts(named, "_cell", reason, flows.source, resolution, "year")

    tables = [
        lines(groups[groups["cut"]], "series cut short", "value kept; absent partners are missing, not zero"),
        lines(groups[~groups["present"]], "no row of this product", "missing, not zero"),
        lines(groups[groups["present"] & groups["country"].isna()], "only a World row", "missing, not zero"),
    ]
    unproven = groups[groups["present"] & ~groups["cut"] & groups["world"].isna()]
    if len(unproven):
        kept = "absent partners are zero, as the user states" if flows.complete else "absent partners are missing"
        one = unproven.assign(_all="all partners")
        reason = pd.Series("no World row to check partners against", index=one.index, dtype=object)
        tables.append(list_conflicts(one, "_all", reason, flows.source, kept, "year"))
    tables.append(_selection(groups[groups["present"]], flows.source))
    return tables


def _selection(groups: pd.DataFrame, source: str) -> pd.DataFrame:
    """Tell a file of chosen partners: nearly every cell has the same small number of them, and no World row."""
    counts = groups.loc[groups["world"].isna(), "partners"]
    most = int(counts.max()) if len(counts) else 0
    if len(counts) < 5 or most > 25 or (counts == most).mean() < 0.9:
        return no_conflicts()
    line = {
        "source": source,
        "problem": "a selection of partners",
        "value": f"{most} partners in {100 * (counts == most).mean():.0f} % of reporters and years",
        "years": f"{groups['year'].min()}-{groups['year'].max()}",
        "rows": len(counts),
        "resolution": "kept; totals are too small, and an absent partner says nothing",
    }
    return pd.DataFrame([line])


def totals(flows: Flows, column: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sum over countries for each reporter and year; what is no country, and World, beside it.

    Parameters
    ----------
    flows : Flows
    column : str
        Name of the sum.

    Returns
    -------
    frame : DataFrame
        Columns reporter, year, the sum, and ``_apart``, ``_world`` and ``_partners`` behind its name.
    conflicts : DataFrame
    """
    groups, conflicts = _groups(flows)
    keyed = groups.groupby(["reporter", "year"])
    names = {"country": column, "apart": f"{column}_apart", "world": f"{column}_world"}
    sums = pd.DataFrame({name: whole_sum(keyed[old]) for old, name in names.items()})
    rows = flows.rows[flows.rows["side"] == "country"]
    partners = rows[rows["value"] > 0].groupby(["reporter", "year"])["partner"].nunique()
    sums[f"{column}_partners"] = partners.reindex(sums.index, fill_value=0).where(sums[column].notna())
    return sums.reset_index(), conflicts


def pairs(flows: Flows, column: str, partners: Sequence[str] | Literal["all"]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Flow of each reporter with each partner asked for; zero where it can be seen to be zero.

    Parameters
    ----------
    flows : Flows
    column : str
        Name of the flow.
    partners : sequence of str or "all"
        ISO3 codes; all countries that occur as partners.

    Returns
    -------
    frame : DataFrame
        Columns reporter, year, partner and the flow.
    conflicts : DataFrame
    """
    groups, conflicts = _groups(flows)
    rows = flows.rows[flows.rows["side"] == "country"]
    wanted = sorted(set(rows["partner"])) if partners == "all" else list(dict.fromkeys(partners))
    if partners != "all":
        require_iso3(wanted)
    grid = groups.merge(pd.DataFrame({"partner": wanted}), how="cross")
    keyed = rows.groupby([*CELL, "partner"])
    sums = pd.DataFrame({"value": whole_sum(keyed["value"]), "products": keyed["product"].nunique()})
    grid = grid.merge(sums.reset_index(), on=[*CELL, "partner"], how="left")
    alive = existed(grid["partner"], grid["year"]) | grid["products"].notna()
    grid = grid[alive & (grid["partner"] != grid["reporter"])]
    proven = grid["present"] & (grid["whole"] | (grid["products"] >= grid["needed"]))
    grid[column] = grid["value"].where(grid["products"].notna(), 0.0).where(proven)
    frame = whole_sum(grid.groupby(["reporter", "year", "partner"])[column]).reset_index()
    return frame, stack_conflicts(
        [conflicts, _missing(frame, column, flows.source), _never(rows, wanted, flows.source)]
    )


def _missing(frame: pd.DataFrame, column: str, source: str) -> pd.DataFrame:
    lost = frame[frame[column].isna()]
    reason = pd.Series("absent where the file is not seen to be whole", index=lost.index, dtype=object)
    return list_conflicts(lost, "partner", reason, source, "missing, not zero", "year")


def _never(rows: pd.DataFrame, wanted: Sequence[str], source: str) -> pd.DataFrame:
    never = sorted(set(wanted) - set(rows["partner"]))
    lines = [(source, "partner never occurs in the file", one, "", 0, "as any absent partner") for one in never]
    return pd.DataFrame(lines, columns=COLUMNS) if lines else no_conflicts()
