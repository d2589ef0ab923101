"""Redrawn: how draws of event histories become coefficients of the same regression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np

from eventpanel.estimators.averages import averaged
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import cross
from eventpanel.estimators.core.permutation import (
    Drawn,
    Fixed,
    Moved,
    least_squares_draws,
    poisson_draws,
    score_problem,
)
from eventpanel.estimators.core.permutation_tables import look_up, tables
from eventpanel.estimators.histories import Histories
from eventpanel.estimators.matrices import Matrices

__all__ = ["Evaluate", "Model", "evaluator"]

# From histories and the source of each unit in every draw to coefficients.
Evaluate = Callable[[Floats, Codes], Drawn]
Model = Literal["linear", "poisson score", "poisson refit"]


def evaluator(m: Matrices, fixed: Fixed, histories: Histories, model: Model) -> Evaluate:
    """How a block of draws becomes coefficients: by look-up where that is exact, else row by row.

    Parameters
    ----------
    m : Matrices
    fixed : Fixed
        What stays in every draw.
    histories : Histories
        What moves.
    model : {"linear", "poisson score", "poisson refit"}
    """
    moved, other = histories.moved, histories.other
    if model == "poisson refit":
        return _by_rows(partial(poisson_draws, fixed), moved)
    if model == "poisson score":
        return _by_rows(partial(least_squares_draws, score_problem(fixed), at_null=True), moved)
    mean = averaged(m, fixed, moved)
    if mean is not None:
        (fixed, moved), other = mean, np.zeros(len(mean[0].y), dtype=np.int64)
    table = tables(fixed, moved, cross(other, moved.period), histories.assignments)
    if table is None:
        return _by_rows(partial(least_squares_draws, fixed), moved)
    return lambda _, sources: look_up(table, sources)


def _by_rows(estimated: Callable[[Moved, Codes], Drawn], moved: Moved) -> Evaluate:
    return lambda values, sources: estimated(replace(moved, histories=values), sources)
