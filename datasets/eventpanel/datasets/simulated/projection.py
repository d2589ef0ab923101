"""Least squares as a linear map: what a regression makes of the expected outcome."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Floats", "Mask", "least_squares", "within"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def least_squares(columns: Floats) -> Floats:
    """Return the matrix that turns an outcome into its least-squares coefficients.

    Parameters
    ----------
    columns : ndarray, shape (n, k)
        Regressors of full rank.

    Returns
    -------
    ndarray, shape (k, n)

    Examples
    --------
    >>> least_squares(np.ones((4, 1))) @ np.array([1.0, 2.0, 3.0, 6.0])
    array([3.])
    """
    return np.asarray(np.linalg.solve(columns.T @ columns, columns.T), dtype=np.float64)


def within(columns: Floats, sample: Mask) -> Floats:
    """Return the matrix that turns an outcome into its coefficients, with effects of units and periods.

    Parameters
    ----------
    columns : ndarray, shape (units, periods, k)
    sample : ndarray, shape (units, periods)
        Rows of the regression.

    Returns
    -------
    ndarray, shape (k, n)
        For the n rows of the sample, in the order of ``outcome[sample]``.
    """
    unit, period = np.nonzero(sample)
    units, periods = np.unique(unit), np.unique(period)
    # One period less: the effects of units hold the constant.
    effects = np.hstack([unit[:, None] == units, period[:, None] == periods[1:]]).astype(float)
    x = columns[sample]
    x = x - effects @ np.linalg.lstsq(effects, x, rcond=None)[0]
    return least_squares(x)
