"""The specification curve of a study, as the command makes it: estimates, joint tests, tables, figure and page."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import ours
from benchmarks.workloads import AROUND, CUTOFF, FIRST, GROUPS, LAST, Floats, Specification
from eventpanel.robustness.case import Case, case_of
from eventpanel.robustness.run import Job, run_robustness
from eventpanel.robustness.specifications import AS_SET, label_of
from eventpanel.study import study_from

# Once a peer has set up logging, the fonts of a figure in pdf are told one by one.
logging.getLogger("fontTools").setLevel(logging.WARNING)
WORKERS = 2
HEADLINE = Specification()


def choices(asked: Specification) -> dict[str, tuple[str, dict[str, Any]]]:
    """By axis, the option of a specification and what it changes."""
    last, around = asked.sample[1], asked.around
    return {
        "outcome": (asked.outcome, {"outcome": asked.outcome}),
        "event": (f"above {asked.threshold:.0f}", {"event": {"threshold": {"value": asked.threshold}}}),
        "effects": (" + ".join(asked.effects), {"fixed_effects": list(asked.effects)}),
        "sample": (f"to {last}", {"sample": {"last": last}}),
        "controls": (", ".join(asked.controls), {"controls": list(asked.controls)}),
        "window": (f"-{around} to {around}", {"window": {"leads": around, "lags": around}}),
    }


def label(asked: Specification) -> str:
    """Name a specification as the curve does."""
    own, held = choices(asked), choices(HEADLINE)
    return label_of(tuple((axis, AS_SET if own[axis] == held[axis] else option) for axis, (option, _) in own.items()))


def study(every: Sequence[Specification], draws: int) -> dict[str, Any]:
    """Write a study whose curve crosses the choices of all specifications."""
    axes: dict[str, dict[str, Any]] = {axis: {} for axis in choices(HEADLINE)}
    for one in every:
        for axis, (option, changes) in choices(one).items():
            axes[axis][option] = changes
    for axis, (option, _) in choices(HEADLINE).items():
        axes[axis].pop(option, None)
    axes = {axis: options for axis, options in axes.items() if options}
    regime = {"column": "polity2", "timing": "base", "by": "importer", "below": CUTOFF, "base": FIRST}
    covariance = {"kind": "CRV1", "by": "importer", "small_sample": "reghdfe"}
    return {
        "title": "Imports in years of unrest",
        "label": "simulated",
        "inputs": {},
        "panel": {"first": FIRST - AROUND, "last": LAST + AROUND},
        "event": {
            "column": "unrest",
            "kind": "threshold",
            "by": "importer",
            "threshold": {"rule": "absolute", "value": HEADLINE.threshold},
        },
        "window": {"leads": AROUND, "lags": AROUND, "reference": "none"},
        "moderators": {"regime": {**regime, "groups": list(GROUPS)}},
        "design": {
            "outcome": HEADLINE.outcome,
            "fixed_effects": list(HEADLINE.effects),
            "covariance": covariance,
            "moderator": "regime",
            "sample": {"first": FIRST, "last": LAST},
        },
        "estimates": {"deals": {"title": "Deals"}},
        "robustness": {
            "estimate": "deals",
            "group": GROUPS[0],
            "checks": ["curve"],
            "axes": axes,
            "curve": {"draws": draws},
        },
    }


def case(record: pd.DataFrame, every: Sequence[Specification], draws: int) -> Case:
    """Return the study on its panel, the headline estimated."""
    return case_of(study_from(study(every, draws), "curve"), ours.panel(record))


def curve(record: pd.DataFrame, every: Sequence[Specification], draws: int) -> dict[str, float]:
    """Run the curve over processes, finished parts kept on disk: the estimate of each specification by its label.

    Parameters
    ----------
    record : DataFrame
    every : sequence of Specification
        All combinations of their choices.
    draws : int
    """
    asked = case(record, every, draws)
    with TemporaryDirectory() as place:
        (checked,) = run_robustness(asked, Path(place) / "curve", Job(workers=WORKERS))
    made = {line.label: line.estimate for line in checked.found.lines if line.label in checked.found.draws}
    if len(made) != len(every):
        raise RuntimeError(f"{len(made)} of {len(every)} specifications were drawn")
    return made


def chosen(made: Mapping[str, float], asked: Sequence[Specification]) -> Floats:
    """Estimates of some specifications."""
    return np.array([made[label(one)] for one in asked])
