"""Every covariance of a design against statsmodels and linearmodels, and what is refused or noted."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from linearmodels.panel import PanelOLS
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from eventpanel.datasets.errors import ColumnError, DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.bootstrap import Bootstrap
from eventpanel.estimators.core import leverage as leverage_module
from eventpanel.estimators.covariance import (
    Clustered,
    Conley,
    Covariance,
    DriscollKraay,
    Dyadic,
    NeweyWest,
    Robust,
)
from eventpanel.estimators.cross_check import cross_check
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.influence import leave_one_out
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.wild_bootstrap import wild_bootstrap
from tests.estimators.designs import REGIME, design
from tests.formula_panel import formula_frame, formula_panel
from tests.panels import random_frame

NAMES = ["x", "control"]
PLACE = Conley(
    latitude="lat",
    longitude="lon",
    cutoff_km=3000.0,
    kernel="bartlett",
    distance="great_circle",
    serial_lags=0,
    small_sample="none",
)


def asked(covariance: Covariance, **changes: Any) -> Design:
    """No lead and no lag: the outcome on x and the control, unit and time effects."""
    base = design(fixed_effects=("unit", "time"), controls=("control",), covariance=covariance)
    window = replace(base.window, leads=0, lags=0)
    return replace(base, window=window, **changes)


def quiet(panel: Panel, what: Design, estimator: Any = distributed_lag) -> Estimate:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = estimator(panel, what)
    assert isinstance(found, Estimate)
    return found


def lsdv(frame: pd.DataFrame, cov_type: Any, *, weighted: bool = False, poisson: bool = False, **keywords: Any) -> Any:
    """Dummy-variable regression by statsmodels."""
    dummies = pd.get_dummies(frame[["unit", "time"]].astype(str), drop_first=True, dtype=float)
    X = sm.add_constant(pd.concat([frame[NAMES], dummies], axis=1))
    weights: Any = frame["weight"] if weighted else np.ones(len(frame))
    if poisson:
        model = sm.GLM(frame["count"], X, family=sm.families.Poisson())
        return model.fit(cov_type=cov_type, cov_kwds=keywords, tol=1e-14, maxiter=100)
    return sm.WLS(frame["y"], X, weights=weights).fit(cov_type=cov_type, cov_kwds=keywords, use_t=True)


def block(result: Any) -> Any:
    return result.cov_params().loc[NAMES, NAMES].to_numpy()


def close(got: Estimate, want: Any) -> None:
    values = np.asarray(want)
    np.testing.assert_allclose(got.vcov, values, rtol=1e-9, atol=1e-11 * np.abs(values).max())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_robust_equals_statsmodels_with_dummies(kind: Any, weighted: bool) -> None:
    got = quiet(formula_panel(), asked(Robust(kind), weights="weight" if weighted else None))
    want = lsdv(formula_frame(), kind, weighted=weighted)
    close(got, block(want))
    np.testing.assert_allclose(got.pvalues, want.pvalues[NAMES], rtol=1e-8)
    assert got.dof.tolist() == [want.df_resid] * 2


def test_poisson_equals_statsmodels_with_dummies() -> None:
    frame, what = formula_frame(), {"outcome": "count"}
    # HC1 of statsmodels' GLM is its HC0.
    got = quiet(formula_panel(), asked(Robust("HC0"), **what), ppml)
    np.testing.assert_allclose(got.vcov, block(lsdv(frame, "HC0", poisson=True)), rtol=1e-9)
    groups = lsdv(frame, "cluster", poisson=True, groups=frame[["unit", "good"]].to_numpy(), use_correction=True)
    got = quiet(formula_panel(), asked(Clustered(("unit", "good"), "statsmodels"), **what), ppml)
    np.testing.assert_allclose(got.vcov, block(groups), rtol=1e-9)
    along = lsdv(frame, "hac-groupsum", poisson=True, time=frame["time"].to_numpy(), maxlags=2)
    got = quiet(formula_panel(), asked(DriscollKraay(2, "statsmodels"), **what), ppml)
    np.testing.assert_allclose(got.vcov, block(along), rtol=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_two_ways_equal_statsmodels(weighted: bool) -> None:
    frame = formula_frame()
    what = asked(Clustered(("unit", "good"), "statsmodels"), weights="weight" if weighted else None)
    groups = frame[["unit", "good"]].to_numpy()
    close(quiet(formula_panel(), what), block(lsdv(frame, "cluster", weighted=weighted, groups=groups)))
    # The same from the function for arrays, without small-sample factor.
    bare = cov_cluster_2groups(lsdv(frame, "nonrobust", weighted=weighted), groups, use_correction=False)[0]
    got = quiet(formula_panel(), replace(what, covariance=Clustered(("unit", "good"), "none")))
    close(got, bare[1:3, 1:3])


@pytest.mark.parametrize("lags", [0, 1, 4])
def test_driscoll_kraay_equals_statsmodels(lags: int) -> None:
    frame = formula_frame()
    want = lsdv(frame, "hac-groupsum", time=frame["time"].to_numpy(), maxlags=lags)
    got = quiet(formula_panel(), asked(DriscollKraay(lags, "statsmodels")))
    close(got, block(want))
    assert got.dof.tolist() == [8, 8]


@pytest.mark.parametrize("lags", [1, 3])
def test_newey_west_equals_statsmodels(lags: int) -> None:
    """On a balanced panel; statsmodels takes neighbouring rows for neighbouring periods."""
    frame = random_frame(5, units=20).rename(columns={"importer": "unit", "year": "time"})
    panel = Panel(frame, ("unit",), "time")
    want = lsdv(frame, "hac-panel", groups=pd.factorize(frame["unit"])[0], maxlags=lags)
    close(quiet(panel, asked(NeweyWest("unit", lags, "statsmodels"))), block(want))


def panel_ols(cov_type: str, **keywords: Any) -> Any:
    """linearmodels with its defaults, both effects counted."""
    data = formula_frame().set_index(["unit", "time"])
    model = PanelOLS(data["y"], data[NAMES], entity_effects=True, time_effects=True)
    return model.fit(cov_type=cov_type, auto_df=False, count_effects=True, **keywords)


def test_linearmodels() -> None:
    data = formula_frame().set_index(["unit", "time"])
    one, two = data[["good"]], data[["good", "region"]]
    close(quiet(formula_panel(), asked(Clustered("good", "linearmodels"))), panel_ols("clustered", clusters=one).cov)
    both = quiet(formula_panel(), asked(Clustered(("good", "region"), "linearmodels")))
    assert not any("semidefinite" in note for note in both.notes)
    close(both, panel_ols("clustered", clusters=two).cov)
    close(quiet(formula_panel(), asked(Robust("HC1"))), panel_ols("robust").cov)
    for lags in (0, 2, 5):
        want = panel_ols("kernel", kernel="bartlett", bandwidth=lags).cov
        close(quiet(formula_panel(), asked(DriscollKraay(lags, "linearmodels"))), want)


def test_rules_of_several_ways_differ_by_their_formulas() -> None:
    rules = ("none", "ppmlhdfe", "reghdfe", "fixest", "linearmodels")
    found = {rule: quiet(formula_panel(), asked(Clustered(("unit", "good"), rule))) for rule in rules}  # type: ignore[arg-type]
    ratio = {rule: (found[rule].vcov / found["none"].vcov)[0, 0] for rule in rules}
    # 98 rows, 2 terms, 12 units nested in a way, 9 periods that are not; the fewest clusters are the 4 goods.
    assert ratio["ppmlhdfe"] == pytest.approx(4 / 3, rel=1e-12)
    assert ratio["reghdfe"] == pytest.approx(4 / 3 * 97 / (98 - 2 - 8 - 1), rel=1e-12)
    assert ratio["fixest"] == pytest.approx(4 / 3 * 97 / (98 - 2 - 8 - 1), rel=1e-12)
    assert ratio["linearmodels"] == pytest.approx(98 / (98 - 2 - 20), rel=1e-12)
    assert found["none"].dof.tolist() == [3, 3]


def test_fixest_and_reghdfe_count_redundant_levels_in_their_own_ways() -> None:
    effects = ("unit", "time", "region^time")
    got = {
        rule: quiet(formula_panel(), asked(Clustered("unit", rule), fixed_effects=effects))
        for rule in ("none", "reghdfe", "fixest")
    }
    ratio = {rule: (e.vcov / got["none"].vcov)[0, 0] for rule, e in got.items()}
    assert ratio["reghdfe"] == pytest.approx(12 / 11 * 97 / (98 - 2 - (36 - 4) - 1), rel=1e-9)
    assert ratio["fixest"] == pytest.approx(12 / 11 * 97 / (98 - 2 - 8 - 35 - 1), rel=1e-9)


def test_ways_that_nest_are_one() -> None:
    one = quiet(formula_panel(), asked(Clustered("region", "ppmlhdfe")))
    two = quiet(formula_panel(), asked(Clustered(("region", "unit"), "ppmlhdfe")))
    np.testing.assert_allclose(one.vcov, two.vcov, rtol=1e-12)
    assert one.dof.tolist() == two.dof.tolist() == [3, 3]
    crossed = quiet(formula_panel(), asked(Clustered(("unit^time", "unit"), "none")))
    plain = quiet(formula_panel(), asked(Clustered("unit", "none")))
    np.testing.assert_allclose(crossed.vcov, plain.vcov, rtol=1e-12)


def test_degrees_of_freedom_are_those_of_the_term_s_group() -> None:
    frame = random_frame(3).assign(lat=lambda f: pd.factorize(f["importer"])[0] * 2.0 - 44, lon=10.0)
    # The high group starts two years late and leads and lags take two more on each side.
    frame = frame[(frame["regime"] == "low") | (frame["year"] >= 2002)]
    panel = Panel(frame, ("importer",), "year")
    what = {"moderator": REGIME, "fixed_effects": ("importer", "regime^year"), "controls": ("control",)}
    found: dict[Any, tuple[int, int, int]] = {
        DriscollKraay(1, "none"): (11, 9, 11),
        NeweyWest("importer", 1, "none"): (11, 9, 11),
        Clustered(("importer", "year"), "none"): (11, 9, 11),
        replace(PLACE, cutoff_km=300.0): (21, 21, 43),
        Robust("HC0"): (409, 409, 409),
    }
    for covariance, (low, high, whole) in found.items():
        got = quiet(panel, design(covariance=covariance, **what))
        by_name = dict(zip(got.names, got.dof, strict=True))
        low_term, high_term = got.path[0], got.path[-1]
        assert (low_term.group, high_term.group) == ("low", "high")
        assert (by_name[str(low_term)], by_name[str(high_term)], by_name["control"]) == (low, high, whole), covariance


def test_every_covariance_is_described_and_tabled() -> None:
    every: list[Covariance] = [
        Clustered("unit", "reghdfe"),
        Clustered(("unit", "time"), "statsmodels"),
        Robust("HC3"),
        DriscollKraay(2, "fixest"),
        NeweyWest("unit", 2, "fixest"),
        replace(PLACE, serial_lags=2, serial_by="unit"),
        Dyadic(("unit", "good"), "members"),
    ]
    for covariance in every:
        got = quiet(formula_panel(), asked(covariance))
        assert covariance.describe() in got.summary()
        assert np.isfinite(got.std_errors).all()
        assert got.__maketables_vcov_info__ == {"vcov_type": covariance.kind, "clustervar": "+".join(covariance.ways)}
    assert len({covariance.describe() for covariance in every}) == len(every)


def test_units_are_counted_where_there_are_no_clusters() -> None:
    for covariance in (Robust("HC1"), DriscollKraay(1, "none"), PLACE):
        got = quiet(formula_panel(), asked(covariance))
        assert got.n_clusters == 12
        assert "12 units" in got.describe()[0]
        assert not any("clusters" in note for note in got.notes)
    assert quiet(formula_panel(), asked(Clustered(("region", "time"), "none"))).n_clusters == 4


def test_serial_terms_add_the_periods_between() -> None:
    """Places a globe apart: what is left is Newey and West's, within units."""
    serial = replace(PLACE, cutoff_km=0.0, serial_lags=3, serial_by="unit")
    got = quiet(formula_panel(), asked(serial))
    want = quiet(formula_panel(), asked(NeweyWest("unit", 3, "none")))
    np.testing.assert_allclose(got.vcov, want.vcov, rtol=1e-12)


def notes(covariance: Covariance, **changes: Any) -> str:
    return "\n".join(quiet(formula_panel(), asked(covariance, **changes)).notes)


def test_what_is_noted() -> None:
    assert "only 9 periods" in notes(DriscollKraay(2, "none"))
    assert "only 9 time clusters" in notes(Clustered(("unit", "time"), "none"))
    assert "not positive semidefinite" in notes(Clustered(("unit", "time"), "none"))
    assert "only 12 places" in notes(PLACE)
    assert "only 12 members" in notes(Dyadic(("unit", "good"), "none"))


def test_rows_fitted_exactly_are_noted_and_say_nothing() -> None:
    """Two rows of a new unit share a new control that is zero elsewhere: both are fitted exactly."""
    frame = formula_frame()
    more = frame.iloc[[10, 11]].assign(unit=50, y=[3.0, 8.0])
    panel = Panel(pd.concat([frame, more], ignore_index=True).assign(only=0.0), ("unit",), "time")
    only = np.where((panel.frame["unit"] == 50) & (panel.frame["time"] == more["time"].iloc[0]), 1.0, 0.0)
    panel = panel.with_frame(panel.frame.assign(only=only))
    got = quiet(panel, asked(Robust("HC3"), controls=("control", "only")))
    want = quiet(formula_panel(), asked(Robust("HC3")))
    np.testing.assert_allclose(got.vcov[:2, :2], want.vcov, rtol=1e-9)
    assert any("2 rows are fitted exactly" in note for note in got.notes)
    # Nothing is known of a coefficient that rests on them alone.
    assert np.isnan(got.std_errors["only"])


REFUSED: list[tuple[Covariance, dict[str, Any], str]] = [
    (DriscollKraay(9, "none"), {}, "beyond the calendar"),
    (NeweyWest("unit", 9, "none"), {}, "beyond the calendar"),
    (replace(PLACE, latitude="y", longitude="lon"), {"y": lambda f: f["y"] + 90}, "no degrees"),
    (PLACE, {"lat": lambda f: f["lat"].where(f["unit"] != 3)}, "needs 'lat', which is missing in"),
    (Clustered(("unit", "good"), "none"), {"good": lambda f: f["good"].where(f.index != 4)}, "needs 'good'"),
    (Dyadic(("unit", "good"), "none"), {"good": lambda f: f["good"].where(f.index != 4)}, "missing in 1 rows"),
]


@pytest.mark.parametrize(("covariance", "changes", "words"), REFUSED)
def test_what_is_refused(covariance: Covariance, changes: dict[str, Any], words: str) -> None:
    panel = Panel(formula_frame().assign(**changes), ("unit",), "time")
    with pytest.raises(DesignError, match=words):
        quiet(panel, asked(covariance))


def test_missing_places_name_their_units() -> None:
    frame = formula_frame().assign(lat=lambda f: f["lat"].where(f["unit"] != 3))
    with pytest.raises(DesignError) as caught:
        quiet(Panel(frame, ("unit",), "time"), asked(PLACE))
    assert caught.value.where == "3"


def test_columns_that_are_not_there() -> None:
    for covariance in (
        replace(PLACE, latitude="north"),
        NeweyWest("firm", 1, "none"),
        Clustered(("unit", "firm"), "none"),
    ):
        with pytest.raises(ColumnError):
            quiet(formula_panel(), asked(covariance))


def test_leverage_beyond_its_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leverage_module, "DENSE_LIMIT", 8)
    with pytest.raises(DesignError, match="HC3 needs the leverage of every row"):
        quiet(formula_panel(), asked(Robust("HC3")))


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_few_units_with_many_rows_are_noted_and_a_cross_section_is_not(kind: Any) -> None:
    many = quiet(formula_panel(), asked(Robust(kind)))
    one = quiet(formula_panel(), asked(Robust(kind), fixed_effects=(), controls=(), sample=Sample(first=3, last=3)))
    assert any(note.startswith(f"{kind} takes 98 rows of only 12 units as independent") for note in many.notes)
    assert one.nobs == one.n_clusters
    assert not any("as independent" in note for note in one.notes)


@pytest.mark.parametrize("kind", ["HC2", "HC3"])
def test_leverage_is_for_linear_models(kind: Any) -> None:
    with pytest.raises(DesignError, match="is for linear models"):
        quiet(formula_panel(), asked(Robust(kind), outcome="count"), ppml)


def test_what_rests_on_clusters_of_one_way_says_so() -> None:
    panel, what = formula_panel(), asked(Clustered(("unit", "time"), "none"))
    for ask in (what, replace(what, covariance=Robust("HC1"))):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(DesignError, match="clusters of one way"):
                leave_one_out(panel, ask)
            with pytest.raises(DesignError, match="clusters of one way"):
                wild_bootstrap(panel, ask, Bootstrap(draws=9, seed=1))
            with pytest.raises(DesignError, match="clusters of one way"):
                cross_check(panel, ask)
