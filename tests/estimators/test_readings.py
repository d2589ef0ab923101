"""The readings of equation (3): orthogonalised lags and local projections, against regressions written out."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from eventpanel.datasets.errors import DesignError, WindowError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.card import card
from eventpanel.estimators.covariance import Clustered, Robust
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.events import Event
from eventpanel.estimators.joint import joined
from eventpanel.estimators.lag_plans import DistributedLag
from eventpanel.estimators.local_projections import LocalProjections, local_projections
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.orthogonalised import orthogonalised
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.trajectories import trajectories
from eventpanel.estimators.window import EventWindow
from tests.panels import random_frame, random_panel

ALL = EventWindow(leads=2, lags=2, reference=None)
DESIGN = Design(
    outcome="y",
    event=Event(column="x", kind="dose"),
    window=replace(ALL, reference=-1),
    fixed_effects=("importer", "year"),
    covariance=Clustered("importer", "none"),
)


PLANS = (DistributedLag(), DistributedLag(reading="orthogonalised"), LocalProjections(), LocalProjections("poisson"))


def counts() -> Panel:
    frame = random_frame(4, missing=0.05)
    rng = np.random.default_rng(2)
    frame["y"] = rng.poisson(np.exp(0.3 * frame["x"] + 0.02 * frame["importer"].str[1:].astype(int))).astype(float)
    return Panel(frame, ("importer",), "year")


def with_shifts(panel: Panel) -> pd.DataFrame:
    """Outcome and event of the years around each row, by the calendar."""
    frame = panel.frame.copy()
    for name in ("x", "y"):
        values = frame.set_index(["importer", "year"])[name]
        for k in range(-2, 3):
            keys = pd.MultiIndex.from_arrays([frame["importer"], frame["year"] + k])
            frame[f"{name}{k:+d}"] = values.reindex(keys).to_numpy()
    return frame


def dummies(frame: pd.DataFrame) -> pd.DataFrame:
    units = pd.get_dummies(frame["importer"], dtype=float)
    years = pd.get_dummies(frame["year"], dtype=float).iloc[:, 1:]
    return pd.concat([units, years.add_prefix("year")], axis=1)


def test_orthogonalised_is_the_regression_on_replaced_leads_and_lags() -> None:
    panel = random_panel(3, missing=0.05)
    rows = with_shifts(panel).dropna(subset=[f"x{k:+d}" for k in range(-2, 3)])
    rows = rows[rows.groupby("importer")["year"].transform("size") > 1]
    made = {0: rows["x+0"]}
    # Event time p is the event p years earlier: the column x of year - p.
    for p in (-2, -1, 1, 2):
        shifted = rows[f"x{-p:+d}"]
        made[p] = shifted - sm.OLS(rows["x+0"], sm.add_constant(shifted)).fit().resid
    X = pd.concat([pd.DataFrame(made).add_prefix("p"), dummies(rows)], axis=1)
    fit = sm.OLS(rows["y"], X).fit()
    found = orthogonalised(distributed_lag(panel, replace(DESIGN, window=ALL)))
    for term, value in zip(found.terms, found.coef, strict=True):
        assert value == pytest.approx(fit.params[f"p{term.event_time}"], rel=1e-9)
    clustered = sm.OLS(rows["y"], X).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(rows["importer"])[0], "use_correction": False}
    )
    for term, error in zip(found.terms, found.std_errors, strict=True):
        assert error == pytest.approx(clustered.bse[f"p{term.event_time}"], rel=1e-8)


def test_orthogonalised_poisson_has_the_fitted_means_of_ppml() -> None:
    panel = counts()
    plain = ppml(panel, replace(DESIGN, window=ALL))
    found = orthogonalised(plain)
    rows = with_shifts(panel)[plain.sample]
    index = sum(b * rows[f"x{-(t.event_time or 0):+d}"] for t, b in zip(plain.terms, plain.coef, strict=True))
    replaced = 0.0
    for term, b in zip(found.terms, found.coef, strict=True):
        column = rows[f"x{-(term.event_time or 0):+d}"]
        if term.event_time:
            column = column - sm.OLS(rows["x+0"], sm.add_constant(column)).fit().resid
        replaced = replaced + b * column
    # The same index but for a constant, which the fixed effects take up.
    difference = index - replaced
    assert np.ptp(difference) < 1e-10


def test_orthogonalised_by_group_is_that_of_each_group() -> None:
    panel = random_panel(5)
    regime = Moderator(name="regime", column="regime", timing="fixed")
    apart = replace(DESIGN, window=ALL, moderator=regime, fixed_effects=("importer", "regime^year"))
    both = orthogonalised(distributed_lag(panel, apart))
    one = replace(DESIGN, window=ALL, sample=Sample(among=((regime, "low"),)))
    low = orthogonalised(distributed_lag(panel, one))
    mine = [i for i, term in enumerate(both.terms) if term.group == "low"]
    np.testing.assert_allclose(both.coef[mine], low.coef, rtol=1e-9)


def test_only_a_distributed_lag_with_all_its_terms_is_orthogonalised() -> None:
    with pytest.warns(UserWarning, match="restriction"):
        restricted = distributed_lag(random_panel(), DESIGN)
    with pytest.raises(DesignError, match="reference=None"):
        orthogonalised(restricted)


def stacked(panel: Panel, rows_of: dict[int, pd.DataFrame]) -> sm.regression.linear_model.RegressionResultsWrapper:
    """One regression of all event times, everything interacted with them."""
    blocks, outcomes, clusters = [], [], []
    for k, rows in rows_of.items():
        X = pd.concat([rows[["x+0", "y-1", "control"]], dummies(rows)], axis=1)
        blocks.append(X.add_prefix(f"{k}:").reset_index(drop=True))
        outcomes.append(rows[f"y{k:+d}"].reset_index(drop=True))
        clusters.append(rows["importer"].reset_index(drop=True))
    X = pd.concat(blocks, ignore_index=True).fillna(0.0)
    groups = pd.factorize(pd.concat(clusters, ignore_index=True))[0]
    return sm.OLS(pd.concat(outcomes, ignore_index=True), X).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )


def test_local_projections_are_the_stacked_regression_with_its_covariance() -> None:
    panel = random_panel(6, units=30, periods=10, missing=0.08)
    design = replace(DESIGN, controls=("control",))
    found = local_projections(panel, design)
    frame = with_shifts(panel)
    rows_of = {k: frame.dropna(subset=[f"y{k:+d}", "y-1"]) for k in (-2, 0, 1, 2)}
    fit = stacked(panel, rows_of)
    names = [f"{term.event_time}:x+0" for term in found.terms]
    np.testing.assert_allclose(found.coef, fit.params[names], rtol=1e-9)
    np.testing.assert_allclose(found.vcov, fit.cov_params().loc[names, names], rtol=1e-7, atol=1e-14)
    assert dict(found.facts)["Rows at event time 2"] == str(len(rows_of[2]))


def test_poisson_local_projections_are_poisson_regressions_on_the_log_of_the_lagged_outcome() -> None:
    panel = counts()
    found = local_projections(panel, DESIGN, model="poisson")
    rows = with_shifts(panel).dropna(subset=["y+2", "y-1"])
    rows = rows.assign(before=np.log1p(rows["y-1"]))
    X = pd.concat([rows[["x+0", "before"]], dummies(rows)], axis=1)
    fit = sm.GLM(rows["y+2"], X, family=sm.families.Poisson()).fit(tol=1e-12, tol_criterion="deviance")
    assert found.coef[-1] == pytest.approx(fit.params["x+0"], rel=1e-7)


def test_local_projections_without_the_lagged_outcome_need_no_row_before() -> None:
    panel = random_panel(6)
    with_it, without = (local_projections(panel, DESIGN, lagged_outcome=lagged) for lagged in (True, False))
    assert without.nobs > with_it.nobs
    with pytest.raises(WindowError, match="period before the event"):
        local_projections(panel, replace(DESIGN, window=ALL))


@pytest.mark.parametrize("plan", PLANS)
def test_plans_name_the_rows_that_change_an_estimate(plan: DistributedLag | LocalProjections) -> None:
    frame = random_frame(8, units=26, periods=9, missing=0.05)
    frame["y"] = np.random.default_rng(0).poisson(3.0, len(frame)).astype(float) + 1.0
    panel = Panel(frame, ("importer",), "year")
    design = replace(DESIGN, sample=Sample(first=2001))
    t = trajectories(panel, design)
    uses = t.to_rows(plan.uses(t, design).rows & t.inside)
    assert uses.sum() == card(plan, panel, design).rows
    before = plan.run(panel, design)
    # All rows that carry no weight, and every third of the others.
    for row in np.concatenate([np.flatnonzero(~uses), np.flatnonzero(uses)[::3]]):
        other = panel.frame.copy()
        other["y"] = other["y"].to_numpy() + (np.arange(len(other)) == row)
        moved = plan.run(Panel(other, ("importer",), "year"), design).coef
        assert bool((np.abs(moved - before.coef) > 1e-9).any()) == uses[row]


@pytest.mark.parametrize("reading", ["plain", "restricted", "orthogonalised"])
def test_plans_run_what_they_say(reading: Literal["plain", "restricted", "orthogonalised"]) -> None:
    plan = DistributedLag("linear", reading)
    panel = random_panel()
    if reading == "restricted":
        with pytest.warns(UserWarning, match="restriction"):
            found = plan.run(panel, DESIGN)
    else:
        found = plan.run(panel, replace(DESIGN, window=ALL))
    assert len(found.terms) == (4 if reading == "restricted" else 5)
    assert card(plan, panel, DESIGN).rows == found.nobs < len(panel.frame)


def test_estimates_are_joined_by_cluster_whatever_their_rows() -> None:
    panel = random_panel(9, missing=0.1)
    one = distributed_lag(panel, replace(DESIGN, window=ALL))
    two = distributed_lag(panel, replace(DESIGN, window=ALL, sample=Sample(first=2005)))
    both = joined([one, two]).vcov
    np.testing.assert_allclose(both[:5, :5], one.vcov, rtol=1e-10)
    np.testing.assert_allclose(both[5:, 5:], two.vcov, rtol=1e-10)
    same = joined([one, one]).vcov
    np.testing.assert_allclose(same[:5, 5:], one.vcov, rtol=1e-10)
    with pytest.raises(DesignError, match="what each cluster contributes"):
        joined([one, distributed_lag(panel, replace(DESIGN, window=ALL, covariance=Robust("HC1")))])
