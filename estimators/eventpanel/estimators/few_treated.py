"""Few treated units: intervals that rest on the residual paths of units without an event."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.few_treated import equal_tailed, placed, reference, rescaled
from eventpanel.estimators.core.groups import cross
from eventpanel.estimators.core.least_squares import least_squares
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import check_level
from eventpanel.estimators.matrices import Matrices, matrices
from eventpanel.estimators.places import Places, places
from eventpanel.estimators.solution import EstimationWarning, absorb_effects

__all__ = ["FewTreated", "few_treated"]

FEWEST_CONTROLS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FewTreated:
    """How the error of the estimate is drawn.

    Parameters
    ----------
    draws : int
        Number of draws. Where treated units and controls can be combined in no more ways, each is taken once.
    seed : int
        Same seed, same draws.
    size : str, optional
        Column with the size of each unit. Errors are then rescaled from the size of the control to that of the
        treated unit (Ferman and Pinto); without it all units have the same variance (Conley and Taber).

    Raises
    ------
    DesignError
        Fewer than one draw.
    """

    draws: int
    seed: int
    size: str | None = None

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise DesignError("Draws are needed.", f"draws={self.draws}", "ask for 999 or more")


def few_treated(panel: Panel, design: Design, how: FewTreated, *, level: float = 0.95) -> pd.DataFrame:
    """Intervals and p-values for a path that rests on few units with an event and many without.

    Assumed: the number of units with an event stays fixed while that of the controls grows; errors of different units
    are independent and have the same distribution, or after rescaling by size the same but for their variance; they
    do not depend on the events. Errors may depend on one another over time and within a unit in any way. The
    estimates themselves are not consistent: the intervals say so.

    Parameters
    ----------
    panel : Panel
    design : Design
        Its covariance does not enter.
    how : FewTreated
    level : float
        Level of the intervals.

    Returns
    -------
    DataFrame
        One row per term of the path: term, event_time, group, estimate, p_value, conf_low, conf_high (equal-tailed;
        infinite with too few controls), treated, controls, left_out (units without an event that lack a row where a
        treated unit has one), draws, enumerated.

    Raises
    ------
    DesignError
        As the distributed lag raises it; fewer than two controls; a size that is missing or not positive.

    Warns
    -----
    EstimationWarning
        As the distributed lag warns; and controls that are left out.

    References
    ----------
    Conley and Taber 2011, doi:10.1162/REST_a_00049; Ferman and Pinto 2019, doi:10.1162/rest_a_00759.

    Examples
    --------
    See docs/methods/few_treated.md.
    """
    check_level(level)
    estimate = distributed_lag(panel, design)
    m = matrices(panel, design)
    kept = [m.terms.index(term) for term in estimate.terms]
    path = [j for j in kept if m.terms[j].event_time is not None]
    where = places(panel, design, m)
    _check_rows(panel, where)
    treated = np.bincount(where.unit, weights=(m.X[:, path] != 0).any(axis=1)) > 0
    within = absorb_effects(m, np.column_stack([m.y, m.X[:, kept]])).columns
    fit = least_squares(within[:, 0], within[:, 1:], m.weights)
    weighted = within[:, 1:] if m.weights is None else within[:, 1:] * m.weights[:, None]
    errors, controls = placed(fit, weighted, where.unit, where.cell, treated)
    left = _check_controls(design, where.names, treated, controls)
    if how.size is not None:
        sizes = _sizes(panel, m, how.size, where)
        errors = rescaled(errors, sizes[treated], sizes[controls])
    drawn, enumerated = reference(errors, how.draws, how.seed)
    rows = []
    for term in estimate.path:
        j = estimate.terms.index(term)
        p, low, high = equal_tailed(float(estimate.coef[j]), drawn[:, j], level)
        head = {"term": str(term), "event_time": term.event_time, "group": term.group}
        rows.append(head | {"estimate": estimate.coef[j], "p_value": p, "conf_low": low, "conf_high": high})
    table = pd.DataFrame(rows).astype({"event_time": "Int64"})
    return table.assign(
        treated=int(treated.sum()), controls=len(controls), left_out=left, draws=len(drawn), enumerated=enumerated
    )


def _check_rows(panel: Panel, where: Places) -> None:
    if len(np.unique(cross(where.unit, where.cell))) < len(where.unit):
        raise DesignError(
            f"Rows of one {where.by} and period cannot be told apart.",
            f"unit columns of the panel: {', '.join(panel.unit)}",
            f"make {where.by} one of the unit columns",
        )


def _check_controls(design: Design, names: pd.Index, treated: Mask, controls: Codes) -> int:
    """Refuse too few controls; say which are left out."""
    others = np.flatnonzero(~treated)
    if len(controls) < FEWEST_CONTROLS:
        raise DesignError(
            "There are too few units without an event to learn the errors from.",
            f"{len(others)} of {len(names)} units never have a value of {design.event.column} in the window, "
            f"{len(controls)} of them with a row wherever a treated unit has one",
            "use randomisation instead, or a sample with more such units",
        )
    left = names[np.setdiff1d(others, controls)]
    if len(left):
        note = f"{len(left)} units without an event lack rows that a treated unit has, and are left out: "
        warnings.warn(note + first_few(left), EstimationWarning, stacklevel=3)
    return len(left)


def _sizes(panel: Panel, m: Matrices, column: str, where: Places) -> Floats:
    values = panel.number(column).to_numpy()[m.sample]
    sizes = np.bincount(where.unit, weights=values) / np.bincount(where.unit)
    bad = ~(sizes > 0)
    if bad.any():
        raise DesignError(
            f"The size {column!r} is missing or not positive.",
            first_few(where.names[bad]),
            "give every unit of the sample a positive size",
        )
    return np.asarray(sizes)
