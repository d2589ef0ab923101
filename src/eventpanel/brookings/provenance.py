"""Where data come from: coverage and conflicts of every source, and what was wrong with a list of deals."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from eventpanel.datasets.conflicts import stack_conflicts
from eventpanel.datasets.coverage import coverage_table
from eventpanel.datasets.deal_traps import deal_traps
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.records import Records, count

__all__ = ["absences", "conflicts", "coverage", "summed", "traps"]

BRACKETS = r" \(.*\)$"
PARTS = ("deals", "arms", "countries", "pairs", "goods", "goods_years", "importers", "investment")


def coverage(materials: Materials) -> pd.DataFrame:
    """Count what each source answers, by part of the data.

    Returns
    -------
    DataFrame
        Columns part, source, variable, then as :func:`eventpanel.datasets.coverage.coverage_table`; rows of a list of
        deals are country-years.
    """
    tables = []
    for part, held in _parts(materials):
        panel = _watched(held, part) if isinstance(held, Records) else held
        table = coverage_table(panel)
        if isinstance(held, Records) and len(table):
            table = table.assign(source=held.source.name)
        tables.append(table.assign(part=part))
    table = pd.concat([one for one in tables if len(one)], ignore_index=True)
    return table[["part", *table.columns.drop("part")]]


def _watched(records: Records, part: str) -> Panel:
    return count(records, part)


def conflicts(materials: Materials) -> pd.DataFrame:
    """List what did not match, matched twice or collided: part, source, problem, value, years, rows, resolution."""
    table = stack_conflicts(held.conflicts.assign(part=part) for part, held in _parts(materials))
    if "part" not in table.columns:
        table = table.assign(part=pd.Series(dtype=object))
    columns = ["part", *table.columns.drop("part")]
    return table[columns].drop_duplicates(ignore_index=True)


def summed(table: pd.DataFrame) -> pd.DataFrame:
    """Sum conflicts up: a line for each source, problem without what stands in brackets, and resolution."""
    if table.empty:
        return table[["source", "problem", "resolution"]].assign(values=0, rows=0)
    once = table.drop(columns="part").drop_duplicates()
    once = once.assign(problem=once["problem"].astype(str).str.replace(BRACKETS, "", regex=True))
    groups = once.groupby(["source", "problem", "resolution"], sort=True)
    return groups.agg(values=("value", "nunique"), rows=("rows", "sum")).reset_index()


def absences(materials: Materials) -> pd.DataFrame:
    """Say what is not there and why, one line for each reason: columns absent, why."""
    reasons: dict[str, list[str]] = {}
    for name, why in materials.absent.items():
        reasons.setdefault(why, []).append(name.replace("_", " "))
    lines = [(", ".join(names), why) for why, names in reasons.items()]
    return pd.DataFrame(lines, columns=["absent", "why"])


def traps(materials: Materials) -> pd.DataFrame | None:
    """Sum up what is wrong with a list of deals of one's own, a line for each trap; nothing for other data."""
    return deal_traps(materials.deals.conflicts) if materials.kind == "own" else None


def _parts(materials: Materials) -> Iterator[tuple[str, Panel | Records]]:
    for part in PARTS:
        held = getattr(materials, part)
        if held is not None:
            yield part, held
