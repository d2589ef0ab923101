"""The largest of a few linear forms in two normal variables: its critical values, exactly.

Take two independent standard normals z, and forms w_k'z. The largest exceeds c with probability

    (1 / 2 pi) int exp(-c^2 / (2 m(t)^2)) dt,    m(t) = the largest of 0 and w_k'(cos t, sin t),

as the squared length of z is exponential and its direction uniform. Between the directions in which two forms are
equal, or one is zero, m is one cosine, and the integral is a difference of Owen's T.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.distributions import normal_quantile

__all__ = ["above", "critical"]

# Bisections of a bracket that is a fraction of the value: as many as the digits of a float.
HALVINGS = 48


def above(forms: Floats, value: Floats) -> Floats:
    """Probability that the largest form exceeds a value.

    Parameters
    ----------
    forms : ndarray, shape (r, k, 2)
        The weights w_k of r problems.
    value : ndarray, shape (r,)
        Positive.

    Returns
    -------
    ndarray, shape (r,)

    Examples
    --------
    One form is a normal variable, and so is each half of the absolute of one:

    >>> forms = np.array([[[2.0, 0.0], [0.0, 0.0]], [[2.0, 0.0], [-2.0, 0.0]]])
    >>> above(forms, np.array([3.92, 3.92])).round(4).tolist()
    [0.025, 0.05]
    """
    return _outside(_arcs(forms), value)


def critical(forms: Floats, size: float) -> Floats:
    """Value that the largest form exceeds with a given probability.

    Parameters
    ----------
    forms : ndarray, shape (r, k, 2)
    size : float
        The probability, below one half.

    Returns
    -------
    ndarray, shape (r,)
        Zero where all forms are.
    """
    arcs = _arcs(forms)
    longest = np.sqrt((forms**2).sum(axis=2)).max(axis=1)
    # One form alone exceeds it less often, all together at most as often as the sum says.
    low, high = longest * normal_quantile(1 - size), longest * normal_quantile(1 - size / forms.shape[1])
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        more = _outside(arcs, middle) > size
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return np.asarray((low + high) / 2)


def _arcs(forms: Floats) -> tuple[Floats, Floats, Floats]:
    """Length of the form that is largest on each arc, and tangents of the arc's ends, seen from its direction."""
    r, k, _ = forms.shape
    first, second = np.triu_indices(k, 1)
    across = np.concatenate([forms, forms[:, first] - forms[:, second]], axis=1)
    turn = np.arctan2(across[..., 1], across[..., 0]) + np.pi / 2
    ends = np.sort(np.concatenate([turn, turn + np.pi], axis=1) % (2 * np.pi), axis=1)
    ends = np.concatenate([ends, ends[:, :1] + 2 * np.pi], axis=1)
    start, stop = ends[:, :-1], ends[:, 1:]
    middle = (start + stop) / 2
    heights = forms[..., 0, None] * np.cos(middle)[:, None] + forms[..., 1, None] * np.sin(middle)[:, None]
    best = heights.argmax(axis=1)
    rows = np.arange(r)[:, None]
    chosen = forms[rows, best]
    length = np.where(heights[rows, best, np.arange(best.shape[1])] > 0, np.hypot(chosen[..., 0], chosen[..., 1]), 0.0)
    towards = np.arctan2(chosen[..., 1], chosen[..., 0])
    # Angles from the form's own direction lie within a right angle where the form is positive.
    offset = (middle - towards + np.pi) % (2 * np.pi) - np.pi
    half = (stop - start) / 2
    limit = np.pi / 2
    return length, np.tan(np.clip(offset - half, -limit, limit)), np.tan(np.clip(offset + half, -limit, limit))


def _outside(arcs: tuple[Floats, Floats, Floats], value: Floats) -> Floats:
    length, start, stop = arcs
    with np.errstate(divide="ignore", invalid="ignore"):
        height = np.where(length > 0, value[:, None] / length, np.inf)
    share = special.owens_t(height, stop) - special.owens_t(height, start)
    return np.asarray(np.where(length > 0, share, 0.0).sum(axis=1))
