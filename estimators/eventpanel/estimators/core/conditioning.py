"""How many digits of each coefficient the data and the method leave.

Numbers that are not whole are known to half a unit of their last place only. First-order perturbation of least
squares (Bjorck 1996, Numerical Methods for Least Squares Problems, 1.4) carries that over to the coefficients: a part
through the fit, and a part through the residuals that grows with the square of the condition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.exact import exact
from eventpanel.estimators.core.least_squares import Fit
from eventpanel.estimators.core.moments import Moments

if TYPE_CHECKING:
    from eventpanel.estimators.core.poisson import PoissonFit

HALF_UNIT = 2.0**-53
# From here on every double is a whole number.
ALL_WHOLE = 2.0**52
# Where a coefficient explains less than this share of the outcome, its digits count from there: a zero has none.
NEGLIGIBLE = 1e-6
# Fewer digits than these from the fast path, and the exact path takes over.
ENOUGH = 11.0
MOST = 15.0
# Rows times columns up to which the exact path is taken: half a second.
EXACT_LIMIT = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """What coefficients are computed from.

    Attributes
    ----------
    y : ndarray, shape (n,)
        Outcome before fixed effects: what is absorbed takes its digits with it. Of cross-products, after them.
    X : ndarray, shape (n, k)
        Regressors before fixed effects; of cross-products, after them.
    weights : ndarray, shape (n,), or None
        Positive weights.
    """

    y: Floats
    X: Floats
    weights: Floats | None = None

    @property
    def sizes(self) -> tuple[Floats, Floats]:
        """Largest element of the outcome, and of each regressor, times the roots of the weights: shapes () and (k,)."""
        return self._largest(self.y), self._largest(self.X)

    @property
    def is_whole(self) -> tuple[Mask, Mask]:
        """Whether the outcome, and each regressor, holds whole numbers: shapes () and (k,)."""
        return _is_whole(self.y), _is_whole(self.X)

    def _largest(self, values: Floats) -> Floats:
        root = 1.0 if self.weights is None else np.sqrt(self.weights).reshape(-1, *[1] * (values.ndim - 1))
        return np.asarray(np.abs(values * root).max(axis=0, initial=0.0))


@dataclass(frozen=True, slots=True)
class Settled:
    """A fit and what its digits are worth.

    Attributes
    ----------
    fit : Fit
    digits : ndarray, shape (k,)
        Correct digits of each coefficient, given that numbers that are not whole were rounded to doubles.
    is_exact : bool
        Whether the exact path was taken.
    """

    fit: Fit
    digits: Floats
    is_exact: bool


def rounding_digits(fit: Fit, data: Data) -> Floats:
    """Estimate the correct digits of coefficients from orthogonal methods in doubles, shape (k,), at most 15.

    Examples
    --------
    >>> from eventpanel.estimators.core.least_squares import least_squares
    >>> x = np.array([0.1, -0.1, 0.3, -0.3])
    >>> fit = least_squares(x, x[:, None])
    >>> rounding_digits(fit, Data(x + 1e7, x[:, None] + 1e7)).round().tolist()
    [8.0]
    """
    return _digits(fit, *data.sizes, data.weights)


def input_digits(fit: Fit, data: Data) -> Floats:
    """Estimate the digits of coefficients that the data determine, shape (k,), at most 15; whole numbers are exact."""
    outcome, sizes = (np.where(is_whole, 0.0, s) for is_whole, s in zip(data.is_whole, data.sizes, strict=True))
    return _digits(fit, outcome, sizes, data.weights)


def moments_digits(m: Moments, data: Data) -> Floats:
    """Estimate the correct digits of coefficients computed from cross-products, shape (terms,), at most 15.

    Rounding a cross-product costs the square of the condition. A bread that is itself rounding is large, so that no
    digit is promised.
    """
    w = np.ones(len(data.y)) if data.weights is None else data.weights
    coef, bread = m.coef[: m.terms], m.bread[: m.terms, : m.terms]
    norms, outcome = np.sqrt(w @ data.X**2), np.sqrt(w @ data.y**2)
    # Ten for the sums over rows and for the factor of the cross-products.
    error = 10 * np.sqrt(bread**2 @ norms**2) * np.hypot(outcome, np.linalg.norm(coef * norms))
    return _relative(coef, bread, error, float(outcome))


def poisson_digits(fitted: PoissonFit, data: Data) -> Floats:
    """Estimate the digits that the data determine of a Poisson fit without offset, as :func:`input_digits`.

    At the maximum it is a least-squares fit of the working outcome ``log(mu) + (y - mu) / mu`` with weights ``mu``.
    """
    fit, mu = fitted.fit, fitted.mu
    left = fit.residuals / mu
    working = Data(np.log(mu) + left, data.X, mu if data.weights is None else data.weights * mu)
    return input_digits(Fit(fit.coef, left, fit.scores, fit.bread), working)


def settle(fit: Fit, data: Data, groupings: Sequence[Codes]) -> Settled:
    """Keep a fit whose digits are enough, or that is large; else solve it again on the exact path.

    Parameters
    ----------
    fit : Fit
        From the fast path.
    data : Data
    groupings : sequence of ndarray, each shape (n,)
        Group codes 0..G-1 of each effect.
    """
    fast = rounding_digits(fit, data)
    if (fast >= ENOUGH).all() or data.X.size > EXACT_LIMIT:
        return Settled(fit, fast, is_exact=False)
    try:
        better = exact(data.y, data.X, groupings, data.weights).fit
    except ArithmeticError:
        return Settled(fit, fast, is_exact=False)
    return Settled(better, input_digits(better, data), is_exact=True)


def _is_whole(values: Floats) -> Mask:
    """Whether a column holds whole numbers, not just numbers so large that doubles have no fraction left."""
    return np.asarray(((values == np.rint(values)) & (np.abs(values) < ALL_WHOLE)).all(axis=0))


def _digits(fit: Fit, outcome: Floats, sizes: Floats, weights: Floats | None) -> Floats:
    """Digits left by independent errors in every element, of half a unit in the last place of the largest."""
    left = float(np.linalg.norm(fit.residuals if weights is None else fit.residuals * np.sqrt(weights)))
    spread = np.sqrt(np.diag(fit.bread))
    through_fit = spread * np.hypot(outcome, np.linalg.norm(fit.coef * sizes))
    through_residuals = np.sqrt(fit.bread**2 @ sizes**2) * left
    # At least as much of the outcome is explained as the largest single coefficient explains.
    explained = np.abs(fit.coef / spread).max(initial=0.0)
    # Three, so that clustered standard errors, which pass through the residuals once more, keep the digits too.
    error = 3 * (through_fit + through_residuals)
    return _relative(fit.coef, fit.bread, error, float(np.hypot(left, explained)))


def _relative(coef: Floats, bread: Floats, error: Floats, outcome: float) -> Floats:
    """Digits of coefficients with these errors, in half units of the last place."""
    floor = NEGLIGIBLE * outcome * np.sqrt(np.diag(bread))
    scale = np.maximum(np.maximum(np.abs(coef), floor), np.finfo(float).tiny)
    known = np.isfinite(error) & np.isfinite(scale)
    share = np.where(known, HALF_UNIT * error, 1.0) / np.where(known, scale, 1.0)
    return np.asarray(np.clip(-np.log10(np.maximum(share, 10.0**-MOST)), 0.0, MOST))
