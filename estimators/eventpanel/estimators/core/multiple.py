"""Several hypotheses at once: p-values that keep the chance of any false rejection below the level.

From p-values alone: Bonferroni, Sidak (1967, doi:10.1080/01621459.1967.10482935) and their step-down forms (Holm 1979,
jstor 4615733). From common draws: Romano and Wolf (2005, doi:10.1111/j.1468-0262.2005.00615.x; the p-values of 2016,
doi:10.1016/j.spl.2016.02.012).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.moments import Moments

__all__ = ["METHODS", "Method", "adjusted", "data_statistics", "drawn_statistics", "exceedance", "step_down"]

Method = Literal["bonferroni", "sidak", "holm", "holm-sidak"]
METHODS = ("bonferroni", "sidak", "holm", "holm-sidak")
# Statistics closer than this share of their size are ties.
TIE = 1e-9
# A spread below this share of what its parts could add up to is rounding.
NO_SPREAD = 1e-12
# Draws at a time, so that memory stays small.
CHUNK = 4096


def adjusted(p_values: Floats, method: Method) -> Floats:
    """Adjust p-values for their number; missing ones do not count and stay missing.

    Parameters
    ----------
    p_values : ndarray, shape (s,)
    method : {"bonferroni", "sidak", "holm", "holm-sidak"}

    Examples
    --------
    >>> adjusted(np.array([0.01, 0.04, 0.03]), "holm").tolist()
    [0.03, 0.06, 0.06]
    """
    out = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    p, number = p_values[order], np.full(len(order), float(len(order)))
    if method.startswith("holm"):
        number -= np.arange(len(order))
    with np.errstate(divide="ignore"):
        raised = -np.expm1(number * np.log1p(-p)) if method.endswith("sidak") else np.minimum(number * p, 1.0)
    out[order] = np.maximum.accumulate(raised)
    return out


def step_down(statistics: Floats, draws: Floats) -> Floats:
    """Romano-Wolf p-values: each statistic against the largest draw of all that are not larger than it.

    Parameters
    ----------
    statistics : ndarray, shape (s,)
        Absolute statistics of the data; a missing one is no part of the family.
    draws : ndarray, shape (s, b)
        Absolute statistics of the same draws under the null.

    Returns
    -------
    ndarray, shape (s,)
        ``(1 + number of draws at least as large) / (b + 1)``, made monotone.

    Examples
    --------
    >>> step_down(np.array([3.0, 1.0]), np.array([[0.5, 2.0, 1.0], [0.4, 0.2, 3.5]])).tolist()
    [0.5, 0.5]
    """
    out = np.full(len(statistics), np.nan)
    known = np.flatnonzero(~np.isnan(statistics))
    order = known[np.argsort(-statistics[known], kind="stable")]
    # From the smallest statistic up, the largest draw so far.
    largest = np.maximum.accumulate(draws[order[::-1]], axis=0)[::-1]
    out[order] = np.maximum.accumulate(exceedance(statistics[order], largest))
    return out


def exceedance(statistics: Floats, draws: Floats) -> Floats:
    """Bootstrap p-value of each statistic alone, the data counted as one of the draws, shape (s,).

    Parameters
    ----------
    statistics : ndarray, shape (s,)
    draws : ndarray, shape (s, b)
    """
    margin = TIE * np.maximum(statistics, 1.0)
    beyond = (draws >= (statistics - margin)[:, None]).sum(axis=1)
    return np.where(np.isnan(statistics), np.nan, (1.0 + beyond) / (draws.shape[1] + 1.0))


def data_statistics(m: Moments, weights: Floats, values: Floats) -> Floats:
    """Absolute t statistics of ``weights @ coef = values``, plain sandwich, shape (q,); missing without variance.

    Parameters
    ----------
    m : Moments
    weights : ndarray, shape (q, terms)
        One row a hypothesis.
    values : ndarray, shape (q,)
    """
    directions = _directions(m, weights)
    sums = m.scores @ directions
    spread = np.linalg.norm(sums, axis=0)
    most = np.linalg.norm(np.abs(m.scores) @ np.abs(directions), axis=0)
    gap = np.abs(weights @ m.coef[: m.terms] - values)
    return np.where(spread > NO_SPREAD * most, gap / np.where(spread > 0, spread, 1.0), np.nan)


def drawn_statistics(m: Moments, weights: Floats, values: Floats, flips: Floats, *, restricted: bool) -> Floats:
    """Absolute t statistics of wild cluster bootstrap draws, the same for all hypotheses, shape (q, b).

    A draw multiplies the cluster scores: the coefficients move by bread times their sum, and the standard error follows
    from the sums of each cluster's new residuals. Draws in which a statistic is not defined count as infinite.

    Parameters
    ----------
    m : Moments
    weights : ndarray, shape (q, terms)
        One row a hypothesis ``weights @ coef = values``.
    values : ndarray, shape (q,)
    flips : ndarray, shape (clusters, b)
        Weights of the clusters in each draw.
    restricted : bool
        Whether residuals are those under each hypothesis by itself; else those of the full estimate, and draws are
        centred on it.
    """
    directions = _directions(m, weights)
    gap = weights @ m.coef[: m.terms] - values
    pulls = (m.xx @ directions).transpose(2, 0, 1)
    out = np.empty((len(weights), flips.shape[1]))
    for j, pull in enumerate(pulls):
        scores = m.scores
        if restricted:
            scores = scores + gap[j] / (weights[j] @ directions[: m.terms, j]) * pull
        own, reach = scores @ directions[:, j], pull @ m.bread
        for start in range(0, flips.shape[1], CHUNK):
            block = flips[:, start : start + CHUNK]
            sums = own[:, None] * block - reach @ (scores.T @ block)
            with np.errstate(divide="ignore", invalid="ignore"):
                out[j, start : start + CHUNK] = np.abs(own @ block) / np.sqrt((sums**2).sum(axis=0))
    return np.where(np.isnan(out), np.inf, out)


def _directions(m: Moments, weights: Floats) -> Floats:
    """Bread times the weights of each hypothesis, shape (k, q)."""
    return np.asarray(m.bread[:, : m.terms] @ weights.T)
