"""Poisson pseudo-maximum likelihood: counts and trade values full of zeros.

``E[y_jt] = exp(sum_k beta_k x_{j,t-k} + fixed effects + controls)``. Consistent whatever the distribution of the
outcome, if the mean is right (Santos Silva and Tenreyro 2006, doi:10.1162/rest.88.4.641). Rows that are separated, so
that no maximum exists with them, are found with a certificate, dropped, and listed on the ledger.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import ConstantOutcomeError, DesignError, IdentificationError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Mask
from eventpanel.estimators.core.groups import not_singletons
from eventpanel.estimators.core.poisson import PoissonFit, poisson
from eventpanel.estimators.core.separation import separation
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.matrices import Matrices, check_clusters, matrices, without_rows
from eventpanel.estimators.solution import Solution, absorb_effects, assemble, identified

__all__ = ["percent", "ppml"]

SEPARATED = "separated: the outcome is zero and would be fitted exactly"
ALONE = "alone in a fixed effect after separation"


def ppml(panel: Panel, design: Design) -> Estimate:
    """Estimate the path of a count or a value by Poisson pseudo-maximum likelihood.

    Parameters
    ----------
    panel : Panel
        The whole event record, also outside the sample.
    design : Design
        The outcome must not be negative. Coefficients are in logarithms: see :func:`percent`.

    Returns
    -------
    Estimate
        As :func:`eventpanel.estimators.distributed_lag.distributed_lag` returns it; separated rows are on the ledger.

    Raises
    ------
    DesignError
        And its branches; also for a negative outcome, and for CRV2 or CRV3, which are for linear models.

    Warns
    -----
    EstimationWarning
        As for the distributed lag.

    Examples
    --------
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(1.0, len(frame))
    >>> frame["y"] = np.exp(0.5 * frame["x"] + 0.1 * frame["unit"])
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=1, lags=1, reference=None), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "ppmlhdfe"))
    >>> abs(ppml(Panel(frame, ("unit",), "year"), design).params.round(6)).tolist()
    [0.0, 0.5, 0.0]
    """
    m, solution, _ = fitted_ppml(panel, design)
    return assemble("ppml", design, m, solution)


def fitted_ppml(panel: Panel, design: Design) -> tuple[Matrices, Solution, PoissonFit]:
    """Matrices without separated rows, what is estimated on them, and the fit itself."""
    _check_design(design)
    whole = matrices(panel, design)
    _check_outcome(whole, design)
    m = _without_separated(panel, design, whole, identified(whole, absorb_effects(whole, whole.X).columns)[0])
    kept, dropped = identified(m, absorb_effects(m, m.X).columns)
    fitted = _fit(m, kept)
    facts = (
        ("Absorbed degrees of freedom", str(fitted.rank)),
        ("Deviance", f"{fitted.deviance:.6g}"),
        ("Iterations", str(fitted.iterations)),
        ("Largest score left", f"{fitted.score:.1e}"),
    )
    return m, Solution(kept, dropped, fitted.fit, fitted.rank, facts), fitted


def percent(estimate: Estimate, level: float = 0.95) -> pd.DataFrame:
    """Effects of a Poisson estimate in per cent: 100 (exp(b) - 1).

    Parameters
    ----------
    estimate : Estimate
        Made by :func:`ppml`, or by ``debiased_ppml``.
    level : float
        Level of the intervals, which are those of the coefficients, transformed.

    Returns
    -------
    DataFrame
        percent, std_error (delta method), conf_low, conf_high; indexed by term.
    """
    bounds = estimate.conf_int(level)
    return pd.DataFrame(
        {
            "percent": 100 * np.expm1(estimate.params),
            "std_error": 100 * np.exp(estimate.params) * estimate.std_errors,
            "conf_low": 100 * np.expm1(bounds["lower"]),
            "conf_high": 100 * np.expm1(bounds["upper"]),
        }
    )


def _check_design(design: Design) -> None:
    if design.covariance.kind != "CRV1":
        raise DesignError(
            f"{design.covariance.kind} is for linear models.", "covariance of ppml", "use kind='CRV1' with ppml"
        )


def _check_outcome(m: Matrices, design: Design) -> None:
    if (m.y < 0).any():
        raise DesignError(
            f"The outcome {design.outcome!r} has negative values; a Poisson mean cannot.",
            f"{int((m.y < 0).sum())} rows, the lowest {m.y.min():g}",
            "use distributed_lag, or another outcome",
        )
    if np.ptp(m.y) == 0:
        raise ConstantOutcomeError(
            f"The outcome {design.outcome!r} is the same in every row.",
            f"value {m.y[0]:g} in {len(m.y)} rows",
            "check the outcome and the sample",
        )


def _codes(m: Matrices) -> list[Codes]:
    return [codes for _, codes in m.effects] or [np.zeros(len(m.y), dtype=np.int64)]


def _without_separated(panel: Panel, design: Design, m: Matrices, kept: Mask) -> Matrices:
    """Drop separated rows and the singletons they leave, until there are none."""
    while True:
        try:
            found = separation(m.y, m.X[:, kept], _codes(m), m.weights).separated
        except ArithmeticError as error:
            raise IdentificationError(
                "Separation could not be settled.", str(error), "use fewer fixed effects"
            ) from error
        if found.all():
            raise IdentificationError(
                "Every row is separated: the outcome is explained exactly.",
                f"outcome {design.outcome!r}, fixed effects {', '.join(design.fixed_effects)}",
                "use fewer fixed effects",
            )
        m = without_rows(panel, design, m, found, SEPARATED)
        alone = ~not_singletons(_codes(m)) if m.effects else np.zeros(len(m.y), dtype=bool)
        m = without_rows(panel, design, m, alone, ALONE)
        check_clusters(m.groups, m.clusters)
        if not found.any() and not alone.any():
            return m


def _fit(m: Matrices, kept: Mask) -> PoissonFit:
    try:
        return poisson(m.y, m.X[:, kept], _codes(m), weights=m.weights)
    except ArithmeticError as error:
        raise IdentificationError(
            str(error), f"{len(m.y)} rows", "rescale the outcome, or use fewer effects"
        ) from error
