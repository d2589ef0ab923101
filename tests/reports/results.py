"""Results with hostile names, for tables and figures."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import EstimationWarning, distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.events import Event
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.window import EventWindow
from eventpanel.reports.results import Result, summarise
from tests.panels import random_frame

HOSTILE = ("a|b_c & 50% {x} $y$ #1 ~ ^ \\", "<script>alert(1)</script>")
FOUR = (*HOSTILE, "a name of a group that is much too long to stand on one line of a title", "d")
PLAIN = EventWindow(leads=2, lags=2, reference=None)


def panel(groups: Sequence[str] = HOSTILE, factor: float = 1.0) -> Panel:
    frame = random_frame(1, units=40, periods=18)
    number = frame["importer"].str[1:].astype(int) % len(groups)
    return Panel(frame.assign(kind=number.map(dict(enumerate(groups))), y=frame["y"] * factor), ("importer",), "year")


def estimate(
    groups: Sequence[str] = (), window: EventWindow = PLAIN, factor: float = 1.0, controls: tuple[str, ...] = ()
) -> Estimate:
    """One path, or one for each group."""
    design = Design(
        outcome="y",
        event=Event(column="x", kind="dose"),
        window=window,
        fixed_effects=("importer", "year"),
        covariance=Clustered("importer", "reghdfe"),
        controls=controls,
    )
    if groups:
        design = replace(design, moderator=Moderator(name="kind", column="kind", timing="fixed", groups=tuple(groups)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        return distributed_lag(panel(groups or HOSTILE, factor), design)


def result(
    groups: Sequence[str] = (), window: EventWindow = PLAIN, factor: float = 1.0, controls: tuple[str, ...] = ()
) -> Result:
    """Summarised, the first two groups compared."""
    return summarise("name", "Title", estimate(groups, window, factor, controls), groups[:2])
