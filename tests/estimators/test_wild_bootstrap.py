"""Wild bootstrap and influence of a path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.bootstrap import Bootstrap
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Sample
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.influence import leave_one_out
from eventpanel.estimators.wild_bootstrap import wild_bootstrap
from tests.estimators.designs import REGIME, design
from tests.panels import random_panel

DRAWS = Bootstrap(draws=999, seed=1)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    asked = design(moderator=REGIME)
    return wild_bootstrap(random_panel(2), asked, DRAWS, difference=("low", "high")).set_index("term")


def test_rows(table: pd.DataFrame) -> None:
    estimate = distributed_lag(random_panel(2), design(moderator=REGIME))
    assert list(table.index[:10]) == estimate.names
    np.testing.assert_allclose(table["estimate"].iloc[:10], estimate.coef)
    np.testing.assert_allclose(table["statistic"].iloc[:10], estimate.tstats)
    assert {"all leads [low]", "all lags [high]", "no difference [low - high]"} <= set(table.index)


def test_an_interval_holds_what_the_test_does_not_reject(table: pd.DataFrame) -> None:
    path = table.dropna(subset=["conf_low"])
    inside = (path["conf_low"] <= 0) & (path["conf_high"] >= 0)
    assert (inside == (path["p_value"] >= 0.05)).all()
    assert ((path["conf_low"] < path["estimate"]) & (path["estimate"] < path["conf_high"])).all()


def test_the_planted_effect_is_found_and_nothing_else_at_one_per_cent(table: pd.DataFrame) -> None:
    # y moves by 0.4 with the event of the same year; see tests.panels.
    p_values = table["p_value"].to_dict()
    assert p_values["x, same period [low]"] < 0.01
    assert p_values["x, same period [high]"] < 0.01
    assert p_values["no difference [low - high]"] > 0.01


def test_the_difference_the_other_way_round_is_its_mirror(table: pd.DataFrame) -> None:
    other = wild_bootstrap(random_panel(2), design(moderator=REGIME), DRAWS, difference=("high", "low"))
    mirror = other.set_index("term").to_dict("index")["x, same period [high - low]"]
    here = table.to_dict("index")["x, same period [low - high]"]
    assert mirror["p_value"] == pytest.approx(here["p_value"], abs=1e-12)
    assert mirror["conf_low"] == pytest.approx(-here["conf_high"], rel=1e-5)


def test_with_many_clusters_it_agrees_with_the_t_distribution() -> None:
    panel, asked = random_panel(8, units=150), design(covariance=Clustered("importer", "reghdfe"))
    estimate = distributed_lag(panel, asked)
    drawn = wild_bootstrap(panel, asked, Bootstrap(draws=4999, seed=2)).iloc[:5]
    # Standard error of a simulated p-value below 0.007; the rest is the difference of the two approximations.
    np.testing.assert_allclose(drawn["p_value"], estimate.pvalues, atol=0.04)
    np.testing.assert_allclose(drawn["conf_low"], estimate.conf_int()["lower"], atol=0.15 * estimate.std_errors.max())


@pytest.mark.parametrize("residuals", ["unrestricted", "restricted_jackknife", "unrestricted_jackknife"])
def test_other_residuals_agree_where_clusters_are_many(table: pd.DataFrame, residuals: Any) -> None:
    asked = design(moderator=REGIME)
    other = wild_bootstrap(random_panel(2), asked, Bootstrap(draws=999, seed=1, residuals=residuals)).set_index("term")
    same = table.loc[other.index]
    # 22 clusters a group: the same draws, residuals of almost the same size.
    np.testing.assert_allclose(other["p_value"], same["p_value"], atol=0.05)
    path = same.dropna(subset=["conf_low"])
    width = (path["conf_high"] - path["conf_low"]).to_numpy()
    assert (np.abs(other.loc[path.index, "conf_low"] - path["conf_low"]) < 0.15 * width).all()
    assert (other["draws"] == 999).all()


def test_a_lower_level_is_a_narrower_interval(table: pd.DataFrame) -> None:
    lower = wild_bootstrap(random_panel(2), design(moderator=REGIME), DRAWS, level=0.9).set_index("term").iloc[:10]
    assert (lower["conf_low"] > table["conf_low"].iloc[:10]).all()
    assert (lower["conf_high"] < table["conf_high"].iloc[:10]).all()
    with pytest.raises(DesignError, match="level"):
        wild_bootstrap(random_panel(2), design(), DRAWS, level=1.0)


@pytest.mark.parametrize("options", [{"draws": 0}, {"draws": 9, "weights": "normal"}, {"draws": 9, "residuals": "raw"}])
def test_impossible_bootstraps_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(DesignError):
        Bootstrap(seed=1, **options)  # type: ignore[arg-type]


def test_difference_of_one_group_is_refused() -> None:
    with pytest.raises(DesignError, match="two groups"):
        wild_bootstrap(random_panel(2), design(moderator=REGIME), DRAWS, difference=("low",))


def test_leaving_a_country_out_equals_the_sample_without_it() -> None:
    panel = random_panel(2, missing=0.05)
    table = leave_one_out(panel, design(controls=("control",)))
    everyone = sorted(panel.frame["importer"].unique())
    for left in (everyone[0], everyone[7], everyone[-1]):
        others = tuple(name for name in everyone if name != left)
        want = distributed_lag(panel, design(controls=("control",), sample=Sample(where=(("importer", others),))))
        got = table[table["cluster"] == left].set_index("term").loc[want.names, "estimate"]
        np.testing.assert_allclose(got, want.coef, rtol=1e-9)


def test_ranks_and_changes() -> None:
    panel = random_panel(2)
    table, estimate = leave_one_out(panel, design()), distributed_lag(panel, design())
    term = table[table["term"] == "x, same period"]
    assert term["rank"].tolist() == list(range(1, 45))
    assert (term["change"].abs().diff().dropna() <= 1e-15).all()
    change = (term["estimate"] - estimate.params["x, same period"]) / estimate.std_errors["x, same period"]
    np.testing.assert_allclose(term["change"], change, rtol=1e-12)


@pytest.mark.parametrize("kind", ["CRV2", "CRV3"])
def test_corrected_covariances_reach_the_estimate(kind: str) -> None:
    panel = random_panel(2)
    plain = distributed_lag(panel, design(covariance=Clustered("importer", "none")))
    got = distributed_lag(panel, design(covariance=Clustered("importer", "none", kind)))  # type: ignore[arg-type]
    np.testing.assert_allclose(got.coef, plain.coef, rtol=1e-12)
    # Both correct the downward bias of the plain sandwich.
    assert (got.std_errors > plain.std_errors).all()
    assert kind in got.summary()
    if kind == "CRV2":
        assert ((got.dof > 1) & (got.dof < plain.dof)).all()
    else:
        paths = leave_one_out(panel, design()).pivot(index="cluster", columns="term", values="estimate")[got.names]
        gaps = paths.to_numpy() - got.coef
        np.testing.assert_allclose(got.vcov, 43 / 44 * gaps.T @ gaps, rtol=1e-9)


def test_no_factor_on_top_of_a_correction() -> None:
    with pytest.raises(DesignError, match="carries its own"):
        Clustered("importer", "reghdfe", "CRV3")
    with pytest.raises(DesignError, match="Unknown kind"):
        Clustered("importer", "none", "CRV9")  # type: ignore[arg-type]
