"""Randomisation inference: histories are reassigned, columns rebuilt, the regression repeated.

A draw gives every unit the history of a source; leads and lags come with it, so that nothing leaks from one unit to
another. Draws are residualised many at a time. Studentised statistics follow DiCiccio and Romano (2017,
doi:10.1080/01621459.2016.1202117).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import group_sums, recode
from eventpanel.estimators.core.least_squares import independent, least_squares
from eventpanel.estimators.core.poisson import poisson
from eventpanel.estimators.core.sandwich import clustered
from eventpanel.estimators.core.separation import separation

# Numbers that the columns of draws residualised together may hold.
COLUMNS_AT_ONCE = 8_000_000
# Statistics closer than this share of their size are ties: the same draw up to rounding.
TIE = 1e-9
# Columns with less than this share left, or with a smaller eigenvalue, lose digits in cross-products.
NEARLY = 1e-6
# Correlation matrices with an eigenvalue below this are singular.
SINGULAR = 1e-10


@dataclass(frozen=True, slots=True)
class Moved:
    """The columns that move: histories of the sources, and where they stand in the rows.

    Attributes
    ----------
    histories : ndarray, shape (S, T, K)
        Value of each of the K terms for every source and period.
    unit, period, group : ndarray, each shape (n,)
        Code of the unit that receives, of the period, and of the group the row belongs to.
    kept : ndarray of bool, shape (groups x K,)
        Columns that are estimated, those of the first group first.
    """

    histories: Floats
    unit: Codes
    period: Codes
    group: Codes
    kept: Mask

    def columns(self, sources: Codes) -> Floats:
        """Columns of one draw, sources of shape (U,), to shape (n, terms)."""
        values = self.histories[sources[self.unit], self.period]
        groups = len(self.kept) // values.shape[1]
        parts = [np.where((self.group == g)[:, None], values, 0.0) for g in range(groups)]
        return np.concatenate(parts, axis=1)[:, self.kept]


@dataclass(frozen=True, slots=True)
class Fixed:
    """What stays where it is.

    Attributes
    ----------
    y : ndarray, shape (n,)
    controls : ndarray, shape (n, q)
    groupings : tuple of ndarray, each shape (n,)
        Group codes of the fixed effects.
    clusters : ndarray, shape (n,)
        Codes 0..G-1.
    weights : ndarray, shape (n,), or None
    """

    y: Floats
    controls: Floats
    groupings: tuple[Codes, ...]
    clusters: Codes
    weights: Floats | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What comes of draws.

    Attributes
    ----------
    coef : ndarray, shape (draws, terms)
        Missing where a draw cannot be estimated.
    vcov : ndarray, shape (draws, terms, terms)
        Cluster-robust, without small-sample factor: it would be the same in every draw.
    """

    coef: Floats
    vcov: Floats


def least_squares_draws(fixed: Fixed, moved: Moved, draws: Codes, *, at_null: bool = False) -> Drawn:
    """Rebuild the columns of each draw, residualise them, and regress.

    Parameters
    ----------
    fixed : Fixed
    moved : Moved
    draws : ndarray, shape (draws, U)
        Source of each unit.
    at_null : bool
        Scores from residuals without the terms, instead of residuals with them.

    Examples
    --------
    >>> y, unit = np.array([1.0, 3.0, 2.0]), np.arange(3)
    >>> fixed = Fixed(y, np.empty((3, 0)), (np.zeros(3, dtype=np.int64),), unit)
    >>> moved = Moved(np.array([[[0.0]], [[2.0]], [[1.0]]]), unit, unit * 0, unit * 0, np.ones(1, dtype=bool))
    >>> least_squares_draws(fixed, moved, np.array([[0, 1, 2], [0, 2, 1]])).coef.round(12).tolist()
    [[1.0], [0.5]]
    """
    own = absorb(np.column_stack([fixed.y, fixed.controls]), fixed.groupings, fixed.weights).columns
    at_once = max(1, COLUMNS_AT_ONCE // (len(fixed.y) * int(moved.kept.sum())))
    parts = []
    for start in range(0, len(draws), at_once):
        columns = np.concatenate([moved.columns(sources) for sources in draws[start : start + at_once]], axis=1)
        size = np.linalg.norm(columns - columns.mean(axis=0), axis=0)
        within = absorb(columns, fixed.groupings, fixed.weights).columns
        terms = int(moved.kept.sum())
        parts.append(_regress(fixed, own, _by_draw(within, terms), size.reshape(-1, terms), at_null=at_null))
    return Drawn(np.concatenate([p.coef for p in parts]), np.concatenate([p.vcov for p in parts]))


def _by_draw(columns: Floats, terms: int) -> Floats:
    """Columns of draws side by side, shape (n, draws x terms), to shape (draws, n, terms)."""
    return np.ascontiguousarray(columns.reshape(len(columns), -1, terms).transpose(1, 0, 2))


def _regress(fixed: Fixed, own: Floats, within: Floats, size: Floats, *, at_null: bool) -> Drawn:
    """Regress on the columns of many draws at once; draws that are nearly collinear are left to :func:`_one`.

    Rows are multiplied by the root of their weight and controls partialled out (Frisch-Waugh-Lovell). Cross-products
    lose half the digits; a step of refinement on the rows brings them back.
    """
    root = np.ones(len(own)) if fixed.weights is None else np.sqrt(fixed.weights)
    basis = np.linalg.qr(own[:, 1:] * root[:, None])[0]
    y, X = _without(basis, own[:, :1] * root[:, None])[:, 0], _without(basis, within * root[:, None])
    gram = X.transpose(0, 2, 1) @ X
    length = np.sqrt(np.diagonal(gram, axis1=1, axis2=2))
    # Weights change lengths, and with them the share that is left, by no more than their range.
    left = length > NEARLY * size * root.min()
    scale = np.where(left, length, 1.0)
    correlation = gram / (scale[:, :, None] * scale[:, None, :])
    clear = np.asarray(left.all(axis=1) & (least_eigenvalue(correlation) > NEARLY))
    inverse = np.linalg.inv(np.where(clear[:, None, None], correlation, np.eye(X.shape[2])))
    bread = inverse / (scale[:, :, None] * scale[:, None, :])
    coef, null = np.zeros((len(X), X.shape[2])), np.tile(y, (len(X), 1))
    residuals = null
    for _ in range(2):
        coef = coef + (bread @ (X.transpose(0, 2, 1) @ residuals[:, :, None]))[:, :, 0]
        residuals = y - (X @ coef[:, :, None])[:, :, 0]
    sums = _cluster_sums(X * (null if at_null else residuals)[:, :, None], fixed.clusters) @ bread
    vcov = sums.transpose(0, 2, 1) @ sums
    for draw in np.flatnonzero(~clear):
        coef[draw], vcov[draw] = _one(fixed, own, within[draw], size[draw], at_null=at_null)
    return Drawn(coef, vcov)


def _without(basis: Floats, columns: Floats) -> Floats:
    """Project off an orthonormal basis; twice, so that rounding is removed too."""
    if not basis.shape[1]:
        return columns
    once = columns - basis @ (basis.T @ columns)
    return np.asarray(once - basis @ (basis.T @ once))


def _cluster_sums(scores: Floats, clusters: Codes) -> Floats:
    """Add up scores of shape (draws, n, terms) to shape (draws, G, terms)."""
    order = np.argsort(clusters, kind="stable")
    starts = np.searchsorted(clusters[order], np.arange(int(clusters.max()) + 1))
    return np.asarray(np.add.reduceat(scores[:, order], starts, axis=1))


def _one(fixed: Fixed, own: Floats, within: Floats, size: Floats, *, at_null: bool) -> tuple[Floats, Floats]:
    """Coefficients and covariance of one draw with all care; missing where its columns are collinear."""
    terms, y = within.shape[1], own[:, 0]
    design = np.column_stack([own[:, 1:], within])
    controls = design.shape[1] - terms
    # The triangle has the lengths and angles of the columns, in few rows.
    triangle = np.asarray(np.linalg.qr(design, mode="r"))
    kept, _ = independent(triangle, np.concatenate([np.linalg.norm(own[:, 1:], axis=0), size]))
    if not kept.all():
        return np.full(terms, np.nan), np.full((terms, terms), np.nan)
    fit = least_squares(y, design, fixed.weights)
    if at_null:
        rest = least_squares(y, own[:, 1:], fixed.weights).residuals if controls else y
        weighted = rest if fixed.weights is None else rest * fixed.weights
        fit = replace(fit, scores=design * weighted[:, None])
    # Scores times bread first: the sandwich of nearly collinear columns keeps half its digits more.
    sums = group_sums(fit.scores, fixed.clusters) @ fit.bread[:, controls:]
    return fit.coef[controls:], sums.T @ sums


def score_problem(fixed: Fixed) -> Fixed:
    """Poisson without the terms, as the weighted least squares whose coefficients are one Newton step from there.

    With ``at_null`` its draws give score tests: the outcome becomes ``(y - mu) / mu`` and the weights ``w mu``, with
    mu fitted without the terms. No row may be separated by the effects and the controls.
    """
    fitted = poisson(fixed.y, fixed.controls, fixed.groupings, weights=fixed.weights)
    weights = fitted.mu if fixed.weights is None else fixed.weights * fitted.mu
    return replace(fixed, y=(fixed.y - fitted.mu) / fitted.mu, weights=weights)


def poisson_draws(fixed: Fixed, moved: Moved, draws: Codes) -> Drawn:
    """Rebuild the columns of each draw and fit Poisson anew, rows that are then separated left out."""
    parts = [_refit(fixed, moved.columns(sources)) for sources in draws]
    return Drawn(np.array([coef for coef, _ in parts]), np.array([vcov for _, vcov in parts]))


def _refit(fixed: Fixed, columns: Floats) -> tuple[Floats, Floats]:
    """Coefficients and covariance of one draw; missing where it cannot be estimated."""
    X, terms = np.column_stack([fixed.controls, columns]), columns.shape[1]
    missing = np.full(terms, np.nan), np.full((terms, terms), np.nan)
    rows = np.ones(len(X), dtype=bool)
    while True:
        codes = [recode(codes[rows]) for codes in fixed.groupings]
        weights = None if fixed.weights is None else fixed.weights[rows]
        within = absorb(X[rows], codes, weights).columns
        if not independent(within, np.linalg.norm(X[rows] - X[rows].mean(axis=0), axis=0))[0].all():
            return missing
        try:
            lost = separation(fixed.y[rows], X[rows], codes, weights).separated
            if lost.any():
                rows[rows] = ~lost
                continue
            fit = poisson(fixed.y[rows], X[rows], codes, weights=weights).fit
        except ArithmeticError:
            return missing
        start = len(fit.coef) - terms
        return fit.coef[start:], clustered(fit, recode(fixed.clusters[rows]))[start:, start:]


def least_eigenvalue(matrices: Floats) -> Floats:
    """Smallest eigenvalue of symmetric matrices, shape (m, k, k) to (m,)."""
    return np.asarray(np.linalg.eigvalsh(matrices)[:, 0], dtype=np.float64)


def t_statistics(drawn: Drawn) -> Floats:
    """Studentised coefficients, shape (draws, terms); missing where the variance is zero."""
    variances = np.diagonal(drawn.vcov, axis1=1, axis2=2)
    return drawn.coef / np.sqrt(np.where(variances > 0, variances, np.nan))


def wald_statistics(drawn: Drawn, columns: Sequence[int]) -> Floats:
    """Wald statistics of some terms, shape (draws,); missing where their covariance is singular."""
    J = list(columns)
    vcov = drawn.vcov[:, J][:, :, J]
    variances = np.diagonal(vcov, axis1=1, axis2=2)
    good = np.asarray(np.isfinite(vcov).all(axis=(1, 2)) & (variances > 0).all(axis=1))
    root = np.sqrt(np.where(good[:, None], variances, 1.0))
    correlation = np.where(good[:, None, None], vcov / (root[:, :, None] * root[:, None, :]), np.eye(len(J)))
    good &= least_eigenvalue(correlation) > SINGULAR * len(J)
    safe = np.where(good[:, None, None], correlation, np.eye(len(J)))
    z = np.where(good[:, None], drawn.coef[:, J] / root, 0.0)
    solved = np.linalg.solve(safe, z[:, :, None])[:, :, 0]
    return np.where(good, (z * solved).sum(axis=1), np.nan)


def p_value(data: float, draws: Floats, *, enumerated: bool) -> float:
    """Share of statistics at least as large as that of the data, the data among them.

    Parameters
    ----------
    data : float
        Not negative; missing gives a missing p-value.
    draws : ndarray, shape (draws,)
        Missing ones count as larger: the test can only become more cautious by them.
    enumerated : bool
        Whether the draws are all there are, the data among them already.

    Examples
    --------
    >>> p_value(2.0, np.array([1.0, 2.0, 3.0]), enumerated=False)
    0.75
    """
    if np.isnan(data):
        return np.nan
    beyond = int((~(draws < data - TIE * max(data, 1.0))).sum())
    return beyond / len(draws) if enumerated else (1 + beyond) / (1 + len(draws))
