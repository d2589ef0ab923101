"""Sensitivity to unobserved confounding is what adding the confounder does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.confounding import confounding
from eventpanel.estimators.core.omitted import Coefficient, Strength, bounded, robustness_value
from eventpanel.estimators.covariance import Robust
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.path import Term
from eventpanel.estimators.target import Target
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame

# Printed in the README and vignette of sensemakr, github.com/carloscinelli/sensemakr: Darfur.
DARFUR = Coefficient(0.09731582, 0.02325654, 783, 0.02325654, 782)
# OVB bounds there: R2dz.x, R2yz.dx, adjusted estimate, standard error, t.
FEMALE = [(0.0092, 0.1246, 0.0752, 0.0219, 3.4389), (0.0183, 0.2493, 0.0529, 0.0204, 2.6002)]


def test_darfur() -> None:
    assert DARFUR.partial_r2 == pytest.approx(0.02187, abs=5e-6)
    assert DARFUR.robustness == pytest.approx(0.13878, abs=5e-6)
    assert DARFUR.robustness_at(0.05) == pytest.approx(0.07626, abs=5e-6)
    assert DARFUR.robust_robustness_at(0.05) == DARFUR.robustness_at(0.05)


@pytest.mark.parametrize(("treatment", "outcome", "estimate", "error", "t"), FEMALE)
def test_darfur_with_a_confounder(treatment: float, outcome: float, estimate: float, error: float, t: float) -> None:
    found = DARFUR.with_variable(Strength(treatment, outcome))
    # Shares are printed with four decimals: half a unit of the first moves the bias by .3 %, that of t by .01.
    assert found.estimate == pytest.approx(estimate, abs=1.5e-4)
    assert found.std_error == pytest.approx(error, abs=6e-5)
    assert found.estimate / found.std_error == pytest.approx(t, abs=0.01)


def test_darfur_bounds() -> None:
    # The bound at one, solved for the benchmark: its share of the treatment d gives d / (1 - d) = .0092.
    odds = 0.1246 * (1 - 0.0092**2) / (1 + 0.0092) ** 2
    once = Strength(0.0092 / 1.0092, odds / (1 + odds))
    for multiple, (treatment, outcome, *_) in zip((1, 2), FEMALE, strict=True):
        found = bounded(once, multiple)
        # Two times half a unit of the fourth decimal, and half a unit of what is compared with.
        assert found.treatment == pytest.approx(treatment, abs=1.5e-4)
        assert found.outcome == pytest.approx(outcome, abs=3e-4)


@pytest.mark.parametrize(("f", "critical"), [(0.15, 0.07), (0.15, 0.0), (2.5, 0.6), (0.9, 0.4), (3.0, 0.2)])
def test_the_robustness_value_is_the_least_share_that_reaches_the_critical_value(f: float, critical: float) -> None:
    found = robustness_value(f, critical)

    def least(r: float) -> float:
        """Smallest partial f that variables explaining at most r of both can leave."""
        y = np.linspace(0, r, 20001)
        return float(np.min((f * np.sqrt(1 - r) - np.sqrt(y * r)) / np.sqrt(1 - y)))

    # The grid finds the least to a second-order error.
    assert least(found) == pytest.approx(critical, abs=1e-7)
    assert least(0.99 * found) > critical


def test_what_is_not_significant_has_no_robustness() -> None:
    assert robustness_value(0.05, 0.07) == 0.0
    assert np.isnan(robustness_value(np.nan))
    assert np.isnan(bounded(Strength(0.6, 0.1), 1).treatment)
    assert bounded(Strength(0.1, 0.9), 1).outcome == 1.0


def panel_of(frame: pd.DataFrame) -> Panel:
    return Panel(frame, ("importer",), "year")


def confounded(seed: int) -> pd.DataFrame:
    """A confounder of x and y, moderately strong."""
    frame = random_frame(seed)
    z = 0.5 * frame["x"] + np.random.default_rng(seed).normal(size=len(frame))
    return frame.assign(z=z, y=frame["y"] + 0.6 * z)


ALONE = EventWindow(leads=0, lags=0, reference=None)
CASES: list[tuple[Target, dict[str, Any]]] = [
    (Target(), {}),
    (Target(event_time=-1), {"controls": ("control",), "weights": "weight"}),
    (Target(group="low", minus="high"), {"moderator": REGIME, "controls": ("control",)}),
    (Target(), {"fixed_effects": ()}),
]


@pytest.mark.parametrize(("target", "changes"), CASES)
def test_the_bias_is_what_adding_the_confounder_removes(target: Target, changes: dict[str, Any]) -> None:
    panel = panel_of(confounded(3))
    short = confounding(panel, design(**changes), target)
    with_z = design(**{**changes, "controls": (*changes.get("controls", ()), "z")})
    long = confounding(panel, with_z, target, ["z"], multiples=[1e-12])
    strength = planted(panel, with_z, target)
    c = short.coefficient
    assert long.coefficient.dof == c.dof - 1
    assert abs(long.coefficient.estimate - c.estimate) == pytest.approx(c.bias(strength), abs=1e-10)
    adjusted = short.adjusted(strength.treatment, strength.outcome)
    assert adjusted.std_error == pytest.approx(long.coefficient.std_error, abs=1e-10)


def planted(panel: Panel, with_z: Any, target: Target) -> Strength:
    """Partial R2 of z from regressions on dummies, by hand."""
    estimate = distributed_lag(panel, with_z)
    frame, weights = panel.frame.loc[estimate.sample], target.weights(estimate.terms)
    X = np.column_stack([_term(panel, t)[estimate.sample] for t in estimate.terms])
    dummies = [pd.get_dummies(frame[name], dtype=float).to_numpy() for name in with_z.fixed_effects]
    base = np.column_stack([*dummies, np.ones(len(frame))])
    root = np.sqrt(frame[with_z.weights].to_numpy() if with_z.weights else np.ones(len(frame)))[:, None]
    place, z = int(np.argmax(np.abs(weights))), estimate.terms.index(Term("z"))
    D = X[:, [place]] / weights[place]
    rest = [j for j in range(X.shape[1]) if j not in (place, z)]
    others = np.column_stack([base, X[:, rest] - D * weights[rest]]) * root
    y, D, Z = frame["y"].to_numpy()[:, None] * root, D * root, X[:, [z]] * root

    def left(column: Any, given: Any) -> Any:
        return column - given @ np.linalg.lstsq(given, column, rcond=None)[0]

    # Weighted residuals are not centred: correlations around zero.
    def share(a: Any, given: Any) -> float:
        u, v = left(a, given).ravel(), left(Z, given).ravel()
        return float((u @ v) ** 2 / (u @ u) / (v @ v))

    return Strength(share(D, others), share(y, np.column_stack([others, D])))


def _term(panel: Panel, term: Term) -> Any:
    if term.event_time is None:
        return panel.frame[term.variable].to_numpy()
    shifted = panel.frame.groupby("importer")["x"].shift(term.event_time).to_numpy()
    return shifted * (panel.frame["regime"] == term.group if term.group else 1.0)


def test_estimate_and_error_are_those_of_the_regression() -> None:
    panel = panel_of(confounded(5))
    asked = design(moderator=REGIME, controls=("control",))
    target = Target(group="low", minus="high")
    estimate = target.of(distributed_lag(panel, asked))
    c = confounding(panel, asked, target).coefficient
    assert c.estimate == pytest.approx(float(estimate.coef[0]), abs=1e-12)
    assert (c.robust_error, c.robust_dof) == (estimate.std_errors.iloc[0], estimate.dof[0])


def test_the_test_is_at_its_level_at_the_robustness_value() -> None:
    found = confounding(panel_of(confounded(5)), design(), Target())
    c = found.coefficient
    share = c.robust_robustness_at(0.05)
    assert 0 < share < c.robustness
    changed = found.adjusted(share, share)
    assert changed.estimate / changed.robust_error == pytest.approx(stats.t.isf(0.025, c.robust_dof), abs=1e-9)
    share = c.robustness_at(0.05)
    changed = found.adjusted(share, share)
    assert changed.estimate / changed.std_error == pytest.approx(stats.t.isf(0.025, c.dof - 1), abs=1e-9)


def test_a_unit_of_outcome_or_event_changes_no_share() -> None:
    frame = confounded(7)
    one, other = (
        confounding(panel_of(f), design(controls=("control",)), Target(), ["control"])
        for f in (frame, frame.assign(y=1000 * frame["y"], x=0.01 * frame["x"], control=-7 * frame["control"]))
    )
    assert other.coefficient.robustness == pytest.approx(one.coefficient.robustness, rel=1e-10)
    assert other.delta() == pytest.approx(one.delta(), rel=1e-9)
    shares = ["r2_treatment", "r2_outcome", "statistic", "robust_statistic"]
    np.testing.assert_allclose(other.bounds[shares], one.bounds[shares], rtol=1e-9)


def test_a_copy_of_a_benchmark_is_within_its_bound() -> None:
    """A confounder that is to D and y what the benchmark is, and orthogonal to it, has the strength of the bound."""
    rng = np.random.default_rng(2)
    columns = np.linalg.qr(np.column_stack([np.ones(400), rng.normal(size=(400, 4))]))[0][:, 1:].T
    first, second, d_own, noise = columns
    frame = pd.DataFrame({"importer": np.repeat(np.arange(40), 10), "year": np.tile(np.arange(10), 40)})
    d = 0.5 * first + 0.5 * second + d_own
    frame = frame.assign(x=d, first=first, z=second, y=d + first + second + noise)
    asked = design(window=ALONE, fixed_effects=(), controls=("first",))
    found = confounding(panel_of(frame), asked, Target(), ["first"], multiples=[1.0])
    truth = planted(panel_of(frame), design(window=ALONE, fixed_effects=(), controls=("first", "z")), Target())
    row = found.bounds.iloc[0]
    # Benchmarks are judged without z: the treatment's share is an equality, the outcome's a bound.
    assert row["r2_treatment"] == pytest.approx(truth.treatment, abs=1e-12)
    assert row["r2_outcome"] >= truth.outcome - 1e-12


@pytest.mark.parametrize("selection", [0.5, 1.0, 2.5])
def test_delta_is_the_selection_that_was_planted(selection: float) -> None:
    """True effect zero; w observed, z not, orthogonal, with z's selection so many times that of w."""
    rng = np.random.default_rng(4)
    w, z, own, noise = np.linalg.qr(np.column_stack([np.ones(400), rng.normal(size=(400, 4))]))[0][:, 1:].T
    frame = pd.DataFrame({"importer": np.repeat(np.arange(40), 10), "year": np.tile(np.arange(10), 40)})
    # Indices: 2 w and 1.5 z; cov(index, d) / var(index) is 0.3 / 2 for w, and selection times that for z.
    d = 0.3 * w + 1.5 * selection * 0.15 * z + own
    frame = frame.assign(x=d, w=w, y=2 * w + 1.5 * z + noise)
    found = confounding(panel_of(frame), design(window=ALONE, fixed_effects=(), controls=("w",)), Target())
    r_max = (4 + 1.5**2) / (4 + 1.5**2 + 1)
    assert found.delta(r_max) == pytest.approx(selection, rel=1e-9)
    assert found.table().set_index("measure")["value"]["delta at R2 of 1"] == found.delta(1.0)


@pytest.mark.parametrize("name", ["x, same period", "gdp", ""])
def test_a_benchmark_that_is_no_other_term_is_refused(name: str) -> None:
    with pytest.raises(DesignError, match="benchmark"):
        confounding(panel_of(random_frame()), design(controls=("control",)), Target(), [name])


def test_what_cannot_be_asked_is_refused_and_what_is_not_there_is_missing() -> None:
    panel = panel_of(random_frame())
    found = confounding(panel, design(), Target())
    assert np.isnan(found.delta()) and found.bounds.empty and found.selection is None
    for shares in ((1.0, 0.1), (-0.1, 0.1), (0.1, 1.1)):
        with pytest.raises(DesignError, match="share"):
            found.adjusted(*shares)
    with pytest.raises(DesignError, match="multiple"):
        confounding(panel, design(), Target(), multiples=[0.0])
    with pytest.raises(DesignError, match="R2"):
        confounding(panel, design(controls=("control",)), Target()).delta(1e-6)


def test_without_clusters_the_robust_test_is_nearly_the_classical_one() -> None:
    """Errors here are equally noisy: HC1 and the classical standard error differ by sampling only."""
    c = confounding(panel_of(random_frame(2, units=80)), design(covariance=Robust("HC1")), Target()).coefficient
    assert c.robust_dof == c.dof
    # A standard error from n rows has a relative error of about 1 / sqrt(2 n): 2 % here, with four of them to spare.
    assert c.robust_error == pytest.approx(c.std_error, rel=0.08)
    assert c.robust_robustness_at(0.05) == pytest.approx(c.robustness_at(0.05), rel=0.05)
