"""Inputs by role: found in the data folders and read; one that is not there says so, and only some are needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eventpanel.brookings.family import Family, RoleSection
from eventpanel.brookings.roles import ROLES, Role
from eventpanel.datasets.errors import InputError, MissingFileError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.products import product_set
from eventpanel.datasets.records import Records
from eventpanel.inputs import narrow, read_input

__all__ = ["Given", "Readings", "read_roles"]

Step = Callable[[str], None]
GOODS = product_set("frontier_goods").codes("S4")


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """An input that was read.

    Attributes
    ----------
    name : str
        Its name in the study.
    section : RoleSection
    loaded : Records or Panel
        For goods of one product.
    product : str
        Code of the product; empty for all else.
    """

    name: str
    section: RoleSection
    loaded: Records | Panel
    product: str = ""

    @property
    def role(self) -> Role:
        """What it is for."""
        return ROLES[self.section.role]


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """All inputs of a study.

    Attributes
    ----------
    given : list of Given
    absent : dict of str to str
        Why there is nothing for a role, by its name.
    """

    given: list[Given] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)

    def of(self, role: str) -> list[Given]:
        """Return the inputs of one role, in the order of the study."""
        return [one for one in self.given if one.section.role == role]


def read_roles(family: Family, folders: Sequence[Path], step: Step) -> Readings:
    """Read the inputs of a study.

    Parameters
    ----------
    family : Family
        With inputs.
    folders : sequence of Path
        Searched in order.
    step : callable
        Called with the name of each input before it is read.

    Raises
    ------
    MissingFileError
        The file of deals, Polity or unrest is not there.
    StudyError
        No folder, wrong options.
    InputError
        A file that is there and cannot be used.
    """
    readings = Readings()
    raw: dict[str, Records | Panel] = {}
    for name, section in family.inputs.items():
        step(f"reading {name}")
        try:
            if ROLES[section.role].shape == "goods":
                readings.given.extend(_goods(name, section, folders))
            else:
                readings.given.append(Given(name, section, _read(name, section, folders, raw)))
        except MissingFileError:
            if ROLES[section.role].needed:
                raise
            files = [section.file] if isinstance(section.file, str) else section.file
            _lacking(readings, section, f"the input {name!r} is not in the data folders: {' or '.join(files)}")
        except _NoGoods as error:
            _lacking(readings, section, str(error))
    for role in ROLES:
        if not readings.of(role):
            readings.absent.setdefault(role, f"the study has no input of the role {role!r}")
    return readings


class _NoGoods(Exception):
    """A file of customs data that has none of the products asked for."""


def _lacking(readings: Readings, section: RoleSection, why: str) -> None:
    before = readings.absent.get(section.role)
    readings.absent[section.role] = why if before is None else f"{before}; {why}"


def _read(name: str, section: RoleSection, folders: Sequence[Path], raw: dict[str, Records | Panel]) -> Records | Panel:
    same = section.model_dump_json(include={"source", "file", "options"})
    if same not in raw:
        raw[same] = read_input(name, section.as_input, folders, None)
    return narrow(name, section.as_input, raw[same])


def _goods(name: str, section: RoleSection, folders: Sequence[Path]) -> list[Given]:
    """Each product of its own; those that the file lacks are said where there is none at all."""
    given, lacking = [], {}
    for code in section.products or GOODS:
        options = {"partners": "all", **section.options, "products": [code]}
        one = section.as_input.model_copy(update={"options": options})
        try:
            given.append(Given(name, section, narrow(name, one, read_input(name, one, folders, None)), code))
        except MissingFileError:
            raise
        except InputError as error:
            lacking[code] = error.what
    if not given:
        first = next(iter(lacking.values()))
        asked = f"{len(lacking)} products asked for ({first_few(lacking)})"
        raise _NoGoods(f"the input {name!r} has none of the {asked}: {first.rstrip('.')}")
    return given
