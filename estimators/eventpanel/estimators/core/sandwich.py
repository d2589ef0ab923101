"""Cluster-robust covariance from scores (Liang and Zeger 1986, doi:10.1093/biomet/73.1.13)."""

from __future__ import annotations

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import group_sums
from eventpanel.estimators.core.least_squares import Fit


def clustered(fit: Fit, clusters: Codes) -> Floats:
    """Sandwich with the outer product of each cluster's summed scores, no small-sample factor, shape (k, k).

    Parameters
    ----------
    fit : Fit
    clusters : ndarray, shape (n,)
        Codes 0..G-1.
    """
    influence = influence_of(fit, clusters)
    return influence.T @ influence


def influence_of(fit: Fit, clusters: Codes) -> Floats:
    """Sum up what each cluster adds to the error of the coefficients, shape (G, k).

    Parameters
    ----------
    fit : Fit
    clusters : ndarray, shape (n,)
        Codes 0..G-1.
    """
    # The bread first: outer products of the scores themselves would cost the square of the condition.
    return group_sums(fit.scores, clusters) @ fit.bread
