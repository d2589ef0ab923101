"""Estimators of single events: identities among them, invariances, planted effects, uses, refusals, groups, pairs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError, IdentificationError, RecurringEventError, WindowError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.aggregate_att import aggregate_att
from eventpanel.estimators.callaway_santanna import CallawaySantanna, callaway_santanna
from eventpanel.estimators.card import card
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.extended_two_way import ExtendedTwoWay, extended_two_way
from eventpanel.estimators.imputation import imputation
from eventpanel.estimators.method import Method
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.sun_abraham import SunAbraham, sun_abraham
from eventpanel.estimators.trajectories import trajectories
from eventpanel.estimators.two_stage import TwoStage, two_stage
from tests.staggered import DESIGN, frame, panel, window

AFTER = window(DESIGN, 1, 2)
COUNT = replace(AFTER, outcome="count")
Run = Callable[[Panel, Design], Estimate]
RUNS: dict[str, tuple[Run, Design]] = {
    "callaway_santanna": (callaway_santanna, DESIGN),
    "callaway_santanna, controls": (callaway_santanna, replace(DESIGN, controls=("fixed",))),
    "sun_abraham": (sun_abraham, DESIGN),
    "sun_abraham, controls": (sun_abraham, replace(DESIGN, controls=("moving",))),
    "two_stage": (two_stage, DESIGN),
    "extended_two_way": (extended_two_way, AFTER),
    "extended_two_way, poisson": (lambda p, d: extended_two_way(p, d, model="poisson"), COUNT),
    "extended_two_way, level": (lambda p, d: extended_two_way(p, d, model="poisson_level"), COUNT),
}
METHODS: dict[str, Method] = {
    "callaway_santanna": CallawaySantanna(),
    "varying": CallawaySantanna("never", base="varying"),
    "sun_abraham": SunAbraham(),
    "two_stage": TwoStage(),
    "extended_two_way": ExtendedTwoWay(),
    "extended never": ExtendedTwoWay(compared="never"),
}


def run(name: str, rows: pd.DataFrame, **changes: object) -> Estimate:
    method, design = RUNS[name]
    return method(panel(rows), replace(design, **changes))  # type: ignore[arg-type]


def same(one: Estimate, other: Estimate, coef: float = 1e-10) -> None:
    np.testing.assert_allclose(one.coef, other.coef, rtol=coef, atol=coef)
    np.testing.assert_allclose(one.vcov, other.vcov, rtol=1e-8, atol=1e-12)


def test_never_struck_and_no_controls_is_sun_abraham_and_the_extended_regression_with_leads() -> None:
    whole = panel(frame(48, 1))
    one = callaway_santanna(whole, DESIGN, compared="never")
    same(one, sun_abraham(whole, DESIGN))
    same(one, extended_two_way(whole, DESIGN, compared="never"))


def test_two_stages_are_the_extended_regression_on_balanced_panels() -> None:
    whole = panel(frame(48, 2))
    same(two_stage(whole, AFTER), extended_two_way(whole, AFTER))
    same(extended_two_way(whole, AFTER), extended_two_way(whole, AFTER, pooled=True))


def test_poisson_with_effects_of_units_or_cohorts_is_the_same_on_balanced_panels() -> None:
    whole = panel(frame(48, 3))
    for model in ("poisson", "poisson_level"):
        one, other = (extended_two_way(whole, COUNT, model=model, pooled=pooled) for pooled in (False, True))
        same(one, other, 1e-9)


@pytest.mark.parametrize("name", RUNS)
def test_order_and_names_of_units_do_not_matter(name: str) -> None:
    rows = frame(40, 4, missing=0.1)
    turned = rows.assign(unit=900 - rows["unit"]).sample(frac=1, random_state=1)
    same(run(name, rows), run(name, turned))


@pytest.mark.parametrize("name", [name for name, (_, design) in RUNS.items() if design.outcome == "y"])
def test_effects_of_units_and_periods_do_not_matter(name: str) -> None:
    rows = frame(40, 5, missing=0.1)
    moved = rows.assign(y=rows["y"] + rows["unit"] ** 1.5 / 10 + np.sin(rows["year"]) * 5)
    same(run(name, rows), run(name, moved), 1e-9)


@pytest.mark.parametrize("name", RUNS)
def test_planted_effects_are_recovered(name: str) -> None:
    rows = frame(4000, 6)
    since = (rows["year"] - 2000 - rows["start"]).clip(lower=0)
    rng = np.random.default_rng(7)
    effect = rows["x"] * (0.4 + 0.1 * since + 0.05 * (rows["start"] < 4))
    trend = 0.1 * (rows["year"] - 2000) + rng.normal(size=4000)[rows["unit"] - 100] * 0.3
    rows["y"] = effect + trend + rng.normal(size=len(rows))
    rows["count"] = rng.poisson(np.exp(1 + effect + trend)).astype(float)
    estimate = run(name, rows)
    truth = np.exp(1 + effect + trend) - np.exp(1 + trend) if "level" in name else effect
    for term, coef, se in zip(estimate.terms, estimate.coef, estimate.std_errors, strict=True):
        at = (rows["year"] - 2000 - rows["start"] == term.event_time) & (rows["start"] < 99)
        assert coef == pytest.approx(truth[at].mean(), abs=4 * se)
        assert 0 < se < 0.3


@pytest.mark.parametrize("name", METHODS)
def test_uses_say_which_rows_and_events_matter(name: str) -> None:
    """A coefficient moves with an outcome if and only if its row is said to carry weight."""
    rows = frame(13, 8, missing=0.15)
    design = window(DESIGN, 2, 2, None if name == "varying" else -1)
    t = trajectories(panel(rows), design)
    effects, uses = METHODS[name].effects(t, design), METHODS[name].uses(t, design)
    moves = np.zeros(t.shape, dtype=bool)
    for u, s in zip(*np.nonzero(t.inside), strict=True):
        outcome = t.outcome.copy()
        outcome[u, s] += 10.0
        moves[u, s] = (
            np.abs(METHODS[name].effects(replace(t, outcome=outcome), design).coef - effects.coef).max() > 1e-9
        )
    np.testing.assert_array_equal(moves, uses.rows)
    np.testing.assert_array_equal(effects.uses.rows, uses.rows)
    after = np.zeros(t.shape, dtype=bool)
    for u, start in enumerate(np.where(t.happened.any(axis=1), t.happened.argmax(axis=1), 99)):
        after[u, start : start + 3] = True
    np.testing.assert_array_equal(uses.used.any(axis=1), (uses.rows & after).any(axis=1))


@pytest.mark.parametrize("name", RUNS)
def test_events_that_return_are_refused_by_name(name: str) -> None:
    rows = frame(16)
    rows.loc[(rows["unit"] == 100) & (rows["year"] == 2004), "x"] = 0.0
    with pytest.raises(RecurringEventError, match=rf"{name.split(',')[0]}(.|\n)*1 of 16 units: 100(.|\n)*lp_did"):
        run(name, rows)


def test_the_card_tells_of_the_refusal_and_of_every_event() -> None:
    rows = frame(16)
    found = card(SunAbraham(), panel(rows), DESIGN)
    assert found.totals["used"] == 12
    rows.loc[(rows["unit"] == 100) & (rows["year"] == 2004), "x"] = 0.0
    assert "events that happen once" in card(SunAbraham(), panel(rows), DESIGN).refused


@pytest.mark.parametrize("method", ["callaway_santanna", "sun_abraham", "two_stage", "extended_two_way"])
def test_events_of_the_first_period_are_left_out_with_a_reason(method: str) -> None:
    rows = frame(40, 9)
    first = rows["unit"] < 104
    rows.loc[first, "x"] = 1.0
    found = card(METHODS[method], panel(rows), AFTER)
    assert found.totals["dropped"] == 4
    assert len(found.reasons) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same(run(method, rows, window=AFTER.window), run(method, rows[~first], window=AFTER.window))


@pytest.mark.parametrize(
    ("name", "change", "match"),
    [
        ("callaway_santanna", {"window": window(DESIGN, 2, 2, None).window}, "period before the event"),
        ("callaway_santanna", {"offset": "fixed"}, "takes no offset"),
        ("sun_abraham", {"fixed_effects": ("unit",)}, "takes out units and periods"),
        ("two_stage", {"window": window(DESIGN, 2, 2, 0).window}, "only a lead can be left out"),
        ("two_stage", {"controls": ("year",)}, "cannot tell controls"),
        ("extended_two_way", {"controls": ("moving",)}, "do not change"),
        ("extended_two_way, poisson", {"outcome": "y"}, "not negative"),
    ],
)
def test_designs_that_do_not_fit_are_refused(name: str, change: dict[str, object], match: str) -> None:
    with pytest.raises(DesignError, match=match):
        run(name, frame(), **change)


def test_choices_that_do_not_exist_are_refused() -> None:
    for make in (
        lambda: CallawaySantanna(compared="all"),  # type: ignore[arg-type]
        lambda: SunAbraham("none"),  # type: ignore[arg-type]
        lambda: ExtendedTwoWay("probit"),  # type: ignore[arg-type]
    ):
        with pytest.raises(DesignError, match="Unknown"):
            make()
    with pytest.raises(WindowError, match="changes of one period"):
        callaway_santanna(panel(frame()), DESIGN, base="varying")
    with pytest.raises(DesignError, match="takes no moderator"):
        moderator = Moderator(name="regime", column="regime", timing="fixed")
        aggregate_att(panel(frame()), replace(DESIGN, moderator=moderator), SunAbraham(), by="simple")


def test_without_units_that_are_never_struck_the_last_cohort_stands_in() -> None:
    rows = frame(48, 10)
    rows = rows[rows["start"] < 99]
    early = rows[rows["year"] < 2005].assign(x=lambda r: r["x"].where(r["start"] < 5, 0.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same(sun_abraham(panel(rows), DESIGN), sun_abraham(panel(early), DESIGN))
        with pytest.raises(IdentificationError, match="no comparison is left"):
            callaway_santanna(panel(rows), DESIGN, compared="never")


@pytest.mark.parametrize("name", RUNS)
def test_groups_of_a_moderator_are_separate_runs(name: str) -> None:
    rows, moderator = frame(96, 11, missing=0.05), Moderator(name="regime", column="regime", timing="fixed")
    both = run(name, rows, moderator=moderator)
    low = run(name, rows, sample=Sample(among=((moderator, "low"),)))
    mine = [i for i, term in enumerate(both.terms) if term.group == "low"]
    np.testing.assert_allclose(both.coef[mine], low.coef, rtol=1e-9)
    np.testing.assert_allclose(both.vcov[np.ix_(mine, mine)], low.vcov, rtol=1e-9)


@pytest.mark.parametrize("name", RUNS)
def test_clusters_coarser_than_units_and_pairs_of_one_importer(name: str) -> None:
    rows = frame(40, 12, missing=0.1)
    twice = pd.concat([rows.assign(exporter=e) for e in ("CHN", "USA")], ignore_index=True)
    method, design = RUNS[name]
    pairs = Panel(twice, ("exporter", "unit"), "year")
    event = replace(design.event, by="unit")
    dyadic = replace(design, event=event, fixed_effects=("exporter^unit", "year"), covariance=Clustered("unit", "none"))
    # Each unit stands twice: the same estimate, and as clusters are units, the same covariance.
    same(method(pairs, dyadic), run(name, rows))
    coarse, single = run(name, rows, covariance=Clustered("region", "none")), run(name, rows)
    used = np.sort(rows.loc[single.sample, "unit"].unique())
    assert coarse.n_clusters == len(np.unique(used // 2))
    assert single.contributions is not None
    sums = pd.DataFrame(single.contributions.values).groupby(used // 2).sum().to_numpy()
    np.testing.assert_allclose(coarse.vcov, sums.T @ sums, rtol=1e-9, atol=1e-14)


def test_separated_rows_of_poisson_are_left_out() -> None:
    rows = frame(40, 13)
    rows.loc[(rows["start"] == 3) & (rows["year"] == 2004), "count"] = 0.0
    rows.loc[rows["unit"] == 103, "count"] = 0.0
    with pytest.warns(UserWarning, match="left out at event times 1"):
        estimate = extended_two_way(panel(rows), COUNT, model="poisson")
    gone = rows[((rows["start"] == 3) & (rows["year"] == 2004)) | (rows["unit"] == 103)].index
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        hidden = rows.copy()
        hidden.loc[gone, "count"] = np.nan
        other = extended_two_way(panel(hidden), COUNT, model="poisson")
    same(estimate, other, 1e-9)


SINGLE = {name: METHODS[name] for name in ("callaway_santanna", "sun_abraham", "two_stage", "extended_two_way")}


@pytest.mark.parametrize("kind", ["dose", "change"])
@pytest.mark.parametrize("name", SINGLE)
def test_a_status_whose_start_is_not_seen_is_left_out_by_name(name: str, kind: str) -> None:
    """On when the record begins, on after a gap in it, on in its only period: none is dated, and none compared."""
    rows = frame(40, 15)
    rows.loc[rows["unit"] == 103, "x"] = 1.0
    gap = (rows["unit"] == 104) & (rows["year"] == 2001) | (rows["unit"] == 104) & (rows["year"] == 2002)
    late = (rows["unit"] == 105) & (rows["year"] < 2004)
    alone = (rows["unit"] == 106) & (rows["year"] != 2006)
    some = rows[~(gap | late | alone)]
    design = replace(AFTER, event=replace(AFTER.event, kind=kind))  # type: ignore[arg-type]
    with pytest.warns(UserWarning, match="4 units are left out, as the event is on(.|\n)*103, 104, 105, 106"):
        estimate = RUNS[name][0](panel(some), design)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same(estimate, RUNS[name][0](panel(rows[~rows["unit"].isin([103, 104, 105, 106])]), design))
    found = card(SINGLE[name], panel(some), design)
    # A change that is not seen is no event of the record.
    assert found.totals["dropped"] == (4 if kind == "dose" else 0)


@pytest.mark.parametrize("name", SINGLE)
def test_a_single_period_is_its_own_date_even_after_a_gap(name: str) -> None:
    rows = frame(40, 16)
    rows["x"] = (rows["year"] - 2000 == rows["start"]).astype(float)
    before = (rows["unit"] == 101) & (rows["year"] == 2002)
    assert rows.loc[(rows["unit"] == 101) & (rows["year"] == 2003), "x"].all()
    hidden = rows.assign(y=rows["y"].where(~before))
    same(RUNS[name][0](panel(rows[~before]), AFTER), RUNS[name][0](panel(hidden), AFTER))


def test_without_a_dated_unit_and_with_changes_both_ways_it_is_refused() -> None:
    rows = frame(24, 17)
    always = rows.assign(x=np.where(rows["year"] == 2006, np.nan, 1.0))
    always.loc[always["unit"] == 100, "x"] = [1.0, 1, 1, 1, 1, 0, 0]
    design = replace(AFTER, event=replace(AFTER.event, kind="change"))
    with pytest.raises(IdentificationError, match="has no unit left"):
        callaway_santanna(panel(always), design)
    tariff = rows.assign(x=5.0 + rows["x"] * np.where(rows["unit"] % 2 == 0, 2.0, -2.0))
    with pytest.raises(DesignError, match=r"positive in some units and negative in others(.|\n)*101"):
        callaway_santanna(panel(tariff), design)


@pytest.mark.parametrize("weights", [None, "weight"])
def test_two_stages_are_imputation_on_any_panel(weights: str | None) -> None:
    """Also with gaps and weights; with controls that move; the extended regression where nothing is missing."""
    for missing, controls in ((0.0, ()), (0.2, ()), (0.2, ("moving",))):
        rows, event = panel(frame(48, 18, missing=missing)), replace(DESIGN.event, kind="change")
        design = replace(window(DESIGN, 0, 4, None), event=event, weights=weights, controls=controls)
        one, other = two_stage(rows, design), imputation(rows, design)
        np.testing.assert_allclose(one.coef, other.coef, rtol=1e-10)
        assert [term.event_time for term in one.terms] == [0, 1, 2, 3, 4]
        np.testing.assert_array_equal(one.sample, other.sample)
    if weights is None:
        whole = panel(frame(48, 18))
        three = extended_two_way(whole, replace(window(DESIGN, 1, 4), event=event))
        two = imputation(whole, replace(window(DESIGN, 0, 4, None), event=event))
        np.testing.assert_allclose(three.coef, two.coef, rtol=1e-10)


@pytest.mark.parametrize("run_one", [two_stage, imputation])
def test_leads_that_period_effects_explain_are_not_estimated(run_one: Run) -> None:
    rows = frame(24, 19)
    rows["x"] = ((rows["year"] >= 2003) & (rows["start"] < 99)).astype(float)
    design = replace(window(DESIGN, 2, 1, None), event=replace(DESIGN.event, kind="change"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert [term.event_time for term in run_one(panel(rows), design).terms] == [-2, -1, 0, 1]
        with pytest.raises(IdentificationError, match=r"event time -2(.|\n)*event time -1(.|\n)*event time 0"):
            run_one(panel(rows[rows["start"] < 99]), design)


def test_aggregates_are_averages_of_pairs() -> None:
    rows = panel(frame(48, 14))
    for method in (CallawaySantanna(), SunAbraham(), TwoStage(), ExtendedTwoWay()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            each = aggregate_att(rows, AFTER, method, by="pairs").params
            groups = aggregate_att(rows, AFTER, method, by="group").params
            paths = aggregate_att(rows, AFTER, method, by="event_time").params
        mine = [each[f"x, events of 2002 in {year}"] for year in range(2002, 2007)]
        assert groups["x, events of 2002"] == pytest.approx(np.mean(mine), rel=1e-9)
        first = [each[f"x, events of {year} in {year}"] for year in (2002, 2003, 2005)]
        assert paths["x, same period"] == pytest.approx(np.mean(first), rel=1e-9)
