"""stacked_did: against the regression on a stack that is really built, what it says it uses, invariances, refusals."""

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
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.events import Event
from eventpanel.estimators.lp_did import LpDid, lp_did
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.stacked_did import StackedDid, stacked_did
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

EVENTS = {"one_off": design().event, "stabilised": ON, "absorbing": replace(ON, column="once")}
REGIME = Moderator(name="regime", column="regime", timing="fixed")
SPAN = (-2, 2)
TIMES = [-2, 0, 1, 2]
pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.cautions.EstimationWarning")


def stack(rows: pd.DataFrame, rule: str, quiet: int) -> pd.DataFrame:
    """One row per unit, sub-experiment and event time, with corrective weights, built unit by unit."""
    event, on, once, y = grids(rows, "event", "on", "once", "y")
    change = changes_of(on)
    out = []
    for unit, year in product(sorted(set(rows["unit"])), range(rows["year"].min(), rows["year"].max() + 1)):
        d = {
            "one_off": clean_by_hand(event, unit, year, quiet, SPAN),
            "stabilised": status_by_hand(change, unit, year, quiet, SPAN),
            "absorbing": once_by_hand(once, unit, year, SPAN),
        }[rule]
        if d is not None and all((unit, year + k) in y for k in range(SPAN[0], SPAN[1] + 1)):
            out += [(unit, year, k, d, y[unit, year + k]) for k in range(SPAN[0], SPAN[1] + 1)]
    made = pd.DataFrame(out, columns=["unit", "sub", "k", "d", "y"])
    made = made[made.groupby("sub")["d"].transform("nunique") == 2].reset_index(drop=True)
    treated = made.groupby("sub")["d"].transform("sum") / made["d"].sum()
    controls = made.groupby("sub")["d"].transform(lambda d: (1 - d).sum()) / (1 - made["d"]).sum()
    made["w"] = np.where(made["d"] == 1, 1.0, treated / controls)
    return made


def regression(made: pd.DataFrame, effects: list[pd.Series], weights: pd.Series, cluster: pd.Series) -> Any:
    """Effects of units or groups as dummies, those of periods for all but the base period, and the event."""
    units, periods = (pd.get_dummies(effect.astype(str)).astype(float) for effect in effects)
    periods = periods.mul(made["k"] != -1, axis=0)
    X = pd.concat([units, periods.loc[:, periods.any()].add_prefix("period ")], axis=1)
    for k in TIMES:
        X[f"d{k}"] = made["d"] * (made["k"] == k)
    groups = pd.factorize(cluster)[0]
    root = np.sqrt(weights)
    return sm.OLS(made["y"] * root, X.mul(root, axis=0)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )


def effects_of(made: pd.DataFrame, period_effects: str) -> list[pd.Series]:
    if period_effects == "pooled":
        return [made["d"], made["k"]]
    sub = made["sub"].astype(str)
    return [made["unit"] + sub, sub + "_" + made["k"].astype(str)]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("rule", ["one_off", "stabilised", "absorbing"])
@pytest.mark.parametrize("period_effects", ["stack", "pooled"])
def test_against_the_regression_on_the_stack(seed: int, rule: Any, period_effects: Any) -> None:
    rows = frame(seed, units=60, missing=0.02)
    quiet = None if rule == "absorbing" else 1
    estimate = stacked_did(
        panel(rows), design(event=EVENTS[rule]), rule=rule, quiet=quiet, period_effects=period_effects
    )
    made = stack(rows, rule, quiet or 0)
    assert made["unit"].size > made.drop_duplicates(["unit", "k"]).shape[0]
    fit = regression(made, effects_of(made, period_effects), made["w"], made["unit"])
    names = [f"d{k}" for k in TIMES]
    assert [term.event_time for term in estimate.terms] == TIMES
    np.testing.assert_allclose(estimate.coef, fit.params[names], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(estimate.vcov, fit.cov_params().loc[names, names], rtol=1e-9, atol=1e-12)


def test_without_corrective_weights_the_stack_finds_something_else() -> None:
    """Thirty events in 2004 without an effect, three in 2009 with one of 11, when everybody jumps by 5."""
    rows = frame(1, units=60, missing=0.0)
    number = rows["unit"].str[1:].astype(int)
    rows["event"] = (((number < 30) & (rows["year"] == 2004)) | ((number >= 57) & (rows["year"] == 2009))).astype(float)
    late = rows["year"] >= 2009
    rows["y"] = number + 5.0 * late + 11.0 * (late & (number >= 57))
    found = stacked_did(panel(rows), design(), rule="one_off")
    np.testing.assert_allclose(found.coef, [0, 1, 1, 1], atol=1e-12)
    made = stack(rows, "one_off", 2)
    names, one = [f"d{k}" for k in TIMES], pd.Series(1.0, index=made.index)
    shares = {"stack": 11 * (3 * 57 / 60) / (3 * 57 / 60 + 30 * 30 / 60), "pooled": 3 * 16 / 33 - 57 * 5 / 87}
    for period_effects, expected in shares.items():
        plain = regression(made, effects_of(made, period_effects), one, made["unit"])
        np.testing.assert_allclose(plain.params[names], [0, expected, expected, expected], atol=1e-10)
        assert abs(expected - 1) > 0.7


@pytest.mark.parametrize("rule", ["reghdfe", "statsmodels"])
@pytest.mark.parametrize("period_effects", ["stack", "pooled"])
def test_small_sample_rules_count_rows_of_the_stack(rule: Any, period_effects: Any) -> None:
    rows = frame(1, units=60, missing=0.02)
    asked = design(covariance=Clustered("unit", rule))
    raw = stacked_did(panel(rows), design(), rule="one_off", quiet=1, period_effects=period_effects)
    scaled = stacked_did(panel(rows), asked, rule="one_off", quiet=1, period_effects=period_effects)
    made = stack(rows, "one_off", 1)
    effects = effects_of(made, period_effects)
    X = np.hstack([pd.get_dummies(effect.astype(str)).to_numpy(float) for effect in effects])
    k = len(TIMES) + np.linalg.matrix_rank(X)
    if rule == "reghdfe" and period_effects == "stack":
        k += 1 - len(set(effects[0]))
    n, g = len(made), made["unit"].nunique()
    assert scaled.vcov == pytest.approx(raw.vcov * (g / (g - 1) * (n - 1) / (n - k)), rel=1e-12)


def test_what_is_said_to_be_used_is_what_changes_coefficients() -> None:
    rows, asked = frame(5, units=40, periods=10, missing=0.04), design()
    method = StackedDid("one_off", 1)
    t = trajectories(panel(rows), asked)
    before, uses = method.effects(t, asked), method.uses(t, asked)
    assert uses.rows.any()
    assert (uses.rows == before.uses.rows).all()
    for cell in zip(*np.nonzero(t.inside), strict=True):
        outcome = t.outcome.copy()
        outcome[cell] += 1.0
        after = method.effects(replace(t, outcome=outcome), asked)
        assert (np.abs(after.coef - before.coef).max() > 1e-12) == uses.rows[cell], cell


def test_every_event_is_used_or_said_why_not() -> None:
    rows, asked = frame(6, units=40, missing=0.02), design()
    rows["y"] = rows["y"].where(np.random.default_rng(6).random(len(rows)) > 0.05)
    event, y = grids(rows, "event", "y")
    made = stack(rows, "one_off", 1)
    blank = made.groupby(["unit", "sub"])["y"].transform(lambda y: y.isna().any())
    used = {(u, s) for u, s, d in made.loc[~blank, ["unit", "sub", "d"]].itertuples(index=False) if d == 1}
    found = card(StackedDid("one_off", 1), panel(rows), asked).events
    mine = {(row.unit, row.period) for row in found[found["use"] == "used"].itertuples()}
    assert mine == used
    for row in found[found["use"] == "dropped"].itertuples():
        unit, year = str(row.unit), int(str(row.period))
        if event.get((unit, year - 1)) != 0:
            assert row.reason == "something happens in the quiet periods before, or may have"
        elif clean_by_hand(event, unit, year, 1, SPAN) != 1:
            assert row.reason == "another event in its window, or may be"
        else:
            assert np.isnan([y.get((unit, year + k), np.nan) for k in range(-2, 3)]).any()
            assert row.reason == "the outcome is missing in a period of its window"


def test_it_is_the_reweighted_local_projection_where_both_use_the_same_observations() -> None:
    """One event time each side of the base, all outcomes there: the windows of both are the same."""
    rows = frame(2, missing=0.0)
    asked = design(window=EventWindow(leads=1, lags=0, reference=-1))
    stacked = stacked_did(panel(rows), asked, rule="one_off", quiet=2)
    projected = lp_did(panel(rows), asked, rule="one_off", quiet=2, reweight=True)
    np.testing.assert_allclose(stacked.coef, projected.coef, rtol=1e-11)


def test_the_same_events_at_every_event_time() -> None:
    facts = dict(stacked_did(panel(), design(), rule="one_off", quiet=1).facts)
    made = stack(frame(), "one_off", 1)
    treated = made[(made["d"] == 1) & (made["k"] == 0)]
    assert facts["Sub-experiments"] == f"{made['sub'].nunique()}, with {len(treated)} events"
    assert facts["Events used"].startswith(f"{len(treated)} of ")


def test_groups_clusters_and_pairs() -> None:
    rows = frame(1, units=90, missing=0.02)
    both = stacked_did(panel(rows), design(moderator=REGIME), rule="one_off", quiet=1)
    for name in ("low", "high"):
        alone = stacked_did(
            panel(rows[rows["regime"] == name].reset_index(drop=True)), design(), rule="one_off", quiet=1
        )
        mine = [i for i, term in enumerate(both.terms) if term.group == name]
        np.testing.assert_allclose(both.coef[mine], alone.coef, rtol=1e-12)
        np.testing.assert_allclose(both.vcov[np.ix_(mine, mine)], alone.vcov, rtol=1e-12)
    coarse = stacked_did(panel(rows), design(covariance=Clustered("region", "none")), rule="one_off", quiet=1)
    made = stack(rows, "one_off", 1)
    region = made["unit"].map(rows.groupby("unit")["region"].first())
    fit = regression(made, effects_of(made, "stack"), made["w"], region)
    names = [f"d{k}" for k in TIMES]
    np.testing.assert_allclose(coarse.vcov, fit.cov_params().loc[names, names], rtol=1e-9, atol=1e-12)


def test_pairs_share_the_events_of_the_importer() -> None:
    rows = pd.concat([frame(1).assign(exporter=name) for name in ("CHN", "USA")], ignore_index=True)
    pairs = Panel(rows, ("exporter", "unit"), "year")
    asked = design(event=replace(design().event, by="unit"), fixed_effects=("exporter^unit", "year"))
    twice = stacked_did(pairs, asked, rule="one_off", quiet=1)
    once = stacked_did(panel(frame(1)), design(), rule="one_off", quiet=1)
    np.testing.assert_allclose(twice.coef, once.coef, rtol=1e-12)
    np.testing.assert_allclose(twice.vcov, once.vcov, rtol=1e-12)


def test_order_unit_levels_and_period_levels_do_not_matter() -> None:
    rows = frame(1)
    first = stacked_did(panel(rows), design(), rule="one_off", quiet=1)
    other = rows.sample(frac=1, random_state=1).reset_index(drop=True)
    other["y"] += 7 * other["unit"].str[1:].astype(int) + 5 * np.cos(other["year"] ** 2)
    again = stacked_did(panel(other), design(), rule="one_off", quiet=1)
    np.testing.assert_allclose(again.coef, first.coef, rtol=1e-9)
    np.testing.assert_allclose(again.vcov, first.vcov, rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize(
    ("change", "options", "error", "match"),
    [
        ({}, {"rule": "absorbing"}, RecurringEventError, "stacked_did"),
        ({}, {"rule": "clean"}, DesignError, "Unknown rule"),
        ({}, {"rule": "one_off", "period_effects": "none"}, DesignError, "Unknown period_effects"),
        ({"event": Event(column="x", kind="dose")}, {"rule": "one_off"}, DesignError, "not for doses"),
        ({"controls": ("x",)}, {"rule": "one_off"}, DesignError, "takes no controls"),
        ({"weights": "weight"}, {"rule": "one_off"}, DesignError, "takes no weights"),
        ({"fixed_effects": ("unit",)}, {"rule": "one_off"}, DesignError, "units and periods"),
        ({"window": EventWindow(leads=2, lags=2, reference=None)}, {"rule": "one_off"}, WindowError, "period before"),
        ({}, {"rule": "one_off", "quiet": 12}, IdentificationError, "no event with a clean window"),
    ],
)
def test_what_does_not_fit_is_refused(
    change: dict[str, Any], options: dict[str, Any], error: type[DesignError], match: str
) -> None:
    with pytest.raises(error, match=match):
        stacked_did(panel(), design(**change), **options)


@pytest.mark.parametrize("rule", ["absorbing", "one_off", "stabilised"])
def test_the_two_methods_of_clean_windows_say_alike_what_they_assume(rule: Any) -> None:
    one, other = LpDid(rule).assumptions, StackedDid(rule).assumptions
    assert one[1:] == other[1:]
    assert ("quiet" in " ".join(one)) == (rule != "absorbing")
    assert "averaged over event times 0 to 2" in LpDid(rule, pooled=(0, 2)).estimand
    for said in (*one, *other, LpDid(rule).estimand, StackedDid(rule).estimand):
        assert said[0].isupper()
        assert said.endswith(".")
