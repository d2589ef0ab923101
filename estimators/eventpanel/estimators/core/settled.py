"""Poisson regression of rows as they come: what is separated or alone dropped, the rest fitted, with proof.

Groups whose outcome is always zero, and rows alone in a group, go first; they need no regressor. The fit of what is
left nearly always proves that nothing is separated. Only where it does not is separation asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.effects import effects
from eventpanel.estimators.core.least_squares import independent
from eventpanel.estimators.core.newton import Model, first_guess, model, weighted_gram
from eventpanel.estimators.core.poisson import PoissonFit, maximise
from eventpanel.estimators.core.separation import separation

# Iterations before separation is asked; a fit without separated rows takes fewer than ten.
PATIENCE = 15
# Columns are independent beyond doubt where the smallest eigenvalue of their correlations is above this.
CLEAR = 1e-6


class NothingLeft(ArithmeticError):
    """Every row is separated, or alone once the separated ones are gone."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A Poisson fit on the rows that can be fitted.

    Attributes
    ----------
    separated : ndarray of bool, shape (n,)
        Rows with y = 0 whose mean could only be zero.
    alone : ndarray of bool, shape (n,)
        Rows alone in a group once the separated ones are gone.
    rounds : ndarray of int, shape (n,)
        In which round a row went; zero for rows that stay.
    within : ndarray, shape (rows that stay, k)
        X after the effects, before means are weights.
    kept : ndarray of bool, shape (k,)
        Columns that add something.
    fit : PoissonFit
        On the rows that stay and the columns kept.
    method : str
        What proved that nothing more is separated: "fit", or the method of :func:`separation`.
    """

    separated: Mask
    alone: Mask
    rounds: Codes
    within: Floats
    kept: Mask
    fit: PoissonFit
    method: str


def settled(y: Floats, X: Floats, groupings: Sequence[Codes], weights: Floats | None = None) -> Settled:
    """Drop what is separated or alone, and fit the rest.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Outcome, zero or positive.
    X : ndarray, shape (n, k)
        Regressors; collinear ones are left out, later ones first.
    groupings : sequence of ndarray, each shape (n,)
        Group codes of the fixed effects.
    weights : ndarray, shape (n,), optional
        Positive weights.

    Raises
    ------
    NothingLeft
        Every row goes.
    ArithmeticError
        No convergence, or separation that could not be settled.

    Examples
    --------
    >>> y, x = np.array([0.0, 0.0, 1.0, 2.0, 3.0, 3.0]), np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0])
    >>> found = settled(y, x[:, None], [np.array([0, 0, 1, 1, 2, 2])])
    >>> found.separated.tolist(), np.exp(found.fit.fit.coef).round(6).tolist()
    ([True, True, False, False, False, False], [1.25])
    """
    w = np.ones(len(y)) if weights is None else weights
    rounds, number = np.zeros(len(y), dtype=np.int64), 1
    separated, rows = np.zeros(len(y), dtype=bool), np.arange(len(y))
    while True:
        rows, number = _cleared(y, groupings, rows, separated, (rounds, number))
        codes = [_compressed(codes[rows]) for codes in groupings]
        m, within, kept = _prepared(y[rows], X[rows], codes, w[rows])
        fit, method, found = _proved(m, within[:, kept], (y[rows], X[rows], codes))
        if fit is not None:
            alone = (rounds > 0) & ~separated
            return Settled(separated, alone, rounds, within, kept, fit, method)
        separated[rows[found]], rounds[rows[found]] = True, number
        rows, number = rows[~found], number + 1


def rounds_of(y: Floats, groupings: Sequence[Codes], separated: Mask) -> Codes:
    """In which round :func:`settled` drops each separated row, shape (n,); zero for all others.

    All that no fixed effect explains alone goes in one round: separation finds the largest set.

    Parameters
    ----------
    y : ndarray, shape (n,)
    groupings : sequence of ndarray, each shape (n,)
    separated : ndarray of bool, shape (n,)
        What :func:`separation` has found.

    Raises
    ------
    NothingLeft
        The fixed effects alone leave no row.

    Examples
    --------
    >>> y, separated = np.array([0.0, 0.0, 1.0, 0.0]), np.array([True, True, False, True])
    >>> rounds_of(y, [np.array([0, 0, 1, 1])], separated).tolist()
    [1, 1, 0, 2]
    """
    rounds, cleared = np.zeros(len(y), dtype=np.int64), np.zeros(len(y), dtype=bool)
    last = _cleared(y, groupings, np.arange(len(y)), cleared, (rounds, 1))[1]
    rounds[separated & ~cleared] = last
    return np.where(separated, rounds, 0)


def _cleared(
    y: Floats, groupings: Sequence[Codes], rows: Codes, separated: Mask, counter: tuple[Codes, int]
) -> tuple[Codes, int]:
    """Rows left, and the number of the next round, once no group is always zero and no row is alone."""
    rounds, number = counter
    while True:
        positive = y[rows] > 0
        zero, lonely = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
        for codes in groupings:
            own, size = codes[rows], int(codes.max(initial=-1)) + 1
            zero |= (np.bincount(own[positive], minlength=size) == 0)[own]
            lonely |= positive & (np.bincount(own, minlength=size) == 1)[own]
        gone = zero | lonely
        if gone.all():
            raise NothingLeft("every row is separated or alone in a fixed effect")
        if not gone.any():
            return rows, number
        separated[rows[zero]], rounds[rows[gone]] = True, number
        rows, number = rows[~gone], number + 1


def _compressed(codes: Codes) -> Codes:
    """Renumber the codes that occur to 0..G-1, in order."""
    present = np.bincount(codes) > 0
    return (np.cumsum(present) - 1)[codes] if not present.all() else codes


def _prepared(y: Floats, X: Floats, codes: Sequence[Codes], w: Floats) -> tuple[Model, Floats, Mask]:
    """Put together the regression on the columns that add something; also all columns after the effects, and which."""
    fixed = effects(codes, len(y))
    centred = X - X.mean(axis=0) if codes else X
    within = fixed.weigh(w).absorb(centred)
    kept = _independent(within, np.sqrt(np.einsum("ij,ij->j", centred, centred)))
    return model(y, within[:, kept], w, fixed), within, kept


def _independent(within: Floats, spread: Floats) -> Mask:
    """Find the columns that add something; column by column only where their products leave any doubt."""
    gram = weighted_gram(within, np.ones(len(within)))
    size = np.sqrt(np.diag(gram))
    if (size > CLEAR * spread).all() and np.isfinite(gram).all():
        values = np.linalg.eigvalsh(gram / np.outer(size, size)) if len(size) else np.ones(1)
        if values.min() > CLEAR:
            return np.ones(len(size), dtype=bool)
    return independent(within, spread)[0]


def _proved(
    m: Model, columns: Floats, data: tuple[Floats, Floats, Sequence[Codes]]
) -> tuple[PoissonFit | None, str, Mask]:
    """Fit and prove that nothing is separated, naming the method; or return no fit and the rows to drop."""
    shift, none = np.zeros(len(m.y)), np.zeros(len(m.y), dtype=bool)
    guess = first_guess(m, shift)
    try:
        fit = maximise(m, shift, guess, PATIENCE)
    except ArithmeticError:
        fit = None
    if fit is not None and fit.margin > 1:
        return fit, "fit", none
    found = separation(*data)
    if found.separated.any():
        return None, found.method, found.separated
    if fit is None:
        fit = maximise(model(m.y, columns, m.weights, m.effects), shift, guess)
    return fit, found.method, none
