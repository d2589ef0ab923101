"""Poisson path of an event, from panel to estimate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from eventpanel.datasets.errors import ConstantOutcomeError, DesignError, IdentificationError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered, Kind
from eventpanel.estimators.design import Sample
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.ppml import percent, ppml, separated_rows
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame

RULE = Clustered("importer", "ppmlhdfe")


def frame(seed: int = 1) -> pd.DataFrame:
    """Counts full of zeros; two importers never import, one only in a year it alone is watched in."""
    out = random_frame(seed)
    rng = np.random.default_rng(seed)
    unit = out["importer"].str[1:].astype(int)
    mean = np.exp(0.3 * out["x"] - 1.2 + 0.02 * unit + 0.3 * out["control"])
    out["y"] = rng.poisson(mean).astype(float)
    out.loc[out["importer"].isin(["U003", "U030"]), "y"] = 0.0
    return out


def panel(data: pd.DataFrame) -> Panel:
    return Panel(data, ("importer",), "year")


def test_equals_statsmodels_on_the_rows_that_are_not_separated() -> None:
    data = frame()
    got = ppml(panel(data), design(covariance=RULE, controls=("control",)))
    rows = panel(data).frame
    for k in (-2, -1, 0, 1, 2):
        moved = rows[["importer", "year", "x"]].assign(year=rows["year"] + k).rename(columns={"x": f"x{k}"})
        rows = rows.merge(moved, on=["importer", "year"], how="left")
    used = rows[got.sample]
    assert not used["importer"].isin(["U003", "U030"]).any()
    names = ["x-2", "x-1", "x0", "x1", "x2", "control"]
    dummies = pd.get_dummies(used[["importer", "year"]].astype(str), drop_first=True, dtype=float)
    X = sm.add_constant(pd.concat([used[names], dummies], axis=1))
    want = sm.GLM(used["y"], X, family=sm.families.Poisson()).fit(tol=1e-13, maxiter=200)
    np.testing.assert_allclose(got.params, want.params[names], rtol=1e-8, atol=1e-10)


def test_separated_rows_are_on_the_ledger_by_country() -> None:
    data = frame()
    got = ppml(panel(data), design(covariance=RULE))
    separated = got.ledger[got.ledger["cause"].str.startswith("separated")]
    assert separated["unit"].tolist() == ["U003", "U030"]
    assert separated["rows"].tolist() == [12, 12]
    assert got.ledger["rows"].sum() + got.nobs == len(data)
    assert got.n_clusters == 42


def test_rows_separated_but_for_a_hair_are_refused_with_the_reason() -> None:
    """Marked rows are positive by 1e-80: there is a maximum, where their means are too small to compute with."""
    data = frame()
    marked = np.random.default_rng(3).random(len(data)) < 0.1
    data = data.assign(control=marked.astype(float), y=data["y"].mask(marked, 1e-80))
    with pytest.raises(IdentificationError, match="nearly separated") as caught:
        ppml(panel(data), design(covariance=RULE, controls=("control",)))
    assert caught.value.what == "The Poisson regression could not be fitted."


def test_paths_by_group_equal_separate_estimates() -> None:
    data = panel(frame())
    rule = Clustered("importer", "none")
    joint = ppml(data, design(covariance=rule, moderator=REGIME, fixed_effects=("importer", "regime^year")))
    for group in ("low", "high"):
        alone = ppml(data, design(covariance=rule, sample=Sample(where=(("regime", (group,)),))))
        mine = joint.select([t for t in joint.path if t.group == group])
        np.testing.assert_allclose(mine.coef, alone.coef, rtol=1e-8, atol=1e-11)
        np.testing.assert_allclose(mine.vcov, alone.vcov, rtol=1e-6, atol=1e-12)


def test_unit_of_the_outcome_does_not_matter() -> None:
    data = frame()
    one = ppml(panel(data), design(covariance=RULE))
    thousand = ppml(panel(data.assign(y=data["y"] * 1000.0)), design(covariance=RULE))
    np.testing.assert_allclose(thousand.coef, one.coef, rtol=1e-8)
    np.testing.assert_allclose(thousand.std_errors, one.std_errors, rtol=1e-7)


def test_percent() -> None:
    estimate = ppml(panel(frame()), design(covariance=RULE))
    table = percent(estimate)
    np.testing.assert_allclose(table["percent"], 100 * (np.exp(estimate.coef) - 1))
    np.testing.assert_allclose(table["std_error"], 100 * np.exp(estimate.coef) * estimate.std_errors)
    np.testing.assert_allclose(table["conf_high"], 100 * (np.exp(estimate.conf_int()["upper"]) - 1))


@pytest.mark.parametrize("kind", ["CRV2", "CRV3"])
def test_the_corrected_covariance_of_the_path_does_not_mind_near_copies(kind: Kind) -> None:
    """Controls that differ by a ten-thousandth span what the first and their difference span."""
    data = frame()
    other = np.random.default_rng(3).normal(size=len(data))
    data["near"], data["other"] = data["control"] + 1e-4 * other, other
    apart, beside = (
        ppml(panel(data), design(covariance=Clustered("importer", "none", kind), controls=("control", second)))
        for second in ("other", "near")
    )
    for got, want in ((beside.coef[:5], apart.coef[:5]), (beside.dof[:5], apart.dof[:5])):
        np.testing.assert_allclose(got, want, rtol=1e-8)
    np.testing.assert_allclose(beside.vcov[:5, :5], apart.vcov[:5, :5], rtol=1e-9, atol=1e-12)


def test_a_negative_outcome_is_refused() -> None:
    data = frame()
    data.loc[0, "y"] = -1.0
    with pytest.raises(DesignError, match="negative values"):
        ppml(panel(data.assign(y=data["y"] - 5)), design(covariance=RULE))


def test_a_constant_outcome_is_refused() -> None:
    with pytest.raises(ConstantOutcomeError):
        ppml(panel(frame().assign(y=2.0)), design(covariance=RULE))


def test_each_separated_row_is_listed_with_its_certificate() -> None:
    data = panel(frame())
    rows = separated_rows(data, design(covariance=RULE))
    got = ppml(data, design(covariance=RULE))
    assert rows["importer"].value_counts().to_dict() == {"U003": 12, "U030": 12}
    assert (rows["y"] == 0).all()
    assert (rows["certificate"] >= 1 - 1e-6).all()
    assert (rows["round"] == 1).all()
    assert len(rows) == got.ledger.loc[got.ledger["cause"].str.startswith("separated"), "rows"].sum()
    assert dict(got.facts)["Nothing more is separated"] == "proved by the fit"


def test_kennedy_s_percentages_are_right_on_average() -> None:
    """For a normal coefficient of known variance, by quadrature: the mean of both, and the variance of the first."""
    estimate = ppml(panel(frame()), design(covariance=RULE))
    error, true = 0.6, 0.3
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    one = estimate.select(estimate.path[:1])
    tables = [
        percent(replace(one, coef=np.array([b]), vcov=np.array([[error**2]])), kennedy=True)
        for b in true + error * nodes
    ]
    values, errors = (np.array([table[name].iloc[0] for table in tables]) for name in ("percent", "std_error"))
    assert weights @ values == pytest.approx(100 * (np.exp(true) - 1), rel=1e-12)
    assert weights @ errors**2 == pytest.approx(weights @ (values - weights @ values) ** 2, rel=1e-10)
    plain, kennedy = percent(one), percent(one, kennedy=True)
    assert (kennedy["percent"] < plain["percent"]).all()
    pd.testing.assert_frame_equal(plain[["conf_low", "conf_high"]], kennedy[["conf_low", "conf_high"]])


def test_an_offset_equals_statsmodels_and_rows_without_it_are_on_the_ledger() -> None:
    data = frame()
    data["people"] = np.random.default_rng(2).normal(size=len(data))
    data.loc[[40, 41], "people"] = np.nan
    data.loc[60, "people"] = -np.inf
    asked = design(covariance=RULE, offset="people")
    got = ppml(panel(data), asked)
    assert got.ledger.loc[got.ledger["cause"] == "no value of the offset people", "rows"].sum() == 3
    assert dict(got.facts)["Offset"] == "people"
    rows = panel(data).frame
    for k in (-2, -1, 0, 1, 2):
        moved = rows[["importer", "year", "x"]].assign(year=rows["year"] + k).rename(columns={"x": f"x{k}"})
        rows = rows.merge(moved, on=["importer", "year"], how="left")
    used = rows[got.sample]
    names = ["x-2", "x-1", "x0", "x1", "x2"]
    dummies = pd.get_dummies(used[["importer", "year"]].astype(str), drop_first=True, dtype=float)
    X = sm.add_constant(pd.concat([used[names], dummies], axis=1))
    model = sm.GLM(used["y"], X, family=sm.families.Poisson(), offset=used["people"])
    np.testing.assert_allclose(got.params, model.fit(tol=1e-13, maxiter=200).params[names], rtol=1e-8, atol=1e-10)
    # Twice the exposure everywhere is nothing but another level.
    twice = ppml(panel(data.assign(people=data["people"] + np.log(2.0))), asked)
    np.testing.assert_allclose(twice.coef, got.coef, rtol=1e-9, atol=1e-11)


def test_an_offset_is_refused_where_there_is_no_poisson_mean() -> None:
    with pytest.raises(DesignError, match="An offset is for Poisson means; distributed_lag has none"):
        distributed_lag(panel(frame()), design(covariance=RULE, offset="control"))
    with pytest.raises(DesignError, match="outcome or a control"):
        design(offset="control", controls=("control",))
