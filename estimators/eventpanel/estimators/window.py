"""EventWindow: which leads and lags, which reference, what happens at the ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eventpanel.datasets.errors import WindowError

__all__ = ["EventWindow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventWindow:
    """Leads and lags of an event.

    Event time counts from the event: -1 is the outcome one period *before* it, the coefficient on its lead; 0 the
    same period; 1 one period after, the coefficient on its lag.

    Parameters
    ----------
    leads, lags : int
        Periods before and after the event.
    reference : int or None
        Event time left out, or ``None`` to estimate all. With binned ends the terms add up to a constant for every
        unit, and leaving one out is a normalisation. Without them nothing is collinear, and leaving a term out is
        the **restriction** that its effect is zero; tables and figures say which.
    ends : {"none", "bin"}
        ``"bin"`` adds one term for all events further ahead than ``leads`` and one for all events further back than
        ``lags``, so that effects level off outside the window (Schmidheiny and Siegloch 2023, doi:10.1002/jae.2971);
        it needs a complete event record and a reference. ``"none"`` assumes no effect outside the window.

    Raises
    ------
    WindowError
        Negative numbers, a reference outside the window, or binned ends without a reference.

    Examples
    --------
    >>> EventWindow(leads=2, lags=2, reference=-1).event_times
    (-2, 0, 1, 2)
    """

    leads: int
    lags: int
    reference: int | None
    ends: Literal["none", "bin"] = "none"

    def __post_init__(self) -> None:
        if self.leads < 0 or self.lags < 0:
            raise WindowError(
                "Leads and lags must not be negative.", f"leads={self.leads}, lags={self.lags}", "use 0 for none"
            )
        if self.ends not in ("none", "bin"):
            raise WindowError(f"Unknown ends {self.ends!r}.", "", "use 'none' or 'bin'")
        if self.ends == "bin" and self.reference is None:
            raise WindowError(
                "Binned ends need a reference.",
                "with them the terms add up to a constant for every unit",
                "set a reference, such as -1, or use ends='none'",
            )
        if self.reference is not None and not -self.leads <= self.reference <= self.lags:
            raise WindowError(
                f"The reference {self.reference} lies outside the window.",
                f"event times -{self.leads} to {self.lags}",
                "choose an event time inside, or None to estimate all",
            )
        if self.leads + self.lags + 1 == (self.reference is not None):
            raise WindowError("The window holds no term.", "", "add a lead or a lag, or set reference to None")

    @property
    def is_restricted(self) -> bool:
        """Whether the reference is an assumption about an effect, not a mere normalisation."""
        return self.reference is not None and self.ends == "none"

    @property
    def event_times(self) -> tuple[int, ...]:
        """Event times with a coefficient of their own, in order, without binned ends."""
        return tuple(k for k in range(-self.leads, self.lags + 1) if k != self.reference)
