"""panel_match against plain loops, its invariances, what it does with every event, and what it refuses."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from eventpanel.datasets.errors import ColumnError, DesignError, EventPanelError, IdentificationError, WindowError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.card import card
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.matched_sets import covariate_balance, matched_sets, matching_bootstrap, matching_errors
from eventpanel.estimators.matching import Lagged, Matching, Refinement
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.panel_match import PanelMatch, panel_match
from eventpanel.estimators.trajectories import trajectories
from eventpanel.estimators.window import EventWindow

pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.cautions.EstimationWarning")

Target = Literal["att", "art", "atc", "ate"]
DIRECTIONS = {"att": [(1, 0, 1)], "art": [(1, 1, 0)], "atc": [(-1, 0, 0)], "ate": [(1, 0, 1), (-1, 0, 0)]}
DESIGN = Design(
    outcome="y",
    event=Event(column="x", kind="dose"),
    window=EventWindow(leads=2, lags=1, reference=-1),
    fixed_effects=("unit", "year"),
    covariance=Clustered("unit", "none"),
)
COVARIATES = (Lagged("y", 1, 2), Lagged("z"))
REFINEMENTS: dict[str, Refinement | None] = {
    "none": None,
    "mahalanobis": Refinement(by="mahalanobis", covariates=COVARIATES, size=3),
    "ps_match": Refinement(by="ps_match", covariates=COVARIATES, size=3),
    "ps_weight": Refinement(by="ps_weight", covariates=COVARIATES),
    "drop": Refinement(by="mahalanobis", covariates=COVARIATES, size=3, missing="drop"),
}


def frame(seed: int = 1, units: int = 40, periods: int = 12, *, holes: bool = True) -> pd.DataFrame:
    """Events that come and go, holes in the record, and missing values."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(itertools.product(range(units), range(2000, 2000 + periods)), columns=["number", "year"])
    rows["unit"] = [f"U{number:02d}" for number in rows.pop("number")]
    rows["x"] = (rng.random(len(rows)) < 0.3).astype(float)
    rows["y"] = rng.normal(size=len(rows)) + rows["x"]
    rows["z"] = rng.normal(size=len(rows))
    rows["kind"] = np.where(rows["unit"] < "U20", "a", "b")
    if not holes:
        return rows
    for name, share in (("x", 0.02), ("y", 0.02), ("z", 0.05)):
        rows.loc[rng.random(len(rows)) < share, name] = np.nan
    return rows[rng.random(len(rows)) > 0.02].reset_index(drop=True)


def panel(rows: pd.DataFrame) -> Panel:
    return Panel(rows, ("unit",), "year")


class Loops:
    """The estimator in loops over units, periods and sets, by look-up in dictionaries."""

    def __init__(self, rows: pd.DataFrame, method: PanelMatch, design: Design = DESIGN) -> None:
        self.method, self.window = method, design.window
        self.units, self.years = sorted(rows["unit"].unique()), range(rows["year"].min(), rows["year"].max() + 1)
        columns = ["x", "y", "z", "kind"]
        self.values = {name: rows.set_index(["unit", "year"])[name].dropna().to_dict() for name in columns}
        self.sets = list(self.find())

    def status(self, unit: str, year: int) -> float | None:
        return self.values["x"].get((unit, year))

    def takes_part(self, unit: str, year: int) -> bool:
        matching, window = self.method.matching, self.window
        history = [self.status(unit, year - k) for k in range(1, matching.history + 1)]
        if year - matching.history < self.years[0] or self.status(unit, year) is None:
            return False
        if matching.unknown == "refuse" and None in history:
            return False
        if any((unit, year + k) not in self.values["y"] for k in range(-window.leads, window.lags + 1)):
            return False
        stays = all(self.status(unit, year + k) == self.status(unit, year) for k in range(window.lags + 1))
        return (stays or not matching.lasting) and self.is_complete(unit, year)

    def is_complete(self, unit: str, year: int) -> bool:
        refinement = self.method.refinement
        if refinement is None or refinement.missing == "indicator":
            return True
        last = max(each.last for each in refinement.covariates)
        around = range(year - self.method.matching.history, year + self.window.lags + 1)
        return not any(
            np.isnan(self.covariates(unit, period)).any() for period in around if period >= self.years[0] + last
        )

    def covariates(self, unit: str, year: int) -> list[float]:
        assert self.method.refinement is not None
        return [
            self.values[each.column].get((unit, year - lag), np.nan)
            for each in self.method.refinement.covariates
            for lag in each.lags
        ]

    def same(self, one: str, other: str, year: int) -> bool:
        history = range(1, self.method.matching.history + 1)
        if any(self.status(one, year - k) != self.status(other, year - k) for k in history):
            return False
        return all(
            self.values[name].get((one, year - k), one) == self.values[name].get((other, year - k), other)
            for name in self.method.matching.exact
            for k in (0, *history)
        )

    def find(self) -> Iterator[tuple[int, str, int, dict[str, float]]]:
        for sign, before, now in DIRECTIONS[self.method.target]:
            found = []
            for year in self.years:
                some = [u for u in self.units if self.takes_part(u, year) and self.status(u, year - 1) == before]
                for unit in (u for u in some if self.status(u, year) == now):
                    others = [u for u in some if self.status(u, year) == 1 - now and self.same(unit, u, year)]
                    if others:
                        found.append((sign, unit, year, others))
            for (_, unit, year, _), weights in zip(found, self.weights(found), strict=True):
                yield sign, unit, year, weights

    def weights(self, found: list[tuple[int, str, int, list[str]]]) -> Iterator[dict[str, float]]:
        refinement, odds = self.method.refinement, self.odds(found)
        for _, unit, year, others in found:
            if refinement is None:
                yield dict.fromkeys(others, 1 / len(others))
            elif refinement.by == "ps_weight":
                total = sum(odds[u, year] for u in others)
                yield {u: odds[u, year] / total for u in others}
            else:
                assert refinement.size is not None
                apart = self.mahalanobis(unit, others, year)
                if refinement.by == "ps_match":
                    score = {key: value / (1 + value) for key, value in odds.items()}
                    apart = [abs(score[u, year] - score[unit, year]) for u in others]
                nearest = sorted(zip(apart, others, strict=True))[: refinement.size]
                yield {u: 1 / len(nearest) for _, u in nearest}

    def filled(self, unit: str, year: int) -> list[float]:
        values = self.covariates(unit, year)
        return [*np.nan_to_num(values), *np.isnan(values).astype(float)]

    def mahalanobis(self, unit: str, others: list[str], year: int) -> list[float]:
        if len(others) == 1:
            return [0.0]
        inverse = np.linalg.pinv(np.cov([self.filled(u, year) for u in others], rowvar=False), rcond=1e-9)
        apart = [np.subtract(self.filled(u, year), self.filled(unit, year)) for u in others]
        return [float(each @ inverse @ each) for each in apart]

    def odds(self, found: list[tuple[int, str, int, list[str]]]) -> dict[tuple[str, int], float]:
        if self.method.refinement is None or self.method.refinement.by == "mahalanobis":
            return {}
        focal = {(unit, year) for _, unit, year, _ in found}
        cells = sorted(focal | {(u, year) for _, _, year, others in found for u in others})
        x = np.array([self.filled(*cell) for cell in cells])
        x = sm.add_constant(x[:, np.ptp(x, axis=0) > 0])
        y = np.array([cell in focal for cell in cells], dtype=float)
        fit = sm.Logit(y, x).fit(disp=0, method="newton", tol=1e-14, maxiter=100)
        return dict(zip(cells, np.exp(x @ fit.params), strict=True))

    def parts(self, event_time: int) -> tuple[dict[str, float], dict[str, int]]:
        """Weighted changes of outcome and sets of each unit."""
        changes, sets, y = dict.fromkeys(self.units, 0.0), dict.fromkeys(self.units, 0), self.values["y"]
        for sign, unit, year, weights in self.sets:
            sets[unit] += 1
            for who, weight in ((unit, 1.0), *((u, -w) for u, w in weights.items())):
                changes[who] += sign * weight * (y[who, year + event_time] - y[who, year - 1])
        return changes, sets

    def means(self, event_time: int) -> list[float]:
        """Mean change of all units matched in the same period and history, as often as they are, for each set."""
        y, out = self.values["y"], []
        for sign, unit, year, _ in self.sets:
            total = weight = 0.0
            for other_sign, other, other_year, weights in self.sets:
                if (sign, year) == (other_sign, other_year) and (unit == other or self.same(unit, other, year)):
                    total += sum(w * (y[u, year + event_time] - y[u, year - 1]) for u, w in weights.items())
                    weight += sum(weights.values())
            out.append(total / weight)
        return out

    def coef(self, event_time: int) -> float:
        changes, sets = self.parts(event_time)
        return sum(changes.values()) / sum(sets.values())

    def variance(self, event_time: int, *, centred: bool) -> float:
        changes, sets = self.parts(event_time)
        if centred:
            for (sign, unit, _, weights), mean in zip(self.sets, self.means(event_time), strict=True):
                for who, weight in ((unit, 1.0), *((u, -w) for u, w in weights.items())):
                    changes[who] -= sign * weight * mean
        theta, total = self.coef(event_time), sum(sets.values())
        return sum(((changes[u] - theta * sets[u]) / total) ** 2 for u in self.units)


MATCHINGS = {
    "plain": Matching(history=2),
    "unknown": Matching(history=2, unknown="match"),
    "exact": Matching(history=1, exact=("kind",)),
    "lasting": Matching(history=1, lasting=True),
}


# A lasting status is refused for the others: see below.
TARGETS = [(m, t) for m in MATCHINGS for t in DIRECTIONS if m != "lasting" or t in ("att", "art")]


@pytest.mark.parametrize(("matching", "target"), TARGETS)
@pytest.mark.parametrize("refinement", list(REFINEMENTS))
def test_loops(target: Target, matching: str, refinement: str) -> None:
    method = PanelMatch(matching=MATCHINGS[matching], refinement=REFINEMENTS[refinement], target=target)
    # Few statuses last, and a missing covariate of a few would tell them apart without error.
    rows = frame(holes=matching != "lasting")
    loops = Loops(rows, method)
    found = panel_match(panel(rows), DESIGN, matching=method.matching, refinement=method.refinement, target=target)
    assert len(loops.sets) > 5
    assert int(dict(found.facts)["Matched sets"]) == len(loops.sets)
    # Both fits of a propensity score stop where the score is zero to about 1e-9.
    tolerance = 1e-8 if refinement == "ps_weight" else 1e-10
    np.testing.assert_allclose(found.coef, [loops.coef(k) for k in (-2, 0, 1)], rtol=0, atol=tolerance)
    fixed = panel_match(
        panel(rows), DESIGN, matching=method.matching, refinement=method.refinement, target=target, errors="fixed"
    )
    np.testing.assert_allclose(fixed.coef, found.coef, rtol=0, atol=1e-12)
    for each, centred in ((found, True), (fixed, False)):
        variances = [loops.variance(k, centred=centred) for k in (-2, 0, 1)]
        np.testing.assert_allclose(np.diag(each.vcov), variances, rtol=0, atol=tolerance)


def test_errors_are_right_where_periods_have_shocks_and_fixed_weights_count_them_as_noise() -> None:
    rng, errors, fixed, coef = np.random.default_rng(11), [], [], []
    design = replace(DESIGN, window=EventWindow(leads=1, lags=0, reference=-1))
    rows = pd.DataFrame(itertools.product(range(120), range(6)), columns=["unit", "year"])
    for _ in range(150):
        rows["x"] = (rng.random(len(rows)) < 0.25).astype(float)
        rows["y"] = rows["x"] + rng.normal(size=len(rows)) + 3 * rng.normal(size=6)[rows["year"]]
        found, other = (
            panel_match(panel(rows.copy()), design, matching=Matching(history=1), errors=kind)
            for kind in ("centred", "fixed")
        )
        coef.append(found.coef.item())
        errors.append(found.vcov.item())
        fixed.append(other.vcov.item())
    # The standard deviation of 150 estimates has a standard error of 6 per cent.
    assert np.sqrt(np.mean(errors)) == pytest.approx(np.std(coef), rel=0.18)
    assert np.sqrt(np.mean(fixed)) > 1.8 * np.std(coef)
    assert np.mean(coef) == pytest.approx(1.0, abs=4 * np.std(coef) / np.sqrt(150))


@pytest.mark.parametrize("target", list(DIRECTIONS))
@pytest.mark.parametrize("refinement", ["none", "mahalanobis"])
def test_rows_are_those_that_move_a_coefficient_and_events_those_with_a_set(target: Target, refinement: str) -> None:
    rows = frame(units=16, periods=8)
    # Past outcomes decide who is near: covariates that are not perturbed.
    chosen = Refinement(by="mahalanobis", covariates=(Lagged("z", 0, 1),), size=2) if refinement != "none" else None
    method = PanelMatch(matching=Matching(history=1), refinement=chosen, target=target)
    t = trajectories(panel(rows), DESIGN)
    uses, base = method.uses(t, DESIGN), method.effects(t, DESIGN).coef
    for unit, period in np.argwhere(t.inside):
        outcome = t.outcome.copy()
        outcome[unit, period] += 1.0
        moved = np.abs(method.effects(replace(t, outcome=outcome), DESIGN).coef - base).max()
        assert (moved > 1e-9) == uses.rows[unit, period], (unit, period)
    assert not uses.rows[~t.inside].any()
    loops = Loops(rows, method)
    switch = set()
    for sign, unit, year, weights in loops.sets:
        switch |= {(unit, year - (target == "art"))} if sign > 0 else {(u, year) for u in weights}
    used = {(t.owners[t.owner[unit]], t.first + period) for unit, period in np.argwhere(uses.used)}
    assert used == switch
    assert ((uses.reason >= 0) == (t.events & ~uses.used)).all()


def test_windows_that_serve_as_comparisons() -> None:
    rows = frame(units=16, periods=8)
    method = PanelMatch(matching=Matching(history=1))
    t = trajectories(panel(rows), DESIGN)
    compares = set()
    for _, _, year, weights in Loops(rows, method).sets:
        compares |= {(u, year + k) for u in weights for k in (-2, -1, 0, 1)}
    for unit, period in np.argwhere(t.events):
        name, year = t.owners[t.owner[unit]], t.first + period
        expected = bool({(name, year), (name, year + 1)} & compares)
        # A row whose weights cancel serves no comparison; on this panel there is none.
        assert method.uses(t, DESIGN).control[unit, period] == expected


def test_reasons() -> None:
    status = {"A": "00011000", "B": "0n010000", "C": "00000001", "D": "00000000", "E": "01000000"}
    rows = pd.DataFrame(
        [
            (u, 2000 + i, np.nan if s == "n" else float(s), float(i))
            for u, path in status.items()
            for i, s in enumerate(path)
        ],
        columns=["unit", "year", "x", "y"],
    )
    design = replace(DESIGN, window=EventWindow(leads=1, lags=2, reference=-1))
    found = card(PanelMatch(matching=Matching(history=2)), panel(rows), design).events.set_index(["unit", "period"])
    assert found.loc[("A", 2003), "use"] == "used"
    assert found.loc[("A", 2004), "reason"] == "the status was on before, or is not known one period before"
    assert found.loc[("B", 2003), "reason"] == "the status in its history is not known"
    assert found.loc[("C", 2007), "reason"] == "the outcome is missing in a period of its window"
    assert found.loc[("E", 2001), "reason"] == "fewer than 2 periods of the record before it"
    lasting = card(PanelMatch(matching=Matching(history=2, lasting=True)), panel(rows), design).events
    assert "the status does not last to the last lag" in set(lasting["reason"])
    alone = rows[rows["unit"].isin(["A"])]
    assert set(card(PanelMatch(matching=Matching(history=2)), panel(alone), design).events["reason"]) == {
        "the status was on before, or is not known one period before",
        "no unit of the same period and history, observed like it, to compare with",
    }


def test_a_history_longer_than_the_record_leaves_nothing_to_match() -> None:
    for exact in ((), ("kind",)):
        method = PanelMatch(matching=Matching(history=30, exact=exact))
        found = card(method, panel(frame()), DESIGN)
        assert not (found.events["use"] == "used").any()
        assert "fewer than 30 periods of the record before it" in set(found.events["reason"])


def test_effects_that_differ_and_grow_are_recovered() -> None:
    rng = np.random.default_rng(5)
    rows = frame(seed=5, units=400, periods=12).dropna().drop_duplicates(["unit", "year"])
    wide = rows.pivot_table(index="unit", columns="year", values="x").fillna(0.0)
    on = wide.to_numpy()
    start = (on == 1) & (np.hstack([np.zeros((len(on), 1)), on[:, :-1]]) == 0)
    size = rng.normal(1.0, 0.5, start.shape) * start
    effect = size + 2 * np.hstack([np.zeros((len(on), 1)), size[:, :-1]])
    y = rng.normal(size=(len(on), 1)) + np.arange(12) ** 2 + effect + 0.1 * rng.normal(size=on.shape)
    made = pd.DataFrame({"unit": np.repeat(wide.index, 12), "year": np.tile(wide.columns, len(wide))})
    made["x"], made["y"] = on.reshape(-1), y.reshape(-1)
    method = PanelMatch(matching=Matching(history=2, lasting=True))
    window = EventWindow(leads=1, lags=1, reference=-1)
    found = panel_match(panel(made), replace(DESIGN, window=window), matching=method.matching)
    sets = matched_sets(panel(made), replace(DESIGN, window=window), method)[["unit", "period"]].drop_duplicates()
    place = wide.index.get_indexer(pd.Index(sets["unit"])), sets["period"].to_numpy() - 2000
    truth = np.array([size[place].mean(), 2 * size[place].mean()])
    error = np.sqrt(np.diag(found.vcov))
    assert (np.abs(found.coef - truth) < 4 * error).all()
    assert (error < 0.1).all()


def test_nothing_else_matters() -> None:
    rows = frame()
    method = REFINEMENTS["mahalanobis"]
    base = panel_match(panel(rows), DESIGN, matching=Matching(history=2), refinement=method)
    changed = rows.sample(frac=1, random_state=1).copy()
    changed["unit"] = changed["unit"].map(
        dict(zip(sorted(set(rows["unit"])), np.random.default_rng(2).permutation(99), strict=False))
    )
    changed["y"] = changed["y"] * 2 + 5 + (changed["year"] - 2000) ** 2
    changed["z"] = -3 * changed["z"] + 1e-3
    complete = changed.dropna()
    again = panel_match(panel(changed.assign(unit=changed["unit"].astype(str))), DESIGN, matching=Matching(history=2))
    plain = panel_match(panel(rows), DESIGN, matching=Matching(history=2))
    np.testing.assert_allclose(again.coef, 2 * plain.coef, rtol=0, atol=1e-10)
    np.testing.assert_allclose(again.vcov, 4 * plain.vcov, rtol=0, atol=1e-10)
    # With no missing covariate, scales of covariates and common trends do not move Mahalanobis distances.
    scaled = complete.assign(unit=complete["unit"].astype(str))
    refined = Refinement(by="mahalanobis", covariates=COVARIATES, size=3, missing="drop")
    one, other = (
        panel_match(panel(each), DESIGN, matching=Matching(history=2), refinement=refined)
        for each in (rows.loc[complete.index].sort_index(), scaled)
    )
    np.testing.assert_allclose(other.coef, 2 * one.coef, rtol=0, atol=1e-9)
    assert len(base.coef) == 3


def test_groups_are_separate_runs() -> None:
    rows, kind = frame(), Moderator(name="kind", column="kind", timing="fixed")
    both = panel_match(panel(rows), replace(DESIGN, moderator=kind), matching=Matching(history=1))
    for name in ("a", "b"):
        alone = replace(DESIGN, sample=Sample(among=((kind, name),)))
        one = panel_match(panel(rows), alone, matching=Matching(history=1))
        mine = [i for i, term in enumerate(both.terms) if term.group == name]
        np.testing.assert_allclose(both.coef[mine], one.coef, rtol=1e-12)
        np.testing.assert_allclose(both.vcov[np.ix_(mine, mine)], one.vcov, rtol=1e-12)
    # Each unit is matched within its group, as with a column to match exactly on that never changes.
    exact = panel_match(panel(rows), DESIGN, matching=Matching(history=1, exact=("kind",)))
    counts = [int(value) for name, value in both.facts if name.startswith("Matched sets")]
    assert sum(counts) == int(dict(exact.facts)["Matched sets"])
    weights = np.array(counts) / sum(counts)
    np.testing.assert_allclose(weights @ both.coef.reshape(2, 3), exact.coef, rtol=1e-12)


def test_pairs_with_events_of_one_side_and_clusters_coarser_than_units() -> None:
    rows = frame(units=20).rename(columns={"unit": "importer"})
    rng = np.random.default_rng(3)
    pairs = pd.concat([rows.assign(exporter=name, y=rng.normal(size=len(rows))) for name in ("CHN", "USA")])
    design = replace(
        DESIGN,
        event=replace(DESIGN.event, by="importer"),
        fixed_effects=("exporter^importer", "year"),
        covariance=Clustered("importer", "none"),
    )
    both = Panel(pairs, ("exporter", "importer"), "year")
    method = PanelMatch(matching=Matching(history=1))
    found = panel_match(both, design, matching=method.matching)
    named = pairs.assign(unit=pairs["importer"] + pairs["exporter"])
    as_units = panel_match(
        panel(named), replace(DESIGN, covariance=Clustered("importer", "none")), matching=method.matching
    )
    np.testing.assert_allclose(found.coef, as_units.coef, rtol=1e-12)
    np.testing.assert_allclose(found.vcov, as_units.vcov, rtol=1e-12)
    sets = matched_sets(both, design, method)
    assert list(sets.columns) == [
        "group",
        "exporter",
        "importer",
        "period",
        "matched_exporter",
        "matched_importer",
        "weight",
    ]
    assert (sets["importer"] != sets["matched_importer"]).all()
    np.testing.assert_allclose(sets.groupby(["exporter", "importer", "period"])["weight"].sum(), 1.0, rtol=1e-12)


def test_nearest_with_ties_takes_all_that_are_as_near() -> None:
    rows = pd.DataFrame(itertools.product("ABCDEF", range(2000, 2004)), columns=["unit", "year"])
    rows["x"] = ((rows["unit"] == "A") & (rows["year"] == 2002)).astype(float)
    rows["z"] = rows["unit"].map(dict(zip("ABCDEF", [0.0, 1.0, -1.0, 1.0, 5.0, 7.0], strict=True)))
    rows["y"] = rows["z"] * rows["year"]
    design = replace(DESIGN, window=EventWindow(leads=1, lags=1, reference=-1))
    refinement = Refinement(by="mahalanobis", covariates=(Lagged("z", 1, 1),), size=2)
    sets = matched_sets(panel(rows), design, PanelMatch(matching=Matching(history=2), refinement=refinement))
    assert dict(zip(sets["matched_unit"], sets["weight"], strict=True)) == dict.fromkeys("BCD", pytest.approx(1 / 3))


def test_a_covariate_that_tells_without_error_leaves_the_others_to_the_score() -> None:
    rows = frame(units=60)
    rows["flag"] = ((rows["unit"] < "U10") & (rows["x"] == 0)).astype(float)
    refinement = Refinement(by="ps_weight", covariates=(Lagged("flag"), Lagged("z")))
    sets = matched_sets(panel(rows), DESIGN, PanelMatch(matching=Matching(history=1), refinement=refinement))
    assert len(sets) > 50
    assert (sets["matched_unit"] >= "U10").all()
    rows["told"] = rows["x"].fillna(0.0)
    certain = Refinement(by="ps_match", covariates=(Lagged("told"),), size=2)
    with pytest.raises(IdentificationError, match="no maximum"):
        panel_match(panel(rows), DESIGN, matching=Matching(history=1), refinement=certain)


def test_balance_by_hand() -> None:
    rows, method = frame(), PanelMatch(matching=Matching(history=2), refinement=REFINEMENTS["mahalanobis"])
    found = covariate_balance(panel(rows), DESIGN, method, ("z",)).set_index("event_time")
    loops, z = Loops(rows, method), rows.set_index(["unit", "year"])["z"].dropna().to_dict()
    for k in (-2, -1, 0):
        own, apart = [], []
        for _, unit, year, weights in loops.sets:
            known = {u: w for u, w in weights.items() if (u, year + k) in z}
            if (unit, year + k) in z:
                own.append(z[unit, year + k])
                if known:
                    mean = sum(w * z[u, year + k] for u, w in known.items()) / sum(known.values())
                    apart.append(z[unit, year + k] - mean)
        assert found.loc[k, "difference"] == pytest.approx(np.mean(apart) / np.std(own, ddof=1), abs=1e-12)
        assert found.loc[k, "sets"] == len(apart)


def test_bootstrap_draws_clusters() -> None:
    rows, method = frame(units=200), PanelMatch(matching=Matching(history=1), target="ate")
    draws = matching_bootstrap(panel(rows), DESIGN, method, draws=4000, seed=3)
    found = panel_match(panel(rows), DESIGN, matching=method.matching, target="ate", errors="fixed")
    assert draws.shape == (4000, 3)
    # The standard deviation of 4000 draws has a standard error of 1.1 per cent.
    np.testing.assert_allclose(draws.std(), np.sqrt(np.diag(found.vcov)), rtol=0.05)
    again = matching_bootstrap(panel(rows), DESIGN, method, draws=4000, seed=3)
    pd.testing.assert_frame_equal(draws, again)
    with pytest.raises(DesignError, match="needs draws"):
        matching_bootstrap(panel(rows), DESIGN, method, draws=0, seed=1)
    with pytest.raises(DesignError, match="'ate'"):
        matching_errors(panel(rows), DESIGN, method)


def test_events_of_other_kinds_that_are_on_or_off() -> None:
    rows = frame()
    rows["count"] = rows["x"] * 3
    threshold = Event(column="count", kind="threshold", threshold=Threshold(rule="absolute", value=1.0))
    one, other = (
        panel_match(panel(rows), replace(DESIGN, event=event), matching=Matching(history=2))
        for event in (DESIGN.event, threshold)
    )
    np.testing.assert_allclose(one.coef, other.coef, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"event": Event(column="z", kind="dose")}, DesignError, "panel_match is for events"),
        ({"event": Event(column="x", kind="change")}, DesignError, "on or off"),
        ({"window": EventWindow(leads=1, lags=1, reference=None)}, WindowError, "period before the event"),
        ({"fixed_effects": ("unit",)}, DesignError, "takes out units and periods"),
        ({"controls": ("z",)}, DesignError, "takes no controls"),
        ({"weights": "z"}, DesignError, "takes no weights"),
    ],
)
def test_designs_that_do_not_fit(change: dict[str, object], error: type[EventPanelError], match: str) -> None:
    design = replace(DESIGN, **change)  # type: ignore[arg-type]
    with pytest.raises(error, match=match):
        panel_match(panel(frame()), design, matching=Matching(history=1))
    assert match.split()[0] in card(PanelMatch(matching=Matching(history=1)), panel(frame()), design).refused


def test_sets_have_periods_as_the_panel_writes_them() -> None:
    rows, method = frame(holes=False), PanelMatch(matching=Matching(history=2))
    years = matched_sets(panel(rows), DESIGN, method)
    quarters = pd.PeriodIndex(pd.Period("2000Q1") + (rows["year"] - 2000).to_numpy(), freq="Q")
    found = matched_sets(panel(rows.assign(year=quarters)), DESIGN, method)
    assert len(found) > 100
    expected = pd.PeriodIndex(pd.Period("2000Q1") + (years["period"] - 2000).to_numpy(), freq="Q")
    assert (pd.PeriodIndex(found["period"]) == expected).all()


def test_nothing_to_compare() -> None:
    rows = frame()
    with pytest.raises(IdentificationError, match="no matched set"):
        panel_match(panel(rows), DESIGN, matching=Matching(history=11))
    with pytest.raises(IdentificationError, match="no matched set"):
        matching_errors(panel(rows), DESIGN, PanelMatch(matching=Matching(history=11)))
    assert matched_sets(panel(rows), DESIGN, PanelMatch(matching=Matching(history=11))).empty
    with pytest.raises(ColumnError, match="gdp"):
        panel_match(panel(rows), DESIGN, matching=Matching(history=1, exact=("gdp",)))


def test_infinite_covariates_are_refused() -> None:
    rows = frame()
    rows.loc[3, "z"] = np.inf
    with pytest.raises(DesignError, match=r"'z' holds infinite values(.|\n)*where: 1 of \d+ rows: U00 2003"):
        panel_match(panel(rows), DESIGN, matching=Matching(history=1), refinement=REFINEMENTS["ps_match"])


def test_options_without_meaning() -> None:
    one = (Lagged("z"),)
    for wrong in (
        lambda: Matching(history=0),
        lambda: Matching(history=40),
        lambda: Matching(history=1, unknown="drop"),  # type: ignore[arg-type]
        lambda: Lagged("z", 2, 1),
        lambda: Refinement(by="cbps", covariates=one),  # type: ignore[arg-type]
        lambda: Refinement(by="mahalanobis", covariates=one),
        lambda: Refinement(by="ps_match", covariates=one, size=0),
        lambda: Refinement(by="ps_weight", covariates=one, size=5),
        lambda: Refinement(by="ps_weight", covariates=()),
        lambda: Refinement(by="ps_weight", covariates=one, missing="zero"),  # type: ignore[arg-type]
        lambda: PanelMatch(matching=Matching(history=1), target="late"),  # type: ignore[arg-type]
        lambda: PanelMatch(matching=Matching(history=1), errors="robust"),  # type: ignore[arg-type]
        lambda: PanelMatch(matching=Matching(history=1, lasting=True), target="atc"),
    ):
        with pytest.raises(DesignError):
            wrong()


def test_the_card_says_what_is_compared() -> None:
    method = PanelMatch(matching=Matching(history=2), refinement=REFINEMENTS["ps_match"], target="ate")
    found = card(method, panel(frame()), DESIGN)
    assert "3 nearest by propensity score on y, z" in found.estimand
    assert int(str(found.totals["used"])) > 10
    estimate = panel_match(panel(frame()), DESIGN, matching=method.matching, refinement=method.refinement, target="ate")
    assert estimate.nobs == found.rows
