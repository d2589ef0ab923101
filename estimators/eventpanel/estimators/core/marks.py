"""Marks: least squares with a mark on every unit in turn, from cross-products of units and clusters.

The columns that differ between units are those of one unit, zero elsewhere. With the other columns Q orthonormal, C_u
the cross-product of Q with unit u's columns W_u, and r the residual of the outcome on Q, the coefficients of the marked
columns are ``(W_u'W_u - C_u'C_u)^-1 W_u'r`` (Frisch, Waugh and Lovell), and the scores of clusters follow from
cross-products per cluster, and per unit within each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import cross, dummies_of, first_rows, group_sums, is_nested
from eventpanel.estimators.core.least_squares import COLLINEAR, WELL_CONDITIONED, cholesky_shares, independent
from eventpanel.estimators.core.moments import cross_products

# Numbers held at once: rows times columns, and cells times squared columns.
LARGEST = 40_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """The last marked coefficient, with each unit marked.

    Attributes
    ----------
    coef : ndarray, shape (units,)
    variance : ndarray, shape (units,)
        Clustered, without small-sample factor.
    is_sure : ndarray of bool, shape (units,)
        Whether cross-products hold its digits; elsewhere it is not to be used.
    terms : int
        Estimated coefficients, without those of effects.
    """

    coef: Floats
    variance: Floats
    is_sure: Mask
    terms: int


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """A regression, of which some columns are to be marked.

    Attributes
    ----------
    y : ndarray, shape (n,)
    others : ndarray, shape (n, q)
        Columns that are the same whatever the unit.
    marked : ndarray, shape (n, m)
        Columns that will be zero outside the marked unit.
    effects : tuple of ndarray, each shape (n,)
        Codes 0..G-1 of fixed effects; a constant is one group.
    """

    y: Floats
    others: Floats
    marked: Floats
    effects: tuple[Codes, ...]


def mark_each(columns: Columns, unit: Codes, clusters: Codes) -> Marked:
    """Mark each unit in turn.

    Parameters
    ----------
    columns : Columns
    unit, clusters : ndarray, each shape (n,)
        Codes 0..U-1 and 0..G-1.

    Raises
    ------
    ArithmeticError
        Too many levels of effects that are not nested in units, for cross-products.

    Examples
    --------
    >>> unit, ones = np.repeat(np.arange(3), 2), np.ones((6, 1))
    >>> y, none = np.array([1.0, 2.0, 3.0, 4.0, 9.0, 9.0]), np.empty((6, 0))
    >>> found = mark_each(Columns(y, none, ones, (np.zeros(6, dtype=np.int64),)), unit, unit)
    >>> found.coef.round(9).tolist()  # the mean of each unit less that of the others
    [-4.75, -1.75, 6.5]
    """
    t = _turned(columns, unit)
    whole, cells = np.column_stack([t.marks, t.others, t.y]), cross(unit, clusters)
    number, width = int(cells.max()) + 1, whole.shape[1]
    if number * width**2 > LARGEST:
        raise ArithmeticError(f"{number} pairs of units and clusters with {width} columns each")
    rows, size = first_rows(cells, number), group_sums(columns.marked[:, t.stay] ** 2, unit)
    return _solved(_Products(cross_products(whole, cells), size, unit[rows], clusters[rows]), t.terms)


@dataclass(frozen=True, slots=True, eq=False)
class _Turned:
    """Marked columns that effects do not span, orthonormal others, what they leave of the outcome; how many terms."""

    stay: Mask
    marks: Floats
    others: Floats
    y: Floats
    terms: int


def _turned(columns: Columns, unit: Codes) -> _Turned:
    """Make the other columns orthonormal.

    Effects nested in units are removed first, which leaves columns of one unit its own; the others stay as columns.
    """
    m, (nested, dummies) = columns.marked.shape[1], _split(columns, unit)
    # Around their means columns keep their digits; effects or the constant span the means.
    middle = [columns.others - columns.others.mean(axis=0), (columns.y - columns.y.mean())[:, None]]
    before = np.hstack([columns.marked, *dummies, *middle])
    within, size = absorb(before, nested).columns, np.linalg.norm(before, axis=0)
    marks, Z, y = within[:, :m], within[:, m:-1], within[:, -1]
    # What effects span on their own is no term of any unit; the gap itself stays, and is then not sure.
    stay = np.linalg.norm(marks, axis=0) > COLLINEAR * size[:m]
    stay[-1] = True
    kept, _ = independent(Z, size[m:-1])
    Q = _orthonormal(Z[:, kept])
    for _ in range(2):
        # Twice: sums over many rows leave rounding the first time.
        y = y - Q @ (Q.T @ y)
    terms = kept[Z.shape[1] - columns.others.shape[1] :].sum() + stay.sum()
    return _Turned(stay, marks[:, stay], Q, y, int(terms))


def _split(columns: Columns, unit: Codes) -> tuple[list[Codes], list[Floats]]:
    """Effects that are nested in units, and dummies of the others."""
    nested = [codes for codes in columns.effects if is_nested(codes, unit)]
    free = [codes for codes in columns.effects if not is_nested(codes, unit)]
    levels, n = sum(int(codes.max()) + 1 for codes in free), len(unit)
    if n * (levels + columns.others.shape[1] + columns.marked.shape[1]) > LARGEST:
        raise ArithmeticError(f"{levels} levels of effects that are not nested in units, on {n} rows")
    # Where other effects span the constant, the first level of an effect is the constant less its others.
    return nested, [
        dummies_of([codes]).toarray()[:, int(bool(nested) or place > 0) :] for place, codes in enumerate(free)
    ]


def _orthonormal(columns: Floats) -> Floats:
    """Columns turned so that they are orthonormal; twice, since the first time rounding is left."""
    for _ in range(2):
        gram = columns.T @ columns
        scale = np.sqrt(np.diag(gram))
        factor = cholesky_shares(gram / np.outer(scale, scale))
        if factor is None:
            return np.asarray(np.linalg.qr(columns)[0])
        columns = columns @ (linalg.lapack.dtrtri(factor)[0] / scale[:, None])
    return columns


@dataclass(frozen=True, slots=True, eq=False)
class _Products:
    """Cross-products of pairs of unit and cluster: marked columns, orthonormal ones, outcome."""

    cells: Floats
    # Squared size of the marked columns of each unit, before effects.
    size: Floats
    unit: Codes
    cluster: Codes

    @property
    def m(self) -> int:
        """Number of marked columns."""
        return int(self.size.shape[1])

    def by(self, codes: Codes, part: slice) -> Floats:
        """Rows ``part`` of the products, added up by unit or by cluster."""
        out = np.zeros((int(codes.max()) + 1, *self.cells[0, part].shape))
        np.add.at(out, codes, self.cells[:, part])
        return out


def _solved(p: _Products, terms: int) -> Marked:
    own = p.by(p.unit, slice(p.m))
    WW, WQ = own[:, :, : p.m], own[:, :, p.m : -1]
    H = WW - WQ @ WQ.swapaxes(1, 2)
    sure = _well_conditioned(H, p.size)
    H[~sure] = np.eye(p.m)
    unit = np.zeros((len(H), p.m, 1))
    unit[:, -1] = 1.0
    solved = np.asarray(np.linalg.solve(H, np.concatenate([own[:, :, -1:], unit], axis=2)), dtype=np.float64)
    # Row of the last coefficient: which combination of residualised columns its error is made of.
    coef, last = solved[:, :, 0], solved[:, :, 1]
    influence = _influence(p, coef, last, WQ)
    coef, variance = coef[:, -1], (influence**2).sum(axis=1)
    return Marked(np.where(sure, coef, np.nan), np.where(sure, variance, np.nan), sure, terms)


def _well_conditioned(H: Floats, size: Floats) -> Mask:
    """Units whose columns keep a share of their size outside effects and others, and are not close to collinear."""
    left = np.diagonal(H, axis1=1, axis2=2)
    sure = np.asarray(((size > 0) & (left > WELL_CONDITIONED**2 * size)).all(axis=1), dtype=bool)
    scale = np.sqrt(np.where(sure[:, None], left, 1.0))
    shares = np.linalg.eigvalsh(H / (scale[:, :, None] * scale[:, None, :]))
    return np.asarray(sure & (shares[:, 0] > WELL_CONDITIONED**2))


def _influence(p: _Products, coef: Floats, last: Floats, WQ: Floats) -> Floats:
    """Find what each cluster adds to the error of the last coefficient, shape (units, clusters).

    A row's share is ``(d w'a - q'c) (r - d w'b + q'e)``, d one in the marked unit, b its coefficients, a the row of the
    last in the inverse, and c and e what Q holds of both.
    """
    m = p.m
    of_a, of_b = ((WQ.swapaxes(1, 2) @ v[:, :, None])[:, :, 0] for v in (last, coef))
    rest = p.by(p.cluster, slice(m, p.cells.shape[1] - 1))
    everywhere = rest[:, :, -1] @ of_a.T + np.einsum("gij,ui,uj->gu", rest[:, :, m:-1], of_a, of_b, optimize=True)
    out = np.asarray(-everywhere.T, dtype=np.float64)
    a, b, c, e = (v[p.unit][:, :, None] for v in (last, coef, of_a, of_b))
    ww, wq, wr = p.cells[:, :m, :m], p.cells[:, :m, m:-1], p.cells[:, :m, -1:]
    inside = a.swapaxes(1, 2) @ (wr - ww @ b + wq @ e) + c.swapaxes(1, 2) @ (wq.swapaxes(1, 2) @ b)
    np.add.at(out, (p.unit, p.cluster), inside[:, 0, 0])
    return out
