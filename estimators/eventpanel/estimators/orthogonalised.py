"""Orthogonalised lag: the coefficients of leads and lags made orthogonal to the event of the same period.

Each lead and lag ``x_p`` is replaced by its fitted part: with ``r_p`` the residual of the same-period event ``x_0`` on
``x_p``, the regressor is ``x_p - r_p = (1 + b_p) x_p - x_0 + const``, ``b_p`` the slope. This is a change of
variables, so its coefficients follow from those of the distributed lag: ``beta_p / (1 + b_p)`` at ``p``, and at zero
``beta_0 + sum_p beta_p / (1 + b_p)``: **a scaled sum of all effects, not the effect of the same period**. It is the
regression in the replication code of Beraja, Kao, Yang and Yuchtman (2023, doi:10.1093/qje/qjad012).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, IdentificationError
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.moderator import moderator_groups
from eventpanel.estimators.path import event_path
from eventpanel.estimators.record import record

__all__ = ["orthogonalised"]

NOTE = (
    "orthogonalised: the coefficient of the same period is a scaled sum of all leads and lags, not the effect of that "
    "period alone; compare with the distributed lag."
)
# Below this the regressor of a lead or lag would be the same-period event alone.
SLOPE = 1e-9


def orthogonalised(estimate: Estimate) -> Estimate:
    """Turn a distributed lag, linear or Poisson, into its orthogonalised form; nothing is estimated again.

    Parameters
    ----------
    estimate : Estimate
        Of ``distributed_lag`` or ``ppml``, all event times estimated: a window with ``reference=None``.

    Returns
    -------
    Estimate
        The same terms; controls keep their coefficients.

    Raises
    ------
    DesignError
        An estimate of another kind, a reference, binned ends.
    IdentificationError
        A slope of -1: the same-period event moves one for one against a lead or lag.

    Examples
    --------
    See docs/methods/distributed_lag.md.
    """
    window = estimate.design.window
    if estimate.estimator not in ("distributed_lag", "ppml") or window.reference is not None:
        raise DesignError(
            "Only a distributed lag with all its leads and lags can be orthogonalised.",
            f"{estimate.estimator}, reference={window.reference}",
            "estimate distributed_lag or ppml with a window of reference=None",
        )
    matrix = np.eye(len(estimate.terms))
    for group in estimate.groups:
        slopes = _slopes(estimate, group)
        zero = _place(estimate, group, 0)
        for event_time, slope in slopes.items():
            at = _place(estimate, group, event_time)
            matrix[at, at] = matrix[zero, at] = 1.0 / (1.0 + slope)
    made = estimate.combine(matrix, estimate.terms)
    return replace(made, estimator=f"orthogonalised {estimate.estimator}", notes=(*estimate.notes, NOTE))


def _place(estimate: Estimate, group: str, event_time: int) -> int:
    for place, term in enumerate(estimate.terms):
        if (term.event_time, term.group) == (event_time, group):
            return place
    raise DesignError(
        "The same-period term was not estimated, so nothing can be made orthogonal to it.",
        f"group {group!r}" if group else "",
        "see the terms that were dropped",
    )


def _slopes(estimate: Estimate, group: str) -> dict[int, float]:
    """Slopes of the same-period event on each lead and lag, in the rows of a group."""
    rows = _rows(estimate, group)
    weights, times = _weights(estimate)[rows.index], [int(k) for k in rows.columns]
    centred = rows.to_numpy() - np.average(rows.to_numpy(), axis=0, weights=weights)
    now = centred[:, times.index(0)]
    slopes = {}
    for place, event_time in enumerate(times):
        there = any((t.event_time, t.group) == (event_time, group) for t in estimate.terms)
        if event_time == 0 or not there:
            continue
        other = centred[:, place]
        slope = float((weights * other) @ now / ((weights * other) @ other))
        if abs(1.0 + slope) < SLOPE:
            raise IdentificationError(
                f"The event of the same period moves one for one against that at event time {event_time}.",
                f"slope {slope:g}",
                "use the distributed lag",
            )
        slopes[event_time] = slope
    return slopes


def _rows(estimate: Estimate, group: str) -> pd.DataFrame:
    """Leads and lags in the rows of a group: one column for each event time."""
    design, panel = estimate.design, estimate.lost.panel
    inside = estimate.sample
    if design.moderator is not None:
        inside = inside & (moderator_groups(panel, design.moderator) == group).to_numpy()
    return event_path(panel, design, record(panel, design.event))[inside]


def _weights(estimate: Estimate) -> Floats:
    panel, name = estimate.lost.panel, estimate.design.weights
    return np.ones(len(panel.frame)) if name is None else panel.values(name)
