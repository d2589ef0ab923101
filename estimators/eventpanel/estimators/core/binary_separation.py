"""Separated rows of a binary outcome: rows whose fitted probability can only be zero or one.

Rows are separated where some z = X gamma + fixed effects is nowhere negative if y = 1, nowhere positive if y = 0, and
not zero on them (Albert and Anderson 1984, doi:10.1093/biomet/71.1.1). A row stands for two of a Poisson regression, one
for each outcome, which share an effect; the effects of groups and the coefficients belong to the outcome one. Then its
separated rows are those of :func:`eventpanel.estimators.core.separation.separation`, certificate included.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.least_squares import independent, least_squares
from eventpanel.estimators.core.separation import Separation, separation

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
    within = absorb(np.column_stack([scores, X]), groupings).columns
    kept = independent(within[:, 1:], np.linalg.norm(X - X.mean(axis=0), axis=0))[0]
    exact = least_squares(within[:, 0], within[:, 1:][:, kept]).residuals if kept.any() else within[:, 0]
    multipliers = np.where(y > 0, exact, -exact)
    return bool(multipliers.min() > POSITIVE * multipliers.max())


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
        As :func:`eventpanel.estimators.core.separation.separation`.

    Examples
    --------
    >>> y, x = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 0.0, 0.0, 1.0])
    >>> binary_separation(y, x[:, None], [np.zeros(4, dtype=np.int64)]).separated.tolist()
    [False, False, False, True]
    """
    n = len(y)
    rows, outcome = np.tile(np.arange(n), 2), np.repeat([0, 1], n)
    doubled = [2 * np.tile(codes, 2) + outcome for codes in groupings]
    stacked = np.concatenate([np.zeros_like(X), X])
    found = separation(np.concatenate([1 - y, y]), stacked, [rows, *doubled])
    separated = found.separated.reshape(2, n).any(axis=0)
    zero, one = found.certificate.reshape(2, n)
    return Separation(separated, zero - one, found.method)
