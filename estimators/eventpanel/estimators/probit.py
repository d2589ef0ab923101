"""Probit: as :mod:`eventpanel.estimators.logit`, F the standard normal distribution."""

from __future__ import annotations

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.binary import binary_model
from eventpanel.estimators.core.links import PROBIT
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.solution import assemble

__all__ = ["probit"]


def probit(panel: Panel, design: Design) -> Estimate:
    """Estimate the path of a binary outcome by probit; all but the link is as for logit.

    Parameters
    ----------
    panel : Panel
    design : Design
        Coefficients are in standard deviations of the latent error.

    Returns
    -------
    Estimate

    Raises
    ------
    DesignError

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(60) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(1.0, len(frame))
    >>> frame["y"] = (0.8 * frame["x"] + rng.normal(size=len(frame)) > 0.5).astype(float)
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=0, lags=0, reference=None), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "ppmlhdfe"))
    >>> bool(abs(probit(Panel(frame, ("unit",), "year"), design).coef[0] - 0.8) < 0.15)
    True
    """
    model = binary_model(panel, design, PROBIT)
    return assemble("probit", design, model.matrices, model.solution)
