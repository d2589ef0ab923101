"""Effective number of clusters: how many clusters of equal weight a target rests on, and which of them carry it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Mask
from eventpanel.estimators.core.poisson_clusters import working_moments
from eventpanel.estimators.core.rotated import Rotated
from eventpanel.estimators.covariance.rules import check_choice
from eventpanel.estimators.design import Design, cluster_values, one_way
from eventpanel.estimators.distributed_lag import fitted
from eventpanel.estimators.matrices import Matrices
from eventpanel.estimators.poisson_model import poisson_model
from eventpanel.estimators.target import Target

__all__ = ["ClusterWeights", "effective_clusters"]

# Shares below this are zero but for rounding.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class ClusterWeights:
    """What every cluster gives to a target.

    Attributes
    ----------
    effective : float
        Effective number of clusters.
    table : DataFrame
        One row per cluster, in the order of their names: cluster, rows and events (of the groups of the target; a dose
        counts with its absolute value), leverage, partial (share of the partial leverage of the target). Clusters
        without a row in these groups are left out where they give nothing.
    """

    effective: float
    table: pd.DataFrame


def effective_clusters(
    panel: Panel, design: Design, target: Target, *, model: Literal["linear", "poisson"] = "linear"
) -> ClusterWeights:
    """Find how many clusters of equal weight a target rests on.

    The regressor of the target, with all other terms and effects taken out, has a sum of squares in every cluster; its
    share there is the partial leverage L_g. The effective number is G / (1 + CV^2) with the coefficient of variation of
    L_g, which is one over the sum of squared shares: G where all clusters weigh the same, near one where one of them
    carries the estimate. It is G*(0) of MacKinnon, Nielsen and Webb, that of Carter, Schnepel and Steigerwald under
    errors without correlation; their other benchmark, equicorrelated errors, is undefined with effects of the clusters.

    Parameters
    ----------
    panel : Panel
    design : Design
        Its covariance names the clusters, one way.
    target : Target
    model : {"linear", "poisson"}
        Poisson: of the weighted least squares that the fit ends in.

    Returns
    -------
    ClusterWeights
        The leverage of a cluster is the trace of its block of the projection on terms and effects; effects nested in
        the clusters are taken out before. Leverages add up to the number of coefficients.

    Raises
    ------
    DesignError
        As the estimator raises it; clusters of several ways; a path that does not hold the target.

    References
    ----------
    Carter, Schnepel and Steigerwald 2017, doi:10.1162/REST_a_00639; MacKinnon, Nielsen and Webb 2023,
    doi:10.1002/jae.2949.

    Examples
    --------
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(1.0, len(frame)) * np.where(frame["unit"] == 7, 10, 1)
    >>> frame["y"] = rng.normal(size=len(frame))
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=1, lags=1, reference=None), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "reghdfe"))
    >>> found = effective_clusters(Panel(frame, ("unit",), "year"), design, Target())
    >>> round(found.effective, 1), int(found.table.sort_values("partial")["cluster"].iloc[-1])
    (2.2, 7)
    """
    check_choice("model", model, ("linear", "poisson"))
    one_way(design)
    m, kept, turned = _linear(panel, design) if model == "linear" else _poisson(panel, design)
    weights = target.weights([term for term, keep in zip(m.terms, kept, strict=True) if keep])
    products, direction = turned.moments, turned.moments.bread @ (turned.turn.T @ weights)
    own = (products.xx @ direction) @ direction
    own = np.where(own > ROUNDING * own.sum(), own, 0.0)
    leverage = np.einsum("gij,ji->g", products.xx, products.bread)
    table = _counted(panel, design, m, target).assign(leverage=leverage, partial=own / own.sum())
    shown = table[(table["rows"] > 0) | (table["partial"] > 0)].sort_values("cluster", key=lambda c: c.astype(str))
    return ClusterWeights(float(own.sum() ** 2 / (own**2).sum()), shown.reset_index(drop=True))


def _linear(panel: Panel, design: Design) -> tuple[Matrices, Mask, Rotated]:
    found = fitted(panel, design)
    return found.m, found.solution.kept, found.rotated()


def _poisson(panel: Panel, design: Design) -> tuple[Matrices, Mask, Rotated]:
    found = poisson_model(panel, design)
    return found.matrices, found.solution.kept, working_moments(found.problem, found.fit)


def _counted(panel: Panel, design: Design, m: Matrices, target: Target) -> pd.DataFrame:
    """Rows and events of every cluster, in the order of their codes."""
    own = np.ones(len(m.y), dtype=bool)
    if design.moderator is not None:
        own = m.groups.isin([target.group, target.minus]).to_numpy()
    size = int(m.clusters.max()) + 1
    dose = np.abs(panel.values(design.event.column)[m.sample]) if design.event.kind == "dose" else m.happened * 1.0
    first = np.unique(m.clusters, return_index=True)[1]
    return pd.DataFrame(
        {
            "cluster": cluster_values(panel, design)[m.sample].to_numpy()[first],
            "rows": np.bincount(m.clusters, weights=own, minlength=size).astype(np.int64),
            "events": np.bincount(m.clusters, weights=np.nan_to_num(dose) * own, minlength=size),
        }
    )
