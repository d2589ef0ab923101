"""Precision: a result that holds fewer digits than it shows says so."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.conditioning import Data, Settled, moments_digits, poisson_digits, settle
from eventpanel.estimators.core.least_squares import Fit
from eventpanel.estimators.core.moments import Moments

if TYPE_CHECKING:
    from eventpanel.estimators.core.poisson import PoissonFit

__all__ = ["ConditioningWarning", "check_moments", "check_poisson", "settled"]

# What is promised without a warning.
PROMISED = 9.0


class ConditioningWarning(UserWarning):
    """Coefficients that the data, as doubles, determine to fewer than nine digits."""


def settled(
    fit: Fit, y: Floats, X: Floats, groupings: Sequence[Codes], weights: Floats | None, names: Sequence[str]
) -> Settled:
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
        Group codes 0..G-1 of each effect; a constant is one group.
    weights : ndarray, shape (n,), or None
        Positive weights.
    names : sequence of str, length k
        Names of the terms.

    Warns
    -----
    ConditioningWarning
    """
    data = Data(y, X, weights)
    result = settle(fit, data, groupings)
    _warn(result.digits, names, _lost_to(result.fit.coef, data, names))
    return result


def check_poisson(fitted: PoissonFit, y: Floats, X: Floats, weights: Floats | None, names: Sequence[str]) -> PoissonFit:
    """Warn, as :func:`settled`, where the data hold few digits of a Poisson fit; the fit is returned as it is.

    Parameters
    ----------
    fitted : PoissonFit
    y, X, weights, names
        As for :func:`settled`.
    """
    digits = poisson_digits(fitted, Data(y, X, weights))
    _warn(digits, names, _lost_to(fitted.fit.coef, Data(fitted.eta, X), names))
    return fitted


def check_moments(m: Moments, y: Floats, X: Floats, weights: Floats | None, names: Sequence[str]) -> Moments:
    """Warn, as :func:`settled`, where cross-products hold few digits; they are returned as they are.

    Parameters
    ----------
    m : Moments
    y, X, weights, names
        As for :func:`settled`, but after fixed effects.
    """
    why = "cross-products hold the square of the condition: leave one of nearly collinear columns out"
    _warn(moments_digits(m, Data(y, X, weights)), names, why)
    return m


def _lost_to(coef: Floats, data: Data, names: Sequence[str]) -> str:
    """Name the column, or the outcome, that brings the largest rounding with it."""
    largest = np.append(np.abs(data.X).max(axis=0), np.abs(data.y).max())
    j = int(np.argmax(np.append(np.abs(coef), 1.0) * largest))
    return (
        f"most is lost to {[*names, 'the outcome'][j]}, whose values reach {largest[j]:.0e}: "
        "subtract a round number from it, or, where columns are nearly collinear, leave one out"
    )


def _warn(digits: Floats, names: Sequence[str], why: str) -> None:
    few = [f"{name} ({int(left)})" for name, left in zip(names, digits, strict=True) if left < PROMISED]
    if few:
        shown = ", ".join(few[:5]) + (f" and {len(few) - 5} more" if len(few) > 5 else "")
        message = f"fewer than nine digits are certain for {shown}; {why}; see docs/methods/numerics.md."
        warnings.warn(message, ConditioningWarning, stacklevel=4)
