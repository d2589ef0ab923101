"""Estimators of single events against slow and obvious ones: dummies, loops, derivatives by the weight of a unit."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from eventpanel.estimators.callaway_santanna import callaway_santanna
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.extended_two_way import extended_two_way
from eventpanel.estimators.sun_abraham import sun_abraham
from eventpanel.estimators.two_stage import two_stage
from tests.staggered import DESIGN, frame, panel, window

NONE: tuple[str, ...] = ()


def dummies(values: pd.Series) -> np.ndarray:
    return np.asarray(pd.get_dummies(values).to_numpy(dtype=float))


def effects_of(rows: pd.DataFrame) -> np.ndarray:
    return np.hstack([dummies(rows["unit"]), dummies(rows["year"])[:, 1:]])


def cell_dummies(rows: pd.DataFrame, leads: bool) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Cohort by year, from the event on, or all but the base period."""
    cells, columns = [], []
    struck = rows[rows["start"] < 99]
    for start, year in sorted(set(zip(struck["start"], struck["year"], strict=True))):
        since = year - 2000 - start
        if since >= 0 or (leads and since != -1):
            cells.append((start, since))
            columns.append(((rows["start"] == start) & (rows["year"] == year)).to_numpy(dtype=float))
    return np.array(columns).T, cells


def by_dummies(
    rows: pd.DataFrame, times: list[int], controls: tuple[str, ...], weights: np.ndarray, leads: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Averages by rows of the coefficients of cohorts, and their clustered covariance with shares given."""
    D, cells = cell_dummies(rows, leads)
    X = np.hstack([D, rows[list(controls)].to_numpy(dtype=float), effects_of(rows)])
    root = np.sqrt(weights)[:, None]
    inverse = np.linalg.pinv((X * root).T @ (X * root), rcond=1e-12, hermitian=True)
    beta = inverse @ (X.T @ (weights * rows["y"].to_numpy()))
    scores = X * (weights * (rows["y"].to_numpy() - X @ beta))[:, None]
    by_unit = pd.DataFrame(scores).groupby(rows["unit"].to_numpy()).sum().to_numpy() @ inverse
    A = np.zeros((len(times), X.shape[1]))
    for i, k in enumerate(times):
        mine = [j for j, (_, since) in enumerate(cells) if since == k]
        A[i, mine] = (weights @ D)[mine] / (weights @ D)[mine].sum()
    return A @ beta, A @ by_unit.T @ by_unit @ A.T


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("controls", [NONE, ("moving",)])
def test_sun_abraham_by_dummies(seed: int, weighted: bool, controls: tuple[str, ...]) -> None:
    rows = frame(32, seed, missing=0.15)
    weights = rows["weight"].to_numpy() if weighted else np.ones(len(rows))
    design = replace(DESIGN, controls=controls, weights="weight" if weighted else None)
    estimate, seen = sun_abraham(panel(rows), design, shares="fixed"), rows["y"].notna().to_numpy()
    coef, vcov = by_dummies(rows[seen], [-2, 0, 1, 2], controls, weights[seen], leads=True)
    np.testing.assert_allclose(estimate.coef, coef, rtol=1e-10)
    np.testing.assert_allclose(estimate.vcov, vcov, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("seed", [1, 2])
def test_extended_two_way_by_dummies(seed: int) -> None:
    rows = frame(32, seed, missing=0.15)
    estimate = extended_two_way(panel(rows), window(DESIGN, 1, 2), shares="fixed")
    seen = rows.dropna()
    coef, vcov = by_dummies(seen, [0, 1, 2], NONE, np.ones(len(seen)), leads=False)
    np.testing.assert_allclose(estimate.coef, coef, rtol=1e-10)
    np.testing.assert_allclose(estimate.vcov, vcov, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("pooled", [False, True])
def test_poisson_by_dummies(pooled: bool) -> None:
    rows = frame(32, 3, missing=0.1)
    everything = rows[rows.groupby("unit")["count"].transform("sum") > 0].reset_index(drop=True)
    rows = everything.dropna()
    D, cells = cell_dummies(rows, leads=False)
    own = dummies(rows["start"] if pooled else rows["unit"])
    X = np.hstack([D, own, dummies(rows["year"])[:, 1:]])
    fit = sm.GLM(rows["count"], X, family=sm.families.Poisson()).fit(tol=1e-14, maxiter=200)
    mean, beta = np.asarray(fit.fittedvalues), np.asarray(fit.params)
    whole, design = panel(everything), replace(window(DESIGN, 1, 2), outcome="count")
    estimate = extended_two_way(whole, design, model="poisson", pooled=pooled)
    level = extended_two_way(whole, design, model="poisson_level", pooled=pooled)
    for i, k in enumerate([0, 1, 2]):
        mine = [j for j, (_, since) in enumerate(cells) if since == k]
        count = D.sum(axis=0)[mine]
        assert estimate.coef[i] == pytest.approx(float(count @ beta[mine] / count.sum()), rel=1e-8)
        change = [(D[:, j] * mean).sum() * (1 - np.exp(-beta[j])) for j in mine]
        assert level.coef[i] == pytest.approx(float(np.sum(change) / count.sum()), rel=1e-8)


@pytest.mark.parametrize("controls", [NONE, ("moving",)])
def test_two_stage_by_dummies(controls: tuple[str, ...]) -> None:
    everything = frame(32, 4, missing=0.15)
    rows = everything.dropna()
    rows = rows[rows["unit"].isin(rows.loc[rows["x"] == 0, "unit"])]
    before = (rows["x"] == 0).to_numpy()
    X = np.hstack([effects_of(rows), rows[list(controls)].to_numpy(dtype=float)])
    first = X * before[:, None]
    inverse = np.linalg.pinv(first.T @ first, rcond=1e-12, hermitian=True)
    left = rows["y"].to_numpy() - X @ (inverse @ (first.T @ rows["y"].to_numpy()))
    since = (rows["year"] - 2000 - rows["start"]).to_numpy()
    Z = np.array([since == k for k in [-2, 0, 1, 2]], dtype=float).T
    second = np.linalg.inv(Z.T @ Z)
    coef = second @ (Z.T @ left)
    passed = first * (before * left)[:, None] @ (inverse @ X.T @ Z)
    scores = (Z * (left - Z @ coef)[:, None] - passed) @ second
    by_unit = pd.DataFrame(scores).groupby(rows["unit"].to_numpy()).sum().to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimate = two_stage(panel(everything), replace(DESIGN, controls=controls))
    np.testing.assert_allclose(estimate.coef, coef, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(estimate.vcov, by_unit.T @ by_unit, rtol=1e-9, atol=1e-13)


def doubly_robust(rows: pd.DataFrame, cohort: int, period: int, adjust: str) -> float:
    """One comparison in statsmodels' words."""
    wide, x = rows.pivot(index="unit", columns="year", values="y"), rows.groupby("unit")["fixed"].first()
    start, base = rows.groupby("unit")["start"].first(), 2000 + cohort - 1
    change = wide[period] - wide[base]
    mine, others = start == cohort, (start > max(period, base) - 2000) & (start != cohort)
    kept = change.notna() & (mine | others)
    d, y, X = mine[kept].to_numpy(), change[kept].to_numpy(), sm.add_constant(x[kept].to_numpy())
    expected = X @ np.asarray(sm.OLS(y[~d], X[~d]).fit().params)
    p = np.asarray(sm.Logit(d.astype(float), X).fit(disp=0, tol=1e-14, maxiter=100).predict(X))
    odds = np.where(d, 0.0, p / (1 - p))
    left = y - expected if adjust != "weighting" else y
    if adjust == "regression":
        return float(left[d].mean())
    return float(left[d].mean() - (odds @ left) / odds.sum())


@pytest.mark.parametrize("adjust", ["regression", "weighting", "doubly_robust"])
def test_callaway_santanna_by_loops(adjust: str) -> None:
    rows = frame(60, 5, missing=0.08)
    # A control that does not change is the same in whatever base period it is taken.
    estimate = callaway_santanna(panel(rows), replace(DESIGN, controls=("fixed",)), adjust=adjust)  # type: ignore[arg-type]
    # Units with a base period and one more row of the window count in the size of their cohort.
    since = rows["year"] - 2000 - rows["start"]
    known = rows[rows["y"].notna() & since.isin([-2, 0, 1, 2])]
    based = rows.loc[rows["y"].notna() & (since == -1), "unit"]
    sizes = known[known["unit"].isin(based)].drop_duplicates("unit")["start"].value_counts()
    for term, coef in zip(estimate.terms, estimate.coef, strict=True):
        assert term.event_time is not None
        pairs = [(g, 2000 + g + term.event_time) for g in (2, 3, 5)]
        pairs = [(g, t) for g, t in pairs if 2000 <= t <= 2006]
        each = [doubly_robust(rows, g, t, adjust) for g, t in pairs]
        assert coef == pytest.approx(np.average(each, weights=[sizes[g] for g, _ in pairs]), rel=1e-9)


Run = Callable[[pd.DataFrame], Estimate]


def with_weights(run: Callable[..., Estimate], design: Design, **options: object) -> Run:
    return lambda rows: run(panel(rows), replace(design, weights="mass"), **options)


RUNS: dict[str, Run] = {
    "callaway_santanna": with_weights(callaway_santanna, DESIGN),
    "varying": with_weights(callaway_santanna, window(DESIGN, 2, 2, None), base="varying", compared="never"),
    "regression": with_weights(callaway_santanna, replace(DESIGN, controls=("moving",)), adjust="regression"),
    "weighting": with_weights(callaway_santanna, replace(DESIGN, controls=("moving",)), adjust="weighting"),
    "doubly_robust": with_weights(callaway_santanna, replace(DESIGN, controls=("fixed", "moving"))),
    "sun_abraham": with_weights(sun_abraham, replace(DESIGN, controls=("moving",))),
    "two_stage": with_weights(two_stage, replace(DESIGN, controls=("moving",))),
    "extended": with_weights(extended_two_way, replace(window(DESIGN, 1, 2), controls=("fixed",))),
    "extended_never": with_weights(extended_two_way, replace(DESIGN, controls=("fixed",)), compared="never"),
    "extended_pooled": with_weights(extended_two_way, replace(window(DESIGN, 1, 2), controls=("fixed",)), pooled=True),
    "poisson": with_weights(
        extended_two_way, replace(window(DESIGN, 1, 2), outcome="count", controls=("fixed",)), model="poisson"
    ),
    "poisson_level": with_weights(
        extended_two_way, replace(window(DESIGN, 1, 2), outcome="count", controls=("fixed",)), model="poisson_level"
    ),
    "poisson_level_pooled": with_weights(
        extended_two_way, replace(window(DESIGN, 1, 2), outcome="count"), model="poisson_level", pooled=True
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_influence_is_the_derivative_by_the_weight_of_a_unit(name: str) -> None:
    """An estimator that solves equations summed over units moves with a unit's weight by that unit's influence."""
    rows = frame(40, 6, missing=0.1)
    rows["mass"] = 1.0
    step = 1e-4
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimate = RUNS[name](rows)
        assert estimate.contributions is not None
        used = np.sort(rows.loc[estimate.sample, "unit"].unique())
        for i in (0, 1, 2, 3, 10, 21):
            at = (rows["unit"] == used[i]).to_numpy()
            up, down = (RUNS[name](rows.assign(mass=np.where(at, 1 + s, 1.0))).coef for s in (step, -step))
            np.testing.assert_allclose(estimate.contributions.values[i], (up - down) / (2 * step), atol=2e-7, rtol=2e-5)
