"""Imputation: what outcomes would have been without treatment, from unit and period effects of untreated cells.

Effects are averages of outcomes less imputed ones, so each is a known linear combination of outcomes; for Poisson means
it is one to first order. Weights of untreated cells follow from one small system for all averages together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.poisson import poisson
from eventpanel.estimators.core.settled import settled
from eventpanel.estimators.core.two_way import Solved, TwoWay, two_way

# Weights below this share of the largest are rounding.
ROUNDING = 1e-11


@dataclass(frozen=True, slots=True, eq=False)
class Counterfactual:
    """Effects fitted on untreated cells.

    Attributes
    ----------
    system : TwoWay
        Weighted by the information of each cell: its weight, times its mean for Poisson means.
    mean : ndarray, shape (U, T)
        Outcome without treatment, in cells whose effects are told apart.
    score : ndarray, shape (U, T)
        Weight times residual in the cells of the fit; zero in all others.
    coef : ndarray, shape (c,)
        Of the columns.
    is_poisson : bool
    """

    system: TwoWay
    mean: Floats
    score: Floats
    coef: Floats
    is_poisson: bool

    def influence(self, found: Solved) -> Floats:
        """Influence of units on combinations of the coefficients, shape (U, k); ``found`` solves for the combinations.

        The scores of a unit add up to zero, so that its own effect adds nothing.
        """
        by_column = [(self.score * column).sum(axis=1) for column in self.system.columns]
        return (
            self.score @ found.periods + np.array(by_column).reshape(len(by_column), len(self.score)).T @ found.columns
        )

    def weighted(self, found: Solved) -> Mask:
        """Cells of the fit that carry weight in some combination, shape (U, T)."""
        out = np.zeros(self.mean.shape, dtype=bool)
        for k in range(found.periods.shape[1]):
            size = np.abs(self.system.weights * self.system.spread(found, k))
            out |= size > ROUNDING * size.max(initial=0.0)
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Averages:
    """Averages over some sets of cells.

    Attributes
    ----------
    coef : ndarray, shape (k,)
    influence : ndarray, shape (U, k)
    weighted : ndarray of bool, shape (U, T)
        Untreated cells that carry weight.
    """

    coef: Floats
    influence: Floats
    weighted: Mask


def linear(y: Floats, weights: Floats, columns: Floats) -> Counterfactual:
    """Fit unit and period effects by least squares.

    Parameters
    ----------
    y : ndarray, shape (U, T)
    weights : ndarray, shape (U, T)
        Zero outside untreated cells.
    columns : ndarray, shape (c, U, T)
        Finite everywhere.

    Examples
    --------
    >>> y, w = np.array([[1.0, 2.0], [4.0, 9.0]]), np.array([[1.0, 1.0], [1.0, 0.0]])
    >>> linear(y, w, np.empty((0, 2, 2))).mean[1, 1].round(12)
    np.float64(5.0)
    """
    system = two_way(weights, columns)
    found, fitted = system.regress(y)
    score = weights * np.where(weights > 0, y - fitted, 0.0)
    return Counterfactual(system, fitted, score, found.columns[:, 0], is_poisson=False)


def means(y: Floats, weights: Floats, columns: Floats, offset: Floats) -> Counterfactual:
    """Fit unit and period effects of the logarithm of a mean by Poisson pseudo-maximum likelihood.

    Parameters
    ----------
    y : ndarray, shape (U, T)
        Not negative in cells with weight.
    weights : ndarray, shape (U, T)
        Zero outside untreated cells.
    columns : ndarray, shape (c, U, T)
    offset : ndarray, shape (U, T)
        Finite everywhere.

    Raises
    ------
    ArithmeticError
        Nothing is left to fit, or no convergence.
    """
    unit, period = np.nonzero(weights)
    X, w = columns[:, unit, period].T, weights[unit, period]
    found = settled(y[unit, period], X, [recode(unit), recode(period)], w)
    stay = ~found.separated
    unit, period = unit[stay], period[stay]
    w, shift = w[stay], offset[unit, period]
    if shift.any() or found.alone[stay].any():
        # Cells alone in an effect are fitted exactly, and tell that effect.
        groups = [recode(unit), recode(period)]
        fit = poisson(y[unit, period], X[stay][:, found.kept], groups, weights=w, offset=shift)
    else:
        fit = found.fit
    information, score, eta = (np.zeros(y.shape) for _ in range(3))
    information[unit, period] = w * fit.mu
    score[unit, period] = w * fit.fit.residuals
    eta[unit, period] = fit.eta - shift
    system = two_way(information, columns)
    solved, fitted = system.regress(eta)
    mean = np.exp(np.where(system.reached, fitted, 0.0) + offset)
    return Counterfactual(system, mean, score, solved.columns[:, 0], is_poisson=True)


def averages(fit: Counterfactual, y: Floats, weights: Floats, cells: Sequence[Mask], *, by_period: bool) -> Averages:
    """Average outcomes less imputed ones over sets of treated cells; of Poisson means, logarithms of ratios of sums.

    Parameters
    ----------
    fit : Counterfactual
    y, weights : ndarray, shape (U, T)
    cells : sequence of ndarray of bool, each shape (U, T)
        All imputed; for Poisson means with a positive outcome among them.
    by_period : bool
        Whether effects of treated cells are taken around the mean of their period, not of the whole set.

    Notes
    -----
    What a treated cell adds to the error is not known, for its effect is not: it is taken as the distance of its effect
    from a mean effect, which makes variances too large on average, never too small (Borusyak, Jaravel and Spiess
    2024, doi:10.1093/restud/rdae007). Poisson ratios take the distance from the common ratio.
    """
    size = len(cells), y.shape[0]
    coef, own, unit = np.empty(size[0]), np.empty(size), np.empty(size)
    period, column = np.empty((size[0], y.shape[1])), np.empty((size[0], len(fit.system.columns)))
    for k, members in enumerate(cells):
        a = np.where(members, weights, 0.0)
        if fit.is_poisson:
            outcome, mean = (a * np.where(members, y, 0.0)).sum(axis=1), a * fit.mean
            coef[k] = np.log(outcome.sum() / mean.sum())
            own[k] = (outcome - np.exp(coef[k]) * mean.sum(axis=1)) / outcome.sum()
            a = mean / mean.sum()
        else:
            a = a / a.sum()
            effect = np.where(members, y - fit.mean, 0.0)
            coef[k], own[k] = (a * effect).sum(), _around(a, effect, by_period=by_period)
        unit[k], period[k] = a.sum(axis=1), a.sum(axis=0)
        column[k] = [(a * values).sum() for values in fit.system.columns]
    found = fit.system.solve(unit.T, period.T, column.T)
    return Averages(coef, own.T - fit.influence(found), fit.weighted(found))


def _around(a: Floats, effect: Floats, *, by_period: bool) -> Floats:
    """Weighted distances from mean effects, by unit; the means make their squares least."""
    if by_period:
        squares = (a**2).sum(axis=0)
        mean = (a**2 * effect).sum(axis=0) / np.where(squares > 0, squares, 1.0)
        return np.asarray((a * (effect - mean)).sum(axis=1))
    weight, total = a.sum(axis=1), (a * effect).sum(axis=1)
    return np.asarray(total - weight * (weight @ total) / (weight @ weight))


def leads(fit: Counterfactual, count: int) -> Averages:
    """Coefficients of the last ``count`` columns, as averages."""
    units, periods = fit.mean.shape
    columns = np.zeros((len(fit.coef), count))
    columns[len(fit.coef) - count :] = np.eye(count)
    found = fit.system.solve(np.zeros((units, count)), np.zeros((periods, count)), columns)
    return Averages(fit.coef[len(fit.coef) - count :], fit.influence(found), fit.weighted(found))
