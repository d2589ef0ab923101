"""Null space of columns and the dummies of any number of fixed effects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import lsmr

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import dummies_of

# Numbers the basis of the null space may hold.
BASIS_LIMIT = 30_000_000
# Columns are of size one here: parts below this are rounding.
ZERO = 1e-9


def design_matrix(columns: Floats, groupings: Sequence[Codes]) -> sparse.csr_array:
    """Put columns and the dummies of all groups side by side, shapes (n, k) and (n,) to (n, k + levels)."""
    blocks = [sparse.csr_array(columns), *([dummies_of(groupings)] if groupings else [])]
    return sparse.csr_array(sparse.hstack(blocks, format="csr"))


def null_space(columns: Floats, groupings: Sequence[Codes]) -> Floats | None:
    """Find all coefficients of columns and dummies that give zero on every row.

    Two effects are connected parts of a graph; three or more are found by random vectors.

    Parameters
    ----------
    columns : ndarray, shape (n, k)
        Columns of size one.
    groupings : sequence of ndarray, each shape (n,)
        Group codes 0..G-1 of each effect, none of them empty.

    Returns
    -------
    ndarray, shape (k + levels, p), or None
        None where it is too large or, with three or more effects, not known exactly.

    Examples
    --------
    >>> null_space(np.array([[1.0], [2.0]]), [np.array([0, 0])]).shape
    (2, 0)
    """
    n, k = columns.shape
    effects = _null_of_effects(groupings)
    if effects is None:
        return None
    within = absorb(columns, groupings).columns
    # From the triangular factor: singular values keep their digits.
    _, values, rotation = linalg.svd(np.linalg.qr(within, mode="r")) if k and n else (None, np.zeros(0), np.eye(k))
    rank = int((values > ZERO * np.sqrt(n)).sum())
    slopes = rotation[rank:].T
    scaled, norms = _unit_columns(groupings) if groupings else (sparse.csr_array((n, 0)), np.ones(0))
    levels = [-_solve(scaled, columns @ slope) / norms for slope in slopes.T]
    joint = np.vstack([slopes, np.column_stack(levels)]) if levels else np.zeros((k + len(effects), 0))
    return np.hstack([joint, np.vstack([np.zeros((k, effects.shape[1])), effects])])


def _unit_columns(groupings: Sequence[Codes]) -> tuple[sparse.csr_array, Floats]:
    """Dummies divided by their norms, and the norms."""
    dummies = design_matrix(np.empty((len(groupings[0]), 0)), groupings)
    norms = np.sqrt(np.maximum(np.asarray(dummies.sum(axis=0), dtype=np.float64), 1.0))
    return sparse.csr_array(dummies @ sparse.diags_array(1 / norms)), norms


def _solve(design: sparse.csr_array, target: Floats) -> Floats:
    """Solve a consistent system; the second pass solves for what the first leaves."""
    if not design.shape[1]:
        return np.zeros(0)
    first = lsmr(design, target, atol=1e-14, btol=1e-14, maxiter=20_000)[0]
    return np.asarray(first + lsmr(design, target - design @ first, atol=1e-14, btol=1e-14, maxiter=20_000)[0])


def _null_of_effects(groupings: Sequence[Codes]) -> Floats | None:
    """Levels of the effects that add up to zero on every row, shape (levels, p)."""
    sizes = [int(codes.max(initial=-1)) + 1 for codes in groupings]
    levels = sum(sizes)
    if len(groupings) < 2:
        return np.zeros((levels, 0))
    if len(groupings) == 2:
        # On each connected part of the graph of levels: one up, the other down.
        first, second = groupings
        links = sparse.coo_array((np.ones(len(first)), (first, second + sizes[0])), shape=(levels, levels))
        count, labels = csgraph.connected_components(links, directed=False)
        signs = np.where(np.arange(levels) < sizes[0], 1.0, -1.0)
        return signs[:, None] * np.eye(count)[labels] if count * levels <= BASIS_LIMIT else None
    return _probed(groupings, levels)


def _probed(groupings: Sequence[Codes], levels: int) -> Floats | None:
    """Null space of three or more effects: random vectors less their projection, until more of them add nothing.

    None where it holds too much, or where the projections were not exact enough to tell its dimension.
    """
    scaled, norms = _unit_columns(groupings)
    draw, probes, count = np.random.default_rng(0), np.zeros((levels, 0)), 16
    while count * levels <= BASIS_LIMIT:
        more = draw.normal(size=(count - probes.shape[1], levels))
        probes = np.column_stack([probes, *[row - _solve(scaled, scaled @ row) for row in more]])
        left, values, _ = linalg.svd(probes, full_matrices=False)
        real = values > 1e-5 * values[0]
        if real.sum() < count:
            null = left[:, real]
            exact = (values[~real] <= ZERO * values[0]).all() and np.abs(scaled @ null).max() <= ZERO
            return null / norms[:, None] if exact else None
        count *= 2
    return None
