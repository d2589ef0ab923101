"""Poisson path of an event, from panel to estimate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from eventpanel.datasets.errors import ConstantOutcomeError, DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Sample
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


def test_a_negative_outcome_is_refused() -> None:
    data = frame()
    data.loc[0, "y"] = -1.0
    with pytest.raises(DesignError, match="negative values"):
        ppml(panel(data.assign(y=data["y"] - 5)), design(covariance=RULE))


def test_a_constant_outcome_and_a_linear_covariance_are_refused() -> None:
    with pytest.raises(ConstantOutcomeError):
        ppml(panel(frame().assign(y=2.0)), design(covariance=RULE))
    with pytest.raises(DesignError, match="for linear models"):
        ppml(panel(frame()), design(covariance=Clustered("importer", "none", "CRV2")))


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
