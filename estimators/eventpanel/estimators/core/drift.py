"""Separation settled by a Poisson fit: either its score proves that nothing is separated, or rows drift to zero.

Proof. Let mu > 0 be any means and s the score of y - mu. For a separating z the sum of mu z over rows with y = 0 equals
-s'theta, hence is at most the decrement of s times the norm of sqrt(mu) z. If the decrement is below the smallest
sqrt(mu) where y = 0, that is impossible unless z = 0. Where rows are separated, Newton's steps take their means down by
a factor e each: the step itself is then a z, and is made exact and checked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.effects import Effects, effects
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.least_squares import independent, least_squares
from eventpanel.estimators.core.newton import advance, balanced, begin, first_guess, model, newton, rounding

STEPS = 100
# Rows drift where a step lowers them by NOISE times more than it moves any row with y > 0; they are looked at closely
# when they make at least MOST of the decrement, after steps ever further apart.
NOISE, MOST, APART = 3.0, 0.9, 1.25
# Weight of rows that may leave zero, against one of all others; how often their fit is cut at zero and fitted again;
# and how often the last fit is repeated, which takes the other rows to zero exactly.
LIGHT, CUTS, REPEATS = 1e-6, 10, 3
# A z counts as positive where it is above this share of its largest value; and may leave that share of its smallest
# where it should be zero.
CLEAR, LEFT = 1e-6, 1e-9


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that are still undecided, with the columns and levels they have.

    Attributes
    ----------
    columns : ndarray, shape (n, k)
        Regressors that add something on these rows.
    used : ndarray of bool
        Which of all regressors these are.
    effects : Effects
    levels : ndarray of bool
        Which of all levels have a row here.
    positive : ndarray of bool, shape (n,)
    """

    columns: Floats
    used: Mask
    effects: Effects
    levels: Mask
    positive: Mask


def by_fit(columns: Floats, groupings: Sequence[Codes], positive: Mask) -> tuple[Floats, Mask] | None:
    """Find the separated rows and the coefficients of their z.

    Parameters
    ----------
    columns : ndarray, shape (n, k)
        Regressors of size one.
    groupings : sequence of ndarray, each shape (n,)
        Group codes 0..G-1; every group has a row with y > 0.
    positive : ndarray of bool, shape (n,)
        Where y > 0.

    Returns
    -------
    theta : ndarray, shape (k + levels,)
        Coefficients of z on columns and dummies.
    separated : ndarray of bool, shape (n,)
        Or None, where the fit settled nothing.
    """
    if not positive.any():
        return None
    whole = effects(groupings, len(positive))
    total, z = np.zeros(columns.shape[1] + whole.dummies.shape[1]), np.zeros(len(positive))
    found = np.zeros(len(positive), dtype=bool)
    while not (positive | found).all():
        rows = _rows(columns, groupings, positive, ~found)
        try:
            answer = _drifting(rows)
        except (linalg.LinAlgError, ArithmeticError):
            return None
        if answer is None:
            return None
        theta, separated = answer
        if not separated.any():
            break
        lifted = np.zeros(len(total))
        lifted[np.concatenate([rows.used, rows.levels])] = theta
        now = columns @ lifted[: columns.shape[1]] + whole.dummies @ lifted[columns.shape[1] :]
        # What was found before stays positive: its z weighs as much as that takes.
        share = 1 + max(0.0, float((-now[found] / z[found]).max(initial=0.0)))
        total, z = lifted + share * total, now + share * z
        found[np.flatnonzero(~found)[separated]] = True
        smallest = z[found].min()
        total, z = total / smallest, z / smallest
    return total, found


def _rows(columns: Floats, groupings: Sequence[Codes], positive: Mask, left: Mask) -> Rows:
    levels = [np.bincount(codes[left], minlength=int(codes.max()) + 1) > 0 for codes in groupings]
    some = effects([recode(codes[left]) for codes in groupings], int(left.sum()))
    part = columns[left]
    within = some.weigh(np.ones(len(part))).absorb(part)
    centred = part - part.mean(axis=0) if groupings else part
    used, _ = independent(within, np.linalg.norm(centred, axis=0))
    present = np.concatenate(levels) if levels else np.zeros(0, dtype=bool)
    return Rows(part[:, used], used, some, present, positive[left])


def _drifting(rows: Rows) -> tuple[Floats, Mask] | None:
    """Coefficients of some z and its rows; no row once there is provably none; None where neither is clear."""
    zero, y = ~rows.positive, rows.positive.astype(np.float64)
    m = model(y, rows.columns, np.ones(len(y)), rows.effects)
    shift = np.zeros(len(y))
    eta, mu, _ = begin(m, shift, first_guess(m, shift))
    next_look = 0.0
    for number in range(STEPS):
        step = newton(m, mu, (y - mu) / mu)
        if step.decrement + rounding(m, mu) < np.sqrt(mu[zero].min()):
            return np.zeros(rows.columns.shape[1] + len(rows.effects.pointers) - 1), np.zeros(len(y), dtype=bool)
        noise = NOISE * np.abs(step.change[rows.positive]).max()
        drifting = zero & (-step.change > max(noise, -CLEAR * step.change.min()))
        if number >= next_look and mu[drifting].sum() > MOST * step.decrement**2:
            answer = _exact(rows, -step.change)
            if answer is not None:
                return answer
            next_look = APART * (number + 1)
        eta, _ = advance(m, eta, mu, step)
        eta, mu = balanced(m, eta)
    return None


def _exact(rows: Rows, towards: Floats) -> tuple[Floats, Mask] | None:
    """Coefficients of a z >= 0 near ``towards``, zero where y > 0, and its positive rows; None if not found."""
    zero = ~rows.positive
    target = np.where(zero, towards, 0.0)
    nearest, z = _nearest(rows, zero), target
    for _ in range(CUTS):
        _, z = nearest(target)
        if z[zero].min() >= -LEFT * z.max():
            break
        target = np.where(zero, np.maximum(z, 0.0), 0.0)
    separated = zero & (z > 2 * CLEAR * z.max())
    if not separated.any():
        return None
    nearest = _nearest(rows, separated)
    theta, z = nearest(np.where(separated, z, 0.0))
    for _ in range(REPEATS - 1):
        theta, z = nearest(np.where(separated, z, 0.0))
    smallest, off = z[separated].min(), np.abs(z[~separated]).max(initial=0.0)
    return (theta, separated) if smallest > CLEAR * z.max() and off <= LEFT * smallest else None


def _nearest(rows: Rows, light: Mask) -> Callable[[Floats], tuple[Floats, Floats]]:
    """Least squares that hardly lets a combination leave zero but on light rows: target to coefficients and fit."""
    weights = np.where(light, LIGHT, 1.0)
    system, columns = rows.effects.weigh(weights), rows.columns
    within = system.absorb(columns)

    def nearest(target: Floats) -> tuple[Floats, Floats]:
        outcome = system.absorb(target[:, None])[:, 0]
        coef = least_squares(outcome, within, weights).coef if columns.shape[1] else np.zeros(0)
        levels = system.regress((target - columns @ coef)[:, None])[0][:, 0]
        return np.concatenate([coef, levels]), columns @ coef + rows.effects.dummies @ levels

    return nearest
