"""Separated observations of a Poisson regression: rows whose fitted mean can only be zero.

A row with y = 0 is separated where some z = X gamma + fixed effects is zero on all rows with y > 0, nowhere negative,
and positive on it (Correia, Guimaraes and Zylkin 2019, arXiv:1903.01633). The largest such set is dropped; its z is
the certificate. Small problems are one linear program. Large ones are reduced to the null space of the rows with
y > 0, where iterated rectification ends with a proof either way: a z, or multipliers that rule one out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg, sparse
from scipy.optimize import linprog

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.drift import by_fit
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.least_squares import independent, least_squares
from eventpanel.estimators.core.null_space import BASIS_LIMIT, ZERO, design_matrix, null_space

# Rows from which a fit is tried first: below it the program takes no longer.
FIT_FROM = 1000
# Rows times columns up to which the linear program is solved as it stands.
PROGRAM_LIMIT = 4_000_000
RECTIFICATIONS = 2000
# The certificate is at least one on separated rows; what least squares leaves of it must be far below.
RESIDUAL = 1e-6


@dataclass(frozen=True, slots=True)
class Separation:
    """Separated rows and the proof.

    Attributes
    ----------
    separated : ndarray of bool, shape (n,)
        Rows to drop.
    certificate : ndarray, shape (n,)
        A combination of X and the fixed effects: at least one on separated rows, zero on all others.
    method : str
        What settled the last rows: "fixed effects", "fit", "linear program" or "rectification".
    """

    separated: Mask
    certificate: Floats
    method: str


def separation(y: Floats, X: Floats, groupings: Sequence[Codes], weights: Floats | None = None) -> Separation:
    """Find the rows that a Poisson regression cannot fit with finite coefficients.

    Values of X below 1e-9 of their column's size (around its mean where there are fixed effects) count as zero.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Outcome, zero or positive.
    X : ndarray, shape (n, k)
        Regressors; collinear ones do no harm. Without fixed effects an intercept is one of them or absent.
    groupings : sequence of ndarray, each shape (n,)
        Group codes 0..G-1 of each fixed effect.
    weights : ndarray, shape (n,), optional
        Positive weights. Separation is the same for all of them.

    Returns
    -------
    Separation

    Raises
    ------
    ValueError
        A weight is not positive: its row would say nothing.
    ArithmeticError
        The linear program was not solved, or least squares did not confirm the certificate.

    Examples
    --------
    >>> y, x = np.array([0.0, 0.0, 1.0, 2.0]), np.array([0.0, 1.0, 0.0, 0.0])
    >>> separation(y, np.column_stack([np.ones(4), x]), []).separated.tolist()
    [False, True, False, False]
    """
    if weights is not None and not (weights > 0).all():
        raise ValueError("separation needs positive weights: drop rows of weight zero first")
    positive, columns = y > 0, _scaled(X, centre=len(groupings) > 0)
    effects = [recode(codes) for codes in groupings]
    design = design_matrix(columns, effects)
    alone = _always_zero(positive, effects)
    rows = alone == 0
    separated, theta, method = ~rows, np.zeros(design.shape[1]), "fixed effects"
    if (rows & ~positive).any():
        # Levels that are gone keep a coefficient of zero; the others keep their order.
        present = [np.bincount(codes[rows], minlength=int(codes.max()) + 1) > 0 for codes in effects]
        kept = np.concatenate([np.ones(X.shape[1], dtype=bool), *present])
        rest = [recode(codes[rows]) for codes in effects]
        theta[kept], separated[rows], method = _settle(columns[rows], rest, positive[rows])
    z = design @ theta
    # The level of a group without y > 0 is free: it is raised until its rows are at least one.
    z = z + alone * (1 + max(0.0, -float(z[~rows].min(initial=0.0))))
    return Separation(separated, _verified(z, separated, columns, effects), method)


def _scaled(X: Floats, *, centre: bool) -> Floats:
    """Columns of size one, by powers of two; what is rounding around the mean becomes zero."""
    columns = X - X.mean(axis=0) if centre else X
    size, before = np.abs(columns).max(axis=0, initial=0.0), np.abs(X).max(axis=0, initial=0.0)
    constant = size <= 1e-14 * before
    return np.where(constant, 0.0, np.ldexp(columns, -np.frexp(size)[1]))


def _always_zero(positive: Mask, groupings: Sequence[Codes]) -> Floats:
    """Count the groups of each row in which y is never positive, shape (n,).

    One pass is enough: dropping rows with y = 0 leaves every other group its positive row.
    """
    count = np.zeros(len(positive))
    for codes in groupings:
        count += (np.bincount(codes, weights=positive) == 0)[codes]
    return count


def _settle(columns: Floats, groupings: Sequence[Codes], positive: Mask) -> tuple[Floats, Mask, str]:
    """Coefficients of a certificate of the rows in no all-zero group, its rows, and the method."""
    settled = by_fit(columns, groupings, positive) if len(positive) >= FIT_FROM else None
    if settled is not None:
        return *settled, "fit"
    design, found = design_matrix(columns, groupings), np.zeros(len(positive), dtype=bool)
    zero = sparse.csr_array(design[~positive])
    basis = None
    if design.shape[0] * design.shape[1] > PROGRAM_LIMIT:
        basis = null_space(columns[positive], [codes[positive] for codes in groupings])
    if basis is None or basis.shape[1] * zero.shape[0] > BASIS_LIMIT:
        theta, found[~positive] = _program(zero, sparse.csr_array(design[positive]))
        return theta, found, "linear program"
    coef, found[~positive] = _rectified(np.asarray(zero @ basis))
    return basis @ coef, found, "rectification"


def _program(zero: sparse.csr_array, positive: sparse.csr_array) -> tuple[Floats, Mask]:
    """Maximise the number of rows with z >= 1: sum of s, 0 <= s <= 1, s <= z; z = 0 where y > 0."""
    m, k = zero.shape
    if m == 0 or k == 0:
        return np.zeros(k), np.zeros(m, dtype=bool)
    program: dict[str, Any] = {
        "A_ub": sparse.hstack([-zero, sparse.eye_array(m)], format="csc"),
        "b_ub": np.zeros(m),
        "A_eq": sparse.hstack([positive, sparse.csr_array((positive.shape[0], m))], format="csc"),
        "b_eq": np.zeros(positive.shape[0]),
        "bounds": np.array([[-np.inf, np.inf]] * k + [[0.0, 1.0]] * m),
        "options": {"primal_feasibility_tolerance": ZERO, "dual_feasibility_tolerance": ZERO},
    }
    answer = linprog(np.concatenate([np.zeros(k), -np.ones(m)]), method="highs", **program)
    if answer.x is None or answer.status != 0:
        raise ArithmeticError(f"separation: the linear program was not solved ({answer.message})")
    theta = np.asarray(answer.x[:k], dtype=np.float64)
    return theta, np.asarray(answer.x[k:] > 0.5)


def _rectified(basis: Floats) -> tuple[Floats, Mask]:
    """Coefficients of a maximal z = basis @ coef >= 0, and its positive rows; one face after another."""
    total, found = np.zeros(basis.shape[1]), np.zeros(len(basis), dtype=bool)
    # Rows on which z is always zero are settled.
    active = np.abs(basis).max(axis=1, initial=0.0) > ZERO
    while (active & ~found).any():
        undecided = np.flatnonzero(active & ~found)
        left, values, right = linalg.svd(basis[undecided], full_matrices=False)
        kept = values > ZERO * np.sqrt(len(basis))
        answer = _face(left[:, kept]) if kept.any() else None
        if answer is None:
            break
        coef = right[kept].T @ (answer[0] / values[kept])
        now, before = basis[found] @ coef, basis[found] @ total
        total = coef + total * (1 + max(0.0, float((-now / before).max(initial=0.0))))
        found[undecided[answer[1]]] = True
        # At least one on the rows found, as in the linear program.
        total = total / (basis[found] @ total).min()
    return total, found


def _face(q: Floats) -> tuple[Floats, Mask] | None:
    """Coefficients of some z = q @ coef >= 0 with its positive rows, or None where there is provably none.

    u is projected and its negative part cut, again and again. The sum of what the projections remove is orthogonal
    to q; once it is positive on every row, z >= 0 can only be zero (Stiemke's alternative).
    """
    u, cut = np.ones(len(q)), np.ones(len(q))
    for step in range(RECTIFICATIONS):
        v = q @ (q.T @ u)
        if (cut - v > RESIDUAL).all():
            return None
        if step & (step + 1) == 0:
            for share in (0.1, 1e-3, 1e-6, ZERO):
                answer = _supported(q, v > share * v.max())
                if answer is not None:
                    return answer
        u = np.maximum(v, 0.0)
        cut += u - v
    scale = np.sqrt(len(q))
    coef, found = _program(sparse.csr_array(q * scale), sparse.csr_array((0, q.shape[1])))
    return (coef, found) if found.any() else None


def _supported(q: Floats, rows: Mask) -> tuple[Floats, Mask] | None:
    """Project onto the combinations that are zero elsewhere; they count if they are positive on all these rows."""
    off = np.linalg.qr(q[~rows], mode="r")
    _, values, right = linalg.svd(off) if len(off) else (None, np.zeros(0), np.eye(q.shape[1]))
    null = right[int((values > ZERO).sum()) :].T
    coef = null @ (null.T @ (q[rows].sum(axis=0)))
    z = q[rows] @ coef
    return (coef, rows) if z.size and z.min() > ZERO * np.abs(z).max() else None


def _verified(z: Floats, separated: Mask, columns: Floats, groupings: Sequence[Codes]) -> Floats:
    """Certificate with its zeros exact, after least squares has reproduced it."""
    if not separated.any():
        return np.zeros(len(z))
    smallest = float(z[separated].min())
    clean = np.where(separated, z, 0.0) / (smallest if smallest > 0 else 1.0)
    within = absorb(np.column_stack([clean, columns]), groupings).columns
    kept, _ = independent(within[:, 1:], np.linalg.norm(columns, axis=0))
    left = least_squares(within[:, 0], within[:, 1:][:, kept]).residuals if kept.any() else within[:, 0]
    worst = float(np.abs(left).max())
    if not (smallest > 0.5 and worst <= RESIDUAL):
        raise ArithmeticError(
            f"separation: the certificate of {int(separated.sum())} rows was not confirmed: its smallest value is "
            f"{smallest:.3g} (should be 1), least squares leaves {worst:.3g} (should be 0); "
            "look for regressors that are nearly constant or nearly collinear where y > 0"
        )
    return clean
