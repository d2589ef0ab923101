"""Probabilities and quantiles of t, F and the normal, from special functions alone.

They are those of scipy.stats, which takes longer to import than most estimates take to make. Undefined is missing: a
missing argument, or degrees of freedom that are not positive, give NaN.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from eventpanel.estimators.core.arrays import Floats

__all__ = ["f_survival", "normal_quantile", "t_quantile", "t_two_sided"]


def t_two_sided(statistic: npt.ArrayLike, dof: npt.ArrayLike) -> Floats:
    """Probability that a t variable lies further from zero than a statistic.

    Parameters
    ----------
    statistic : array_like
        Of either sign; infinite gives zero.
    dof : array_like
        Degrees of freedom, broadcast against the statistic; infinite for the normal.

    Returns
    -------
    ndarray, shape of both broadcast

    Examples
    --------
    >>> t_two_sided([1.96, -1.96], [np.inf, 10]).round(4).tolist()
    [0.05, 0.0784]
    """
    beyond, nu = -np.abs(np.asarray(statistic, dtype=np.float64)), _positive(dof)
    return np.asarray(2 * np.where(np.isinf(nu), special.ndtr(beyond), special.stdtr(nu, beyond)), dtype=np.float64)


def t_quantile(probability: npt.ArrayLike, dof: npt.ArrayLike) -> Floats:
    """Value below which a t variable lies with a probability.

    Parameters
    ----------
    probability : array_like
        Between 0 and 1; NaN outside.
    dof : array_like
        Degrees of freedom, broadcast against the probability; infinite for the normal.

    Returns
    -------
    ndarray, shape of both broadcast

    Examples
    --------
    >>> t_quantile(0.975, [9, np.inf]).round(4).tolist()
    [2.2622, 1.96]
    """
    p, nu = np.asarray(probability, dtype=np.float64), _positive(dof)
    return np.asarray(np.where(np.isinf(nu), special.ndtri(p), special.stdtrit(nu, p)), dtype=np.float64)


def f_survival(statistic: npt.ArrayLike, dfn: npt.ArrayLike, dfd: npt.ArrayLike) -> Floats:
    """Probability that an F variable lies above a statistic.

    Parameters
    ----------
    statistic : array_like
        Not negative.
    dfn, dfd : array_like
        Degrees of freedom of numerator and denominator, broadcast against the statistic; an infinite denominator gives
        chi-squared over its degrees of freedom.

    Returns
    -------
    ndarray, shape of all broadcast

    Examples
    --------
    >>> f_survival(3.0, 2, [20, np.inf]).round(4).tolist()
    [0.0725, 0.0498]
    """
    f, q, nu = np.asarray(statistic, dtype=np.float64), _positive(dfn), _positive(dfd)
    return np.asarray(np.where(np.isinf(nu), special.chdtrc(q, q * f), special.fdtrc(q, nu, f)), dtype=np.float64)


def normal_quantile(probability: npt.ArrayLike) -> Floats:
    """Value below which a standard normal variable lies with a probability.

    Examples
    --------
    >>> round(float(normal_quantile(0.975)), 4)
    1.96
    """
    return np.asarray(special.ndtri(np.asarray(probability, dtype=np.float64)), dtype=np.float64)


def _positive(dof: npt.ArrayLike) -> Floats:
    nu = np.asarray(dof, dtype=np.float64)
    return np.where(nu > 0, nu, np.nan)
