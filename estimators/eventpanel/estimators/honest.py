"""Honest: confidence sets of an effect for growing departures from parallel trends, and how they are told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Literal

import numpy as np
import pandas as pd

__all__ = ["Honest", "Interval", "Restriction", "span"]

Restriction = Literal["smoothness", "relative_magnitude", "relative_smoothness"]
Interval = tuple[float, float]

WORDS = {
    "smoothness": "the slope of the differential trend changes by at most M from one period to the next; M is in the "
    "units of the coefficients",
    "relative_magnitude": "after the event the differential trend moves by at most M times its largest move between "
    "two periods before",
    "relative_smoothness": "from the reference on the slope of the differential trend changes by at most M times the "
    "largest of its changes before",
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Honest:
    """Confidence sets of one effect for growing departures from parallel trends.

    Attributes
    ----------
    restriction : {"smoothness", "relative_magnitude", "relative_smoothness"}
    effect : str
        What the sets are about, in words.
    estimate, std_error : float
        Of the effect, were trends parallel.
    level : float
    original : tuple of float
        Interval were trends parallel, from the normal distribution.
    table : DataFrame
        One row per bound: restriction, bound, lower, upper, method.
    breakdown : float
        Largest bound at which the set lies on one side of zero; missing where there is none.
    notes : tuple of str
        What a reader must know beside the numbers.
    """

    restriction: Restriction
    effect: str
    estimate: float
    std_error: float
    level: float
    original: Interval
    table: pd.DataFrame
    breakdown: float
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Text with everything needed to read the sets."""
        shown = self.table.drop(columns="restriction").set_index("bound")
        head = f"{self.effect}: {self.estimate:.4f} (standard error {self.std_error:.4f})"
        body = shown.to_string(float_format=lambda value: f"{value:.4f}")
        return "\n".join([head, "", body, "", *self.describe()])

    def describe(self) -> list[str]:
        """Lines of a table note."""
        low, high = self.original
        return [
            f"Sets at {self.level:.0%}; were trends parallel: {low:.4f} to {high:.4f}.",
            f"Restriction: {WORDS[self.restriction]}.",
            self._broken(),
            *self.notes,
        ]

    def _broken(self) -> str:
        if np.isnan(self.breakdown):
            return "No bound leaves zero outside the set."
        return f"Breakdown: the largest bound that leaves zero outside the set is M = {self.breakdown:.4g}."

    def __repr__(self) -> str:
        """Show the summary."""
        return self.summary()

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{escape(line)}</p>" for line in self.describe())
        table = self.table.to_html(index=False, float_format=lambda value: f"{value:.4f}")
        return f"<p>{escape(self.effect)}</p>{table}{notes}"


def span(times: Iterable[int]) -> str:
    """Event times in words.

    Examples
    --------
    >>> span([0, 1, 2]), span([0, 2]), span([4])
    ('0 to 2', '0, 2', '4')
    """
    every = [int(time) for time in times]
    unbroken = len(every) > 1 and every == [*range(every[0], every[-1] + 1)]
    return f"{every[0]} to {every[-1]}" if unbroken else ", ".join(map(str, every))
