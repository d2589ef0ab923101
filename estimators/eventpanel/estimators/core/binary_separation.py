"""Separated rows of a binary outcome: rows whose fitted probability can only be zero or one.

Rows are separated where some z = X gamma + fixed effects is nowhere negative if y = 1, nowhere positive if y = 0, and
not zero on them (Albert and Anderson 1984, doi:10.1093/biomet/71.1.1). The largest such set is found by one linear
program (Konis 2007, https://ora.ox.ac.uk/objects/uuid:8f9ee0d0-d78e-4101-9ab4-f9cbceed2a2a); its z is the certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.least_squares import independent, least_squares
from eventpanel.estimators.core.null_space import ZERO, design_matrix
from eventpanel.estimators.core.separation import RESIDUAL, Separation

# Share of the largest multiplier that every multiplier must keep to be called positive.
POSITIVE = 1e-9


def one_sided(y: Floats, groupings: Sequence[Codes]) -> Mask:
    """Rows in groups whose outcome is always zero or always one, until there is no such group, shape (n,).

    Examples
    --------
    >>> one_sided(np.array([0.0, 0.0, 0.0, 1.0]), [np.array([0, 0, 1, 1])]).tolist()
    [True, True, False, False]
    """
    out = np.zeros(len(y), dtype=bool)
    while True:
        before = out.sum()
        for codes in groupings:
            rows = np.bincount(codes, weights=~out)
            ones = np.bincount(codes, weights=np.where(out, 0.0, y))
            out |= ((ones == 0) | (ones == rows))[codes]
        if out.sum() == before:
            return out


def none_separated(y: Floats, X: Floats, groupings: Sequence[Codes], scores: Floats) -> bool:
    """Whether the scores of a fit prove that no row is separated.

    Scores are positive where y = 1, negative where y = 0, and orthogonal to X and the effects at a maximum. Were there
    a separating z, its product with them would be positive. What convergence leaves is projected off first.

    Parameters
    ----------
    y : ndarray, shape (n,)
    X : ndarray, shape (n, k)
    groupings : sequence of ndarray, each shape (n,)
    scores : ndarray, shape (n,)
        Derivative of each row's log-likelihood.
    """
    exact = _outside(scores, X, groupings)
    multipliers = np.where(y > 0, exact, -exact)
    return bool(multipliers.min() > POSITIVE * multipliers.max())


def _outside(column: Floats, X: Floats, groupings: Sequence[Codes]) -> Floats:
    """Part of a column that X and the effects do not span."""
    within = absorb(np.column_stack([column, X]), groupings).columns
    kept = independent(within[:, 1:], np.linalg.norm(X - X.mean(axis=0), axis=0))[0]
    return least_squares(within[:, 0], within[:, 1:][:, kept]).residuals if kept.any() else within[:, 0]


def binary_separation(y: Floats, X: Floats, groupings: Sequence[Codes]) -> Separation:
    """Find the rows that a logit or probit cannot fit with finite coefficients.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Zero or one.
    X : ndarray, shape (n, k)
        Regressors; collinear ones do no harm.
    groupings : sequence of ndarray, each shape (n,)
        Group codes 0..G-1 of each fixed effect, at least one.

    Returns
    -------
    Separation
        The certificate is at least one on separated rows with y = 1, at most minus one on those with y = 0, and zero
        on all others.

    Raises
    ------
    ArithmeticError
        The linear program was not solved, or least squares did not confirm the certificate.

    Examples
    --------
    >>> y, x = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 0.0, 0.0, 1.0])
    >>> binary_separation(y, x[:, None], [np.zeros(4, dtype=np.int64)]).separated.tolist()
    [False, False, False, True]
    """
    centred = X - X.mean(axis=0)
    columns = np.ldexp(centred, -np.frexp(np.abs(centred).max(axis=0, initial=0.0))[1])
    design, sign = design_matrix(columns, groupings), 2 * y - 1
    theta, separated = _program(sparse.csr_array(design.multiply(sign[:, None])))
    z = np.where(separated, design @ theta, 0.0)
    smallest = float((sign * z)[separated].min(initial=1.0))
    worst = float(np.abs(_outside(z, columns, groupings)).max())
    if smallest < 0.5 or worst > RESIDUAL:
        raise ArithmeticError(
            f"separation: the certificate of {int(separated.sum())} rows was not confirmed: its smallest value is "
            f"{smallest:.3g} (should be 1), least squares leaves {worst:.3g} (should be 0)"
        )
    return Separation(separated, z / smallest, "linear program")


def _program(signed: sparse.csr_array) -> tuple[Floats, Mask]:
    """Maximise the number of rows with signed z >= 1: sum of s, 0 <= s <= 1, s <= signed z."""
    n, k = signed.shape
    program: dict[str, Any] = {
        "A_ub": sparse.hstack([-signed, sparse.eye_array(n)], format="csc"),
        "b_ub": np.zeros(n),
        "bounds": np.array([[-np.inf, np.inf]] * k + [[0.0, 1.0]] * n),
        "options": {"primal_feasibility_tolerance": ZERO, "dual_feasibility_tolerance": ZERO},
    }
    answer = linprog(np.concatenate([np.zeros(k), -np.ones(n)]), method="highs", **program)
    if answer.x is None or answer.status != 0:
        raise ArithmeticError(f"separation: the linear program was not solved ({answer.message})")
    return np.asarray(answer.x[:k], dtype=np.float64), np.asarray(answer.x[k:] > 0.5)
