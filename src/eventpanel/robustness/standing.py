"""Standing: how far a run of checks is, and how long it may still take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["Clock", "Standing", "Watch", "silent"]


class Standing(NamedTuple):
    """How far a run is.

    Attributes
    ----------
    name : str
        What was done last; empty at the beginning.
    done, total : int
        Parts.
    kept : int
        Parts of an earlier run among those done, which took no time now.
    left : float
        Seconds; missing until a part of this run is done.
    """

    name: str
    done: int
    total: int
    kept: int
    left: float


Watch = Callable[[Standing], None]


def silent(_: Standing) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Time that parts took, by check: parts of one check cost about the same, those of two may not.

    Parameters
    ----------
    workers : int

    Examples
    --------
    >>> clock = Clock(workers=2)
    >>> clock.took("curve", 30.0)
    >>> clock.left(["curve", "curve"])
    30.0
    """

    workers: int
    spent: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def took(self, check: str, seconds: float) -> None:
        """Note the time of a part."""
        self.spent[check].append(seconds)

    def left(self, checks: Iterable[str]) -> float:
        """Seconds that parts of these checks will take; a check without any part done is taken for an average one."""
        times = [one for seconds in self.spent.values() for one in seconds]
        if not times:
            return float("nan")
        means = {check: sum(seconds) / len(seconds) for check, seconds in self.spent.items()}
        usual = sum(times) / len(times)
        return sum(means.get(check, usual) for check in checks) / self.workers
