"""Statistics of single coefficients in every draw as functions of their null: a wild cluster bootstrap, inverted.

A sum of squares over clusters is a quadratic form of low rank in the weights; see :mod:`.wild` for the sums themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.draws import BLOCK, Draws
from eventpanel.estimators.core.moments import Moments
from eventpanel.estimators.core.wild import (
    CANCELLED,
    Residuals,
    cluster_sums,
    dots,
    ratio,
    reach_of,
    scores_under,
    summed,
)

# Numbers that products of one block may hold.
LARGEST = 4_000_000


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
        return ratio(self.effect[0] + x * self.effect[1], (self.spread[2] * x + self.spread[1]) * x + self.spread[0])

    def only(self, draws: Codes) -> Curve:
        """Curves of some draws."""
        return replace(self, effect=self.effect[:, draws], spread=self.spread[:, draws], tested=self.tested[draws])


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
    errors = {j: float(np.linalg.norm(cluster_sums(m)[:, j])) for j in nulls}
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
    own, reach = scores @ m.bread[:, j], reach_of(m, [j])[0]
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
        out[2] = dots(base, right)
        out[3] = dots(base, turned) + dots(change, right)
        out[4] = dots(change, turned)
    else:
        out[2:5] = np.einsum("gb,cgb->cb", block, parts)


def _test(out: Floats, form: _Form, block: Floats) -> None:
    """Statistics of one block at the null that was asked for."""
    powers = form.place ** np.arange(3)
    effect, spread = powers[:2] @ out[:2], powers @ out[2:5]
    out[5] = ratio(effect, spread)
    cancelled = np.flatnonzero(spread <= CANCELLED * float(powers @ form.square.sum(axis=1)))
    if len(cancelled):
        out[5, cancelled] = summed(form.under @ form.bread, form.reach[None], form.under, block[:, cancelled])
