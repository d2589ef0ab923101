"""Make exhibits of data: as the switches stand, and as printed where that differs."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from eventpanel.brookings.exhibit import Content, Exhibit
from eventpanel.brookings.switches import PRINTED, Switches, changed, in_force
from eventpanel.datasets.errors import DesignError, NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.estimators.precision import ConditioningWarning
from eventpanel.estimators.solution import EstimationWarning

__all__ = ["AS_PRINTED", "AS_SET", "Made", "Version", "make_exhibits", "marked", "stand_in", "version_of"]

# The word AI, but not in the name of the index of surveillance.
AI = re.compile(r"\bAI\b(?! Global Surveillance Index)")
AS_SET = "as set"
AS_PRINTED = "as printed"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Version:
    """An exhibit under some switches.

    Attributes
    ----------
    name : str
        ``"as set"`` or ``"as printed"``.
    switches : tuple of str
        Those in force that change the exhibit, one line each.
    content : Content, optional
    refused : str
        Why there is none.
    """

    name: str
    switches: tuple[str, ...]
    content: Content | None
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Made:
    """An exhibit with its versions, the first as set."""

    exhibit: Exhibit
    versions: tuple[Version, ...]


def make_exhibits(
    exhibits: Sequence[Exhibit],
    materials: Materials,
    switches: Switches,
    step: Callable[[str], None] | None = None,
) -> tuple[Made, ...]:
    """Make exhibits, each as the switches stand and, where its own switches differ, as printed.

    An exhibit that the data or the sample cannot give says why.

    Parameters
    ----------
    exhibits : sequence of Exhibit
    materials : Materials
    switches : Switches
    step : callable, optional
        Called with the number of each exhibit before it is made.
    """
    made = []
    for exhibit in exhibits:
        if step is not None:
            step(exhibit.number)
        ways = [(AS_SET, switches)]
        if changed(switches, PRINTED, exhibit.uses):
            ways.append((AS_PRINTED, PRINTED))
        made.append(
            Made(exhibit=exhibit, versions=tuple(version_of(exhibit, materials, name, way) for name, way in ways))
        )
    return tuple(made)


def stand_in(deals: str) -> str:
    """Say what is called AI.

    Parameters
    ----------
    deals : str
        What the deals are.

    Examples
    --------
    >>> stand_in("arms deals")
    'AI here stands for: arms deals'
    """
    return f"AI here stands for: {deals}"


def marked(made: Sequence[Made], deals: str) -> tuple[Made, ...]:
    """Say in the title of each exhibit that speaks of AI what the deals are.

    Parameters
    ----------
    made : sequence of Made
    deals : str
        What the deals are that exhibits call AI; empty where they are AI.
    """
    if not deals:
        return tuple(made)
    return tuple(
        replace(one, exhibit=replace(one.exhibit, title=f"{one.exhibit.title} [{stand_in(deals)}]"))
        if _speaks_of_ai(one)
        else one
        for one in made
    )


def _speaks_of_ai(one: Made) -> bool:
    contents = [version.content for version in one.versions if version.content is not None]
    words = [one.exhibit.title, *(note for content in contents for note in content.notes)]
    words += [text for content in contents for column in content.columns for text in (column.panel, column.head)]
    words += [cell.term for content in contents for column in content.columns for cell in column.coefficients]
    return any(AI.search(text) for text in words)


def version_of(exhibit: Exhibit, materials: Materials, name: str, switches: Switches) -> Version:
    """Make one version of an exhibit, or say why the data or the sample cannot give it.

    Parameters
    ----------
    exhibit : Exhibit
    materials : Materials
    name : str
    switches : Switches
    """
    standing = tuple(in_force(switches, exhibit.uses))
    try:
        with warnings.catch_warnings():
            # Cautions stand in the notes of each exhibit.
            warnings.simplefilter("ignore", EstimationWarning)
            warnings.simplefilter("ignore", ConditioningWarning)
            content = exhibit.make(materials, switches)
    except (NotAvailableError, DesignError) as error:
        return Version(name=name, switches=standing, content=None, refused=str(error))
    return Version(name=name, switches=standing, content=content)
