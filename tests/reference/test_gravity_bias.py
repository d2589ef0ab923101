"""The example of the authors' program ppml_fe_bias: manufacturing trade of 65 countries, 1988 to 2004.

Weidner and Zylkin (2021, doi:10.1016/j.jinteco.2021.103513); all numbers as its example output prints them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.gravity_bias import Cells, gravity_bias
from eventpanel.estimators.core.groups import cross, recode
from eventpanel.estimators.core.poisson import poisson
from eventpanel.estimators.core.sandwich import clustered
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.debiased_ppml import debiased_ppml
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event
from eventpanel.estimators.window import EventWindow

PRINTED = 5.1e-8


@pytest.fixture(scope="module")
def flows(data_dir: Path) -> pd.DataFrame:
    rows = pd.read_stata(data_dir / "validation" / "ppml_fe_bias" / "PPMLFEBIAS_EXAMPLE_DATA.dta")
    rows = rows[rows["category"] == "MANUF"].reset_index(drop=True)
    return rows.assign(pair=rows["isoexp"].astype(str) + rows["isoimp"].astype(str), year=rows["year"].astype(int))


def test_three_ways_through_the_door(flows: pd.DataFrame) -> None:
    design = Design(
        outcome="trade",
        event=Event(column="fta", kind="dose", by="pair"),
        window=EventWindow(leads=0, lags=0, reference=None),
        fixed_effects=("isoexp^year", "isoimp^year", "pair"),
        covariance=Clustered("pair", "ppmlhdfe"),
    )
    columns = flows[["isoexp", "isoimp", "pair", "year", "trade", "fta"]]
    # Every fourth year is a period of its own.
    years = {year: number for number, year in enumerate(sorted(columns["year"].unique()), start=1900)}
    panel = Panel(columns.assign(year=columns["year"].map(years)), ("isoexp", "isoimp"), "year")
    estimate = debiased_ppml(panel, design)
    facts = dict(estimate.facts)
    assert estimate.coef[0] == pytest.approx(0.1703722, abs=PRINTED)
    assert estimate.std_errors.iloc[0] == pytest.approx(0.0419559, abs=PRINTED)
    assert float(facts["Bias subtracted"].split()[-1]) == pytest.approx(0.0076568, abs=PRINTED)
    coef, error = facts["Uncorrected"].removeprefix("fta, same period ").rstrip(")").split(" (")
    assert float(coef) == pytest.approx(0.1780290, abs=PRINTED)
    assert float(error) == pytest.approx(0.0350079, abs=PRINTED)


def test_two_ways(flows: pd.DataFrame) -> None:
    i, j, t = (recode(pd.factorize(flows[name])[0]) for name in ("isoexp", "isoimp", "year"))
    X = flows[["ln_distw", "contig", "colony", "comlang_off", "comleg", "fta"]].to_numpy(dtype=float)
    y = flows["trade"].to_numpy(dtype=float)
    fitted = poisson(y, X, [cross(i, t), cross(j, t)])
    got = gravity_bias(X, fitted.mu, y - fitted.mu, Cells(i, j, t), pair_effects=False)
    pairs = cross(i, j)
    factor = 4160 / 4159
    want = [-0.5826890, 0.3690149, -0.0874526, 0.0535707, 0.2485195, 0.8540740]
    np.testing.assert_allclose(fitted.fit.coef, want, atol=PRINTED)
    assert not got.bias.any()
    before, after = (np.sqrt(np.diag(factor * v)) for v in (clustered(fitted.fit, pairs), got.vcov))
    np.testing.assert_allclose(before, [0.0372778, 0.0600966, 0.0888010, 0.0628885, 0.0411242, 0.0748473], atol=PRINTED)
    np.testing.assert_allclose(after, [0.0463104, 0.0734243, 0.1115109, 0.0765570, 0.0490544, 0.0908957], atol=PRINTED)
