"""What sensitivity to differential trends works with: an event path, the period before it as zero, and one effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.distributions import normal_quantile

__all__ = ["Effect", "plain_interval"]


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """A weighted sum of the coefficients after the event.

    Attributes
    ----------
    coef : ndarray, shape (before + after,)
        Coefficients in the order of event time, one for every period but the reference, which lies between the two
        parts and is zero.
    vcov : ndarray, shape (before + after, before + after)
    weights : ndarray, shape (after,)
        Of the coefficients after the reference; not all zero.
    """

    coef: Floats
    vcov: Floats
    weights: Floats

    @property
    def before(self) -> int:
        """Number of coefficients before the reference."""
        return len(self.coef) - len(self.weights)

    @property
    def row(self) -> Floats:
        """Weights of all coefficients, shape (before + after,)."""
        return np.concatenate([np.zeros(self.before), self.weights])

    @property
    def estimate(self) -> float:
        """The weighted sum."""
        return float(self.row @ self.coef)

    @property
    def std_error(self) -> float:
        """Its standard error."""
        return float(np.sqrt(self.row @ self.vcov @ self.row))


def plain_interval(effect: Effect, level: float) -> tuple[float, float]:
    """Interval without any differential trend, from the normal distribution.

    Parameters
    ----------
    effect : Effect
    level : float
    """
    half = float(normal_quantile(0.5 + level / 2)) * effect.std_error
    return effect.estimate - half, effect.estimate + half
