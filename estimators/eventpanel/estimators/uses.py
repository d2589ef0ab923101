"""Uses: what an estimator does with every event and every row, known before it is run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eventpanel.estimators.core.arrays import Mask

__all__ = ["NOT_BEGUN", "NO_WINDOW", "Uses", "compared"]

# Reasons that several methods give.
NOT_BEGUN = "the status was on before, or is not known one period before"
NO_WINDOW = "the outcome is missing in a period of its window"


@dataclass(frozen=True, slots=True, eq=False)
class Uses:
    """What is done with each event and each row of one group, on the grid of its units and periods.

    Attributes
    ----------
    used : ndarray of bool, shape (U, T)
        Events whose effect is estimated at some event time from 0 on.
    control : ndarray of bool, shape (U, T)
        Events in whose window, 0 to the last lag, some outcome serves as a comparison for the effects of others.
    rows : ndarray of bool, shape (U, T)
        Rows that carry weight in some coefficient.
    reason : ndarray, shape (U, T)
        Why an event is not used: position among the reasons; -1 where it is used, and where nothing happened.
    reasons : tuple of str
        Each completes "not used: ...".
    """

    used: Mask
    control: Mask
    rows: Mask
    reason: npt.NDArray[np.int64]
    reasons: tuple[str, ...]

    def __post_init__(self) -> None:
        if (self.used & (self.reason >= 0)).any():
            raise ValueError("an event that is used has a reason why it is not")

    @property
    def events(self) -> Mask:
        """Events that are used or dropped, shape (U, T)."""
        return np.asarray(self.used | (self.reason >= 0))


def compared(events: Mask, compares: Mask, lags: int) -> Mask:
    """Events in whose window some row serves as a comparison, shape (U, T).

    Parameters
    ----------
    events : ndarray of bool, shape (U, T)
    compares : ndarray of bool, shape (U, T)
        Rows that serve as a comparison for the effects of others.
    lags : int
        Last event time of the window.

    Examples
    --------
    >>> events = np.array([[True, False, False, False]])
    >>> compared(events, np.array([[False, False, True, False]]), 2).tolist()
    [[True, False, False, False]]
    """
    near = np.zeros_like(compares)
    for k in range(min(lags, compares.shape[1] - 1) + 1):
        near[:, : compares.shape[1] - k] |= compares[:, k:]
    return events & near
