"""Least squares to the last digit, fixed effects included: the oracle of the fast path, and its rescue.

Householder QR in doubles, then refinement of the augmented system of residuals and coefficients (Bjorck 1967,
doi:10.1007/BF01939321) with what is left accumulated in double-double. The columns may be pairs themselves, so that
rounding them to doubles, which no solver can undo, does not come first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.double_double import Pairs, pairs, plus, root, times, total
from eventpanel.estimators.core.groups import dummies_of, group_sums, recode
from eventpanel.estimators.core.least_squares import Fit

STEPS = 30
# Levels of all effects but the largest that are factorised.
LEVELS = 3000
# Pivots of scaled dummies below this are redundant levels; group means below it are gone: what is left of them
# enters the coefficients squared.
ABSORBED = 1e-11
# A refinement that ends above this is no answer.
SETTLED = 1e-13
PASSES = 3
TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True, slots=True)
class Exact:
    """A fit in which rounding has no part left.

    Attributes
    ----------
    fit : Fit
        Coefficients, bread, scores and residuals, each right to about the last digit.
    certificate : float
        Last correction of coefficients and bread, as a share of the largest in its column.
    """

    fit: Fit
    certificate: float


def exact(
    y: Floats | Pairs, X: Floats | Pairs, groupings: Sequence[Codes] = (), weights: Floats | None = None
) -> Exact:
    """Regress y on X and fixed effects, all before absorption, as if numbers had infinitely many digits.

    Parameters
    ----------
    y : ndarray or Pairs, shape (n,)
    X : ndarray or Pairs, shape (n, k)
        Linearly independent after the effects.
    groupings : sequence of ndarray, each shape (n,)
        Group codes 0..G-1 of each effect; without any there is no constant.
    weights : ndarray, shape (n,), optional
        Positive weights.

    Returns
    -------
    Exact

    Raises
    ------
    ArithmeticError
        Columns so nearly collinear that refinement does not converge, or effects too many to factorise.

    Examples
    --------
    >>> x = np.array([0.0, 1.0, 2.0, 3.0]) + 1e8
    >>> exact(0.1 * x, x[:, None], [np.zeros(4, dtype=np.int64)]).fit.coef.round(7).tolist()
    [0.1]
    """
    w = np.ones(len(y.high if isinstance(y, Pairs) else y)) if weights is None else weights
    target, design = pairs(y)[:, None], pairs(X)
    columns = Pairs(np.hstack([target.high, design.high]), np.hstack([target.low, design.low]))
    within = _absorbed(columns, [recode(codes) for codes in groupings], w) if len(groupings) else columns
    weighted = within if weights is None else times(within, root(w)[:, None])
    # Powers of two: scaling rounds nothing.
    powers = np.frexp(np.linalg.norm(weighted.high, axis=0))[1]
    scaled = Pairs(np.ldexp(weighted.high, -powers), np.ldexp(weighted.low, -powers))
    coef, left, certificate = _refined(scaled[:, 0], scaled[:, 1:])
    residuals = np.ldexp(left[:, 0], powers[0]) / np.sqrt(w)
    bread = np.ldexp(coef[:, 1:], -(powers[1:, None] + powers[1:]))
    scores = within.high[:, 1:] * (w * residuals)[:, None]
    return Exact(Fit(np.ldexp(coef[:, 0], powers[0] - powers[1:]), residuals, scores, bread), certificate)


def _refined(y: Pairs, X: Pairs) -> tuple[Floats, Floats, float]:
    """Solve ``s + X b = f, X's = g`` for the coefficients (f = y, g = 0) and the bread (f = 0, g = -1) at once."""
    n, k = X.high.shape
    f = Pairs(*(np.column_stack([part, np.zeros((n, k))]) for part in (y.high, y.low)))
    g = pairs(np.column_stack([np.zeros(k), -np.eye(k)]))
    q, r = linalg.qr(X.high, mode="economic")
    b, s, last = np.zeros((k, k + 1)), np.zeros((n, k + 1)), np.inf
    for _ in range(STEPS):
        missing, slope = _left(f, g, X, b, s)
        turn = q.T @ missing - linalg.solve_triangular(r, slope, trans="T")
        change = linalg.solve_triangular(r, turn)
        share = float((np.abs(change).max(axis=0, initial=0.0) / _sizes(b + change)).max(initial=0.0))
        if not share < last / 2:
            break
        b, s, last = b + change, s + missing - q @ turn, share
    if not last <= SETTLED:
        raise ArithmeticError(f"exact least squares did not settle: last correction {last:.1e}; columns are collinear")
    return b, s, last


def _sizes(b: Floats) -> Floats:
    return np.asarray(np.maximum(np.abs(b).max(axis=0, initial=0.0), TINY))


def _left(f: Pairs, g: Pairs, X: Pairs, b: Floats, s: Floats) -> tuple[Floats, Floats]:
    """Residuals of the two equations, computed in double-double, rounded to doubles."""
    missing, slopes = plus(f, pairs(-s)), []
    for j in range(X.high.shape[1]):
        column = X[:, j : j + 1]
        missing = plus(missing, times(column, pairs(-b[j])))
        slopes.append(plus(g[j], -total(times(column, pairs(s)))).high)
    return missing.high, np.array(slopes).reshape(b.shape)


def _absorbed(columns: Pairs, groupings: Sequence[Codes], w: Floats) -> Pairs:
    """Columns less effects, the differences in double-double; effects that are off by rounding span the same."""
    first, *rest = sorted(groupings, key=lambda codes: -int(codes.max(initial=0)))
    remaining = _effects(first, rest, w) if rest else None
    size = np.linalg.norm(columns.high - columns.high.mean(axis=0), axis=0)
    for _ in range(PASSES):
        columns = _less(columns, first, _means(columns.high, first, w))
        if remaining is not None:
            for codes, effect in zip(rest, remaining(columns.high), strict=True):
                columns = _less(columns, codes, effect)
    columns = _less(columns, first, _means(columns.high, first, w))
    left = max(
        float(np.abs(_means(columns.high, codes, w)).max(axis=0) @ (1 / np.maximum(size, TINY))) for codes in groupings
    )
    if left > ABSORBED:
        raise ArithmeticError(f"exact least squares: effects could not be removed, {left:.1e} of a column is left")
    return columns


def _effects(first: Codes, rest: Sequence[Codes], w: Floats) -> Callable[[Floats], list[Floats]]:
    """Effects of the other groupings, for columns without the means of the first; redundant levels get zero."""
    sizes = [int(codes.max(initial=0)) + 1 for codes in rest]
    if sum(sizes) > LEVELS:
        raise ArithmeticError(f"exact least squares: {sum(sizes)} levels are too many to factorise")
    dummies = dummies_of(rest)
    weighted = dummies.multiply(w[:, None]).tocsr()
    joint = (dummies_of([first]).T @ weighted).toarray()
    gram = (dummies.T @ weighted).toarray()
    scale = np.sqrt(np.diag(gram))
    complement = gram - joint.T @ (joint / np.bincount(first, weights=w)[:, None])
    factor, pivots, rank, _ = linalg.lapack.dpstrf(complement / np.outer(scale, scale), tol=ABSORBED)
    kept = pivots[:rank] - 1

    def solve(columns: Floats) -> list[Floats]:
        effect = np.zeros((len(scale), columns.shape[1]))
        right = (weighted.T @ columns)[kept] / scale[kept, None]
        effect[kept] = linalg.cho_solve((factor[:rank, :rank], False), right) / scale[kept, None]
        return np.split(effect, np.cumsum(sizes)[:-1])

    return solve


def _less(columns: Pairs, codes: Codes, effect: Floats) -> Pairs:
    return plus(columns, pairs(-effect[codes]))


def _means(columns: Floats, codes: Codes, w: Floats) -> Floats:
    return group_sums(columns * w[:, None], codes) / np.bincount(codes, weights=w)[:, None]
