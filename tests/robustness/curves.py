"""A study in memory for tests of options and of the curve: importers and years, two groups, a planted effect."""

from __future__ import annotations

from typing import Any

import numpy as np

from eventpanel.datasets.panel import Panel
from eventpanel.robustness.case import Case, case_of
from eventpanel.sections import Study
from tests.panels import random_frame

BASE: dict[str, Any] = {
    "title": "Curve",
    "label": "INVENTED DATA",
    "inputs": {},
    "panel": {"first": 2000, "last": 2015},
    "event": {"column": "x", "kind": "dose"},
    "window": {"leads": 1, "lags": 1, "reference": "none"},
    "moderators": {"regime": {"column": "regime", "timing": "fixed", "groups": ["low", "high"]}},
    "design": {
        "outcome": "y",
        "fixed_effects": ["importer", "year"],
        "covariance": {"by": "importer", "small_sample": "reghdfe"},
    },
    "estimates": {"main": {"title": "Main", "moderator": "regime", "controls": ["control"]}},
}
AXES: dict[str, dict[str, dict[str, Any]]] = {
    "window": {"two": {"window": {"leads": 2, "lags": 2}}, "reference": {"window": {"reference": -1}}},
    "controls": {"none": {"controls": []}, "more": {"also_controls": ["weight"]}},
    "years": {"late": {"sample": {"first": 2004}}},
    "trends": {"own": {"trends": "importer"}},
}


def curve_case(robustness: dict[str, Any], seed: int = 0, effect: float | None = None) -> Case:
    """Case on a random panel; with an effect, the outcome is noise and that effect of an event."""
    frame = random_frame(seed, units=30)
    rng = np.random.default_rng(seed + 1)
    frame["count"] = rng.poisson(1.0 + 0.5 * frame["x"]).astype(float)
    if effect is not None:
        frame["y"] = rng.normal(size=len(frame)) + effect * frame["x"]
    section = {"estimate": "main", "group": "low", "draws": 99, "axes": AXES} | robustness
    study = Study.model_validate(BASE | {"robustness": section})
    return case_of(study, Panel(frame, ("importer",), "year"))
