"""What eventpanel is asked to do: one function a work, each returning coefficients in the order of the terms."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

import eventpanel.api as ep
from benchmarks.workloads import CUTOFF, EVENT_TIMES, FIRST, GROUPS, Floats, Large, Specification

LARGE = "eventpanel.estimators.core.large"
# Calls that a version may not have yet.
DOORS: Any = ep
CAN_ESTIMATE_MANY = hasattr(ep, "estimate_many")
CAN_RANDOMISE = hasattr(ep, "randomisation")
HAS_LARGE = importlib.util.find_spec(LARGE) is not None
REGIME = ep.Moderator(
    name="regime", column="polity2", timing="base", by="importer", below=CUTOFF, groups=GROUPS, base=FIRST
)


def panel(record: pd.DataFrame) -> ep.Panel:
    """Make a panel of importer-years or of dyad-years, whichever the record holds."""
    unit = ("exporter", "importer") if "exporter" in record else ("importer",)
    return ep.Panel(record, unit, "year")


def design(asked: Specification, *, kind: str = "CRV1", rule: str = "reghdfe") -> ep.Design:
    """Write a specification as a design."""
    return ep.Design(
        outcome=asked.outcome,
        event=ep.Event(
            column="unrest",
            kind="threshold",
            by="importer",
            threshold=ep.Threshold(rule="absolute", value=asked.threshold),
        ),
        window=ep.EventWindow(leads=asked.around, lags=asked.around, reference=None),
        fixed_effects=asked.effects,
        covariance=ep.Clustered("importer", "none", "CRV3") if kind == "CRV3" else _clustered(rule),
        moderator=REGIME,
        controls=asked.controls,
        sample=ep.Sample(first=asked.sample[0], last=asked.sample[1]),
    )


def _clustered(rule: str) -> ep.Clustered:
    return ep.Clustered("importer", "ppmlhdfe" if rule == "ppmlhdfe" else "reghdfe")


def whole_call(record: pd.DataFrame, asked: Specification) -> Floats:
    """From a data frame to a row of a table."""
    return _estimates(ep.distributed_lag(panel(record), design(asked)).tidy())


def regression(held: ep.Panel, asked: ep.Design) -> Floats:
    """One regression by least squares, to its table."""
    return _estimates(ep.distributed_lag(held, asked).tidy())


def poisson(held: ep.Panel, asked: ep.Design) -> Floats:
    """One Poisson regression, to its table."""
    return _estimates(ep.ppml(held, asked).tidy())


def _estimates(table: pd.DataFrame) -> Floats:
    return table["estimate"].to_numpy(dtype=float)


def suite(held: ep.Panel, designs: Sequence[ep.Design]) -> list[Floats]:
    """Many specifications: in one call where there is one, else one after the other."""
    if CAN_ESTIMATE_MANY:
        table = DOORS.estimate_many(held, dict(enumerate(designs)))
        return [_estimates(one) for _, one in table.groupby("design", sort=True)]
    return [regression(held, one) for one in designs]


def without_each(held: ep.Panel, asked: ep.Design) -> pd.DataFrame:
    """Leave out each importer in turn; CRV3 of the whole path."""
    return ep.leave_one_out(held, asked)


def wild(held: ep.Panel, asked: ep.Design, draws: int) -> pd.DataFrame:
    """Wild cluster bootstrap of the whole path: p-values, intervals by inversion, joint tests."""
    return ep.wild_bootstrap(held, asked, ep.Bootstrap(draws=draws, seed=1))


def randomisation(held: ep.Panel, asked: ep.Design, draws: int) -> pd.DataFrame:
    """Randomisation test of the whole path by t: importers of one regime exchange their event histories."""
    how = DOORS.Randomisation(draws=draws, seed=1, scheme="permute", strata=("regime",))
    table: pd.DataFrame = DOORS.randomisation(held, asked, how)
    return table


def large(rows: Large) -> Floats:
    """Two-way effects on millions of rows, from arrays."""
    module: Any = importlib.import_module(LARGE)
    return np.asarray(module.large_least_squares(rows.y, rows.X, [rows.pair, rows.year], rows.cluster).coef)


def path_of(table: pd.DataFrame) -> Floats:
    """Estimates of a table of paths by group and event time, in the order of the terms."""
    held = table.dropna(subset=["event_time"]).set_index(["group", "event_time"])["estimate"]
    return np.array([held[group, k] for group in GROUPS for k in EVENT_TIMES], dtype=float)


def without(asked: ep.Design, record: pd.DataFrame, importer: str) -> ep.Design:
    """Leave one importer out of a design's sample, the long way."""
    others = tuple(name for name in record["importer"].unique() if name != importer)
    return replace(asked, sample=replace(asked.sample, where=(("importer", others),)))
