"""Designs for tests on :mod:`tests.panels`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.window import EventWindow

REGIME = Moderator(name="regime", column="regime", timing="fixed", groups=("low", "high"))


def design(**changes: Any) -> Design:
    """Two leads and lags of a recurring count, unit and year effects, clustered by unit."""
    base = Design(
        outcome="y",
        event=Event(column="x", kind="dose"),
        window=EventWindow(leads=2, lags=2, reference=None),
        fixed_effects=("importer", "year"),
        covariance=Clustered("importer", "reghdfe"),
    )
    return replace(base, **changes)
