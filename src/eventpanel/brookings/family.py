"""The study file of the family: which data, which switches, which level; every key is checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, ValidationError

from eventpanel.brookings.switches import Switches
from eventpanel.sections import Section
from eventpanel.study import content_of, explained

__all__ = ["Family", "is_family", "load_family"]


class SimulatedSection(Section):
    """Seed of simulated data."""

    seed: int = Field(ge=0)


class LevelSection(Section):
    """How results are shown."""

    level: float = Field(default=0.90, gt=0, lt=1)


class Family(Section):
    """A study file of the family ``brookings``."""

    family: Literal["brookings"]
    title: str
    label: str
    simulation: SimulatedSection
    switches: Switches = Field(default_factory=Switches)
    output: LevelSection = Field(default_factory=LevelSection)


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
        Not TOML, an unknown key, a value of the wrong kind.

    Examples
    --------
    >>> load_family("brookings", ["switches.regime_cutoff=polity_6"]).switches.regime_cutoff
    'polity_6'
    """
    content = content_of(name, settings)
    try:
        return Family.model_validate(content)
    except ValidationError as error:
        raise explained(name, error, content, Family) from error
