"""Matching: who may be compared with whom; pools of units with one history, and how much each counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import sparse

from eventpanel.datasets.errors import DesignError, IdentificationError, first_few
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.matching import LONGEST, earlier, histories, log_odds, nearest, paths, uniform, whitened
from eventpanel.estimators.design import Design
from eventpanel.estimators.trajectories import Trajectories

__all__ = ["Lagged", "Matching", "Pool", "Refinement"]

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


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Units with one history in one period: those looked at, and those that they are matched to.

    Attributes
    ----------
    period : int
        Position on the calendar.
    focal : ndarray of int, shape (m,)
    matched : ndarray of int, shape (n,)
    weights : sparse array, shape (p, n)
        Rows add up to one.
    profile : ndarray of int, shape (m,)
        Row of the weights of each focal unit.
    """

    period: int
    focal: Codes
    matched: Codes
    weights: sparse.csr_array
    profile: Codes

    @property
    def units(self) -> Codes:
        """All units: focal ones first."""
        return np.concatenate([self.focal, self.matched])

    @property
    def load(self) -> Floats:
        """Weight of each matched unit, summed over the focal ones, shape (n,)."""
        return np.asarray(
            self.weights.T @ np.bincount(self.profile, minlength=self.weights.shape[0]).astype(np.float64)
        )


def status_of(t: Trajectories, name: str) -> Floats:
    """Treatment status in each cell, shape (U, T), missing where it is not known.

    Parameters
    ----------
    t : Trajectories
    name : str
        The estimator that asks.

    Raises
    ------
    DesignError
        A dose other than zero and one.
    """
    other = ~np.isnan(t.event) & (t.event != 0) & (t.event != 1)
    if other.any():
        raise DesignError(
            f"{name} compares histories of a status, which is on or off.",
            f"values: {first_few(f'{value:g}' for value in np.unique(t.event[other]))}",
            "use a dose that is 0 or 1, or an event of kind 'threshold', 'spell' or 'onset'",
        )
    return t.event


def obstacles(t: Trajectories, design: Design, matching: Matching, refinement: Refinement | None) -> dict[str, Mask]:
    """Cells that can take part in no comparison, with the reason, in the order in which they are looked at.

    Parameters
    ----------
    t : Trajectories
    design : Design
    matching : Matching
    refinement : Refinement, optional
    """
    window, known = design.window, histories(t.event, matching.history)[1]
    early = np.broadcast_to(np.arange(t.shape[1]) < matching.history, t.shape)
    found = {f"fewer than {matching.history} periods of the record before it": early}
    if matching.unknown == "refuse":
        found["the status in its history is not known"] = ~known
    seen = [earlier(t.outcome, -k) for k in range(-max(window.leads, 1), window.lags + 1)]
    found["the outcome is missing in a period of its window"] = np.asarray(np.isnan(seen).any(axis=0))
    if matching.lasting:
        same = [earlier(t.event, -k) == t.event for k in range(window.lags + 1)]
        found["the status does not last to the last lag"] = ~np.all(same, axis=0)
    if matching.exact:
        found["a column to match exactly on is missing"] = _exact(t, matching) < 0
    if refinement is not None and refinement.missing == "drop":
        found["a covariate is missing"] = ~_complete(t, refinement, matching.history, window.lags)
    return found


def _exact(t: Trajectories, matching: Matching) -> Codes:
    """Paths of the columns to match exactly on, as numbers, shape (U, T); -1 where one is missing."""
    both = np.zeros(t.shape, dtype=np.int64)
    for name in matching.exact:
        # A row that is not there has the code of none.
        codes = np.where(t.row >= 0, t.panel.codes(name).codes[t.row], -1)
        path = paths(codes, matching.history)
        width = int(path.max(initial=0)) + 1
        both = np.where((both < 0) | (path < 0), -1, both * width + path)
        both[both >= 0] = np.unique(both[both >= 0], return_inverse=True)[1].reshape(-1)
    return both


def _complete(t: Trajectories, refinement: Refinement, history: int, lags: int) -> Mask:
    """Whether all covariates are known from the start of the history to the last lag, shape (U, T)."""
    last = max(each.last for each in refinement.covariates)
    missing = np.zeros(t.shape, dtype=bool)
    for each in refinement.covariates:
        for lag in each.lags:
            missing |= np.isnan(earlier(t.column(each.column), lag))
    missing[:, :last] = False
    gaps = missing.astype(np.float64)
    around = [np.nan_to_num(earlier(gaps, -k)) > 0 for k in range(-history, lags + 1)]
    return np.asarray(~np.any(around, axis=0))


def pools(cells: tuple[Mask, Mask], t: Trajectories, matching: Matching, refinement: Refinement | None) -> list[Pool]:
    """Pools of focal cells and the cells that they may be matched to, with weights.

    Parameters
    ----------
    cells : tuple of (ndarray of bool, shape (U, T))
        Focal cells and others, all of which may take part.
    t : Trajectories
    matching : Matching
    refinement : Refinement, optional
        All count the same without one.

    Raises
    ------
    IdentificationError
        A propensity score without a maximum.
    """
    key = histories(t.event, matching.history)[0]
    if matching.exact:
        path = _exact(t, matching)
        key = np.where(path < 0, -1, np.unique(key, return_inverse=True)[1].reshape(t.shape) * (path.max() + 2) + path)
    made = [pool for period in range(t.shape[1]) for pool in _of_period(period, key[:, period], cells)]
    if refinement is None or not made:
        return made
    grids = {each.column: t.column(each.column) for each in refinement.covariates}
    columns = [_covariates(pool, grids, refinement) for pool in made]
    if refinement.by == "mahalanobis":
        return [_nearest(pool, x, refinement) for pool, x in zip(made, columns, strict=True)]
    return _by_score(made, columns, refinement)


def _of_period(period: int, key: Codes, cells: tuple[Mask, Mask]) -> Iterator[Pool]:
    focal, other = (np.flatnonzero(kind[:, period]) for kind in cells)
    focal, other = (units[np.argsort(key[units], kind="stable")] for units in (focal, other))
    common = np.intersect1d(key[focal], key[other])
    mine, theirs = (np.searchsorted(key[units], [common, common + 1]).T.tolist() for units in (focal, other))
    for (a, b), (c, d) in zip(mine, theirs, strict=True):
        yield Pool(period, focal[a:b], other[c:d], uniform(d - c), np.zeros(b - a, dtype=np.int64))


def _covariates(pool: Pool, grids: dict[str, Floats], refinement: Refinement) -> Floats:
    """Covariates of a pool's units, focal ones first, and indicators of missing ones."""
    missing = np.full(len(pool.units), np.nan)
    values = np.column_stack(
        [
            grids[each.column][pool.units, pool.period - lag] if lag <= pool.period else missing
            for each in refinement.covariates
            for lag in each.lags
        ]
    )
    unknown = np.isnan(values)
    return np.hstack([np.where(unknown, 0.0, values), unknown])


def _nearest(pool: Pool, columns: Floats, refinement: Refinement) -> Pool:
    size, focal = refinement.size or 0, len(pool.focal)
    if len(pool.matched) <= size:
        return pool
    weights, profile = nearest(*whitened(columns[focal:], columns[:focal]), size)
    return replace(pool, weights=weights, profile=profile)


def _by_score(made: list[Pool], columns: list[Floats], refinement: Refinement) -> list[Pool]:
    """Weigh pools by the propensity score, a logit on all of them."""
    focal = np.concatenate([np.arange(len(pool.units)) < len(pool.focal) for pool in made])
    try:
        odds = log_odds(focal, np.vstack(columns))
    except ArithmeticError as error:
        raise IdentificationError(
            "The propensity score has no maximum: covariates tell without error whose status changes.",
            str(error),
            "use fewer covariates, or refine by 'mahalanobis'",
        ) from error
    parts = np.split(odds, np.cumsum([len(pool.units) for pool in made])[:-1])
    return [_scored(pool, part, refinement) for pool, part in zip(made, parts, strict=True)]


def _scored(pool: Pool, odds: Floats, refinement: Refinement) -> Pool:
    focal = len(pool.focal)
    if refinement.by == "ps_weight":
        largest = odds[focal:].max()
        if np.isneginf(largest):
            return pool
        share = np.exp(odds[focal:] - largest)
        return replace(pool, weights=sparse.csr_array((share / share.sum())[None, :]))
    score = (0.5 + 0.5 * np.tanh(odds / 2))[:, None]
    weights, profile = nearest(score[focal:], score[:focal], refinement.size or 0)
    return replace(pool, weights=weights, profile=profile)
