"""Cross-check: the same rows and terms, estimated again by linearmodels."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from linearmodels.iv.absorbing import AbsorbingLS

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.design import Design, one_way
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.matrices import matrices

__all__ = ["cross_check"]


def cross_check(panel: Panel, design: Design) -> pd.DataFrame:
    """Estimate a distributed lag twice, here and with linearmodels' ``AbsorbingLS``, and compare.

    Parameters
    ----------
    panel : Panel
    design : Design
        Cautions about the design are warned about as in :func:`distributed_lag`.

    Returns
    -------
    DataFrame
        One row per term: estimate, std_error (without small-sample factor), the same by linearmodels
        (``estimate_linearmodels``, ``std_error_linearmodels``), and difference: the larger of both differences, in
        standard errors.

    Examples
    --------
    >>> import numpy as np
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame = frame.assign(x=rng.poisson(1.0, 600), y=rng.normal(size=600))
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=1, lags=1, reference=None), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "reghdfe"))
    >>> bool(cross_check(Panel(frame, ("unit",), "year"), design)["difference"].max() < 1e-8)
    True
    """
    plain = replace(design, covariance=replace(one_way(design), small_sample="none"))
    estimate, m = distributed_lag(panel, plain), matrices(panel, plain)
    kept = [m.terms.index(term) for term in estimate.terms]
    effects = pd.DataFrame({name: pd.Categorical(codes) for name, codes in m.effects})
    model = AbsorbingLS(m.y, m.X[:, kept], absorb=effects, weights=m.weights)
    theirs = model.fit(cov_type="clustered", clusters=m.clusters, debiased=False)
    table = pd.DataFrame(
        {
            "term": estimate.names,
            "estimate": estimate.coef,
            "std_error": estimate.std_errors.to_numpy(),
            "estimate_linearmodels": theirs.params.to_numpy(),
            "std_error_linearmodels": theirs.std_errors.to_numpy(),
        }
    )
    gaps = [(table[f"{name}_linearmodels"] - table[name]).abs() for name in ("estimate", "std_error")]
    return table.assign(difference=pd.concat(gaps, axis=1).max(axis=1) / table["std_error"])
