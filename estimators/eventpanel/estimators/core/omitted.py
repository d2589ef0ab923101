"""What an omitted variable of a given strength does to a coefficient of a linear regression.

Cinelli and Hazlett (2020, doi:10.1111/rssb.12348): strength is the share that the omitted variable explains of what the
other regressors leave of the treatment and of the outcome. Oster (2019, doi:10.1080/07350015.2016.1227711): strength is
relative to observed controls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

__all__ = ["Coefficient", "Selection", "Strength", "bounded", "robustness_value"]


@dataclass(frozen=True, slots=True)
class Strength:
    """How strong an omitted variable is.

    Attributes
    ----------
    treatment : float
        Partial R2 with the treatment, given the other regressors; below one.
    outcome : float
        Partial R2 with the outcome, given the treatment and the other regressors.
    """

    treatment: float
    outcome: float


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient and its two standard errors.

    Attributes
    ----------
    estimate : float
    std_error : float
        The classical one: root of the residual variance over the residual sum of squares of the treatment.
    dof : float
        Residual degrees of freedom, more than one.
    robust_error, robust_dof : float
        Standard error that is asked for, and the degrees of freedom of its t distribution.

    Examples
    --------
    Darfur, printed in the README of sensemakr: partial R2 .02187, robustness value .13878, at 5 % .07626.

    >>> violence = Coefficient(0.09731582, 0.02325654, 783, 0.02325654, 782)
    >>> round(violence.partial_r2, 5), round(violence.robustness, 5), round(violence.robustness_at(0.05), 5)
    (0.02187, 0.13878, 0.07626)
    """

    estimate: float
    std_error: float
    dof: float
    robust_error: float
    robust_dof: float

    @property
    def f(self) -> float:
        """Cohen's partial f: t over the root of the degrees of freedom, without sign."""
        return float(abs(self.estimate / self.std_error) / np.sqrt(self.dof))

    @property
    def partial_r2(self) -> float:
        """Share of the outcome's residual variation that the treatment explains: t^2 / (t^2 + dof)."""
        return float(self.f**2 / (1 + self.f**2))

    @property
    def robustness(self) -> float:
        """Robustness value: this share of both residual variations takes the estimate to zero."""
        return robustness_value(self.f)

    def robustness_at(self, alpha: float) -> float:
        """Robustness value of the classical test: this share of both takes its p-value to alpha."""
        critical = float(stats.t.isf(alpha / 2, self.dof - 1))
        return robustness_value(self.f, critical / (self.dof - 1) ** 0.5)

    def robust_robustness_at(self, alpha: float) -> float:
        """Robustness value of the test that is asked for."""
        critical = float(stats.t.isf(alpha / 2, self.robust_dof))
        return robustness_value(self.f, critical * self.robust_error / self.std_error / (self.dof - 1) ** 0.5)

    def bias(self, strength: Strength) -> float:
        """Size of the bias that an omitted variable of this strength makes."""
        away = strength.outcome * strength.treatment / (1 - strength.treatment)
        return float(away**0.5 * self.std_error * self.dof**0.5)

    def with_variable(self, strength: Strength) -> Coefficient:
        """Coefficient with the omitted variable in the regression, where leaving it out had moved it from zero.

        The classical standard error is exact. The robust one is taken to change by the same factor.
        """
        left = (1 - strength.outcome) / (1 - strength.treatment) * self.dof / (self.dof - 1)
        estimate = float(np.sign(self.estimate) * (abs(self.estimate) - self.bias(strength)))
        robust = self.robust_error * left**0.5
        return Coefficient(estimate, self.std_error * left**0.5, self.dof - 1, robust, self.robust_dof)


def robustness_value(f: float, critical: float = 0.0) -> float:
    """Share r such that no omitted variable that explains less than r of both takes partial f down to a critical value.

    The strongest variable explains r of both, unless the critical value is so large that one which explains less of the
    outcome, and so leaves a larger standard error, does more: where f times the critical value exceeds one.

    Parameters
    ----------
    f : float
        Partial f of the treatment.
    critical : float
        Critical value of the test, over the root of the degrees of freedom; zero for the estimate itself.
    """
    if np.isnan(f) or np.isnan(critical):
        return np.nan
    if f <= critical:
        return 0.0
    if f * critical > 1:
        return (f**2 - critical**2) / (1 + f**2)
    gap = (f - critical) ** 2
    return float(((gap**2 + 4 * gap) ** 0.5 - gap) / 2)


def bounded(benchmark: Strength, multiple: float) -> Strength:
    """Strength of an omitted variable that is so many times as strong as an observed one, at most.

    Parameters
    ----------
    benchmark : Strength
        Partial R2 of the observed variable.
    multiple : float
        The same for treatment and outcome.

    Returns
    -------
    Strength
        Missing where no variable could be so strong; the outcome's share is at most one.
    """
    d, y = benchmark.treatment, benchmark.outcome
    treatment = multiple * d / (1 - d)
    if treatment >= 1 or multiple * d >= 1:
        return Strength(np.nan, np.nan)
    shared = multiple * d**2 / ((1 - multiple * d) * (1 - d))
    if shared >= 1:
        return Strength(treatment, 1.0)
    ratio = (multiple**0.5 + shared**0.5) ** 2 / (1 - shared)
    return Strength(treatment, min(ratio * y / (1 - y), 1.0))


@dataclass(frozen=True, slots=True)
class Selection:
    """Regressions without and with controls, in Oster's notation; whatever both hold is taken out of all columns.

    Attributes
    ----------
    short, long : float
        Coefficient of the treatment without and with the controls.
    short_r2, long_r2 : float
    outcome : float
        Variance of the outcome.
    treatment, left : float
        Variance of the treatment, and of what the controls leave of it.
    """

    short: float
    long: float
    short_r2: float
    long_r2: float
    outcome: float
    treatment: float
    left: float

    def delta(self, r_max: float) -> float:
        """Return selection on unobserved, over that on observed variables, that makes the true coefficient zero.

        Parameters
        ----------
        r_max : float
            R2 of a regression that held the unobserved ones too.
        """
        b, moved, tau = self.long, self.short - self.long, self.left
        nonlinear = b**2 * tau * self.treatment * moved + b**3 * tau * (self.treatment - tau)
        above = b * (self.long_r2 - self.short_r2) * self.outcome * tau + b * self.treatment * tau * moved**2
        above += nonlinear + b**2 * tau * self.treatment * moved
        room = (r_max - self.long_r2) * self.outcome
        below = room * (moved * self.treatment + b * (self.treatment - tau)) + nonlinear
        return above / below if below else np.nan
