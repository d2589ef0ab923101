"""Corrected gravity, from panel to estimate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.gravity_bias import Cells, gravity_bias
from eventpanel.estimators.core.groups import cross, recode
from eventpanel.estimators.core.poisson import poisson
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.debiased_ppml import debiased_ppml
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.window import EventWindow

DESIGN = Design(
    outcome="trade",
    event=Event(column="pact", kind="dose", by="pair"),
    window=EventWindow(leads=0, lags=1, reference=None),
    fixed_effects=("exporter^year", "importer^year", "exporter^importer"),
    covariance=Clustered("pair", "ppmlhdfe"),
)


def frame(seed: int = 1, countries: int = 12, years: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    axes = [range(countries), range(countries), range(2000, 2000 + years)]
    out = pd.MultiIndex.from_product(axes, names=["exporter", "importer", "year"]).to_frame(index=False)
    out = out[out["exporter"] != out["importer"]].reset_index(drop=True)
    out["pair"] = out["exporter"] * 100 + out["importer"]
    out["pact"] = (rng.random(len(out)) < 0.4).astype(float)
    out["distance"] = rng.normal(size=len(out))
    mean = np.exp(1 + 0.4 * out["pact"] + 0.5 * rng.normal(size=len(out)))
    out["trade"] = np.where(rng.random(len(out)) < 0.2, 0.0, mean)
    # One exporter never sells to another.
    out.loc[(out["exporter"] == 2) & (out["importer"] == 5), "trade"] = 0.0
    return out


def panel(data: pd.DataFrame) -> Panel:
    return Panel(data, ("exporter", "importer"), "year")


def test_three_ways_correct_coefficients_and_errors_and_say_so() -> None:
    data = panel(frame())
    plain, got = ppml(data, DESIGN), debiased_ppml(data, DESIGN)
    facts = dict(got.facts)
    bias = [float(part.split()[-1]) for part in facts["Bias subtracted"].split("; ")]
    np.testing.assert_allclose(plain.coef - got.coef, bias, rtol=1e-5)
    was = [float(part.rstrip(")").split(" (")[1]) for part in facts["Uncorrected"].split("; ")]
    np.testing.assert_allclose(was, plain.std_errors, rtol=1e-6)
    assert (got.std_errors > plain.std_errors).all()
    assert got.ledger.equals(plain.ledger)
    assert got.nobs == plain.nobs
    assert (got.ledger["cause"].str.startswith("separated")).any()


def test_weighted_rows_are_handed_to_the_core_and_the_factor_is_that_of_the_rule() -> None:
    data = frame().assign(w=np.random.default_rng(2).uniform(0.5, 2.0, 660))
    window = EventWindow(leads=0, lags=0, reference=None)
    design = replace(DESIGN, window=window, weights="w", covariance=Clustered("pair", "none"))
    plain, got = ppml(panel(data), design), debiased_ppml(panel(data), design)
    factored = debiased_ppml(panel(data), replace(design, covariance=Clustered("pair", "ppmlhdfe")))
    used = panel(data).frame[got.sample]
    cells = Cells(*(recode(used[name].to_numpy()) for name in ("exporter", "importer", "year")))
    i, j, t = cells.exporter, cells.importer, cells.period
    X, y, w = used[["pact"]].to_numpy(), used["trade"].to_numpy(), used["w"].to_numpy()
    fitted = poisson(y, X, [cross(i, t), cross(j, t), cross(i, j)], weights=w)
    want = gravity_bias(X, w * fitted.mu, w * (y - fitted.mu), cells, pair_effects=True)
    np.testing.assert_allclose(plain.coef - got.coef, want.bias, rtol=1e-5)
    np.testing.assert_allclose(got.vcov, want.vcov, rtol=1e-6)
    np.testing.assert_allclose(factored.vcov, got.vcov * got.n_clusters / (got.n_clusters - 1), rtol=1e-12)


def test_a_column_of_pairs_is_the_same_effect_and_names_do_not_matter() -> None:
    data = frame()
    want = debiased_ppml(panel(data), DESIGN)
    other = replace(DESIGN, fixed_effects=("pair", "year^importer", "exporter^year"))
    np.testing.assert_allclose(debiased_ppml(panel(data), other).vcov, want.vcov, rtol=1e-8)
    named = data.rename(columns={"exporter": "from", "importer": "to"})
    design = replace(DESIGN, fixed_effects=("from^year", "to^year", "pair"))
    got = debiased_ppml(Panel(named, ("from", "to"), "year"), design)
    np.testing.assert_allclose(got.coef, want.coef, rtol=1e-10)


def test_two_ways_correct_errors_alone() -> None:
    data = panel(frame())
    design = replace(DESIGN, fixed_effects=("exporter^year", "importer^year"), controls=("distance",))
    plain, got = ppml(data, design), debiased_ppml(data, design)
    np.testing.assert_array_equal(got.coef, plain.coef)
    assert (got.std_errors > plain.std_errors).all()
    assert "Bias subtracted" not in dict(got.facts)
    assert dict(got.facts)["Corrected for estimated effects"] == "covariance"


def test_one_period_needs_no_period_in_the_effects() -> None:
    data = frame(years=2)
    window = EventWindow(leads=0, lags=0, reference=None)
    design = replace(DESIGN, window=window, fixed_effects=("exporter", "importer"))
    one = panel(data[data["year"] == 2001])
    with_year = replace(design, fixed_effects=("exporter^year", "importer^year"))
    got, same = debiased_ppml(one, design), debiased_ppml(one, with_year)
    np.testing.assert_allclose(got.vcov, same.vcov, rtol=1e-10)
    with pytest.raises(DesignError, match="do not vary over periods"):
        debiased_ppml(panel(data), design)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fixed_effects": ("exporter^year", "pair")}, "not those of gravity"),
        ({"fixed_effects": ("exporter", "importer", "pair")}, "not those of gravity"),
        ({"fixed_effects": ("exporter^year", "importer^year", "exporter")}, "not that of pairs"),
        ({"covariance": Clustered("exporter", "ppmlhdfe")}, "clusters of pairs"),
        ({"covariance": Clustered("pair", "reghdfe")}, "correct twice"),
        ({"covariance": Clustered("pair", "none", "CRV2")}, "sandwich of its own"),
    ],
)
def test_other_designs_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        debiased_ppml(panel(frame()), replace(DESIGN, **changes))


def test_clusters_of_undirected_pairs_are_refused() -> None:
    data = frame()
    both = data["exporter"].clip(upper=data["importer"]) * 100 + data[["exporter", "importer"]].max(axis=1)
    with pytest.raises(DesignError, match="clusters of pairs"):
        debiased_ppml(panel(data.assign(both=both)), replace(DESIGN, covariance=Clustered("both", "ppmlhdfe")))
