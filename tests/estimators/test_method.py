"""Effects become an Estimate and a card: groups, clusters, ledger, refusals; on a method one can do by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import (
    ConstantOutcomeError,
    DesignError,
    IdentificationError,
    RecurringEventError,
    WindowError,
)
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.adoption import NEVER, adoption
from eventpanel.estimators.card import card
from eventpanel.estimators.covariance import Clustered, Robust
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.method import Effects, base_period, estimated, two_way, without
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.trajectories import Trajectories, trajectories
from eventpanel.estimators.uses import Uses, compared
from eventpanel.estimators.window import EventWindow


@dataclass(frozen=True)
class Means:
    """Mean change from the period before 2003 in units with an event in 2003, less that of units without any."""

    name = "means"
    estimand = "the mean effect of the events of 2003."
    assumptions = ("units without an event would show the same trend.",)

    def check(self, panel: Panel, design: Design) -> None:
        base_period(self, design)
        two_way(self, panel, design)
        without(self, design, "controls", "weights", "offset")

    def uses(self, t: Trajectories, design: Design) -> Uses:
        at = 2003 - t.first
        one = t.events[:, at]
        never = np.asarray(t.inside.any(axis=1) & ~t.events.any(axis=1))
        used = np.zeros(t.shape, dtype=bool)
        used[:, at] = one
        times = [at - 1] + [at + k for k in design.window.event_times]
        rows = np.zeros(t.shape, dtype=bool)
        rows[:, times] = t.inside[:, times] & (one | never)[:, None]
        reason = np.where(t.events & ~used, 0, -1)
        return Uses(used, compared(t.events, rows & never[:, None], design.window.lags), rows, reason, ("not in 2003",))

    def effects(self, t: Trajectories, design: Design) -> Effects:
        uses, at = self.uses(t, design), 2003 - t.first
        treated, never = uses.used[:, at], t.inside.any(axis=1) & ~t.events.any(axis=1)
        if not treated.any():
            return Effects((), np.empty(0), np.empty((t.shape[0], 0)), uses, dropped=((0, "no event in 2003"),))
        coef, influence = [], []
        for k in design.window.event_times:
            change = t.outcome[:, at + k] - t.outcome[:, at - 1]
            part = np.zeros(t.shape[0])
            part[treated] = (change[treated] - change[treated].mean()) / treated.sum()
            part[never] = -(change[never] - change[never].mean()) / never.sum()
            coef.append(change[treated].mean() - change[never].mean())
            influence.append(part)
        return Effects(design.window.event_times, np.array(coef), np.array(influence).T, uses)


def frame(units: int = 48) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = pd.DataFrame([(f"U{u:02d}", 2000 + t) for u in range(units) for t in range(7)], columns=["unit", "year"])
    number = rows["unit"].str[1:].astype(int)
    rows["x"] = ((number % 2 == 0) & (rows["year"] == 2003)).astype(float)
    rows["region"] = "R" + (number // 2).astype(str)
    rows["regime"] = np.where(number < units // 2, "low", "high")
    rows["y"] = rng.normal(size=len(rows)) + number
    return rows


DESIGN = Design(
    outcome="y",
    event=Event(column="x", kind="threshold", threshold=Threshold(rule="absolute")),
    window=EventWindow(leads=2, lags=2, reference=-1),
    fixed_effects=("unit", "year"),
    covariance=Clustered("unit", "none"),
)
REGIME = Moderator(name="regime", column="regime", timing="fixed")


def panel(rows: pd.DataFrame | None = None) -> Panel:
    return Panel(frame() if rows is None else rows, ("unit",), "year")


def by_hand(rows: pd.DataFrame, event_time: int, group: str) -> tuple[float, float]:
    """Difference of mean changes in numpy's words, and its variance by cluster."""
    wide = rows.pivot_table(index=group, columns="year", values="y", aggfunc="first")
    sizes = rows.pivot_table(index="unit", columns="year", values="y")
    change = sizes[2003 + event_time] - sizes[2002]
    treated = rows.groupby("unit")["x"].max() > 0
    a, b = change[treated], change[~treated]
    parts = pd.concat([(a - a.mean()) / len(a), -(b - b.mean()) / len(b)])
    cluster = rows.groupby("unit")[group].first()
    assert len(wide) > 0
    return float(a.mean() - b.mean()), float((parts.groupby(cluster).sum() ** 2).sum())


@pytest.mark.parametrize("cluster", ["unit", "region"])
def test_coefficients_and_clustered_variance(cluster: str) -> None:
    estimate = estimated(Means(), panel(), replace(DESIGN, covariance=Clustered(cluster, "ppmlhdfe")))
    assert [term.event_time for term in estimate.terms] == [-2, 0, 1, 2]
    clusters = 48 if cluster == "unit" else 24
    assert estimate.n_clusters == clusters
    assert (estimate.dof == clusters - 1).all()
    for i, k in enumerate([-2, 0, 1, 2]):
        coef, variance = by_hand(frame(), k, cluster)
        assert estimate.coef[i] == pytest.approx(coef, rel=1e-12)
        assert estimate.vcov[i, i] == pytest.approx(variance * clusters / (clusters - 1), rel=1e-12)


def test_groups_are_estimated_apart_and_are_correlated_only_through_clusters() -> None:
    both = estimated(Means(), panel(), replace(DESIGN, moderator=REGIME))
    low = estimated(Means(), panel(), replace(DESIGN, sample=Sample(among=((REGIME, "low"),))))
    mine = [i for i, term in enumerate(both.terms) if term.group == "low"]
    np.testing.assert_allclose(both.coef[mine], low.coef, rtol=1e-12)
    np.testing.assert_allclose(both.vcov[np.ix_(mine, mine)], low.vcov, rtol=1e-12)
    others = [i for i in range(len(both.terms)) if i not in mine]
    assert (both.vcov[np.ix_(mine, others)] == 0).all()
    assert [size.clusters for size in both.sizes] == [24, 24]


def test_rows_that_no_comparison_uses_are_on_the_ledger_and_every_row_is_counted() -> None:
    with pytest.warns(UserWarning, match="clusters"):
        estimate = estimated(Means(), panel(frame(18)), DESIGN)
    lost = estimate.ledger.groupby("cause")["rows"].sum().to_dict()
    # 2000 and 2006 lie outside the window of 2003.
    assert lost == {"in no comparison of means": 36}
    assert estimate.nobs == 18 * 7 - 36 == estimate.sample.sum()
    assert dict(estimate.facts)["Events used"] == "9 of 9"


def test_the_reference_is_called_a_base_period() -> None:
    assert any("base period" in line for line in estimated(Means(), panel(), DESIGN).describe())


def test_card_counts_each_event_once_although_it_belongs_to_several_units() -> None:
    rows = pd.concat([frame().assign(exporter=name) for name in ("CHN", "USA")])
    pairs = Panel(rows, ("exporter", "unit"), "year")
    design = replace(
        DESIGN,
        event=replace(DESIGN.event, by="unit"),
        fixed_effects=("exporter^unit", "year"),
    )
    found = card(Means(), pairs, design)
    assert len(found.events) == 24
    assert found.totals["used"] == 24
    assert (found.rows, found.sample) == (96 * 5, 96 * 7)
    assert found.by_unit["used"].sum() == 24
    estimate = estimated(Means(), pairs, design)
    assert estimate.nobs == found.rows
    assert dict(estimate.facts)["Events used"] == "24 of 24"


def test_card_names_periods_as_the_panel_does() -> None:
    rows = frame()
    quarters = pd.PeriodIndex([pd.Period(ordinal=int(year), freq="Q") for year in rows["year"]])
    found = card(Means(), panel(rows.assign(year=quarters)), DESIGN)
    assert found.events["period"].unique().tolist() == [pd.Period(ordinal=2003, freq="Q")]


def test_card_says_why_events_are_dropped() -> None:
    rows = frame()
    rows.loc[(rows["unit"] == "U01") & (rows["year"] == 2005), "x"] = 1.0
    found = card(Means(), panel(rows), DESIGN)
    assert found.reasons.to_dict("records") == [{"reason": "not in 2003", "events": 1, "units": 1}]
    assert "Dropped: 1 event of 1 unit: not in 2003." in found.describe()


def test_a_refusal_is_on_the_card_and_raised_by_the_estimator() -> None:
    design = replace(DESIGN, window=EventWindow(leads=2, lags=2, reference=None))
    assert "period before the event" in card(Means(), panel(), design).refused
    with pytest.raises(WindowError, match="period before the event"):
        estimated(Means(), panel(), design)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"fixed_effects": ("unit",)}, "takes out units and periods"),
        ({"fixed_effects": ("unit", "region^year")}, "takes out units and periods"),
        ({"weights": "x"}, "takes no weights"),
        ({"covariance": Robust("HC1")}, "clusters of one way"),
        ({"covariance": Clustered("unit", "none", "CRV3")}, "without a form CRV3"),
        ({"covariance": Clustered("year", "none")}, "cut through units"),
    ],
)
def test_designs_that_do_not_fit_are_refused(change: dict[str, object], match: str) -> None:
    with pytest.raises(DesignError, match=match):
        estimated(Means(), panel(), replace(DESIGN, **change))  # type: ignore[arg-type]


def test_nothing_to_compare_is_refused() -> None:
    rows = frame()
    rows["x"] = rows["x"].where(rows["year"] != 2003, 0.0)
    rows.loc[rows["year"] == 2005, "x"] = (rows["unit"] < "U05").astype(float)
    with pytest.raises(IdentificationError, match="no event in 2003"):
        estimated(Means(), panel(rows), DESIGN)


def test_an_outcome_that_never_varies_is_refused() -> None:
    with pytest.raises(ConstantOutcomeError, match="'y' is the same in every row"):
        estimated(Means(), panel(frame().assign(y=7.0)), DESIGN)


@dataclass(frozen=True)
class Weightless(Means):
    """Coefficients in which no row has weight."""

    def effects(self, t: Trajectories, design: Design) -> Effects:
        found = super().effects(t, design)
        return replace(found, uses=replace(found.uses, rows=np.zeros(t.shape, dtype=bool)))


def test_coefficients_in_which_no_row_has_weight_are_refused() -> None:
    with pytest.raises(IdentificationError, match="nothing to compare"):
        estimated(Weightless(), panel(), DESIGN)


def test_outcomes_outside_the_sample_are_missing_but_events_are_not() -> None:
    t = trajectories(panel(), replace(DESIGN, sample=Sample(first=2004)))
    assert np.isnan(t.outcome[:, :4]).all()
    assert t.happened[::2, 3].all()
    assert (t.weights[:, :4] == 0).all()


@pytest.mark.parametrize(
    ("path", "first"),
    [([0, 0, 1, 1], 2), ([0, 1, 0, 0], 1), ([0, 0, 0, 0], NEVER), ([1, 1, 1, 1], 0)],
)
def test_events_that_happen_once_have_an_adoption(path: list[float], first: int) -> None:
    assert adoption(one_unit(path), "sun_abraham")[0] == first


@pytest.mark.parametrize("path", [[0, 1, 0, 1], [1, 1, 0, 0], [0, 1, 1, 0], [0, 1, 2, 2]])
def test_events_that_return_are_refused_by_name(path: list[float]) -> None:
    with pytest.raises(RecurringEventError, match=r"sun_abraham(.|\n)*1 of 2 units: A(.|\n)*lp_did"):
        adoption(one_unit(path), "sun_abraham")


def one_unit(path: list[float]) -> Trajectories:
    rows = pd.DataFrame({"unit": ["A"] * 4 + ["B"] * 4, "year": [2000, 2001, 2002, 2003] * 2, "y": 1.0})
    rows["x"] = [*path, 0.0, 0.0, 1.0, 1.0]
    design = replace(DESIGN, event=Event(column="x", kind="dose"), window=EventWindow(leads=1, lags=1, reference=-1))
    return trajectories(panel(rows), design)


def test_a_standardised_dose_of_nothing_is_no_event() -> None:
    t = trajectories(panel(), replace(DESIGN, event=Event(column="x", kind="dose", scale="sd")))
    assert t.happened.sum() == frame()["x"].sum()
