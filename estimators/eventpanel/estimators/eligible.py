"""Which cells can take part in a comparison of histories, and why the others cannot."""

from __future__ import annotations

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Mask
from eventpanel.estimators.core.matching import histories, paths
from eventpanel.estimators.core.shifts import shifted
from eventpanel.estimators.design import Design
from eventpanel.estimators.matching import Matching, Refinement
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.uses import NO_WINDOW

__all__ = ["keys", "obstacles"]


def obstacles(
    t: Trajectories, design: Design, key: Codes, matching: Matching, refinement: Refinement | None
) -> dict[str, Mask]:
    """Cells that can take part in no comparison, with the reason, in the order in which they are looked at.

    Parameters
    ----------
    t : Trajectories
    design : Design
    key : ndarray of int, shape (U, T)
        From :func:`keys`.
    matching : Matching
    refinement : Refinement, optional
    """
    window, known = design.window, histories(t.event, matching.history)[1]
    early = np.broadcast_to(np.arange(t.shape[1]) < matching.history, t.shape)
    found = {f"fewer than {matching.history} periods of the record before it": early}
    if matching.unknown == "refuse":
        found["the status in its history is not known"] = ~known
    seen = [shifted(t.outcome, -k) for k in range(-max(window.leads, 1), window.lags + 1)]
    found[NO_WINDOW] = np.asarray(np.isnan(seen).any(axis=0))
    if matching.lasting:
        same = [shifted(t.event, -k) == t.event for k in range(window.lags + 1)]
        found["the status does not last to the last lag"] = ~np.all(same, axis=0)
    if matching.exact:
        found["a column to match exactly on is missing"] = key < 0
    if refinement is not None and refinement.missing == "drop":
        found["a covariate is missing"] = ~_complete(t, refinement, matching.history, window.lags)
    return found


def keys(t: Trajectories, matching: Matching) -> Codes:
    """Give numbers to what must be the same in a match, shape (U, T); -1 where a column to match exactly on is missing.

    Parameters
    ----------
    t : Trajectories
    matching : Matching
    """
    key = histories(t.event, matching.history)[0]
    if not matching.exact:
        return key
    path = _exact_paths(t, matching)
    dense = np.unique(key, return_inverse=True)[1].reshape(t.shape)
    return np.where(path < 0, -1, dense * (path.max() + 2) + path)


def _exact_paths(t: Trajectories, matching: Matching) -> Codes:
    """Paths of the columns to match exactly on, as numbers, shape (U, T); -1 where one is missing."""
    both = np.zeros(t.shape, dtype=np.int64)
    for name in matching.exact:
        # A row that is not there has the code of none.
        codes = np.where(t.row >= 0, t.panel.codes(name).codes[t.row], -1)
        path = paths(codes, matching.history)
        width = int(path.max(initial=0)) + 1
        both = np.where((both < 0) | (path < 0), -1, both * width + path)
        both[both >= 0] = np.unique(both[both >= 0], return_inverse=True)[1].reshape(-1)
    return both


def _complete(t: Trajectories, refinement: Refinement, history: int, lags: int) -> Mask:
    """Whether all covariates are known from the start of the history to the last lag, shape (U, T)."""
    last = max(each.last for each in refinement.covariates)
    missing = np.zeros(t.shape, dtype=bool)
    for each in refinement.covariates:
        for lag in each.lags:
            missing |= np.isnan(shifted(t.column(each.column), lag))
    missing[:, :last] = False
    around = [shifted(missing, -k, fill=False) for k in range(-history, lags + 1)]
    return np.asarray(~np.any(around, axis=0))
