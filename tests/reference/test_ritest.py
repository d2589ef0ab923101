"""Randomisation inference of a clustered, stratified trial, against the R package ritest.

Data and printed results: the package's vignette (grantmcdermott/ritest), after Hess (2017,
doi:10.1177/1536867X1701700306). Treatment is permuted between blocks of unequal size within pairs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.events import Event
from eventpanel.estimators.randomisation import Randomisation, randomisation
from eventpanel.estimators.window import EventWindow

DESIGN = Design(
    outcome="dayscorab",
    event=Event(column="b_treat", kind="dose", by="b_block"),
    window=EventWindow(leads=0, lags=0, reference=None),
    fixed_effects=("b_pair", "miss_b_dayscorab", "round2", "round3"),
    controls=("b_dayscorab",),
    covariance=Clustered("b_block", "reghdfe"),
)


@pytest.fixture(scope="module")
def colombia(data_dir: Path) -> Panel:
    frame = pd.read_csv(data_dir / "validation" / "ritest" / "colombia.csv")
    return Panel(frame.assign(answer=np.arange(len(frame)), wave=1), ("b_block", "answer"), "wave")


def test_the_regression(colombia: Panel) -> None:
    estimate = distributed_lag(colombia, DESIGN)
    assert estimate.nobs == 2346
    assert estimate.coef[0] == pytest.approx(-0.180738, abs=5e-7)
    assert estimate.std_errors.iloc[0] == pytest.approx(0.078174, abs=5e-7)
    assert estimate.pvalues.iloc[0] == pytest.approx(0.024, abs=5e-4)


def test_permuting_blocks_within_pairs(colombia: Panel) -> None:
    how = Randomisation(draws=4000, seed=1, scheme="permute", strata=("b_pair",), statistic="coefficient")
    row = randomisation(colombia, DESIGN, how).iloc[0]
    # Printed: 529 of 5,000 draws in Stata, 520 of 5,000 in R; together a standard error of .0031.
    assert row["p_value"] == pytest.approx((529 + 520) / 10_000, abs=3 * np.hypot(0.0031, row["p_error"]))
    assert row["undefined"] == 0
