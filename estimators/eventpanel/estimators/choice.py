"""Choice of a part of low rank by cross-validation on untreated rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eventpanel.datasets.errors import IdentificationError
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.completion import Problem, Rank, blocks, completed

__all__ = ["ROUGH", "Chosen", "best"]

FOLDS = 5
# Accuracy of fits that are only compared with others, in standard deviations of the residuals.
ROUGH = 1e-5
# Steps after which a part that is tried counts as one that does not settle.
TRIES = 1000


@dataclass(frozen=True, slots=True)
class Chosen:
    """A part of low rank, and how it was chosen."""

    part: Rank
    facts: tuple[tuple[str, str], ...]


def best(problem: Problem, parts: Sequence[Rank], length: int, seed: int) -> tuple[int, Floats]:
    """Choose by cross-validation: held-out blocks of untreated rows, each about a tenth of all.

    Parameters
    ----------
    problem : Problem
    parts : sequence of Rank
        From the simplest on.
    length : int
        Periods of a block.
    seed : int

    Returns
    -------
    place : int
        Of the best part, the simplest among equals. One that does not settle in some fold, and all after it, are out.
    errors : ndarray, shape (parts,)
        Mean squared error of the held-out rows.
    """
    errors, count, tried = np.zeros(len(parts)), 0, len(parts)
    for hidden in blocks(problem.observed, FOLDS, length, np.random.default_rng(seed)):
        if not hidden.any():
            continue
        fold = replace(problem, observed=problem.observed & ~hidden)
        start = fold.start()
        for j, part in enumerate(parts[:tried]):
            try:
                start = completed(fold, part, start, ROUGH, TRIES).fitted
            except ArithmeticError:
                errors[j:], tried = np.inf, j
                break
            errors[j] += ((problem.y - start)[hidden] ** 2).sum()
        count += int(hidden.sum())
    if not count:
        raise IdentificationError(
            "Too few untreated rows to choose by cross-validation.", f"{int(problem.observed.sum())} rows", "state it"
        )
    return int(np.argmin(errors)), errors / count
