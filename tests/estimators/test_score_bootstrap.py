"""Score bootstrap and influence of a Poisson path, from panel to table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.bootstrap import Bootstrap
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.draws import draws, p_value
from eventpanel.estimators.core.poisson_clusters import Problem, cluster_effects, fit, means_under
from eventpanel.estimators.core.score import score_statistic, score_statistics
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.ppml_influence import leave_one_out_ppml
from eventpanel.estimators.score_bootstrap import score_bootstrap
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame

# Few clusters, on purpose: the caution is tested elsewhere.
pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.solution.EstimationWarning")
RULE = Clustered("importer", "ppmlhdfe")
TIMES = (-2, -1, 0, 1, 2)


def counts(seed: int, units: int = 14, effect: float = 0.3) -> Panel:
    """Counts that move with the event of the same year; the first importer never imports."""
    frame = random_frame(seed, units=units)
    rng = np.random.default_rng(seed)
    unit = frame["importer"].str[1:].astype(int)
    frame["y"] = rng.poisson(np.exp(effect * frame["x"] - 0.3 + 0.03 * unit + 0.2 * frame["control"])).astype(float)
    frame.loc[unit == 0, "y"] = 0.0
    return Panel(frame, ("importer",), "year")


@dataclass(frozen=True)
class Plain:
    """The regression with dummies, and its scores, one cluster after another."""

    y: Floats
    X: Floats
    dummies: Floats
    clusters: Codes

    def own(self, columns: list[int], null: Floats) -> Floats:
        """Effects of the clusters under the null, by statsmodels' fit of the other columns."""
        free = [j for j in range(self.X.shape[1]) if j not in columns]
        rest = np.column_stack([self.X[:, free], self.dummies])
        offset = self.X[:, columns] @ null
        model = sm.GLM(self.y, rest, family=sm.families.Poisson(), offset=offset)
        mu = np.asarray(model.fit(tol=1e-14, maxiter=300).mu)
        D = np.column_stack([self.X, self.dummies])
        bread = np.linalg.inv(D.T @ (D * mu[:, None]))
        effects = (D * (self.y - mu)[:, None]) @ bread
        return np.array([effects[self.clusters == g].sum(axis=0) for g in range(self.clusters.max() + 1)])[:, columns]

    def p(self, columns: list[int], null: Floats, weights: Floats) -> float:
        """Two-sided p-value, ties counted half, draw by draw."""
        own = self.own(columns, null)

        def statistic(w: Floats) -> float:
            drawn = own * w[:, None]
            centred = drawn - drawn.mean(axis=0)
            return float(drawn.sum(axis=0) @ np.linalg.solve(centred.T @ centred, drawn.sum(axis=0)))

        data = statistic(np.ones(len(own)))
        return p_value(data, np.array([statistic(w) for w in weights.T]))


def plain(panel: Panel, asked: Design) -> Plain:
    used = ppml(panel, asked).sample
    rows = panel.frame
    for k in TIMES:
        moved = rows[["importer", "year", "x"]].assign(year=rows["year"] + k).rename(columns={"x": f"x{k}"})
        rows = rows.merge(moved, on=["importer", "year"], how="left")
    rows = rows[used]
    paths = rows[[f"x{k}" for k in TIMES]].to_numpy(dtype=float)
    if asked.moderator is not None:
        low = (rows["regime"] == "low").to_numpy()[:, None]
        paths = np.column_stack([paths * low, paths * ~low])
    dummies = pd.get_dummies(rows[["importer", "year"]].astype(str), dtype=float)
    clusters = np.unique(rows["importer"], return_inverse=True)[1]
    # All importers, and all years but the first.
    names = [name for name in dummies if not str(name).startswith("year")]
    years = [name for name in dummies if str(name).startswith("year")][1:]
    return Plain(rows["y"].to_numpy(), paths, dummies[names + years].to_numpy(), clusters)


@pytest.mark.parametrize("kind", ["rademacher", "webb"])
def test_every_p_value_is_that_of_the_plain_loop(kind: Any) -> None:
    panel, asked = counts(1), design(covariance=RULE)
    got = score_bootstrap(panel, asked, Bootstrap(draws=199, seed=3, weights=kind), level=None)
    slow, weights = plain(panel, asked), np.hstack(list(draws(13, 199, kind, 3)))
    single = [slow.p([j], np.zeros(1), weights) for j in range(5)]
    joint = [slow.p(columns, np.zeros(2), weights) for columns in ([0, 1], [3, 4])]
    # Equal but for draws that tie with the data up to rounding.
    np.testing.assert_allclose(got["p_value"], [*single, *joint], atol=1e-12)
    assert got["draws"].tolist() == [199] * 7
    assert got[["conf_low", "conf_high"]].isna().all(axis=None)


def test_intervals_hold_what_the_plain_loop_does_not_reject() -> None:
    panel, asked = counts(2), design(covariance=RULE)
    got = score_bootstrap(panel, asked, Bootstrap(draws=199, seed=3, weights="webb")).iloc[:5]
    assert np.isfinite(got[["conf_low", "conf_high"]]).all(axis=None)
    slow, weights = plain(panel, asked), np.hstack(list(draws(13, 199, "webb", 3)))
    for j in (1, 2):
        row = got.iloc[j]
        step = 1e-4 * (row["conf_high"] - row["conf_low"])
        for end, outwards in (("conf_low", -step), ("conf_high", step)):
            assert slow.p([j], np.array([row[end] - outwards]), weights) >= 0.05
            assert slow.p([j], np.array([row[end] + outwards]), weights) < 0.05


def test_differences_are_tested_in_terms_of_their_own() -> None:
    panel, asked = counts(3), design(covariance=RULE, moderator=REGIME)
    boot = Bootstrap(draws=199, seed=3, weights="webb")
    got = score_bootstrap(panel, asked, boot, difference=("low", "high"), level=None).set_index("term")
    slow, weights = plain(panel, asked), np.hstack(list(draws(13, 199, "webb", 3)))
    # y on low and high times x is y on low times x, and x: the first coefficient is then the difference.
    low, high = slow.X[:, :5], slow.X[:, 5:]
    other = replace(slow, X=np.column_stack([low, low + high]))
    p_values = got["p_value"].to_dict()
    want = other.p([2], np.zeros(1), weights)
    assert p_values["x, same period [low - high]"] == pytest.approx(want, abs=1e-12)
    every = other.p(list(range(5)), np.zeros(5), weights)
    assert p_values["no difference [low - high]"] == pytest.approx(every, abs=1e-12)


def test_the_difference_the_other_way_round_is_its_mirror() -> None:
    asked = design(covariance=RULE, moderator=REGIME, window=EventWindow(leads=0, lags=0, reference=None))
    boot = Bootstrap(draws=199, seed=3, weights="webb")
    one, other = (
        score_bootstrap(counts(3), asked, boot, difference=groups).set_index("term").to_dict("index")
        for groups in (("low", "high"), ("high", "low"))
    )
    here, there = one["x, same period [low - high]"], other["x, same period [high - low]"]
    assert there["p_value"] == here["p_value"]
    assert there["conf_low"] == pytest.approx(-here["conf_high"], rel=1e-5)


@pytest.mark.parametrize("residuals", ["restricted", "unrestricted"])
def test_with_many_clusters_it_agrees_with_the_t_distribution(residuals: Any) -> None:
    panel, asked = counts(4, units=150), design(covariance=RULE)
    estimate = ppml(panel, asked)
    drawn = score_bootstrap(panel, asked, Bootstrap(draws=1999, seed=2, residuals=residuals)).iloc[:5]
    # Roots of score statistics are the t without small-sample factor where it is small, and smaller where it is not.
    t = estimate.tstats.to_numpy() * np.sqrt(149 / 148)
    np.testing.assert_allclose(drawn["statistic"].to_numpy()[abs(t) < 2], t[abs(t) < 2], rtol=0.02)
    assert t[2] > 10 and 3 < drawn["statistic"].iloc[2] < t[2] + 1e-9
    # Standard error of a simulated p-value 0.01; the rest is the difference of the two approximations.
    np.testing.assert_allclose(drawn["p_value"], estimate.pvalues, atol=0.05)
    np.testing.assert_allclose(drawn["conf_low"], estimate.conf_int()["lower"], atol=0.2 * estimate.std_errors.max())
    inside = (drawn["conf_low"] <= 0) & (drawn["conf_high"] >= 0)
    assert (inside == (drawn["p_value"] >= 0.05)).all()


def test_the_jackknife_is_refused() -> None:
    with pytest.raises(DesignError, match="no jackknife"):
        score_bootstrap(
            counts(1), design(covariance=RULE), Bootstrap(draws=9, seed=1, residuals="restricted_jackknife")
        )


def simulated(rng: np.random.Generator) -> Problem:
    """Overdispersed counts of 12 clusters of unequal size; the event has no effect and comes to half of them."""
    sizes = rng.integers(2, 7, 12)
    unit, period = np.repeat(np.arange(sizes.sum()), 8), np.tile(np.arange(8), sizes.sum())
    cluster = np.repeat(np.arange(12), sizes)[unit]
    x = ((cluster % 2 == 0) & (period >= rng.integers(2, 6, 12)[cluster])).astype(float)
    shock = rng.gamma(4.0, 0.25, (12, 8))[cluster, period]
    y = rng.poisson(np.exp(0.5 + 0.3 * rng.normal(size=sizes.sum())[unit]) * shock).astype(float)
    y[period == 0] += 1.0
    return Problem(y, x[:, None], (unit, period), cluster, None, np.zeros(len(y)))


@pytest.mark.slow
def test_size_with_twelve_clusters() -> None:
    """400 panels without an effect: the bootstrap keeps 5 %, the sandwich with t(G-1) rejects more often."""
    rng, plan = np.random.default_rng(5), list(draws(12, 399, "webb", 1))
    score, sandwich, panels = 0, 0, 400
    for _ in range(panels):
        p = simulated(rng)
        fitted = fit(p)
        t = fitted.fit.coef[0] / np.linalg.norm(cluster_effects(p, fitted.mu)[:, 0]) * np.sqrt(11 / 12)
        sandwich += 2 * stats.t.sf(abs(t), 11) < 0.05
        own = cluster_effects(p, means_under(p, [0], np.zeros(1), np.log(fitted.mu)))
        score += p_value(score_statistic(own), score_statistics(own, plan)) < 0.05
    # Three standard errors of a share of 400 at 5 %: 3.3 points.
    assert abs(score / panels - 0.05) < 0.033
    assert sandwich > score


def test_refits_equal_the_sample_without_the_country() -> None:
    panel, asked = counts(6), design(covariance=RULE, controls=("control",))
    table, estimate = leave_one_out_ppml(panel, asked, refit=3), ppml(panel, asked)
    exact = table.loc[table["exact"], "cluster"].unique()
    assert len(exact) == 3
    everyone = sorted(panel.frame["importer"].unique())
    for left in exact:
        others = tuple(name for name in everyone if name != left)
        want = ppml(panel, replace(asked, sample=Sample(where=(("importer", others),))))
        got = table[table["cluster"] == left].set_index("term").loc[want.names]
        np.testing.assert_allclose(got["estimate"], want.coef, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(got["change"], (want.coef - estimate.coef) / estimate.std_errors, atol=1e-7)


def test_steps_point_where_fits_lead_and_the_largest_are_fitted() -> None:
    panel, asked = counts(6), design(covariance=RULE)
    steps, fits = leave_one_out_ppml(panel, asked), leave_one_out_ppml(panel, asked, refit=13)
    assert not steps["exact"].any() and fits["exact"].all()
    both = steps.merge(fits, on=["cluster", "term"])
    assert np.corrcoef(both["change_x"], both["change_y"])[0, 1] > 0.98
    some = leave_one_out_ppml(panel, asked, refit=2)
    largest = steps.assign(size=steps["change"].abs()).groupby("cluster")["size"].max().nlargest(2)
    assert set(some.loc[some["exact"], "cluster"]) == set(largest.index)
    assert "U000" not in set(steps["cluster"])
    first = steps[steps["term"] == "x, same period"]
    assert first["rank"].tolist() == list(range(1, 14))
    with pytest.raises(DesignError, match="negative"):
        leave_one_out_ppml(panel, asked, refit=-1)


@pytest.mark.parametrize("kind", ["CRV2", "CRV3"])
def test_corrected_covariances_reach_the_estimate(kind: Any) -> None:
    panel = counts(7)
    base = ppml(panel, design(covariance=Clustered("importer", "none")))
    got = ppml(panel, design(covariance=Clustered("importer", "none", kind)))
    np.testing.assert_allclose(got.coef, base.coef, rtol=1e-12)
    assert (got.std_errors > base.std_errors).all()
    assert kind in got.summary()
    if kind == "CRV2":
        assert ((got.dof > 1) & (got.dof < base.dof)).all()
    else:
        paths = leave_one_out_ppml(panel, design(covariance=RULE)).pivot(
            index="cluster", columns="term", values="estimate"
        )
        gaps = paths[got.names].to_numpy() - got.coef
        np.testing.assert_allclose(got.vcov, 12 / 13 * gaps.T @ gaps, rtol=1e-6)
