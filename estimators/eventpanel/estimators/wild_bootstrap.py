"""Wild cluster bootstrap of a path: p-values, intervals by inversion, joint tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.moments import Moments, combine
from eventpanel.estimators.core.wild import Weights, data_statistic, draw_weights, p_value, statistics
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.inference import difference as between
from eventpanel.estimators.influence import cluster_moments
from eventpanel.estimators.path import Term

__all__ = ["Bootstrap", "wild_bootstrap"]

Residuals = Literal["restricted", "unrestricted"]
FARTHEST = 64.0
STEPS = 24


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
    residuals : {"restricted", "unrestricted"}
        Residuals under the null, as is usual, or of the full estimate.

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
        if self.weights not in ("rademacher", "webb", "mammen"):
            raise DesignError(f"Unknown weights {self.weights!r}.", "", "choose rademacher, webb or mammen")
        if self.residuals not in ("restricted", "unrestricted"):
            raise DesignError(f"Unknown residuals {self.residuals!r}.", "", "choose restricted or unrestricted")


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Moments, bootstrap weights, and how they are used."""

    moments: Moments
    weights: Floats
    residuals: Residuals

    def p(self, columns: Sequence[int], null: Floats) -> float:
        draws = statistics(self.moments, columns, null, self.weights, restricted=self.residuals == "restricted")
        return p_value(data_statistic(self.moments, columns, null), draws)


def wild_bootstrap(
    panel: Panel, design: Design, bootstrap: Bootstrap, *, difference: Sequence[str] = ()
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

    Returns
    -------
    DataFrame
        One row per term of the path, and per group for its leads and lags jointly: term, event_time, group,
        estimate, statistic (t, or F without small-sample factor for joint tests), p_value, conf_low, conf_high (95 %,
        by inversion), draws, enumerated.

    References
    ----------
    Cameron, Gelbach and Miller 2008, doi:10.1162/rest.90.3.414; MacKinnon and Webb 2018, doi:10.1111/ectj.12107, on
    few treated clusters, where the bootstrap can fail too.

    Examples
    --------
    See docs/methods/inference.md.
    """
    estimate = distributed_lag(panel, design)
    _, products = cluster_moments(panel, design, estimate)
    signs, enumerated = draw_weights(estimate.n_clusters, bootstrap.draws, bootstrap.weights, bootstrap.seed)
    drawn = _Drawn(products, signs, bootstrap.residuals)
    rows = _path(estimate, drawn, {term: estimate.terms.index(term) for term in estimate.path})
    if difference:
        contrast, columns, other = _contrast(estimate, products, difference)
        rows += _path(contrast, replace(drawn, moments=other), columns)
        every = sorted(columns.values())
        rows.append(_joint(replace(drawn, moments=other), every, "no difference", contrast.groups[0]))
    table = pd.DataFrame(rows).astype({"event_time": "Int64"})
    return table.assign(draws=signs.shape[1], enumerated=enumerated)


def _path(path: Estimate, drawn: _Drawn, columns: dict[Term, int]) -> list[dict[str, object]]:
    rows = [_one(path, drawn, term, column) for term, column in columns.items()]
    for group in path.groups:
        for name, side in (("all leads", -1), ("all lags", 1)):
            chosen = [j for t, j in columns.items() if t.group == group and (t.event_time or 0) * side > 0]
            if chosen:
                rows.append(_joint(drawn, chosen, name, group))
    return rows


def _contrast(
    estimate: Estimate, products: Moments, difference: Sequence[str]
) -> tuple[Estimate, dict[Term, int], Moments]:
    """Path of differences, the columns that hold it, and moments in which those columns are the differences."""
    if len(difference) != 2:
        raise DesignError("A difference needs two groups.", first_few(difference), "name the first and the second")
    contrast = between(estimate, difference[0], difference[1])
    where = {(t.event_time, t.group): i for i, t in enumerate(estimate.terms)}
    first = [where[t.event_time, difference[0]] for t in contrast.path]
    second = [where[t.event_time, difference[1]] for t in contrast.path]
    matrix = np.eye(products.terms)
    matrix[first, second] = -1.0
    return contrast, dict(zip(contrast.path, first, strict=True)), combine(products, matrix)


def _one(path: Estimate, drawn: _Drawn, term: Term, column: int) -> dict[str, object]:
    j = path.terms.index(term)
    value, error = float(path.coef[j]), float(path.std_errors.iloc[j])

    def p(null: float) -> float:
        return drawn.p([column], np.array([null]))

    return {
        "term": str(term),
        "event_time": term.event_time,
        "group": term.group,
        "estimate": value,
        "statistic": value / error,
        "p_value": p(0.0),
        "conf_low": _edge(p, value, -error),
        "conf_high": _edge(p, value, error),
    }


def _edge(p: Callable[[float], float], value: float, step: float) -> float:
    """Value on one side at which the p-value falls below 5 %; infinite where it never does."""
    inside, reach = 0.0, 1.0
    while p(value + reach * step) >= 0.05:
        inside, reach = reach, 2 * reach
        if reach > FARTHEST:
            return float(np.copysign(np.inf, step))
    for _ in range(STEPS):
        middle = (inside + reach) / 2
        inside, reach = (middle, reach) if p(value + middle * step) >= 0.05 else (inside, middle)
    return float(value + inside * step)


def _joint(drawn: _Drawn, columns: Sequence[int], name: str, group: str) -> dict[str, object]:
    null = np.zeros(len(columns))
    return {
        "term": f"{name} [{group}]" if group else name,
        "group": group,
        "statistic": data_statistic(drawn.moments, columns, null) / len(columns),
        "p_value": drawn.p(columns, null),
    }
