"""Power of tests for trends before the event, and what remains of a trend that no test has noticed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import optimize, special

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.distributions import t_quantile
from eventpanel.estimators.core.multivariate_t import standardise
from eventpanel.estimators.core.rectangle import Inside, inside
from eventpanel.estimators.estimate import Estimate, check_level
from eventpanel.estimators.event_coefficients import REFERENCE, EventCoefficients, event_coefficients

__all__ = ["Pretest", "PretrendPower", "detectable_slope", "pretrend_power"]

Pretest = Literal["any", "joint"]

# Eigenvalues of a correlation below this share of their number count as zero.
RANK_TOLERANCE = 1e-10
# A slope is found to this share of itself; beyond so many standard errors any test is certain.
CLOSE, FURTHEST = 1e-10, 1e6


@dataclass(frozen=True, slots=True, eq=False)
class PretrendPower:
    """What the pre-tests would make of a path that is not there.

    Attributes
    ----------
    coefficients : EventCoefficients
        What was estimated.
    alternative : ndarray, shape (k,)
        The path at the event times.
    level : float
        Level of the intervals that leads are read with: 0.95 for tests at 5 %.
    critical : float
        Absolute t statistic from which a lead is significant.
    power : float
        Probability that at least one lead is significant.
    size : float
        The same without any trend.
    joint_power, joint_size : float
        Of the joint test of all leads; missing where their covariance is singular.
    bayes_factor : float
        Probability that no lead is significant under the path, over that without any trend.
    likelihood_ratio : float
        Density of the estimated leads under the path, over that without any trend; missing where their covariance is
        singular. What comes after the event says nothing of it without an assumption about the effect.
    after_passing : ndarray, shape (k,)
        Expected coefficients where the path is all there is, given that no lead was significant.
    error : float
        Of the power, by two ways to integrate.
    """

    coefficients: EventCoefficients
    alternative: Floats
    level: float
    critical: float
    power: float
    size: float
    joint_power: float
    joint_size: float
    bayes_factor: float
    likelihood_ratio: float
    after_passing: Floats
    error: float

    @property
    def table(self) -> pd.DataFrame:
        """By event time, with the reference: estimate, std_error, alternative, after_passing, more.

        ``more`` is what passing the test adds to the path: the bias of reporting only where no lead is significant.
        """
        c = self.coefficients
        columns = {
            "event_time": np.append(c.event_times, REFERENCE),
            "estimate": np.append(c.coef, 0.0),
            "std_error": np.append(c.std_errors, 0.0),
            "alternative": np.append(self.alternative, 0.0),
            "after_passing": np.append(self.after_passing, 0.0),
        }
        table = pd.DataFrame(columns).sort_values("event_time", ignore_index=True)
        return table.assign(more=table["after_passing"] - table["alternative"])

    def __str__(self) -> str:
        """Say it in one sentence."""
        joint = "" if np.isnan(self.joint_power) else f", the joint test of all leads with {self.joint_power:.3f}"
        return (
            f"If this path were there, a lead would be significant at {1 - self.level:.0%} with probability "
            f"{self.power:.3f}{joint}; without any trend with {self.size:.3f}. That no lead is significant makes the "
            f"path {self.bayes_factor:.2f} times as likely, relative to no trend, as it was before."
        )


def pretrend_power(
    source: Estimate | EventCoefficients,
    alternative: float | Mapping[int, float] | None = None,
    *,
    group: str | None = None,
    level: float = 0.95,
) -> PretrendPower:
    """Power of "no lead is significant" and of the joint test against a trend, and what passing the first implies.

    Parameters
    ----------
    source : Estimate or EventCoefficients
    alternative : float or mapping, optional
        Slope per period of a line through the reference, or value of a path by event time. Without it the slope that
        is noticed in half of all samples.
    group : str, optional
        Needed where an estimate has several.
    level : float
        Level of the intervals that leads are read with.

    Raises
    ------
    DesignError
        A coefficient at -1 that is free, no lead before it, or a path without the event times of the coefficients.

    References
    ----------
    Roth 2022, doi:10.1257/aeri.20210236. With finite degrees of freedom t takes the place of the normal.

    Examples
    --------
    >>> leads = EventCoefficients(np.array([-2, 0]), np.array([0.01, 0.07]), np.diag([0.02**2, 0.03**2]))
    >>> found = pretrend_power(leads, 0.04)
    >>> round(found.power, 4), found.table["alternative"].tolist()
    (0.516, [-0.04, 0.0, 0.04])
    """
    leads = _Leads.of(_coefficients(source, group), level)
    c = leads.coefficients
    if alternative is None:
        alternative = _slope(leads, 0.5, "any")
    path = c.along(alternative)
    under, without = leads.passing(path), leads.passing(np.zeros(len(path)))
    # What is not known of the other coefficients given the leads does not move when leads pass a test.
    root = np.linalg.pinv(leads.correlation, rcond=RANK_TOLERANCE, hermitian=True)
    shares = c.vcov[:, c.before] / c.std_errors[c.before] @ root
    moved = under.mean - path[c.before] / c.std_errors[c.before]
    after = np.where(c.before, 0.0, path + shares @ moved)
    after[c.before] = under.mean * c.std_errors[c.before]
    return PretrendPower(
        coefficients=c,
        alternative=path,
        level=level,
        critical=leads.critical,
        power=1 - under.probability,
        size=1 - without.probability,
        joint_power=leads.joint(path),
        joint_size=leads.joint(np.zeros(len(path))),
        bayes_factor=under.probability / without.probability,
        likelihood_ratio=leads.likelihood_ratio(path),
        after_passing=after,
        error=under.error,
    )


def detectable_slope(
    source: Estimate | EventCoefficients,
    power: float = 0.5,
    *,
    group: str | None = None,
    level: float = 0.95,
    test: Pretest = "any",
) -> float:
    """Slope per period of a linear trend that a test before the event notices with a probability.

    Parameters
    ----------
    source : Estimate or EventCoefficients
    power : float
        More than the size of the test, less than one.
    group : str, optional
        Needed where an estimate has several.
    level : float
        Level of the intervals that leads are read with.
    test : {"any", "joint"}
        At least one lead is significant by itself, or the joint test of all leads rejects.

    Returns
    -------
    float
        Positive: a trend downwards is noticed as often. Missing for a joint test of a singular covariance.

    Raises
    ------
    DesignError

    Examples
    --------
    >>> leads = EventCoefficients(np.array([-2, 0]), np.array([0.01, 0.07]), np.diag([0.02**2, 0.03**2]))
    >>> round(detectable_slope(leads, 0.5), 5), round(detectable_slope(leads, 0.8), 5)
    (0.0392, 0.05603)
    """
    return _slope(_Leads.of(_coefficients(source, group), level), power, test)


@dataclass(frozen=True, slots=True, eq=False)
class _Leads:
    """Coefficients before the event, and the tests that are made of them."""

    coefficients: EventCoefficients
    correlation: Floats
    level: float
    critical: float

    @classmethod
    def of(cls, c: EventCoefficients, level: float) -> _Leads:
        check_level(level)
        if not c.before.any():
            raise DesignError(
                "There is no lead to test.",
                f"event times: {', '.join(map(str, sorted(c.event_times.tolist())))}",
                "estimate with two or more leads, of which the last is the reference",
            )
        correlation = standardise(c.vcov[np.ix_(c.before, c.before)])[1]
        return cls(c, correlation, level, float(t_quantile(0.5 + level / 2, c.dof)))

    def passing(self, path: Floats) -> Inside:
        """No lead is significant."""
        c = self.coefficients
        return inside(path[c.before] / c.std_errors[c.before], self.correlation, self.critical, c.dof)

    def distance(self, path: Floats) -> float:
        """Square of a path's length in the metric of the joint test; missing where that cannot be made."""
        c = self.coefficients
        if np.linalg.eigvalsh(self.correlation)[0] <= RANK_TOLERANCE * len(self.correlation):
            return np.nan
        z = path[c.before] / c.std_errors[c.before]
        return float(z @ np.linalg.solve(self.correlation, z))

    def likelihood_ratio(self, path: Floats) -> float:
        """Density of the leads around a path, over that around zero: of the normal, or of the multivariate t."""
        c, q = self.coefficients, len(self.correlation)
        far, near = self.distance(c.coef - path), self.distance(c.coef)
        if np.isinf(c.dof):
            return float(np.exp((near - far) / 2))
        return float(np.exp((c.dof + q) / 2 * (np.log1p(near / c.dof) - np.log1p(far / c.dof))))

    def joint(self, path: Floats) -> float:
        """Power of the joint test."""
        return _wald_power(self.distance(path), len(self.correlation), self.coefficients.dof, self.level)

    def power(self, path: Floats, test: Pretest) -> float:
        return 1 - self.passing(path).probability if test == "any" else self.joint(path)


def _coefficients(source: Estimate | EventCoefficients, group: str | None) -> EventCoefficients:
    if isinstance(source, Estimate):
        return event_coefficients(source, group)
    if group is not None:
        raise DesignError("Coefficients by event time have no groups.", f"group {group!r}", "leave it out")
    return source


def _slope(leads: _Leads, power: float, test: Pretest) -> float:
    if test not in ("any", "joint"):
        raise DesignError(f"Unknown test {test!r}.", "", "choose any or joint")
    line = leads.coefficients.periods
    size = leads.power(0.0 * line, test)
    if np.isnan(size):
        return np.nan
    if not size < power < 1:
        raise DesignError(
            "No slope is noticed with this probability.",
            f"power={power}; without any trend the test rejects with {size:.4f}",
            "ask for more than that, and less than one",
        )
    unit = float((leads.coefficients.std_errors / np.abs(line))[leads.coefficients.before].min())

    def gap(steps: float) -> float:
        return leads.power(steps * unit * line, test) - power

    upper = 1.0
    while gap(upper) < 0 and upper < FURTHEST:
        upper *= 2
    return float(optimize.brentq(gap, 0.0, upper, rtol=CLOSE)) * unit


def _wald_power(noncentrality: float, restrictions: int, dof: float, level: float) -> float:
    """Power of the F test, or of the chi-squared test with infinite degrees of freedom."""
    q, size = float(restrictions), 1 - level
    if np.isinf(dof):
        return float(1 - special.chndtr(special.chdtri(q, size), q, noncentrality))
    return float(1 - special.ncfdtr(q, dof, noncentrality, float(special.fdtri(q, dof, level))))
