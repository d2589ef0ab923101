"""Distributed lag: the outcome on leads and lags of an event that may recur and may have a dose.

``y_jt = sum_k beta_k x_{j,t-k} + fixed effects + controls + u_jt``. With binned ends and an event coded as a change
of a policy level this is the event-study regression of Schmidheiny and Siegloch (2023, doi:10.1002/jae.2971); without
them the distributed lag it is equivalent to. Every event-year enters with its own leads and lags, so windows may
overlap; effects of overlapping events add up, and are assumed equal across events.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eventpanel.datasets.errors import IdentificationError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.absorb import Absorbed
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.cluster_robust import crv2, crv3
from eventpanel.estimators.core.least_squares import least_squares
from eventpanel.estimators.core.moments import Moments, moments
from eventpanel.estimators.core.rotated import Rotated, rotated
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.matrices import Matrices, matrices
from eventpanel.estimators.precision import check_moments, settled
from eventpanel.estimators.regression import Regression, by_rows, compact
from eventpanel.estimators.selection import check_varies
from eventpanel.estimators.solution import (
    EstimationWarning,
    Solution,
    absorb_effects,
    assemble,
    identified,
    refuse_explained,
    spread,
)

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
    found = fitted(panel, design)
    return assemble("distributed_lag", design, found.m, found.solution)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A design on a panel, solved.

    Attributes
    ----------
    m : Matrices
    regression : Regression
        Rows or cells that the fit rests on, with all terms.
    solution : Solution
    within : ndarray, shape (n, 1 + k)
        Outcome and estimated terms after fixed effects.
    turned : Rotated, optional
        Cross-products per cluster of residuals on turned terms, where the covariance has asked for them.
    """

    m: Matrices
    regression: Regression
    solution: Solution
    within: Floats
    turned: Rotated | None = None

    def rotated(self) -> Rotated:
        """Cross-products per cluster of residuals on turned terms: what leaving out clusters rests on."""
        r = self.regression
        if self.turned is not None:
            return self.turned
        return rotated(self.solution.fit, self.within[:, 1:], r.effects, r.clusters, r.weights)

    def moments(self) -> Moments:
        """Cross-products per cluster of the terms that were estimated.

        Raises
        ------
        IdentificationError
            Terms too close to collinear for cross-products.

        Warns
        -----
        ConditioningWarning
            Cross-products hold fewer than nine digits.
        """
        r, kept = self.regression, self.solution.kept
        names = [str(term) for term, keep in zip(self.m.terms, kept, strict=True) if keep]
        try:
            products = moments(r.y, r.X[:, kept], r.effects, r.clusters, r.weights)
        except np.linalg.LinAlgError as error:
            raise IdentificationError(
                "Some terms are too close to collinear for cross-products per cluster.",
                first_few(names, 12),
                "leave one of them out",
            ) from error
        return check_moments(products, self.within[:, 0], self.within[:, 1:], r.weights, names)


def fitted(panel: Panel, design: Design) -> Fitted:
    """Solve a distributed lag; what :func:`distributed_lag` makes an estimate of.

    Parameters
    ----------
    panel : Panel
    design : Design
    """
    m = matrices(panel, design)
    # What rests on one way of clusters may rest on cells; any other covariance asks for the rows themselves.
    r = compact(m) if isinstance(design.covariance, Clustered) and len(design.covariance.ways) == 1 else by_rows(m)
    columns = np.column_stack([r.y, r.X])
    outcome = absorb_effects(m, columns if r.absorber is None else m.y[:, None])
    _check_outcome(m, outcome.columns[:, 0], design)
    within = outcome.columns if r.absorber is None else r.absorber.absorb(columns).columns
    kept, dropped = identified(m, within[:, 1:], spread(r.X))
    names = [str(term) for term, keep in zip(m.terms, kept, strict=True) if keep]
    within = within[:, np.concatenate([[True], kept])]
    plain = least_squares(within[:, 0], within[:, 1:], r.weights)
    fit = settled(plain, r.y, r.X[:, kept], r.effects, r.weights, names).fit
    facts = _facts(m, outcome, within[:, 1:] @ fit.coef, r.weights)
    found = Fitted(m, r, Solution(kept, dropped, fit, outcome.rank, facts, r.clusters), within)
    if design.covariance.kind not in ("CRV2", "CRV3"):
        return found
    t = found.rotated()
    corrected = crv2(t.moments, t.turn) if design.covariance.kind == "CRV2" else (crv3(t.moments, t.turn), None)
    return replace(found, solution=replace(found.solution, corrected=corrected), turned=t)


def _check_outcome(m: Matrices, y: Floats, design: Design) -> None:
    check_varies(m.y, design.outcome)
    refuse_explained(y, m.y, design.outcome, design.fixed_effects)


def _facts(m: Matrices, outcome: Absorbed, fitted: Floats, weights: Floats | None) -> tuple[tuple[str, str], ...]:
    total, explained = (_squares(v, w) for v, w in ((outcome.columns[:, 0], m.weights), (fitted, weights)))
    bound = "" if outcome.exact_rank else " at most"
    return (
        ("Absorbed degrees of freedom", f"{outcome.rank}{bound}"),
        ("R2 within", f"{explained / total:.6f}"),
        ("Largest group mean left", f"{outcome.certificate:.1e}"),
    )


def _squares(values: Floats, weights: Floats | None) -> float:
    return float(values @ values if weights is None else weights @ values**2)
