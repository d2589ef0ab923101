"""Stacked comparisons in closed form: what the weighted regression on a stack of sub-experiments finds, without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats

__all__ = ["Experiment", "stacked"]


@dataclass(frozen=True, slots=True, eq=False)
class Experiment:
    """One sub-experiment: the events of one period and their clean controls.

    Attributes
    ----------
    treated, control : ndarray
        Units.
    treated_change, control_change : ndarray, shapes (treated, k) and (control, k)
        Changes of the outcome from the base period, one column for each event time.
    """

    treated: Codes
    control: Codes
    treated_change: Floats
    control_change: Floats


def stacked(experiments: Sequence[Experiment], units: int, *, pooled: bool) -> tuple[Floats, Floats]:
    """Treated-weighted mean over sub-experiments of the difference of mean changes, and its influence.

    The weights are the corrective ones: every treated unit one, controls such that each sub-experiment has the same
    share of treated and of controls. The regression with effects of units and periods by sub-experiment, and the one
    with effects of the treated and of event times only, have the same coefficients and other residuals.

    Parameters
    ----------
    experiments : sequence of Experiment
        At least one; each with treated and controls.
    units : int
        Of the panel.
    pooled : bool
        Residuals of the regression with effects of the treated and of event times only.

    Returns
    -------
    coef : ndarray, shape (k,)
    influence : ndarray, shape (units, k)

    Examples
    --------
    >>> one = Experiment(np.array([0]), np.array([1, 2]), np.array([[3.0]]), np.array([[1.0], [2.0]]))
    >>> stacked([one], 3, pooled=True)[0].tolist()
    [1.5]
    """
    treated = np.array([len(each.treated) for each in experiments], dtype=np.float64)
    controls = np.array([len(each.control) for each in experiments], dtype=np.float64)
    of_treated = np.array([each.treated_change.mean(axis=0) for each in experiments])
    of_control = np.array([each.control_change.mean(axis=0) for each in experiments])
    share = treated / treated.sum()
    coef = share @ (of_treated - of_control)
    influence = np.zeros((units, len(coef)))
    if pooled:
        centre, centre_control = (
            np.tile(share @ of_treated, (len(share), 1)),
            np.tile(share @ of_control, (len(share), 1)),
        )
    else:
        # The period effects of a sub-experiment lie between its controls and its treated less the effect.
        ratio = controls.sum() / treated.sum()
        centre_control = of_control + (of_treated - of_control - coef) / (1 + ratio)
        centre = centre_control + coef
    for i, each in enumerate(experiments):
        influence[each.treated] += (each.treated_change - centre[i]) / treated.sum()
        influence[each.control] -= (each.control_change - centre_control[i]) * (share[i] / controls[i])
    return coef, influence
