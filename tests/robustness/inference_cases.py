"""Small studies in memory for checks of inference: importers and years, a planted effect, events of several kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.robustness.case import Case, case_of
from eventpanel.robustness.check import Check, Finding
from eventpanel.robustness.lines import Found, Line
from eventpanel.robustness.runner import work
from eventpanel.sections import Study

YEARS = range(2000, 2014)
STUDY: dict[str, Any] = {
    "title": "Small",
    "label": "INVENTED DATA",
    "inputs": {},
    "panel": {"first": 2000, "last": 2013},
    "event": {"column": "x", "kind": "dose", "by": "importer"},
    "window": {"leads": 1, "lags": 1, "reference": "none"},
    "moderators": {"regime": {"column": "polity", "timing": "fixed", "below": 5, "groups": ["low", "high"]}},
    "design": {
        "outcome": "y",
        "fixed_effects": ["exporter^importer", "year"],
        "covariance": {"by": "importer", "small_sample": "reghdfe"},
    },
    "estimates": {
        "plain": {"title": "Without groups"},
        "regimes": {"title": "By regime", "moderator": "regime"},
        "counts": {"title": "Poisson", "outcome": "n", "estimator": "ppml"},
    },
}


@dataclass(frozen=True, kw_only=True)
class World:
    """What is planted: the effect of an event, of one three years ahead, how frequent events are, and where."""

    effect: float = 0.5
    ahead: float = 0.0
    rate: float = 0.3
    importers: int = 14
    treated: int = 14
    exporters: int = 1
    heavy: float = 1.0
    least: float = 0.0


def world_panel(world: World) -> Panel:
    """Columns x (events), polity, latitude, longitude, y and n (a count)."""
    rng, size = np.random.default_rng(11), (world.importers, len(YEARS) + 3)
    events = np.minimum(rng.poisson(world.rate, size), 3).astype(float) + world.least
    events[world.treated :] = 0.0
    events[0] *= world.heavy
    keys = [(f"E{e}", f"I{i:02d}", t) for e in range(world.exporters) for i in range(world.importers) for t in YEARS]
    frame = pd.DataFrame(keys, columns=["exporter", "importer", "year"])
    i, t = frame["importer"].str[1:].astype(int).to_numpy(), frame["year"].to_numpy() - 2000
    frame["x"], frame["polity"] = events[i, t], (i % 4 * 3).astype(float)
    frame["latitude"], frame["longitude"] = -40.0 + 6 * i, 10.0 * i
    signal = world.effect * events[i, t] + world.ahead * events[i, t + 3]
    frame["y"] = signal + rng.normal(size=len(frame)) + 0.1 * i
    frame["n"] = rng.poisson(np.exp(0.3 + signal)).astype(float)
    return Panel(frame, ("exporter", "importer"), "year")


def world_case(world: World, estimate: str = "plain", **robustness: Any) -> Case:
    """The case of an estimate in a world."""
    section = {"estimate": estimate, "draws": 99} | robustness
    return case_of(Study.model_validate(STUDY | {"robustness": section}), world_panel(world))


def found_in(check: Check, case: Case) -> Found:
    """What all parts of a check find, as the runner puts it together."""
    found = [work(part, case) for part in check.parts(case)]
    draws = {label: own for one in found for label, own in one.draws.items()}
    return Found(tuple(line for one in found for line in one.lines), draws)


def finding(check: Check, case: Case) -> Finding:
    """What a check says of a case."""
    return check.judge(case, found_in(check, case).lines)


def the_line(found: Found, label: str, **fields: object) -> Line:
    """The one line whose label begins so."""
    lines = [x for x in found.lines if x.label.startswith(label) and all(getattr(x, k) == v for k, v in fields.items())]
    assert len(lines) == 1, (label, [line.label for line in found.lines])
    return lines[0]
