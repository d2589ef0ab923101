"""Influence in a Poisson path: the path without each cluster, by one step or by a fit of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.poisson_clusters import Problem, coef_without, working_moments
from eventpanel.estimators.core.rotated import without_each
from eventpanel.estimators.design import Design, cluster_values, one_way
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.matrices import Matrices
from eventpanel.estimators.poisson_model import poisson_model
from eventpanel.estimators.solution import assemble

__all__ = ["leave_one_out_ppml"]


def leave_one_out_ppml(panel: Panel, design: Design, *, refit: int = 0) -> pd.DataFrame:
    """Estimate a Poisson path again without each cluster.

    One Newton step from the whole estimate for every cluster, from cross-products per cluster (MacKinnon, Nielsen and
    Webb 2025, arXiv:2406.00650, for logit); for the clusters that move a term of the path most, a fit of their own.

    Parameters
    ----------
    panel : Panel
    design : Design
        As for ppml.
    refit : int
        Number of clusters, those of the largest steps, whose path is fitted exactly.

    Returns
    -------
    DataFrame
        One row per cluster and term: cluster, term, event_time, group, estimate (without the cluster; missing where
        it is then not identified, or its own fit does not converge), change (in standard errors of the whole
        estimate), rank (1 moves the term most), exact (fitted, not stepped to).

    Raises
    ------
    DesignError
        And its branches, as ppml; also for a negative number of fits.

    Examples
    --------
    See docs/methods/ppml.md.
    """
    if refit < 0:
        raise DesignError("The number of fits cannot be negative.", f"refit={refit}", "ask for 0 or more")
    one_way(design)
    model = poisson_model(panel, design)
    estimate = assemble("ppml", design, model.matrices, model.solution)
    paths = without_each(working_moments(model.problem, model.fit))
    chosen = _most_influential(estimate, paths, refit)
    for cluster in chosen:
        paths[cluster] = _alone(model.problem, int(cluster), model.fit.mu)
    return _table(estimate, _names(panel, design, model.matrices), paths, np.isin(np.arange(len(paths)), chosen))


def _most_influential(estimate: Estimate, paths: Floats, count: int) -> Codes:
    """Clusters of the largest change of any term of the path; those without a step come first."""
    terms = [estimate.terms.index(term) for term in estimate.path]
    changes = np.abs((paths - estimate.coef) / estimate.std_errors.to_numpy())[:, terms]
    return np.argsort(-np.where(np.isnan(changes), np.inf, changes).max(axis=1), kind="stable")[:count]


def _alone(problem: Problem, cluster: int, mu: Floats) -> Floats:
    try:
        return coef_without(problem, cluster, np.log(mu))
    except ArithmeticError:
        return np.full(problem.X.shape[1], np.nan)


def _names(panel: Panel, design: Design, m: Matrices) -> list[object]:
    """Names of the clusters in the order of their codes."""
    held = cluster_values(panel, design)[m.sample].to_numpy()
    return [held[row] for row in np.unique(m.clusters, return_index=True)[1]]


def _table(estimate: Estimate, names: list[object], paths: Floats, exact: Mask) -> pd.DataFrame:
    k = len(estimate.terms)
    table = pd.DataFrame(
        {
            "cluster": [name for name in names for _ in range(k)],
            "term": estimate.names * len(paths),
            "event_time": pd.array([t.event_time for t in estimate.terms] * len(paths), dtype="Int64"),
            "group": [t.group for t in estimate.terms] * len(paths),
            "estimate": paths.reshape(-1),
            "change": ((paths - estimate.coef) / estimate.std_errors.to_numpy()).reshape(-1),
            "exact": exact.repeat(k),
        }
    )
    table["rank"] = table["change"].abs().groupby(table["term"]).rank(ascending=False, method="first").astype("Int64")
    order = ["cluster", "term", "event_time", "group", "estimate", "change", "rank", "exact"]
    return table.sort_values(["term", "rank"], kind="stable", ignore_index=True)[order]
