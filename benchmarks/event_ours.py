"""What eventpanel is asked to do with events: one function a work, from data frame to table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

import eventpanel.api as ep

Path = dict[int, tuple[float, float]]
# Calls that a version may not have yet.
DOORS: Any = ep
# Of the fits with factors and with a penalised matrix; the latter in half the sum of squares.
FACTORS, PENALTY = 2, 10.0


def design(event: str, leads: int, lags: int, *, reference: int | None = -1, rule: str = "none") -> ep.Design:
    """Write the design that the works share."""
    return ep.Design(
        outcome="y",
        event=ep.Event(column=event, kind="dose"),
        window=ep.EventWindow(leads=leads, lags=lags, reference=reference),
        fixed_effects=("unit", "year"),
        covariance=ep.Clustered("unit", "fixest" if rule == "fixest" else "none"),
    )


def path(estimate: ep.Estimate) -> Path:
    """Estimates and standard errors by event time, by way of the table."""
    table = estimate.tidy()
    found = zip(table["event_time"], table["estimate"], table["std_error"], strict=True)
    return {int(time): (float(coef), float(error)) for time, coef, error in found}


def _panel(frame: pd.DataFrame) -> ep.Panel:
    return ep.Panel(frame, ("unit",), "year")


def distributed_lag(frame: pd.DataFrame) -> Path:
    """Leads and lags in one regression."""
    return path(ep.distributed_lag(_panel(frame), design("event", 2, 2, reference=None, rule="fixest")))


def local_projections(frame: pd.DataFrame) -> Path:
    """One regression for each event time, with the outcome of the period before, and their joint covariance."""
    return path(ep.local_projections(_panel(frame), design("event", 3, 2, rule="fixest")))


def lp_did(frame: pd.DataFrame) -> Path:
    """Clean events that last one period."""
    asked = design("event", 3, 2)
    return path(DOORS.lp_did(_panel(frame), asked, rule="one_off", quiet=2))


def lp_did_stabilised(frame: pd.DataFrame) -> Path:
    """Take the event as a status that turns on and off."""
    asked = design("event", 3, 2)
    return path(DOORS.LpDid("stabilised", 2, unrecorded="quiet").run(_panel(frame), asked))


def lp_did_once(frame: pd.DataFrame) -> Path:
    """Take a status that turns on once."""
    return path(DOORS.lp_did(_panel(frame), design("status", 3, 2), rule="absorbing"))


def did_multiplegt(frame: pd.DataFrame) -> Path:
    """Take a status that turns on and off."""
    return path(DOORS.did_multiplegt(_panel(frame), design("event", 3, 2)))


def panel_match(frame: pd.DataFrame) -> Path:
    """Two periods of history, no refinement."""
    return path(DOORS.panel_match(_panel(frame), design("event", 1, 2), matching=DOORS.Matching(history=2)))


def imputation(frame: pd.DataFrame) -> Path:
    """Events that return."""
    return path(DOORS.imputation(_panel(frame), design("event", 0, 2, reference=None)))


def imputation_once(frame: pd.DataFrame) -> Path:
    """Take a status that turns on once, with effects that last."""
    asked = replace(design("status", 0, 2, reference=None), event=ep.Event(column="status", kind="change"))
    return path(DOORS.imputation(_panel(frame), asked))


def interactive_effects(frame: pd.DataFrame) -> Path:
    """Two factors."""
    return path(DOORS.interactive_effects(_panel(frame), design("event", 0, 2, reference=None), factors=FACTORS))


def matrix_completion(frame: pd.DataFrame) -> Path:
    """Take a stated penalty."""
    return path(DOORS.matrix_completion(_panel(frame), design("event", 0, 2, reference=None), penalty=PENALTY))


def stacked_did(frame: pd.DataFrame) -> Path:
    """Events that return."""
    asked = design("event", 3, 2)
    return path(DOORS.stacked_did(_panel(frame), asked, rule="one_off", quiet=2, unrecorded="quiet"))


def stacked_did_once(frame: pd.DataFrame) -> Path:
    """Take a status that turns on once."""
    return path(DOORS.stacked_did(_panel(frame), design("status", 3, 2), rule="absorbing"))


def callaway_santanna(frame: pd.DataFrame) -> Path:
    """Units not yet treated as comparisons, one base period."""
    return path(DOORS.callaway_santanna(_panel(frame), design("status", 3, 2)))


def sun_abraham(frame: pd.DataFrame) -> Path:
    """Cohort by event time, units never treated as comparisons."""
    return path(DOORS.sun_abraham(_panel(frame), design("status", 3, 2)))


def two_stage(frame: pd.DataFrame) -> Path:
    """Effects by event time in the second stage."""
    return path(DOORS.two_stage(_panel(frame), design("status", 0, 2, reference=None)))


def extended_two_way(frame: pd.DataFrame) -> Path:
    """Cohort by period."""
    return path(DOORS.extended_two_way(_panel(frame), design("status", 1, 2)))
