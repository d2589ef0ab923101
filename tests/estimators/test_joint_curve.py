"""The joint curve against explicit dummies, against itself in parts, and against slow loops."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.covariance import Clustered, Robust
from eventpanel.estimators.curve_draws import CurveDraws, JointDraws, joined_curves, shared_signs
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.joint_curve import joint_curve
from eventpanel.estimators.matrices import matrices
from eventpanel.estimators.solution import EstimationWarning
from eventpanel.estimators.target import Target
from eventpanel.estimators.window import EventWindow
from tests.estimators.test_regression import PAIRS, REGIME, of_pairs, pairs

HOW = JointDraws(seed=3, by="importer", draws=24)
NONE = Clustered("importer", "none")
GAP = Target(event_time=0, group="low", minus="high")
LOW = Target(event_time=1, group="low")
PLAIN = Target(event_time=0)
EAST = Sample(where=(("exporter", ("X0", "X1")), ("importer", tuple(f"I{i:02d}" for i in range(3, 14)))))


def plain_draws(panel: Panel, asked: Design, target: Target) -> tuple[float, Floats, Floats]:
    """Estimate, its draws and its t in every draw, from regressions on all dummies."""
    m = matrices(panel, asked)
    names = panel.frame["importer"]
    row = {name: g for g, name in enumerate(sorted(names.unique()))}
    signs = shared_signs(panel, HOW)[1][[row[name] for name in names[m.sample]]]
    within = panel.frame[str(asked.covariance.ways[0]).split("^")][m.sample].astype(str).agg(" ".join, axis=1)
    effects = [np.eye(int(codes.max()) + 1)[codes] for _, codes in m.effects] or [np.ones((len(m.y), 1))]
    null = [i for i, t in enumerate(m.terms) if t.event_time is not None and t.group in (target.group, target.minus)]
    free, c = [i for i in range(len(m.terms)) if i not in null], target.weights(m.terms)
    root = np.ones(len(m.y)) if m.weights is None else np.sqrt(m.weights)
    D = np.column_stack(effects) * root[:, None]
    X, y = m.X * root[:, None], m.y * root
    small, whole = np.column_stack([X[:, free], D]), np.column_stack([X, D])
    fitted = small @ np.linalg.lstsq(small, y, rcond=None)[0]
    x = X - D @ np.linalg.lstsq(D, X, rcond=None)[0]
    move = x @ np.linalg.solve(x.T @ x, c)
    stars = fitted[:, None] + (y - fitted)[:, None] * signs
    coef = np.linalg.lstsq(whole, np.column_stack([y, stars]), rcond=None)[0]
    left = stars - whole @ coef[:, 1:]
    sums = pd.DataFrame(move[:, None] * left).groupby(within.to_numpy()).sum().to_numpy()
    found = c @ coef[: len(c)]
    return float(found[0]), found[1:], found[1:] / np.sqrt((sums**2).sum(axis=0))


@pytest.mark.parametrize("drop", [0, 40])
@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"moderator": None, "fixed_effects": ("importer", "year")}, PLAIN),
        ({"moderator": None}, PLAIN),
        ({"moderator": None, "controls": ("control",)}, PLAIN),
        ({"controls": ("control",)}, GAP),
        ({}, LOW),
        ({"controls": ("control", "twin")}, GAP),
        ({"sample": EAST}, GAP),
        ({"moderator": None, "weights": "weight", "controls": ("control",)}, PLAIN),
        ({"moderator": None, "fixed_effects": ()}, PLAIN),
        ({"moderator": None, "fixed_effects": ("exporter", "year")}, PLAIN),
        ({"moderator": None, "fixed_effects": ("importer", "exporter", "year")}, PLAIN),
        ({"moderator": None, "fixed_effects": (*PAIRS, "regime^year")}, PLAIN),
        ({"moderator": None, "covariance": Clustered("importer^exporter", "none")}, PLAIN),
        ({"moderator": None, "window": EventWindow(leads=2, lags=2, reference=-1, ends="bin")}, PLAIN),
    ],
)
def test_draws_are_those_of_regressions_on_dummies(changes: dict[str, Any], target: Target, drop: int) -> None:
    frame = pairs()
    lost = np.random.default_rng(2).choice(len(frame), drop, replace=False).tolist()
    panel, asked = of_pairs(frame.assign(twin=2 * frame["control"]).drop(index=lost), **({"covariance": NONE} | changes))
    curve = joint_curve(panel, {"one": asked}, target, HOW)
    assert curve.refused == {}
    if "twin" in asked.controls:
        asked = replace(asked, controls=("control",))
    estimate, estimates, t = plain_draws(panel, asked, target)
    assert curve.estimate[0] == pytest.approx(estimate, rel=1e-8)
    np.testing.assert_allclose(curve.estimates[0], estimates, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(curve.draws[0], t, rtol=1e-8, atol=1e-8)
