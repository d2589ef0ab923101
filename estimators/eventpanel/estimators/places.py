"""Places: unit, period and whatever else names each row of a sample, as codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.calendar import ordinals
from eventpanel.estimators.core.arrays import Codes, Mask
from eventpanel.estimators.core.groups import cross
from eventpanel.estimators.design import Design
from eventpanel.estimators.matrices import Matrices
from eventpanel.estimators.record import event_unit

__all__ = ["Places", "places"]


@dataclass(frozen=True, slots=True)
class Places:
    """Where the rows of the sample stand.

    Attributes
    ----------
    by : str
        Column of the units that the event belongs to.
    names : Index, length U
        Units with a row, sorted.
    times : ndarray, shape (T,)
        Period ordinals with a row, sorted.
    unit, period : ndarray, each shape (n,)
        Codes of both.
    other : ndarray, shape (n,)
        Code of what names a row besides unit and period, such as the exporter.
    """

    by: str
    names: pd.Index
    times: Codes
    unit: Codes
    period: Codes
    other: Codes

    @property
    def cell(self) -> Codes:
        """Code of everything that names a row besides its unit, shape (n,)."""
        return cross(self.other, self.period)

    @property
    def needed(self) -> Mask:
        """Whether a unit has a row in a period, shape (U, T)."""
        out = np.zeros((len(self.names), len(self.times)), dtype=bool)
        out[self.unit, self.period] = True
        return out


def places(panel: Panel, design: Design, m: Matrices) -> Places:
    """Find the places of a sample's rows.

    Parameters
    ----------
    panel : Panel
    design : Design
    m : Matrices
        Of this design on this panel.
    """
    by = event_unit(panel, design.event)
    unit, names = pd.factorize(panel.column(by)[m.sample], sort=True)
    times, period = np.unique(ordinals(panel)[m.sample], return_inverse=True)
    period = period.reshape(-1).astype(np.int64)
    other = np.zeros(len(period), dtype=np.int64)
    for key in panel.unit:
        if key != by:
            other = cross(other, pd.factorize(panel.column(key)[m.sample])[0].astype(np.int64))
    return Places(by, pd.Index(names), times, unit.astype(np.int64), period, other)
