"""Covariance: how uncertainty is computed; an object, always explicit, always printed."""

from __future__ import annotations

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
    "DriscollKraay",
    "Dyadic",
    "Kind",
    "NeweyWest",
    "Robust",
    "RobustKind",
    "SmallSample",
]

Covariance = Clustered | Robust | DriscollKraay | NeweyWest | Conley | Dyadic
