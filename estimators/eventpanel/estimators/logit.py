"""Logit: the path of a binary outcome, with any number of fixed effects.

``P(y_jt = 1) = F(sum_k beta_k x_{j,t-k} + fixed effects + controls)``, F(z) = 1 / (1 + exp(-z)). With effects
of units seen few times the coefficients are biased (Neyman and Scott 1948, doi:10.2307/1914288): see
:mod:`eventpanel.estimators.binary_bias`.
"""

from __future__ import annotations

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.binary import binary_model
from eventpanel.estimators.core.links import LOGIT
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.solution import assemble

__all__ = ["logit"]


def logit(panel: Panel, design: Design) -> Estimate:
    """Estimate the path of a binary outcome by logit.

    Parameters
    ----------
    panel : Panel
        The whole event record, also outside the sample.
    design : Design
        The outcome is zero or one. Coefficients are in log odds.

    Returns
    -------
    Estimate
        As :func:`eventpanel.estimators.distributed_lag.distributed_lag` returns it; rows without a finite fit are on
        the ledger.

    Raises
    ------
    DesignError
        And its branches; also for an outcome that is not binary, and for CRV2 or CRV3, which are for linear models.

    Warns
    -----
    EstimationWarning
        As for the distributed lag.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(60) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(1.0, len(frame))
    >>> frame["y"] = (0.8 * frame["x"] + rng.logistic(size=len(frame)) > 0.5).astype(float)
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=0, lags=0, reference=None), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "ppmlhdfe"))
    >>> bool(abs(logit(Panel(frame, ("unit",), "year"), design).coef[0] - 0.8) < 0.15)
    True
    """
    model = binary_model(panel, design, LOGIT)
    return assemble("logit", design, model.matrices, model.solution)
