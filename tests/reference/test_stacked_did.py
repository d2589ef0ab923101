"""stacked_did against the tutorial of its authors: Medicaid expansion and the share of uninsured.

Data and values: repository hollina/stacked-did-weights, data/acs1860_unins_2008_2021.csv and
stacked-example-r-and-stata.html (51 states, 2008 to 2021; leads 3, lags 2); Stata's reghdfe and R's fixest print the
same digits. The data stand in validation/stacked_did.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.stacked_did import stacked_did
from eventpanel.estimators.window import EventWindow

DESIGN = Design(
    outcome="unins",
    event=Event(column="expanded", kind="threshold", threshold=Threshold(rule="absolute")),
    window=EventWindow(leads=3, lags=2, reference=-1),
    fixed_effects=("st", "year"),
    covariance=Clustered("st", "reghdfe"),
)
PRINTED = {-3: (-0.00102, 0.00368), -2: (-0.00303, 0.00299), 0: (-0.0163, 0.00393), 1: (-0.0239, 0.00645)}
PRINTED[2] = (-0.0255, 0.00707)
# The mean of event times 0 to 2, which the page prints with seven digits.
MEAN = (-0.0218778, 0.0056281)


@pytest.fixture(scope="module")
def estimate(data_dir: Path) -> Estimate:
    file = data_dir / "validation" / "stacked_did" / "acs1860_unins_2008_2021.csv"
    if not file.exists():
        pytest.skip("the tutorial's data are not here: data/acs1860_unins_2008_2021.csv of hollina/stacked-did-weights")
    frame = pd.read_csv(file)
    frame["expanded"] = (frame["year"] >= frame["adopt_year"]).astype(float)
    return stacked_did(Panel(frame, ("st",), "year"), DESIGN, rule="absorbing", period_effects="pooled")


def test_coefficients_and_standard_errors_to_every_printed_digit(estimate: Estimate) -> None:
    errors = estimate.std_errors.to_numpy()
    assert [term.event_time for term in estimate.terms] == list(PRINTED)
    for i, (coef, error) in enumerate(PRINTED.values()):
        assert f"{estimate.coef[i]:.3g}" == f"{coef:.3g}"
        assert f"{errors[i]:.3g}" == f"{error:.3g}"


def test_mean_effect_and_its_standard_error(estimate: Estimate) -> None:
    mean = np.array([0, 0, 1, 1, 1]) / 3
    assert mean @ estimate.coef == pytest.approx(MEAN[0], abs=5e-8)
    assert np.sqrt(mean @ estimate.vcov @ mean) == pytest.approx(MEAN[1], abs=5e-8)


def test_sub_experiments(estimate: Estimate) -> None:
    """28, 3, 2 and 2 treated states in 2014, 2015, 2016 and 2019; 18, 18, 18 and 11 clean controls."""
    facts = dict(estimate.facts)
    assert facts["Sub-experiments"] == "4, with 35 events"
    assert facts["Clean controls"] == "11 to 18 a sub-experiment, 65 in all"
