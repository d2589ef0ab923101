"""First stage: unit and period effects from rows before events, what they leave, and how they pass errors on.

Gardner (2021, arXiv:2207.05943): means of what is left have the errors of their own rows, and those of the first stage.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csgraph

from eventpanel.estimators.core.arrays import Codes, Floats, Mask

__all__ = ["FirstStage", "first_stage"]

# Weights below this share of the largest are rounding.
ROUNDING = 1e-10


@dataclass(frozen=True, slots=True)
class FirstStage:
    """Effects from rows before events.

    Attributes
    ----------
    w : ndarray, shape (n, T)
        Weights of rows before events, zero elsewhere.
    known : ndarray of bool, shape (n, T)
        Rows whose expectation is known.
    left : ndarray, shape (n, T)
        Outcome less its expectation; zero where that is not known.
    controls : ndarray, shape (c, n, T)
    within : ndarray, shape (c, n, T)
        Controls after the effects, in rows before events.
    inverse : ndarray, shape (c, c)
        Inverse of their cross-products.
    periods : ndarray, shape (T, T)
        Inverse of the system of the periods, for effects of units taken out.
    """

    w: Floats
    known: Mask
    left: Floats
    controls: Floats
    within: Floats
    inverse: Floats
    periods: Floats

    def pull(self, weight: Floats) -> Floats:
        """Weight of each row before events in the expectation of weighted rows, over its own weight; shape (n, T)."""
        through, at = self._of_effects(weight)
        if not len(self.controls):
            return through
        beyond = np.einsum("ait,it->a", self.controls, weight) - np.einsum("ait,it->a", self.controls, through * at)
        return np.asarray(through + np.tensordot(self.inverse @ beyond, self.within, axes=1))

    def _of_effects(self, weight: Floats) -> tuple[Floats, Floats]:
        size = totals(self.w)
        held = weight.sum(axis=1) / size
        along = self.periods @ (weight.sum(axis=0) - held @ self.w)
        inside = self.w > 0
        return np.where(inside, (held - self.w @ along / size)[:, None] + along, 0.0), self.w

    def passed_on(self, weight: Floats) -> Floats:
        """Return what each unit adds to the error of the expectation of weighted rows, shape (n,)."""
        return np.asarray(np.einsum("it,it->i", self.pull(weight) * self.w, self.left))

    def carries(self, weight: Floats) -> Mask:
        """Rows whose outcome has weight in a mean of what is left, shape (n, T)."""
        net = np.abs(weight - self.pull(weight) * self.w)
        return np.asarray(net > ROUNDING * net.max(initial=0.0))


def totals(w: Floats) -> Floats:
    """Sum of the weights of each unit; one where there is none."""
    size = w.sum(axis=1)
    return np.where(size > 0, size, 1.0)


def first_stage(y: Floats, controls: Floats, weights: Floats, before: Mask) -> FirstStage:
    """Estimate effects of units and periods, and of controls, from rows before events.

    Parameters
    ----------
    y : ndarray, shape (n, T)
    controls : ndarray, shape (c, n, T)
    weights : ndarray, shape (n, T)
        Zero where there is no row.
    before : ndarray of bool, shape (n, T)
        Cells before events.

    Examples
    --------
    >>> y = np.array([[0.0, 1.0], [2.0, 9.0]])
    >>> first_stage(y, np.empty((0, 2, 2)), np.ones((2, 2)), np.array([[True, True], [True, False]])).left.tolist()
    [[0.0, 0.0], [0.0, 6.0]]
    """
    w = np.where(before, weights, 0.0)
    size = totals(w)
    system = np.diag(w.sum(axis=0)) - w.T @ (w / size[:, None])
    part = _parts(w)
    inverse = _inverse(system, part)

    def residual(values: Floats) -> Floats:
        out = values
        # The second round mends what the first lost to rounding.
        for _ in range(2):
            out = out - (np.einsum("it,it->i", out, w) / size)[:, None]
            out = out - inverse @ np.einsum("it,it->t", out, w)
        return np.asarray(out - (np.einsum("it,it->i", out, w) / size)[:, None])

    own = np.where((w > 0).any(axis=1), part[(w > 0).argmax(axis=1)], -1)
    known = (weights > 0) & (own[:, None] == part[None, :]) & (own >= 0)[:, None]
    left, over = residual(y), np.array([residual(x) for x in controls]).reshape(controls.shape)
    within = np.where(w > 0, over, 0.0)
    products = np.einsum("ait,bit->ab", within * w, within)
    scale = np.sqrt(np.maximum(np.diag(products), np.finfo(float).tiny))
    across = np.linalg.pinv(products / np.outer(scale, scale), rcond=1e-10, hermitian=True) / np.outer(scale, scale)
    slopes = across @ np.einsum("ait,it->a", within * w, left)
    left = np.where(known, left - np.tensordot(slopes, over, axes=1), 0.0)
    return FirstStage(w, known, left, controls, within, across, inverse)


def _parts(w: Floats) -> Codes:
    """Find the connected part of each period, shape (T,); -1 without rows."""
    linked = ((w > 0).astype(np.float64).T @ (w > 0)) > 0
    part = csgraph.connected_components(linked.astype(np.float64), directed=False)[1]
    return np.where(linked.any(axis=1), part, -1).astype(np.int64)


def _inverse(system: Floats, part: Codes) -> Floats:
    """Inverse that sets the first period of each part to zero."""
    free = part >= 0
    for p in np.unique(part[part >= 0]):
        free[np.argmax(part == p)] = False
    out = np.zeros_like(system)
    at = np.flatnonzero(free)
    out[np.ix_(at, at)] = np.linalg.inv(system[np.ix_(at, at)])
    return out
