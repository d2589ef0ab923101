"""Poisson problem: a design on a panel as the arrays of a Poisson regression."""

from __future__ import annotations

import numpy as np

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.poisson_clusters import Problem
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.matrices import Matrices, matrices, without_rows

__all__ = ["codes_of", "problem", "problem_of"]


def codes_of(m: Matrices) -> tuple[Codes, ...]:
    """Group codes of the fixed effects, or of a constant where there is none."""
    return tuple(codes for _, codes in m.effects) or (np.zeros(len(m.y), dtype=np.int64),)


def problem(panel: Panel, design: Design, m: Matrices, kept: Mask) -> Problem:
    """Arrays of the terms that are kept.

    Parameters
    ----------
    panel : Panel
    design : Design
    m : Matrices
        Without separated rows.
    kept : ndarray of bool, shape (k,)
    """
    return Problem(m.y, m.X[:, kept], codes_of(m), m.clusters, m.weights, _offset(panel, design, m))


def problem_of(panel: Panel, design: Design, estimate: Estimate) -> tuple[Matrices, Problem]:
    """Matrices and arrays of an estimate that ppml made of this design on this panel.

    Parameters
    ----------
    panel : Panel
    design : Design
    estimate : Estimate
    """
    whole = matrices(panel, design)
    m = without_rows(panel, design, whole, ~estimate.sample[whole.sample], "not in the estimate")
    return m, problem(panel, design, m, np.array([term in estimate.terms for term in m.terms]))


def _offset(panel: Panel, design: Design, m: Matrices) -> Floats:
    if design.offset is None:
        return np.zeros(len(m.y))
    return np.asarray(panel.number(design.offset).to_numpy()[m.sample], dtype=np.float64)
