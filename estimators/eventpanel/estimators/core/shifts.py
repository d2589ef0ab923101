"""Shifts: steps along the periods of a grid, so that a lead or lag is never a step along rows."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["shifted"]

S = TypeVar("S", bound=np.generic)


def shifted(grid: npt.NDArray[S], steps: int, fill: float = np.nan) -> npt.NDArray[S]:
    """Place each value of a grid ``steps`` periods later (earlier if negative).

    Parameters
    ----------
    grid : ndarray, shape (U, T)
    steps : int
    fill : float
        What comes in where the grid does not reach: missing, unless said otherwise; codes and masks have to say.

    Examples
    --------
    >>> shifted(np.array([[1.0, 2.0, 3.0]]), 1).tolist()
    [[nan, 1.0, 2.0]]
    >>> shifted(np.array([[True, False, False]]), 2, fill=False).tolist()
    [[False, False, True]]
    """
    out, periods = np.full_like(grid, fill), grid.shape[1]
    if 0 <= steps < periods:
        out[:, steps:] = grid[:, : periods - steps]
    elif -periods < steps < 0:
        out[:, :steps] = grid[:, -steps:]
    return out
