"""Published Poisson estimates with many fixed effects.

fixest's own example ``trade``: log(dist_km) with origin, destination, product and year effects, -1.52787, clustered by
origin .115678. Yotov, Piermartini, Monteiro and Larch (2016), An Advanced Guide to Trade Policy Analysis: regional
trade agreements .5572 (.1022) with exporter-year, importer-year and pair effects; .5200 (.0859) beside a placebo, the
agreement four years ahead, .0774 (.0921); gravity without pair effects, N 28,152.
ppmlhdfe's example data, total trade: fta .192445, clustered by pair .041953.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdata

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.poisson import poisson
from eventpanel.estimators.core.sandwich import clustered
from eventpanel.estimators.core.separation import separation
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event
from eventpanel.estimators.lead_placebo import lead_placebo
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.window import EventWindow


def table(path: Path) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = next(iter(rdata.read_rda(path).values()))
    assert isinstance(frame, pd.DataFrame)
    return frame.reset_index(drop=True)


def codes(*columns: pd.Series) -> Codes:
    texts = pd.DataFrame({str(i): column.astype(str) for i, column in enumerate(columns)})
    return recode(pd.factorize(texts.agg("|".join, axis=1))[0])


def estimate(y: Floats, X: Floats, effects: list[Codes], clusters: Codes) -> tuple[list[float], list[float], int]:
    """Coefficients, clustered errors with ppmlhdfe's factor G/(G-1), rows used; separated rows dropped first."""
    keep = ~separation(y, X, effects).separated
    fitted = poisson(y[keep], X[keep], [recode(e[keep]) for e in effects])
    groups = recode(clusters[keep])
    G = int(groups.max()) + 1
    errors = np.sqrt(np.diag(clustered(fitted.fit, groups)) * G / (G - 1))
    return fitted.fit.coef.tolist(), errors.tolist(), int(keep.sum())


@pytest.mark.slow
def test_fixest_trade(data_dir: Path) -> None:
    rows = table(data_dir / "trade" / "fixest_trade.RData")
    effects = [codes(rows[name]) for name in ("Origin", "Destination", "Product", "Year")]
    X = np.log(rows["dist_km"].to_numpy(dtype=float))[:, None]
    (coef,), (error,), n = estimate(rows["Euros"].to_numpy(dtype=float), X, effects, effects[0])
    assert n == 38_325
    assert coef == pytest.approx(-1.52787, abs=5e-6)
    # fixest adds (N-1)/(N-K): one coefficient, the levels free of the clusters less one each, and a constant.
    free = sum(int(e.max()) for e in effects[1:])
    assert error * np.sqrt((n - 1) / (n - (1 + free + 1))) == pytest.approx(0.115678, abs=1e-6)


def test_ppmlhdfe_example(data_dir: Path) -> None:
    rows = pd.read_stata(data_dir / "validation" / "ppmlhdfe" / "EXAMPLE_TRADE_FTA_DATA.dta")
    rows = rows[rows["category"] == "TOTAL"].reset_index(drop=True)
    pair = codes(rows["isoexp"], rows["isoimp"])
    effects = [codes(rows["isoexp"], rows["year"]), codes(rows["isoimp"], rows["year"]), pair]
    X = rows[["fta"]].to_numpy(dtype=float)
    (coef,), (error,), _ = estimate(rows["trade"].to_numpy(dtype=float), X, effects, pair)
    assert coef == pytest.approx(0.192445, abs=5e-7)
    assert error == pytest.approx(0.041953, abs=5e-7)


@pytest.fixture(scope="module")
def gravity(data_dir: Path) -> pd.DataFrame:
    rows = table(data_dir / "trade" / "agtpa_applications.rda")
    rows = rows.astype(dict.fromkeys(("year", "trade", "dist", "cntg", "lang", "clny", "rta"), float))
    return rows[rows["year"].isin([1986, 1990, 1994, 1998, 2002, 2006])].reset_index(drop=True)


def test_gravity_without_domestic_trade(gravity: pd.DataFrame) -> None:
    rows = gravity[gravity["exporter"] != gravity["importer"]].reset_index(drop=True)
    effects = [codes(rows["exporter"], rows["year"]), codes(rows["importer"], rows["year"])]
    X = np.column_stack([np.log(rows["dist"]), rows[["cntg", "lang", "clny", "rta"]]]).astype(float)
    coef, error, n = estimate(rows["trade"].to_numpy(), X, effects, codes(rows["pair_id"]))
    assert n == 28_152
    # Printed with three decimals.
    np.testing.assert_allclose(coef, [-0.822, 0.416, 0.250, -0.205, 0.191], atol=6e-4)
    np.testing.assert_allclose(error, [0.031, 0.083, 0.077, 0.114, 0.066], atol=6e-4)


@pytest.mark.slow
def test_agreements_with_pair_effects(gravity: pd.DataFrame) -> None:
    rows = gravity
    pair = codes(rows["pair_id"])
    effects = [codes(rows["exporter"], rows["year"]), codes(rows["importer"], rows["year"]), pair]
    X = rows[["rta"]].to_numpy()
    (coef,), (error,), _ = estimate(rows["trade"].to_numpy(), X, effects, pair)
    assert coef == pytest.approx(0.5572, abs=6e-5)
    assert error == pytest.approx(0.1022, abs=6e-5)


def test_the_placebo_of_agreements_ahead(gravity: pd.DataFrame) -> None:
    """Periods of four years; the record of agreements reaches to 2010, trade to 2006."""
    rows, pair = gravity.assign(rta_lead4=gravity["rta_lead4"].astype(float)), ["exporter", "importer"]
    # The column of leads leaves out agreements of 1990 and before, which the pair effects absorb.
    older, last = rows[rows["year"] == 1990].set_index(pair)["rta"], rows[rows["year"] == 2006]
    ahead = last["rta_lead4"].to_numpy() + older.reindex(pd.MultiIndex.from_frame(last[pair])).to_numpy()
    frame = pd.concat([rows, last.assign(year=2010.0, trade=np.nan, rta=ahead)], ignore_index=True)
    frame = frame.assign(period=((frame["year"] - 1986) // 4).astype(int))
    frame["flow"] = frame["exporter"].astype(str) + ">" + frame["importer"].astype(str)
    panel = Panel(frame, ("flow",), "period")
    design = Design(
        outcome="trade",
        event=Event(column="rta", kind="dose"),
        window=EventWindow(leads=0, lags=0, reference=None),
        fixed_effects=("exporter^period", "importer^period", "pair_id"),
        covariance=Clustered("pair_id", "ppmlhdfe"),
    )
    placebo = lead_placebo(panel, design, (1,), model="poisson")
    assert placebo["estimate"].iloc[0] == pytest.approx(0.0774, abs=6e-5)
    assert placebo["std_error"].iloc[0] == pytest.approx(0.0921, abs=6e-5)
    assert (placebo["nobs"] == 28_482).all()
    # One lead: the joint test is its own.
    assert placebo["p_value"].iloc[1] == pytest.approx(placebo["p_value"].iloc[0], rel=1e-9)
    whole = ppml(panel, replace(design, window=replace(design.window, leads=1)))
    assert whole.params["rta, same period"] == pytest.approx(0.5200, abs=6e-5)
    assert whole.std_errors["rta, same period"] == pytest.approx(0.0859, abs=6e-5)
