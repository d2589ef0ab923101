"""Joint tests of the wild cluster bootstrap from forms of low rank: sums of single clusters only where digits cancel.

The products of two coefficients' cluster sums over a draw's clusters are a quadratic form in its weights: the diagonal
``own_i own_j`` and a part of the rank of the cluster scores. See :mod:`.wild` for the sums themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.draws import Draws
from eventpanel.estimators.core.moments import Moments
from eventpanel.estimators.core.wild import CANCELLED, Residuals, dots, eliminated, reach_of, scores_under, summed

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Joint:
    """What the draws of one test are made of.

    Attributes
    ----------
    scores : ndarray, shape (clusters, k)
        Of the sampling process.
    own : ndarray, shape (clusters, q)
    reach : ndarray, shape (q, clusters, k)
    squares : dict of pair to ndarray, shape (clusters,)
        Coefficients of the squared weights.
    rows : ndarray, shape (k + q + pairs * k, clusters)
        What a block of weights is multiplied by.
    """

    scores: Floats
    own: Floats
    reach: Floats
    squares: dict[Pair, Floats]
    rows: Floats


def joint_statistics(m: Moments, tests: Sequence[Sequence[int]], draws: Draws, residuals: Residuals) -> list[Floats]:
    """Wald statistics of the draws for several tests that columns are zero, each shape (draws,).

    Parameters
    ----------
    m : Moments
    tests : sequence of sequence of int
        Columns of each test.
    draws : Draws
    residuals : {"restricted", "unrestricted", "restricted_jackknife", "unrestricted_jackknife"}
    """
    forms = [_form(m, list(columns), residuals) for columns in tests]
    out, start = np.empty((len(forms), draws.count)), 0
    for block in draws:
        stop = start + block.shape[1]
        for one, form in zip(out[:, start:stop], forms, strict=True):
            one[:] = _of_block(form, block, plain_weights=draws.kind == "rademacher")
        start = stop
    return list(out)


def _form(m: Moments, J: list[int], residuals: Residuals) -> _Joint:
    scores, reach = scores_under(m, J, np.zeros(len(J)), residuals), reach_of(m, J)
    own = scores @ m.bread[:, J]
    pairs = [(i, j) for i in range(len(J)) for j in range(i, len(J))]
    parts = []
    for i, j in pairs:
        turned = reach[i].T @ reach[j]
        crossed = own[:, [i]] * reach[j] + own[:, [j]] * reach[i]
        parts.append((scores @ (turned + turned.T) / 2 - crossed).T)
    squares = {(i, j): own[:, i] * own[:, j] for i, j in pairs}
    return _Joint(scores, own, reach, squares, np.concatenate([scores.T, own.T, *parts]))


def _of_block(form: _Joint, block: Floats, *, plain_weights: bool) -> Floats:
    k, q = form.scores.shape[1], form.own.shape[1]
    moved = form.rows @ block
    base, effect = moved[:k], moved[k : k + q]
    parts = moved[k + q :].reshape(len(form.squares), k, -1)
    weights = None if plain_weights else block**2
    squares = {pair: s.sum() if weights is None else s @ weights for pair, s in form.squares.items()}
    products = {pair: squares[pair] + dots(base, part) for pair, part in zip(form.squares, parts, strict=True)}
    found = eliminated(effect, products, [np.asarray(CANCELLED * squares[i, i]) for i in range(q)])
    again = np.flatnonzero(np.isnan(found))
    if len(again):
        found[again] = summed(form.own, form.reach, form.scores, block[:, again])
    return found
