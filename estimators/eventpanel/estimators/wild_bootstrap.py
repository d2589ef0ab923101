"""Wild cluster bootstrap of a path: p-values, intervals by inversion, joint tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.draws import Draws, Weights, critical, draws, edge, p_value
from eventpanel.estimators.core.moments import Moments, combine
from eventpanel.estimators.core.wild import Curve, Residuals, curves, data_statistic, statistics
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate, check_level
from eventpanel.estimators.inference import difference as between
from eventpanel.estimators.influence import cluster_moments
from eventpanel.estimators.path import Term

__all__ = ["Bootstrap", "wild_bootstrap"]

WEIGHTS = ("rademacher", "webb", "mammen")
RESIDUALS = ("restricted", "unrestricted", "restricted_jackknife", "unrestricted_jackknife")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """How to draw.

    Parameters
    ----------
    draws : int
        Number of draws. With Rademacher weights and few clusters all sign changes are taken instead, once.
    seed : int
        Same seed, same draws.
    weights : {"rademacher", "webb", "mammen"}
        Webb's six points are better for fewer than about 12 clusters.
    residuals : {"restricted", "unrestricted", "restricted_jackknife", "unrestricted_jackknife"}
        Residuals under the null, as is usual, or of the full estimate; with the jackknife each cluster's come from a
        fit without it (MacKinnon, Nielsen and Webb 2023, doi:10.1002/jae.2969), for few or unequal clusters.

    Raises
    ------
    DesignError
        Fewer than one draw, or unknown options.
    """

    draws: int
    seed: int
    weights: Weights = "rademacher"
    residuals: Residuals = "restricted"

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise DesignError("A bootstrap needs draws.", f"draws={self.draws}", "ask for 999 or more")
        if self.weights not in WEIGHTS:
            raise DesignError(f"Unknown weights {self.weights!r}.", "", f"choose one of {', '.join(WEIGHTS)}")
        if self.residuals not in RESIDUALS:
            raise DesignError(f"Unknown residuals {self.residuals!r}.", "", f"choose one of {', '.join(RESIDUALS)}")


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Moments, how they are drawn from, and one less the level of intervals."""

    moments: Moments
    draws: Draws
    residuals: Residuals
    alpha: float


def wild_bootstrap(
    panel: Panel, design: Design, bootstrap: Bootstrap, *, difference: Sequence[str] = (), level: float = 0.95
) -> pd.DataFrame:
    """Bootstrap every term of the path, all leads and all lags, by flipping the residuals of whole clusters.

    Parameters
    ----------
    panel : Panel
    design : Design
        Its covariance names the clusters.
    bootstrap : Bootstrap
    difference : sequence of str
        Two groups; the first minus the second is bootstrapped too.
    level : float
        Level of the intervals.

    Returns
    -------
    DataFrame
        One row per term of the path, and per group for its leads and lags jointly: term, event_time, group,
        estimate, statistic (t, or F without small-sample factor for joint tests), p_value, conf_low, conf_high (by
        inversion; infinite where no value is rejected), draws (those that have a statistic), enumerated.

    References
    ----------
    Cameron, Gelbach and Miller 2008, doi:10.1162/rest.90.3.414; MacKinnon and Webb 2018, doi:10.1111/ectj.12107, on
    few treated clusters, where the bootstrap can fail too.

    Examples
    --------
    See docs/methods/inference.md.
    """
    check_level(level)
    estimate = distributed_lag(panel, design)
    _, products = cluster_moments(panel, design, estimate)
    plan = draws(estimate.n_clusters, bootstrap.draws, bootstrap.weights, bootstrap.seed)
    drawn = _Drawn(products, plan, bootstrap.residuals, 1 - level)
    rows = _path(estimate, drawn, {term: estimate.terms.index(term) for term in estimate.path})
    if difference:
        contrast, columns, matrix = contrasts(estimate, difference)
        other = replace(drawn, moments=combine(products, matrix))
        rows += _path(contrast, other, columns)
        rows.append(_joint(other, sorted(columns.values()), "no difference", contrast.groups[0]))
    return pd.DataFrame(rows).astype({"event_time": "Int64"}).assign(enumerated=plan.enumerated)


def _path(path: Estimate, drawn: _Drawn, columns: dict[Term, int]) -> list[dict[str, object]]:
    drawn_curves = curves(drawn.moments, dict.fromkeys(columns.values(), 0.0), drawn.draws, drawn.residuals)
    rows = [_one(path, term, drawn_curves[column], drawn.alpha) for term, column in columns.items()]
    return rows + [
        _joint(drawn, [columns[term] for term in terms], name, group) for name, group, terms in sides(path.path)
    ]


def sides(path: Sequence[Term]) -> list[tuple[str, str, list[Term]]]:
    """Leads and lags of every group, where it has any, that are tested jointly: name, group, terms."""
    found = []
    for group in dict.fromkeys(term.group for term in path):
        for name, side in (("all leads", -1), ("all lags", 1)):
            chosen = [t for t in path if t.group == group and (t.event_time or 0) * side > 0]
            if chosen:
                found.append((name, group, chosen))
    return found


def contrasts(estimate: Estimate, groups: Sequence[str]) -> tuple[Estimate, dict[Term, int], Floats]:
    """Path of differences between two groups, the columns that hold it, and the matrix that makes them.

    Parameters
    ----------
    estimate : Estimate
    groups : sequence of str
        The first and the second.

    Returns
    -------
    Estimate, dict of Term to int, ndarray of shape (terms, terms)

    Raises
    ------
    DesignError
        Not two groups of the estimate.
    """
    if len(groups) != 2:
        raise DesignError("A difference needs two groups.", first_few(groups), "name the first and the second")
    contrast = between(estimate, groups[0], groups[1])
    where = {(t.event_time, t.group): i for i, t in enumerate(estimate.terms)}
    first = [where[t.event_time, groups[0]] for t in contrast.path]
    second = [where[t.event_time, groups[1]] for t in contrast.path]
    matrix = np.eye(len(estimate.terms))
    matrix[first, second] = -1.0
    return contrast, dict(zip(contrast.path, first, strict=True)), matrix


def _one(path: Estimate, term: Term, curve: Curve, alpha: float) -> dict[str, object]:
    j = path.terms.index(term)

    def excess(x: float) -> float:
        return float(abs(x) - np.sqrt(critical(x * x, curve.at(x), alpha)))

    return {
        "term": str(term),
        "event_time": term.event_time,
        "group": term.group,
        "estimate": path.coef[j],
        "statistic": path.coef[j] / path.std_errors.iloc[j],
        "p_value": p_value((curve.estimate / curve.error) ** 2, curve.tested),
        "conf_low": curve.estimate - curve.error * edge(excess),
        "conf_high": curve.estimate + curve.error * edge(lambda x: excess(-x)),
        "draws": int((~np.isnan(curve.tested)).sum()),
    }


def _joint(drawn: _Drawn, columns: Sequence[int], name: str, group: str) -> dict[str, object]:
    null = np.zeros(len(columns))
    data = data_statistic(drawn.moments, columns, null)
    drawn_statistics = statistics(drawn.moments, columns, null, drawn.draws, drawn.residuals)
    return {
        "term": f"{name} [{group}]" if group else name,
        "group": group,
        "statistic": data / len(columns),
        "p_value": p_value(data, drawn_statistics),
        "draws": int((~np.isnan(drawn_statistics)).sum()),
    }
