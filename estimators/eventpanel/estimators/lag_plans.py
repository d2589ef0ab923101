"""Plans of the regressions on leads and lags: what they do with every event, and the readings of equation (3).

The study's equation (3) has leads and lags of a continuous dose, and leaves out event time -1. It can be read as a
distributed lag with all terms, as one with the term at -1 set to zero, as the orthogonalised regression of
the authors' earlier code, as stacked local projections, or with events above a threshold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Mask
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.orthogonalised import orthogonalised
from eventpanel.estimators.path import event_grids
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.record import record
from eventpanel.estimators.trajectories import Trajectories, not_alone
from eventpanel.estimators.uses import Uses, compared

__all__ = ["DistributedLag", "Model", "Reading"]

Model = Literal["linear", "poisson"]
Reading = Literal["plain", "restricted", "orthogonalised"]
READINGS = ("plain", "restricted", "orthogonalised")


@dataclass(frozen=True, slots=True)
class DistributedLag:
    """Distributed lag or its Poisson form, as a method, in one of the readings of equation (3).

    Parameters
    ----------
    model : {"linear", "poisson"}
        ``distributed_lag`` or ``ppml``.
    reading : {"plain", "restricted", "orthogonalised"}
        All leads and lags; the effect at -1 set to zero, which is a restriction; leads and lags orthogonalised to the
        event of the same period. Whatever the window's reference, the reading decides.

    Raises
    ------
    DesignError
        An unknown model or reading.

    Examples
    --------
    >>> DistributedLag("poisson").name
    'ppml'
    """

    model: Model = "linear"
    reading: Reading = "plain"

    def __post_init__(self) -> None:
        if self.model not in ("linear", "poisson") or self.reading not in READINGS:
            raise DesignError(
                f"Unknown model {self.model!r} or reading {self.reading!r}.",
                "",
                f"models: linear, poisson; readings: {', '.join(READINGS)}",
            )

    @property
    def name(self) -> str:
        """Name of the function that runs it, and the reading."""
        base = "distributed_lag" if self.model == "linear" else "ppml"
        return {"plain": base, "restricted": f"{base}, -1 set to zero"}.get(self.reading, f"orthogonalised {base}")

    @property
    def estimand(self) -> str:
        """What it estimates."""
        if self.reading == "orthogonalised":
            return (
                "At event time 0 a scaled sum of the effects of all leads and lags, at the others a scaled effect of "
                "that lead or lag; weighted by the regression."
            )
        log = "log " if self.model == "poisson" else ""
        return (
            f"The {log}effect of one unit of the event on the outcome at each event time, other leads and lags held "
            "fixed, as an average over events that the regression weights."
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it assumes."""
        zero = "The effect at event time -1 is zero: a restriction, unless the ends are binned."
        return (
            f"Without events all units would move in parallel{' in proportion' if self.model == 'poisson' else ''}.",
            "The effect is the same for all events at an event time; otherwise coefficients mix event times, and some "
            "effects may enter with negative weight.",
            "Effects of overlapping events add up, and there is none outside the window unless its ends are binned.",
            *((zero,) if self.reading == "restricted" else ()),
        )

    def check(self, panel: Panel, design: Design) -> None:
        """Refuse a design that does not fit."""
        if self.reading != "restricted" and design.window.ends == "bin":
            raise DesignError(
                f"Binned ends need a reference; the reading {self.reading!r} has none.",
                design.event.column,
                "use reading='restricted', or ends='none'",
            )

    def uses(self, t: Trajectories, design: Design) -> Uses:
        """Every event in whose window a row has all its leads and lags is used, and every row is a comparison."""
        rows = t.inside & not_alone(t, design, t.sample & self._known(t, self._design(design)))
        used, lags = compared(t.events, rows, design.window.lags), design.window.lags
        reason = np.where(t.events & ~used, 0, -1)
        reasons = ("no row of its window is in the sample with all leads and lags",)
        return Uses(used, compared(t.events, rows, lags), rows, reason, reasons)

    def run(self, panel: Panel, design: Design) -> Estimate:
        """Estimate it."""
        self.check(panel, design)
        found = (distributed_lag if self.model == "linear" else ppml)(panel, self._design(design))
        return orthogonalised(found) if self.reading == "orthogonalised" else found

    def _design(self, design: Design) -> Design:
        reference = -1 if self.reading == "restricted" else None
        return replace(design, window=replace(design.window, reference=reference))

    def _known(self, t: Trajectories, design: Design) -> Mask:
        """Cells that have all leads and lags."""
        grids = event_grids(design, record(t.panel, design.event))
        return np.asarray(np.logical_and.reduce([~np.isnan(grid) for grid in grids.values()]))[t.owner]
