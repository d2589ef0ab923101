"""fixest's staggered example, ``sunab``.

Values: docs/articles/fixest_walkthrough.html at commit dbe56c5 of fixest prints the ATT and the coefficients of
cohorts; all digits by R 4.2.2 and fixest 0.12.2: ``coeftable(feols(y ~ x1 + sunab(year_treated, year) | id + year,
base_stagg, vcov = ~id))``, the same without x1, and ``summary(., agg = "att")``. fixest takes shares as given and
counts K parameters: its covariance is ours times G/(G-1) (N-1)/(N-K), G = 95, N = 950, K = 92 by
``degrees_freedom``, one less without x1.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rdata

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.aggregate_att import aggregate_att
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event
from eventpanel.estimators.sun_abraham import SunAbraham, sun_abraham
from eventpanel.estimators.window import EventWindow

WITH_X1 = {
    -4: (-0.30372132928, 0.24911281802),
    -3: (-0.08837921289, 0.25579114478),
    -2: (0.08466162330, 0.24427663735),
    0: (-5.18820685003, 0.22106801972),
    1: (-3.54002789221, 0.21282165349),
    2: (-2.15548531918, 0.22577936945),
    3: (-0.77495372264, 0.27712726466),
    4: (1.06885656291, 0.31035221643),
    5: (2.11789308078, 0.44812348266),
}
WITHOUT = {
    -4: (-0.28003263285, 0.4292222747),
    -3: (-0.31576572994, 0.5284009448),
    -2: (0.24132517366, 0.4578246517),
    0: (-5.04151532538, 0.4154595729),
    1: (-3.22093614986, 0.4578683505),
    2: (-2.12317191288, 0.4975677158),
    3: (0.05181058428, 0.4783555654),
    4: (1.42911972710, 0.6621965616),
    5: (2.40036578596, 0.8176456104),
}
ATT = (-1.1337494488, 0.20507049376)
# Printed in the walkthrough: cohort, year and four digits.
PRINTED = {(10, 1): (0.3518, 0.3591), (9, 1): (0.0339, 0.4714), (10, 2): (-0.1919, 0.3529), (5, 1): (-0.9835, 0.6345)}
DESIGN = Design(
    outcome="y",
    event=Event(column="on", kind="dose"),
    window=EventWindow(leads=4, lags=5, reference=-1),
    fixed_effects=("id", "year"),
    covariance=Clustered("id", "none"),
    controls=("x1",),
)


@pytest.fixture(scope="module")
def example(data_dir: Path) -> Panel:
    path = data_dir / "validation" / "fixest" / "base_stagg.RData"
    if not path.exists():
        pytest.skip("no base_stagg.RData of the R package fixest")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = next(iter(rdata.read_rda(path).values())).reset_index(drop=True)
    rows = rows.astype({"id": int, "year": int, "year_treated": int})
    rows["on"] = (rows["year"] >= rows["year_treated"]).astype(float)
    return Panel(rows, ("id",), "year")


def factor(parameters: int) -> float:
    return float(np.sqrt(95 / 94 * 949 / (950 - parameters)))


@pytest.mark.parametrize(("controls", "published", "parameters"), [(("x1",), WITH_X1, 92), ((), WITHOUT, 91)])
def test_event_study(
    example: Panel, controls: tuple[str, ...], published: dict[int, tuple[float, float]], parameters: int
) -> None:
    estimate = sun_abraham(example, replace(DESIGN, controls=controls), shares="fixed")
    assert [term.event_time for term in estimate.terms] == list(published)
    for coef, se, (value, error) in zip(estimate.coef, estimate.std_errors, published.values(), strict=True):
        assert coef == pytest.approx(value, abs=2e-11)
        assert se * factor(parameters) == pytest.approx(error, rel=1e-9)


def test_mean_effect(example: Panel) -> None:
    estimate = aggregate_att(example, DESIGN, SunAbraham("fixed"), by="simple")
    assert estimate.coef[0] == pytest.approx(ATT[0], abs=1e-10)
    assert estimate.std_errors.iloc[0] * factor(92) == pytest.approx(ATT[1], rel=1e-9)


def test_cohorts(example: Panel) -> None:
    estimate = aggregate_att(example, DESIGN, SunAbraham("fixed"), by="pairs")
    for (cohort, year), (value, error) in PRINTED.items():
        name = f"on, events of {cohort} in {year}"
        assert estimate.params[name] == pytest.approx(value, abs=5e-5)
        assert estimate.std_errors[name] * factor(92) == pytest.approx(error, abs=5e-5)


def test_estimated_shares_add_variance(example: Panel) -> None:
    fixed, full = (sun_abraham(example, DESIGN, shares=shares) for shares in ("fixed", "estimated"))
    np.testing.assert_array_equal(fixed.coef, full.coef)
    assert (full.std_errors > fixed.std_errors).sum() >= 7
