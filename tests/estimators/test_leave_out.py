"""Leaving out: what the estimator itself gives on the sample without these rows."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.cautions import EstimationWarning
from eventpanel.estimators.covariance import Clustered, Robust
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.leave_out import leave_out
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.target import Target
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame, random_panel

NUMBERS = ["estimate", "std_error", "dof", "p_value", "conf_low", "conf_high"]
GAP = Target(group="low", minus="high")
# Both sides solve the same equations, by eigenvectors of products and by triangular factors of rows.
CLOSE = 1e-9

pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.cautions.EstimationWarning")


@cache
def dyads(missing: float = 0.0) -> Panel:
    """Four exporters that face 24 importers in six regions, for ten years; the event is the importer's."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        [(e, i, 2000 + t) for e in range(4) for i in range(24) for t in range(10)],
        columns=["exporter", "importer", "year"],
    )
    unrest = rng.poisson(0.7, (24, 10)).astype(float)
    frame["x"] = unrest[frame["importer"], frame["year"] - 2000]
    frame["region"] = "R" + (frame["importer"] % 6).astype(str)
    frame["regime"] = np.where(frame["importer"] % 4 < 2, "low", "high")
    frame["weight"] = rng.uniform(0.5, 2.0, len(frame))
    frame["control"] = rng.normal(size=len(frame))
    frame["y"] = 0.2 * frame["x"] * (1 + frame["exporter"]) + rng.normal(size=len(frame)) + 0.1 * frame["importer"]
    frame = frame.astype({"exporter": str, "importer": str})
    return Panel(frame[rng.random(len(frame)) >= missing], ("exporter", "importer"), "year")


def asked(**changes: Any) -> Design:
    base = design(
        event=Event(column="x", kind="dose", by="importer", scale="sd"),
        window=EventWindow(leads=1, lags=1, reference=None),
        fixed_effects=("exporter^importer", "exporter^year"),
    )
    return replace(base, **changes)


def on_the_rest(panel: Panel, design: Design, target: Target, column: str, value: object) -> list[float]:
    """Estimate on the sample of all other values."""
    held = panel.frame[column]
    others = tuple(held[held != value].unique().tolist())
    one = target.of(distributed_lag(panel, replace(design, sample=Sample(where=((column, others),)))))
    row = one.tidy().iloc[0]
    return [row["estimate"], row["std_error"], float(one.dof[0]), row["p_value"], row["conf_low"], row["conf_high"]]


@pytest.mark.parametrize("by", ["importer", "region", "exporter", "year"])
@pytest.mark.parametrize(
    ("missing", "target", "changes"),
    [
        (0.0, Target(), {}),
        (0.0, GAP, {"moderator": REGIME, "fixed_effects": ("exporter^importer", "exporter^year^regime")}),
        (0.15, GAP, {"moderator": REGIME, "weights": "weight", "controls": ("control",)}),
        (0.0, Target(event_time=-1), {"covariance": Clustered("importer", "fixest"), "controls": ("control",)}),
        (0.15, Target(event_time=1), {"covariance": Clustered("importer", "statsmodels")}),
    ],
    ids=["plain", "moderator", "weights", "fixest", "statsmodels"],
)
def test_it_is_the_estimate_without(by: str, missing: float, target: Target, changes: dict[str, Any]) -> None:
    panel, ask = dyads(missing), asked(**changes)
    table = leave_out(panel, ask, target, by).set_index("left_out")
    named = panel.frame[by].astype(str)
    assert set(table.index) <= set(named)
    for label in table.index[:2].tolist() + table.index[-1:].tolist():
        value = panel.frame[by][named == label].iloc[0]
        expected = on_the_rest(panel, ask, target, by, value)
        np.testing.assert_allclose(table.loc[label, NUMBERS].astype(float), expected, rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize("by", ["importer", "region", "cluster"])
def test_whole_clusters_are_never_estimated_again(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventpanel.estimators.leave_out.marked", None)
    table = leave_out(dyads(0.15), asked(weights="weight"), Target(), by)
    assert table["std_error"].notna().all()
    with pytest.raises(TypeError):
        leave_out(dyads(), asked(), Target(), "year")


@pytest.mark.filterwarnings("ignore::eventpanel.estimators.precision.ConditioningWarning")
def test_near_copies_keep_their_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A control that copies another but for 1e-5: products of the columns as they are could not tell the two apart."""
    monkeypatch.setattr("eventpanel.estimators.leave_out.marked", None)
    rng = np.random.default_rng(2)
    frame = dyads().frame
    copy = frame["control"] + 1e-5 * rng.normal(size=len(frame))
    panel, ask = dyads().with_frame(frame.assign(copy=copy)), asked(controls=("control", "copy"))
    table = leave_out(panel, ask, Target(), "importer").set_index("left_out")
    expected = on_the_rest(panel, ask, Target(), "importer", "7")
    np.testing.assert_allclose(table.loc["7", NUMBERS].astype(float), expected, rtol=1e-8)


def test_ranks_changes_and_rows() -> None:
    panel, ask = dyads(), asked()
    whole = distributed_lag(panel, ask)
    table = leave_out(panel, ask, Target(), "region")
    place = whole.names.index("x, same period")
    change = (table["estimate"] - whole.coef[place]) / whole.std_errors.iloc[place]
    np.testing.assert_allclose(table["change"], change, rtol=1e-12)
    assert table["rank"].tolist() == list(range(1, 7))
    assert table["change"].abs().is_monotonic_decreasing
    assert table["rows"].sum() == whole.nobs


def test_single_rows_that_this_leaves_are_left_out_too() -> None:
    """A pair seen in two years only is alone without one of them; so are years of one cluster."""
    frame = random_frame(3, units=20, periods=9)
    frame = frame[(frame["importer"] != "U003") | frame["year"].between(2003, 2008)]
    frame["block"] = frame["importer"].where(frame["importer"] <= "U004", "rest") + "^" + frame["year"].astype(str)
    frame.loc[frame["importer"] > "U004", "block"] = frame["importer"]
    frame.loc[frame["importer"].isin(["U000", "U001"]), "block"] = "T" + frame["year"].astype(str)
    panel = Panel(frame, ("importer",), "year")
    ask = design(fixed_effects=("block", "year"), window=EventWindow(leads=0, lags=0, reference=None))
    table = leave_out(panel, ask, Target(), "importer").set_index("left_out")
    for value in ("U000", "U007"):
        expected = on_the_rest(panel, ask, Target(), "importer", value)
        np.testing.assert_allclose(table.loc[value, NUMBERS].astype(float), expected, rtol=CLOSE)


def test_an_event_is_the_rows_of_its_unit_within_the_window() -> None:
    panel = random_panel(7, units=12, periods=12)
    event = Event(column="x", kind="onset", threshold=Threshold(rule="absolute", value=1.0), quiet=2)
    ask = design(event=event, window=EventWindow(leads=1, lags=2, reference=-1))
    table = leave_out(panel, ask, Target(), "event").set_index("left_out")
    frame, seen = panel.frame, []
    for unit, rows in frame.groupby("importer"):
        # A spell begins above the threshold and ends before two quiet years.
        years = rows.loc[rows["x"] > 1, "year"].tolist()
        starts = [year for year in years if not {year - 1, year - 2} & set(years)]
        for start, following in zip(starts, [*starts[1:], 9999], strict=True):
            last = max(year for year in years if start <= year < following)
            label = f"{unit} {start}" if last == start else f"{unit} {start}-{last}"
            seen.append((label, (frame["importer"] == unit) & frame["year"].between(start - 1, last + 2)))
    assert {label for label, _ in seen} >= set(table.index)
    assert len(table) > 12
    for label, gone in [pair for pair in seen if pair[0] in table.index][::6]:
        marked = panel.with_frame(frame.assign(gone=gone))
        expected = on_the_rest(marked, ask, Target(), "gone", value=True)
        np.testing.assert_allclose(table.loc[label, NUMBERS].astype(float), expected, rtol=CLOSE)


def test_interactions_and_rows_without_a_value() -> None:
    frame = dyads().frame.copy()
    frame["half"] = np.where(frame["year"] < 2005, "early", "late")
    frame.loc[frame["region"] == "R5", "half"] = None
    panel = dyads().with_frame(frame)
    table = leave_out(panel, asked(), Target(), "region^half")
    assert sorted(table["left_out"]) == sorted(f"R{r} ^ {half}" for r in range(5) for half in ("early", "late"))
    gone = (frame["region"] == "R2") & (frame["half"] == "late")
    marked = panel.with_frame(frame.assign(gone=gone))
    expected = on_the_rest(marked, asked(), Target(), "gone", value=True)
    got = table.set_index("left_out").loc["R2 ^ late", NUMBERS].astype(float)
    np.testing.assert_allclose(got, expected, rtol=CLOSE)


def test_what_cannot_be_estimated_says_why() -> None:
    frame = random_frame(4, units=10)
    frame["half"] = frame["regime"]
    panel = Panel(frame, ("importer",), "year")
    ask = design(moderator=REGIME, window=EventWindow(leads=0, lags=0, reference=None))
    table = leave_out(panel, ask, GAP, "half")
    assert table[NUMBERS].isna().all(axis=None)
    assert table["rank"].isna().all()
    assert table["note"].str.contains("does not hold the number").all()
    # Without the low half the path of the high half is still there.
    table = leave_out(panel, ask, Target(group="high"), "half").set_index("left_out")
    alone = on_the_rest(panel, ask, Target(group="high"), "half", "low")
    np.testing.assert_allclose(table.loc["low", NUMBERS].astype(float), alone, rtol=CLOSE)
    few = leave_out(
        panel,
        replace(ask, sample=Sample(where=(("importer", ("U000", "U001", "U002", "U006", "U007", "U008")),))),
        GAP,
        "importer",
    )
    assert few["note"].str.contains("2 clusters").all()


def test_other_estimators_and_covariances_are_estimated_again() -> None:
    frame = dyads().frame.assign(count=lambda f: np.floor(np.exp(0.3 * f["y"])))
    panel, ask = dyads().with_frame(frame), asked(outcome="count", fixed_effects=("importer", "year"))
    table = leave_out(panel, ask, Target(), "region", ppml).set_index("left_out")
    others = tuple(f"R{r}" for r in range(6) if r != 3)
    expected = Target().of(ppml(panel, replace(ask, sample=Sample(where=(("region", others),)))))
    np.testing.assert_allclose(
        table.loc["R3", ["estimate", "std_error"]].astype(float),
        [expected.coef[0], expected.std_errors.iloc[0]],
        rtol=1e-9,
    )
    for covariance in (
        Clustered("importer", "none", kind="CRV2"),
        Clustered(("importer", "year"), "reghdfe"),
        Robust("HC1"),
    ):
        ask = asked(covariance=covariance)
        table = leave_out(panel, ask, Target(), "region").set_index("left_out")
        expected_row = on_the_rest(panel, ask, Target(), "region", "R1")
        np.testing.assert_allclose(table.loc["R1", NUMBERS].astype(float), expected_row, rtol=1e-8)


def test_steps_are_told_and_warnings_come_once() -> None:
    told: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", EstimationWarning)
        leave_out(random_panel(1, units=9), design(), Target(), "year", step=told.append)
    assert told == [f"without {year}" for year in range(2002, 2014)]
    assert len({str(one.message) for one in caught}) == len(caught)


def test_a_path_without_the_target_is_refused() -> None:
    with pytest.raises(DesignError, match="does not hold"):
        leave_out(random_panel(1), design(), Target(event_time=7), "year")


def test_a_column_without_values_is_refused() -> None:
    panel = random_panel(1)
    panel = panel.with_frame(panel.frame.assign(region=pd.Series(None, index=panel.frame.index, dtype=object)))
    with pytest.raises(DesignError, match="nothing to leave out"):
        leave_out(panel, design(), Target(), "region")
