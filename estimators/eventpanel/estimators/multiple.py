"""Many hypotheses: p-values for a whole family, from p-values alone or from bootstrap draws common to all estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.bootstrap import Bootstrap
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.draws import draws
from eventpanel.estimators.core.moments import Moments
from eventpanel.estimators.core.multiple import (
    METHODS,
    Method,
    adjusted,
    data_statistics,
    drawn_statistics,
    exceedance,
    step_down,
)
from eventpanel.estimators.design import Design, cluster_values, one_way
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.hypotheses import Restriction, restrictions
from eventpanel.estimators.influence import cluster_moments
from eventpanel.estimators.path import Term

__all__ = ["adjust", "romano_wolf"]


def adjust(p_values: pd.Series, method: Method) -> pd.Series:
    """Adjust p-values for their number.

    Parameters
    ----------
    p_values : Series
        Of a family of tests, for example ``estimate.pvalues``; missing ones do not count and stay missing.
    method : {"bonferroni", "sidak", "holm", "holm-sidak"}
        Bonferroni and Holm hold under any dependence; Sidak's forms assume independence, or normal statistics. Holm's
        forms step down and are never above the others.

    Raises
    ------
    DesignError
        An unknown method, or a number that is no probability.

    References
    ----------
    Holm 1979, Scandinavian Journal of Statistics 6(2), 65-70; Sidak 1967, doi:10.1080/01621459.1967.10482935.

    Examples
    --------
    >>> adjust(pd.Series({"a": 0.01, "b": 0.04, "c": 0.03}), "holm").to_dict()
    {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    if method not in METHODS:
        raise DesignError(f"Unknown method {method!r}.", "", f"choose one of {', '.join(METHODS)}")
    wrong = p_values[(p_values < 0) | (p_values > 1)]
    if len(wrong):
        raise DesignError("A p-value lies between 0 and 1.", first_few(wrong.tolist()), "pass p-values")
    values = adjusted(p_values.to_numpy(dtype=np.float64), method)
    return pd.Series(values, index=p_values.index, name=p_values.name)


@dataclass(frozen=True, slots=True)
class _Member:
    """Hypotheses of one estimate, with what their draws need."""

    name: str
    rows: tuple[Restriction, ...]
    coef: Floats
    moments: Moments
    clusters: pd.Index

    @property
    def weights(self) -> Floats:
        return np.array([row.weights for row in self.rows])

    @property
    def values(self) -> Floats:
        return np.array([row.value for row in self.rows])

    @property
    def gaps(self) -> Floats:
        """Combinations less their values under the null."""
        return np.asarray(self.weights @ self.coef - self.values)

    @property
    def data(self) -> Floats:
        """Absolute t statistics of the data."""
        return data_statistics(self.moments, self.weights, self.values)

    def drawn(self, flips: Floats, *, restricted: bool) -> Floats:
        """Absolute t statistics of the draws, given the weights of this estimate's clusters."""
        return drawn_statistics(self.moments, self.weights, self.values, flips, restricted=restricted)


def romano_wolf(
    panel: Panel,
    designs: Mapping[str, Design],
    bootstrap: Bootstrap,
    hypotheses: str | Sequence[str | Term] | None = None,
) -> pd.DataFrame:
    """Test a family of hypotheses on one or several estimates, by step-down from common draws.

    Whole clusters are drawn once for all estimates, so that the dependence between terms, groups and outcomes is that
    of the data. Statistics are t from the plain sandwich, without small-sample factor, in data and draws alike.

    Parameters
    ----------
    panel : Panel
    designs : mapping of str to Design
        Linear estimates by name, clustered by the same column; their samples may differ.
    bootstrap : Bootstrap
        Residuals are those under each hypothesis by itself, or with ``residuals="unrestricted"`` of the full estimate.
    hypotheses : str, or sequence of str or Term, optional
        As for :func:`eventpanel.estimators.inference.joint_test`, of every estimate; every term of its path without.

    Returns
    -------
    DataFrame
        One row per estimate and hypothesis: estimate, hypothesis, value (of the combination, less its value under the
        null), statistic (absolute t), p_value (of the hypothesis alone), p_holm, p_romano_wolf, draws, enumerated. A
        hypothesis without variance is missing, and not part of the family.

    Raises
    ------
    DesignError
        No design, designs with different clusters, or other residuals.

    References
    ----------
    Romano and Wolf 2005, doi:10.1111/j.1468-0262.2005.00615.x, and 2016, doi:10.1016/j.spl.2016.02.012.

    Examples
    --------
    See docs/methods/joint_inference.md.
    """
    _check(designs, bootstrap)
    members = [_member(panel, name, design, hypotheses) for name, design in designs.items()]
    everyone = pd.Index(np.unique(np.concatenate([member.clusters for member in members])))
    flipped = draws(len(everyone), bootstrap.draws, bootstrap.weights, bootstrap.seed)
    flips = np.concatenate(list(flipped), axis=1)
    restricted = bootstrap.residuals == "restricted"
    data = np.concatenate([m.data for m in members])
    drawn = np.concatenate([m.drawn(flips[everyone.get_indexer(m.clusters)], restricted=restricted) for m in members])
    alone = exceedance(data, drawn)
    return pd.DataFrame(
        {
            "estimate": [m.name for m in members for _ in m.rows],
            "hypothesis": [row.text for m in members for row in m.rows],
            "value": np.concatenate([m.gaps for m in members]),
            "statistic": data,
            "p_value": alone,
            "p_holm": adjusted(alone, "holm"),
            "p_romano_wolf": step_down(data, drawn),
            "draws": flips.shape[1],
            "enumerated": flipped.enumerated,
        }
    )


def _check(designs: Mapping[str, Design], bootstrap: Bootstrap) -> None:
    if not designs:
        raise DesignError("A family needs a design.", "no design given", "pass designs by name")
    clusters = {one_way(design).ways[0] for design in designs.values()}
    if len(clusters) > 1:
        raise DesignError(
            "Common draws need common clusters.", f"clusters by {', '.join(sorted(clusters))}", "cluster by one column"
        )
    if bootstrap.residuals not in ("restricted", "unrestricted"):
        raise DesignError(
            f"Residuals {bootstrap.residuals!r} are not for families.", "", "choose restricted or unrestricted"
        )


def _member(panel: Panel, name: str, design: Design, hypotheses: str | Sequence[str | Term] | None) -> _Member:
    estimate = distributed_lag(panel, design)
    rows = restrictions(estimate, list(estimate.path) if hypotheses is None else hypotheses)
    if not rows:
        raise DesignError("A family needs hypotheses.", f"none of {name!r}", "name one, or leave the argument out")
    m, products = cluster_moments(panel, design)
    names = cluster_values(panel, design)[m.sample].groupby(m.clusters).first()
    return _Member(name, rows, estimate.coef, products, pd.Index(names.to_numpy()))
