"""Simultaneous bands: they cover a whole path, or several, with the stated probability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.multivariate_t import critical_value, standardise
from eventpanel.estimators.estimate import Estimate, check_level
from eventpanel.estimators.path import Term

__all__ = ["simultaneous_bands", "simultaneous_critical"]


def simultaneous_critical(correlation: Floats, dof: float, level: float = 0.95) -> float:
    """Critical value c with P(max |t_k| <= c) = level for a multivariate t.

    Parameters
    ----------
    correlation : ndarray, shape (k, k)
        May be singular.
    dof : float
        Infinite for the multivariate normal.
    level : float

    Returns
    -------
    float
        By integration, the same every time; never outside its two bounds, the critical values of one interval alone
        and of independent normals.

    References
    ----------
    Montiel Olea and Plagborg-Moller 2019, doi:10.1002/jae.2656.

    Examples
    --------
    >>> round(simultaneous_critical(np.eye(4), np.inf), 6)
    2.490915
    """
    check_level(level)
    return critical_value(correlation, dof, level)


def simultaneous_bands(estimate: Estimate, level: float = 0.95, *, together: bool = False) -> pd.DataFrame:
    """Bands that cover the whole path of a group with the stated probability.

    Parameters
    ----------
    estimate : Estimate
        Without a path (sums, combinations by name), its terms are covered together.
    level : float
    together : bool
        Whether one critical value is to cover the paths of all groups at once.

    Returns
    -------
    DataFrame
        group, event_time, critical, band_low, band_high; indexed by term. A term without variance has no band, and does
        not widen those of others.
    """
    if together or not estimate.path:
        return _bands(estimate, estimate.path or estimate.terms, level)
    paths = [[t for t in estimate.path if t.group == group] for group in estimate.groups]
    return pd.concat([_bands(estimate, path, level) for path in paths])


def _bands(estimate: Estimate, terms: Sequence[Term], level: float) -> pd.DataFrame:
    rows = [estimate.terms.index(term) for term in terms]
    scale, correlation = standardise(estimate.vcov[np.ix_(rows, rows)])
    defined, critical = ~np.isnan(scale), np.nan
    if defined.any():
        dof = float(estimate.dof[rows][defined].min())
        critical = simultaneous_critical(correlation[np.ix_(defined, defined)], dof, level)
    return pd.DataFrame(
        {
            "group": [term.group for term in terms],
            "event_time": [term.event_time for term in terms],
            "critical": critical,
            "band_low": estimate.coef[rows] - critical * scale,
            "band_high": estimate.coef[rows] + critical * scale,
        },
        index=[str(term) for term in terms],
    )
