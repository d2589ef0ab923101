"""Target: the one number of a path that robustness checks watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.path import Term

__all__ = ["Target"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A coefficient of a path, or the gap of two groups at one event time.

    Parameters
    ----------
    event_time : int
        Periods since the event.
    group : str
        Group of the moderator; empty without one.
    minus : str
        Another group: the target is then ``group`` minus ``minus``.
    direction : {"positive", "negative"}
        The sign that was predicted.

    Raises
    ------
    DesignError
        An unknown direction, or a group less itself.

    Examples
    --------
    >>> target = Target(event_time=0, group="autocracy", minus="democracy")
    >>> target.describe()
    'same period [autocracy - democracy]'
    >>> target.weights([Term("unrest", 0, "autocracy"), Term("unrest", 0, "democracy"), Term("gdp")]).tolist()
    [1.0, -1.0, 0.0]
    """

    event_time: int = 0
    group: str = ""
    minus: str = ""
    direction: Literal["positive", "negative"] = "positive"

    def __post_init__(self) -> None:
        if self.direction not in ("positive", "negative"):
            raise DesignError(f"Unknown direction {self.direction!r}.", "", "use 'positive' or 'negative'")
        if self.minus and self.minus == self.group:
            raise DesignError("A group less itself is nothing.", self.group, "name two groups")

    @property
    def sign(self) -> float:
        """One for a positive prediction, minus one for a negative one."""
        return 1.0 if self.direction == "positive" else -1.0

    def describe(self) -> str:
        """Short name for tables."""
        when = str(Term("", self.event_time)).removeprefix(", ")
        groups = f"{self.group} - {self.minus}" if self.minus else self.group
        return f"{when} [{groups}]" if groups else when

    def weights(self, terms: Sequence[Term]) -> Floats:
        """Weights of the terms whose sum is the target, shape (k,).

        Parameters
        ----------
        terms : sequence of Term, length k

        Raises
        ------
        DesignError
            The terms do not hold the target.
        """
        found = np.zeros(len(terms))
        for group, weight in ((self.group, 1.0), (self.minus, -1.0))[: 1 + bool(self.minus)]:
            places = [
                i for i, t in enumerate(terms) if t.event_time == self.event_time and t.group == group and not t.binned
            ]
            if len(places) != 1:
                raise DesignError(
                    "The path does not hold the number that is watched.",
                    f"event time {self.event_time}{f' of {group}' if group else ''}; terms: "
                    f"{first_few([str(t) for t in terms if t.event_time is not None], 12) or 'none'}",
                    "watch an event time and a group of the path, or estimate a window that holds it",
                )
            found[places[0]] = weight
        return found

    def of(self, estimate: Estimate) -> Estimate:
        """Return the target as an estimate of one term.

        Parameters
        ----------
        estimate : Estimate

        Raises
        ------
        DesignError
            The path does not hold it.
        """
        groups = f"{self.group} - {self.minus}" if self.minus else self.group
        term = Term(estimate.design.event.column, self.event_time, groups)
        return estimate.combine(self.weights(estimate.terms)[None], (term,))
