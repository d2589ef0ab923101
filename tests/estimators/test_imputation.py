"""Imputation against dummies and explicit weights, against loops, planted truth, and one perturbed cell at a time."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from eventpanel.datasets.errors import DesignError, IdentificationError, WindowError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.card import card
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.two_way import two_way
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.events import Event
from eventpanel.estimators.imputation import Imputation, imputation
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.trajectories import trajectories
from eventpanel.estimators.treatment import Reach
from eventpanel.estimators.uses import Uses
from eventpanel.estimators.window import EventWindow

DESIGN = Design(
    outcome="y",
    event=Event(column="x", kind="dose"),
    window=EventWindow(leads=2, lags=2, reference=None),
    fixed_effects=("unit", "year"),
    covariance=Clustered("unit", "none"),
)


def frame(units: int = 24, years: int = 12, seed: int = 0, share: float = 0.12, gone: float = 0.1) -> pd.DataFrame:
    """Recurring events, gaps in the outcome, effects that grow with time since the event and differ by unit."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame([(f"U{u:03d}", 2000 + t) for u in range(units) for t in range(years)], columns=["unit", "year"])
    number, year = rows["unit"].str[1:].astype(int).to_numpy(), rows["year"].to_numpy() - 2000
    rows["x"] = (rng.random(len(rows)) < share).astype(float)
    rows["z"] = rng.normal(size=len(rows)) + 0.1 * number
    rows["w"] = rng.uniform(0.5, 2.0, len(rows))
    rows["pop"] = rng.normal(size=len(rows))
    rows["y"] = rng.normal(size=len(rows)) + 0.3 * number + 0.2 * year + 0.5 * rows["z"] + (1 + number % 3) * rows["x"]
    rows["count"] = rng.poisson(np.exp(0.3 + 0.05 * number + 0.05 * year + 0.4 * rows["x"])).astype(float)
    rows["regime"] = np.where(number % 2 == 0, "low", "high")
    rows["region"] = "R" + (number // 2).astype(str)
    return rows[rng.random(len(rows)) >= gone].reset_index(drop=True)


def panel(rows: pd.DataFrame) -> Panel:
    return Panel(rows, ("unit",), "year")


def run(rows: pd.DataFrame, design: Design = DESIGN, **options: object) -> Estimate:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return imputation(panel(rows), design, **parsed(options))  # type: ignore[arg-type]


def parsed(options: dict[str, object]) -> dict[str, object]:
    """Options with those of the reach put together."""
    reach = {name: options[name] for name in ("carry_over", "anticipation", "overlap") if name in options}
    return {"reach": Reach(**reach)} | {k: v for k, v in options.items() if k not in reach}  # type: ignore[arg-type]


def slow(rows: pd.DataFrame, carry: int, ahead: int, overlap: str) -> pd.DataFrame:
    """Event times and treatment by loops over units and events, as one would explain them."""
    since, until, untreated = (pd.Series(value, rows.index) for value in (np.nan, np.nan, False))
    for _, one in rows.groupby("unit"):
        record = dict(zip(one["year"], one["x"], strict=True))
        inside = [y for y in range(min(record), max(record) + 1) if y not in record]
        on = [y for y, x in record.items() if x == 1]
        for row, year in one["year"].items():
            past, future = [y for y in on if y <= year], [y for y in on if y > year]
            lost_past, lost_future = [y for y in inside if y < year], [y for y in inside if y > year]
            last, following = max(past, default=-9999), min(future, default=9999)
            treated = year - last <= carry
            before = following - year <= ahead and not treated
            maybe_past = bool(lost_past) and year - max(lost_past) <= carry
            maybe_future = bool(lost_future) and min(lost_future) - year <= min(ahead, following - year)
            untreated.at[row] = not (treated or before or maybe_past or maybe_future)
            if treated and last > max(lost_past, default=-9999):
                several = sum(year - y <= DESIGN.window.lags for y in past) > 1 or following - year <= ahead
                if not (overlap == "exclude" and several):
                    since.at[row] = year - last
            if before and following < min(lost_future, default=9999) and not maybe_past:
                since.at[row] = year - following
            next_known = following < min(lost_future, default=9999)
            until.at[row] = following - year if next_known else np.nan
            if not next_known and lost_future and min(lost_future) - year <= DESIGN.window.leads:
                until.at[row] = -1
    return rows.assign(since=since, until=until, untreated=untreated)


def dummies(rows: pd.DataFrame, columns: list[str]) -> Floats:
    parts = [pd.get_dummies(rows["unit"], dtype=float), pd.get_dummies(rows["year"], dtype=float).iloc[:, 1:]]
    return np.hstack([part.to_numpy() for part in parts] + [rows[columns].to_numpy(dtype=float)])


def imputable(rows: pd.DataFrame) -> pd.Series:
    """Rows whose unit and year have untreated rows; the graphs of these tests are connected."""
    free = rows[rows["untreated"]]
    return rows["unit"].isin(free["unit"]) & rows["year"].isin(free["year"])


# A unit without untreated rows leaves a dummy of zeros, which the pseudo-inverse passes over.
@pytest.mark.filterwarnings("ignore:The design matrix is rank-deficient")
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("overlap", ["latest", "exclude"])
@pytest.mark.parametrize(("carry", "ahead"), [(2, 0), (3, 0), (2, 1)])
@pytest.mark.parametrize("controls", [(), ("z",)])
def test_coefficients_and_errors_of_dummies_and_explicit_weights(
    seed: int, overlap: str, carry: int, ahead: int, controls: tuple[str, ...]
) -> None:
    rows = frame(seed=seed)
    design = replace(DESIGN, controls=controls, weights="w" if controls else None)
    got = run(rows, design, carry_over=carry, anticipation=ahead, overlap=overlap)
    coded = slow(rows, carry, ahead, overlap)
    weights = coded["w"].to_numpy() if controls else np.ones(len(coded))
    X, y = dummies(coded, list(controls)), coded["y"].to_numpy()
    free = coded["untreated"].to_numpy()
    root = np.sqrt(weights)
    fit = sm.OLS(y[free] * root[free], X[free] * root[free, None]).fit()
    effect = y - X @ fit.params
    inverse = np.linalg.pinv((X[free] * weights[free, None]).T @ X[free])
    for k in range(-ahead, 3):
        members = (coded["since"] == k).to_numpy() & imputable(coded).to_numpy()
        a = np.where(members, weights, 0.0) / weights[members].sum()
        v = np.where(free, -weights * (X @ (inverse @ (X.T @ a))), a)
        position = [term.event_time for term in got.terms].index(k)
        assert got.coef[position] == pytest.approx(v @ y, abs=1e-10)
        by_unit = pd.Series(a).groupby(coded["unit"]).sum()
        total = pd.Series(a * effect).groupby(coded["unit"]).sum()
        mean = (by_unit * total).sum() / (by_unit**2).sum()
        influence = pd.Series(v * np.where(free, effect, effect - mean)).groupby(coded["unit"]).sum()
        assert got.vcov[position, position] == pytest.approx((influence**2).sum(), rel=1e-9)
    told = free & (coded["until"] != -1).to_numpy()
    asked = [k for k in (1, 2) if k > ahead]
    for k in asked:
        coded[f"lead{k}"] = (coded["until"] == k).astype(float)
    Z = dummies(coded, [*controls, *(f"lead{k}" for k in asked)])
    codes = coded["unit"].astype("category").cat.codes.to_numpy()
    lead = sm.OLS(y[told] * root[told], Z[told] * root[told, None]).fit()
    scores = pd.DataFrame(Z[told] * (root[told] * lead.resid)[:, None]).groupby(codes[told]).sum().to_numpy()
    bread = np.linalg.pinv((Z[told] * weights[told, None]).T @ Z[told])
    covariance = bread @ scores.T @ scores @ bread
    for j, k in enumerate(reversed(asked)):
        position = [term.event_time for term in got.terms].index(-k)
        assert got.coef[position] == pytest.approx(lead.params[-1 - j], abs=1e-9)
        assert got.vcov[position, position] == pytest.approx(covariance[-1 - j, -1 - j], rel=1e-8)


def poisson_by_hand(rows: pd.DataFrame, carry: int) -> tuple[Floats, pd.DataFrame, Floats]:
    coded = slow(rows, carry, 0, "exclude")
    free = coded["untreated"].to_numpy()
    X = dummies(coded, ["z"])
    fit = sm.GLM(coded.loc[free, "count"], X[free], family=sm.families.Poisson(), offset=coded.loc[free, "pop"]).fit(
        tol=1e-14
    )
    return np.exp(X @ fit.params + coded["pop"].to_numpy()), coded, X


def test_poisson_ratios_of_dummies_and_their_influence() -> None:
    rows = frame(units=16, seed=4)
    rows["pop"] *= 0.2
    design = replace(DESIGN, outcome="count", offset="pop", controls=("z",))
    got = run(rows, design, model="poisson")
    mean, coded, X = poisson_by_hand(rows, 2)
    free, y = coded["untreated"].to_numpy(), coded["count"].to_numpy()
    inverse = np.linalg.pinv((X[free] * mean[free, None]).T @ X[free])
    for k in range(3):
        members = (coded["since"] == k).to_numpy() & imputable(coded).to_numpy()
        position = [term.event_time for term in got.terms].index(k)
        ratio = y[members].sum() / mean[members].sum()
        assert got.coef[position] == pytest.approx(np.log(ratio), abs=1e-9)
        slope = X.T @ np.where(members, mean, 0.0) / mean[members].sum()
        part = np.where(members, (y - ratio * mean) / y[members].sum(), 0.0)
        part -= np.where(free, (X @ (inverse @ slope)) * (y - mean), 0.0)
        by_unit = pd.Series(part).groupby(coded["unit"]).sum()
        assert got.vcov[position, position] == pytest.approx((by_unit**2).sum(), rel=1e-7)


def test_poisson_errors_are_those_of_the_jackknife() -> None:
    rows = frame(units=80, seed=5, gone=0.0)
    design = replace(DESIGN, outcome="count", window=EventWindow(leads=0, lags=1, reference=None))
    got = run(rows, design, model="poisson")
    without = [run(rows[rows["unit"] != unit], design, model="poisson").coef for unit in rows["unit"].unique()]
    spread = np.array(without) - np.mean(without, axis=0)
    jackknife = np.sqrt(79 / 80 * (spread**2).sum(axis=0))
    # The two differ by terms of order one over the number of units, here 80, and by leverage.
    np.testing.assert_allclose(got.std_errors.to_numpy(), jackknife, rtol=0.05)


def test_poisson_drops_units_whose_untreated_outcomes_are_zero() -> None:
    rows = frame(units=20, seed=6)
    rows.loc[rows["unit"] == "U003", "count"] = 0.0
    design = replace(DESIGN, outcome="count")
    uses = uses_of(rows, design, model="poisson")
    at = trajectories(panel(rows), design).owners.get_loc("U003")
    assert not uses.rows[at].any()
    assert set(np.unique(uses.reason[at])) <= {-1, 1, 2, 3}
    assert (uses.reason[at] == 3).any()


def uses_of(rows: pd.DataFrame, design: Design, **options: object) -> Uses:
    method = Imputation(**parsed(options))  # type: ignore[arg-type]
    return method.uses(trajectories(panel(rows), design), design)


@pytest.mark.parametrize("options", [{}, {"overlap": "exclude"}, {"anticipation": 1}, {"carry_over": 1}])
def test_a_coefficient_changes_if_and_only_if_the_cell_is_used(options: dict[str, object]) -> None:
    rows = frame(units=8, years=9, seed=2, share=0.15)
    # A unit that is never untreated, one that is alone in its untreated row, and one without any event.
    rows.loc[rows["unit"] == "U001", "x"] = 1.0
    rows.loc[rows["unit"] == "U002", "x"] = (rows["year"] > 2000).astype(float)
    rows.loc[rows["unit"] == "U003", "x"] = 0.0
    t = trajectories(panel(rows), DESIGN)
    method = Imputation(**parsed(options))  # type: ignore[arg-type]
    base = method.effects(t, DESIGN)
    events = np.zeros(t.shape, dtype=bool)
    for unit, period in zip(*np.nonzero(t.inside), strict=True):
        moved = t.outcome.copy()
        moved[unit, period] += 1000.0
        change = np.abs(method.effects(replace(t, outcome=moved), DESIGN).coef - base.coef)
        assert (change.max() > 1e-8) == base.uses.rows[unit, period], (unit, period)
        if change[np.array(base.event_times) >= 0].max() > 1e-8 and t.events[unit, period]:
            events[unit, period] = True
    used = base.uses.used
    # The outcome in the period of an event moves an effect at event time 0, so such events are used.
    assert (used | ~events).all()
    assert ((base.uses.reason >= 0) == (t.events & ~used)).all()


def test_a_poisson_ratio_changes_if_and_only_if_the_cell_is_used() -> None:
    rows = frame(units=7, years=9, seed=3, share=0.15)
    rows.loc[rows["unit"] == "U001", "x"] = 1.0
    rows.loc[rows["unit"] == "U002", "x"] = (rows["year"] > 2000).astype(float)
    rows["count"] += 1.0
    design = replace(DESIGN, outcome="count")
    t, method = trajectories(panel(rows), design), Imputation(model="poisson")
    base = method.effects(t, design)
    for unit, period in zip(*np.nonzero(t.inside), strict=True):
        moved = t.outcome.copy()
        moved[unit, period] += 5.0
        change = np.abs(method.effects(replace(t, outcome=moved), design).coef - base.coef)
        assert (change.max() > 1e-7) == base.uses.rows[unit, period], (unit, period)


def test_planted_effects_that_differ_by_unit_and_grow_are_recovered_exactly_without_noise() -> None:
    rows = frame(units=30, seed=7)
    t = trajectories(panel(rows), DESIGN)
    coded = slow(rows, 2, 0, "exclude")
    number = coded["unit"].str[1:].astype(int)
    effect = np.where(coded["since"] <= 2, (1.0 + coded["since"]) * (1 + number % 3), 0.0)
    rows["y"] = 0.3 * number + 0.1 * (coded["year"] - 2000) ** 2 + effect
    rows.loc[(~coded["untreated"]) & coded["since"].isna(), "y"] += 100.0
    got = run(rows)
    assert t.shape == (30, 12)
    for k in range(3):
        members = (coded["since"] == k) & imputable(coded)
        position = [term.event_time for term in got.terms].index(k)
        assert got.coef[position] == pytest.approx(effect[members].mean(), abs=1e-10)
    assert np.abs(got.coef[[term.event_time < 0 for term in got.terms]]).max() < 1e-10  # type: ignore[operator]


def test_intervals_cover_planted_effects() -> None:
    hits, design = [], replace(DESIGN, window=EventWindow(leads=0, lags=1, reference=None))
    for seed in range(150):
        rows = frame(units=50, years=8, seed=seed, gone=0.05)
        rows["y"] = np.random.default_rng(seed).normal(size=len(rows)) + rows["x"]
        bounds = run(rows, design).conf_int(0.95)
        hits.append((bounds["lower"].iloc[0] <= 1.0) & (bounds["upper"].iloc[0] >= 1.0))
    # Conservative in theory; 150 draws have a standard deviation of 1.8 points.
    assert np.mean(hits) > 0.95 - 3 * 0.018


def test_numbers_do_not_depend_on_order_names_or_effects() -> None:
    rows = frame(seed=3)
    base = run(rows)
    moved = rows.sample(frac=1.0, random_state=1).reset_index(drop=True)
    moved["y"] += moved["unit"].str[1:].astype(int) ** 2 + 3.0 * (moved["year"] % 4)
    names = sorted(rows["unit"].unique(), reverse=True)
    moved["unit"] = moved["unit"].map({name: f"V{i}" for i, name in enumerate(names)})
    again = run(moved)
    np.testing.assert_allclose(again.coef, base.coef, atol=1e-10)
    np.testing.assert_allclose(again.vcov, base.vcov, rtol=1e-8, atol=1e-12)


def test_groups_are_those_of_separate_runs_and_clusters_add_up() -> None:
    rows = frame(units=40, seed=8)
    regime = Moderator(name="regime", column="regime", timing="fixed")
    both = run(rows, replace(DESIGN, moderator=regime))
    low = run(rows, replace(DESIGN, sample=Sample(among=((regime, "low"),))))
    mine = [i for i, term in enumerate(both.terms) if term.group == "low"]
    np.testing.assert_allclose(both.coef[mine], low.coef, rtol=1e-10)
    np.testing.assert_allclose(both.vcov[np.ix_(mine, mine)], low.vcov, rtol=1e-8)
    coarse = run(rows, replace(DESIGN, covariance=Clustered("region", "none")))
    assert coarse.n_clusters == 20
    fine = run(rows)
    np.testing.assert_allclose(coarse.coef, fine.coef)
    assert fine.contributions is not None and coarse.contributions is not None
    np.testing.assert_allclose(
        coarse.contributions.values.sum(axis=0), fine.contributions.values.sum(axis=0), atol=1e-10
    )


def test_pairs_share_the_event_of_the_importer() -> None:
    rows = pd.concat([frame(units=12, seed=9, gone=0.0).assign(exporter=name) for name in ("CHN", "USA")])
    rows["y"] += np.random.default_rng(0).normal(size=len(rows))
    pairs = Panel(rows, ("exporter", "unit"), "year")
    design = replace(DESIGN, event=replace(DESIGN.event, by="unit"), fixed_effects=("exporter^unit", "year"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimate = imputation(pairs, design)
    found = card(Imputation(), pairs, design)
    assert estimate.n_clusters == 12
    assert len(found.events) == int(rows.drop_duplicates(["unit", "year"])["x"].sum())
    assert found.rows == estimate.nobs


def test_a_status_is_treated_while_it_lasts_and_its_end_is_no_event() -> None:
    rows = frame(units=10, years=10, seed=10, gone=0.0)
    number, year = rows["unit"].str[1:].astype(int), rows["year"] - 2000
    rows["x"] = ((number < 5) & (year >= 3) & (year < 7)).astype(float)
    design = replace(
        DESIGN, event=Event(column="x", kind="change"), window=EventWindow(leads=1, lags=3, reference=None)
    )
    uses = uses_of(rows, design, carry_over=0)
    assert uses.used[:5, 3].all()
    assert uses.used.sum() == 5
    assert (uses.reason[:5, 7] == 0).all()
    assert uses.rows.all()
    # With a carry-over of one the first period after the status is neither fitted nor averaged.
    assert not uses_of(rows, design, carry_over=1).rows[:5, 7].any()


@pytest.mark.parametrize(
    ("change", "options", "match"),
    [
        ({"window": EventWindow(leads=1, lags=1, reference=0)}, {}, "only a lead can be left out"),
        ({"fixed_effects": ("unit",)}, {}, "takes out units and periods"),
        ({"offset": "pop"}, {}, "takes no offset"),
        ({"event": Event(column="z", kind="dose")}, {}, "one size"),
        ({}, {"carry_over": -1}, "cannot be negative"),
        ({}, {"overlap": "all"}, "Unknown overlap"),
        ({}, {"model": "logit"}, "Unknown model"),
        ({}, {"model": "poisson"}, "negative values"),
        ({"controls": ("trend",)}, {}, "cannot tell controls"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object], options: dict[str, object], match: str) -> None:
    rows = frame().assign(trend=lambda d: d["year"] - 2000.0)
    with pytest.raises((DesignError, WindowError, IdentificationError), match=match):
        run(rows, replace(DESIGN, **change), **options)  # type: ignore[arg-type]


def test_placebo_and_carry_over_tests_find_what_was_planted() -> None:
    rows = frame(units=200, years=14, seed=11, share=0.06, gone=0.0)
    coded = slow(rows, 5, 0, "latest")
    design = replace(DESIGN, window=EventWindow(leads=1, lags=4, reference=None))
    noise = 0.2 * np.random.default_rng(1).normal(size=len(rows))
    rows["y"] = noise + np.where(coded["since"] <= 1, 1.0, 0.0)
    clean = run(rows, design, carry_over=4, anticipation=1)
    by_time = {term.event_time: i for i, term in enumerate(clean.terms)}
    t_values = clean.coef / clean.std_errors.to_numpy()
    assert np.abs(t_values[[by_time[k] for k in (-1, 2, 3, 4)]]).max() < 3.5
    rows["y"] += np.where(coded["since"] == 3, 0.4, 0.0) + np.where(coded["until"] == 1, 0.4, 0.0)
    found = run(rows, design, carry_over=4, anticipation=1)
    t_values = found.coef / found.std_errors.to_numpy()
    assert t_values[by_time[-1]] > 5
    assert t_values[by_time[3]] > 5


def test_two_way_system_tells_parts_apart() -> None:
    weights = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    system = two_way(weights, np.empty((0, 3, 4)))
    assert system.reached.tolist() == [[True, True, False, False], [False, False, True, True], [False] * 4]
