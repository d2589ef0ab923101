"""A small study in memory: 40 importers in two regimes and five regions, twelve years, an effect of .3."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.robustness.case import Case, case_of
from eventpanel.robustness.check import Check, Finding
from eventpanel.robustness.lines import Found, Line
from eventpanel.robustness.runner import work
from eventpanel.sections import Study

UNITS, YEARS = 40, 12


@cache
def planted_frame() -> pd.DataFrame:
    """Columns importer, year, x (a count of events), polity, region, gdp, noise, y, deals."""
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        [(f"U{u:02d}", 2000 + t) for u in range(UNITS) for t in range(YEARS)], columns=["importer", "year"]
    )
    unit = frame["importer"].str[1:].astype(int)
    frame["gdp"] = rng.normal(size=len(frame))
    frame["x"] = rng.poisson(np.exp(0.2 * frame["gdp"])).astype(float)
    frame["polity"], frame["region"] = (unit % 2) * 10.0, "R" + (unit % 5).astype(str)
    frame["noise"] = rng.normal(size=len(frame))
    frame["y"] = 0.3 * frame["x"] + frame["noise"]
    frame["deals"] = rng.poisson(0.4 * np.exp(0.3 * frame["x"])).astype(float)
    return frame


def planted_case(outcome: pd.Series | str = "y", level: float = 0.95, design: Any = None, **robustness: Any) -> Case:
    """Case of an outcome: a column of the frame, or values in its place."""
    frame = planted_frame()
    if not isinstance(outcome, str):
        frame, outcome = frame.assign(made=outcome), "made"
    told = {
        "title": "Planted",
        "label": "Simulated data.",
        "inputs": {},
        "panel": {"first": 2000, "last": 2000 + YEARS - 1},
        "event": {"column": "x", "kind": "dose", "by": "importer"},
        "window": {"leads": 1, "lags": 1, "reference": "none"},
        "moderators": {
            "regime": {"column": "polity", "timing": "fixed", "by": "importer", "below": 5, "groups": ["low", "high"]}
        },
        "design": {
            "outcome": outcome,
            "fixed_effects": ["importer", "year"],
            "covariance": {"by": "importer", "small_sample": "reghdfe"},
            **(design or {}),
        },
        "estimates": {"plain": {"title": "Plain"}},
        "output": {"level": level},
        "robustness": {"estimate": "plain", "draws": 99, **robustness},
    }
    return case_of(Study.model_validate(told), Panel(frame, ("importer",), "year"))


def found_by(check: Check, case: Case) -> Found:
    """What all parts of a check find."""
    found = [work(part, case) for part in check.parts(case)]
    lines = tuple(one for part in found for one in part.lines)
    return Found(lines, {label: values for part in found for label, values in part.draws.items()})


def judged(check: Check, case: Case) -> Finding:
    """What a check says of a case."""
    return check.judge(case, found_by(check, case).lines)


def line(found: Found, part: str, label: str) -> Line:
    """The one line of a part and label."""
    (one,) = (x for x in found.lines if (x.part, x.label) == (part, label))
    return one
