"""Wild cluster bootstrap of a path: p-values, intervals by inversion, joint tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.bootstrap import Bootstrap, contrasts, sides
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.draws import Draws, draws, p_value
from eventpanel.estimators.core.moments import Moments, combine
from eventpanel.estimators.core.wild import Residuals, data_statistic
from eventpanel.estimators.core.wild_curves import Curve, curves
from eventpanel.estimators.core.wild_interval import curve_edge
from eventpanel.estimators.core.wild_joint import joint_statistics
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate, check_level
from eventpanel.estimators.influence import cluster_moments
from eventpanel.estimators.path import Term

__all__ = ["Bootstrap", "wild_bootstrap"]


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
    _, products = cluster_moments(panel, design)
    plan = draws(estimate.n_clusters, bootstrap.draws, bootstrap.weights, bootstrap.seed)
    drawn = _Drawn(products, plan, bootstrap.residuals, 1 - level)
    rows = _path(estimate, drawn, {term: estimate.terms.index(term) for term in estimate.path}, sides(estimate.path))
    if difference:
        contrast, columns, matrix = contrasts(estimate, difference)
        other = replace(drawn, moments=combine(products, matrix))
        whole = ("no difference", contrast.groups[0], sorted(columns, key=columns.__getitem__))
        rows += _path(contrast, other, columns, [*sides(contrast.path), whole])
    return pd.DataFrame(rows).astype({"event_time": "Int64"}).assign(enumerated=plan.enumerated)


def _path(
    path: Estimate, drawn: _Drawn, columns: dict[Term, int], tests: Sequence[tuple[str, str, Sequence[Term]]]
) -> list[dict[str, object]]:
    """Every term of a path, then the joint tests: name, group, terms."""
    m = drawn.moments
    drawn_curves = curves(m, dict.fromkeys(columns.values(), 0.0), drawn.draws, drawn.residuals)
    rows = [_one(path, term, drawn_curves[column], drawn.alpha) for term, column in columns.items()]
    asked = [[columns[term] for term in terms] for _, _, terms in tests]
    drawn_tests = joint_statistics(m, asked, drawn.draws, drawn.residuals)
    return rows + [
        _joint(data_statistic(m, J, np.zeros(len(J))), found, len(J), f"{name} [{group}]" if group else name)
        | {"group": group}
        for (name, group, _), J, found in zip(tests, asked, drawn_tests, strict=True)
    ]


def _one(path: Estimate, term: Term, curve: Curve, alpha: float) -> dict[str, object]:
    j = path.terms.index(term)

    return {
        "term": str(term),
        "event_time": term.event_time,
        "group": term.group,
        "estimate": path.coef[j],
        "statistic": path.coef[j] / path.std_errors.iloc[j],
        "p_value": p_value((curve.estimate / curve.error) ** 2, curve.tested),
        "conf_low": curve.estimate - curve.error * curve_edge(curve, 1, alpha),
        "conf_high": curve.estimate + curve.error * curve_edge(curve, -1, alpha),
        "draws": int((~np.isnan(curve.tested)).sum()),
    }


def _joint(data: float, found: Floats, columns: int, name: str) -> dict[str, object]:
    return {
        "term": name,
        "statistic": data / columns,
        "p_value": p_value(data, found),
        "draws": int((~np.isnan(found)).sum()),
    }
