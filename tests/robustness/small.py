"""A small study with a planted truth, in memory: exporters, importers and years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimating import estimate_by_name
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.robustness.case import Case, case_of
from eventpanel.robustness.check import Check, Finding
from eventpanel.robustness.lines import Found, Line
from eventpanel.robustness.runner import work
from eventpanel.sections import Study

EXPORTERS = ("CHN", "DEU", "FRA", "JPN", "KOR", "USA")
CUTOFF = 5
STUDY: dict[str, Any] = {
    "title": "Small",
    "label": "INVENTED DATA",
    "inputs": {},
    "panel": {"first": 2000, "last": 2013},
    "event": {"column": "x", "kind": "dose", "by": "importer"},
    "window": {"leads": 2, "lags": 2, "reference": "none"},
    "moderators": {
        "regime": {"column": "polity", "timing": "fixed", "below": CUTOFF, "groups": ["low", "high"]},
        "supplier": {"column": "exporter", "timing": "fixed"},
        "ours": {"column": "ours", "timing": "fixed"},
    },
    "design": {
        "outcome": "y",
        "fixed_effects": ["importer", "year"],
        "covariance": {"by": "importer", "small_sample": "reghdfe"},
        "sample": {"where": {"exporter": ["CHN"]}},
    },
    "estimates": {
        "regimes": {"title": "By regime", "moderator": "regime"},
        "plain": {"title": "Without groups"},
        "suppliers": {
            "title": "By exporter",
            "moderator": "supplier",
            "sample": {},
            "fixed_effects": ["exporter^importer", "exporter^year"],
        },
        "ours": {
            "title": "China or not",
            "moderator": "ours",
            "sample": {},
            "fixed_effects": ["exporter^importer", "year"],
        },
    },
    "robustness": {"estimate": "regimes", "group": "low", "draws": 199},
}


@dataclass(frozen=True)
class Truth:
    """Effects of one more event: in each group for each exporter, and of an event one year ahead."""

    low: float = 0.5
    high: float = 0.0
    of: Mapping[str, float] | None = None
    ahead: float = 0.0
    noise_high: float = 1.0


def small_panel(truth: Truth, importers: int = 44) -> Panel:
    """Columns x (events), polity, ours, y, still (nothing), moved, deal and other_deal (0 or 1), gaps (with gaps)."""
    rng = np.random.default_rng(3)
    keys = [(e, f"I{i:02d}", t) for e in EXPORTERS for i in range(importers) for t in range(2000, 2014)]
    frame = pd.DataFrame(keys, columns=["exporter", "importer", "year"])
    shape = (importers, 14 + 1)
    events, polity = rng.poisson(0.8, shape).astype(float), np.arange(importers) % 11 + 0.0
    i, t = frame["importer"].str[1:].astype(int).to_numpy(), frame["year"].to_numpy() - 2000
    frame["x"], frame["polity"] = events[i, t], polity[i]
    frame["ours"] = np.where(frame["exporter"] == "CHN", "yes", "no")
    low, shares = frame["polity"] < CUTOFF, truth.of or {"CHN": 1.0}
    effect = np.where(low, truth.low, truth.high) * frame["exporter"].map(shares).fillna(0.0)
    noise = rng.normal(size=len(frame)) * np.where(low, 1.0, truth.noise_high)
    frame["y"] = effect * frame["x"] + truth.ahead * low * events[i, t + 1] + noise + 0.1 * i
    frame["still"], frame["moved"] = rng.normal(size=len(frame)), 0.5 * frame["x"] + rng.normal(size=len(frame))
    frame["deal"], frame["other_deal"] = (rng.random((2, len(frame))) < 0.2 + 0.1 * (events[i, t] > 0)) * 1.0
    frame["gaps"] = np.where(rng.random(len(frame)) < 0.15, np.nan, rng.normal(size=len(frame)))
    return Panel(frame, ("exporter", "importer"), "year")


PANEL = small_panel(Truth())


def small_case(panel: Panel = PANEL, study: Mapping[str, Any] | None = None, **robustness: Any) -> Case:
    """The case of the study with other tables, and more in its robustness section."""
    content = STUDY | {"robustness": STUDY["robustness"] | robustness} | dict(study or {})
    return case_of(Study.model_validate(content), panel)


def found_by(check: Check, case: Case) -> Found:
    """What all parts of a check find."""
    found = [work(part, case) for part in check.parts(case)]
    return Found(tuple(line for one in found for line in one.lines))


def finding_of(check: Check, case: Case) -> Finding:
    """What a check says of a case."""
    return check.judge(case, found_by(check, case).lines)


def named(lines: Sequence[Line], label: str, **fields: object) -> Line:
    """The one line with a label, and with what else is asked."""
    found = [x for x in lines if x.label == label and all(getattr(x, name) == v for name, v in fields.items())]
    assert len(found) == 1, (label, [x.label for x in lines])
    return found[0]


def direct(case: Case, panel: Panel | None = None, **changes: Any) -> Estimate:
    """The watched number of the headline's design with fields replaced."""
    design: Design = replace(case.design, **changes)
    return case.target.of(estimate_by_name("distributed_lag", panel or case.panel, design))


def numbers(line: Line) -> tuple[float, float, float]:
    """Estimate, standard error and p-value."""
    return line.estimate, line.std_error, line.p_value


def numbers_of(one: Estimate) -> tuple[float, float, float]:
    """The same of an estimate of one term."""
    return float(one.coef[0]), float(one.std_errors.iloc[0]), float(one.pvalues.iloc[0])
