"""A path with a free coefficient just before the event, seen from there: every coefficient less that one."""

from __future__ import annotations

import numpy as np

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.combinations import between, one_group
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.event_coefficients import REFERENCE, EventCoefficients

__all__ = ["normalised"]


def normalised(estimate: Estimate, group: str | None = None) -> EventCoefficients:
    """Subtract the coefficient at -1 from the path of a group, with its covariance, binned ends left out.

    The path then says how the outcome moves from the period before the event; what the coefficient at -1 was measured
    against no longer matters.

    Parameters
    ----------
    estimate : Estimate
        With a term of its own at event time -1.
    group : str, optional
        Needed where there are several.

    Raises
    ------
    DesignError
        No term at -1.

    Examples
    --------
    See docs/methods/honest_did.md.
    """
    chosen = one_group(estimate, group)
    terms = [term for term in between(estimate, chosen, -np.inf, np.inf) if not term.binned]
    times = np.array([term.event_time for term in terms], dtype=np.int64)
    if REFERENCE not in times:
        raise DesignError(
            f"There is no coefficient at event time {REFERENCE} to subtract.",
            f"event times {', '.join(map(str, times))}",
            "use the estimate as it is where that is its reference",
        )
    rows = [estimate.terms.index(term) for term in terms]
    kept = times != REFERENCE
    less = (np.eye(len(times)) - (times == REFERENCE))[kept]
    vcov = less @ estimate.vcov[np.ix_(rows, rows)] @ less.T
    dof = estimate.dof[rows][times <= REFERENCE].min(initial=np.inf)
    return EventCoefficients(times[kept], less @ estimate.coef[rows], vcov, float(dof))
