"""Power of a two-sided t test, by the noncentral t distribution and by draws of whole clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import optimize, stats

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.draws import Draws
from eventpanel.estimators.core.moments import Moments

__all__ = ["Drawn", "Significant", "TwoSided", "drawn"]

# Share of the distribution of the standard error that is left out of integrals, on either side.
TAIL = 1e-13
NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)


class Significant(NamedTuple):
    """What significant estimates of an effect are like.

    Attributes
    ----------
    power : float
        Share of estimates that are significant.
    wrong_sign : float
        Share of the significant ones that have the wrong sign: type S; missing where the effect is zero.
    exaggeration : float
        Mean size of the significant ones over that of the effect: type M; missing where the effect is zero.
    """

    power: float
    wrong_sign: float
    exaggeration: float


@dataclass(frozen=True, slots=True)
class TwoSided:
    """Two-sided t test of an estimate that is normal around the effect.

    Attributes
    ----------
    error : float
        Standard error, taken to be the true one.
    dof : float
        Degrees of freedom that it is estimated with.
    alpha : float

    Examples
    --------
    With many degrees of freedom a power of 80 % takes 1.96 + 0.84 standard errors, normal quantiles.

    >>> test = TwoSided(1.0, 1e6, 0.05)
    >>> round(test.power(2.8), 2), round(test.minimum(0.8), 2)
    (0.8, 2.8)
    """

    error: float
    dof: float
    alpha: float

    @property
    def critical(self) -> float:
        """Critical value of t."""
        return float(stats.t.isf(self.alpha / 2, self.dof))

    def power(self, effect: float) -> float:
        """Probability to reject that the effect is zero."""
        if not effect:
            return self.alpha
        tails = self._tails(abs(effect) / self.error)
        return tails[0] + tails[1]

    def _tails(self, away: float) -> tuple[float, float]:
        """Probability of a significant estimate with the right sign, and with the wrong one."""
        tails = stats.nct.sf(self.critical, self.dof, away), stats.nct.cdf(-self.critical, self.dof, away)
        if np.isfinite(tails).all():
            return float(tails[0]), float(tails[1])
        # Far from zero scipy's series gives no number; given the standard error the estimate is normal.
        errors, mass = self._errors()
        beyond = self.critical * errors
        return float(mass @ stats.norm.sf(beyond - away)), float(mass @ stats.norm.cdf(-beyond - away))

    def _errors(self) -> tuple[Floats, Floats]:
        """Estimated standard errors over the true one, and the probability of each, for integrals."""
        root = self.dof**0.5
        low, high = float(stats.chi.ppf(TAIL, self.dof)) / root, float(stats.chi.isf(TAIL, self.dof)) / root
        errors = low + (high - low) * (NODES + 1) / 2
        return errors, (high - low) / 2 * WEIGHTS * root * stats.chi.pdf(errors * root, self.dof)

    def minimum(self, power: float) -> float:
        """Smallest effect that is found with this probability.

        Parameters
        ----------
        power : float
            Between alpha and 1.
        """
        far = self.critical + 2.0
        while self.power(far * self.error) < power:
            far *= 1.5
        return self.error * float(
            optimize.brentq(lambda away: self.power(away * self.error) - power, 0.0, far, xtol=1e-12)
        )

    def significant(self, effect: float) -> Significant:
        """Power, and the errors of sign and size of Gelman and Carlin (2014, doi:10.1177/1745691614551642)."""
        if not effect:
            return Significant(self.alpha, np.nan, np.nan)
        away = abs(effect) / self.error
        right, wrong = self._tails(away)
        errors, mass = self._errors()
        size = float(mass @ _size_beyond(away, self.critical * errors))
        return Significant(right + wrong, wrong / (right + wrong), size / (right + wrong) / away)


def _size_beyond(mean: float, limit: Floats) -> Floats:
    """Average the size of a standard normal variable around a mean where it exceeds limits, and 0 elsewhere."""
    inside, beyond = mean - limit, -mean - limit
    upper = mean * stats.norm.cdf(inside) + stats.norm.pdf(inside)
    return np.asarray(upper - mean * stats.norm.cdf(beyond) + stats.norm.pdf(beyond))


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Estimates of an effect of zero, drawn, with their standard errors; shape (draws,) each.

    The effect enters the estimate one for one and the standard error not at all, so these hold for every effect.
    """

    effect: Floats
    error: Floats

    def power(self, effect: float, critical: float) -> float:
        """Share of draws in which an effect is found."""
        return float((np.abs(self.effect + effect) > critical * self.error).mean())

    def minimum(self, power: float, critical: float, sign: float) -> float:
        """Smallest effect of a sign that is found, with this sign, in such a share of draws."""
        return float(np.quantile(critical * self.error - sign * self.effect, power))


def drawn(m: Moments, direction: Floats, plan: Draws, factor: float) -> Drawn:
    """Draw outcomes without the effect from a fit by flipping the residuals of whole clusters, and fit them again.

    Parameters
    ----------
    m : Moments
    direction : ndarray, shape (k,)
        What the target is of the coefficients of the moments.
    plan : Draws
    factor : float
        Small-sample factor of the covariance. Residuals are enlarged by its root, so that the draws spread as the
        standard error says; each draw's own standard error holds the factor again.
    """
    scores, towards = m.scores, m.bread @ direction
    own, reach = scores @ towards, (m.xx @ towards) @ m.bread
    effects, errors = [], []
    for block in plan:
        sums = own[:, None] * block - reach @ (scores.T @ block)
        effects.append(own @ block)
        errors.append(np.sqrt(factor * np.einsum("gb,gb->b", sums, sums)))
    return Drawn(factor**0.5 * np.concatenate(effects), factor**0.5 * np.concatenate(errors))
