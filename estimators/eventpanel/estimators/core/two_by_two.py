"""Two by two: the change of one cohort against the change of its comparisons, with controls, and what each unit adds.

Sant'Anna and Zhao (2020, doi:10.1016/j.jeconom.2020.06.003): regression of the change among comparisons, weights from
the probability of belonging to the cohort, or both, which is right where either is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from eventpanel.estimators.core.arrays import Floats, Mask

__all__ = ["Adjustment", "Change", "Comparison", "compare"]

Adjustment = Literal["regression", "weighting", "doubly_robust"]
ITERATIONS = 50
# Smallest singular value of the controls among comparisons, scaled to unit length, that tells them apart.
COLLINEAR = 1e-9
# Above this probability of being in the cohort no comparison is like it.
OVERLAP = 0.999


@dataclass(frozen=True, slots=True)
class Change:
    """Changes of the outcome in some units.

    Attributes
    ----------
    change : ndarray, shape (n,)
    weights : ndarray, shape (n,)
    controls : ndarray, shape (n, 1 + c)
        The constant first.
    """

    change: Floats
    weights: Floats
    controls: Floats

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.weights.sum())

    def mean(self, values: Floats) -> Floats:
        """Weighted mean over units, of values of shape (n,) or (n, k)."""
        return np.asarray(self.weights @ values / self.total)


@dataclass(frozen=True, slots=True)
class Comparison:
    """An effect, and what each unit of the cohort and of the comparisons adds to its error."""

    effect: float
    treated: Floats
    others: Floats


def compare(treated: Change, others: Change, adjust: Adjustment) -> Comparison | str:
    """Difference of the changes; in words why it cannot be told, where it cannot.

    Parameters
    ----------
    treated, others : Change
    adjust : {"regression", "weighting", "doubly_robust"}
        What the controls are used for; without controls all are the difference of means.

    Examples
    --------
    >>> ones = np.ones((2, 1))
    >>> a = Change(np.array([3.0, 5.0]), np.ones(2), ones)
    >>> b = Change(np.array([1.0, 1.0]), np.ones(2), ones)
    >>> compare(a, b, "regression").effect
    3.0
    """
    if treated.controls.shape[1] == 1:
        one, other = treated.mean(treated.change), others.mean(others.change)
        return Comparison(
            float(one - other),
            treated.weights * (treated.change - one) / treated.total,
            -others.weights * (others.change - other) / others.total,
        )
    return _adjusted(treated, others, adjust)


def _adjusted(treated: Change, others: Change, adjust: Adjustment) -> Comparison | str:
    if adjust != "weighting" and not _full_rank(others):
        return "the controls are collinear among its comparisons"
    slopes, bread = _regression(others) if adjust != "weighting" else (np.zeros(treated.controls.shape[1]), None)
    one, other = treated.change - treated.controls @ slopes, others.change - others.controls @ slopes
    if adjust == "regression":
        assert bread is not None
        effect, middle = treated.mean(one), treated.mean(treated.controls)
        leverage = others.controls @ (bread @ middle)
        return Comparison(
            float(effect), treated.weights * (one - effect) / treated.total, -others.weights * other * leverage
        )
    found = _odds(treated, others)
    if isinstance(found, str):
        return found
    odds, from_treated, from_others = found
    like = Change(other, others.weights * odds, others.controls)
    mean, twin = treated.mean(one), like.mean(other)
    to_treated = treated.weights * (one - mean) / treated.total
    to_others = -like.weights * (other - twin) / like.total
    # The comparisons' mean moves with the estimated probabilities, and with the estimated regression.
    pull = like.mean((other - twin)[:, None] * like.controls)
    to_treated = to_treated - from_treated @ pull
    to_others = to_others - from_others @ pull
    if bread is not None:
        gap = treated.mean(treated.controls) - like.mean(like.controls)
        to_others = to_others - others.weights * other * (others.controls @ (bread @ gap))
    return Comparison(float(mean - twin), to_treated, to_others)


def _full_rank(units: Change) -> bool:
    scaled = units.controls / np.maximum(np.linalg.norm(units.controls, axis=0), np.finfo(float).tiny)
    size = np.linalg.svd(scaled, compute_uv=False)
    return len(size) == scaled.shape[1] and len(units.change) > len(size) and bool(size[-1] > COLLINEAR * size[0])


def _regression(units: Change) -> tuple[Floats, Floats]:
    """Weighted regression of the change on the controls: slopes and the inverse of the cross-products."""
    root = np.sqrt(units.weights)[:, None]
    q, r = np.linalg.qr(units.controls * root)
    inverse = np.linalg.inv(r)
    return inverse @ (q.T @ (units.change * root[:, 0])), inverse @ inverse.T


def _odds(treated: Change, others: Change) -> tuple[Floats, Floats, Floats] | str:
    """Odds of being in the cohort of each comparison, and what each unit adds to the error of the logit."""
    X, w = np.vstack([treated.controls, others.controls]), np.concatenate([treated.weights, others.weights])
    scale = np.linalg.norm(X, axis=0)
    n, Z = len(treated.change), X / np.where(scale > 0, scale, 1.0)
    mine: Mask = np.arange(len(X)) < n
    gamma, failed = np.zeros(X.shape[1]), "no comparison is like its cohort"
    for _ in range(ITERATIONS):
        p = special.expit(Z @ gamma)
        information = Z.T @ (Z * (w * p * (1 - p))[:, None])
        if np.linalg.cond(information) > 1 / COLLINEAR**1.5:
            return failed
        step = np.linalg.solve(information, Z.T @ (w * (mine - p)))
        gamma = gamma + step
        if np.abs(Z @ step).max() < 1e-12:
            break
    else:
        return failed
    p = special.expit(Z @ gamma)
    if p.max() > OVERLAP:
        return failed
    scores = np.linalg.solve(information, (Z * (w * (mine - p))[:, None]).T).T / np.where(scale > 0, scale, 1.0)
    return (p / (1 - p))[n:], scores[:n], scores[n:]
