"""Influence: the path without each cluster, exactly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.moments import Moments
from eventpanel.estimators.core.rotated import without_each
from eventpanel.estimators.design import Design, cluster_values, one_way
from eventpanel.estimators.distributed_lag import fitted
from eventpanel.estimators.matrices import Matrices
from eventpanel.estimators.solution import assemble

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
    one_way(design)
    found = fitted(panel, design)
    estimate = assemble("distributed_lag", design, found.m, found.solution)
    paths = without_each(found.rotated())
    clusters, k = _names(panel, design, found.m), len(estimate.terms)
    change = (paths - estimate.coef) / estimate.std_errors.to_numpy()
    # Ranks by the size of the change; clusters that cannot be left out have none.
    order = np.argsort(-np.abs(change), axis=0, kind="stable")
    rank = np.empty(change.shape, dtype=np.int64)
    np.put_along_axis(rank, order, np.arange(1, len(paths) + 1)[:, None], axis=0)
    by_term = sorted(range(k), key=lambda j: estimate.names[j])
    rows, columns = order[:, by_term].T.reshape(-1), np.repeat(by_term, len(paths))
    times = pd.array([t.event_time for t in estimate.terms], dtype="Int64")
    return pd.DataFrame(
        {
            "cluster": clusters[rows],
            "term": np.array(estimate.names, dtype=object)[columns],
            "event_time": times[columns],
            "group": np.array([t.group for t in estimate.terms], dtype=object)[columns],
            "estimate": paths[rows, columns],
            "change": change[rows, columns],
            "rank": pd.arrays.IntegerArray(rank[rows, columns], np.isnan(change[rows, columns])),
        }
    )


def _names(panel: Panel, design: Design, m: Matrices) -> npt.NDArray[np.object_]:
    """Name of each cluster, in the order of its code."""
    first = np.empty(int(m.clusters.max()) + 1, dtype=np.int64)
    first[m.clusters] = np.flatnonzero(m.sample)
    return np.asarray(cluster_values(panel, design).iloc[first].to_numpy(), dtype=object)


def cluster_moments(panel: Panel, design: Design) -> tuple[Matrices, Moments]:
    """Cross-products per cluster of the terms that can be estimated."""
    one_way(design)
    found = fitted(panel, design)
    return found.m, found.moments()
