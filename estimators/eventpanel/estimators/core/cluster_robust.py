"""Covariances for few or unequal clusters, and estimates without each cluster, from moments alone.

CRV2: Bell and McCaffrey (2002), degrees of freedom Pustejovsky and Tipton (2018, doi:10.1080/07350015.2016.1247004).
CRV3: MacKinnon, Nielsen and Webb (2023, doi:10.1002/jae.2949), the cluster jackknife.

All are of combinations ``turn @ coef``, shape (q, k): of the terms themselves where none are given.
"""

from __future__ import annotations

import numpy as np

from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.moments import Moments

# Leverage this close to one: the cluster's own rows fit a column exactly, and nothing is left to correct.
FULL_LEVERAGE = 1e-9
# Smallest squared share of a column outside the others, or eigenvalue, of cross-products solved as they stand.
WELL_CONDITIONED = 1e-6


def leave_one_out(m: Moments, turn: Floats | None = None) -> Floats:
    """Find combinations without each cluster, shape (G, q); missing where they are then not identified."""
    total, right = m.xx.sum(axis=0), m.xy.sum(axis=0)
    size = np.sqrt(np.diag(total))
    asked = _terms(m, turn) / size
    # Scaled alike for all clusters; each is then judged by its own scale.
    rest = (total - m.xx) / np.outer(size, size)
    sums = (right - m.xy) / size
    own = np.sqrt(np.clip(np.diagonal(rest, axis1=1, axis2=2), 0, None))
    easy = np.asarray((own > FULL_LEVERAGE).all(axis=1), dtype=bool)
    own = np.where(easy[:, None], own, 1.0)
    scaled = rest / (own[:, :, None] * own[:, None, :])
    easy &= _well_conditioned(scaled)
    out = np.full((len(m.xx), len(asked)), np.nan)
    if easy.any():
        solved = np.linalg.solve(scaled[easy], (sums[easy] / own[easy])[:, :, None])[:, :, 0]
        out[easy] = (solved / own[easy]) @ asked.T
    for g in np.flatnonzero(~easy):
        out[g] = _without(rest[g], sums[g], asked)
    return out


def _terms(m: Moments, turn: Floats | None) -> Floats:
    return np.eye(len(m.coef))[: m.terms] if turn is None else turn


def _well_conditioned(scaled: Floats) -> Mask:
    """Which of many correlation matrices can be solved as they stand, shape (G,)."""
    try:
        shares = np.diagonal(np.linalg.cholesky(scaled), axis1=1, axis2=2)
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.eigvalsh(scaled)[:, 0] > WELL_CONDITIONED)
    return np.asarray(shares.min(axis=1) ** 2 > WELL_CONDITIONED)


def _without(rest: Floats, right: Floats, asked: Floats) -> Floats:
    """Solve for combinations from what is left of the cross-products, shape (q,), missing where not identified."""
    scale = np.sqrt(np.clip(np.diag(rest), 0, None))
    # Dummies of periods that only this cluster has are left without a row.
    kept = scale > FULL_LEVERAGE
    values, vectors = np.linalg.eigh(rest[np.ix_(kept, kept)] / np.outer(scale[kept], scale[kept]))
    good = values > FULL_LEVERAGE * values[-1]
    solution = vectors[:, good] @ ((vectors[:, good].T @ (right[kept] / scale[kept])) / values[good])
    inside = asked[:, kept] / scale[kept]
    hidden = ((inside @ vectors[:, ~good]) ** 2).sum(axis=1)
    identified = (hidden < FULL_LEVERAGE * (inside**2).sum(axis=1)) & (asked[:, ~kept] == 0).all(axis=1)
    return np.where(identified, inside @ solution, np.nan)


def crv3(m: Moments, turn: Floats | None = None) -> Floats:
    """Cluster jackknife covariance, around the full estimate, shape (q, q).

    Missing where a coefficient is not identified without one of the clusters.
    """
    deviations = leave_one_out(m, turn) - _terms(m, turn) @ m.coef
    clusters = len(deviations)
    return (clusters - 1) / clusters * deviations.T @ deviations


def crv2(m: Moments, turn: Floats | None = None) -> tuple[Floats, Floats]:
    """Bias-reduced covariance and Satterthwaite degrees of freedom.

    Returns
    -------
    vcov : ndarray, shape (q, q)
    dof : ndarray, shape (q,)
    """
    values, vectors = np.linalg.eigh(m.bread)
    half = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    adjusted = np.empty_like(m.xy)
    correction = np.empty_like(m.xx)
    for g, (xx, score) in enumerate(zip(m.xx, m.scores, strict=True)):
        leverage, basis = np.linalg.eigh(half @ xx @ half)
        # X'A e with A = (I - XBX')^(-1/2), by the eigenvectors of the leverage; full leverage is left out.
        spread = half @ basis
        correction[g] = (spread * _inverse_root_less_one(leverage)) @ spread.T
        adjusted[g] = score + xx @ correction[g] @ score
    directions = m.bread @ _terms(m, turn).T
    root = adjusted @ directions
    return root.T @ root, np.array([_satterthwaite(m, correction, direction) for direction in directions.T])


def _inverse_root_less_one(leverage: Floats) -> Floats:
    """``((1 - h)^(-1/2) - 1) / h`` for each eigenvalue h of a cluster's leverage."""
    h = np.clip(leverage, 0.0, 1.0)
    safe = np.where(h < 1 - FULL_LEVERAGE, h, 0.5)
    inside = np.where(h > 1e-12, (1 / np.sqrt(1 - safe) - 1) / np.where(safe > 0, safe, 1.0), 0.5)
    return np.where(h < 1 - FULL_LEVERAGE, inside, -1.0)


def _satterthwaite(m: Moments, correction: Floats, direction: Floats) -> float:
    steps = direction + (correction @ (m.xx @ direction)[:, :, None])[:, :, 0]
    reach = (m.xx @ steps[:, :, None])[:, :, 0]
    own = (steps * reach).sum(axis=1)
    joint = np.diag(own) - reach @ m.bread @ reach.T
    return float(np.trace(joint) ** 2 / (joint**2).sum())
