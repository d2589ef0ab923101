"""Poisson regressions on cohorts by periods: the likelihood with unit effects maximised out, solved in cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.cells import Cells, Solved, solved

__all__ = ["Fitted", "fitted", "positive"]

ITERATIONS = 60
HALVINGS = 30
CONVERGED = 1e-11
# Logarithms of means beyond this are on their way to infinity.
FAR = 300.0


@dataclass(frozen=True, slots=True)
class Fitted:
    """A Poisson fit.

    Attributes
    ----------
    system : Solved
        Weights are those of the rows times their means.
    beta : ndarray, shape (P,)
    mean : ndarray, shape (n, T)
    """

    system: Solved
    beta: Floats
    mean: Floats


def fitted(cells: Cells, y: Floats, w: Floats, offset: Floats) -> Fitted:
    """Maximise the Poisson pseudo-likelihood.

    Parameters
    ----------
    cells : Cells
    y, w, offset : ndarray, shape (n, T)
        Outcome, not negative; weights, zero where there is no row; offset.

    Raises
    ------
    ArithmeticError
        No maximum was found.
    """
    beta = _start(cells, y, w, offset)
    mean, height = _means(cells, y, w, offset, beta)
    for _ in range(ITERATIONS):
        system = solved(cells, w * mean)
        step = system.bread @ cells.against(w * np.where(w > 0, y - mean, 0.0))
        moved = cells.centred(cells.spread(cells.values @ step), w * mean)
        beta, mean, height = _climb(cells, (y, w, offset), beta, step, height)
        if np.abs(moved).max() < CONVERGED:
            return Fitted(solved(cells, w * mean), beta, mean)
        if not np.isfinite(height) or np.abs(np.log(np.maximum(mean[w > 0], 1e-300))).max() > FAR:
            break
    raise ArithmeticError("Poisson did not converge: some means vanish; look for rows that are separated")


def _start(cells: Cells, y: Floats, w: Floats, offset: Floats) -> Floats:
    """Coefficients of a linear regression of a logarithm that always exists."""
    level = float((w * y).sum() / w.sum())
    guess = np.log(np.maximum((y + level) / 2, level / 4)) - offset
    return solved(cells, w).coefficients(np.where(w > 0, guess, 0.0))


def _means(cells: Cells, y: Floats, w: Floats, offset: Floats, beta: Floats) -> tuple[Floats, float]:
    """Means with the effects of units maximised out, and the likelihood."""
    eta = cells.spread(cells.values @ beta) + offset
    if cells.within:
        eta = eta - np.where(w > 0, eta, -np.inf).max(axis=1, initial=-1e300)[:, None]
        eta = np.where(w > 0, eta, 0.0)
        sums = np.einsum("it,it->i", w, y), np.einsum("it,it->i", w, np.exp(eta) * (w > 0))
        eta = (
            eta
            + np.log(sums[0] / np.where(sums[1] > 0, sums[1], 1.0), where=sums[0] > 0, out=np.zeros(len(y)))[:, None]
        )
    eta = np.where(w > 0, eta, 0.0)
    mean = np.exp(np.clip(eta, -2 * FAR, FAR))
    return mean, float((w * (y * eta - mean)).sum())


def _climb(
    cells: Cells, data: tuple[Floats, Floats, Floats], beta: Floats, step: Floats, height: float
) -> tuple[Floats, Floats, float]:
    share = 1.0
    mean, reached = _means(cells, *data, beta + step)
    for _ in range(HALVINGS):
        if reached >= height - 1e-12 * abs(height):
            break
        share /= 2
        mean, reached = _means(cells, *data, beta + share * step)
    return beta + share * step, mean, reached


def positive(y: Floats, w: Floats, bounds: Codes, free: Mask, *, within: bool) -> tuple[Floats, Mask]:
    """Take out rows that the effects fit at zero: their logarithm has no finite mean.

    Parameters
    ----------
    y, w : ndarray, shape (n, T)
    bounds : ndarray, shape (C + 1,)
        First unit of each cohort.
    free : ndarray of bool, shape (C, T)
        Cells with a parameter of their own.
    within : bool
        Whether each unit has an effect.

    Returns
    -------
    w : ndarray, shape (n, T)
        Weights, zero in these rows.
    gone : ndarray of bool, shape (C, T)
        Cells that had rows and have none left.
    """
    w, had = w.copy(), np.add.reduceat(w, bounds[:-1], axis=0) > 0
    sizes = np.diff(bounds)
    while True:
        before = int((w > 0).sum())
        if within:
            w[(w * y).sum(axis=1) == 0] = 0.0
        sums = np.add.reduceat(w * y, bounds[:-1], axis=0)
        zero = free & (sums == 0)
        zero |= (np.where(free, 0.0, sums).sum(axis=0) == 0)[None, :]
        zero |= (np.where(free, 0.0, sums).sum(axis=1) == 0)[:, None]
        w[np.repeat(zero, sizes, axis=0)] = 0.0
        if int((w > 0).sum()) == before:
            return w, had & (np.add.reduceat(w, bounds[:-1], axis=0) == 0)
