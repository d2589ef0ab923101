"""Joint: estimates on one panel, side by side, with the covariance between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.estimators.contributions import Contributions
from eventpanel.estimators.core.arrays import Codes
from eventpanel.estimators.core.groups import numbered
from eventpanel.estimators.design import cluster_name
from eventpanel.estimators.estimate import Estimate

__all__ = ["joined"]


def joined(estimates: Sequence[Estimate]) -> Contributions:
    """Put the contributions of several estimates side by side, cluster by cluster.

    Parameters
    ----------
    estimates : sequence of Estimate
        On panels with the same rows, with clusters of one way in the same column.

    Returns
    -------
    Contributions
        Of the coefficients of all estimates in order; a cluster that an estimate does not use adds nothing to it.

    Raises
    ------
    DesignError
        Estimates whose covariance is not of one way of clusters, or of different ones.

    Notes
    -----
    Clusters are independent and coefficients are sums over clusters, up to terms of smaller order, so covariances
    between estimates follow from products of contributions (Weesie 1999, Stata Technical Bulletin 52:34-47).
    """
    codes, parts = [], []
    for estimate in estimates:
        if estimate.contributions is None:
            raise DesignError(
                f"The estimate of {estimate.estimator} does not tell what each cluster contributes.",
                estimate.design.covariance.describe(),
                "use Clustered with one column and kind='CRV1'",
            )
        codes.append(_clusters(estimate))
        parts.append(estimate.contributions.values)
    names = {estimate.design.covariance.ways for estimate in estimates}
    if len(names) > 1:
        raise DesignError(
            "The estimates have different clusters.", first_few(map(str, sorted(names))), "use one column"
        )
    distinct = numbered(np.concatenate(codes))[0]
    values = np.zeros((len(distinct), sum(part.shape[1] for part in parts)))
    start = 0
    for mine, part in zip(codes, parts, strict=True):
        values[np.searchsorted(distinct, mine), start : start + part.shape[1]] = part
        start += part.shape[1]
    return Contributions(values)


def _clusters(estimate: Estimate) -> Codes:
    """Codes of the clusters of an estimate, in order."""
    panel = estimate.lost.panel
    return numbered(panel.crossed(cluster_name(panel, estimate.design))[estimate.sample])[0]
