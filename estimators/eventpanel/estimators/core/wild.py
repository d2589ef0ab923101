"""Wild cluster bootstrap on cluster scores: rows are never touched, effects never become dummies again.

Cameron, Gelbach and Miller (2008, doi:10.1162/rest.90.3.414); the algebra follows from Roodman, MacKinnon, Nielsen and
Webb (2019, doi:10.1177/1536867X19830877). A draw multiplies the residuals of whole clusters by its weights w. Its
effect is ``own'w``; its cluster sums are ``own_g w_g - reach_g' S'w``, S the cluster scores of the sampling process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.draws import BLOCK, Draws
from eventpanel.estimators.core.moments import Moments

Residuals = Literal["restricted", "unrestricted", "restricted_jackknife", "unrestricted_jackknife"]
# Numbers that products of one block may hold.
LARGEST = 4_000_000
# A sum of squares below this share of its parts has lost four digits: it is added up again, term by term.
CANCELLED = 1e-4
# Cluster sums below this share of what they are made of are rounding.
ROUNDING = 1e-12
# Directions of the cross-products without a cluster below this share of the largest are not identified.
IDENTIFIED = 1e-9


@dataclass(frozen=True, slots=True)
class Curve:
    """Statistics of one coefficient, draw by draw, as functions of the null ``estimate - x * error``.

    The statistic of the data is ``x^2``; that of a draw is ``(e0 + e1 x)^2 / (s0 + s1 x + s2 x^2)``.

    Attributes
    ----------
    estimate, error : float
        Coefficient and its clustered standard error, without small-sample factor.
    effect : ndarray, shape (2, draws)
    spread : ndarray, shape (3, draws)
    tested : ndarray, shape (draws,)
        Statistics at the null that was asked for.
    """

    estimate: float
    error: float
    effect: Floats
    spread: Floats
    tested: Floats

    def at(self, x: float) -> Floats:
        """Statistics of all draws, shape (draws,)."""
        return _ratio(self.effect[0] + x * self.effect[1], (self.spread[2] * x + self.spread[1]) * x + self.spread[0])


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
    return float(wald((m.coef[J] - null)[:, None], _sums(m)[:, J].T[:, :, None])[0])


def _sums(m: Moments) -> Floats:
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
    scores, reach = scores_under(m, J, null, residuals), _reach(m, J)
    own = scores @ m.bread[:, J]
    return np.concatenate([_summed(own, reach, scores, block) for block in draws])


def _reach(m: Moments, J: list[int]) -> Floats:
    """Effect of a draw's coefficients on the cluster sums of each column of J, shape (q, clusters, k)."""
    return np.asarray((m.xx @ m.bread[:, J]).transpose(2, 0, 1) @ m.bread)


def _summed(own: Floats, reach: Floats, scores: Floats, weights: Floats) -> Floats:
    """Statistics from the sums of every cluster in every draw."""
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
        return _ratio(effect[0], _dots(sums[0], sums[0]))
    # Elimination on the products of all draws at once.
    q, total = len(effect), np.zeros(effect.shape[1])
    products = {(i, j): _dots(sums[i], sums[j]) for i in range(q) for j in range(i, q)}
    sizes, rest = [products[i, i].copy() for i in range(q)], list(effect)
    for i in range(q):
        pivot = np.where(products[i, i] > IDENTIFIED * sizes[i], products[i, i], np.nan)
        total += rest[i] ** 2 / pivot
        for j in range(i + 1, q):
            slope = products[i, j] / pivot
            rest[j] = rest[j] - slope * rest[i]
            for h in range(j, q):
                products[j, h] = products[j, h] - slope * products[i, h]
    return total


def _ratio(effect: Floats, spread: Floats) -> Floats:
    """Squared effect over spread: infinite where only the spread is zero, missing where both are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(effect**2 / np.maximum(spread, 0.0))


@dataclass(frozen=True, slots=True)
class _Form:
    """What the draws of one coefficient are made of; index 0 at the estimate, 1 the change with a standard error.

    Attributes
    ----------
    place : float
        Standard errors from the estimate down to the null that was asked for.
    under : ndarray, shape (clusters, k)
        Cluster scores under that null.
    bread : ndarray, shape (k, 1)
    reach : ndarray, shape (clusters, k)
    square : ndarray, shape (3, clusters)
        Coefficients of ``w_g^2`` in the sum of squares: constant, linear, quadratic.
    base : ndarray, shape (k, clusters)
        Cluster scores at the estimate; those of the estimate itself are the same for all coefficients.
    rows : ndarray, shape (rows, clusters)
        What else a block of weights is multiplied by.
    """

    place: float
    under: Floats
    bread: Floats
    reach: Floats
    square: Floats
    base: Floats
    rows: Floats


def curves(m: Moments, nulls: dict[int, float], draws: Draws, residuals: Residuals) -> dict[int, Curve]:
    """Curves of several coefficients, each tested alone, from one pass over the weights.

    A sum of squares over clusters is a quadratic form of low rank in the weights, so that the sums of single clusters
    are needed only where digits cancel.

    Parameters
    ----------
    m : Moments
    nulls : dict of int to float
        Columns, and the value of each that is tested.
    draws : Draws
    residuals : {"restricted", "unrestricted", "restricted_jackknife", "unrestricted_jackknife"}
    """
    half = len(nulls) // 2
    if half and 4 * len(nulls) * min(m.xy.shape) * BLOCK > LARGEST:
        first, second = dict(list(nulls.items())[:half]), dict(list(nulls.items())[half:])
        return curves(m, first, draws, residuals) | curves(m, second, draws, residuals)
    errors = {j: float(np.linalg.norm(_sums(m)[:, j])) for j in nulls}
    forms = [_form(m, j, errors[j], null, residuals) for j, null in nulls.items()]
    rows = np.concatenate([form.rows for form in forms])
    shared = None if residuals.endswith("jackknife") else forms[0].base
    out, start = np.empty((len(nulls), 6, draws.count)), 0
    for block in draws:
        stop = start + block.shape[1]
        squares = None if draws.kind == "rademacher" else block**2
        common = None if shared is None else shared @ block
        # One product for all terms: many small ones wait for one another where the processor is shared.
        for part, form, products in zip(out[:, :, start:stop], forms, np.split(rows @ block, len(nulls)), strict=True):
            _fill(part, products, form.base @ block if common is None else common, block)
            part[2:5] += form.square.sum(axis=1, keepdims=True) if squares is None else form.square @ squares
            _test(part, form, block)
        start = stop
    return {j: Curve(float(m.coef[j]), errors[j], o[:2], o[2:5], o[5]) for j, o in zip(nulls, out, strict=True)}


def _form(m: Moments, j: int, error: float, null: float, residuals: Residuals) -> _Form:
    here = scores_under(m, [j], m.coef[[j]], residuals)
    # Scores are linear in the null: a step of the coefficient's own size keeps the digits of their change.
    step = max(error, abs(float(m.coef[j])))
    change = (scores_under(m, [j], m.coef[[j]] - step, residuals) - here) * (error / step)
    scores = np.array([here, change])
    own, reach = scores @ m.bread[:, j], _reach(m, [j])[0]
    right = scores @ (reach.T @ reach) - 2 * own[:, :, None] * reach
    if scores.shape[2] <= scores.shape[1]:
        parts, base = [change.T, right[0].T, right[1].T], here.T
    else:
        mixed = here @ right[1].T + change @ right[0].T
        parts, base = [here @ right[0].T, mixed, change @ right[1].T], np.empty((0, len(here)))
    return _Form(
        place=(float(m.coef[j]) - null) / error,
        under=scores_under(m, [j], np.array([null]), residuals),
        bread=m.bread[:, [j]],
        reach=reach,
        square=np.array([own[0] ** 2, 2 * own[0] * own[1], own[1] ** 2]),
        base=base,
        rows=np.concatenate([own, *parts]),
    )


def _fill(out: Floats, products: Floats, base: Floats, block: Floats) -> None:
    """Effects of one block, and its spreads but for the squared weights, into shape (6, draws of the block)."""
    out[:2] = products[:2]
    parts = products[2:].reshape(3, -1, block.shape[1])
    if len(base):
        change, right, turned = parts
        out[2] = _dots(base, right)
        out[3] = _dots(base, turned) + _dots(change, right)
        out[4] = _dots(change, turned)
    else:
        out[2:5] = np.einsum("gb,cgb->cb", block, parts)


def _test(out: Floats, form: _Form, block: Floats) -> None:
    """Statistics of one block at the null that was asked for."""
    powers = form.place ** np.arange(3)
    effect, spread = powers[:2] @ out[:2], powers @ out[2:5]
    out[5] = _ratio(effect, spread)
    cancelled = np.flatnonzero(spread <= CANCELLED * float(powers @ form.square.sum(axis=1)))
    if len(cancelled):
        out[5, cancelled] = _summed(form.under @ form.bread, form.reach[None], form.under, block[:, cancelled])


def _dots(first: Floats, second: Floats) -> Floats:
    return np.asarray(np.einsum("kb,kb->b", first, second))
