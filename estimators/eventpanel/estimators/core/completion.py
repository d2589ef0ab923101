"""Completion of a matrix from the cells without treatment: unit and period effects, controls, and a part of low rank.

Cells that are not observed are filled with the fit, and the fit is found again on the full matrix, until nothing moves:
expectation and maximisation, sped up by momentum that is dropped where it overshoots. The part of low rank has a number
of factors (Gobillon and Magnac 2016, doi:10.1162/REST_a_00537; Xu 2017, doi:10.1017/pan.2016.2) or a penalty on the sum
of its singular values (Athey et al. 2021, doi:10.1080/01621459.2021.1891924).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.two_way import two_way

ITERATIONS = 20_000
# Largest change of a fitted value in one more step, in standard deviations of the residuals.
CONVERGED = 1e-8


@dataclass(frozen=True, slots=True)
class Rank:
    """The part of low rank: a number of factors, or a penalty on its singular values."""

    factors: int | None = None
    penalty: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Completed:
    """A completed matrix.

    Attributes
    ----------
    fitted : ndarray, shape (U, T)
        What the outcome would be without treatment.
    steps : int
    moved : float
        Largest change of a fitted value in the last step, in standard deviations of the residuals: the certificate.
    rank : int
        Rank of the part of low rank.
    """

    fitted: Floats
    steps: int
    moved: float
    rank: int


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A matrix to complete.

    Attributes
    ----------
    y : ndarray, shape (U, T)
        Finite in the observed cells.
    observed : ndarray of bool, shape (U, T)
        Each unit and period has some.
    controls : ndarray, shape (c, U, T)
        Finite everywhere.
    """

    y: Floats
    observed: Mask
    controls: Floats

    def start(self) -> Floats:
        """Fit without a part of low rank, shape (U, T)."""
        system = two_way(self.observed.astype(np.float64), self.controls)
        return system.regress(np.where(self.observed, self.y, 0.0))[1]


@dataclass(slots=True, eq=False)
class _Steps:
    """Steps of the iteration; the coefficients of the controls go from one step to the next."""

    problem: Problem
    part: Rank
    within: Floats
    inverse: Floats
    coef: Floats
    rank: int = 0

    def step(self, filled: Floats) -> Floats:
        """Fit of a full matrix: effects and controls, then the part of low rank of what is left."""
        without = filled - np.tensordot(self.coef, self.problem.controls, 1) if len(self.coef) else filled
        inner = _within(without)
        low, self.rank = _low_rank(inner, self.part)
        if not len(self.coef):
            return filled - inner + low
        self.coef = self.inverse @ np.tensordot(self.within, filled - low, 2)
        added = np.tensordot(self.coef, self.problem.controls, 1)
        rest = filled - low - added
        return np.asarray(rest - _within(rest) + low + added)


def _within(grid: Floats) -> Floats:
    return np.asarray(grid - grid.mean(axis=1, keepdims=True) - grid.mean(axis=0) + grid.mean())


def _low_rank(grid: Floats, part: Rank) -> tuple[Floats, int]:
    """Best approximation of a number of factors, or with shrunken singular values; and its rank."""
    if part.factors == 0:
        return np.zeros_like(grid), 0
    tall = grid if grid.shape[0] >= grid.shape[1] else grid.T
    values, vectors = np.linalg.eigh(tall.T @ tall)
    single = np.sqrt(np.maximum(values[::-1], 0.0))
    if part.factors is not None:
        shares = (np.arange(len(single)) < part.factors).astype(np.float64)
    else:
        shares = np.maximum(single - part.penalty, 0.0) / np.where(single > 0, single, 1.0)
    rank = int((shares * single > 1e-10 * single.max(initial=0.0)).sum())
    chosen = vectors[:, ::-1][:, :rank]
    low = (tall @ chosen) * shares[:rank] @ chosen.T
    return np.asarray(low if tall is grid else low.T), rank


def completed(
    problem: Problem, part: Rank, start: Floats, goal: float = CONVERGED, limit: int = ITERATIONS
) -> Completed:
    """Complete a matrix.

    Parameters
    ----------
    problem : Problem
    part : Rank
    start : ndarray, shape (U, T)
        Fitted values to start from.
    goal : float
        Largest change of a fitted value in one step, in standard deviations of the residuals, at which to stop.
    limit : int
        Largest number of steps.

    Raises
    ------
    ArithmeticError
        The fit still moves after all steps.

    Examples
    --------
    >>> y = np.add.outer([1.0, 2.0, 3.0], [1.0, 2.0, 4.0, 8.0])
    >>> seen = np.ones(y.shape, dtype=bool)
    >>> seen[2, 3] = False
    >>> found = completed(Problem(y, seen, np.empty((0, 3, 4))), Rank(factors=0), np.zeros(y.shape))
    >>> found.fitted[2, 3].round(4)
    np.float64(11.0)
    """
    seen, y = problem.observed, problem.y
    within = np.array([_within(column) for column in problem.controls]).reshape(problem.controls.shape)
    gram = np.tensordot(within, within, ([1, 2], [1, 2]))
    steps = _Steps(problem, part, within, np.asarray(np.linalg.pinv(gram), dtype=np.float64), np.zeros(len(within)))
    fitted = ahead = start
    momentum, moved = 1.0, np.inf
    floor = 1e-6 * float(y[seen].std())
    for count in range(1, limit + 1):
        new = steps.step(np.where(seen, y, ahead))
        spread = max(float((y[seen] - new[seen]).std()), floor, np.finfo(float).tiny)
        moved = float(np.abs(new - ahead).max()) / spread
        if moved <= goal:
            return Completed(new, count, moved, steps.rank)
        # Momentum is dropped where it points against the step (O'Donoghue and Candes, doi:10.1007/s10208-013-9150-3).
        if ((ahead - new) * (new - fitted)).sum() > 0:
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / following * (new - fitted)
        fitted, momentum = new, following
    raise ArithmeticError(f"the fit still moves by {moved:.1e} standard deviations after {limit} steps")


def penalties(problem: Problem, count: int) -> Floats:
    """Penalties to choose among: from the least that leaves no part of low rank to a hundredth, evenly in logarithms.

    Parameters
    ----------
    problem : Problem
    count : int
        How many.
    """
    left = np.where(problem.observed, problem.y - problem.start(), 0.0)
    highest = float(np.linalg.norm(left, 2))
    return highest * np.logspace(0, -2, count)


def blocks(observed: Mask, folds: int, length: int, rng: np.random.Generator) -> list[Mask]:
    """Held-out cells of each fold: runs of ``length`` observed cells of one unit, as treatment hides them.

    Each unit and period keeps cells, so that what is held out can be told.

    Parameters
    ----------
    observed : ndarray of bool, shape (U, T)
    folds, length : int
        Each fold holds out about a tenth of the cells.
    rng : Generator
    """
    out = []
    units, periods = np.nonzero(observed)
    for _ in range(folds):
        hidden = np.zeros_like(observed)
        chosen = rng.permutation(len(units))[: max(1, len(units) // (10 * length))]
        for shift in range(length):
            period = periods[chosen] + shift
            valid = period < observed.shape[1]
            hidden[units[chosen][valid], period[valid]] = True
        hidden &= observed
        left = observed & ~hidden
        enough = (left.sum(axis=1) * 2 >= observed.sum(axis=1))[:, None] & (
            left.sum(axis=0) * 2 >= observed.sum(axis=0)
        )
        out.append(hidden & enough)
    return out
