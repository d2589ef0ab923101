"""The joint curve against explicit dummies, against itself in parts, and against slow loops."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import ColumnError, DesignError
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
from tests.estimators.test_regression import PAIRS, of_pairs, pairs

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
    panel, asked = of_pairs(
        frame.assign(twin=2 * frame["control"]).drop(index=lost), **({"covariance": NONE} | changes)
    )
    curve = joint_curve(panel, {"one": asked}, target, HOW)
    assert curve.refused == {}
    if "twin" in asked.controls:
        asked = replace(asked, controls=("control",))
    estimate, estimates, t = plain_draws(panel, asked, target)
    assert curve.estimate[0] == pytest.approx(estimate, rel=1e-8)
    np.testing.assert_allclose(curve.estimates[0], estimates, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(curve.draws[0], t, rtol=1e-8, atol=1e-8)


def curve_of_many() -> tuple[Panel, dict[str, Design]]:
    """Designs that share batches, and some that go alone: collinear controls, gaps, another rule."""
    frame = pairs()
    gap = frame["y"].where(np.random.default_rng(5).random(len(frame)) > 0.05)
    panel, base = of_pairs(frame.assign(twin=2 * frame["control"], z=frame["y"] ** 2, gap=gap))
    designs: dict[str, Design] = {}
    for outcome in ("y", "z", "gap"):
        for effects in (PAIRS, ("importer", "year")):
            for sample in (Sample(), EAST):
                for controls in ((), ("control",), ("control", "twin"), ("weight",)):
                    asked = replace(base, outcome=outcome, fixed_effects=effects, sample=sample, controls=controls)
                    designs[f"{outcome} {effects[0]} {sample.describe()} {controls}"] = asked
    designs["fixest"] = replace(base, covariance=Clustered("importer", "fixest"))
    return panel, designs


def same(one: CurveDraws, other: CurveDraws) -> bool:
    numbers = ("estimate", "std_error", "dof", "estimates", "draws")
    return one.labels == other.labels and all(np.array_equal(getattr(one, n), getattr(other, n)) for n in numbers)


def test_batches_have_the_numbers_of_the_whole_bit_by_bit() -> None:
    panel, designs = curve_of_many()
    whole = joint_curve(panel, designs, GAP, HOW)
    labels, rng = list(designs), np.random.default_rng(7)
    assert whole.labels == tuple(labels)
    parts = np.array_split(np.array(labels, dtype=object), [1, 5, 20])
    # Panels of their own, as other processes have them: nothing worked out for one batch is known to another.
    fresh = [panel.with_frame(panel.frame.copy()) for _ in parts]
    joined = joined_curves(
        [joint_curve(p, {n: designs[n] for n in part}, GAP, HOW) for p, part in zip(fresh, parts, strict=True)]
    )
    assert same(whole, joined)
    order = rng.permutation(len(labels))
    mixed = joint_curve(panel, {labels[i]: designs[labels[i]] for i in order}, GAP, HOW)
    np.testing.assert_array_equal(mixed.draws, whole.draws[order])


def test_the_estimates_are_those_of_single_designs() -> None:
    panel, designs = curve_of_many()
    whole = joint_curve(panel, designs, GAP, HOW)
    for i, design in enumerate(designs.values()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EstimationWarning)
            want = GAP.of(distributed_lag(panel, design))
        assert whole.estimate[i] == pytest.approx(want.coef[0], rel=1e-8)
        assert whole.std_error[i] == pytest.approx(want.std_errors.iloc[0], rel=1e-8)
        assert whole.dof[i] == want.dof[0]


def test_a_cluster_has_its_weight_in_every_specification() -> None:
    # Half of the importers: with their own effects and no effects between clusters, draws are sums over clusters.
    panel, asked = of_pairs(pairs(), moderator=None, fixed_effects=("importer",), covariance=NONE)
    first, second = tuple(f"I{i:02d}" for i in range(8)), tuple(f"I{i:02d}" for i in range(8, 16))
    halves = {n: replace(asked, sample=Sample(where=(("importer", n),))) for n in (first, second)}
    curve = joint_curve(panel, halves, PLAIN, HOW)
    signs = shared_signs(panel, HOW)[1]
    for draws, mine in zip(curve.estimates, (signs[:8], signs[8:]), strict=True):
        # A linear function of the weights of the clusters in the sample, and of no other.
        left = draws - mine.T @ np.linalg.lstsq(mine.T, draws, rcond=None)[0]
        np.testing.assert_allclose(left, 0.0, atol=1e-12 * np.abs(draws).max())


def test_what_cannot_be_drawn_is_refused_with_the_reason() -> None:
    panel, base = of_pairs(pairs().assign(flat=1.0), moderator=None)
    designs = {
        "fine": base,
        "coarser": replace(base, covariance=Clustered("regime", "none")),
        "year": replace(base, covariance=Clustered("year", "none")),
        "robust": replace(base, covariance=Robust("HC1")),
        "CRV3": replace(base, covariance=Clustered("importer", "none", "CRV3")),
        "flat": replace(base, outcome="flat"),
        "absent": replace(base, outcome="absent"),
        "text": replace(base, outcome="regime"),
        "absorbed": replace(base, fixed_effects=("importer^year",)),
        "short": replace(base, window=EventWindow(leads=1, lags=0, reference=0)),
    }
    curve = joint_curve(panel, designs, PLAIN, HOW)
    assert curve.labels == ("fine",)
    assert curve.refused["year"].startswith("Clusters by year do not lie inside")
    assert curve.refused["coarser"] == "the sample has 2 clusters; standard errors would mean nothing."
    assert curve.refused["robust"] == "This rests on clusters of one way."
    assert "CRV3" in curve.refused["CRV3"]
    assert "same in every row" in curve.refused["flat"]
    assert "absent" in curve.refused["absent"]
    assert "regime" in curve.refused["text"]
    assert curve.refused["absorbed"] == "No term of the path is identified."
    assert curve.refused["short"] == "The path does not hold the number that is watched."


@pytest.mark.parametrize(
    "wrong", [{"draws": 0}, {"null": "none"}, {"strata": ("regime",)}], ids=["draws", "null", "strata"]
)
def test_draws_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(DesignError):
        replace(HOW, **wrong)


@pytest.mark.parametrize("null", ["wild", "permutation"])
def test_clusters_that_are_no_column_are_the_fault_of_the_question(null: Any) -> None:
    panel, asked = of_pairs(pairs(), moderator=None)
    with pytest.raises(ColumnError):
        joint_curve(panel, {"a": asked}, PLAIN, replace(HOW, by="nowhere", null=null))


def test_curves_of_other_draws_or_the_same_labels_are_not_joined() -> None:
    panel, asked = of_pairs(pairs(), moderator=None)
    one, other = (joint_curve(panel, {"a": asked}, PLAIN, replace(HOW, draws=n)) for n in (8, 9))
    with pytest.raises(DesignError, match="do not have the same draws"):
        joined_curves([one, other])
    with pytest.raises(DesignError, match="hold the same specification"):
        joined_curves([one, one])
