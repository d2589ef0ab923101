"""Plan: what is to be done; Checked: what was found and what it says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from eventpanel.robustness.check import Check, Finding, Part
from eventpanel.robustness.lines import Found

__all__ = ["Checked", "Plan"]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is to be done.

    Attributes
    ----------
    parts : tuple of (Check, tuple of Part)
    without : tuple of (Check, reason)
        Checks that the case has nothing for.

    Raises
    ------
    ValueError
        Two parts of one name, which the store could not tell apart.
    """

    parts: tuple[tuple[Check, tuple[Part, ...]], ...]
    without: tuple[tuple[Check, str], ...]

    def __post_init__(self) -> None:
        names = Counter(str(part) for part in self.every)
        twice = [name for name, count in names.items() if count > 1]
        if twice:
            raise ValueError(f"parts of one name: {', '.join(twice[:5])}")

    @property
    def every(self) -> tuple[Part, ...]:
        """All parts, in order."""
        return tuple(part for _, parts in self.parts for part in parts)


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """A check that was run.

    Attributes
    ----------
    check : Check
    found : Found
        Lines and draws of all its parts.
    finding : Finding
    """

    check: Check
    found: Found
    finding: Finding
