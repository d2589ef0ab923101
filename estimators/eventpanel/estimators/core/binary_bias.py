"""Bias of logit and probit with fixed effects, and of their average partial effects, to first order.

One effect: Hahn and Newey (2004, doi:10.1111/j.1468-0262.2004.00533.x), Fernandez-Val (2009,
doi:10.1016/j.jeconom.2009.02.007). Units and periods: Fernandez-Val and Weidner (2016,
doi:10.1016/j.jeconom.2015.12.014); each further effect adds a term of the same form (2018,
doi:10.1146/annurev-economics-080217-053542). Expected information and derivatives are used, as these papers do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.binary import SMALLEST
from eventpanel.estimators.core.least_squares import least_squares
from eventpanel.estimators.core.links import Link


@dataclass(frozen=True, slots=True)
class Lags:
    """How far past outcomes may reach into regressors.

    Attributes
    ----------
    unit : ndarray, shape (n,)
        Codes 0..G-1 of the effect within which outcomes follow one another.
    period : ndarray, shape (n,)
        Periods on the calendar; one row for each unit and period.
    bandwidth : int
        Lags of the outcome that enter, at least one.
    """

    unit: Codes
    period: Codes
    bandwidth: int


@dataclass(frozen=True, slots=True)
class Maximum:
    """A fitted binary model and its derivatives at one point.

    Attributes
    ----------
    X : ndarray, shape (n, k)
    groupings : sequence of ndarray, each shape (n,)
    link : Link
    eta : ndarray, shape (n,)
        Linear predictor, effects included.
    expected : ndarray, shape (n,)
        Expected information of each row.
    score : ndarray, shape (n,)
        Derivative of each row's log-likelihood.
    """

    X: Floats
    groupings: Sequence[Codes]
    link: Link
    eta: Floats
    expected: Floats
    score: Floats

    @property
    def third(self) -> Floats:
        """``F'' f / (F (1 - F))``: what third derivatives and cross-products come to in expectation, shape (n,)."""
        return self.expected * self.link.bend(self.eta)

    def residual(self, columns: Floats) -> Floats:
        """Columns after the effects, weighted by expected information."""
        return absorb(columns, self.groupings, self.expected).columns

    def over_groups(self, columns: Floats) -> Floats:
        """Sum over all groups of all effects of column totals over total information, shape (k,)."""
        total = np.zeros(columns.shape[1])
        for codes in self.groupings:
            total += (columns / np.bincount(codes, weights=self.expected)[codes][:, None]).sum(axis=0)
        return total

    def over_lags(self, columns: Floats, lags: Lags) -> Floats:
        """Sum over units of the products of scores with later columns over total information, shape (k,).

        Totals of each lag are scaled up from the pairs of rows there are to the rows of the unit, as Fernandez-Val and
        Weidner do for panels without gaps.
        """
        span = int(lags.period.max() - lags.period.min()) + lags.bandwidth + 1
        # Units are further apart than any lag.
        key = lags.unit * span + (lags.period - lags.period.min())
        order = np.argsort(key)
        rows = np.bincount(lags.unit)
        information = np.bincount(lags.unit, weights=self.expected)
        total = np.zeros(columns.shape[1])
        for lag in range(1, lags.bandwidth + 1):
            found = np.searchsorted(key[order], key - lag)
            before = order[np.minimum(found, len(key) - 1)]
            paired = key[before] == key - lag
            unit, later = lags.unit[paired], np.flatnonzero(paired)
            pairs = np.bincount(unit, minlength=len(rows))
            scale = (rows / np.maximum(pairs, 1) / information)[unit]
            total += (scale * self.score[before[paired]]) @ columns[later]
        return total


def maximum(y: Floats, X: Floats, groupings: Sequence[Codes], link: Link, eta: Floats) -> Maximum:
    """Take the derivatives of a binary model at a linear predictor.

    Parameters
    ----------
    y : ndarray, shape (n,)
    X : ndarray, shape (n, k)
    groupings : sequence of ndarray, each shape (n,)
    link : Link
    eta : ndarray, shape (n,)
    """
    return Maximum(X, groupings, link, eta, np.maximum(link.expected(eta), SMALLEST), link.score(y, eta))


def coefficient_bias(at: Maximum, lags: Lags | None) -> Floats:
    """Bias of the coefficients, to be subtracted, shape (k,).

    Parameters
    ----------
    at : Maximum
    lags : Lags or None
        None where regressors are strictly exogenous: no outcome moves a later regressor.
    """
    within = at.residual(at.X)
    total = 0.5 * at.over_groups(within * at.third[:, None])
    if lags is not None:
        total = total + at.over_lags(within * at.expected[:, None], lags)
    return -_bread(at, within) @ total


def _bread(at: Maximum, within: Floats) -> Floats:
    return least_squares(np.zeros(len(at.eta)), within, at.expected).bread


@dataclass(frozen=True, slots=True)
class PartialEffects:
    """Average partial effects.

    Attributes
    ----------
    effects : ndarray, shape (k,)
        Average change of the probability for one unit of a regressor, or for 1 instead of 0.
    influence : ndarray, shape (n, k)
        What each row's outcome adds to the estimate; the sandwich is its outer product.
    bias : ndarray, shape (k,)
        To be subtracted.
    """

    effects: Floats
    influence: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class _Change:
    """Change of the probability by each regressor, its first derivatives in the predictor, each shape (n, k).

    ``own`` is the part of the derivative in a coefficient that does not come through the predictor, shape (n, k).
    """

    level: Floats
    first: Floats
    second: Floats
    own: Floats


def partial_effects(at: Maximum, coef: Floats, shares: Floats, discrete: Mask, lags: Lags | None) -> PartialEffects:
    """Average partial effects of all regressors, the bias of the plug-in, and the influence of each row.

    Parameters
    ----------
    at : Maximum
        At ``coef``, effects estimated given them.
    coef : ndarray, shape (k,)
    shares : ndarray, shape (n, k)
        Weight of each row in the average of each regressor. They add up to less than one where rows that are not here
        count with an effect of zero.
    discrete : ndarray of bool, shape (k,)
        Regressors of zeros and ones, whose effect is a difference.
    lags : Lags or None
        As in :func:`coefficient_bias`.
    """
    change = _change(at, coef, discrete)
    first = shares * change.first
    direction = -first / at.expected[:, None]
    within, X = at.residual(direction), at.residual(at.X)
    between = direction - within
    jacobian = first.T @ X + np.diag((shares * change.own).sum(axis=0))
    influence = (X @ _bread(at, X) @ jacobian.T - between) * at.score[:, None]
    bias = 0.5 * at.over_groups(shares * change.second + between * at.third[:, None])
    if lags is not None:
        bias = bias - at.over_lags(within * at.expected[:, None], lags)
    return PartialEffects((shares * change.level).sum(axis=0), influence, bias)


def _change(at: Maximum, coef: Floats, discrete: Mask) -> _Change:
    link, eta = at.link, at.eta[:, None]
    slope = np.exp(link.log_slope(eta))
    level, first = slope * coef, slope * link.bend(eta) * coef
    second, own = slope * link.twist(eta) * coef, np.repeat(slope, len(coef), axis=1)
    for j in np.flatnonzero(discrete):
        without = at.eta - at.X[:, j] * coef[j]
        zero, one = (np.exp(link.log_slope(point)) for point in (without, without + coef[j]))
        level[:, j] = np.exp(link.log_mean(without + coef[j])) - np.exp(link.log_mean(without))
        first[:, j] = one - zero
        second[:, j] = one * link.bend(without + coef[j]) - zero * link.bend(without)
        # Through the predictor each row would move by its own x; the two states move by 1 and 0.
        own[:, j] = one - at.X[:, j] * (one - zero)
    return _Change(level, first, second, own)
