"""Matching: who may be compared with whom, which of those count, and how much; as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.core.matching import LONGEST

__all__ = ["Lagged", "Matching", "Refinement"]

WAYS = ("mahalanobis", "ps_match", "ps_weight")


@dataclass(frozen=True, slots=True)
class Lagged:
    """A column of the panel in some of the periods before.

    Parameters
    ----------
    column : str
    first, last : int
        Periods before, both included; 0 is the period of the event itself.

    Raises
    ------
    DesignError
        Lags that do not run from small to large.

    Examples
    --------
    >>> Lagged("gdp", 1, 4).lags
    (1, 2, 3, 4)
    """

    column: str
    first: int = 0
    last: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last:
            raise DesignError("Lags run from small to large.", f"{self.first} to {self.last}", "for example 1 to 4")

    @property
    def lags(self) -> tuple[int, ...]:
        """Periods before, in order."""
        return tuple(range(self.first, self.last + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Who may be compared with whom.

    Parameters
    ----------
    history : int
        Periods before the event in which the status must be the same.
    exact : tuple of str
        Columns whose values must be the same in these periods and in that of the event; missing ones match nothing.
    unknown : {"refuse", "match"}
        What an unknown status in the history does: ``"refuse"`` leaves the unit out; ``"match"`` counts it as a
        status of its own, so that units are compared whose records have the same gaps.
    lasting : bool
        Whether the status must stay as it is, on both sides, from the event to the last lag.

    Raises
    ------
    DesignError
        A history of no period or of more than 39, or an unknown option.
    """

    history: int
    exact: tuple[str, ...] = ()
    unknown: Literal["refuse", "match"] = "refuse"
    lasting: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.history <= LONGEST:
            raise DesignError(f"A history has 1 to {LONGEST} periods.", f"history={self.history}", "for example 4")
        if self.unknown not in ("refuse", "match"):
            raise DesignError(f"Unknown rule {self.unknown!r}.", "unknown", "use 'refuse' or 'match'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refinement:
    """Which of those with the same history count, and how much.

    Parameters
    ----------
    by : {"mahalanobis", "ps_match", "ps_weight"}
        The nearest by Mahalanobis distance, by the covariance of the pool; the nearest by propensity score; all, by
        the odds of the propensity score. The score is a logit of being the unit whose status changes, on all pools.
    covariates : tuple of Lagged
    size : int, optional
        How many are taken, and all that are as near as the last of them; for the two that take the nearest.
    missing : {"indicator", "drop"}
        ``"indicator"``: zero, and one more column that says so. ``"drop"``: a unit takes part only where all covariates
        are known in every period from the start of the history to the last lag, the first periods of the record
        aside, in which lags do not exist.

    Raises
    ------
    DesignError
        No covariates, no size where one is needed, a size where none is, or an unknown option.
    """

    by: Literal["mahalanobis", "ps_match", "ps_weight"]
    covariates: tuple[Lagged, ...]
    size: int | None = None
    missing: Literal["indicator", "drop"] = "indicator"

    def __post_init__(self) -> None:
        if self.by not in WAYS:
            raise DesignError(f"Unknown refinement {self.by!r}.", "", f"choose one of {', '.join(WAYS)}, or None")
        if self.missing not in ("indicator", "drop"):
            raise DesignError(f"Unknown rule {self.missing!r}.", "missing", "use 'indicator' or 'drop'")
        if not self.covariates:
            raise DesignError("A refinement needs covariates.", self.by, "for example Lagged('gdp', 1, 4)")
        if self.by == "ps_weight" and self.size is not None:
            raise DesignError("ps_weight counts all of a pool and takes no size.", f"size={self.size}", "leave it out")
        if self.by != "ps_weight" and (self.size is None or self.size < 1):
            raise DesignError(f"{self.by} takes the nearest: say how many.", f"size={self.size}", "for example size=5")
