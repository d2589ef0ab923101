"""Parts of the data of the family from inputs that were read: country-years, pairs, goods, countries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from eventpanel.brookings.deals_read import records_of
from eventpanel.brookings.family import Family
from eventpanel.brookings.roles_read import Given
from eventpanel.brookings.samples import CHINA, US
from eventpanel.datasets.answers import Watched
from eventpanel.datasets.conflicts import no_conflicts, stack_conflicts
from eventpanel.datasets.errors import ColumnError, StudyError, first_few
from eventpanel.datasets.merge import merge, spine
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.records import Records, count

__all__ = ["countries_of", "goods_of", "goods_years_of", "importers_of", "investment_of", "pairs_of"]

UNIT = ["exporter", "importer"]


def countries_of(family: Family, given: Sequence[Given]) -> Panel:
    """Merge all inputs of country-years on all states and years of the study."""
    panel = spine(family.years.first, family.years.last)
    for one in given:
        if one.role.shape == "country_years":
            held = _counted(one) if isinstance(one.loaded, Records) else _chosen(one, one.loaded)
            _refuse_keys(one, held, ("importer", "year"))
            _refuse_twice(one, panel, held)
            panel = merge(panel, held, cardinality="1:1")
    return panel


def pairs_of(family: Family, given: Sequence[Given]) -> Panel | None:
    """Facts about pairs of countries, distance in logs; of facts by year, those of the base year.

    Facts about countries become facts about pairs: what holds of both.
    """
    parts = []
    for one in given:
        held = _chosen(one, _panel(one))
        if held.period is not None:
            base = family.switches.regime_base
            frame = held.frame[held.frame[held.period] == base].drop(columns=held.period)
            held = replace(held, frame=frame, period=None)
        held = _of_both(held) if held.keys == ("importer",) else held
        _refuse_keys(one, held, ("exporter", "importer"))
        frame = held.frame[held.frame["exporter"] != held.frame["importer"]]
        if "log_distance" in frame.columns:
            km = frame["log_distance"].astype(float)
            frame = frame.assign(log_distance=np.log(km.where(km > 0)))
        parts.append(held.with_frame(frame))
    return _together(parts, ("exporter", "importer"))


def _of_both(held: Panel) -> Panel:
    """Pairs of the countries of a panel, each column the product of both countries' values: 1 where both have it."""
    names = list(held.variables)
    sides = held.frame.rename(columns={"importer": "exporter"}).merge(held.frame, how="cross", suffixes=("", "_other"))
    numbers = {name: sides[name] * sides[f"{name}_other"] for name in names}
    return replace(held, frame=sides[UNIT].assign(**numbers), unit=("exporter", "importer"), watched=())


def goods_years_of(family: Family, given: Sequence[Given]) -> Panel | None:
    """Trade by exporter, importer, product and year, within the years of the study."""
    parts = []
    for one in given:
        held = _panel(one)
        _refuse_keys(one, held, ("exporter", "importer", "year"))
        frame = held.frame.rename(columns={held.variables[0]: "trade"}).dropna(subset="trade")
        frame = frame[frame["year"].between(family.years.first, family.years.last)].assign(product=one.product)
        unit = ("exporter", "importer", "product")
        watched = tuple(replace(each, variables=("trade",)) for each in held.watched)
        parts.append(replace(held, frame=frame, unit=unit, watched=watched))
    if not parts:
        return None
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    conflicts = stack_conflicts(part.conflicts.assign(product=None).drop(columns="product") for part in parts)
    sources = tuple(dict.fromkeys(source for part in parts for source in part.sources))
    return Panel(frame, parts[0].unit, "year", sources, conflicts.drop_duplicates(ignore_index=True))


def goods_of(by_year: Panel) -> Panel:
    """Sum trade over the years."""
    sums = by_year.frame.groupby([*by_year.unit])["trade"].sum(min_count=1).reset_index()
    return replace(by_year, frame=sums, period=None)


def importers_of(family: Family, given: Sequence[Given]) -> Panel | None:
    """Facts about importers; of facts by year, sums over the years of the study."""
    parts = []
    for one in given:
        held = _aid(one) if isinstance(one.loaded, Records) else _chosen(one, one.loaded)
        if held.period is not None:
            frame = held.frame[held.frame[held.period].between(family.years.first, family.years.last)]
            sums = frame.groupby("importer")[list(held.variables)].sum(min_count=1).reset_index()
            held = replace(held, frame=sums, period=None, watched=())
        _refuse_keys(one, held, ("importer",))
        parts.append(held)
    return _together(parts, ("importer",))


def investment_of(family: Family, given: Sequence[Given]) -> Panel | None:
    """Investment and construction by exporter, importer and year; a list is summed by its weight."""
    parts = []
    for one in given:
        if isinstance(one.loaded, Records):
            held = count(records_of(one), "investment", exporters=[CHINA], weight=_weight(one))
        else:
            held = _chosen(one, one.loaded)
        _refuse_keys(one, held, ("exporter", "importer", "year"))
        frame = held.frame[held.frame["year"].between(family.years.first, family.years.last)]
        parts.append(held.with_frame(frame))
    return parts[0] if len(parts) == 1 else _together(parts, ("exporter", "importer", "year"))


def _panel(one: Given) -> Panel:
    if isinstance(one.loaded, Records):
        raise StudyError(
            f"The input {one.name!r} is a list of records; the role {one.section.role!r} is for panels.",
            f"inputs.{one.name}",
            "choose another source or role",
        )
    return one.loaded


def _counted(one: Given) -> Panel:
    if len(one.role.columns) != 1:
        raise StudyError(
            f"The input {one.name!r} is a list of records, and the role {one.section.role!r} has several columns.",
            f"columns: {', '.join(one.role.columns)}",
            "give a panel, such as the source country_years",
        )
    assert isinstance(one.loaded, Records)
    return count(one.loaded, one.role.columns[0], weight=one.section.weight or None)


def _aid(one: Given) -> Panel:
    """Sum by importer and year what China and the United States gave, or kinds of it that columns name."""
    records, panel = records_of(one), None
    wanted = one.section.columns or dict.fromkeys(("aid_china", "aid_usa"), _weight(one))
    for name, amount in wanted.items():
        giver = CHINA if name.startswith("aid_china") else US
        mine = records.frame[records.frame["exporter"] == giver]
        if len(mine):
            sums = count(replace(records, frame=mine), name, weight=amount)
            panel = sums if panel is None else merge(panel, sums, cardinality="1:1")
    if panel is None:
        raise StudyError(f"The input {one.name!r} has no giver.", f"inputs.{one.name}", "give aid of CHN or USA")
    return panel


def _weight(one: Given) -> str:
    if not one.section.weight:
        raise StudyError(
            f"The input {one.name!r} is a list, and amounts are asked for.",
            f"inputs.{one.name}",
            "add weight = 'COLUMN', the column of amounts",
        )
    return one.section.weight


def _chosen(one: Given, held: Panel) -> Panel:
    """Columns of an input under the names of its role, times its scale."""
    wanted = one.section.columns or {name: name for name in one.role.columns if name in held.variables}
    absent = [column for column in wanted.values() if column not in held.variables]
    if absent or not wanted:
        raise ColumnError(
            f"The input {one.name!r} has no column {first_few(map(repr, absent or one.role.columns))}.",
            f"columns: {first_few(held.variables, 30)}",
            f"say which is which: columns = {{ {one.role.columns[0]} = 'COLUMN' }}",
        )
    numbers = {ours: held.number(theirs) * one.section.scale for ours, theirs in wanted.items()}
    back = {theirs: ours for ours, theirs in wanted.items()}
    watched = tuple(
        replace(each, variables=tuple(back[name] for name in each.variables if name in back)) for each in held.watched
    )
    return replace(
        held,
        frame=held.frame[list(held.keys)].assign(**numbers),
        watched=tuple(each for each in watched if each.variables),
    )


def _refuse_keys(one: Given, held: Panel, keys: tuple[str, ...]) -> None:
    if set(held.keys) != set(keys):
        raise StudyError(
            f"The role {one.section.role!r} needs rows by {' and '.join(keys)}.",
            f"the input {one.name!r} has rows by {' and '.join(held.keys)}",
            "choose another source, other options or another role",
        )


def _refuse_twice(one: Given, panel: Panel, held: Panel) -> None:
    twice = [name for name in held.variables if name in panel.variables]
    if twice:
        raise StudyError(
            f"Two inputs give {first_few(twice)}.", f"inputs.{one.name}", "keep one of them, or name its columns"
        )


def _together(parts: Sequence[Panel], keys: tuple[str, ...]) -> Panel | None:
    """Parts with the same keys side by side, with every unit of any of them."""
    if not parts:
        return None
    frame = parts[0].frame
    for part in parts[1:]:
        twice = set(frame.columns) & set(part.variables)
        if twice:
            raise StudyError(f"Two inputs give {first_few(sorted(twice))}.", "inputs", "keep one of them")
        frame = frame.merge(part.frame, on=list(keys), how="outer", validate="1:1")
    watched: list[Watched] = []
    for part in parts:
        own = part.watched or (Watched(_name(part), part.variables, part.frame[list(part.keys)]),)
        watched.extend(own)
    sources = tuple(dict.fromkeys(source for part in parts for source in part.sources))
    conflicts = stack_conflicts([no_conflicts(), *(part.conflicts for part in parts)])
    return Panel(frame, parts[0].unit, parts[0].period, sources, conflicts, tuple(watched))


def _name(panel: Panel) -> str:
    return ", ".join(source.name for source in panel.sources)
