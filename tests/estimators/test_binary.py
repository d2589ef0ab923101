"""Logit and probit paths of an event, from panel to estimate, and their corrections."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from eventpanel.datasets.errors import ConstantOutcomeError, DesignError, IdentificationError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.binary_bias import average_partial_effects, bias_corrected
from eventpanel.estimators.core.binary import binary
from eventpanel.estimators.core.binary_bias import Lags, coefficient_bias, maximum
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.links import LINKS
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.logit import logit
from eventpanel.estimators.probit import probit
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame

RULE = Clustered("importer", "ppmlhdfe")
NAMES = ["x-2", "x-1", "x0", "x1", "x2", "control"]
ESTIMATORS: dict[str, Callable[[Panel, Design], Estimate]] = {"logit": logit, "probit": probit}
by_name = pytest.mark.parametrize("name", ["logit", "probit"])


def frame(seed: int = 1) -> pd.DataFrame:
    """Zeros and ones; two importers never import, one always does."""
    out = random_frame(seed)
    rng = np.random.default_rng(seed)
    unit = out["importer"].str[1:].astype(int)
    index = 0.5 * out["x"] + 0.4 * out["control"] - 0.8 + 0.02 * unit
    out["y"] = (rng.logistic(size=len(out)) < index).astype(float)
    out.loc[out["importer"].isin(["U003", "U030"]), "y"] = 0.0
    out.loc[out["importer"] == "U007", "y"] = 1.0
    return out


def panel(data: pd.DataFrame) -> Panel:
    return Panel(data, ("importer",), "year")


def used_rows(data: pd.DataFrame, estimate: Estimate) -> pd.DataFrame:
    rows = panel(data).frame
    for k in (-2, -1, 0, 1, 2):
        moved = rows[["importer", "year", "x"]].assign(year=rows["year"] + k).rename(columns={"x": f"x{k}"})
        rows = rows.merge(moved, on=["importer", "year"], how="left")
    return rows[estimate.sample]


@by_name
def test_equals_statsmodels_with_dummies_and_its_clustered_errors(name: str) -> None:
    data = frame()
    got = ESTIMATORS[name](panel(data), design(covariance=RULE, controls=("control",)))
    used = used_rows(data, got)
    assert not used["importer"].isin(["U003", "U030", "U007"]).any()
    dummies = pd.get_dummies(used[["importer", "year"]].astype(str), drop_first=True, dtype=float)
    X = sm.add_constant(pd.concat([used[NAMES], dummies], axis=1))
    model = (sm.Logit if name == "logit" else sm.Probit)(used["y"], X)
    codes = pd.factorize(used["importer"])[0]
    kinds = {"groups": codes, "use_correction": False}
    want = model.fit(disp=0, tol=1e-14, maxiter=100, cov_type="cluster", cov_kwds=kinds)
    np.testing.assert_allclose(got.params, want.params[NAMES], rtol=1e-8, atol=1e-10)
    G = len(np.unique(codes))
    np.testing.assert_allclose(got.std_errors, want.bse[NAMES] * np.sqrt(G / (G - 1)), rtol=1e-8)
    assert got.n_clusters == G == 41
    assert dict(got.facts)["Absorbed degrees of freedom"] == str(dummies.shape[1] + 1)


@by_name
def test_rows_that_are_fitted_exactly_are_on_the_ledger_by_country_and_cause(name: str) -> None:
    data = frame()
    # One more importer says yes exactly when it is at war, and nobody else ever is.
    data["war"] = ((data["importer"] == "U011") & (data["year"] % 3 == 0)).astype(float)
    data.loc[data["war"] > 0, "y"] = 1.0
    got = ESTIMATORS[name](panel(data), design(covariance=RULE, controls=("control", "war")))
    exact = got.ledger[got.ledger["cause"].str.startswith("the outcome is always")]
    separated = got.ledger[got.ledger["cause"].str.startswith("separated")]
    assert exact["unit"].tolist() == ["U003", "U007", "U030"]
    assert exact["rows"].tolist() == [12, 12, 12]
    assert separated["unit"].tolist() == ["U011"]
    assert separated["rows"].tolist() == [4]
    assert got.ledger["rows"].sum() + got.nobs == len(data)
    assert [str(term) for term, _ in got.dropped] == ["war"]


@by_name
def test_separated_rows_are_found_where_a_fit_would_pass_for_one(name: str) -> None:
    """Two columns that differ in a few rows alone, all of them ones: what is left of their scores looks like none."""
    data = frame()
    few = ((data["importer"] == "U020") & (data["year"] > 2009)).to_numpy()
    data = data.assign(twin=data["control"] + few)
    data.loc[few, "y"] = 1.0
    got = ESTIMATORS[name](panel(data), design(covariance=RULE, controls=("control", "twin")))
    separated = got.ledger[got.ledger["cause"].str.startswith("separated")]
    assert separated["unit"].tolist() == ["U020"]
    assert separated["first"].tolist() == [2010]
    assert [str(term) for term, _ in got.dropped] == ["twin"]
    assert np.abs(got.coef).max() < 2


@by_name
def test_paths_by_group_equal_separate_estimates(name: str) -> None:
    data, rule = panel(frame()), Clustered("importer", "none")
    estimator = ESTIMATORS[name]
    joint = estimator(data, design(covariance=rule, moderator=REGIME, fixed_effects=("importer", "regime^year")))
    for group in ("low", "high"):
        alone = estimator(data, design(covariance=rule, sample=Sample(where=(("regime", (group,)),))))
        mine = joint.select([t for t in joint.path if t.group == group])
        np.testing.assert_allclose(mine.coef, alone.coef, rtol=1e-8, atol=1e-11)
        np.testing.assert_allclose(mine.vcov, alone.vcov, rtol=1e-6, atol=1e-12)


@by_name
def test_a_weight_of_two_is_the_row_twice(name: str) -> None:
    data = frame()
    twice = data["weight"] > 1.2
    heavy = ESTIMATORS[name](panel(data.assign(w=1.0 + twice)), design(covariance=RULE, weights="w"))
    used = used_rows(data, heavy)
    repeated = used.loc[used.index.repeat(1 + twice[used.index])]
    D = pd.get_dummies(repeated[["importer", "year"]].astype(str), drop_first=True, dtype=float)
    X = sm.add_constant(pd.concat([repeated[NAMES[:5]], D], axis=1))
    want = (sm.Logit if name == "logit" else sm.Probit)(repeated["y"], X).fit(disp=0, tol=1e-14, maxiter=100)
    np.testing.assert_allclose(heavy.params, want.params[NAMES[:5]], rtol=1e-8, atol=1e-10)


def test_what_is_not_binary_is_refused() -> None:
    with pytest.raises(DesignError, match="not binary"):
        logit(panel(random_frame()), design(covariance=RULE))
    with pytest.raises(ConstantOutcomeError):
        logit(panel(frame().assign(y=1.0)), design(covariance=RULE))
    with pytest.raises(DesignError, match="for linear models"):
        probit(panel(frame()), design(covariance=Clustered("importer", "none", "CRV3")))
    data = frame()
    with pytest.raises(IdentificationError, match="fitted exactly"):
        logit(panel(data.assign(y=(data["importer"] < "U020").astype(float))), design(covariance=RULE))


@by_name
@pytest.mark.parametrize("bandwidth", [0, 2])
def test_bias_corrected_is_the_core_on_the_rows_of_the_estimate(name: str, bandwidth: int) -> None:
    data = frame()
    asked = design(covariance=RULE, controls=("control",))
    plain = ESTIMATORS[name](panel(data), asked)
    got = bias_corrected(panel(data), asked, "logit" if name == "logit" else "probit", bandwidth)
    used = used_rows(data, got)
    unit, year = recode(pd.factorize(used["importer"])[0]), used["year"].to_numpy(dtype=np.int64)
    y, X = used["y"].to_numpy(), used[NAMES].to_numpy()
    effects, link = [unit, recode(year)], LINKS[name]
    at = maximum(y, X, effects, link, binary(y, X, effects, link).eta)
    bias = coefficient_bias(at, Lags(unit, year, bandwidth) if bandwidth else None)
    np.testing.assert_allclose(plain.coef - got.coef, bias, rtol=1e-6)
    assert np.abs(got.coef).sum() < np.abs(plain.coef).sum()
    np.testing.assert_array_equal(got.sample, plain.sample)
    facts = dict(got.facts)
    assert facts["Bias correction"].endswith("exogenous" if bandwidth == 0 else "bandwidth 2")
    assert float(facts["Uncorrected"].split("control ")[1]) == pytest.approx(plain.params["control"], rel=1e-6)


@by_name
def test_average_partial_effects_are_those_of_statsmodels_with_dummies(name: str) -> None:
    data = frame().assign(rule=lambda d: (d["control"] > 0.3).astype(float))
    asked = design(covariance=RULE, controls=("control", "rule"))
    got = average_partial_effects(panel(data), asked, "logit" if name == "logit" else "probit", None, "fitted")
    used = used_rows(data, got)
    names = [*NAMES, "rule"]
    dummies = pd.get_dummies(used[["importer", "year"]].astype(str), drop_first=True, dtype=float)
    X = pd.concat([used[names], dummies], axis=1).assign(const=1.0)
    model = (sm.Logit if name == "logit" else sm.Probit)(used["y"], X)
    want = model.fit(disp=0, tol=1e-14, maxiter=100)
    slopes = want.get_margeff(at="overall", method="dydx").margeff[: len(NAMES)]
    np.testing.assert_allclose(got.params[:-1], slopes, rtol=1e-7)
    change = (want.predict(X.assign(rule=1.0)) - want.predict(X.assign(rule=0.0))).mean()
    assert got.params["rule"] == pytest.approx(change, rel=1e-7)
    assert dict(got.facts)["Effect of 1 instead of 0"] == "rule"


def test_partial_effects_over_all_rows_count_the_settled_as_zero() -> None:
    data = panel(frame())
    asked = design(covariance=RULE)
    fitted = average_partial_effects(data, asked, "logit", 0, "fitted")
    whole = average_partial_effects(data, asked, "logit", 0, "all")
    share = fitted.nobs / (fitted.nobs + 36)
    np.testing.assert_allclose(whole.coef, fitted.coef * share, rtol=1e-12)
    np.testing.assert_allclose(whole.vcov, fitted.vcov * share**2, rtol=1e-12)


def test_partial_effects_of_a_group_are_averaged_over_its_rows() -> None:
    data, rule = panel(frame()), Clustered("importer", "none")
    asked = design(covariance=rule, moderator=REGIME, fixed_effects=("importer", "regime^year"))
    joint = average_partial_effects(data, asked, "probit", 0, "all")
    for group in ("low", "high"):
        sample = Sample(where=(("regime", (group,)),))
        alone = average_partial_effects(data, design(covariance=rule, sample=sample), "probit", 0, "all")
        mine = joint.select([t for t in joint.path if t.group == group])
        np.testing.assert_allclose(mine.coef, alone.coef, rtol=1e-7)
        np.testing.assert_allclose(mine.vcov, alone.vcov, rtol=1e-6, atol=1e-14)


@pytest.mark.parametrize(
    ("changes", "bandwidth", "message"),
    [
        ({"fixed_effects": ()}, 0, "one to three"),
        ({"weights": "weight"}, 0, "not for weights"),
        ({}, -1, "zero or more"),
        ({"fixed_effects": ("year",)}, 1, "one fixed effect of units"),
        ({"fixed_effects": ("regime", "year")}, 1, "several rows in a period"),
    ],
)
def test_what_cannot_be_corrected_is_refused(changes: dict[str, object], bandwidth: int, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        bias_corrected(panel(frame()), design(covariance=RULE, **changes), "logit", bandwidth)
