"""Permutations in balanced panels by look-up: no pass over the rows for any draw.

Where exchanging two units of a stratum only relabels the levels of every fixed effect, the residualised columns of
the draw in which unit i has the history of unit j are, in the rows of i, those of unit j in the data. All that a draw
needs are cross-products of the rows of two units, which are tabulated once. Controls are partialled out of each draw by
their cross-products (Frisch-Waugh-Lovell), exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.assignments import Assignments, Permutations
from eventpanel.estimators.core.exchange import is_shared, relabels
from eventpanel.estimators.core.groups import is_nested
from eventpanel.estimators.core.least_squares import least_squares
from eventpanel.estimators.core.permutation import NEARLY, SINGULAR, Drawn, Fixed, Moved, least_eigenvalue

# Numbers that the tables of all pairs of units may hold.
TABLE_LIMIT = 20_000_000


@dataclass(frozen=True, slots=True)
class Tables:
    """Cross-products of the rows of unit i, with its controls z and outcome y, and the columns x of unit j.

    Attributes
    ----------
    xy : ndarray, shape (U * U, p)
        ``x_j'y_i`` in row ``i * U + j``; the outcome has the controls partialled out.
    xz : ndarray, shape (U * U, p * q)
        ``x_j'z_i``.
    xx : ndarray, shape (U, p, p)
    zz : ndarray, shape (U, q, q)
    zy : ndarray, shape (U, q)
    clusters : ndarray, shape (U,)
        Cluster of each unit.
    """

    xy: Floats
    xz: Floats
    xx: Floats
    zz: Floats
    zy: Floats
    clusters: Codes


def tables(fixed: Fixed, moved: Moved, cell: Codes, assignments: Assignments) -> Tables | None:
    """Tabulate cross-products, or nothing where look-ups would not be exact.

    Parameters
    ----------
    fixed : Fixed
    moved : Moved
    cell : ndarray, shape (n,)
        Code of everything that names a row besides its unit, such as exporter and year.
    assignments : Permutations or Choices
        Only permutations can be looked up.
    """
    units, cells = len(assignments.own), int(cell.max()) + 1
    p, q = int(moved.kept.sum()), fixed.controls.shape[1]
    if not isinstance(assignments, Permutations) or units**2 * p * (1 + q) > TABLE_LIMIT:
        return None
    place = moved.unit * np.int64(cells) + cell
    complete = len(place) == units * cells and len(np.unique(place)) == len(place)
    if fixed.weights is not None or not complete:
        return None
    order = np.argsort(place)
    if not is_invariant(fixed, moved, order, assignments.strata):
        return None
    columns = np.column_stack([fixed.y, fixed.controls, moved.columns(assignments.own)])
    within = absorb(columns, fixed.groupings).columns[order].reshape(units, cells, -1)
    table = _tabulate(within, q, fixed.clusters[order].reshape(units, cells)[:, 0])
    return table if _least(table.xx.sum(axis=0)[None])[0] > NEARLY else None


def is_invariant(fixed: Fixed, moved: Moved, order: Codes, strata: Codes) -> bool:
    """Whether exchanging units of a stratum relabels the levels of every effect and no more.

    Parameters
    ----------
    fixed : Fixed
    moved : Moved
    order : ndarray, shape (n,)
        Rows by unit, then cell, of a panel in which every unit has every cell once.
    strata : ndarray, shape (U,)
    """
    units = len(strata)

    def wide(codes: Codes) -> Codes:
        return np.asarray(codes[order].reshape(units, -1), dtype=np.int64)

    whole = is_nested(moved.unit, fixed.clusters)
    still = all(is_shared(wide(codes), strata) for codes in (moved.period, moved.group))
    return whole and still and all(relabels(wide(codes), strata) for codes in fixed.groupings)


def _tabulate(within: Floats, q: int, clusters: Codes) -> Tables:
    """Cross-products of residualised columns of shape (U, C, 1 + q + p)."""
    units, cells, _ = within.shape
    y, z, x = within[:, :, 0], within[:, :, 1 : 1 + q], within[:, :, 1 + q :]
    p = x.shape[2]
    if q:
        y = least_squares(y.reshape(-1), z.reshape(-1, q)).residuals.reshape(units, cells)
    right = np.ascontiguousarray(x.transpose(1, 0, 2)).reshape(cells, units * p)
    left = np.ascontiguousarray(z.transpose(2, 0, 1)).reshape(q * units, cells)
    across = (left @ right).reshape(q, units, units, p).transpose(1, 2, 3, 0)
    return Tables(
        xy=(y @ right).reshape(units * units, p),
        xz=np.ascontiguousarray(across).reshape(units * units, p * q),
        xx=x.transpose(0, 2, 1) @ x,
        zz=z.transpose(0, 2, 1) @ z,
        zy=(y[:, None, :] @ z)[:, 0],
        clusters=clusters,
    )


def look_up(t: Tables, draws: Codes) -> Drawn:
    """Coefficients and covariances of draws, shape (draws, U), from the tables.

    Parameters
    ----------
    t : Tables
    draws : ndarray, shape (draws, U)
    """
    count, units = draws.shape
    p, q = t.xy.shape[1], t.zy.shape[1]
    pairs = (np.arange(units) * units + draws).reshape(-1)
    scores = np.take(t.xy, pairs, axis=0).reshape(count, units, p)
    if q:
        return _with_controls(t, draws, scores, np.take(t.xz, pairs, axis=0).reshape(count, units, p, q))
    bread = np.linalg.inv(t.xx.sum(axis=0))
    coef = scores.sum(axis=1) @ bread
    scores -= _fitted(t, draws, coef)
    return Drawn(coef, bread @ _meat(t, scores) @ bread)


def _least(products: Floats) -> Floats:
    """Smallest eigenvalue of cross-products of columns of length one, shape (m,); zero for a column that is zero."""
    variances = np.diagonal(products, axis1=1, axis2=2)
    length = np.sqrt(np.where(variances > 0, variances, np.inf))
    return least_eigenvalue(products / (length[:, :, None] * length[:, None, :]))


def _fitted(t: Tables, draws: Codes, coef: Floats) -> Floats:
    """``x_j'x_j b`` with the source j of each unit, shape (draws, U, p)."""
    count, units = draws.shape
    products = (coef @ t.xx).reshape(units * count, -1)
    rows = (draws * count + np.arange(count)[:, None]).reshape(-1)
    return np.asarray(np.take(products, rows, axis=0).reshape(count, units, -1))


def _with_controls(t: Tables, draws: Codes, xy: Floats, xz: Floats) -> Drawn:
    """Columns of a draw less their part in the controls, ``x - z G'`` with ``G = X'Z (Z'Z)^-1``.

    Missing where the controls explain a column.
    """
    cross = xz.sum(axis=1)
    share = np.linalg.solve(t.zz.sum(axis=0), cross.transpose(0, 2, 1)).transpose(0, 2, 1)
    rest = t.xx.sum(axis=0) - share @ cross.transpose(0, 2, 1)
    clear = np.asarray(_least(rest) > SINGULAR)
    bread = np.linalg.inv(np.where(clear[:, None, None], rest, np.nan * np.eye(rest.shape[1])))
    coef = (xy.sum(axis=1)[:, None, :] @ bread)[:, 0]
    moved = (coef[:, None, :] @ share)[:, 0]
    # Scores of the controls with the residuals of the draw, then those of the columns.
    other = t.zy - (coef[:, None, None, :] @ xz)[:, :, 0] + (t.zz[None] @ moved[:, None, :, None])[:, :, :, 0]
    scores = xy - _fitted(t, draws, coef) + (xz @ moved[:, None, :, None])[:, :, :, 0]
    scores -= other @ share.transpose(0, 2, 1)
    return Drawn(coef, bread @ _meat(t, scores) @ bread)


def _meat(t: Tables, scores: Floats) -> Floats:
    """Outer products of the scores of each cluster, added up, from scores of shape (draws, U, p)."""
    groups = int(t.clusters.max()) + 1
    if groups < scores.shape[1]:
        scores = np.ascontiguousarray(np.eye(groups)[t.clusters].T @ scores)
    return scores.transpose(0, 2, 1) @ scores
