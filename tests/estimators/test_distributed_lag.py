"""Distributed lag against linearmodels, statsmodels and its own special cases."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from linearmodels.panel import PanelOLS

from eventpanel.datasets.errors import (
    ConstantOutcomeError,
    DesignError,
    FewClustersError,
    IdentificationError,
    NoEventError,
    WindowError,
)
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Sample
from eventpanel.estimators.distributed_lag import EstimationWarning, distributed_lag, fitted
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.inference import difference
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.precision import ConditioningWarning
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame, random_panel

TIMES = (-2, -1, 0, 1, 2)


def by_hand(frame: pd.DataFrame) -> pd.DataFrame:
    """Leads and lags by a merge on importer and year, complete rows only; written without eventpanel."""
    out = frame.copy()
    for k in TIMES:
        moved = frame[["importer", "year", "x"]].assign(year=frame["year"] + k).rename(columns={"x": f"x{k}"})
        out = out.merge(moved, on=["importer", "year"], how="left")
    out = out.dropna().reset_index(drop=True)
    while True:
        alone = (out.groupby("importer")["y"].transform("size") == 1) | (
            out.groupby("year")["y"].transform("size") == 1
        )
        if not alone.any():
            return out
        out = out[~alone].reset_index(drop=True)


def lsdv(frame: pd.DataFrame, names: list[str], weights: Any = None) -> Any:
    """Dummy-variable regression by statsmodels, clustered by importer."""
    dummies = pd.get_dummies(frame[["importer", "year"]].astype(str), drop_first=True, dtype=float)
    X = sm.add_constant(pd.concat([frame[names], dummies], axis=1))
    model = sm.OLS(frame["y"], X) if weights is None else sm.WLS(frame["y"], X, weights=weights)
    groups = pd.factorize(frame["importer"])[0]
    return model.fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": True}, use_t=True)


@pytest.fixture(params=[0.0, 0.12], ids=["balanced", "with gaps"])
def frame(request: pytest.FixtureRequest) -> Iterator[pd.DataFrame]:
    yield random_frame(3, missing=request.param)


NAMES = [f"x{k}" for k in TIMES]


@pytest.mark.parametrize("weighted", [False, True])
def test_equals_statsmodels_with_dummies(frame: pd.DataFrame, weighted: bool) -> None:
    data = by_hand(frame)
    asked = design(
        covariance=Clustered("importer", "statsmodels"),
        controls=("control",),
        weights="weight" if weighted else None,
    )
    got = distributed_lag(Panel(frame, ("importer",), "year"), asked)
    want = lsdv(data, [*NAMES, "control"], data["weight"] if weighted else None)
    np.testing.assert_allclose(got.params, want.params[[*NAMES, "control"]], rtol=1e-10)
    np.testing.assert_allclose(got.std_errors, want.bse[[*NAMES, "control"]], rtol=1e-10)
    np.testing.assert_allclose(got.pvalues, want.pvalues[[*NAMES, "control"]], rtol=1e-8)
    names = [*NAMES, "control"]
    block = want.cov_params().loc[names, names]
    np.testing.assert_allclose(got.cov, block.to_numpy(), rtol=1e-9, atol=1e-14)
    assert got.nobs == len(data)


def test_equals_linearmodels(frame: pd.DataFrame) -> None:
    data = by_hand(frame).set_index(["importer", "year"])
    model = PanelOLS(data["y"], data[NAMES], entity_effects=True, time_effects=True)
    want = model.fit(cov_type="clustered", cluster_entity=True, debiased=False, auto_df=False, count_effects=False)
    got = distributed_lag(Panel(frame, ("importer",), "year"), design(covariance=Clustered("importer", "none")))
    np.testing.assert_allclose(got.params, want.params, rtol=1e-10)
    np.testing.assert_allclose(got.std_errors, want.std_errors, rtol=1e-10)
    # linearmodels takes this R2 after both effects too.
    within = float(dict(got.facts)["R2 within"])
    assert within == pytest.approx(float(want.rsquared), abs=5e-7)


def test_small_sample_rules_differ_by_their_formulas(frame: pd.DataFrame) -> None:
    panel = Panel(frame, ("importer",), "year")
    rules = ("none", "ppmlhdfe", "reghdfe", "statsmodels")
    e = {rule: distributed_lag(panel, design(covariance=Clustered("importer", rule))) for rule in rules}  # type: ignore[arg-type]
    n, G, T = e["none"].nobs, e["none"].n_clusters, by_hand(frame)["year"].nunique()
    ratio = {rule: (e[rule].std_errors / e["none"].std_errors).iloc[0] ** 2 for rule in rules}
    assert ratio["ppmlhdfe"] == pytest.approx(G / (G - 1), rel=1e-12)
    # importer effects are nested in the clusters: K counts terms, years and one constant.
    assert ratio["reghdfe"] == pytest.approx(G / (G - 1) * (n - 1) / (n - (5 + T - 1 + 1)), rel=1e-12)
    assert ratio["statsmodels"] == pytest.approx(G / (G - 1) * (n - 1) / (n - (5 + G + T - 1)), rel=1e-12)


def test_paths_by_group_equal_separate_regressions(frame: pd.DataFrame) -> None:
    panel = Panel(frame, ("importer",), "year")
    rule = Clustered("importer", "none")
    joint = distributed_lag(panel, design(moderator=REGIME, fixed_effects=("importer", "regime^year"), covariance=rule))
    for group in ("low", "high"):
        alone = distributed_lag(panel, design(sample=Sample(where=(("regime", (group,)),)), covariance=rule))
        mine = joint.select([t for t in joint.path if t.group == group])
        np.testing.assert_allclose(mine.coef, alone.coef, rtol=1e-10)
        np.testing.assert_allclose(mine.vcov, alone.vcov, rtol=1e-9, atol=1e-15)
        np.testing.assert_array_equal(mine.dof, alone.dof)
        np.testing.assert_allclose(mine.pvalues, alone.pvalues, rtol=1e-8)


def test_difference_equals_the_interaction_of_statsmodels(frame: pd.DataFrame) -> None:
    data = by_hand(frame)
    low = (data["regime"] == "low").astype(float)
    for name in NAMES:
        data[f"{name}low"] = data[name] * low
    interactions = [f"{name}low" for name in NAMES]
    want = lsdv(data, [*NAMES, *interactions])
    joint = distributed_lag(
        Panel(frame, ("importer",), "year"),
        design(moderator=REGIME, covariance=Clustered("importer", "statsmodels")),
    )
    got = difference(joint, "low", "high")
    np.testing.assert_allclose(got.params, want.params[interactions], rtol=1e-9)
    np.testing.assert_allclose(got.std_errors, want.bse[interactions], rtol=1e-9)


def test_moderator_that_varies_enters_itself() -> None:
    frame = random_frame(4)
    frame["score"] = np.random.default_rng(1).normal(size=len(frame))
    lagged = Moderator(name="m", column="score", timing="lagged", by="importer", below=0, groups=("low", "high"))
    got = distributed_lag(Panel(frame, ("importer",), "year"), design(moderator=lagged))
    assert "m = high" in got.names
    absorbed = distributed_lag(
        Panel(frame, ("importer",), "year"), design(moderator=lagged, fixed_effects=("importer", "m^year"))
    )
    assert "m = high" not in absorbed.names


def pairs(seed: int = 5) -> Panel:
    rng = np.random.default_rng(seed)
    base = random_frame(seed, units=25)
    both = pd.concat([base.assign(exporter=e) for e in ("CHN", "USA")], ignore_index=True)
    both["y"] = both["x"] * (both["exporter"] == "CHN") + rng.normal(size=len(both))
    return Panel(both, ("exporter", "importer"), "year")


def test_suppliers_in_one_regression_equal_each_alone() -> None:
    panel, rule = pairs(), Clustered("importer", "none")
    event = Event(column="x", kind="dose", by="importer")
    supplier = Moderator(name="supplier", column="exporter", timing="fixed", groups=("CHN", "USA"))
    joint = distributed_lag(
        panel,
        design(
            event=event,
            moderator=supplier,
            fixed_effects=("exporter^importer", "exporter^year"),
            covariance=rule,
        ),
    )
    for exporter in ("CHN", "USA"):
        alone = distributed_lag(
            panel, design(event=event, sample=Sample(where=(("exporter", (exporter,)),)), covariance=rule)
        )
        mine = joint.select([t for t in joint.path if t.group == exporter])
        np.testing.assert_allclose(mine.coef, alone.coef, rtol=1e-10)
        np.testing.assert_allclose(mine.vcov, alone.vcov, rtol=1e-9, atol=1e-15)
    # The two suppliers share importers, so their estimates covary; treating them as independent would be wrong.
    assert abs(joint.vcov[2, 7]) > 0


def test_three_fixed_effects_equal_dummies() -> None:
    panel = pairs()
    effects = ("importer", "exporter", "year")
    asked = design(
        event=Event(column="x", kind="dose", by="importer"),
        fixed_effects=effects,
        covariance=Clustered("importer", "statsmodels"),
    )
    got = distributed_lag(panel, asked)
    data = panel.frame[got.sample].reset_index(drop=True)
    full = panel.frame
    for k in TIMES:
        moved = full[["exporter", "importer", "year", "x"]].assign(year=full["year"] + k)
        data = data.merge(moved.rename(columns={"x": f"x{k}"}), on=["exporter", "importer", "year"], how="left")
    dummies = pd.get_dummies(data[list(effects)].astype(str), drop_first=True, dtype=float)
    X = sm.add_constant(pd.concat([data[NAMES], dummies], axis=1))
    groups = pd.factorize(data["importer"])[0]
    want = sm.OLS(data["y"], X).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    np.testing.assert_allclose(got.params, want.params[NAMES], rtol=1e-10)
    np.testing.assert_allclose(got.std_errors, want.bse[NAMES], rtol=1e-10)


def test_reference_is_a_restriction() -> None:
    panel = random_panel(6)
    got = distributed_lag_quietly(panel, window=EventWindow(leads=2, lags=2, reference=-1))
    data = by_hand(panel.frame)
    want = lsdv(data, [name for name in NAMES if name != "x-1"])
    np.testing.assert_allclose(got.params, want.params[["x-2", "x0", "x1", "x2"]], rtol=1e-10)
    assert [t.event_time for t in got.reference] == [-1]
    assert any("restriction" in note for note in got.notes)
    row = got.tidy().set_index("event_time").loc[-1]
    assert (row["role"], row["estimate"]) == ("reference", 0.0)
    assert np.isnan(row["std_error"])


def distributed_lag_quietly(panel: Panel, **changes: object) -> Estimate:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        return distributed_lag(panel, design(**changes))


def test_binned_ends_of_a_recurring_count() -> None:
    panel = random_panel(7)
    got = distributed_lag(panel, design(window=EventWindow(leads=1, lags=1, reference=-1, ends="bin")))
    data = panel.frame.copy()
    total = data.groupby("importer")["x"].cumsum()
    at = {(i, y): c for i, y, c in zip(data["importer"], data["year"], total, strict=True)}
    x = {(i, y): v for i, y, v in zip(data["importer"], data["year"], data["x"], strict=True)}
    keys = list(zip(data["importer"], data["year"], strict=True))
    for k in (-1, 0, 1):
        data[f"x{k}"] = [x.get((i, y - k), np.nan) for i, y in keys]
    data["behind"] = [at.get((i, y - 2), np.nan) for i, y in keys]
    data["ahead"] = [at[i, 2015] - at.get((i, y + 1), np.nan) for i, y in keys]
    names = ["ahead", "x0", "x1", "behind"]
    want = lsdv(data.dropna(), names)
    np.testing.assert_allclose(got.params, want.params[names], rtol=1e-9)
    assert [t.binned for t in got.terms] == [True, False, False, True]
    assert not got.notes
    # With the reference the terms add up to a constant for every unit: leaving it out is a normalisation.
    whole = data.dropna()[["ahead", "x-1", "x0", "x1", "behind"]].sum(axis=1)
    assert (whole.groupby(data["importer"]).nunique() == 1).all()


def test_few_clusters_and_few_treated_are_said() -> None:
    with pytest.warns(EstimationWarning, match="only 12 clusters"):
        few = distributed_lag(random_panel(1, units=12), design())
    assert any("only 12 clusters" in note for note in few.notes)
    frame = random_frame(1)
    frame["x"] = frame["x"].where(frame["importer"] < "U004", 0.0)
    with pytest.warns(EstimationWarning, match="only 4 clusters"):
        treated = distributed_lag(Panel(frame, ("importer",), "year"), design())
    assert treated.n_treated == 4
    with pytest.warns(EstimationWarning, match="low: 5 clusters"):
        small = Moderator(name="r", column="importer_low", timing="fixed")
        frame = random_frame(1)
        frame["importer_low"] = np.where(frame["importer"] < "U005", "low", "high")
        distributed_lag(Panel(frame, ("importer",), "year"), design(moderator=small))


def test_two_importers_are_refused() -> None:
    panel = random_panel(1)
    with pytest.raises(FewClustersError, match=r"2 clusters;"):
        distributed_lag(panel, design(sample=Sample(where=(("importer", ("U000", "U001")),))))
    frame = random_frame(1)
    frame["tiny"] = np.where(frame["importer"] < "U002", "two", "rest")
    two = Moderator(name="tiny", column="tiny", timing="fixed")
    with pytest.raises(FewClustersError, match="'two'"):
        distributed_lag(Panel(frame, ("importer",), "year"), design(moderator=two))


def test_constant_outcome_is_refused() -> None:
    frame = random_frame(1).assign(y=1.0)
    with pytest.raises(ConstantOutcomeError, match="same in every row"):
        distributed_lag(Panel(frame, ("importer",), "year"), design())
    frame["y"] = frame["year"] * 2.0
    with pytest.raises(ConstantOutcomeError, match="explain the outcome"):
        distributed_lag(Panel(frame, ("importer",), "year"), design())


def test_an_event_that_never_happens_is_refused() -> None:
    never = Event(column="x", kind="threshold", threshold=Threshold(rule="absolute", value=1e9))
    with pytest.raises(NoEventError):
        distributed_lag(random_panel(1), design(event=never))


def test_an_event_that_is_the_same_for_all_is_not_identified() -> None:
    frame = random_frame(1)
    frame["x"] = (frame["year"] % 3 == 0).astype(float)
    with pytest.raises(IdentificationError, match="No term of the path"):
        distributed_lag(Panel(frame, ("importer",), "year"), design())


def test_a_window_longer_than_the_record_is_refused() -> None:
    with pytest.raises(WindowError, match="need 21 periods; the record has 16"):
        distributed_lag(random_panel(1), design(window=EventWindow(leads=10, lags=10, reference=None)))


def test_a_collinear_control_is_named() -> None:
    frame = random_frame(1)
    frame["twice"] = 2 * frame["control"]
    frame["trend"] = frame["year"] * 3.0
    got = distributed_lag(Panel(frame, ("importer",), "year"), design(controls=("control", "twice", "trend")))
    assert {str(term): reason for term, reason in got.dropped} == {
        "twice": "collinear with terms before it",
        "trend": "explained by the fixed effects",
    }
    assert got.tidy().set_index("term").loc["twice", "role"] == "dropped"


def test_nothing_left_says_which_cause_took_the_rows() -> None:
    with pytest.raises(DesignError, match="before the sample period: 704 rows"):
        distributed_lag(random_panel(1), design(sample=Sample(first=2100)))


@pytest.mark.parametrize("kind", ["CRV1", "CRV2", "CRV3"])
def test_controls_that_are_nearly_one_cost_standard_errors_no_digits(kind: Any) -> None:
    frame, gap = random_frame(), 1e-5
    frame["noise"] = np.random.default_rng(3).normal(size=len(frame))
    frame["twin"] = frame["control"] + gap * frame["noise"]
    panel = Panel(frame, ("importer",), "year")
    asked = design(controls=("control", "twin"), covariance=Clustered("importer", "none", kind))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConditioningWarning)
        got = distributed_lag(panel, asked)
    # The same regression with the part that tells the twins apart: one coefficient is the other over the gap.
    apart = distributed_lag(panel, replace(asked, controls=("control", "noise")))
    np.testing.assert_allclose(got.std_errors[:-2], apart.std_errors[:-2], rtol=1e-8)
    np.testing.assert_allclose(got.std_errors["twin"] * gap, apart.std_errors["noise"], rtol=1e-8)
    np.testing.assert_allclose(got.dof[-1], apart.dof[-1], rtol=1e-8)


def test_cross_products_that_hold_few_digits_say_so() -> None:
    frame = random_frame()
    frame["twin"] = frame["control"] + 1e-5 * np.random.default_rng(3).normal(size=len(frame))
    asked = design(controls=("control", "twin"), covariance=Clustered("importer", "none"))
    with pytest.warns(ConditioningWarning, match="cross-products"):
        fitted(Panel(frame, ("importer",), "year"), asked).moments()


@pytest.mark.parametrize("gap", [1e-6, 1e-7, 1e-8, 3e-9])
def test_terms_close_to_collinear_are_an_error_or_a_warning_by_name(gap: float) -> None:
    frame = random_frame()
    frame["twin"] = frame["control"] + gap * np.random.default_rng(3).normal(size=len(frame))
    asked = design(controls=("control", "twin"), covariance=Clustered("importer", "none", "CRV3"))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConditioningWarning)
        with pytest.raises((IdentificationError, ConditioningWarning), match=r"collinear|digits"):
            distributed_lag(Panel(frame, ("importer",), "year"), asked)
