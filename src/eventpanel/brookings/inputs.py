"""Data of the family from the inputs of a study: public stand-ins, or a list of deals of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal

from eventpanel.brookings.deals_read import deals_of
from eventpanel.brookings.family import Family
from eventpanel.brookings.parts import (
    countries_of,
    goods_of,
    goods_years_of,
    importers_of,
    investment_of,
    pairs_of,
)
from eventpanel.brookings.roles import ROLES
from eventpanel.brookings.roles_read import Given, Readings, read_roles
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.records import Records

__all__ = ["materials_from_inputs"]

DEALS = {
    "smart_city": "the list of deals does not say which concern smart cities",
    "company": "the list of deals names no company",
    "carnegie": "the list of deals does not say which are of the Carnegie bibliography",
    "domestic": "the list of deals holds none at home",
}


def materials_from_inputs(family: Family, folders: Sequence[Path], step: Callable[[str], None]) -> Materials:
    """Read the inputs of a study and make one set of data of them.

    Parameters
    ----------
    family : Family
        With inputs.
    folders : sequence of Path
        Folders of the files, searched in order.
    step : callable
        Called with what is done next.

    Raises
    ------
    MissingFileError
        The file of deals, Polity or unrest is not there.
    StudyError, InputError, PanelError
        A study that asks for what an input cannot give; a file that cannot be used.
    """
    readings = read_roles(family, folders, step)
    step("merging")
    deals = deals_of(readings.of("deals"))
    arms = readings.of("arms")
    by_year = goods_years_of(family, [*readings.of("goods"), *readings.of("goods_years")])
    goods = goods_years_of(family, readings.of("goods"))
    importers = importers_of(family, [one for one in readings.given if one.role.shape == "countries"])
    parts: dict[str, Panel | Records | None] = {
        "deals": deals,
        "countries": countries_of(family, readings.given),
        "pairs": pairs_of(family, readings.of("pairs")),
        "goods": None if goods is None else goods_of(goods),
        "goods_years": by_year,
        "importers": importers,
        "arms": deals_of(arms) if arms else None,
        "investment": investment_of(family, readings.of("investment")),
    }
    kind: Literal["public", "own"] = "own" if family.kind == "own" else "public"
    return Materials(
        kind=kind,
        label=family.label,
        absent=_absent(readings, parts),
        sources=_sources(readings.given),
        **parts,  # type: ignore[arg-type]
    )


def _absent(readings: Readings, parts: dict[str, Panel | Records | None]) -> dict[str, str]:
    """Say why a part or a column is not there, by its name."""
    absent = {part: readings.absent[part] for part in parts if parts[part] is None and part in readings.absent}
    if "goods_years" in absent:
        absent["goods_years"] = absent["trade"] = absent["goods"]
    there = {name for part in parts.values() if part is not None for name in part.frame.columns}
    for name, role in ROLES.items():
        why = readings.absent.get(name, f"no input of the role {name!r} has it")
        absent |= {column: why for column in role.columns if column not in there and column not in absent}
    if parts["importers"] is None:
        absent["importers"] = "; ".join(readings.absent[name] for name in ("ai_investment", "aid", "suppliers"))
    deals = parts["deals"]
    held = [] if deals is None else list(deals.frame.columns)
    return absent | {column: why for column, why in DEALS.items() if column not in held}


def _sources(given: Iterable[Given]) -> tuple[Source, ...]:
    found: list[Source] = []
    for one in given:
        found.extend([one.loaded.source] if isinstance(one.loaded, Records) else one.loaded.sources)
    return tuple(dict.fromkeys(found))
