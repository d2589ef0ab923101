"""did_multiplegt against loops, by hand, under invariances; what it does with every event; what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError, IdentificationError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.card import card
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.did_multiplegt import DidMultiplegt, SwitchRules, average_total_effect, did_multiplegt
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.method import estimated
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.trajectories import trajectories
from eventpanel.estimators.window import EventWindow
from tests.estimators.multiplegt_loops import Found, Unit, horizon, units_of

pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.cautions.EstimationWarning")
SHORT = EventWindow(leads=2, lags=1, reference=-1)
PERIODS = list(range(2000, 2008))
DESIGN = Design(
    outcome="y",
    event=Event(column="x", kind="dose"),
    window=EventWindow(leads=3, lags=2, reference=-1),
    fixed_effects=("unit", "year"),
    covariance=Clustered("unit", "none"),
)


BRIEF = replace(DESIGN, window=SHORT)
METHODS = {
    "never": DidMultiplegt(rules=SwitchRules(only_never_switchers=True)),
    "in": DidMultiplegt(switchers="in"),
    "out": DidMultiplegt(switchers="out"),
}


def frame(seed: int, units: int = 40, values: tuple[float, ...] = (0.0, 1.0, 2.0), gaps: bool = True) -> pd.DataFrame:
    """An unbalanced panel whose treatment goes up and down; the treatment of some rows is missing."""
    rng = np.random.default_rng(seed)
    rows = []
    for u in range(units):
        x = float(rng.choice(values))
        for t in PERIODS:
            if t > PERIODS[0] and rng.random() < 0.2:
                x = float(rng.choice(values))
            rows.append((f"U{u:02d}", t, x, f"R{u // 3:02d}", f"B{u % 2}"))
    found = pd.DataFrame(rows, columns=["unit", "year", "x", "region", "bloc"])
    found["z"] = rng.normal(size=len(found))
    found["y"] = rng.normal(size=len(found)) + found["x"] + 0.5 * found["z"] + found["unit"].str[1:].astype(int)
    found["weight"] = rng.integers(1, 5, len(found)).astype(float)
    if not gaps:
        return found
    found.loc[rng.random(len(found)) < 0.06, "y"] = np.nan
    found.loc[rng.random(len(found)) < 0.06, "x"] = np.nan
    return found[rng.random(len(found)) > 0.06].reset_index(drop=True)


def plainly(rows: pd.DataFrame) -> pd.DataFrame:
    """No weights, no trends, each unit a cluster."""
    return rows.assign(weight=1.0, bloc="", region=rows["unit"])


def panel(rows: pd.DataFrame) -> Panel:
    return Panel(rows, ("unit",), "year")


def slow(units: list[Unit], event_time: int) -> Found:
    found = horizon(units, event_time)
    assert found is not None
    return found


def by_time(estimate: Estimate) -> dict[int, float]:
    return {int(str(term.event_time)): float(coef) for term, coef in zip(estimate.terms, estimate.coef, strict=True)}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["plain", "clusters", "weights", "trends", "never", "in", "out"])
def test_estimates_and_variance_are_those_of_loops(seed: int, kind: str) -> None:
    rows = frame(seed)
    design = replace(DESIGN, covariance=Clustered("region" if kind == "clusters" else "unit", "none"))
    if kind == "weights":
        design = replace(design, weights="weight")
    if kind == "trends":
        design = replace(design, fixed_effects=("unit", "bloc^year"))
    estimate = estimated(METHODS.get(kind, DidMultiplegt()), panel(rows), design)
    plain = rows.assign(
        weight=rows["weight"] if kind == "weights" else 1.0,
        bloc=rows["bloc"] if kind == "trends" else "",
        region=rows["region"] if kind == "clusters" else rows["unit"],
    )
    units = units_of(plain, PERIODS)
    for unit in units:
        unit.may = kind != "never" or unit.switch == float("inf")
        if (kind, unit.sign) in {("in", -1), ("out", 1)}:
            unit.sign = 0
    cluster = pd.Series({unit.name: unit.cluster for unit in units})
    loops = {k: horizon(units, k) for k in design.window.event_times}
    estimable = {k: found for k, found in loops.items() if found is not None}
    assert list(estimable) == list(by_time(estimate))
    assert len(estimable) >= 2
    sums = pd.DataFrame({k: pd.Series(found.error) for k, found in estimable.items()}).groupby(cluster).sum()
    np.testing.assert_allclose(estimate.coef, [found.coef for found in estimable.values()], atol=1e-10)
    np.testing.assert_allclose(estimate.vcov, sums.T @ sums, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("seed", range(3))
def test_normalised_effects_divide_by_the_treatment_received(seed: int) -> None:
    rows = frame(seed)
    plain, per = did_multiplegt(panel(rows), DESIGN), did_multiplegt(panel(rows), DESIGN, normalised=True)
    doses = np.array([slow(units_of(plainly(rows), PERIODS), k).dose for k in by_time(plain)])
    np.testing.assert_allclose(per.coef, plain.coef / doses, rtol=1e-10)
    np.testing.assert_allclose(per.vcov, plain.vcov / np.outer(doses, doses), rtol=1e-10)


def test_average_total_effect_by_hand() -> None:
    rows = frame(1)
    units = units_of(plainly(rows), PERIODS)
    effects = [slow(units, k) for k in (0, 1, 2)]
    dose = sum(
        unit.sign * (unit.d[int(unit.switch) + k] - unit.baseline)
        for k, found in enumerate(effects)
        for unit in found.switchers
    )
    total = average_total_effect(panel(rows), DESIGN)
    assert total.coef[0] == pytest.approx(sum(f.coef * len(f.switchers) for f in effects) / dose, rel=1e-10)
    parts = np.sum([pd.Series(f.error).to_numpy() * len(f.switchers) for f in effects], axis=0) / dose
    assert total.vcov[0, 0] == pytest.approx(float((parts**2).sum()), rel=1e-10)


@pytest.mark.parametrize("seed", range(2))
def test_controls_are_taken_out_by_first_differences(seed: int) -> None:
    """The slopes by ordinary least squares with dummies; the estimates those of the outcome less the prediction."""
    rows = frame(seed, gaps=False)
    estimate = did_multiplegt(panel(rows), replace(DESIGN, controls=("z",)))
    units = units_of(plainly(rows), PERIODS)
    z = {(str(u), int(t)): float(v) for u, t, v in zip(rows["unit"], rows["year"], rows["z"], strict=True)}
    slopes = {}
    for baseline in {unit.baseline for unit in units}:
        mine = [unit for unit in units if unit.baseline == baseline]
        cells = [(u, t) for u in mine for t in PERIODS[1:] if t < u.switch and {t, t - 1} <= u.y.keys()]
        x = np.array([z[u.name, t] - z[u.name, t - 1] for u, t in cells])
        y = np.array([u.y[t] - u.y[t - 1] for u, t in cells])
        dummies = np.array([[t == s for s in PERIODS[1:]] for _, t in cells], dtype=float)
        slopes[baseline] = np.linalg.lstsq(np.column_stack([x, dummies]), y, rcond=None)[0][0]
    for unit in units:
        unit.y = {t: v - slopes[unit.baseline] * z[unit.name, t] for t, v in unit.y.items()}
    for k, coef in by_time(estimate).items():
        assert coef == pytest.approx(slow(units, k).coef, abs=1e-10)


def test_the_error_with_controls_is_the_derivative_with_respect_to_the_weights_of_units() -> None:
    """Of units that never switch: the weights of switchers also move the shares of cohorts, which are taken as given.

    The root of k / (k - 1) for cells of k units is left to the tolerance; k is 86 at least.
    """
    rows = frame(3, units=400, values=(0.0, 1.0), gaps=False).assign(one=1.0)
    design = replace(DESIGN, controls=("z",), weights="one")
    t = trajectories(panel(rows), design)
    exact = DidMultiplegt().effects(t, design).influence
    never = np.flatnonzero((t.level == t.level[:, :1]).all(axis=1))
    for unit in never[:6]:
        ends = []
        for step in (1e-5, -1e-5):
            weights = t.weights.copy()
            weights[unit] += step
            ends.append(DidMultiplegt().effects(replace(t, weights=weights), design).coef)
        slope = (ends[0] - ends[1]) / 2e-5
        np.testing.assert_allclose(exact[unit], slope, atol=0.01 * np.abs(exact[never]).max())


@pytest.mark.parametrize("seed", [0, 5])
@pytest.mark.parametrize("controls", [(), ("z",)])
def test_rows_used_are_those_whose_outcome_moves_an_estimate(seed: int, controls: tuple[str, ...]) -> None:
    rows = frame(seed, units=14, values=(0.0, 1.0))
    design = replace(DESIGN, controls=controls)
    t = trajectories(panel(rows), design)
    method = DidMultiplegt()
    effects = method.effects(t, design)
    assert (effects.uses.rows == method.uses(t, design).rows).all()
    moves = np.zeros(t.shape, dtype=bool)
    for cell in zip(*np.nonzero(t.inside), strict=True):
        outcome = t.outcome.copy()
        outcome[cell] += 10.0
        moves[cell] = np.abs(method.effects(replace(t, outcome=outcome), design).coef - effects.coef).max() > 1e-9
    assert moves.any()
    assert (moves == effects.uses.rows).all()


@pytest.mark.parametrize("seed", range(3))
def test_events_used_are_first_changes_that_are_compared(seed: int) -> None:
    rows = frame(seed)
    units = units_of(plainly(rows), PERIODS)
    compared = {(u.name, int(u.switch)) for k in (0, 1, 2) for u in slow(units, k).switchers}
    events = card(DidMultiplegt(), panel(rows), DESIGN).events
    used = events[events["use"] == "used"]
    assert set(zip(used["unit"], used["period"], strict=True)) == compared


def path(*levels: float) -> pd.DataFrame:
    """One unit with a path of treatments, and nine that never have any."""
    others = [(f"N{i}", 2000 + t, 0.0) for i in range(9) for t in range(len(levels))]
    rows = pd.DataFrame([("A", 2000 + t, x) for t, x in enumerate(levels)] + others, columns=["unit", "year", "x"])
    return rows.assign(y=np.random.default_rng(2).normal(size=len(rows)), bloc="")


def reasons(rows: pd.DataFrame, method: DidMultiplegt | None = None, **changes: object) -> dict[int, str]:
    found = card(method or DidMultiplegt(), panel(rows), replace(BRIEF, **changes)).events  # type: ignore[arg-type]
    mine = found[found["unit"] == "A"]
    return dict(zip(mine["period"], mine["reason"], strict=True))


def test_later_events_of_a_unit_are_part_of_its_path() -> None:
    later = "part of the path of a unit that has switched before"
    assert reasons(path(0, 1, 0, 0, 1, 0)) == {2001: "", 2004: later}
    assert "part of its path" in DidMultiplegt().estimand


def test_why_first_changes_are_not_used() -> None:
    nan = np.nan
    assert "date of the switch" in reasons(path(0, 0, nan, 1, 1, 1))[2003]
    assert "direction" in reasons(path(0, 0, 1, 1), DidMultiplegt(switchers="out"))[2002]
    assert "has not switched" not in reasons(path(0, 0, 1, 1))[2002]
    assert "no unit with the same treatment" in reasons(path(5, 5, 1, 1))[2002]
    assert "still that of the start" in reasons(path(5, 5, 1, 1))[2001]
    same = DidMultiplegt(same_switchers="effects")
    longer = EventWindow(leads=1, lags=2, reference=-1)
    assert "not every effect" in reasons(path(0, 0, 1, 1), same, window=longer)[2002]
    lost = path(0, 0, 1, 1)
    lost.loc[(lost["unit"] == "A") & (lost["year"] == 2001), "y"] = nan
    assert "period before" in reasons(lost)[2002]
    lost = path(0, 0, 1, 1)
    lost.loc[(lost["unit"] == "A") & (lost["year"] >= 2002), "y"] = nan
    assert "window after" in reasons(lost)[2002]
    level = path(1, 2, 0, 1)
    level.loc[level["unit"] != "A", "x"] = 1.0
    keep = DidMultiplegt(rules=SwitchRules(keep_crossing=True))
    assert "on average that of the start" in reasons(level, keep)[2001]


def test_a_note_says_where_few_switchers_have_controls_and_only_there() -> None:
    rising, falling = path(0, 0, 0, 1), path(1, 1, 0, 0)
    falling["x"] = falling["x"].where(falling["unit"] == "A", 1.0)
    rows = pd.concat([*(rising.assign(unit=rising["unit"] + f"{i}") for i in range(3)), falling])
    for method in (METHODS["in"], METHODS["out"]):
        assert not any("are not compared" in note for note in estimated(method, panel(rows), BRIEF).notes)
    doses = pd.concat(
        [path(0, 0, 0, 1), *(path(x, x, 1, 1).assign(unit=f"D{x}").drop_duplicates("year") for x in (5, 6))]
    )
    notes = did_multiplegt(panel(doses), BRIEF).notes
    assert any("2 of 3 units whose treatment changes are not compared" in note for note in notes)


def test_a_switch_off_is_an_event_although_nothing_is_on_then() -> None:
    rows = path(1, 1, 0, 0)
    rows["x"] = np.where(rows["unit"] == "A", rows["x"], 1.0)
    used = card(DidMultiplegt(), panel(rows), BRIEF).events.query("use == 'used'")
    assert list(zip(used["unit"], used["period"], strict=True)) == [("A", 2002)]
    estimate = did_multiplegt(panel(rows), BRIEF)
    wide = rows.pivot_table(index="unit", columns="year", values="y")
    change = wide[2002] - wide[2001]
    assert by_time(estimate)[0] == pytest.approx(change.drop("A").mean() - change["A"], rel=1e-12)


def test_outcomes_after_a_path_has_crossed_its_start_are_left_out_unless_kept() -> None:
    rows = path(1, 2, 0, 0)
    rows["x"] = np.where(rows["unit"] == "A", rows["x"], 1.0)
    assert list(by_time(did_multiplegt(panel(rows), BRIEF))) == [0]
    kept = did_multiplegt(panel(rows), BRIEF, rules=SwitchRules(keep_crossing=True))
    assert list(by_time(kept)) == [0, 1]
    # On average the treatment is below that of the start: a switch out.
    wide = rows.pivot_table(index="unit", columns="year", values="y")
    change = wide[2001] - wide[2000]
    assert by_time(kept)[0] == pytest.approx(change.drop("A").mean() - change["A"], rel=1e-12)


def test_a_gap_before_the_switch_is_filled_unless_asked_not_to() -> None:
    rows = path(0, np.nan, 0, 1, 1)
    assert 0 in by_time(did_multiplegt(panel(rows), BRIEF))
    with pytest.raises(IdentificationError, match="nothing to compare"):
        did_multiplegt(panel(rows), BRIEF, rules=SwitchRules(fill_gaps=False))


def test_placebos_longer_than_effects_need_no_effect_of_that_length() -> None:
    rows = path(0, 0, 0, 1)
    design = replace(DESIGN, window=EventWindow(leads=3, lags=0, reference=-1))
    assert sorted(by_time(did_multiplegt(panel(rows), design))) == [-2, 0]
    longer = did_multiplegt(panel(rows), design, rules=SwitchRules(placebos="all"))
    assert sorted(by_time(longer)) == [-3, -2, 0]
    wide = rows.pivot_table(index="unit", columns="year", values="y")
    change = wide[2000] - wide[2002]
    assert by_time(longer)[-3] == pytest.approx(change["A"] - change.drop("A").mean(), rel=1e-12)


@pytest.mark.parametrize("which", ["effects", "all"])
def test_same_switchers_are_the_same_at_every_event_time(which: str) -> None:
    method = DidMultiplegt(same_switchers=which)  # type: ignore[arg-type]
    t = trajectories(panel(frame(2, units=80)), DESIGN)
    plan = method.plan(t, DESIGN)
    times = [k for k in plan.horizons if which == "all" or k >= 0]
    assert len({tuple(plan.horizons[k].moved) for k in times}) == 1
    assert len(times) == (5 if which == "all" else 3)
    free = DidMultiplegt().plan(t, DESIGN)
    assert len(plan.horizons[0].moved) < len(free.horizons[0].moved)


def test_order_names_and_additive_shifts_do_not_matter() -> None:
    rows = frame(4)
    first = did_multiplegt(panel(rows), replace(DESIGN, covariance=Clustered("region", "none")))
    rng = np.random.default_rng(1)
    shift = {u: 1000 * rng.normal() for u in rows["unit"].unique()}
    trend = {t: rng.normal() for t in PERIODS}
    other = rows.sample(frac=1.0, random_state=1)
    other["y"] += other["unit"].map(shift) + other["year"].map(trend)
    names = dict(zip(shift, rng.permutation(list(shift)), strict=True))
    other["unit"] = other["unit"].map(names)
    second = did_multiplegt(panel(other), replace(DESIGN, covariance=Clustered("region", "none")))
    np.testing.assert_allclose(first.coef, second.coef, atol=1e-9)
    np.testing.assert_allclose(first.vcov, second.vcov, atol=1e-9)


def test_planted_effects_that_differ_by_unit_and_lag_are_found() -> None:
    """Without noise the estimate is the mean over switchers of the effects that were planted, whatever came later."""
    rng = np.random.default_rng(8)
    rows = frame(6, units=60, values=(0.0, 1.0), gaps=False)
    rows = rows[rows.groupby("unit")["x"].transform("first") == 0].reset_index(drop=True)
    gain = {u: rng.normal() for u in rows["unit"].unique()}
    on = rows.pivot_table(index="unit", columns="year", values="x").to_numpy()
    lagged = sum(0.5**k * np.pad(on, ((0, 0), (k, 0)))[:, : on.shape[1]] for k in range(8))
    effect = lagged * np.array([gain[u] for u in sorted(gain)])[:, None]
    rows = rows.sort_values(["unit", "year"])
    rows["y"] = effect.reshape(-1) + rows["unit"].str[1:].astype(int) + 3.0 * rows["year"]
    estimate = did_multiplegt(panel(rows), DESIGN)
    first = on.argmax(axis=1)
    for k in (0, 1, 2):
        controls = [(~on[:, : f + k + 1].any(axis=1)).any() if f + k < 8 else False for f in first]
        mine = [effect[i, f + k] for i, f in enumerate(first) if on[i].any() and controls[i]]
        assert by_time(estimate)[k] == pytest.approx(np.mean(mine), abs=1e-10)
    assert by_time(estimate)[-2] == pytest.approx(0.0, abs=1e-10)


def test_groups_equal_separate_runs() -> None:
    moderator = Moderator(name="bloc", column="bloc", timing="fixed")
    rows = frame(7, units=60)
    both = did_multiplegt(panel(rows), replace(DESIGN, moderator=moderator))
    for group in ("B0", "B1"):
        one = did_multiplegt(panel(rows), replace(DESIGN, sample=Sample(among=((moderator, group),))))
        mine = [i for i, term in enumerate(both.terms) if term.group == group]
        np.testing.assert_allclose(both.coef[mine], one.coef, rtol=1e-12)
        np.testing.assert_allclose(both.vcov[np.ix_(mine, mine)], one.vcov, rtol=1e-12)
    totals = average_total_effect(panel(rows), replace(DESIGN, moderator=moderator))
    assert [term.variable.split("[")[-1] for term in totals.terms] == ["B0]", "B1]"]


def test_pairs_take_the_events_of_their_importer() -> None:
    rows = frame(9, units=30, values=(0.0, 1.0))
    pairs = pd.concat([rows.assign(exporter=name) for name in ("CHN", "USA")])
    pairs["y"] += np.random.default_rng(3).normal(size=len(pairs))
    design = replace(
        DESIGN,
        event=replace(DESIGN.event, by="unit"),
        fixed_effects=("exporter^unit", "exporter^year"),
        covariance=Clustered("unit", "none"),
    )
    both = did_multiplegt(Panel(pairs, ("exporter", "unit"), "year"), design)
    each = [
        did_multiplegt(panel(pairs[pairs["exporter"] == name]), replace(design, fixed_effects=("unit", "year")))
        for name in ("CHN", "USA")
    ]
    # Exporters have the same switchers, and within an exporter the same controls: the mean of the two.
    np.testing.assert_allclose(both.coef, (each[0].coef + each[1].coef) / 2, rtol=1e-10)
    assert both.n_clusters == each[0].n_clusters


def test_thresholds_give_common_starts_where_a_dose_has_none() -> None:
    rows = frame(10, gaps=False)
    rows["x"] = np.random.default_rng(4).normal(size=len(rows))
    with pytest.raises(IdentificationError, match="same treatment at the start"):
        did_multiplegt(panel(rows), DESIGN)
    binned = replace(DESIGN, event=Event(column="x", kind="threshold", threshold=Threshold(rule="absolute", value=1.0)))
    assert len(did_multiplegt(panel(rows), binned).coef) > 2
    mixed = rows.assign(x=np.where(rows["unit"] < "U25", rows["x"], (rows["year"] > 2003) & (rows["unit"] < "U28")))
    with pytest.warns(UserWarning, match="use a threshold"):
        did_multiplegt(panel(mixed), DESIGN)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"window": EventWindow(leads=2, lags=2, reference=None)}, "period before the event"),
        ({"fixed_effects": ("unit",)}, "takes out units and periods"),
        ({"fixed_effects": ("unit", "year", "bloc")}, "takes out units and periods"),
        ({"fixed_effects": ("unit", "z^year")}, "changes within units"),
        ({"offset": "z"}, "takes no offset"),
    ],
)
def test_designs_that_do_not_fit_are_refused(change: dict[str, object], match: str) -> None:
    with pytest.raises(DesignError, match=match):
        did_multiplegt(panel(frame(0)), replace(DESIGN, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"switchers": "up"}, {"same_switchers": "yes"}])
def test_unknown_options_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(DesignError, match="Unknown"):
        DidMultiplegt(**wrong)  # type: ignore[arg-type]


def test_normalised_placebos_longer_than_effects_are_refused() -> None:
    with pytest.raises(DesignError, match="cannot be normalised"):
        DidMultiplegt(normalised=True, rules=SwitchRules(placebos="all"))
    with pytest.raises(DesignError, match="Unknown placebos"):
        SwitchRules(placebos="some")  # type: ignore[arg-type]


def test_the_average_total_effect_needs_effects() -> None:
    rows = path(0, 0, 0, 1)
    rows.loc[(rows["unit"] == "A") & (rows["year"] == 2003), "y"] = np.nan
    with pytest.raises(IdentificationError, match="average total effect"):
        average_total_effect(panel(rows), BRIEF, DidMultiplegt(rules=SwitchRules(placebos="all")))


def test_a_level_that_changes_is_the_same_treatment_as_its_level_as_a_dose() -> None:
    rows = frame(11)
    dose = did_multiplegt(panel(rows), DESIGN, normalised=True)
    change = did_multiplegt(panel(rows), replace(DESIGN, event=Event(column="x", kind="change")), normalised=True)
    np.testing.assert_array_equal(dose.coef, change.coef)
    np.testing.assert_array_equal(dose.vcov, change.vcov)
    changes = card(DidMultiplegt(), panel(rows), replace(DESIGN, event=Event(column="x", kind="change"))).totals
    levels = card(DidMultiplegt(), panel(rows), DESIGN).totals
    assert changes["used"] == levels["used"]
    assert int(str(changes["events"])) < int(str(levels["events"]))


def test_facts_say_how_many_switchers_there_are_and_what_they_received() -> None:
    rows = path(0, 1, 0, 0)
    facts = dict(did_multiplegt(panel(rows), BRIEF).facts)
    assert facts["Switchers by event time"] == "0: 1, 1: 1"
    assert facts["Treatment received by event time"] == "0: 1, 1: 1"
    assert facts["Events used"] == "1 of 1"
