"""Regression: the arrays of a linear regression before its fixed effects, on rows or, where that is the same, on cells.

Terms of an event are the same for all exporters that face an importer in a year. Where every cell of importer and year
holds the same exporters, the regression on pairs is, coefficient by coefficient and cluster by cluster, the regression
of cell means on cells, with effects merged to what cells can tell apart: a panel 36 times smaller for 36 exporters.
Whether it is the same is not assumed but computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.absorb import Absorber, absorber
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import first_rows, is_nested, recode
from eventpanel.estimators.matrices import Matrices

# Group means of a column of size one that should be zero: what rounding leaves of sums over many rows.
ZERO = 1e-11


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """A linear regression before its fixed effects are absorbed.

    Attributes
    ----------
    y : ndarray, shape (n,)
    X : ndarray, shape (n, k)
    effects : tuple of ndarray, each shape (n,)
        Codes of the fixed effects; a constant where there is none.
    clusters : ndarray, shape (n,)
    weights : ndarray, shape (n,), or None
    absorber : Absorber, optional
        Of these effects, where it is prepared already.
    """

    y: Floats
    X: Floats
    effects: tuple[Codes, ...]
    clusters: Codes
    weights: Floats | None
    absorber: Absorber | None = None


def by_rows(m: Matrices) -> Regression:
    """Regression on the rows of the panel."""
    return Regression(m.y, m.X, effects_of(m), m.clusters, m.weights)


def compact(m: Matrices) -> Regression:
    """Regression on cells where that is the same regression, else on rows.

    The same are coefficients, the sums of scores of each cluster, and all of this without any of the clusters.
    """
    cells = None if m.controls.shape[1] else balanced_cells(m)
    if cells is None:
        return by_rows(m)
    means = np.bincount(m.cells, weights=m.y) / cells.rows
    return Regression(means, m.profiles, cells.effects, cells.clusters, cells.rows, cells.absorber)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells on which columns that are the same within them have the residuals they have on rows.

    Attributes
    ----------
    effects : tuple of ndarray, each shape (cells,)
        Fixed effects, merged to what cells can tell apart.
    clusters : ndarray, shape (cells,)
    rows : ndarray, shape (cells,)
        Number of rows.
    absorber : Absorber
        Of these effects, weighted by rows.
    """

    effects: tuple[Codes, ...]
    clusters: Codes
    rows: Floats
    absorber: Absorber


def balanced_cells(m: Matrices) -> Cells | None:
    """Find the cells that can stand for rows; None where they cannot, or where there are hardly fewer of them."""
    if m.weights is not None or m.cell_clusters is None or 2 * len(m.profiles) > len(m.cells):
        return None
    effects, first = effects_of(m), first_rows(m.cells, len(m.profiles))
    rows = m.rows.astype(np.float64)
    merged = tuple(recode(codes[first]) for codes in effects)
    if not _told_apart(m.cells, effects, merged):
        return None
    small = absorber(merged, rows)
    return Cells(merged, m.cell_clusters, rows, small) if _balanced(m.cells, effects, small) else None


def effects_of(m: Matrices) -> tuple[Codes, ...]:
    """Codes of the fixed effects, or of a constant where there is none, each shape (n,)."""
    return tuple(codes for _, codes in m.effects) or (np.zeros(len(m.y), dtype=np.int64),)


def _told_apart(cells: Codes, effects: Sequence[Codes], merged: Sequence[Codes]) -> bool:
    """Whether each level lies in one merged level, so that the effects span all that the merged ones do."""
    return all(is_nested(codes, levels[cells]) for codes, levels in zip(effects, merged, strict=True))


def _balanced(cells: Codes, effects: Sequence[Codes], merged: Absorber) -> bool:
    """Whether what merged effects leave of a column of cells is orthogonal to the effects on rows.

    It is tried on one random column: orthogonality is linear, so it holds for that one only if it holds for all.
    """
    probe = np.random.default_rng(0).random((len(merged.groups[0].codes), 1))
    left = merged.absorb(probe).columns[cells, 0]
    means = (np.bincount(codes, weights=left) / np.bincount(codes) for codes in effects)
    return all(float(np.abs(mean).max()) <= ZERO for mean in means)
