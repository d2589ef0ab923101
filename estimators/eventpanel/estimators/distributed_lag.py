"""Distributed lag: the outcome on leads and lags of an event that may recur and may have a dose.

``y_jt = sum_k beta_k x_{j,t-k} + fixed effects + controls + u_jt``. With binned ends and an event coded as a change
of a policy level this is the event-study regression of Schmidheiny and Siegloch (2023, doi:10.1002/jae.2971); without
them the distributed lag it is equivalent to. Every event-year enters with its own leads and lags, so windows may
overlap; effects of overlapping events add up, and are assumed equal across events.
"""

from __future__ import annotations

import numpy as np

from eventpanel.datasets.errors import ConstantOutcomeError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.absorb import Absorbed
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.cluster_robust import crv2, crv3
from eventpanel.estimators.core.least_squares import COLLINEAR, Fit, least_squares
from eventpanel.estimators.core.moments import moments
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.matrices import Matrices, matrices
from eventpanel.estimators.precision import settled
from eventpanel.estimators.solution import EstimationWarning, Solution, absorb_effects, assemble, identified, spread

__all__ = ["EstimationWarning", "distributed_lag"]


def distributed_lag(panel: Panel, design: Design) -> Estimate:
    """Regress the outcome on leads and lags of the event, fixed effects absorbed.

    Parameters
    ----------
    panel : Panel
        The whole event record, also outside the sample.
    design : Design
        What is asked.

    Returns
    -------
    Estimate
        One path, or one path for each group of the moderator from one regression.

    Raises
    ------
    DesignError
        And its branches: a window longer than the record, a constant outcome, an event that never varies, too few
        clusters, a path of which nothing is identified.

    Warns
    -----
    EstimationWarning
        Few clusters, few clusters with an event, terms that could not be estimated, a post-treatment moderator.
    ConditioningWarning
        Fewer than nine digits of a coefficient are certain: see docs/methods/numerics.md.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(1.0, len(frame))
    >>> frame["y"] = 2.0 * frame["x"] + frame["unit"]
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=1, lags=1, reference=None), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "reghdfe"))
    >>> abs(distributed_lag(Panel(frame, ("unit",), "year"), design).params.round(6)).tolist()
    [0.0, 2.0, 0.0]
    """
    m = matrices(panel, design)
    within = absorb_effects(m, np.column_stack([m.y, m.X]))
    y, X = within.columns[:, 0], within.columns[:, 1:]
    _check_outcome(m, y, design)
    kept, dropped = identified(m, X)
    names = [str(term) for term, keep in zip(m.terms, kept, strict=True) if keep]
    codes = [codes for _, codes in m.effects] or [np.zeros(len(m.y), dtype=np.int64)]
    fit = settled(least_squares(y, X[:, kept], m.weights), m.y, m.X[:, kept], codes, m.weights, names).fit
    corrected = None if design.covariance.kind == "CRV1" else _corrected(m, design, kept)
    return assemble(
        "distributed_lag", design, m, Solution(kept, dropped, fit, within.rank, _facts(m, within, fit), corrected)
    )


def _check_outcome(m: Matrices, y: Floats, design: Design) -> None:
    if np.ptp(m.y) == 0:
        raise ConstantOutcomeError(
            f"The outcome {design.outcome!r} is the same in every row.",
            f"value {m.y[0]:g} in {len(m.y)} rows",
            "check the outcome and the sample",
        )
    if np.linalg.norm(y) <= COLLINEAR * spread(m.y[:, None])[0]:
        raise ConstantOutcomeError(
            f"The fixed effects explain the outcome {design.outcome!r} fully.",
            f"fixed effects: {', '.join(design.fixed_effects)}",
            "use fewer fixed effects",
        )


def _corrected(m: Matrices, design: Design, kept: Mask) -> tuple[Floats, Floats | None]:
    """Covariance of CRV2, with its degrees of freedom, or of CRV3."""
    products = moments(m.y, m.X[:, kept], [codes for _, codes in m.effects], m.clusters, m.weights)
    return crv2(products) if design.covariance.kind == "CRV2" else (crv3(products), None)


def _facts(m: Matrices, within: Absorbed, fit: Fit) -> tuple[tuple[str, str], ...]:
    weights = np.ones(len(m.y)) if m.weights is None else m.weights
    r2 = 1 - (weights @ fit.residuals**2) / (weights @ within.columns[:, 0] ** 2)
    bound = "" if within.exact_rank else " at most"
    return (
        ("Absorbed degrees of freedom", f"{within.rank}{bound}"),
        ("R2 within", f"{r2:.6f}"),
        ("Largest group mean left", f"{within.certificate:.1e}"),
    )
