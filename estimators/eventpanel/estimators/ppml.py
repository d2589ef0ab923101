"""Poisson pseudo-maximum likelihood: counts and trade values full of zeros.

``E[y_jt] = exp(sum_k beta_k x_{j,t-k} + fixed effects + controls)``. Consistent whatever the distribution of the
outcome, if the mean is right (Santos Silva and Tenreyro 2006, doi:10.1162/rest.88.4.641). Rows that are separated, so
that no maximum exists with them, are found with a certificate, dropped, and listed on the ledger.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import IdentificationError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.separation import separation
from eventpanel.estimators.core.settled import rounds_of
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.poisson_model import poisson_matrices, poisson_model
from eventpanel.estimators.regression import effects_of
from eventpanel.estimators.solution import assemble

__all__ = ["percent", "ppml", "separated_rows"]


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
        And its branches; also for a negative outcome, and for HC2 or HC3, which are for linear models.

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
    model = poisson_model(panel, design)
    return assemble("ppml", design, model.matrices, model.solution)


def percent(estimate: Estimate, level: float = 0.95, *, kennedy: bool = False) -> pd.DataFrame:
    """Effects of a Poisson estimate in per cent: 100 (exp(b) - 1).

    The exponential of a noisy coefficient is too large on average: by half its variance where it is normal. Kennedy
    (1981, American Economic Review 71:801) takes that off; the standard error that goes with it is that of van
    Garderen and Shah (2002, Econometrics Journal 5:149-159), unbiased in squares where the variance is known.

    Parameters
    ----------
    estimate : Estimate
        Made by :func:`ppml`, or by ``debiased_ppml``.
    level : float
        Level of the intervals, which are those of the coefficients, transformed.
    kennedy : bool
        Whether to correct the bias: 100 (exp(b - V/2) - 1), V the variance of b.

    Returns
    -------
    DataFrame
        percent, std_error (delta method, or Kennedy's), conf_low, conf_high; indexed by term.

    References
    ----------
    Halvorsen and Palmquist 1980, American Economic Review 70:474-475, on the exponential.
    """
    bounds, variance = estimate.conf_int(level), estimate.std_errors**2
    shift = variance / 2 if kennedy else 0.0 * variance
    spread = np.sqrt(np.exp(-variance) - np.exp(-2 * variance)) if kennedy else estimate.std_errors
    return pd.DataFrame(
        {
            "percent": 100 * np.expm1(estimate.params - shift),
            "std_error": 100 * np.exp(estimate.params) * spread,
            "conf_low": 100 * np.expm1(bounds["lower"]),
            "conf_high": 100 * np.expm1(bounds["upper"]),
        }
    )


def separated_rows(panel: Panel, design: Design) -> pd.DataFrame:
    """List the rows that :func:`ppml` drops as separated, each with its certificate.

    Parameters
    ----------
    panel : Panel
    design : Design

    Returns
    -------
    DataFrame
        The unit's keys, the period, the outcome (zero), and: ``certificate``, the value of a combination z of the
        regressors and effects that is zero in every row kept and at least one in every row listed, so that the fitted
        mean falls to zero along it; ``round``, in which the row went (1: by the fixed effects alone, unless no group is
        always zero).

    Raises
    ------
    DesignError
        And its branches, as for :func:`ppml`.
    """
    m = poisson_matrices(panel, design)
    try:
        found = separation(m.y, m.X, effects_of(m), m.weights)
        rounds = rounds_of(m.y, effects_of(m), found.separated)
    except ArithmeticError as error:
        raise IdentificationError(
            "The separated rows could not be listed.", f"{error}; {len(m.y)} rows", "use fewer fixed effects"
        ) from error
    table = panel.frame.loc[m.sample, [*panel.unit, str(panel.period), design.outcome]]
    table = table.assign(certificate=found.certificate, round=rounds)[found.separated]
    return table.reset_index(drop=True)
