"""Regressions without an event, against statsmodels and linearmodels, and what they must refuse."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from linearmodels.iv import AbsorbingLS

from eventpanel.datasets.errors import (
    ColumnError,
    ConstantOutcomeError,
    DesignError,
    FewClustersError,
    IdentificationError,
    NumberError,
)
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.covariance import Clustered, Robust, RobustKind
from eventpanel.estimators.design import Sample
from eventpanel.estimators.linear import Linear, linear
from eventpanel.estimators.linear_fit import LinearFit
from eventpanel.estimators.moderator import Moderator

BY_IMPORTER = Clustered("importer", "statsmodels")
TERMS = ("low", "ai", "low:ai", "gdp", "distance")
pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.cautions.EstimationWarning")


def table(seed: int = 0) -> pd.DataFrame:
    """30 importers, 9 exporters, 4 products, a quarter of the rows missing: no balance to lean on."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        [(f"E{i}", f"I{j:02d}", s) for i in range(9) for j in range(30) for s in range(4)],
        columns=["exporter", "importer", "product"],
    )
    number = frame["importer"].str[1:].astype(int)
    frame["low"] = number % 3 == 0
    frame["ai"] = (frame["product"] == 0).astype("Int64")
    frame["gdp"] = rng.normal(25.0, 2.0, 30)[number]
    frame["distance"] = rng.normal(8.0, 1.0, len(frame))
    common = rng.normal(size=30)[number] + rng.normal(size=9)[frame["exporter"].str[1:].astype(int)]
    frame["y"] = 0.1 * frame["gdp"] - 0.5 * frame["ai"].astype(float) + common + rng.normal(size=len(frame))
    return frame[rng.random(len(frame)) < 0.75].reset_index(drop=True)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return Panel(table(), ("exporter", "importer", "product"), None)


def model(**changes: object) -> Linear:
    return replace(Linear(outcome="y", terms=TERMS, covariance=BY_IMPORTER), **changes)  # type: ignore[arg-type]


def plain(panel: Panel, terms: tuple[str, ...] = TERMS) -> tuple[Floats, Floats]:
    """Outcome, and constant with terms, by hand."""
    f = panel.frame.astype({"low": float, "ai": float})
    columns = [f["low"] * f["ai"] if term == "low:ai" else f[term] for term in terms]
    return f["y"].to_numpy(), np.column_stack([np.ones(len(f)), *columns])


def agree(fit: LinearFit, coef: Floats, vcov: Floats, pvalues: Floats | None = None) -> None:
    np.testing.assert_allclose(fit.coef, coef, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(fit.vcov, vcov, rtol=1e-9, atol=1e-12)
    if pvalues is not None:
        np.testing.assert_allclose(fit.pvalues, pvalues, rtol=1e-8, atol=1e-13)


def test_clusters_as_in_statsmodels(panel: Panel) -> None:
    fit, (y, X) = linear(panel, model()), plain(panel)
    codes = panel.codes("importer").codes
    twin = sm.OLS(y, X).fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)
    assert fit.terms == ("constant", *TERMS)
    agree(fit, twin.params, twin.cov_params(), twin.pvalues)
    assert (fit.nobs, fit.n_clusters, fit.dof.tolist()) == (len(y), 30, [29.0] * 6)
    assert dict(fit.facts)["R2"] == f"{twin.rsquared:.6f}"
    np.testing.assert_allclose(fit.conf_int(0.9), twin.conf_int(0.1), rtol=1e-9)
    assert fit.outcome_mean == y.mean()


def test_two_ways_as_in_statsmodels(panel: Panel) -> None:
    fit, (y, X) = linear(panel, model(covariance=Clustered(("importer", "exporter"), "statsmodels"))), plain(panel)
    groups = np.column_stack([panel.codes(name).codes for name in ("importer", "exporter")])
    twin = sm.OLS(y, X).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    agree(fit, twin.params, twin.cov_params())
    assert fit.n_clusters == 9


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_robust_as_in_statsmodels(panel: Panel, kind: RobustKind) -> None:
    fit, (y, X) = linear(panel, model(covariance=Robust(kind))), plain(panel)
    twin = sm.OLS(y, X).fit(cov_type=kind, use_t=True)
    agree(fit, twin.params, twin.cov_params(), twin.pvalues)
    assert fit.n_clusters == fit.nobs == len(y)


def test_fixed_effects_as_in_linearmodels(panel: Panel) -> None:
    asked = model(
        terms=("low:ai", "distance"),
        fixed_effects=("importer", "product"),
    )
    fit = linear(panel, asked)
    y, X = plain(panel, ("low:ai", "distance"))
    effects = panel.frame[["importer", "product"]].astype("category")
    # AbsorbingLS has G/(G-1) (N-1)/(N-K) with all dummies: not the N/(N-K) of linearmodels' panels.
    twin = AbsorbingLS(y, X[:, 1:], absorb=effects).fit(
        cov_type="clustered", clusters=panel.codes("importer").codes, debiased=True
    )
    assert fit.terms == ("low:ai", "distance")
    agree(fit, np.asarray(twin.params), np.asarray(twin.cov))
    assert dict(fit.facts)["Fixed effects"] == "importer (30), product (4)"


@pytest.mark.parametrize("rule", ["reghdfe", "fixest", "statsmodels", "linearmodels"])
def test_a_constant_counts_as_one_parameter(panel: Panel, rule: str) -> None:
    fit = linear(panel, model(covariance=Clustered("importer", rule)))  # type: ignore[arg-type]
    without = linear(panel, model(covariance=Clustered("importer", "none")))
    n, k = fit.nobs, len(fit.terms)
    factor = n / (n - k) if rule == "linearmodels" else 30 / 29 * (n - 1) / (n - k)
    np.testing.assert_allclose(fit.vcov, factor * without.vcov, rtol=1e-12)


def loops(y: Floats, X: Floats, codes: Codes, kind: str) -> tuple[Floats, Floats]:
    """CRV2 and CRV3 by their definitions, with whole matrices; degrees of freedom of CRV2."""
    bread = np.linalg.inv(X.T @ X)
    e, own = y - X @ bread @ X.T @ y, [np.flatnonzero(codes == g) for g in np.unique(codes)]
    if kind == "CRV3":
        out = [np.delete(np.arange(len(y)), rows) for rows in own]
        steps = np.array([np.linalg.lstsq(X[rest], y[rest], rcond=None)[0] for rest in out]) - bread @ X.T @ y
        return (len(own) - 1) / len(own) * steps.T @ steps, np.full(X.shape[1], len(own) - 1.0)
    maker, sums, reach = np.eye(len(y)) - X @ bread @ X.T, [], []
    for rows in own:
        values, vectors = np.linalg.eigh(maker[np.ix_(rows, rows)])
        root = (vectors / np.sqrt(values)) @ vectors.T
        sums.append(bread @ X[rows].T @ root @ e[rows])
        reach.append(maker[:, rows] @ root @ X[rows] @ bread)
    dof = []
    for k in range(X.shape[1]):
        P = np.array([r[:, k] for r in reach])
        joint = P @ P.T
        dof.append(np.trace(joint) ** 2 / (joint**2).sum())
    return np.array(sums).T @ np.array(sums), np.array(dof)


@pytest.mark.parametrize("kind", ["CRV2", "CRV3"])
@pytest.mark.parametrize("effects", [(), ("product",)])
def test_few_clusters_by_their_definitions(panel: Panel, kind: str, effects: tuple[str, ...]) -> None:
    small = Panel(panel.frame[panel.frame["exporter"] < "E3"], panel.unit, None)
    terms = ("low", "gdp", "distance")
    asked = model(terms=terms, covariance=Clustered("importer", "none", kind), fixed_effects=effects)  # type: ignore[arg-type]
    fit, (y, X) = linear(small, asked), plain(small, terms)
    if effects:
        X = np.column_stack([X[:, 1:], np.eye(4)[small.frame["product"]]])
    vcov, dof = loops(y, X, small.codes("importer").codes, kind)
    k = len(fit.terms)
    np.testing.assert_allclose(fit.vcov, vcov[:k, :k], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(fit.dof, dof[:k], rtol=1e-8)


def test_a_row_fitted_exactly_takes_its_own_terms_with_it_and_no_others(panel: Panel) -> None:
    frame = panel.frame.assign(one=np.arange(len(panel.frame)) == 7)
    fit = linear(Panel(frame, panel.unit, None), model(terms=("gdp", "one"), covariance=Robust("HC3")))
    rest = linear(Panel(frame[~frame["one"]], panel.unit, None), model(terms=("gdp",), covariance=Robust("HC3")))
    assert np.isnan(fit.std_errors["one"])
    np.testing.assert_allclose(fit.std_errors[["constant", "gdp"]], rest.std_errors, rtol=1e-10)
    assert "leverage 1" in fit.notes[-1]


def test_importer_controls_move_nothing_in_a_balanced_table_unless_they_meet_ai() -> None:
    """Frisch, Waugh and Lovell: AI and Low x AI vary within importers only, controls of importers between them."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame([(j, s) for j in range(133) for s in range(18)], columns=["importer", "product"])
    frame["ai"] = frame["product"] == 0
    for name, values in (("low", rng.random(133) < 0.5), ("gdp", rng.normal(25, 2, 133)), ("land", rng.random(133))):
        frame[name] = values[frame["importer"]]
    frame["y"] = (rng.random(len(frame)) < 0.9 - 0.6 * frame["ai"] + 0.2 * (frame["low"] & frame["ai"])).astype(int)
    panel = Panel(frame, ("importer", "product"), None)
    base, more, met = (
        linear(panel, model(terms=("low", "ai", "low:ai", *controls))).params[["ai", "low:ai"]].to_numpy()
        for controls in ((), ("gdp", "land"), ("gdp", "land", "gdp:ai", "land:ai"))
    )
    np.testing.assert_allclose(more, base, rtol=1e-10)
    assert (abs(met - base) > 1e-4).all()


def test_lost_rows_are_on_the_ledger_by_cause(panel: Panel) -> None:
    frame = panel.frame.astype({"importer": object, "ai": "Int64"})
    frame.loc[0, "y"], frame.loc[1, "gdp"], frame.loc[2, "ai"] = np.nan, np.nan, pd.NA
    frame["region"] = frame["importer"].str[1:2]
    frame.loc[3, "region"], frame.loc[4:5, "region"] = None, ["alone", "away"]
    asked = model(
        terms=("low:ai", "gdp"),
        fixed_effects=("region",),
        covariance=Clustered("importer", "reghdfe"),
        sample=Sample(where=(("exporter", tuple(f"E{i}" for i in range(8))),)),
    )
    fit = linear(Panel(frame, panel.unit, None), asked)
    assert fit.ledger.groupby("cause", sort=False)["rows"].sum().to_dict() == {
        "other exporter": int((frame["exporter"] == "E8").sum()),
        "no value of the outcome y": 1,
        "no value of ai": 1,
        "no value of gdp": 1,
        "no value of the fixed effect region": 1,
        "alone in a fixed effect": 2,
    }
    assert fit.nobs == fit.sample.sum() == len(frame) - fit.ledger["rows"].sum()
    assert fit.ledger["first"].isna().all()
    assert set(fit.ledger["unit"]) <= set(frame["importer"])


def test_periods_are_there_where_the_panel_has_them() -> None:
    frame = table().rename(columns={"product": "year"})
    panel = Panel(frame, ("exporter", "importer"), "year")
    fit = linear(panel, model(terms=("gdp",), sample=Sample(first=1, last=2)))
    assert fit.nobs == frame["year"].isin([1, 2]).sum()
    assert fit.ledger.groupby("cause")[["first", "last"]].agg(["min", "max"]).to_numpy().tolist() == [
        [3, 3, 3, 3],
        [0, 0, 0, 0],
    ]


def test_groups_of_a_moderator_choose_rows(panel: Panel) -> None:
    poor = Moderator(name="size", column="gdp", timing="fixed", below=25.0, groups=("poor", "rich"))
    fit = linear(panel, model(terms=("distance",), sample=Sample(among=((poor, "poor"),))))
    assert (panel.frame.loc[fit.sample, "gdp"] < 25).all()
    assert fit.nobs == (panel.frame["gdp"] < 25).sum()


def test_terms_that_cannot_be_estimated_say_why(panel: Panel) -> None:
    frame = panel.frame.assign(one=0.1, again=lambda f: 2 * f["gdp"] - 3 * f["distance"])
    with pytest.warns(UserWarning, match="not estimated: one"):
        fit = linear(Panel(frame, panel.unit, None), model(terms=("one", *TERMS, "again")))
    assert fit.dropped == (("one", "the same in every row"), ("again", "collinear with terms before it"))
    np.testing.assert_allclose(fit.coef, linear(panel, model()).coef, rtol=1e-12)
    assert np.isnan(fit.coefficient("again")).all()
    assert fit.tidy()["role"].tolist() == ["estimate"] * 6 + ["dropped"] * 2
    inside = linear(panel, model(terms=("gdp", "distance"), fixed_effects=("importer",)))
    assert inside.dropped == (("gdp", "explained by the fixed effects"),)


def test_products_do_not_depend_on_their_order_and_columns_come_before_products(panel: Panel) -> None:
    fit = linear(panel, model(terms=("ai:low", "gdp")))
    assert fit.coefficient("ai:low") == linear(panel, model(terms=("low:ai", "gdp"))).coefficient("low:ai")
    named = Panel(panel.frame.assign(**{"low:ai": panel.frame["distance"]}), panel.unit, None)
    assert (
        linear(named, model(terms=("low:ai",))).coef.tolist() == linear(panel, model(terms=("distance",))).coef.tolist()
    )


def test_what_is_read_is_one_and_the_same(panel: Panel) -> None:
    fit = linear(panel, model())
    estimate, error, dof = fit.coefficient("low:ai")
    row = fit.tidy(0.9).set_index("term").loc["low:ai"].to_dict()
    assert [estimate, error] == [fit.params["low:ai"], fit.bse["low:ai"]] == [row["estimate"], row["std_error"]]
    assert [fit.tvalues["low:ai"], row["statistic"]] == [estimate / error] * 2
    assert error == pytest.approx(np.sqrt(np.diag(fit.cov_params()))[3], rel=1e-15)
    assert dof == 29
    assert row["conf_low"] == fit.conf_int(0.9).loc["low:ai", "lower"]
    assert repr(fit) == fit.summary()
    for text in ("N = ", "clusters = 30", "none, a constant", "Small-sample factor", "CRV1", "Intervals: 95%"):
        assert text in repr(fit)


def test_terms_told_apart_in_few_clusters_are_cautioned(panel: Panel) -> None:
    frame = panel.frame.assign(one=panel.frame["importer"] == "I07")
    with pytest.warns(UserWarning, match="one is 1 in only 1 of 30 clusters"):
        fit = linear(Panel(frame, panel.unit, None), model(terms=("one", "ai", "one:ai", "low")))
    assert len(fit.notes) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        linear(panel, model(terms=("low", "ai", "low:ai")))


def infinite(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(gdp=frame["gdp"].where(frame.index > 3, -np.inf))


REFUSED: tuple[tuple[str, type[Exception], Callable[[pd.DataFrame], pd.DataFrame], dict[str, object]], ...] = (
    ("no column", ColumnError, lambda f: f, {"terms": ("low", "lwo:ai")}),
    ("text", NumberError, lambda f: f, {"terms": ("exporter",)}),
    ("no name", DesignError, lambda f: f, {"terms": ("low:",)}),
    ("infinite", DesignError, infinite, {}),
    ("constant outcome", ConstantOutcomeError, lambda f: f.assign(y=1), {}),
    (
        "explained outcome",
        ConstantOutcomeError,
        lambda f: f.assign(y=f["gdp"]),
        {"terms": ("distance",), "fixed_effects": ("importer",)},
    ),
    ("nothing varies", IdentificationError, lambda f: f.assign(low=1), {"terms": ("low",)}),
    ("two clusters", FewClustersError, lambda f: f, {"covariance": Clustered("low", "reghdfe")}),
    ("periods", DesignError, lambda f: f, {"sample": Sample(first=2000)}),
    ("no such value", DesignError, lambda f: f, {"sample": Sample(where=(("exporter", ("X",)),))}),
    ("no rows", DesignError, lambda f: f.assign(gdp=np.nan), {}),
    (
        "no freedom",
        DesignError,
        lambda f: f.iloc[:6],
        {"terms": ("distance", "product", "gdp", "product:gdp", "product:distance"), "covariance": Robust("HC0")},
    ),
)


@pytest.mark.parametrize(("error", "change", "asked"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_it_refuses(
    error: type[Exception], change: Callable[[pd.DataFrame], pd.DataFrame], asked: dict[str, object]
) -> None:
    panel = Panel(change(table()), ("exporter", "importer", "product"), None)
    with pytest.raises(error):
        linear(panel, model(**asked))


@pytest.mark.parametrize(
    "asked",
    [{"terms": ()}, {"terms": ("low", "low")}, {"terms": "low"}, {"terms": ("y",)}, {"terms": ("constant",)},
     {"fixed_effects": ("importer", "importer")}],
)  # fmt: skip
def test_a_model_refuses(asked: dict[str, object]) -> None:
    with pytest.raises(DesignError):
        model(**asked)
    with pytest.raises(DesignError):
        linear(Panel(table(), ("exporter", "importer", "product"), None), model()).coefficient("lw")
