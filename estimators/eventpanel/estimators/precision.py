"""Precision: a result that holds fewer digits than it shows says so."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.conditioning import settle
from eventpanel.estimators.core.least_squares import Fit

__all__ = ["ConditioningWarning", "settled", "warn_if_ill_conditioned"]

# What is promised without a warning.
PROMISED = 9.0


class ConditioningWarning(UserWarning):
    """Coefficients that the data, as doubles, determine to fewer than nine digits."""


def warn_if_ill_conditioned(digits: Floats, names: Sequence[str]) -> None:
    """Warn of coefficients with fewer than nine correct digits.

    Parameters
    ----------
    digits : ndarray, shape (k,)
        From :mod:`eventpanel.estimators.core.conditioning`.
    names : sequence of str, length k
        Names of the terms.

    Warns
    -----
    ConditioningWarning
    """
    few = [f"{name} ({max(int(left), 0)})" for name, left in zip(names, digits, strict=True) if left < PROMISED]
    if few:
        shown = ", ".join(few[:5]) + (f" and {len(few) - 5} more" if len(few) > 5 else "")
        warnings.warn(
            f"fewer than nine digits are certain for {shown}: the values of columns lie far from zero beside what the "
            "fixed effects leave of them, or columns are nearly collinear; subtract a round number, or leave one out.",
            ConditioningWarning,
            stacklevel=3,
        )


def settled(
    fit: Fit, y: Floats, X: Floats, groupings: Sequence[Codes], weights: Floats | None, names: Sequence[str]
) -> Fit:
    """Solve a fit again on the exact path where its digits are few; warn where the data hold no more.

    Parameters
    ----------
    fit : Fit
        From the fast path.
    y : ndarray, shape (n,)
        Outcome before fixed effects.
    X : ndarray, shape (n, k)
        Regressors before fixed effects.
    groupings : sequence of ndarray, each shape (n,)
        Group codes 0..G-1 of each effect.
    weights : ndarray, shape (n,), or None
        Positive weights.
    names : sequence of str, length k
        Names of the terms.

    Warns
    -----
    ConditioningWarning
    """
    result = settle(fit, y, X, groupings, weights)
    warn_if_ill_conditioned(result.digits, names)
    return result.fit
