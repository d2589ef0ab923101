"""Published values of imputation.

Source of the first: kylebutts/didimputation (MIT), README.md, printed by version 0.3 of that package on its data set
df_het; data/df_het.rda of that repository, commit 906648e192e0. Standard errors of leads are not compared: that package
printed one number for all of them, so that they are not clustered. The second test is an identity on df_het
of kylebutts/did2s (MIT), whose printed values have effects of states instead of units.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdata
import statsmodels.api as sm

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event
from eventpanel.estimators.imputation import imputation
from eventpanel.estimators.window import EventWindow

DESIGN = Design(
    outcome="dep_var",
    event=Event(column="treat", kind="change"),
    window=EventWindow(leads=5, lags=20, reference=None),
    fixed_effects=("unit", "year"),
    covariance=Clustered("unit", "none"),
)
# Printed estimates from five periods before adoption on, and printed standard errors from adoption on.
ESTIMATES = """-0.06412085 -0.01201577 -0.01387197 0.05103140 0.02022464 1.51314201 1.66384318 1.86436720 1.91872093
1.87322387 1.87844597 2.14373139 2.23777696 2.33650066 2.34352836 2.53443351 2.47944533 2.63493727 2.94449757 2.78171206
2.71470743 2.88065382 2.99383855 2.64616896 2.87530636 2.90465651"""
ERRORS = """0.07547736 0.07675141 0.07450151 0.07471704 0.07418170 0.07567190 0.07632691 0.07610842 0.07446268
0.07471679 0.08109550 0.11953547 0.11531779 0.11047299 0.11466367 0.12030494 0.11563154 0.11438496 0.11545789 0.11405840
0.11320219"""


def panel(path: Path) -> Panel:
    if not path.is_file():
        pytest.skip(f"no {path.name} in {path.parent.name}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = next(iter(rdata.read_rda(path).values()))
    kept = rows[["unit", "year", "dep_var", "treat"]].reset_index(drop=True)
    return Panel(kept.astype({"unit": int, "year": int, "treat": float}), ("unit",), "year")


def test_didimputation(data_dir: Path) -> None:
    estimate = imputation(panel(data_dir / "validation" / "didimputation" / "df_het.rda"), DESIGN, averaging="period")
    assert [term.event_time for term in estimate.terms] == list(range(-5, 21))
    # Printed to eight places.
    np.testing.assert_allclose(estimate.coef, np.array(ESTIMATES.split(), dtype=float), atol=6e-9)
    np.testing.assert_allclose(estimate.std_errors[5:], np.array(ERRORS.split(), dtype=float), atol=6e-9)


def test_two_stage_least_squares(data_dir: Path) -> None:
    """Means of what a regression of untreated rows leaves of treated ones: the second stage of Gardner (2022)."""
    data = panel(data_dir / "validation" / "did2s" / "df_het.rda")
    estimate = imputation(data, DESIGN)
    rows = data.frame.copy()
    start = rows[rows["treat"] == 1].groupby("unit")["year"].min()
    since = rows["year"] - rows["unit"].map(start)
    free = rows["treat"] == 0
    y, year = rows["dep_var"], pd.get_dummies(rows["year"], dtype=float)
    # Frisch and Waugh: units by their means among untreated rows, years as columns.
    mean_y = rows["unit"].map(y[free].groupby(rows["unit"]).mean())
    mean_year = year[free].groupby(rows["unit"]).mean().loc[rows["unit"]].set_index(rows.index)
    left = (year - mean_year).iloc[:, 1:]
    fit = sm.OLS((y - mean_y)[free], left[free]).fit()
    effect = y - mean_y - left @ fit.params
    for k in range(21):
        position = [term.event_time for term in estimate.terms].index(k)
        assert estimate.coef[position] == pytest.approx(effect[since == k].mean(), abs=1e-10)
