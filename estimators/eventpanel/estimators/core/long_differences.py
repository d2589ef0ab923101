"""Changes of an outcome compared between treated and control observations of the same period: weights and residuals.

A coefficient is a weighted sum of changes; the weights depend on who is treated, on periods and covariates only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats, Mask

__all__ = ["Changes", "adjusted", "regressed", "solve"]

# A treatment of which the covariates leave less than this share of its size within periods is explained by them.
SHARE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Observations of one regression.

    Attributes
    ----------
    change : ndarray, shape (n,)
    treated : ndarray of bool, shape (n,)
    period : ndarray, shape (n,)
        Codes of the periods.
    weights : ndarray, shape (n,)
    covariates : ndarray, shape (n, c)
    """

    change: Floats
    treated: Mask
    period: Codes
    weights: Floats
    covariates: Floats

    def sums(self, values: Floats) -> Floats:
        """Sum values by period, shape (periods,)."""
        return np.asarray(np.bincount(self.period, values, minlength=int(self.period.max()) + 1), dtype=np.float64)

    @property
    def equal(self) -> Floats:
        """Weights under which the regression counts every treated observation alike, shape (n,).

        Within a period, the regression counts the effect by treated x controls / both; weighted by both / controls it
        counts it by the treated.
        """
        total = self.sums(self.weights)
        controls = self.sums(np.where(self.treated, 0.0, self.weights))
        ratio = np.divide(total, controls, out=np.zeros_like(total), where=controls > 0)
        return self.weights * ratio[self.period]


def regressed(o: Changes, weights: Floats) -> tuple[float, Floats] | None:
    """Coefficient of treatment in the weighted regression on treatment, covariates and period effects.

    Returns
    -------
    coef : float
    influence : ndarray, shape (n,)
        Linear weight of each observation times its residual. ``None`` where periods and covariates explain treatment.

    Examples
    --------
    >>> o = Changes(np.array([3.0, 1.0, 2.0]), np.array([True, False, False]), np.array([0, 0, 0]), np.ones(3),
    ...     np.empty((3, 0)))
    >>> round(regressed(o, o.weights)[0], 12)
    1.5
    """
    total = o.sums(weights)

    def within(values: Floats) -> Floats:
        means = np.divide(o.sums(weights * values), total, out=np.zeros_like(total), where=total > 0)
        return np.asarray(values - means[o.period])

    d = o.treated.astype(np.float64)
    y, own = within(o.change), within(d)
    left = own
    if o.covariates.shape[1]:
        X = np.array([within(column) for column in o.covariates.T]).T
        y, left = y - X @ solve(X, y, weights), own - X @ solve(X, own, weights)
    spread = float(weights @ left**2)
    if spread <= SHARE**2 * float(weights @ d):
        return None
    coef = float((weights * left) @ y) / spread
    return coef, weights * left * (y - coef * left) / spread


def adjusted(o: Changes) -> tuple[float, Floats]:
    """Mean effect on the treated by regression adjustment: controls predict the change of the treated.

    The change of controls is regressed on covariates and period effects; the effect is the mean difference between the
    treated and what is predicted for them. Every treated observation must have a control in its period.

    Returns
    -------
    coef : float
    influence : ndarray, shape (n,)
        The errors of means, slopes and period effects.
    """
    w_treated = np.where(o.treated, o.weights, 0.0)
    w_control = np.where(o.treated, 0.0, o.weights)
    share = o.sums(w_treated) / w_treated.sum()
    controls = o.sums(w_control)

    def centred(values: Floats) -> Floats:
        """Values less the mean of the controls of their period."""
        return np.asarray(values - (o.sums(w_control * values) / np.where(controls > 0, controls, 1.0))[o.period])

    X = np.array([centred(column) for column in o.covariates.T]).reshape(-1, len(o.change)).T
    slopes = solve(X, centred(o.change), w_control)
    residual = centred(o.change) - X @ slopes
    coef = float(w_treated @ residual) / w_treated.sum()
    # What the slopes are multiplied with: how far covariates of the treated are from those of their controls.
    apart = (w_treated / w_treated.sum()) @ X
    far = X @ (np.linalg.pinv((X * w_control[:, None]).T @ X) @ apart)
    lean = (share / np.where(controls > 0, controls, 1.0))[o.period] + far
    return coef, np.where(o.treated, w_treated / w_treated.sum() * (residual - coef), -w_control * lean * residual)


def solve(X: Floats, y: Floats, weights: Floats) -> Floats:
    """Slopes of weighted least squares; the shortest where columns are collinear.

    Parameters
    ----------
    X : ndarray, shape (n, c)
    y, weights : ndarray, shape (n,)

    Examples
    --------
    >>> solve(np.array([[1.0], [2.0]]), np.array([2.0, 4.0]), np.ones(2)).round(12).tolist()
    [2.0]
    """
    root = np.sqrt(weights)[:, None]
    size = np.sqrt(((root * X) ** 2).sum(axis=0))
    scale = np.where(size > 0, size, 1.0)
    return np.asarray(np.linalg.lstsq(root * X / scale, root[:, 0] * y, rcond=1e-10)[0] / scale)
