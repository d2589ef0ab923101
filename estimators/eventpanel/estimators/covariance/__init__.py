"""Covariance: how uncertainty is computed; an object, always explicit, always printed."""

from __future__ import annotations

from eventpanel.estimators.core.conley import Kernel
from eventpanel.estimators.core.places import Distance
from eventpanel.estimators.covariance.clustered import (
    LINEAR_ONLY,
    Clustered,
    Dyadic,
    Kind,
    Robust,
    RobustKind,
    SmallSample,
)
from eventpanel.estimators.covariance.kernels import Conley, DriscollKraay, NeweyWest
from eventpanel.estimators.covariance.rules import Counts

__all__ = [
    "LINEAR_ONLY",
    "Clustered",
    "Conley",
    "Counts",
    "Covariance",
    "Distance",
    "DriscollKraay",
    "Dyadic",
    "Kernel",
    "Kind",
    "NeweyWest",
    "Robust",
    "RobustKind",
    "SmallSample",
]

Covariance = Clustered | Robust | DriscollKraay | NeweyWest | Conley | Dyadic
