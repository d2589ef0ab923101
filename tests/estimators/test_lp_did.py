"""lp_did: against regressions by hand, what it says it uses, invariances, refusals."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from eventpanel.datasets.errors import DesignError, IdentificationError, RecurringEventError, WindowError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.card import card
from eventpanel.estimators.clean_windows import none_in
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.lp_did import LpDid, clean_controls, lp_did
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.trajectories import trajectories
from eventpanel.estimators.window import EventWindow
from tests.estimators.recurring import (
    ON,
    changes_of,
    clean_by_hand,
    design,
    frame,
    grids,
    once_by_hand,
    panel,
    status_by_hand,
)

ONCE = replace(ON, column="once")
EVENTS = {"one_off": design().event, "stabilised": ON, "absorbing": ONCE}
REGIME = Moderator(name="regime", column="regime", timing="fixed")
pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.cautions.EstimationWarning")


def observations(rows: pd.DataFrame, rule: str, quiet: int, times: tuple[int, ...], lags: int = 0) -> pd.DataFrame:
    """Clean observations of one regression, unit by unit and year by year."""
    event, on, once, y, x, weight = grids(rows, "event", "on", "once", "y", "x", "weight")
    change = changes_of(on)
    out = []
    for unit, year in product(sorted(set(rows["unit"])), range(rows["year"].min(), rows["year"].max() + 1)):
        span = (times[0], times[-1])
        d = {
            "one_off": clean_by_hand(event, unit, year, quiet, span),
            "stabilised": status_by_hand(change, unit, year, quiet, span),
            "absorbing": once_by_hand(once, unit, year, span),
        }[rule]
        needed = [year - 1 - j for j in range(lags + 1 if lags else 1)] + [year + k for k in times]
        if d is None or not all((unit, year_) in y for year_ in needed):
            continue
        row = {
            "unit": unit,
            "year": year,
            "d": d,
            "x": x[unit, year - 1],
            "w": weight[unit, year - 1],
            "dy": float(np.mean([y[unit, year + k] for k in times])) - y[unit, year - 1],
        }
        row |= {f"l{j}": y[unit, year - j] - y[unit, year - j - 1] for j in range(1, lags + 1)}
        out.append(row)
    return pd.DataFrame(out)


def by_hand(o: pd.DataFrame, cluster: pd.Series, covariates: list[str], weights: pd.Series) -> tuple[float, float]:
    """Coefficient and clustered variance of statsmodels without a factor."""
    dummies = pd.get_dummies(o["year"]).astype(float)
    X = pd.concat([o[["d", *covariates]], dummies], axis=1)
    root = np.sqrt(weights)
    model = sm.OLS(o["dy"] * root, X.mul(root, axis=0))
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": pd.factorize(cluster)[0], "use_correction": False})
    return float(fit.params["d"]), float(fit.bse["d"]) ** 2


def reweighted_by_hand(o: pd.DataFrame, sampling: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """Observations of periods with both, weighted by all over controls."""
    total = sampling.groupby(o["year"]).transform("sum")
    controls = (sampling * (1 - o["d"])).groupby(o["year"]).transform("sum")
    treated = total - controls
    keep = (controls > 1e-9) & (treated > 1e-9)
    return o[keep], (sampling * total / controls)[keep]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("rule", ["one_off", "stabilised", "absorbing"])
@pytest.mark.parametrize("reweight", [False, True])
@pytest.mark.parametrize("weight", [None, "weight"])
def test_against_regressions_by_hand(seed: int, rule: Any, reweight: bool, weight: str | None) -> None:
    rows = frame(seed)
    quiet = None if rule == "absorbing" else 3
    asked = design(event=EVENTS[rule], weights=weight)
    estimate = lp_did(panel(rows), asked, rule=rule, quiet=quiet, reweight=reweight)
    assert [term.event_time for term in estimate.terms] == [-2, 0, 1, 2]
    for i, k in enumerate([-2, 0, 1, 2]):
        o = observations(rows, rule, quiet or 0, (k,))
        w = o["w"] if weight else pd.Series(1.0, index=o.index)
        if reweight:
            o, w = reweighted_by_hand(o, w)
        coef, variance = by_hand(o, o["unit"], [], w)
        assert estimate.coef[i] == pytest.approx(coef, rel=1e-10, abs=1e-12)
        assert estimate.vcov[i, i] == pytest.approx(variance, rel=1e-9)


@pytest.mark.parametrize("lags", [0, 1])
def test_covariates_are_those_of_the_period_before(lags: int) -> None:
    rows = frame(2)
    estimate = LpDid("one_off", 2, outcome_lags=lags).run(panel(rows), design(controls=("x",)))
    times = [-2, 0, 1, 2] if lags == 0 else [0, 1, 2]
    assert [term.event_time for term in estimate.terms] == times
    for i, k in enumerate(times):
        o = observations(rows, "one_off", 2, (k,), lags)
        # Events in periods without a clean control are left out where covariates would let them speak.
        o = o[o.groupby("year")["d"].transform("min") == 0]
        covariates = ["x", *(f"l{j}" for j in range(1, lags + 1))]
        coef, variance = by_hand(o, o["unit"], covariates, pd.Series(1.0, index=o.index))
        assert estimate.coef[i] == pytest.approx(coef, rel=1e-10)
        assert estimate.vcov[i, i] == pytest.approx(variance, rel=1e-9)
    if lags:
        assert [(term.event_time, why) for term, why in estimate.dropped] == [
            (-2, "the changes of the outcome since then are among the covariates")
        ]


def test_regression_adjustment_by_hand() -> None:
    """Controls predict; errors of the prediction from the stacked moment conditions, solved by a dense inverse."""
    rows = frame(3)
    estimate = lp_did(panel(rows), design(controls=("x",)), rule="one_off", quiet=2, reweight=True)
    for i, k in enumerate([-2, 0, 1, 2]):
        o = observations(rows, "one_off", 2, (k,))
        o = o[o.groupby("year")["d"].transform("min") == 0].reset_index(drop=True)
        d = o["d"].to_numpy()
        Z = np.column_stack([pd.get_dummies(o["year"]).to_numpy(float), o["x"]])
        control = Z * (1 - d)[:, None]
        beta = np.linalg.lstsq(control, o["dy"] * (1 - d), rcond=None)[0]
        ahead = o["dy"] - Z @ beta
        coef = float(ahead[d == 1].mean())
        bread = np.zeros((Z.shape[1] + 1, Z.shape[1] + 1))
        bread[:-1, :-1] = control.T @ control
        bread[-1, :-1], bread[-1, -1] = d @ Z, d.sum()
        scores = np.column_stack([control * ahead.to_numpy()[:, None], d * (ahead - coef)])
        influence = np.linalg.solve(bread, scores.T).T[:, -1]
        variance = (pd.Series(influence).groupby(o["unit"]).sum() ** 2).sum()
        assert estimate.coef[i] == pytest.approx(coef, rel=1e-10)
        assert estimate.vcov[i, i] == pytest.approx(variance, rel=1e-9)


def test_adjustment_without_covariates_has_the_coefficients_of_the_weighted_regression() -> None:
    rows = frame(3)
    rows["zero"] = 0.0
    adjusted = lp_did(panel(rows), design(controls=("zero",)), rule="one_off", reweight=True)
    weighted = lp_did(panel(rows), design(), rule="one_off", reweight=True)
    np.testing.assert_allclose(adjusted.coef, weighted.coef, rtol=1e-10)


@pytest.mark.parametrize("pooled", [(0, 2), (1, 2), (-3, -2)])
@pytest.mark.parametrize("reweight", [False, True])
def test_pooled(pooled: tuple[int, int], reweight: bool) -> None:
    rows = frame(4, missing=0.03)
    window = EventWindow(leads=3, lags=2, reference=-1)
    estimate = lp_did(panel(rows), design(window=window), rule="one_off", quiet=2, pooled=pooled, reweight=reweight)
    o = observations(rows, "one_off", 2, tuple(range(pooled[0], pooled[1] + 1)))
    w = pd.Series(1.0, index=o.index)
    if reweight:
        o, w = reweighted_by_hand(o, w)
    coef, variance = by_hand(o, o["unit"], [], w)
    assert estimate.coef == pytest.approx([coef], rel=1e-10)
    assert estimate.vcov[0, 0] == pytest.approx(variance, rel=1e-9)
    assert str(estimate.terms[0]) == f"event, mean of event times {pooled[0]} to {pooled[1]}"
    assert estimate.terms[0].event_time is None


def test_the_rule_reghdfe_is_that_of_each_regression() -> None:
    rows = frame(1)
    raw = lp_did(panel(rows), design(), rule="one_off")
    scaled = lp_did(panel(rows), design(covariance=Clustered("unit", "reghdfe")), rule="one_off")
    for i, k in enumerate([-2, 0, 1, 2]):
        o = observations(rows, "one_off", 2, (k,))
        o = o[o.groupby("year")["d"].transform("size") > 1]
        n, g, k_ = len(o), o["unit"].nunique(), 1 + o["year"].nunique()
        factor = g / (g - 1) * (n - 1) / (n - k_)
        assert scaled.vcov[i, i] == pytest.approx(raw.vcov[i, i] * factor, rel=1e-12)
        assert scaled.dof[i] == g - 1


def test_horizons_are_correlated_as_a_stacked_regression_says() -> None:
    """All horizons in one regression with effects of horizon and period: its clustered covariance is ours."""
    rows = frame(1)
    estimate = lp_did(panel(rows), design(), rule="one_off")
    times = [-2, 0, 1, 2]
    all_ = pd.concat([observations(rows, "one_off", 2, (k,)).assign(k=k) for k in times], ignore_index=True)
    X = pd.get_dummies(all_["k"].astype(str) + "_" + all_["year"].astype(str)).astype(float)
    for k in times:
        X[f"d{k}"] = all_["d"] * (all_["k"] == k)
    fit = sm.OLS(all_["dy"], X).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(all_["unit"])[0], "use_correction": False}
    )
    names = [f"d{k}" for k in times]
    np.testing.assert_allclose(estimate.vcov, fit.cov_params().loc[names, names], rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize(
    "options", [{}, {"reweight": True}, {"outcome_lags": 1}, {"outcome_lags": 1, "reweight": True}]
)
def test_what_is_said_to_be_used_is_what_changes_coefficients(options: dict[str, Any]) -> None:
    rows, asked = frame(5, units=24, periods=9, missing=0.1), design()
    method = LpDid("one_off", 2, **options)
    t = trajectories(panel(rows), asked)
    before, uses = method.effects(t, asked), method.uses(t, asked)
    assert (uses.rows == before.uses.rows).all()
    assert (uses.used == before.uses.used).all()
    for cell in zip(*np.nonzero(t.inside), strict=True):
        outcome = t.outcome.copy()
        outcome[cell] += 1.0
        after = method.effects(replace(t, outcome=outcome), asked)
        moved = np.abs(after.coef - before.coef).max() > 1e-10
        assert moved == uses.rows[cell], cell


def test_every_event_is_used_or_said_why_not() -> None:
    rows, asked = frame(6, units=24, periods=9, missing=0.1), design()
    rows["y"] = rows["y"].where(np.random.default_rng(6).random(len(rows)) > 0.3)
    method = LpDid("one_off", 2)
    t = trajectories(panel(rows), asked)
    uses = method.uses(t, asked)
    event, y = grids(rows, "event", "y")
    known = {cell for cell, value in y.items() if value == value}
    units, seen = sorted(set(rows["unit"])), set()
    for u, at in zip(*np.nonzero(t.events), strict=True):
        unit, year = units[u], t.first + at
        clean = [k for k in (0, 1, 2) if clean_by_hand(event, unit, year, 2, (k, k)) == 1]
        usable = any({(unit, year - 1), (unit, year + k)} <= known for k in clean)
        assert usable == uses.used[u, at]
        if not usable:
            reason = uses.reasons[uses.reason[u, at]]
            seen.add(reason)
            quiet = all(event.get((unit, year - k)) == 0 for k in (1, 2))
            assert reason == (
                "the outcome of a period that is compared is missing"
                if quiet
                else "something happens in the quiet periods before, or may have"
            )
    assert len(seen) == 2


@pytest.mark.parametrize("pooled", [(1, 2), (-3, -2)])
def test_events_near_others_are_named_where_a_pooled_effect_leaves_them_out(pooled: tuple[int, int]) -> None:
    rows, asked = frame(6, missing=0.0), design(window=EventWindow(leads=3, lags=2, reference=-1))
    found = card(LpDid("one_off", 2, pooled=pooled), panel(rows), asked).events
    (event,), seen = grids(rows, "event"), set()
    for row in found[found["use"] == "dropped"].itertuples():
        unit, year = str(row.unit), int(str(row.period))
        quiet = event.get((unit, year - 1)) == 0 and event.get((unit, year - 2)) == 0
        assert clean_by_hand(event, unit, year, 2, pooled) != 1
        assert row.reason == (
            "another event in its window, or may be"
            if quiet
            else "something happens in the quiet periods before, or may have"
        )
        seen.add(quiet)
    assert seen == {True, False}


def test_events_in_periods_without_controls_are_named() -> None:
    rows = frame(7, units=6, periods=9, missing=0.0)
    rows["event"] = (rows["year"] == 2005).astype(float)
    rows.loc[rows["unit"] == "U00", "event"] = (rows["year"] == 2007).astype(float)
    found = card(LpDid("one_off", 1), panel(rows), design(window=EventWindow(leads=1, lags=0, reference=-1)))
    assert found.reasons.to_dict("records") == []
    rows.loc[rows["unit"] == "U00", "event"] = (rows["year"] == 2005).astype(float)
    rows.loc[(rows["unit"] == "U00") & (rows["year"] == 2008), "event"] = 1.0
    found = card(LpDid("one_off", 1), panel(rows), design(window=EventWindow(leads=1, lags=0, reference=-1)))
    assert found.reasons.to_dict("records") == [{"reason": "no clean control in its period", "events": 6, "units": 6}]


def test_card_says_what_happens_to_every_event() -> None:
    found = card(LpDid("one_off", 2), panel(), design())
    used = int(found.by_unit["used"].sum())
    assert 0 < used < len(found.events)
    assert set(found.events.loc[found.events["use"] == "dropped", "reason"]) != {""}
    assert found.rows == lp_did(panel(), design(), rule="one_off", quiet=2).nobs


def test_clean_controls_are_counted() -> None:
    counts = clean_controls(panel(frame(1)), design(), rule="one_off", quiet=3)
    assert counts.columns.tolist() == ["group", "event_time", "events", "controls", "periods"]
    for row in counts.itertuples():
        o = observations(frame(1), "one_off", 3, (int(str(row.event_time)),))
        both = o[o.groupby("year")["d"].transform("nunique") == 2]
        assert (row.events, row.controls, row.periods) == (
            (both["d"] == 1).sum(),
            (both["d"] == 0).sum(),
            both["year"].nunique(),
        )


def test_facts_say_which_quiet_periods_hold() -> None:
    facts = dict(lp_did(panel(), design(), rule="one_off").facts)
    assert facts["Quiet periods"] == "2 (the lags of the window)"
    assert dict(lp_did(panel(), design(), rule="one_off", quiet=1).facts)["Quiet periods"] == "1"
    counts = clean_controls(panel(), design(), rule="one_off", quiet=None).iloc[-1]
    said = f"{counts['events']} events, {counts['controls']} clean controls, {counts['periods']} periods"
    assert facts["At event time 2"] == said


def test_groups_are_separate_runs_and_never_share_controls() -> None:
    rows = frame(1, units=80)
    both = lp_did(panel(rows), design(moderator=REGIME), rule="one_off")
    for name in ("low", "high"):
        alone = lp_did(panel(rows[rows["regime"] == name].reset_index(drop=True)), design(), rule="one_off")
        mine = [i for i, term in enumerate(both.terms) if term.group == name]
        np.testing.assert_allclose(both.coef[mine], alone.coef, rtol=1e-12)
        np.testing.assert_allclose(both.vcov[np.ix_(mine, mine)], alone.vcov, rtol=1e-12)


def test_clusters_coarser_than_units() -> None:
    rows = frame(1)
    estimate = lp_did(panel(rows), design(covariance=Clustered("region", "none")), rule="one_off")
    o = observations(rows, "one_off", 2, (1,))
    region = o["unit"].map(rows.groupby("unit")["region"].first())
    assert estimate.vcov[2, 2] == pytest.approx(by_hand(o, region, [], pd.Series(1.0, index=o.index))[1], rel=1e-9)


def test_pairs_share_the_events_of_the_importer() -> None:
    rng = np.random.default_rng(8)
    rows = pd.concat([frame(1).assign(exporter=name) for name in ("CHN", "USA")], ignore_index=True)
    rows["y"] += rng.normal(size=len(rows))
    pairs = Panel(rows, ("exporter", "unit"), "year")
    asked = design(event=replace(design().event, by="unit"), fixed_effects=("exporter^unit", "year"))
    estimate = lp_did(pairs, asked, rule="one_off")
    single = rows.assign(unit=rows["exporter"] + rows["unit"])
    o = observations(single, "one_off", 2, (1,))
    coef, variance = by_hand(o, o["unit"].str[3:], [], pd.Series(1.0, index=o.index))
    assert estimate.coef[2] == pytest.approx(coef, rel=1e-10)
    assert estimate.vcov[2, 2] == pytest.approx(variance, rel=1e-9)


def test_order_names_unit_levels_and_period_levels_do_not_matter() -> None:
    rows = frame(1)
    first = lp_did(panel(rows), design(), rule="one_off")
    other = rows.sample(frac=1, random_state=1).reset_index(drop=True)
    other["unit"] = "Z" + (99 - other["unit"].str[1:].astype(int)).astype(str)
    other["y"] = 7 * other["unit"].str[1:].astype(int) + np.cos(other["year"] ** 2) + other["y"]
    again = lp_did(panel(other), design(), rule="one_off")
    np.testing.assert_allclose(again.coef, first.coef, rtol=1e-9)
    np.testing.assert_allclose(again.vcov, first.vcov, rtol=1e-8, atol=1e-14)


def test_periods_before_the_record_may_count_as_quiet() -> None:
    rows = frame(1, missing=0.0)
    unknown = clean_controls(panel(rows), design(event=ON), rule="stabilised", quiet=3)
    quiet = clean_controls(panel(rows), design(event=ON), rule="stabilised", quiet=3, unrecorded="quiet")
    assert (quiet["events"] > unknown["events"]).all()
    padded = pd.concat([rows[rows["year"] == 2000].assign(year=2000 - k, y=np.nan) for k in range(1, 6)] + [rows])
    same = clean_controls(panel(padded.reset_index(drop=True)), design(event=ON), rule="stabilised", quiet=3)
    # A record that begins earlier, all quiet: the first change is known too, but no outcome there.
    assert same["periods"].tolist() == quiet["periods"].tolist()
    assert same["events"].tolist() == quiet["events"].tolist()


@pytest.mark.parametrize(("first", "last"), [(-3, -1), (1, 2), (-2, 3), (2, 1), (-9, 9), (0, 0)])
@pytest.mark.parametrize("before", [False, True])
def test_none_in_by_hand(first: int, last: int, before: bool) -> None:
    moved = np.random.default_rng(1).random((9, 7)) < 0.2
    found = none_in(moved, first, last, before=before)
    for u, t in product(range(9), range(7)):
        cells = [before if t + k < 0 else True if t + k > 6 else moved[u, t + k] for k in range(first, last + 1)]
        assert found[u, t] == (not any(cells))


def test_doses_are_refused_with_a_way_out() -> None:
    with pytest.raises(DesignError, match=r"not for doses(.|\n)*kind 'threshold'"):
        lp_did(panel(), design(event=Event(column="x", kind="dose")), rule="one_off")


def test_a_dose_of_zero_and_one_is_an_event() -> None:
    as_dose = lp_did(panel(), design(event=Event(column="event", kind="dose")), rule="one_off")
    np.testing.assert_array_equal(as_dose.coef, lp_did(panel(), design(), rule="one_off").coef)


def test_events_that_return_are_refused_under_the_rule_absorbing() -> None:
    with pytest.raises(RecurringEventError, match="lp_did"):
        lp_did(panel(), design(), rule="absorbing")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"rule": "clean"}, "Unknown rule"),
        ({"rule": "absorbing", "quiet": 2}, "no quiet periods"),
        ({"rule": "one_off", "quiet": -1}, "must not be negative"),
        ({"rule": "one_off", "unrecorded": "zero"}, "Unknown unrecorded"),
        ({"rule": "one_off", "outcome_lags": -1}, "must not be negative"),
        ({"rule": "one_off", "pooled": (-1, 2)}, "from 0 on"),
        ({"rule": "one_off", "pooled": (0, 5)}, "outside the window"),
        ({"rule": "one_off", "pooled": (-2, -2), "outcome_lags": 1}, "by construction"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any], match: str) -> None:
    with pytest.raises(DesignError, match=match):
        LpDid(**options).run(panel(), design())


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"window": EventWindow(leads=2, lags=2, reference=None)}, WindowError),
        ({"fixed_effects": ("unit", "region^year")}, DesignError),
        ({"offset": "weight"}, DesignError),
    ],
)
def test_designs_that_do_not_fit_are_refused(change: dict[str, Any], error: type[DesignError]) -> None:
    with pytest.raises(error):
        lp_did(panel(), design(**change), rule="one_off")


def test_yearly_events_leave_nothing_to_compare() -> None:
    rows = frame(1, missing=0.0)
    rows["event"] = ((rows["year"] + rows["unit"].str[1:].astype(int)) % 2).astype(float)
    with pytest.raises(IdentificationError, match="no event with a clean control"):
        lp_did(panel(rows), design(), rule="one_off")


def test_covariates_that_are_the_event_leave_no_effect() -> None:
    rows = frame(1, missing=0.0)
    rows["ahead"] = rows.groupby("unit")["event"].shift(-1).fillna(0.0)
    with pytest.raises(IdentificationError, match="covariates explain"):
        lp_did(panel(rows), design(controls=("ahead",)), rule="one_off")


def test_threshold_of_a_count_is_an_event() -> None:
    rows = frame(1)
    rows["count"] = 3 * rows["event"]
    event = Event(column="count", kind="threshold", threshold=Threshold(rule="absolute", value=2))
    np.testing.assert_array_equal(
        lp_did(panel(rows), design(event=event), rule="one_off").coef,
        lp_did(panel(rows), design(), rule="one_off").coef,
    )


@pytest.mark.parametrize(("rule", "column"), [("stabilised", "on"), ("absorbing", "once")])
def test_a_change_of_a_status_is_read_from_the_status(rule: Any, column: str) -> None:
    change = lp_did(panel(frame(1)), design(event=Event(column=column, kind="change")), rule=rule)
    status = lp_did(panel(frame(1)), design(event=EVENTS[rule]), rule=rule)
    np.testing.assert_array_equal(change.coef, status.coef)
    np.testing.assert_array_equal(change.vcov, status.vcov)
