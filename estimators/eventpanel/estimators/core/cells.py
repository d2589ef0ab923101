"""Cells: regressions on cohorts by periods with unit effects, solved in cells and not in rows.

A regressor is a number for each cohort and period, times a property of the unit that does not change. So all
cross-products follow from small matrices, periods by periods, of each cohort; that costs one pass over the panel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from eventpanel.estimators.core.arrays import Codes, Floats, Mask

__all__ = ["Cells", "Solved", "solved"]

# A regressor whose squared part outside the others is below this share of its square is collinear.
COLLINEAR = 1e-10
# A combination that moves by less than this along every collinear direction is the same whatever is left out.
SAME = 1e-7


@dataclass(frozen=True, slots=True)
class Cells:
    """Regressors of a panel whose units are sorted by cohort.

    Attributes
    ----------
    bounds : ndarray, shape (C + 1,)
        First unit of each cohort, and the number of units.
    factors : ndarray, shape (n, f)
        Properties of the units; the constant first.
    values : ndarray, shape (f, C, T, P)
        Value of each parameter in each cell; each parameter belongs to one factor and is zero for the others.
    within : bool
        Whether each unit has an effect of its own.
    """

    bounds: Codes
    factors: Floats
    values: Floats
    within: bool = True

    def each(self) -> Iterator[tuple[int, slice]]:
        """Cohorts and their units."""
        return ((e, slice(int(a), int(b))) for e, (a, b) in enumerate(zip(self.bounds, self.bounds[1:], strict=False)))

    def spread(self, cell: Floats) -> Floats:
        """Values of rows, shape (n, T), of cells by factor, shape (f, C, T)."""
        out = np.empty((len(self.factors), cell.shape[2]))
        for e, mine in self.each():
            out[mine] = self.factors[mine] @ cell[:, e]
        return out

    def centred(self, grid: Floats, w: Floats) -> Floats:
        """Take out the effects of units, shape (n, T); zero where there is no row."""
        if self.within:
            grid = grid - (np.einsum("it,it->i", grid, w) / totals(w))[:, None]
        return np.where(w > 0, grid, 0.0)

    def products(self, w: Floats) -> Floats:
        """Cross-products of the regressors, shape (P, P)."""
        whole, size = np.zeros((self.values.shape[3],) * 2), totals(w)
        count = self.factors.shape[1]
        owned = [np.flatnonzero(self.values[a].any(axis=(0, 1))) for a in range(count)]
        for e, mine in self.each():
            part, here = w[mine], self.factors[mine]
            for a in range(count):
                for b in range(a, count):
                    both = here[:, a] * here[:, b]
                    cross = np.diag(both @ part)
                    if self.within:
                        cross -= part.T @ (part * (both / size[mine])[:, None])
                    block = self.values[a, e][:, owned[a]].T @ cross @ self.values[b, e][:, owned[b]]
                    whole[np.ix_(owned[a], owned[b])] += block
                    if a != b:
                        whole[np.ix_(owned[b], owned[a])] += block.T
        return whole

    def against(self, weighted: Floats) -> Floats:
        """Products of the regressors with weighted rows, already centred, shapes (n, T) to (P,)."""
        total = np.zeros(self.values.shape[3])
        for e, mine in self.each():
            sums = self.factors[mine].T @ weighted[mine]
            total += np.einsum("at,atp->p", sums, self.values[:, e])
        return total


def totals(w: Floats) -> Floats:
    """Sum of the weights of each unit; one where there is none."""
    size = w.sum(axis=1)
    return np.where(size > 0, size, 1.0)


@dataclass(frozen=True, slots=True)
class Solved:
    """The inverse of the cross-products, and what is collinear.

    Attributes
    ----------
    cells : Cells
    w : ndarray, shape (n, T)
    bread : ndarray, shape (P, P)
        Zero in rows and columns of what is left out.
    null : ndarray, shape (P, d)
        Directions in which the parameters can move without any row.
    """

    cells: Cells
    w: Floats
    bread: Floats
    null: Floats

    @property
    def rank(self) -> int:
        """Independent regressors."""
        return int(len(self.bread) - self.null.shape[1])

    def coefficients(self, grid: Floats) -> Floats:
        """Coefficients of a column, shape (n, T), on the regressors, shape (P,); zero where left out."""
        beta = np.zeros(len(self.bread))
        # The second round mends what the first lost to rounding.
        for _ in range(2):
            left = self.residuals(grid, beta)
            beta = beta + self.bread @ self.cells.against(left * self.w)
        return beta

    def residuals(self, grid: Floats, beta: Floats) -> Floats:
        """Return what is left of a column, shape (n, T); zero where there is no row."""
        return self.cells.centred(grid - self.cells.spread(self.cells.values @ beta), self.w)

    def identified(self, contrasts: Floats) -> Mask:
        """Find combinations of the parameters, shape (k, P), that do not hang on what is left out."""
        size = np.maximum(np.abs(contrasts).max(axis=1, initial=0.0), np.finfo(float).tiny)
        return np.asarray((np.abs(contrasts @ self.null) <= SAME * size[:, None]).all(axis=1))

    def influence(self, weighted: Floats, contrasts: Floats) -> Floats:
        """Return what each unit adds to the error of combinations of the parameters, shape (n, k).

        Parameters
        ----------
        weighted : ndarray, shape (n, T)
            Residuals times weights; they sum to zero in each unit that has an effect of its own.
        contrasts : ndarray, shape (k, P)
        """
        out = np.empty((len(weighted), len(contrasts)))
        moves = self.cells.values @ (self.bread @ contrasts.T)
        for e, mine in self.cells.each():
            by_factor = np.tensordot(weighted[mine], moves[:, e], axes=(1, 1))
            out[mine] = np.einsum("ia,iak->ik", self.cells.factors[mine], by_factor)
        return out

    def carries(self, contrasts: Floats) -> Mask:
        """Rows whose outcome has weight in some combination, shape (n, T)."""
        moves, found = self.cells.values @ (self.bread @ contrasts.T), np.zeros(self.w.shape, dtype=bool)
        for k in range(len(contrasts)):
            weight = self.cells.centred(self.cells.spread(moves[..., k]), self.w)
            found |= np.abs(weight) > SAME * np.abs(weight).max(initial=0.0)
        return found


def solved(cells: Cells, w: Floats) -> Solved:
    """Invert the cross-products of the regressors, collinear ones left out.

    Parameters
    ----------
    cells : Cells
    w : ndarray, shape (n, T)
        Weights; zero where there is no row.

    Examples
    --------
    >>> cells = Cells(np.array([0, 2]), np.ones((2, 1)), np.eye(2).reshape(1, 1, 2, 2))
    >>> found = solved(cells, np.ones((2, 2)))
    >>> found.rank, found.identified(np.array([[1.0, -1.0], [1.0, 0.0]])).tolist()
    (1, [True, False])
    """
    gram = cells.products(w)
    size = np.sqrt(np.maximum(np.diag(gram), 0.0))
    # Regressors that vary in no unit are rounding against the weight they have there.
    scale = np.where(size > COLLINEAR * np.sqrt(max(float(w.sum()), 1.0)), size, np.inf)
    scaled = gram / np.outer(scale, scale)
    factor, order, rank, _ = linalg.lapack.dpstrf(scaled, tol=COLLINEAR, lower=0)
    order = order - 1
    kept, rest = order[:rank], order[rank:]
    upper = np.triu(factor)[:rank]
    inverse = linalg.solve_triangular(upper[:, :rank], np.eye(rank))
    bread = np.zeros_like(gram)
    bread[np.ix_(kept, kept)] = (inverse @ inverse.T) / np.outer(scale[kept], scale[kept])
    null = np.zeros((len(gram), len(rest)))
    ratio = np.where(np.isinf(scale[rest]), 0.0, scale[rest]) / scale[kept][:, None]
    null[kept] = -(inverse @ upper[:, rank:]) * ratio
    null[rest, np.arange(len(rest))] = 1.0
    return Solved(cells, w, bread, null)
