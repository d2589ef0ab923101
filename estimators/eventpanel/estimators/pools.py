"""Pools of units with one history, how much each counts, and what they add to effects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from eventpanel.datasets.errors import IdentificationError
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.matching import log_odds, nearest, uniform, whitened
from eventpanel.estimators.core.shifts import shifted
from eventpanel.estimators.matching import Refinement
from eventpanel.estimators.trajectories import Trajectories

__all__ = ["Found", "Pool", "pools", "spread"]


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


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What was matched, in one direction or both.

    Attributes
    ----------
    pools : tuple of (sign, Pool)
        The sign is that of a focal unit's outcome in the effect.
    load : ndarray, shape (U, T)
        Weight of the change of outcome since the period before each cell, not yet divided by the number of sets.
    focal : ndarray of bool, shape (U, T)
        Cells that have a set of their own.
    stays : ndarray of bool, shape (U, T)
        Cells with weight whose status does not change.
    hindered : dict of str to ndarray of bool, shape (U, T)
        Cells that could take part in no comparison, by reason.
    """

    pools: tuple[tuple[float, Pool], ...]
    load: Floats
    focal: Mask
    stays: Mask
    hindered: dict[str, Mask]

    def changes(self, outcome: Floats, event_times: tuple[int, ...], *, centred: bool) -> Floats:
        """Add up the weighted changes of outcome of each unit, shape (U, k).

        Parameters
        ----------
        outcome : ndarray, shape (U, T)
        event_times : tuple of int
        centred : bool
            Whether the mean change of those matched in a pool is taken off all changes in it. Sums over units are the
            same, since weights of a set add up to zero.
        """
        sums, steps = np.zeros((len(outcome), len(event_times))), np.array(event_times, dtype=np.int64)
        for sign, pool in self.pools:
            own = outcome[pool.units]
            change = own[:, pool.period + steps] - own[:, [pool.period - 1]]
            focal, load = len(pool.focal), pool.load
            if centred:
                change -= np.average(change[focal:], axis=0, weights=load)
            sums[pool.units] += sign * np.concatenate([np.ones(focal), -load])[:, None] * change
        return sums


def spread(load: Floats, event_times: tuple[int, ...]) -> Mask:
    """Rows that carry weight in some coefficient, shape (U, T).

    Parameters
    ----------
    load : ndarray, shape (U, T)
        Weight of the change since the period before each cell.
    event_times : tuple of int

    Examples
    --------
    >>> spread(np.array([[0.0, 1.0, 0.0, 0.0]]), (1,)).tolist()
    [[True, False, True, False]]
    """
    base, rows = shifted(load, -1, fill=0.0), np.zeros(load.shape, dtype=bool)
    for k in event_times:
        # Weights of a row cancel where it serves twice; what rounding leaves of them is not a weight.
        rows |= np.abs(shifted(load, k, fill=0.0) - base) > 1e-12
    return rows


def pools(cells: tuple[Mask, Mask], key: Codes, t: Trajectories, refinement: Refinement | None) -> list[Pool]:
    """Pools of focal cells and the cells that they may be matched to, with weights.

    Parameters
    ----------
    cells : tuple of (ndarray of bool, shape (U, T))
        Focal cells and others, all of which may take part.
    key : ndarray of int, shape (U, T)
        What must be the same in a pool.
    t : Trajectories
    refinement : Refinement, optional
        All count the same without one.

    Raises
    ------
    IdentificationError
        A propensity score without a maximum.
    """
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
