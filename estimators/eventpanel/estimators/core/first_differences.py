"""First differences of units that have not switched, regressed on those of controls, by treatment at the start.

de Chaisemartin and D'Haultfoeuille (2024, doi:10.1162/rest_a_01414), Web Appendix 1.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.switch_field import Field, inflation

__all__ = ["Adjustment", "adjustment"]

# Relative to the largest, smaller eigenvalues of the cross-products of the controls count as zero.
RANK = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Adjustment:
    """Slopes of controls, one set for each treatment at the start.

    Attributes
    ----------
    level : ndarray, shape (U,)
        Treatment at the start, as code.
    slopes : ndarray, shape (L, c)
    bread : ndarray, shape (L, c, c)
        Generalised inverse of the cross-products.
    pull : ndarray, shape (c, U, T - 1)
        Weighted, demeaned first differences of the controls: what they multiply are first differences of the outcome.
    scores : ndarray, shape (U, c)
        What each unit adds to the normal equations.
    short : ndarray of bool, shape (L,)
        Levels in which some control is not identified.
    """

    level: Codes
    slopes: Floats
    bread: Floats
    pull: Floats
    scores: Floats
    short: Mask

    def predicted(self, change: Floats) -> Floats:
        """Change of the outcome that changes of the controls explain, shapes (c, U, B) to (U, B)."""
        return np.asarray(np.einsum("cub,uc->ub", change, self.slopes[self.level]))

    def gradient(self, cells: Floats, change: Floats) -> Floats:
        """Differentiate an estimate with respect to the slopes, times the bread, shape (L, c)."""
        per_unit = np.einsum("ub,cub->uc", cells, change)
        by_level = np.zeros(self.slopes.shape)
        np.add.at(by_level, self.level, -per_unit)
        return np.asarray(np.einsum("lcd,ld->lc", self.bread, by_level))


def adjustment(f: Field, level: Codes, outcome: Floats, controls: Floats) -> Adjustment:
    """Regress first differences on those of controls and on strata by periods, before the switch.

    Parameters
    ----------
    f : Field
    level : ndarray, shape (U,)
        Treatment at the start, dense.
    outcome : ndarray, shape (U, T)
    controls : ndarray, shape (c, U, T)
    """
    later = np.arange(1, f.open.shape[1])
    cells = f.open[:, 1:] & f.open[:, :-1] & (later < f.switch[:, None])
    weights = np.where(cells, f.weights[:, 1:], 0.0)
    y, _ = _within(f, np.diff(outcome, axis=1), cells, weights)
    each = [_within(f, np.diff(control, axis=1), cells, weights) for control in controls]
    x, count = np.array([values for values, _ in each]), each[0][1]
    size, pull = int(level.max(initial=-1)) + 1, weights * x
    xx = np.zeros((size, len(x), len(x)))
    xy = np.zeros((size, len(x)))
    np.add.at(xx, level, np.einsum("cut,dut->ucd", pull, x))
    np.add.at(xy, level, np.einsum("cut,ut->uc", pull, y))
    bread = np.asarray(np.linalg.pinv(xx, rcond=RANK, hermitian=True), dtype=np.float64)
    slopes = np.einsum("lcd,ld->lc", bread, xy)
    rest = (y - np.einsum("cut,uc->ut", x, slopes[level])) * inflation(count)[f.stratum]
    short = np.array([np.linalg.matrix_rank(block, tol=_tiny(block), hermitian=True) < len(x) for block in xx])
    return Adjustment(level, slopes, bread, pull, np.einsum("cut,ut->uc", pull, rest), short)


def _tiny(block: Floats) -> float:
    return RANK * float(np.abs(block).max(initial=0.0)) + np.finfo(np.float64).tiny


def _within(f: Field, values: Floats, cells: Mask, weights: Floats) -> tuple[Floats, Floats]:
    """Deviations from the mean of the stratum and period; and how many units that mean is of, shape (S, T - 1)."""
    values = np.where(cells, values, 0.0)
    mass = np.add.reduceat(weights, f.stratum_starts, axis=0)
    mean = np.add.reduceat(weights * values, f.stratum_starts, axis=0) / np.where(mass > 0, mass, 1.0)
    count = np.add.reduceat(cells, f.stratum_starts, axis=0, dtype=np.float64)
    return np.where(cells, values - mean[f.stratum], 0.0), count
