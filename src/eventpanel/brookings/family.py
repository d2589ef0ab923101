"""The study file of the family: which data, which switches, which level; every key is checked."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, ValidationError

from eventpanel.brookings.made import stand_in
from eventpanel.brookings.roles import ROLES
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import StudyError, first_few
from eventpanel.robustness_section import RobustnessSection
from eventpanel.sections import InputSection, Section, Some, Whole
from eventpanel.study import content_of, explained

__all__ = ["Family", "RoleSection", "family_from", "is_family", "load_family"]

OWN = "deal_list"
NOT_AI = "deals that are not AI"


class SimulatedSection(Section):
    """Seed of simulated data."""

    seed: int = Field(ge=0)


class RoleSection(Section):
    """One dataset: where it is, how it is read, and what it is for."""

    source: str
    role: str = ""
    file: str | list[str] = ""
    options: dict[str, Any] = Field(default_factory=dict)
    select: dict[str, list[Any]] = Field(default_factory=dict)
    search: dict[str, list[str]] = Field(default_factory=dict)
    columns: dict[str, str] = Field(default_factory=dict)
    products: Some | None = None
    weight: str = ""
    scale: float = Field(default=1.0, gt=0)

    @property
    def as_input(self) -> InputSection:
        """The same for those who read and narrow inputs."""
        return InputSection(
            source=self.source,
            join="1:1",
            file=self.file,
            options=self.options,
            select=self.select,
            search=self.search,
        )


class YearsSection(Section):
    """Years of the panel of countries; those of the record of unrest, so that leads and lags are whole."""

    first: Whole = 1998
    last: Whole = 2023


class LevelSection(Section):
    """How results are shown."""

    level: float = Field(default=0.90, gt=0, lt=1)


class Family(Section):
    """A study file of the family ``brookings``: simulated, or with inputs by role."""

    family: Literal["brookings"]
    title: str
    label: str
    kind: Literal["simulated", "public", "own"] = "simulated"
    deals: str = ""
    simulation: SimulatedSection | None = None
    inputs: dict[str, RoleSection] = Field(default_factory=dict)
    years: YearsSection = Field(default_factory=YearsSection)
    switches: Switches = Field(default_factory=Switches)
    output: LevelSection = Field(default_factory=LevelSection)
    robustness: RobustnessSection | None = None

    @property
    def stands_for(self) -> str:
        """What the deals are that exhibits call AI; empty where they are AI."""
        return self.deals or (NOT_AI if self.kind == "public" else "")

    @property
    def banner(self) -> str:
        """What the data are, above and below every exhibit."""
        return f"{stand_in(self.stands_for)}. {self.label}" if self.stands_for else self.label


def is_family(name: str, settings: Sequence[str] = ()) -> bool:
    """Whether a study file belongs to the family.

    Parameters
    ----------
    name : str
        Built-in name, or path of a TOML file.
    settings : sequence of str
        Changes, as for :func:`load_family`.

    Raises
    ------
    MissingFileError, StudyError
        As :func:`load_family`.
    """
    return "family" in content_of(name, settings)


def load_family(name: str, settings: Sequence[str] = ()) -> Family:
    """Read a study file of the family, with settings changed.

    Parameters
    ----------
    name : str
        Built-in name, or path of a TOML file.
    settings : sequence of str
        Changes such as ``"switches.regime_cutoff=polity_6"``.

    Raises
    ------
    MissingFileError
        No such study.
    StudyError
        Not TOML, an unknown key, a value of the wrong kind; both simulation and inputs, or neither; an unknown role,
        or one that is needed and not there.

    Examples
    --------
    >>> load_family("brookings", ["switches.regime_cutoff=polity_6"]).switches.regime_cutoff
    'polity_6'
    """
    return family_from(content_of(name, settings), name)


def family_from(content: dict[str, Any], name: str) -> Family:
    """Check the tables of a study of the family.

    Parameters
    ----------
    content : dict
        Tables of a study file, or what a manifest holds of it.
    name : str
        For messages.

    Raises
    ------
    StudyError
        As :func:`load_family`.
    """
    try:
        family = Family.model_validate(content)
    except ValidationError as error:
        raise explained(name, error, content, Family, "docs/brookings.md") from error
    _check_kind(family)
    roles = {key: _role(key, section) for key, section in family.inputs.items()}
    lacking = [role for role, one in ROLES.items() if one.needed and role not in roles.values()]
    if family.inputs and lacking:
        raise StudyError(
            f"The study has no input for {first_few(ROLES[role].what for role in lacking)}.",
            f"roles: {first_few(sorted(set(roles.values())), 30)}",
            f"add [inputs.{lacking[0]}]",
        )
    filled = {key: section.model_copy(update={"role": roles[key]}) for key, section in family.inputs.items()}
    return family.model_copy(update={"inputs": filled})


def _check_kind(family: Family) -> None:
    if (family.simulation is None) == (not family.inputs):
        raise StudyError(
            "A study of the family rests on simulated data or on inputs, and this one has "
            f"{'neither' if family.simulation is None else 'both'}.",
            "[simulation], [inputs.NAME]",
            "keep one of them: [simulation] with a seed, or inputs by role",
        )
    own = any(one.source == OWN for key, one in family.inputs.items() if (one.role or key) == "deals")
    right = "simulated" if family.simulation is not None else "own" if own else "public"
    if family.kind != right:
        raise StudyError(
            f"The kind of this study is {family.kind!r}; its deals are {right!r}.",
            "kind",
            f"write kind = {right!r}; deals are your own where their source is {OWN!r}",
        )
    if family.years.first > family.years.last:
        raise StudyError("The years end before they begin.", "years", "exchange first and last")


def _role(key: str, section: RoleSection) -> str:
    """Role of an input, which its name says where nothing else does; with its columns checked."""
    role = section.role or key
    if role not in ROLES:
        close = difflib.get_close_matches(role, ROLES, n=1)
        raise StudyError(
            f"There is no role {role!r}{f' (did you mean {close[0]}?)' if close else ''}.",
            f"inputs.{key}",
            f"roles: {', '.join(ROLES)}; name the table after one, or add role = 'ROLE'",
        )
    known = ROLES[role].columns
    kinds = tuple(f"{column}_" for column in known) if role == "aid" else ()
    strange = [column for column in section.columns if column not in known and not column.startswith(kinds)]
    if strange:
        raise StudyError(
            f"The role {role!r} has no column {first_few(map(repr, strange))}.",
            f"inputs.{key}.columns",
            f"its columns: {', '.join(known) or 'none'}" + ("" if not known else f'; for example {known[0]} = "NAME"'),
        )
    if section.products is not None and ROLES[role].shape != "goods":
        raise StudyError(f"The role {role!r} has no products.", f"inputs.{key}.products", "remove this key")
    return role
