"""Unit and period effects with a few columns, on the cells of a grid, by one small system: periods and columns.

Units are eliminated by their means, so that the cost is that of some passes over the grid whatever the number of units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.connected import connected_parts
from eventpanel.estimators.core.grouping import grouping
from eventpanel.estimators.core.groups import numbered

# Share of a column's squares outside the effects below which it is explained by them: half of the digits and a margin.
COLLINEAR = 1e-12
PASSES = 2


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """Coefficients: of units, shape (U, k), of periods, shape (T, k), of columns, shape (c, k)."""

    units: Floats
    periods: Floats
    columns: Floats


@dataclass(frozen=True, slots=True, eq=False)
class TwoWay:
    """Unit and period effects, and columns, on the cells that have weight.

    Attributes
    ----------
    weights : ndarray, shape (U, T)
        Zero outside the cells.
    columns : ndarray, shape (c, U, T)
    mass : ndarray, shape (U,)
        Sum of the weights of each unit; one where there is none.
    sums : ndarray, shape (U, c)
        Weighted sums of the columns by unit.
    part_of_unit, part_of_period : ndarray, shapes (U,) and (T,)
        Connected part of the graph of cells; -1 for units and periods without a cell.
    free : ndarray of bool, shape (T + c,)
        Coefficients that are solved for; the others are zero: one period of each part, and collinear columns.
    factor : ndarray
        Cholesky factor of the system of the free coefficients.
    """

    weights: Floats
    columns: Floats
    mass: Floats
    sums: Floats
    part_of_unit: Codes
    part_of_period: Codes
    free: Mask
    factor: Floats

    @property
    def collinear(self) -> Mask:
        """Columns that the effects and the columns before them explain, shape (c,)."""
        return ~self.free[self.weights.shape[1] :]

    @property
    def reached(self) -> Mask:
        """Cells whose unit and period effects are told apart, shape (U, T)."""
        return np.asarray((self.part_of_unit[:, None] == self.part_of_period) & (self.part_of_unit[:, None] >= 0))

    def solve(self, units: Floats, periods: Floats, columns: Floats) -> Solved:
        """Solve the normal equations for right-hand sides, shapes (U, k), (T, k) and (c, k)."""
        mean = units / self.mass[:, None]
        right = np.vstack([periods - self.weights.T @ mean, columns - self.sums.T @ mean])
        found = np.zeros_like(right)
        found[self.free] = linalg.cho_solve((self.factor, False), right[self.free], check_finite=False)
        size = self.weights.shape[1]
        g, d = found[:size], found[size:]
        return Solved(mean - (self.weights @ g + self.sums @ d) / self.mass[:, None], g, d)

    def regress(self, y: Floats) -> tuple[Solved, Floats]:
        """Regress a grid on the effects and columns: coefficients, and the fit on all cells, shape (U, T)."""
        left, fitted = np.where(self.weights > 0, y, 0.0), np.zeros_like(y)
        total: Solved | None = None
        # The second pass removes the rounding the first one leaves.
        for _ in range(PASSES):
            weighted = self.weights * left
            found = self.solve(
                weighted.sum(axis=1)[:, None],
                weighted.sum(axis=0)[:, None],
                np.einsum("cut,ut->c", self.columns, weighted)[:, None],
            )
            more = self.spread(found, 0)
            fitted += more
            left = left - more
            total = found if total is None else _added(total, found)
        assert total is not None
        return total, fitted

    def spread(self, found: Solved, k: int) -> Floats:
        """Sum of effects and columns times coefficients in each cell, for the right-hand side k, shape (U, T)."""
        grid = found.units[:, k, None] + found.periods[:, k]
        for column, coef in zip(self.columns, found.columns[:, k], strict=True):
            if coef:
                grid += coef * column
        return grid


def _added(one: Solved, other: Solved) -> Solved:
    return Solved(one.units + other.units, one.periods + other.periods, one.columns + other.columns)


def two_way(weights: Floats, columns: Floats) -> TwoWay:
    """Prepare unit and period effects and columns.

    Parameters
    ----------
    weights : ndarray, shape (U, T)
        Zero for cells that are left out.
    columns : ndarray, shape (c, U, T)
        Finite everywhere.

    Examples
    --------
    >>> y = np.array([[1.0, 2.0], [4.0, 5.0]])
    >>> system = two_way(np.array([[1.0, 1.0], [1.0, 0.0]]), np.empty((0, 2, 2)))
    >>> system.regress(y)[1].round(12).tolist()
    [[1.0, 2.0], [4.0, 5.0]]
    """
    mass = weights.sum(axis=1)
    mass = np.where(mass > 0, mass, 1.0)
    sums = np.array([(weights * column).sum(axis=1) for column in columns]).reshape(len(columns), len(weights)).T
    part_of_unit, part_of_period = _parts(weights)
    system, spread = _system(weights, columns, mass, sums)
    free = np.zeros(len(system), dtype=bool)
    size = weights.shape[1]
    present = part_of_period >= 0
    free[:size] = present
    free[np.unique(np.where(present, part_of_period, -1), return_index=True)[1][0 if present.all() else 1 :]] = False
    free[size:] = _independent(system, free[:size], spread)
    factor = linalg.cholesky(system[np.ix_(free, free)], check_finite=False) if free.any() else np.empty((0, 0))
    return TwoWay(weights, columns, mass, sums, part_of_unit, part_of_period, free, np.asarray(factor))


def _system(weights: Floats, columns: Floats, mass: Floats, sums: Floats) -> tuple[Floats, Floats]:
    """Form the normal equations of periods and columns once units are eliminated; and the squares of the columns."""
    size, c = weights.shape[1], len(columns)
    system = np.empty((size + c, size + c))
    system[:size, :size] = np.diag(weights.sum(axis=0)) - weights.T @ (weights / mass[:, None])
    spread = np.empty(c)
    for j, column in enumerate(columns):
        within = weights * (column - (sums[:, j] / mass)[:, None])
        system[size + j, :size] = system[:size, size + j] = within.sum(axis=0)
        for i in range(c):
            system[size + j, size + i] = (within * columns[i]).sum()
        spread[j] = (weights * column**2).sum()
    return (system + system.T) / 2, spread


def _parts(weights: Floats) -> tuple[Codes, Codes]:
    unit, period = np.nonzero(weights)
    part_of_unit, part_of_period = np.full(len(weights), -1), np.full(weights.shape[1], -1)
    if len(unit):
        codes = numbered(unit)[1]
        periods, others = numbered(period)
        part_of_period[periods] = connected_parts(grouping(codes), grouping(others))
        part_of_unit[unit] = part_of_period[period]
    return part_of_unit, part_of_period


def _independent(system: Floats, free: Mask, spread: Floats) -> Mask:
    """Columns that add something to the periods and to the columns before them, shape (c,)."""
    size = len(free)
    inner, across = system[:size, :size][np.ix_(free, free)], system[:size, size:][free]
    rest = system[size:, size:] - across.T @ np.linalg.solve(inner, across) if free.any() else system[size:, size:]
    rest = rest.copy()
    kept = np.zeros(len(spread), dtype=bool)
    for j, squares in enumerate(spread):
        kept[j] = rest[j, j] > COLLINEAR * squares
        if kept[j]:
            rest -= np.outer(rest[:, j], rest[j]) / rest[j, j]
    return kept
