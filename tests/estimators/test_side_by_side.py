"""Methods side by side: aligned horizons, refusals listed, differences tested jointly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.lag_plans import DistributedLag
from eventpanel.estimators.local_projections import LocalProjections
from eventpanel.estimators.method import Planned
from eventpanel.estimators.methods import METHODS, method_of
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.side_by_side import compare_estimators
from eventpanel.estimators.window import EventWindow
from tests.panels import random_panel

DESIGN = Design(
    outcome="y",
    event=Event(column="x", kind="threshold", threshold=Threshold(rule="absolute", value=1.0)),
    window=EventWindow(leads=2, lags=2, reference=-1),
    fixed_effects=("importer", "year"),
    covariance=Clustered("importer", "none"),
)
TWO: dict[str, str | Planned] = {"lag": "distributed_lag", "projection": LocalProjections(lagged_outcome=False)}


def test_horizons_are_aligned_and_shares_are_those_of_the_cards() -> None:
    found = compare_estimators(random_panel(2), DESIGN, TWO)
    table = found.table()
    assert set(table["method"]) == {"lag", "projection"}
    lag = table[table["method"] == "lag"]
    assert lag["event_time"].tolist() == [-2, -1, 0, 1, 2]
    assert (lag["share_of_events"] == found.cards["lag"].share_of_events).all()
    base = table[(table["method"] == "projection") & (table["event_time"] == -1)]
    assert base["role"].tolist() == ["reference"]
    assert "lag" in repr(found)


def test_a_method_does_not_differ_from_itself() -> None:
    panel = random_panel(4)
    found = compare_estimators(panel, DESIGN, {"plain": DistributedLag(), "same": DistributedLag()})
    differences = found.differences(draws=99)
    assert differences["difference"].dropna().abs().max() == 0.0
    assert differences["p_joint"].isna().all()


def test_standard_errors_of_differences_come_from_the_joint_covariance() -> None:
    panel = random_panel(4)
    regime = Moderator(name="regime", column="regime", timing="fixed")
    # Two methods that are the same regression by group; the difference between groups is known from one of them.
    design = replace(DESIGN, moderator=regime, fixed_effects=("importer", "regime^year"))
    found = compare_estimators(panel, design, TWO)
    table = found.differences(draws=199).dropna(subset=["difference"])
    both = found.estimates["lag"], found.estimates["projection"]
    for row in table.itertuples():
        one, two = (
            next(i for i, term in enumerate(e.terms) if (term.group, term.event_time) == (row.group, row.event_time))
            for e in both
        )
        assert row.difference == pytest.approx(both[1].coef[two] - both[0].coef[one], rel=1e-12)
        a, b = both[0].contributions, both[1].contributions
        assert a is not None
        assert b is not None
        # Clusters of both are all importers, in one order.
        assert len(a.values) == len(b.values) == 44
        assert row.std_error == pytest.approx(np.linalg.norm(b.values[:, two] - a.values[:, one]), rel=1e-10)


def test_joint_p_values_are_larger_than_single_ones_and_hold_their_size() -> None:
    # The effect at event time -1 is zero, so that setting it to zero changes nothing in expectation.
    methods: dict[str, str | Planned] = {"plain": DistributedLag(), "restricted": DistributedLag(reading="restricted")}
    rejected = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame([(u, t) for u in range(60) for t in range(12)], columns=["unit", "year"])
        frame["x"] = ((frame["year"] == 3 + frame["unit"] % 6) & (frame["unit"] % 2 == 0)).astype(float)
        frame["y"] = frame["x"] + rng.normal(size=len(frame))
        design = replace(DESIGN, fixed_effects=("unit", "year"), covariance=Clustered("unit", "none"))
        design = replace(design, event=replace(DESIGN.event, threshold=Threshold(rule="absolute")))
        found = compare_estimators(Panel(frame, ("unit",), "year"), design, methods)
        table = found.differences(draws=199, seed=seed)
        single = table.dropna(subset=["difference"])
        assert (single["p_joint"] >= single["p_value"] - 0.15).all()
        rejected += int(table["p_joint"].iloc[-1] <= 0.05)
    # Binomial with 40 draws at 5 per cent: nine or more has probability 2e-4.
    assert rejected <= 8


def test_the_seed_decides_and_more_draws_begin_with_the_fewer() -> None:
    found = compare_estimators(random_panel(2), DESIGN, TWO)
    first, second = (found.differences(draws=499, seed=7)["p_joint"] for _ in range(2))
    pd.testing.assert_series_equal(first, second)
    assert not first.equals(found.differences(draws=499, seed=8)["p_joint"])


def test_refusals_are_listed_with_their_reason_and_the_rest_is_estimated() -> None:
    design = replace(DESIGN, window=EventWindow(leads=2, lags=2, reference=None))
    found = compare_estimators(random_panel(2), design, ["distributed_lag", "local_projections"])
    assert list(found.estimates) == ["distributed_lag"]
    assert "period before the event" in found.refused["local_projections"]
    assert "refused" in repr(found)
    with pytest.raises(DesignError, match="nothing to compare"):
        found.differences()


def test_what_is_refused_only_when_it_is_run_is_on_the_card_as_well() -> None:
    below = random_panel(2)
    below = below.with_frame(below.frame.assign(y=below.frame["y"] - 100.0))
    found = compare_estimators(below, DESIGN, ["distributed_lag", "ppml"])
    assert "negative values" in found.refused["ppml"]
    assert found.cards["ppml"].refused == found.refused["ppml"]
    assert found.cards["ppml"].describe()[-1].startswith("Refused: ")


def test_labels_and_names_are_checked() -> None:
    with pytest.raises(DesignError, match=r"did you mean 'local_projections'"):
        compare_estimators(random_panel(2), DESIGN, ["local_projection"])
    with pytest.raises(DesignError, match="one label"):
        compare_estimators(random_panel(2), DESIGN, ["distributed_lag", DistributedLag()])
    found = compare_estimators(random_panel(2), DESIGN, TWO)
    with pytest.raises(DesignError, match="nothing to compare"):
        found.differences("unknown")


@pytest.mark.parametrize("name", METHODS)
def test_every_method_says_what_it_estimates_and_what_it_assumes(name: str) -> None:
    method = method_of(name)
    assert method.assumptions
    for said in (method.estimand, *method.assumptions):
        assert said.endswith(".")
        assert said[0].isupper(), said
