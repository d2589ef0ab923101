"""Wild cluster bootstrap on cluster scores: rows are never touched, effects never become dummies again.

Cameron, Gelbach and Miller (2008, doi:10.1162/rest.90.3.414); the algebra follows from Roodman, MacKinnon, Nielsen and
Webb (2019, doi:10.1177/1536867X19830877). A draw multiplies the residuals of whole clusters by its weights w. Its
effect is ``own'w``; its cluster sums are ``own_g w_g - reach_g' S'w``, S the cluster scores of the sampling process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.draws import Draws
from eventpanel.estimators.core.moments import Moments

Residuals = Literal["restricted", "unrestricted", "restricted_jackknife", "unrestricted_jackknife"]
# A sum of squares below this share of its parts has lost four digits: it is added up again, term by term.
CANCELLED = 1e-4
# Cluster sums below this share of what they are made of are rounding.
ROUNDING = 1e-12
# Directions of the cross-products without a cluster below this share of the largest are not identified.
IDENTIFIED = 1e-9


def scores_under(m: Moments, columns: Sequence[int], null: Floats, residuals: Residuals) -> Floats:
    """Cluster scores of the sampling process, shape (clusters, k).

    With the jackknife a cluster's residuals are those of a fit without it (MacKinnon, Nielsen and Webb 2023,
    doi:10.1002/jae.2969, the S variants).

    Parameters
    ----------
    m : Moments
    columns : sequence of int, length q
    null : ndarray, shape (q,)
        Values of these coefficients, where the residuals are restricted.
    residuals : {"restricted", "unrestricted", "restricted_jackknife", "unrestricted_jackknife"}
    """
    if residuals == "unrestricted":
        return m.scores
    if residuals == "restricted":
        return m.xy - m.xx @ restricted_coef(m, columns, null)
    J = list(columns) if residuals == "restricted_jackknife" else []
    coef = _without_each(m, J, null[: len(J)])
    return np.asarray(m.xy - (m.xx @ coef[:, :, None])[:, :, 0])


def _without_each(m: Moments, J: list[int], null: Floats) -> Floats:
    """Coefficients without each cluster, given those of J, shape (clusters, k); zero along what is not identified."""
    free = [j for j in range(len(m.coef)) if j not in J]
    total = m.xx.sum(axis=0)
    scale = np.sqrt(np.diag(total))[free]
    left = (total - m.xx)[:, free]
    right = (m.xy.sum(axis=0) - m.xy)[:, free] - left[:, :, J] @ null
    inverse = np.linalg.pinv(left[:, :, free] / np.outer(scale, scale), rcond=IDENTIFIED, hermitian=True)
    coef = np.empty_like(m.xy)
    coef[:, J] = null
    coef[:, free] = (inverse @ (right / scale)[:, :, None])[:, :, 0] / scale
    return coef


def restricted_coef(m: Moments, columns: Sequence[int], null: Floats) -> Floats:
    """Least squares under ``coef[columns] = null``, shape (k,)."""
    J = list(columns)
    gap = np.linalg.solve(m.bread[np.ix_(J, J)], m.coef[J] - null)
    return np.asarray(m.coef - m.bread[:, J] @ gap)


def data_statistic(m: Moments, columns: Sequence[int], null: Floats) -> float:
    """Wald statistic of the data without small-sample factor, which would stand in every draw too.

    Missing where the covariance of the coefficients is singular.
    """
    J = list(columns)
    return float(wald((m.coef[J] - null)[:, None], cluster_sums(m)[:, J].T[:, :, None])[0])


def cluster_sums(m: Moments) -> Floats:
    """Cluster sums of the estimate, shape (clusters, k); missing for coefficients that are fitted without any error.

    So it is where all rows with an event lie in one cluster and no free effect spans others.
    """
    sums, parts = m.scores @ m.bread, np.abs(m.xy) @ np.abs(m.bread)
    rounding = np.linalg.norm(sums, axis=0) <= ROUNDING * np.linalg.norm(parts, axis=0)
    return np.where(rounding, np.nan, sums)


def statistics(m: Moments, columns: Sequence[int], null: Floats, draws: Draws, residuals: Residuals) -> Floats:
    """Wald statistics of the draws for ``coef[columns] = null``, shape (draws,); squared t for one column.

    Parameters
    ----------
    m : Moments
    columns : sequence of int, length q
    null : ndarray, shape (q,)
    draws : Draws
    residuals : {"restricted", "unrestricted", "restricted_jackknife", "unrestricted_jackknife"}
    """
    J = list(columns)
    scores, reach = scores_under(m, J, null, residuals), reach_of(m, J)
    own = scores @ m.bread[:, J]
    return np.concatenate([summed(own, reach, scores, block) for block in draws])


def reach_of(m: Moments, J: list[int]) -> Floats:
    """Effect of a draw's coefficients on the cluster sums of each column of J, shape (q, clusters, k)."""
    return np.asarray((m.xx @ m.bread[:, J]).transpose(2, 0, 1) @ m.bread)


def summed(own: Floats, reach: Floats, scores: Floats, weights: Floats) -> Floats:
    """Statistics from the sums of every cluster in every draw.

    Parameters
    ----------
    own : ndarray, shape (clusters, q)
    reach : ndarray, shape (q, clusters, k)
    scores : ndarray, shape (clusters, k)
    weights : ndarray, shape (clusters, draws)
    """
    q, clusters, k = reach.shape
    moved = np.concatenate([scores, own], axis=1).T @ weights
    sums = (reach.reshape(-1, k) @ moved[:k]).reshape(q, clusters, -1)
    sums -= own.T[:, :, None] * weights
    return wald(moved[k:], sums)


def wald(effect: Floats, sums: Floats) -> Floats:
    """Quadratic forms of effects in the inverse products of cluster sums, draw by draw.

    Missing where these products are singular, as they must be with fewer clusters than effects.

    Parameters
    ----------
    effect : ndarray, shape (q, draws)
    sums : ndarray, shape (q, clusters, draws)
    """
    if len(effect) == 1:
        return ratio(effect[0], dots(sums[0], sums[0]))
    q = len(effect)
    products = {(i, j): dots(sums[i], sums[j]) for i in range(q) for j in range(i, q)}
    return eliminated(effect, products, [IDENTIFIED * products[i, i] for i in range(q)])


def eliminated(effect: Floats, products: Mapping[tuple[int, int], Floats], least: Sequence[Floats]) -> Floats:
    """Quadratic forms of effects in the inverse of products, by elimination on all draws at once.

    Missing where a pivot is not larger than its least.

    Parameters
    ----------
    effect : ndarray, shape (q, draws)
    products : mapping of pair to ndarray, shape (draws,)
        Upper triangle.
    least : sequence of ndarray, length q, each of shape (draws,) or ()
    """
    q, total = len(effect), np.zeros(effect.shape[1])
    rest, held = list(effect), dict(products)
    for i in range(q):
        pivot = np.where(held[i, i] > least[i], held[i, i], np.nan)
        total += rest[i] ** 2 / pivot
        for j in range(i + 1, q):
            slope = held[i, j] / pivot
            rest[j] = rest[j] - slope * rest[i]
            for h in range(j, q):
                held[j, h] = held[j, h] - slope * held[i, h]
    return total


def ratio(effect: Floats, spread: Floats) -> Floats:
    """Squared effect over spread: infinite where only the spread is zero, missing where both are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(effect**2 / np.maximum(spread, 0.0))


def dots(first: Floats, second: Floats) -> Floats:
    """Sum products over the first axis, shapes (n, draws) to (draws,)."""
    return np.asarray(np.einsum("kb,kb->b", first, second))
