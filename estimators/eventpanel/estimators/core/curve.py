"""One number of a regression drawn again and again under its null: flips of whole clusters, exact, without refitting.

The restricted wild cluster bootstrap (Cameron, Gelbach and Miller 2008, doi:10.1162/rest.90.3.414). With x the part of
the target's regressor outside all other terms and effects, scaled so that x'y is the coefficient, and u the residuals
under the null, a draw with weights w has the coefficient ``sum_g w_g x_g'u_g`` and the cluster sums

    w_h x_h'u_h - A_h K^-1 Q'w - R_h B S'w,

A and Q the sums of x and u by cluster and level of the free effects, K the system of these, R_h = x_h'X_h, B the
inverse of X'X and S the cluster scores X_g'u_g. Nothing here has more rows than clusters once A, Q, R, S are added up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.free_effects import FreeEffects
from eventpanel.estimators.core.groups import group_sums
from eventpanel.estimators.core.least_squares import cholesky_shares
from eventpanel.estimators.core.moments import cross_products

# Cluster sums below this share of what they are made of are rounding.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What regressions on the same rows and effects share.

    Attributes
    ----------
    clusters : ndarray, shape (n,)
        What is drawn together, codes 0..G-1.
    inner : ndarray, shape (n,)
        Clusters of the covariance, codes 0..H-1, each inside one of the others.
    weights : ndarray, shape (n,), or None
    free : FreeEffects or None
    signs : ndarray, shape (G, draws)
        Weights of the clusters in the draws.
    """

    clusters: Codes
    inner: Codes
    weights: Floats | None
    free: FreeEffects | None
    signs: Floats

    @property
    def outer(self) -> Codes:
        """Cluster that is drawn together with each cluster of the covariance, shape (H,)."""
        out = np.zeros(int(self.inner.max()) + 1, dtype=np.int64)
        out[self.inner] = self.clusters
        return out

    def weighed(self, values: Floats) -> Floats:
        """Values times the weights of their rows, shape (n,)."""
        return values if self.weights is None else values * self.weights


@dataclass(frozen=True, slots=True, eq=False)
class Aim:
    """A linear combination of coefficients on given terms, ready for any outcome.

    Attributes
    ----------
    frame : Frame
    X : ndarray, shape (n, k)
        Terms after fixed effects.
    xx : ndarray, shape (G, k, k)
        Cross-products by cluster that is drawn.
    bread : ndarray, shape (k, k)
    x : ndarray, shape (n,)
        What the combination multiplies the outcome by, weights included.
    reach : ndarray, shape (H, k)
        Products of x and the terms by cluster of the covariance.
    taken : ndarray, shape (H, levels), or None
        Sums of x by cluster and level of the free effects, solved for.
    """

    frame: Frame
    X: Floats
    xx: Floats
    bread: Floats
    x: Floats
    reach: Floats
    taken: Floats | None


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A number and its draws under the null; variances are sums of squared cluster sums, without any factor.

    Attributes
    ----------
    estimate, variance : float
    estimates, variances : ndarray, each shape (draws,)
    """

    estimate: float
    variance: float
    estimates: Floats
    variances: Floats


def inverse_of(gram: Floats) -> Floats | None:
    """Inverse of cross-products, shape (k, k); None where columns are too close to collinear for them."""
    scale = np.sqrt(np.diag(gram))
    if not (scale > 0).all():
        return None
    factor = cholesky_shares(gram / np.outer(scale, scale))
    if factor is None:
        return None
    half = np.linalg.inv(factor) / scale[:, None]
    return np.asarray(half @ half.T)


def aim(frame: Frame, X: Floats, combination: Floats, bread: Floats | None = None) -> Aim | None:
    """Prepare a combination of coefficients; None where terms are too close to collinear for cross-products.

    Parameters
    ----------
    frame : Frame
    X : ndarray, shape (n, k)
        Terms after fixed effects.
    combination : ndarray, shape (k,)
    bread : ndarray, shape (k, k), optional
        Inverse of the cross-products, where it is known to more digits than these give.
    """
    root = X if frame.weights is None else X * np.sqrt(frame.weights)[:, None]
    xx = cross_products(root, frame.clusters)
    bread = inverse_of(xx.sum(axis=0)) if bread is None else bread
    if bread is None:
        return None
    move = bread @ combination
    x = frame.weighed(X @ move)
    same = frame.inner is frame.clusters
    reach = xx @ move if same else group_sums(X * x[:, None], frame.inner)
    taken = None
    if frame.free is not None:
        taken = frame.free.solve(frame.free.table(x, frame.inner, int(frame.inner.max()) + 1))
    return Aim(frame, X, xx, bread, x, reach, taken)


def drawn(a: Aim, y: Floats, null: list[int]) -> Drawn:
    """Draw the combination for one outcome, residuals and draws under the null that some coefficients are zero.

    Parameters
    ----------
    a : Aim
    y : ndarray, shape (n,)
        Outcome after fixed effects.
    null : list of int
        Columns of the terms whose coefficients are zero; those of the combination are among them.
    """
    f, signs = a.frame, a.frame.signs
    xy = group_sums(a.X * f.weighed(y)[:, None], f.clusters)
    coef = a.bread @ xy.sum(axis=0)
    gap = np.linalg.solve(a.bread[np.ix_(null, null)], coef[null])
    under = coef - a.bread[:, null] @ gap
    under[null] = 0.0
    own_y = np.bincount(f.inner, weights=a.x * y, minlength=len(a.reach))
    data, own = own_y - a.reach @ coef, own_y - a.reach @ under
    scores = xy - a.xx @ under
    moves = -(a.reach @ (a.bread @ scores.T))
    if f.free is not None and a.taken is not None:
        left = f.weighed(y - a.X @ under)
        moves -= a.taken @ f.free.table(left, f.clusters, len(signs)).T
    outer = f.outer
    moves[np.arange(len(own)), outer] += own
    sums = moves @ signs
    estimates = np.bincount(outer, weights=own, minlength=len(signs)) @ signs
    variances = np.einsum("hb,hb->b", sums, sums)
    size = np.abs(own_y) + np.abs(a.reach) @ np.abs(coef)
    variance = float(data @ data)
    if variance <= ROUNDING**2 * float(size @ size):
        variance = np.nan
    return Drawn(float(own_y.sum()), variance, estimates, variances)
