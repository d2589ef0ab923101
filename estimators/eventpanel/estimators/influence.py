"""Influence: the path without each cluster, exactly."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.cluster_robust import leave_one_out as without_each
from eventpanel.estimators.core.moments import Moments, moments
from eventpanel.estimators.design import Design, cluster_values, one_way
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.matrices import Matrices, matrices

__all__ = ["cluster_moments", "leave_one_out"]


def leave_one_out(panel: Panel, design: Design) -> pd.DataFrame:
    """Estimate the path again without each cluster.

    Exact, from cross-products per cluster: no regression is run twice (MacKinnon, Nielsen and Webb 2023,
    doi:10.1002/jae.2949). The event keeps the coding of the whole record.

    Parameters
    ----------
    panel : Panel
    design : Design

    Returns
    -------
    DataFrame
        One row per cluster and term: cluster, term, event_time, group, estimate (without the cluster; missing where
        it is then not identified), change (in standard errors of the full estimate), rank (1 moves the term most).

    Examples
    --------
    See docs/methods/inference.md.
    """
    estimate = distributed_lag(panel, design)
    m, products = cluster_moments(panel, design, estimate)
    paths = without_each(products)
    names = cluster_values(panel, design)[m.sample].drop_duplicates()
    codes = pd.Series(m.clusters, index=panel.frame.index[m.sample])[names.index]
    table = pd.DataFrame(
        {
            "cluster": np.repeat(names.to_numpy()[np.argsort(codes.to_numpy())], len(estimate.terms)),
            "term": estimate.names * len(paths),
            "event_time": pd.array([t.event_time for t in estimate.terms] * len(paths), dtype="Int64"),
            "group": [t.group for t in estimate.terms] * len(paths),
            "estimate": paths.reshape(-1),
            "change": ((paths - estimate.coef) / estimate.std_errors.to_numpy()).reshape(-1),
        }
    )
    table["rank"] = table["change"].abs().groupby(table["term"]).rank(ascending=False, method="first").astype("Int64")
    return table.sort_values(["term", "rank"], kind="stable", ignore_index=True)


def cluster_moments(panel: Panel, design: Design, estimate: Estimate) -> tuple[Matrices, Moments]:
    """Cross-products per cluster of the terms that an estimate could identify.

    Parameters
    ----------
    panel : Panel
    design : Design
    estimate : Estimate
        Of this design on this panel.
    """
    one_way(design)
    m = matrices(panel, design)
    kept = [m.terms.index(term) for term in estimate.terms]
    return m, moments(m.y, m.X[:, kept], [codes for _, codes in m.effects], m.clusters, m.weights)
