"""Score bootstrap of a Poisson path: p-values, intervals by inversion, joint tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.bootstrap import Bootstrap, contrasts, sides
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.draws import critical, draws, edge, p_value
from eventpanel.estimators.core.poisson_clusters import Problem, cluster_effects, means_under
from eventpanel.estimators.core.score import score_statistic, score_statistics
from eventpanel.estimators.core.wild import wald
from eventpanel.estimators.design import Design, one_way
from eventpanel.estimators.estimate import Estimate, check_level
from eventpanel.estimators.path import Term
from eventpanel.estimators.poisson_model import PoissonModel, poisson_model
from eventpanel.estimators.solution import assemble

__all__ = ["score_bootstrap"]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A Poisson regression with its estimate, and weights of all draws.

    Attributes
    ----------
    problem : Problem
    coef : ndarray, shape (k,)
    mu : ndarray, shape (n,)
        Means of the estimate.
    errors : ndarray, shape (k,)
        Clustered standard errors without small-sample factor.
    blocks : list of ndarray, each shape (clusters, draws of the block)
    squared_ones : bool
        Whether all squared weights are one.
    restricted : bool
        Whether scores are those under the null.
    alpha : float or None
        One less the level of intervals, where there are any.
    """

    problem: Problem
    coef: Floats
    mu: Floats
    errors: Floats
    blocks: list[Floats]
    squared_ones: bool
    restricted: bool
    alpha: float | None

    def test(self, columns: Sequence[int], null: Floats) -> tuple[float, Floats]:
        """Statistic of the data and those of the draws; missing where the fit under the null does not converge."""
        J = list(columns)
        if not self.restricted:
            own = cluster_effects(self.problem, self.mu)[:, J]
            gap = self.coef[J] - null
            data = float(wald(gap[:, None], own.T[:, :, None])[0])
            return data, score_statistics(own, self.blocks, squared_ones=self.squared_ones)
        start = np.log(self.mu) + self.problem.X[:, J] @ (null - self.coef[J])
        try:
            mu = means_under(self.problem, J, null, start)
        except ArithmeticError:
            return np.nan, np.full(sum(block.shape[1] for block in self.blocks), np.nan)
        own = cluster_effects(self.problem, mu)[:, J]
        return score_statistic(own), score_statistics(own, self.blocks, squared_ones=self.squared_ones)

    def reach(self, column: int, sign: int, alpha: float) -> float:
        """Distance to one side at which the coefficient's test begins to reject, in standard errors."""

        def excess(distance: float) -> float:
            null = self.coef[[column]] + sign * distance * self.errors[column]
            data, drawn = self.test([column], null)
            return float(np.sqrt(data) - np.sqrt(critical(data, drawn, alpha)))

        return edge(excess)


def score_bootstrap(
    panel: Panel, design: Design, bootstrap: Bootstrap, *, difference: Sequence[str] = (), level: float | None = 0.95
) -> pd.DataFrame:
    """Bootstrap every term of a Poisson path, all leads and all lags, by multiplying the scores of whole clusters.

    The null is imposed: the model is fitted under it, and each cluster's efficient score is multiplied by its weight
    (Kline and Santos 2012, doi:10.1515/2156-6674.1006). With residuals "unrestricted" the scores are those of the
    estimate, and the data's statistic is its squared t.

    Parameters
    ----------
    panel : Panel
    design : Design
        As for ppml; its covariance names the clusters.
    bootstrap : Bootstrap
        Residuals restricted or unrestricted.
    difference : sequence of str
        Two groups; the first minus the second is bootstrapped too.
    level : float, optional
        Level of the intervals; None for no intervals, which take most of the time.

    Returns
    -------
    DataFrame
        As :func:`eventpanel.estimators.wild_bootstrap.wild_bootstrap` returns it. The statistic of a term is the root
        of its score statistic with the sign of the estimate; that of a joint test is the score statistic over the
        number of terms. Missing where a fit under the null does not converge.

    Raises
    ------
    DesignError
        And its branches, as ppml; also for jackknife residuals, which are for linear models.

    Examples
    --------
    See docs/methods/inference.md.
    """
    if level is not None:
        check_level(level)
    if bootstrap.residuals not in ("restricted", "unrestricted"):
        raise DesignError(
            "The score bootstrap has no jackknife.", f"residuals={bootstrap.residuals!r}", "choose restricted"
        )
    one_way(design)
    model = poisson_model(panel, design)
    estimate = assemble("ppml", design, model.matrices, model.solution)
    drawn, enumerated = _drawn(model, bootstrap, level)
    rows = _path(estimate, drawn, {term: estimate.terms.index(term) for term in estimate.path})
    if difference:
        contrast, columns, matrix = contrasts(estimate, difference)
        other = _in_other_terms(drawn, matrix)
        rows += _path(contrast, other, columns)
        rows.append(_joint(other, sorted(columns.values()), "no difference", contrast.groups[0]))
    return pd.DataFrame(rows).astype({"event_time": "Int64"}).assign(enumerated=enumerated)


def _drawn(model: PoissonModel, bootstrap: Bootstrap, level: float | None) -> tuple[_Drawn, bool]:
    problem, fitted = model.problem, model.fit
    plan = draws(int(problem.clusters.max()) + 1, bootstrap.draws, bootstrap.weights, bootstrap.seed)
    drawn = _Drawn(
        problem=problem,
        coef=fitted.fit.coef,
        mu=fitted.mu,
        errors=np.linalg.norm(cluster_effects(problem, fitted.mu), axis=0),
        blocks=list(plan),
        squared_ones=plan.kind == "rademacher",
        restricted=bootstrap.residuals == "restricted",
        alpha=None if level is None else 1 - level,
    )
    return drawn, plan.enumerated


def _in_other_terms(drawn: _Drawn, matrix: Floats) -> _Drawn:
    """Write the same regression with coefficients ``matrix @ coef``."""
    problem = replace(drawn.problem, X=drawn.problem.X @ np.linalg.inv(matrix))
    errors = np.linalg.norm(cluster_effects(problem, drawn.mu), axis=0)
    return replace(drawn, problem=problem, coef=matrix @ drawn.coef, errors=errors)


def _path(path: Estimate, drawn: _Drawn, columns: dict[Term, int]) -> list[dict[str, object]]:
    rows = [_one(path, term, drawn, column) for term, column in columns.items()]
    return rows + [
        _joint(drawn, [columns[term] for term in terms], name, group) for name, group, terms in sides(path.path)
    ]


def _one(path: Estimate, term: Term, drawn: _Drawn, column: int) -> dict[str, object]:
    j = path.terms.index(term)
    data, statistics = drawn.test([column], np.zeros(1))
    low, high = _interval(drawn, column, statistics)
    return {
        "term": str(term),
        "event_time": term.event_time,
        "group": term.group,
        "estimate": path.coef[j],
        "statistic": np.copysign(np.sqrt(data), path.coef[j]),
        "p_value": p_value(data, statistics),
        "conf_low": low,
        "conf_high": high,
        "draws": int((~np.isnan(statistics)).sum()),
    }


def _interval(drawn: _Drawn, column: int, statistics: Floats) -> tuple[float, float]:
    """Values that are not rejected; those of unrestricted scores follow from one set of draws."""
    value, error = float(drawn.coef[column]), float(drawn.errors[column])
    if drawn.alpha is None:
        return np.nan, np.nan
    if not drawn.restricted:
        reach = float(np.sqrt(critical(0.0, statistics, drawn.alpha))) * error
        return value - reach, value + reach
    below, above = (drawn.reach(column, sign, drawn.alpha) for sign in (-1, 1))
    return value - error * below, value + error * above


def _joint(drawn: _Drawn, columns: Sequence[int], name: str, group: str) -> dict[str, object]:
    data, statistics = drawn.test(columns, np.zeros(len(columns)))
    return {
        "term": f"{name} [{group}]" if group else name,
        "group": group,
        "statistic": data / len(columns),
        "p_value": p_value(data, statistics),
        "draws": int((~np.isnan(statistics)).sum()),
    }
