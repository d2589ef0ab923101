"""Absorb any number of fixed effects: exact where the effects can be factorised, certified everywhere.

Where the effects are balanced, one round of group means removes them. Else the largest effect is removed by group means
and the others follow from one factorised Schur complement; where that is too large, from conjugate gradients on its
levels. Each answer carries the largest group mean that is left.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.conjugate import Levels
from eventpanel.estimators.core.connected import connected_parts
from eventpanel.estimators.core.grouping import Grouping, grouping
from eventpanel.estimators.core.groups import first_rows
from eventpanel.estimators.core.schur import Schur, cross_table, factorise

# Group means this small, in standard deviations of the column, are rounding.
ROUNDING = 1e-14
PASSES = 4
# Numbers that are worked on at a time: a few columns of a large panel, all of a small one.
BLOCK = 1 << 20
# Each worker holds one block of its own.
WORKERS = 4


@dataclass(frozen=True, slots=True)
class Absorbed:
    """Columns after fixed effects.

    Attributes
    ----------
    columns : ndarray, shape (n, k)
        Residuals of each column on the dummies of all effects; each column lies together in memory.
    rank : int
        Number of linearly independent dummies.
    exact_rank : bool
        False where ``rank`` is an upper bound: three or more effects too large to factorise.
    certificate : float
        Largest group mean left, as a fraction of its column's standard deviation before absorption.
    """

    columns: Floats
    rank: int
    exact_rank: bool
    certificate: float


@dataclass(frozen=True, slots=True)
class Absorber:
    """Fixed effects of one sample with one set of weights, prepared once for any number of columns.

    Attributes
    ----------
    groups : tuple of Grouping
        The largest first.
    weights : ndarray, shape (n,), or None
    levels : Schur, Levels or None
        System of the levels of all effects but the largest; None where group means in turn are enough.
    rank : int
    exact_rank : bool
    """

    groups: tuple[Grouping, ...]
    weights: Floats | None
    levels: Schur | Levels | None
    rank: int
    exact_rank: bool

    def absorb(self, columns: Floats) -> Absorbed:
        """Residualise columns, shape (n, k)."""
        n, k = columns.shape
        within = np.empty((k, n))
        step = max(1, BLOCK // max(n, 1))

        def one(start: int) -> float:
            part = within[start : start + step]
            part[:] = columns[:, start : start + step].T
            return _residualise(self, part, np.empty_like(part))

        starts = range(0, k, step)
        if len(starts) == 1:
            return Absorbed(within.T, self.rank, self.exact_rank, one(0))
        # Columns are worked on side by side; each is the same whatever the number of workers.
        with ThreadPoolExecutor(min(WORKERS, os.cpu_count() or 1)) as pool:
            left = max(pool.map(one, starts), default=0.0)
        return Absorbed(within.T, self.rank, self.exact_rank, left)


def absorber(groupings: Sequence[Codes], weights: Floats | None = None) -> Absorber:
    """Prepare fixed effects.

    Parameters
    ----------
    groupings : sequence of ndarray, each shape (n,)
        Group codes 0..G-1 of each effect; at least one.
    weights : ndarray, shape (n,), optional
        Positive weights.

    Examples
    --------
    >>> unit, period = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> absorber([unit, period]).levels is None  # balanced
    True
    """
    groups = _by_size(groupings, weights)
    return _prepared(groups, _parts(groups), weights)


def _prepared(groups: tuple[Grouping, ...], parts: Codes, weights: Floats | None) -> Absorber:
    first, rest = groups[0], groups[1:]
    if not rest:
        return Absorber(groups, weights, None, first.present, exact_rank=True)
    in_turn = Absorber(
        groups, weights, None, first.present + rest[0].present - int(parts.max(initial=-1)) - 1, len(rest) == 1
    )
    # In one connected part group means are enough only if every level meets every other.
    sparse = parts.max(initial=0) == 0 and first.size * rest[0].size > len(first.codes)
    if in_turn.exact_rank and not sparse and _balanced(in_turn):
        return in_turn
    table = cross_table(first, rest, weights)
    schur = factorise(table, first)
    if schur is not None:
        return Absorber(groups, weights, schur, first.present + schur.rank, exact_rank=True)
    # Every further effect repeats the constant at least once.
    bound = in_turn.rank + sum(group.present - 1 for group in rest[1:])
    levels = Levels(table, first.mass, parts if in_turn.exact_rank else None)
    return Absorber(groups, weights, levels, bound, in_turn.exact_rank)


def absorb(columns: Floats, groupings: Sequence[Codes], weights: Floats | None = None) -> Absorbed:
    """Residualise columns on fixed effects.

    Parameters
    ----------
    columns : ndarray, shape (n, k)
        Outcome and regressors.
    groupings : sequence of ndarray, each shape (n,)
        Group codes 0..G-1 of each effect; none leaves the columns as they are.
    weights : ndarray, shape (n,), optional
        Positive weights.

    Returns
    -------
    Absorbed

    Examples
    --------
    >>> import numpy as np
    >>> unit, period = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> absorb(np.array([[1.0], [2.0], [3.0], [4.0]]), [unit, period]).rank
    3
    """
    if not groupings:
        return Absorbed(columns, rank=0, exact_rank=True, certificate=0.0)
    groups = _by_size(groupings, weights)
    parts = _parts(groups)
    done = _once_around(columns, groups, parts) if len(groups) == 2 and weights is None else None
    return _prepared(groups, parts, weights).absorb(columns) if done is None else done


def _parts(groups: tuple[Grouping, ...]) -> Codes:
    """Find the connected part of each level of the second grouping, where there is one."""
    return connected_parts(groups[0], groups[1]) if len(groups) > 1 else np.zeros(0, dtype=np.int64)


def _once_around(columns: Floats, groups: tuple[Grouping, ...], parts: Codes) -> Absorbed | None:
    """Remove two effects by one round of group means, where that is enough for these columns.

    What is taken off lies in the span of the effects; where no group mean is left, it is the projection on them.
    """
    first, second = groups
    rows = first_rows(first.codes, first.size) if first.starts is None else first.starts
    number, outer = int(parts.max(initial=-1)) + 1, parts.take(second.codes.take(rows))
    # In a balanced part each level of one effect meets each of the other once.
    whole = first.present == first.size and second.present == second.size
    if not whole or len(first.codes) != np.bincount(outer, minlength=number) @ np.bincount(parts, minlength=number):
        return None
    in_turn = Absorber(groups, None, None, first.size + second.size - number, exact_rank=True)
    within = np.array(columns.T, order="C")
    left = _residualise(in_turn, within, np.empty_like(within), passes=1)
    return Absorbed(within.T, in_turn.rank, exact_rank=True, certificate=left) if left <= 10 * ROUNDING else None


def _by_size(groupings: Sequence[Codes], weights: Floats | None = None) -> tuple[Grouping, ...]:
    return tuple(sorted((grouping(codes, weights) for codes in groupings), key=lambda group: -group.size))


def _balanced(effects: Absorber) -> bool:
    """Whether one round of group means removes all effects: it does for one random column only if it does for all."""
    probe = np.random.default_rng(0).random((1, len(effects.groups[0].codes)))
    return _residualise(effects, probe, np.empty_like(probe), passes=1) <= 10 * ROUNDING


def _residualise(effects: Absorber, columns: Floats, buffer: Floats, passes: int = PASSES) -> float:
    """Residualise columns in place, shape (k, n); returns the largest group mean left."""
    if not columns.size:
        return 0.0
    w = effects.weights
    scale = _centre(columns, w, buffer)
    left = np.inf
    for _ in range(passes):
        if effects.levels is None:
            for group in effects.groups:
                _subtract_means(columns, group, w, buffer)
        else:
            _subtract_means(columns, effects.groups[0], w, buffer)
            _subtract_levels(columns, effects, buffer, scale[:, 0])
            _subtract_means(columns, effects.groups[0], w, buffer)
        before, left = left, max(_largest_mean(columns, group, w, buffer, scale) for group in effects.groups)
        if left <= ROUNDING or left > before / 2:
            break
    return left


def _centre(columns: Floats, w: Floats | None, buffer: Floats) -> Floats:
    """Subtract means in place; returns standard deviations, shape (k, 1)."""
    total = columns.shape[1] if w is None else w.sum()
    columns -= (columns.sum(axis=1) if w is None else columns @ w)[:, None] / total
    np.multiply(columns, columns, out=buffer)
    variance = (buffer.sum(axis=1) if w is None else buffer @ w) / total
    return np.asarray(np.sqrt(np.maximum(variance, np.finfo(float).tiny))[:, None])


def _weighted(columns: Floats, w: Floats | None, buffer: Floats) -> Floats:
    if w is None:
        return columns
    return np.asarray(np.multiply(columns, w, out=buffer))


def _subtract_means(columns: Floats, group: Grouping, w: Floats | None, buffer: Floats) -> None:
    means = group.sums(_weighted(columns, w, buffer)) / group.mass
    columns -= group.spread(means, buffer)


def _largest_mean(columns: Floats, group: Grouping, w: Floats | None, buffer: Floats, scale: Floats) -> float:
    means = group.sums(_weighted(columns, w, buffer)) / group.mass
    return float((np.abs(means) / scale).max())


def _subtract_levels(columns: Floats, effects: Absorber, buffer: Floats, spread: Floats) -> None:
    assert effects.levels is not None
    rest = effects.groups[1:]
    weighted = _weighted(columns, effects.weights, buffer)
    effect = effects.levels.solve(np.hstack([group.sums(weighted) for group in rest]), spread)
    start = 0
    for group in rest:
        columns -= group.spread(effect[:, start : start + group.size], buffer)
        start += group.size
