"""Poisson regression, cluster by cluster: the least squares it ends in, fits under a null, fits without a cluster.

At the maximum a Poisson fit is weighted least squares of the working response ``log(mu) + (y - mu) / mu`` with weights
``mu``. Everything that least squares knows from cross-products per cluster follows, as one Newton step from that fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import group_sums, not_singletons, recode
from eventpanel.estimators.core.least_squares import independent, least_squares
from eventpanel.estimators.core.poisson import PoissonFit, poisson
from eventpanel.estimators.core.rotated import Rotated, rotated
from eventpanel.estimators.core.separation import separation

# A column with at least this share in a collinear relation is part of it.
TAKES_PART = 1e-7


@dataclass(frozen=True, slots=True)
class Problem:
    """A Poisson regression that has a maximum.

    Attributes
    ----------
    y : ndarray, shape (n,)
    X : ndarray, shape (n, k)
        Linearly independent after the fixed effects.
    groupings : tuple of ndarray, each shape (n,)
        Group codes of the fixed effects, at least one.
    clusters : ndarray, shape (n,)
        Codes 0..G-1.
    weights : ndarray, shape (n,), or None
    offset : ndarray, shape (n,)
    """

    y: Floats
    X: Floats
    groupings: tuple[Codes, ...]
    clusters: Codes
    weights: Floats | None
    offset: Floats


def fit(p: Problem, start: Floats | None = None) -> PoissonFit:
    """Fit by maximum likelihood, from logarithms of means where they are given.

    Raises
    ------
    ArithmeticError
        No convergence.
    """
    return poisson(p.y, p.X, p.groupings, weights=p.weights, offset=p.offset, start=start)


def means_under(p: Problem, columns: Sequence[int], null: Floats, start: Floats) -> Floats:
    """Means of the fit under ``coef[columns] = null``, shape (n,).

    Parameters
    ----------
    p : Problem
    columns : sequence of int, length q
    null : ndarray, shape (q,)
    start : ndarray, shape (n,)
        Logarithms of means to start from.

    Raises
    ------
    ArithmeticError
        No convergence.
    """
    held = list(columns)
    free = np.setdiff1d(np.arange(p.X.shape[1]), held)
    return fit(replace(p, X=p.X[:, free], offset=p.offset + p.X[:, held] @ null), start).mu


def working_moments(p: Problem, fitted: PoissonFit) -> Rotated:
    """Cross-products per cluster of the least squares that a fit ends in.

    Parameters
    ----------
    p : Problem
    fitted : PoissonFit
        Of this problem.
    """
    mu = fitted.mu
    weights = mu if p.weights is None else p.weights * mu
    within = absorb(p.X, p.groupings, weights).columns
    working = replace(fitted.fit, residuals=(p.y - mu) / mu)
    return rotated(working, within, p.groupings, p.clusters, weights)


def cluster_effects(p: Problem, mu: Floats) -> Floats:
    """Efficient score of each cluster times the inverse information, shape (G, k).

    Their sum is the Newton step from these means to the estimate.

    Parameters
    ----------
    p : Problem
    mu : ndarray, shape (n,)
    """
    w = np.ones(len(mu)) if p.weights is None else p.weights
    within = absorb(p.X, p.groupings, w * mu).columns
    bread = least_squares(np.zeros(len(mu)), within, w * mu).bread
    return np.asarray(group_sums(within * (w * (p.y - mu))[:, None], p.clusters) @ bread)


def coef_without(p: Problem, cluster: int, start: Floats) -> Floats:
    """Coefficients of the fit without one cluster, shape (k,); missing where they are then not identified.

    Rows that are separated without the cluster are left out, and rows alone in a group that this leaves.

    Parameters
    ----------
    p : Problem
    cluster : int
    start : ndarray, shape (n,)
        Logarithms of means to start from.

    Raises
    ------
    ArithmeticError
        No convergence, or separation could not be settled.
    """
    keep, coef = p.clusters != cluster, np.full(p.X.shape[1], np.nan)
    while True:
        keep = _not_alone(p, keep)
        rest = _rows(p, keep)
        if not (rest.y > 0).any():
            return coef
        kept, identified = _identified(rest)
        rest = replace(rest, X=rest.X[:, kept])
        separated = separation(rest.y, rest.X, rest.groupings, rest.weights).separated
        if not separated.any():
            coef[kept] = fit(rest, start[keep]).fit.coef
            return np.where(identified, coef, np.nan)
        keep[keep] = ~separated


def _rows(p: Problem, keep: Mask) -> Problem:
    return Problem(
        y=p.y[keep],
        X=p.X[keep],
        groupings=tuple(recode(codes[keep]) for codes in p.groupings),
        clusters=p.clusters[keep],
        weights=None if p.weights is None else p.weights[keep],
        offset=p.offset[keep],
    )


def _not_alone(p: Problem, keep: Mask) -> Mask:
    keep = keep.copy()
    keep[keep] = not_singletons([codes[keep] for codes in p.groupings])
    return keep


def _identified(p: Problem) -> tuple[Mask, Mask]:
    """Columns that span all of them after the effects, and columns whose own coefficient is identified."""
    within = absorb(p.X, p.groupings, p.weights).columns
    size = np.linalg.norm(p.X - p.X.mean(axis=0), axis=0)
    kept = independent(within, size)[0]
    slopes = np.linalg.lstsq(within[:, kept], within[:, ~kept], rcond=None)[0]
    shares = np.abs(slopes) * np.linalg.norm(within[:, kept], axis=0)[:, None]
    identified = kept.copy()
    identified[kept] = (shares <= TAKES_PART * size[~kept]).all(axis=1)
    return kept, identified
