"""Bias of Poisson gravity estimates and of their clustered covariance, from the effects of country-years.

Weidner and Zylkin (2021, doi:10.1016/j.jinteco.2021.103513), for many countries and few periods. The effects of
exporter-years and importer-years are estimated from about N partners each. With pair effects that biases coefficients
by order 1/N; with or without them residuals are too small, which biases the covariance downwards by order 1/N.

A pair is one block of T periods. ``H`` is minus the second derivative of its likelihood: ``diag(mean)``, less ``mean
mean' / total`` where the pair has an effect of its own. ``H = R R'`` with ``R = diag(sqrt(mean)) (1 - q q')`` and ``q``
the root of the shares, so that leverage becomes a symmetric matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import cross, group_sums
from eventpanel.estimators.core.least_squares import least_squares

# Importers times periods: a dense matrix of this size is factorised.
DENSE_LIMIT = 5000
# Below this, eigenvalues and pivots of scaled matrices are rounding: at most their size x 2e-16, 1e-12 at the limit.
RANK_TOLERANCE = 1e-11
# Leverage this close to one: the block fits its own rows exactly, and nothing is left to correct.
FULL_LEVERAGE = 1e-9


@dataclass(frozen=True, slots=True)
class Cells:
    """Where each row belongs; one row for each exporter, importer and period.

    Attributes
    ----------
    exporter, importer, period : ndarray, shape (n,)
        Codes 0..G-1.
    """

    exporter: Codes
    importer: Codes
    period: Codes


@dataclass(frozen=True, slots=True)
class GravityBias:
    """What fixed effects do to a Poisson gravity estimate.

    Attributes
    ----------
    bias : ndarray, shape (k,)
        To be subtracted from the coefficients; zero without pair effects.
    vcov : ndarray, shape (k, k)
        Covariance clustered by pair, residuals corrected for their leverage, no small-sample factor.
    leverage : float
        Largest leverage of a pair, 0 to 1.
    """

    bias: Floats
    vcov: Floats
    leverage: float


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Rows as blocks of one pair each; periods that a pair lacks are zero.

    Attributes
    ----------
    exporter, importer : ndarray, shape (P,)
    x, root_x : ndarray, shape (P, T, k)
        Regressors after the effects, and ``R'x``.
    s, root_s : ndarray, shape (P, T)
        Scores, and ``s`` with ``R root_s = s``.
    H, R : ndarray, shape (P, T, T)
    mean : ndarray, shape (P, T)
    """

    exporter: Codes
    importer: Codes
    x: Floats
    root_x: Floats
    s: Floats
    root_s: Floats
    H: Floats
    R: Floats
    mean: Floats


def gravity_bias(X: Floats, mean: Floats, scores: Floats, cells: Cells, *, pair_effects: bool) -> GravityBias:
    """Correct a Poisson fit with effects of exporter-years and importer-years, and perhaps pairs.

    Parameters
    ----------
    X : ndarray, shape (n, k)
        Regressors, independent after the effects.
    mean : ndarray, shape (n,)
        Fitted means, positive; times the weight of the row if there are weights.
    scores : ndarray, shape (n,)
        Outcome less fitted mean, times the weight.
    cells : Cells
    pair_effects : bool
        Whether pairs have effects of their own.

    Returns
    -------
    GravityBias

    Raises
    ------
    ValueError
        Two rows of one exporter, importer and period, or too many importer-years for a dense matrix.

    Examples
    --------
    >>> i, j, t = (a.ravel() for a in np.meshgrid(np.arange(4), np.arange(4), np.arange(2), indexing="ij"))
    >>> x = np.random.default_rng(1).normal(size=(32, 1))
    >>> gravity_bias(x, np.ones(32), np.zeros(32), Cells(i, j, t), pair_effects=True).bias.tolist()
    [0.0]
    """
    importers, periods = int(cells.importer.max()) + 1, int(cells.period.max()) + 1
    if importers * periods > DENSE_LIMIT:
        raise ValueError(f"{importers} importers times {periods} periods are more than {DENSE_LIMIT}")
    effects = [cross(cells.exporter, cells.period), cross(cells.importer, cells.period)]
    pairs = cross(cells.exporter, cells.importer)
    within = absorb(X, [*effects, pairs] if pair_effects else effects, mean).columns
    bread = least_squares(np.zeros(len(mean)), within, mean).bread
    b = _blocks(within, mean, scores, cells, pair_effects=pair_effects)
    bias = bread @ (_incidental(b, b.exporter) + _incidental(b, b.importer)) if pair_effects else np.zeros(X.shape[1])
    meat, leverage = _meat(b, bread)
    return GravityBias(bias, bread @ meat @ bread, leverage)


def _blocks(X: Floats, mean: Floats, scores: Floats, cells: Cells, *, pair_effects: bool) -> _Blocks:
    pair, T = cross(cells.exporter, cells.importer), int(cells.period.max()) + 1
    first = np.unique(pair, return_index=True)[1]
    if len(np.unique(pair * T + cells.period)) < len(pair):
        raise ValueError("two rows of one exporter, importer and period")
    full = np.zeros((len(first), T, X.shape[1] + 2))
    full[pair, cells.period] = np.column_stack([mean, scores, X])
    m, s, x = full[:, :, 0], full[:, :, 1], full[:, :, 2:]
    root = np.sqrt(m)
    q = root / np.sqrt(m.sum(axis=1, keepdims=True)) if pair_effects else np.zeros_like(root)
    R = root[:, :, None] * (np.eye(T) - q[:, :, None] * q[:, None, :])
    root_s = np.divide(s, root, out=np.zeros_like(s), where=root > 0)
    H = R @ R.transpose(0, 2, 1)
    return _Blocks(cells.exporter[first], cells.importer[first], x, R.transpose(0, 2, 1) @ x, s, root_s, H, R, m)


def _incidental(b: _Blocks, country: Codes) -> Floats:
    """Bias of the score from the effects of one side's country-years, shape (k,).

    Paper, proposition 3: -tr(H+ sum H x s') + tr(G H+ sum s s' H+) / 2 for each country, sums over partners. The factor
    N / (N - 1) is that of the authors' program, for scores that are residuals.
    """
    inverse = _inverses(_by(b.H, country))
    spread = inverse @ _by(b.s[:, :, None] * b.s[:, None, :], country) @ inverse
    total = np.zeros(b.x.shape[2])
    for k in range(len(total)):
        x = b.x[:, :, k]
        first = _by((b.H @ x[:, :, None]) * b.s[:, None, :], country)
        total[k] = 0.5 * np.sum(_by(_third(b, x), country) * spread) - np.sum(inverse * first)
    countries = int(country.max()) + 1
    return total * countries / (countries - 1)


def _third(b: _Blocks, x: Floats) -> Floats:
    """Third derivative of each pair's likelihood along x, which has mean zero in the pair, shape (P, T, T).

    Its diagonal, ``mean x`` once more, adds up to zero over the partners of a country-year and is left as it comes.
    """
    rows = b.H * x[:, :, None]
    return -rows - rows.transpose(0, 2, 1)


def _by(blocks: Floats, country: Codes) -> Floats:
    """Sum of blocks by country, shape (P, T, T) to (countries, T, T)."""
    return group_sums(blocks.reshape(len(blocks), -1), country).reshape(-1, *blocks.shape[1:])


def _inverses(blocks: Floats) -> Floats:
    """Generalised inverse of each block; a block has at least the null vector of ones where pairs have effects.

    Country-years of small trade must not pass for redundant ones: each is scaled by its own size.
    """
    scale = np.sqrt(np.einsum("gtt->gt", blocks))
    scale = np.where(scale > 0, scale, 1.0)
    outer = scale[:, :, None] * scale[:, None, :]
    return np.asarray(np.linalg.pinv(blocks / outer, rcond=RANK_TOLERANCE, hermitian=True) / outer)


def _meat(b: _Blocks, bread: Floats) -> tuple[Floats, float]:
    """Middle of the sandwich with residuals corrected for leverage, shape (k, k), and the largest leverage."""
    root_x = b.root_x
    leverage = root_x @ bread @ root_x.transpose(0, 2, 1) + b.R.transpose(0, 2, 1) @ _effects(b) @ b.R
    h, vectors = np.linalg.eigh((leverage + leverage.transpose(0, 2, 1)) / 2)
    part = (vectors.transpose(0, 2, 1) @ b.root_s[:, :, None])[:, :, 0]
    free = 1 - h > FULL_LEVERAGE
    corrected = (vectors @ np.where(free, part / np.where(free, 1 - h, 1.0), 0.0)[:, :, None])[:, :, 0]
    plain, scaled = (np.einsum("ptk,pt->pk", root_x, s) for s in (b.root_s, corrected))
    meat = scaled.T @ plain
    return (meat + meat.T) / 2, float(h.max())


def _effects(b: _Blocks) -> Floats:
    """Covariance of the two country-year effects of each pair's rows, were H their information, shape (P, T, T).

    Any generalised inverse will do: what it may add is constant over the periods of a pair, and R takes that out.
    """
    T, exporters, importers = b.H.shape[1], int(b.exporter.max()) + 1, int(b.importer.max()) + 1
    joint = np.zeros((exporters, T, importers, T))
    joint[b.exporter, :, b.importer, :] = b.H
    flat = joint.reshape(exporters, T, importers * T)
    own = _inverses(_by(b.H, b.exporter))
    reach = own @ flat
    gram = linalg.block_diag(*_by(b.H, b.importer))
    complement = gram - flat.reshape(exporters * T, -1).T @ reach.reshape(exporters * T, -1)
    inner = _symmetric_inverse(complement, np.sqrt(np.diag(gram)))
    across = (reach.reshape(exporters * T, -1) @ inner).reshape(exporters, T, importers * T)
    outer = own + across @ reach.transpose(0, 2, 1)
    between = across.reshape(exporters, T, importers, T)[b.exporter, :, b.importer, :]
    every = np.arange(importers)
    diagonal = inner.reshape(importers, T, importers, T)[every, :, every, :]
    return np.asarray(outer[b.exporter] + diagonal[b.importer] - between - between.transpose(0, 2, 1))


def _symmetric_inverse(matrix: Floats, size: Floats) -> Floats:
    """Generalised inverse of a positive semidefinite matrix by a pivoted factor; redundant levels are zero."""
    scale = np.where(size > 0, size, 1.0)
    factor, pivots, rank, _ = linalg.lapack.dpstrf(matrix / np.outer(scale, scale), tol=RANK_TOLERANCE)
    kept = pivots[:rank] - 1
    out = np.zeros_like(matrix)
    out[np.ix_(kept, kept)] = linalg.cho_solve((factor[:rank, :rank], False), np.eye(rank))
    return np.asarray(out / np.outer(scale, scale))
