"""Poisson pseudo-maximum likelihood for gravity, corrected for the bias its many fixed effects cause.

With effects of exporter-years, importer-years and pairs, coefficients are biased by order 1/N in the number of
countries, and clustered standard errors are too small by the same order; without pair effects only the standard errors
are (Weidner and Zylkin 2021, doi:10.1016/j.jinteco.2021.103513). Both are corrected.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes
from eventpanel.estimators.core.gravity_bias import Cells, GravityBias, gravity_bias
from eventpanel.estimators.core.groups import cross, is_nested
from eventpanel.estimators.core.sandwich import clustered
from eventpanel.estimators.covariance import Counts
from eventpanel.estimators.design import Design, one_way
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.matrices import Matrices
from eventpanel.estimators.poisson_model import poisson_model
from eventpanel.estimators.solution import Solution, assemble

__all__ = ["debiased_ppml"]

LAYOUT = (
    "use effects such as 'exporter^year', 'importer^year' and, for three ways, 'exporter^importer'; in a single period "
    "'exporter' and 'importer'"
)


def debiased_ppml(panel: Panel, design: Design) -> Estimate:
    """Estimate a gravity equation by Poisson, coefficients and standard errors corrected for estimated effects.

    Parameters
    ----------
    panel : Panel
        One row per exporter, importer and period.
    design : Design
        Fixed effects ``"exporter^year"`` and ``"importer^year"``, under whatever names; with a third for pairs,
        ``"exporter^importer"`` or a column of pairs, coefficients are corrected too. Clusters are the pairs.

    Returns
    -------
    Estimate
        As :func:`eventpanel.estimators.ppml.ppml` returns it, corrected; what was corrected is among its facts.

    Raises
    ------
    DesignError
        Other fixed effects, clusters or small-sample factors, two rows of a pair in one period, too many importers
        times periods; and what ``ppml`` refuses.

    Warns
    -----
    EstimationWarning
        As for ``ppml``.

    Examples
    --------
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> cells = pd.MultiIndex.from_product([range(12), range(12), range(4)], names=["exporter", "importer", "year"])
    >>> frame = cells.to_frame(index=False)
    >>> frame["pair"] = frame["exporter"] * 12 + frame["importer"]
    >>> frame["pact"] = rng.integers(0, 2, len(frame))
    >>> frame["trade"] = rng.poisson(np.exp(1 + 0.5 * frame["pact"]))
    >>> design = Design(outcome="trade", event=Event(column="pact", kind="dose", by="pair"),
    ...     window=EventWindow(leads=0, lags=0, reference=None), covariance=Clustered("pair", "ppmlhdfe"),
    ...     fixed_effects=("exporter^year", "importer^year", "pair"))
    >>> estimate = debiased_ppml(Panel(frame, ("exporter", "importer"), "year"), design)
    >>> dict(estimate.facts)["Corrected for estimated effects"]
    'coefficients and covariance'
    """
    sides = _sides(panel, design)
    _check_rule(design)
    model = poisson_model(panel, design)
    m, fitted = model.matrices, model.fit
    cells = _cells(panel, design, m, sides)
    weights = np.ones(len(m.y)) if m.weights is None else m.weights
    mean, scores = weights * fitted.mu, weights * fitted.fit.residuals
    try:
        found = gravity_bias(model.problem.X, mean, scores, cells, pair_effects=len(m.effects) == 3)
    except ValueError as error:
        raise DesignError(str(error), f"outcome {design.outcome!r}", "use a coarser panel or sample") from error
    return assemble("debiased_ppml", design, m, _corrected(design, m, model.solution, found))


def _sides(panel: Panel, design: Design) -> tuple[str, str]:
    """Columns of the two countries, from the fixed effects."""
    period = str(panel.period)
    effects = [tuple(name.split("^")) for name in design.fixed_effects]
    moving = [parts for parts in effects if period in parts]
    pick, parts_each = (moving, 2) if moving else (effects[:2], 1)
    sides = [part for parts in pick for part in parts if part != period]
    regular = len(pick) == 2 and all(len(parts) == parts_each for parts in pick) and len(set(sides)) == 2
    if not regular or len(effects) > 3 or (len(effects) == 3 and not moving):
        raise DesignError("The fixed effects are not those of gravity.", first_few(design.fixed_effects), LAYOUT)
    return sides[0], sides[1]


def _check_rule(design: Design) -> None:
    asked = one_way(design)
    if asked.kind != "CRV1":
        raise DesignError(
            f"The corrected covariance is a sandwich of its own: {asked.kind} is not for it.",
            asked.describe(),
            "use kind='CRV1'",
        )
    if asked.small_sample not in ("ppmlhdfe", "none"):
        raise DesignError(
            "The covariance is corrected for estimated effects; a factor for them on top would correct twice.",
            f"small_sample={asked.small_sample!r}",
            "set small_sample='ppmlhdfe', G/(G-1), or 'none'",
        )


def _cells(panel: Panel, design: Design, m: Matrices, sides: tuple[str, str]) -> Cells:
    """Find exporter, importer and period of each row; check that effects and clusters are what they should be."""
    columns = [panel.column(name)[m.sample] for name in (*sides, str(panel.period))]
    exporter, importer, period = (pd.factorize(column, sort=True)[0].astype(np.int64) for column in columns)
    if len(m.effects) == 2 and str(panel.period) not in design.fixed_effects[0].split("^") and period.max() > 0:
        raise DesignError(
            "The fixed effects of countries do not vary over periods.", first_few(design.fixed_effects), LAYOUT
        )
    for number, side in ((exporter, sides[0]), (importer, sides[1])):
        if number.max() == 0:
            raise DesignError(f"All rows have the same {side!r}.", f"{len(m.y)} rows", "use a wider sample")
    pairs = cross(exporter, importer)
    third = next((c for name, c in m.effects if len(m.effects) == 3 and str(panel.period) not in name.split("^")), None)
    if third is not None and not _same(third, pairs):
        raise DesignError("The third fixed effect is not that of pairs.", first_few(design.fixed_effects), LAYOUT)
    if not _same(m.clusters, pairs):
        raise DesignError(
            "The correction of the covariance is for clusters of pairs.",
            f"clusters by {one_way(design).ways[0]!r}, pairs of {sides[0]!r} and {sides[1]!r}",
            "cluster by a column that names the pair, in one direction",
        )
    return Cells(exporter, importer, period)


def _same(first: Codes, second: Codes) -> bool:
    return is_nested(first, second) and is_nested(second, first)


def _corrected(design: Design, m: Matrices, solution: Solution, found: GravityBias) -> Solution:
    fit, clusters = solution.fit, int(m.clusters.max()) + 1
    factor = design.covariance.factor(Counts(len(m.y), clusters, len(fit.coef), solution.rank, 0))
    before = np.sqrt(np.diag(factor * clustered(fit, m.clusters)))
    names = [str(term) for term, keep in zip(m.terms, solution.kept, strict=True) if keep]
    was = [f"{name} {b:.7g} ({e:.7g})" for name, b, e in zip(names, fit.coef, before, strict=True)]
    three_way = len(m.effects) == 3
    facts = [
        ("Corrected for estimated effects", "coefficients and covariance" if three_way else "covariance"),
        ("Uncorrected", "; ".join(was)),
        ("Largest leverage of a pair", f"{found.leverage:.3f}"),
    ]
    if three_way:
        bias = [f"{name} {b:.7g}" for name, b in zip(names, found.bias, strict=True)]
        facts.insert(1, ("Bias subtracted", "; ".join(bias)))
    return replace(
        solution,
        fit=replace(fit, coef=fit.coef - found.bias),
        facts=(*solution.facts, *facts),
        corrected=(factor * found.vcov, None),
    )
