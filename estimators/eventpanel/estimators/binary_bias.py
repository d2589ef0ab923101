"""Logit and probit with estimated effects: coefficients corrected for bias, and average partial effects.

Each effect of a unit seen T times is estimated with an error of its own, which biases all coefficients by order 1/T:
by 15 to 20 per cent with T = 8. The correction is analytical, to first order: one effect after Fernandez-Val (2009,
doi:10.1016/j.jeconom.2009.02.007), units and periods after Fernandez-Val and Weidner (2016,
doi:10.1016/j.jeconom.2015.12.014), a third effect in the same form after Hinz, Stammann and Wanner (2020,
arXiv:2004.12655).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.periods import ordinal
from eventpanel.estimators.binary import BinaryModel, binary_model
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.binary import binary_given
from eventpanel.estimators.core.binary_bias import Lags, Maximum, coefficient_bias, maximum, partial_effects
from eventpanel.estimators.core.convergence import LikelihoodFit
from eventpanel.estimators.core.least_squares import Fit
from eventpanel.estimators.core.links import LINKS
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.solution import assemble

__all__ = ["average_partial_effects", "bias_corrected"]

LinkName = Literal["logit", "probit"]
MOST_EFFECTS = 3


def bias_corrected(panel: Panel, design: Design, link: LinkName, bandwidth: int) -> Estimate:
    """Estimate the path of a binary outcome, coefficients corrected for the bias of estimated effects.

    Parameters
    ----------
    panel : Panel
    design : Design
        One to three fixed effects, no weights.
    link : {"logit", "probit"}
    bandwidth : int
        Zero if the outcome never moves a later regressor (strict exogeneity). Otherwise, as with a lagged outcome among
        the controls or events that follow past outcomes, the number of lags in the correction; Fernandez-Val and
        Weidner advise to compare one to four.

    Returns
    -------
    Estimate
        Covariance at the corrected coefficients; the uncorrected ones are among its facts.

    Raises
    ------
    DesignError
        As for ``logit``; also weights, no or more than three fixed effects, a bandwidth that is negative or that no
        fixed effect of units goes with.

    Examples
    --------
    >>> import pandas as pd
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(200) for t in range(8)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(1.0, len(frame))
    >>> frame["y"] = (frame["x"] + rng.logistic(size=len(frame)) > 1).astype(float)
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=0, lags=0, reference=None), fixed_effects=("unit",),
    ...     covariance=Clustered("unit", "ppmlhdfe"))
    >>> bool(abs(bias_corrected(Panel(frame, ("unit",), "year"), design, "logit", bandwidth=0).coef[0] - 1) < 0.15)
    True
    """
    model = binary_model(panel, design, LINKS[link])
    _check(design, model)
    at, lags = _maximum(model, model.fit.eta), _lags(panel, model, bandwidth)
    bias = coefficient_bias(at, lags)
    fitted = _given(model, model.fit.fit.coef - bias)
    was = [f"{name} {b:.7g}" for name, b in zip(model.names, model.fit.fit.coef, strict=True)]
    facts = (("Link", link), ("Bias correction", _describe(bandwidth)), ("Uncorrected", "; ".join(was)))
    solution = replace(model.solution, fit=fitted.fit, facts=(*model.solution.facts, *facts))
    return assemble("bias_corrected", design, model.matrices, solution)


def average_partial_effects(
    panel: Panel, design: Design, link: LinkName, bandwidth: int | None, rows: Literal["fitted", "all"]
) -> Estimate:
    """Average effects on the probability: of one unit more, or of 1 instead of 0 where a regressor has no other values.

    The average is over the rows of the term's group. Regressors and effects are taken as they are: the standard errors
    are those of estimating coefficients and effects, by the delta method.

    Parameters
    ----------
    panel : Panel
    design : Design
        As for :func:`bias_corrected`.
    link : {"logit", "probit"}
    bandwidth : int or None
        As for :func:`bias_corrected`: effects and coefficients are corrected. None for no correction.
    rows : {"fitted", "all"}
        What is averaged over: rows that were fitted, or also those whose outcome is always zero or always one within a
        fixed effect, where the probability does not move.

    Returns
    -------
    Estimate
        Coefficients are average partial effects.

    Raises
    ------
    DesignError
        As for :func:`bias_corrected`.
    """
    model = binary_model(panel, design, LINKS[link])
    _check(design, model)
    lags = None if bandwidth is None else _lags(panel, model, bandwidth)
    fitted = model.fit
    if bandwidth is not None:
        bias = coefficient_bias(_maximum(model, fitted.eta), lags)
        fitted = _given(model, fitted.fit.coef - bias)
    shares, discrete = _shares(model, rows), _discrete(model)
    found = partial_effects(_maximum(model, fitted.eta), fitted.fit.coef, shares, discrete, lags)
    effects = found.effects if bandwidth is None else found.effects - found.bias
    fit = Fit(effects, fitted.fit.residuals, found.influence, np.eye(len(effects)))
    facts = (
        ("Link", link),
        ("Bias correction", _describe(bandwidth)),
        ("Averaged over", f"{rows} rows"),
        ("Effect of 1 instead of 0", ", ".join(np.array(model.names)[discrete]) or "none"),
    )
    solution = replace(model.solution, fit=fit, facts=(*model.solution.facts, *facts))
    return assemble("average_partial_effects", design, model.matrices, solution)


def _check(design: Design, model: BinaryModel) -> None:
    if not 1 <= len(model.matrices.effects) <= MOST_EFFECTS:
        raise DesignError(
            "The correction is for one to three fixed effects.",
            f"{len(model.matrices.effects)}: {', '.join(design.fixed_effects)}",
            f"use {model.link.name} without correction, or other fixed effects",
        )
    if design.weights is not None:
        raise DesignError("The correction is not for weights.", f"weights {design.weights!r}", "leave them out")


def _describe(bandwidth: int | None) -> str:
    if bandwidth is None:
        return "none"
    return "regressors strictly exogenous" if bandwidth == 0 else f"regressors predetermined, bandwidth {bandwidth}"


def _regressors(model: BinaryModel) -> Floats:
    return model.matrices.X[:, model.kept]


def _maximum(model: BinaryModel, eta: Floats) -> Maximum:
    return maximum(model.matrices.y, _regressors(model), model.codes, model.link, eta)


def _given(model: BinaryModel, coef: Floats) -> LikelihoodFit:
    return binary_given(model.matrices.y, _regressors(model), coef, model.codes, model.link)


def _lags(panel: Panel, model: BinaryModel, bandwidth: int) -> Lags | None:
    """Order of the rows within the one fixed effect that is not of periods; None for a bandwidth of zero."""
    if bandwidth < 0:
        raise DesignError("A bandwidth is zero or more.", f"bandwidth={bandwidth}", "zero for strict exogeneity")
    if bandwidth == 0:
        return None
    units = {n: codes for n, codes in model.matrices.effects if str(panel.period) not in n.split("^")}
    period = ordinal(panel.column(str(panel.period)))[model.matrices.sample]
    remedy = "use bandwidth=0, or fixed effects with one of units, each seen once a period"
    if len(units) != 1:
        raise DesignError("A bandwidth needs one fixed effect of units.", first_few(units) or "none", remedy)
    (name, codes), *_ = units.items()
    if len(np.unique(np.column_stack([codes, period]), axis=0)) < len(period):
        raise DesignError("Units have several rows in a period: they have no order.", f"fixed effect {name!r}", remedy)
    return Lags(codes, period, bandwidth)


def _shares(model: BinaryModel, rows: Literal["fitted", "all"]) -> Floats:
    """Weight of each row in the average of each term, shape (n, k)."""
    columns = []
    for term, keep in zip(model.matrices.terms, model.kept, strict=True):
        if keep:
            of_group = (model.matrices.groups == term.group) | (term.group == "")
            settled = int(((model.settled == term.group) | (term.group == "")).sum()) if rows == "all" else 0
            columns.append(of_group / (of_group.sum() + settled))
    return np.column_stack(columns).astype(float)


def _discrete(model: BinaryModel) -> Mask:
    """Whether a term is zero or one in every row."""
    X = _regressors(model)
    return np.asarray(((X == 0) | (X == 1)).all(axis=0))
