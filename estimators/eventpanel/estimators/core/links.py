"""Links of binary outcomes: what logit and probit differ by.

Both are symmetric, so that the probability of the outcome that came about is ``F(s eta)`` with s = 1 or -1. Logarithms
keep far tails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from eventpanel.estimators.core.arrays import Floats

Function = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Link:
    """A symmetric distribution function F with density f.

    Attributes
    ----------
    name : str
    log_mean, log_slope : function
        ``log F`` and ``log f``.
    bend, twist : function
        ``f' / f`` and ``f'' / f``.
    information : function
        Minus the second derivative of ``log F``.

    Examples
    --------
    >>> float(LOGIT.information(np.zeros(1))[0])
    0.25
    """

    name: str
    log_mean: Function
    log_slope: Function
    bend: Function
    twist: Function
    information: Function

    def score(self, y: Floats, eta: Floats) -> Floats:
        """Return the derivative of each row's log-likelihood, shape (n,)."""
        sign = 2 * y - 1
        return np.asarray(sign * np.exp(self.log_slope(eta) - self.log_mean(sign * eta)))

    def expected(self, eta: Floats) -> Floats:
        """Information of each row before its outcome is known, ``f^2 / (F (1 - F))``, shape (n,)."""
        return np.asarray(np.exp(2 * self.log_slope(eta) - self.log_mean(eta) - self.log_mean(-eta)))


def _log_normal(eta: Floats) -> Floats:
    return np.asarray(-0.5 * eta**2 - 0.5 * np.log(2 * np.pi))


def _log_ndtr(eta: Floats) -> Floats:
    return np.asarray(special.log_ndtr(eta))


def _normal_information(eta: Floats) -> Floats:
    ratio = np.exp(_log_normal(eta) - _log_ndtr(eta))
    return np.asarray(ratio * (ratio + eta))


def _log_expit(eta: Floats) -> Floats:
    return np.asarray(special.log_expit(eta))


def _log_logistic(eta: Floats) -> Floats:
    return _log_expit(eta) + _log_expit(-eta)


LOGIT = Link(
    name="logit",
    log_mean=_log_expit,
    log_slope=_log_logistic,
    bend=lambda eta: np.asarray(-np.tanh(eta / 2)),
    twist=lambda eta: np.asarray(1 - 6 * np.exp(_log_logistic(eta))),
    information=lambda eta: np.asarray(np.exp(_log_logistic(eta))),
)
PROBIT = Link(
    name="probit",
    log_mean=_log_ndtr,
    log_slope=_log_normal,
    bend=lambda eta: -eta,
    twist=lambda eta: eta**2 - 1,
    information=_normal_information,
)
LINKS = {link.name: link for link in (LOGIT, PROBIT)}
