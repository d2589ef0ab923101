"""Tests, differences, sums and simultaneous bands, from coefficients and their covariance alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import stats

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.estimate import Estimate, check_level
from eventpanel.estimators.path import Term

__all__ = [
    "Test",
    "cumulative",
    "difference",
    "lag_test",
    "lead_test",
    "simultaneous_bands",
    "simultaneous_critical",
    "wald",
]

# Eigenvalues of the scaled covariance below this share of the largest count as zero.
RANK_TOLERANCE = 1e-10
# Power of two of the draws for simultaneous bands: error of the critical value below 0.002.
DRAWS = 17


@dataclass(frozen=True, slots=True)
class Test:
    """A joint test.

    Attributes
    ----------
    null : str
        The null hypothesis in words.
    statistic : float
        F statistic; missing where the test cannot be made.
    dof : tuple of float
        Numerator and denominator.
    p_value : float
    remark : str
        Why the test cannot be made, or empty.
    """

    null: str
    statistic: float
    dof: tuple[float, float]
    p_value: float
    remark: str = ""

    def __str__(self) -> str:
        """One line for tables."""
        if self.remark:
            return f"{self.null}: {self.remark}"
        return f"{self.null}: F({self.dof[0]:g}, {self.dof[1]:g}) = {self.statistic:.3f}, p = {self.p_value:.4f}"


def wald(estimate: Estimate, terms: Sequence[Term], null: str) -> Test:
    """Test that terms are jointly zero: F with (number of terms, degrees of freedom of the estimate).

    The test is not made where the covariance of the terms is singular, as it must be with fewer clusters than terms.

    Parameters
    ----------
    estimate : Estimate
    terms : sequence of Term
        Terms of the estimate that are zero under the null.
    null : str
        The null hypothesis in words.

    Examples
    --------
    See :func:`lead_test`.
    """
    if not terms:
        return Test(null, np.nan, (0.0, np.nan), np.nan, "no such term was estimated")
    part = estimate.select(terms)
    scale, q, dof = part.std_errors.to_numpy(), len(terms), float(part.dof.min())
    correlation = part.vcov / np.outer(scale, scale)
    if np.isnan(scale).any() or np.linalg.eigvalsh(correlation)[0] <= RANK_TOLERANCE * q:
        return Test(null, np.nan, (float(q), dof), np.nan, "the covariance is singular: too few clusters")
    z = part.coef / scale
    statistic = float(z @ np.linalg.solve(correlation, z)) / q
    return Test(null, statistic, (float(q), dof), float(stats.f.sf(statistic, q, dof)))


def _between(estimate: Estimate, group: str, first: float, last: float) -> list[Term]:
    return [t for t in estimate.path if t.group == group and first <= (t.event_time or 0) <= last]


def _one_group(estimate: Estimate, group: str | None) -> str:
    if group is None and len(estimate.groups) == 1:
        return estimate.groups[0]
    if group is None or group not in estimate.groups:
        raise DesignError(
            f"Unknown group {group!r}.", f"groups: {', '.join(estimate.groups)}", "name one of the groups"
        )
    return group


def lead_test(estimate: Estimate, group: str | None = None) -> Test:
    """Test that all leads are zero: no jump before the event.

    Parameters
    ----------
    estimate : Estimate
    group : str, optional
        Needed where there are several.
    """
    chosen = _one_group(estimate, group)
    of = f" for {chosen}" if chosen else ""
    return wald(estimate, _between(estimate, chosen, -np.inf, -1), f"all leads are zero{of}")


def lag_test(estimate: Estimate, group: str | None = None) -> Test:
    """Test that all lags after the event's own period are zero."""
    chosen = _one_group(estimate, group)
    of = f" for {chosen}" if chosen else ""
    return wald(estimate, _between(estimate, chosen, 1, np.inf), f"all lags are zero{of}")


def difference(estimate: Estimate, first: str, second: str) -> Estimate:
    """Path of one group minus the path of another, with the covariance between them.

    Parameters
    ----------
    estimate : Estimate
        With a moderator.
    first, second : str
        The difference is ``first`` minus ``second``.

    Returns
    -------
    Estimate
        One term per event time that both groups have, in the group ``"first - second"``.
    """
    label = f"{_one_group(estimate, first)} - {_one_group(estimate, second)}"
    where = {(t.event_time, t.group): i for i, t in enumerate(estimate.terms)}
    shared = [t for t in estimate.path if t.group == first and (t.event_time, second) in where]
    matrix = np.zeros((len(shared), len(estimate.terms)))
    for row, term in enumerate(shared):
        matrix[row, where[term.event_time, first]] = 1.0
        matrix[row, where[term.event_time, second]] = -1.0
    return estimate.combine(matrix, tuple(Term(t.variable, t.event_time, label, t.binned) for t in shared))


def cumulative(estimate: Estimate, first: int | None = None, last: int | None = None) -> Estimate:
    """Sum of the path from one event time to another, for every group, binned ends left out.

    Parameters
    ----------
    estimate : Estimate
    first, last : int, optional
        Event times, both included; the whole window without them.

    Returns
    -------
    Estimate
        One term per group.
    """
    low, high = -np.inf if first is None else first, np.inf if last is None else last
    rows, terms = [], []
    for group in estimate.groups:
        inside = [t for t in _between(estimate, group, low, high) if not t.binned]
        rows.append(np.isin(np.arange(len(estimate.terms)), [estimate.terms.index(t) for t in inside]).astype(float))
        times = [t.event_time for t in inside if t.event_time is not None]
        span = f"{min(times)} to {max(times)}" if times else "nothing"
        terms.append(Term(f"sum of {estimate.design.event.column}, {span}" + (f" [{group}]" if group else "")))
    return estimate.combine(np.array(rows), tuple(terms))


def simultaneous_critical(correlation: Floats, dof: float, level: float = 0.95) -> float:
    """Critical value c with P(max |t_k| <= c) = level for a multivariate t.

    Parameters
    ----------
    correlation : ndarray, shape (k, k)
    dof : float
        Infinite for the multivariate normal.
    level : float

    Returns
    -------
    float
        From 2^17 quasi-random draws with a fixed seed, and never outside its two bounds: the critical value of one
        interval alone, and Bonferroni's.

    References
    ----------
    Montiel Olea and Plagborg-Moller 2019, doi:10.1002/jae.2656.

    Examples
    --------
    >>> round(simultaneous_critical(np.eye(4), np.inf), 2)
    2.49
    """
    check_level(level)
    single, bonferroni = (float(stats.t.ppf(1 - (1 - level) / 2 / m, dof)) for m in (1, len(correlation)))
    return float(np.clip(np.quantile(_largest(correlation, dof), level), single, bonferroni))


def _largest(correlation: Floats, dof: float) -> Floats:
    """Largest absolute component of multivariate t draws."""
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    return np.asarray(np.abs(_spherical(len(correlation), dof) @ root.T).max(axis=1))


@lru_cache(maxsize=8)
def _spherical(k: int, dof: float) -> Floats:
    """Quasi-random draws of an uncorrelated multivariate t, shape (draws, k)."""
    points = stats.qmc.Sobol(k + 1, scramble=True, rng=np.random.default_rng(0)).random_base2(DRAWS)
    points = np.clip(points, 1e-12, 1 - 1e-12)
    normal = np.asarray(stats.norm.ppf(points[:, :k]))
    return normal if np.isinf(dof) else normal / np.sqrt(stats.chi2.ppf(points[:, k:], dof) / dof)


def simultaneous_bands(estimate: Estimate, level: float = 0.95) -> pd.DataFrame:
    """Bands that cover the whole path of a group with the stated probability.

    Returns
    -------
    DataFrame
        group, event_time, critical, band_low, band_high; indexed by term.
    """
    tables = []
    for group in estimate.groups:
        part = estimate.select([t for t in estimate.path if t.group == group])
        scale = part.std_errors.to_numpy()
        defined = ~np.isnan(scale)
        critical = np.nan
        if defined.any():
            inner = part.vcov[np.ix_(defined, defined)] / np.outer(scale[defined], scale[defined])
            critical = simultaneous_critical(inner, float(part.dof.min()), level)
        tables.append(
            pd.DataFrame(
                {
                    "group": group,
                    "event_time": [t.event_time for t in part.terms],
                    "critical": critical,
                    "band_low": part.coef - critical * scale,
                    "band_high": part.coef + critical * scale,
                },
                index=part.names,
            )
        )
    return pd.concat(tables)
