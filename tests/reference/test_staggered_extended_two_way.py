"""The minimum wage example by the R package etwfe.

Values: inst/tinytest/test_etwfe.R and test_emfx.R at commit 2b47cfd of its repository, all printed digits: lemp, and
emp = exp(lemp) for Poisson, with and without lpop. etwfe clusters by county and counts parameters: its covariance is
ours times G/(G-1) (N-1)/(N-K), G = 500, N = 2500 and K named below: coefficients, and levels of the effects less one
each, plus one. It takes the shares of cohorts as given. Standard errors of averages rest on numerical derivatives
there, which leaves six digits; those of single coefficients have nine and more.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.aggregate_att import By, aggregate_att
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.events import Event
from eventpanel.estimators.extended_two_way import ExtendedTwoWay
from eventpanel.estimators.window import EventWindow

NUMERICAL = 2e-6
SIMPLE = [(-0.0506270331228907, 0.0124972546529842)]
CALENDAR = [
    (-0.0212480022225509, 0.0217240109737018),
    (-0.0818499992698648, 0.0273693827216135),
    (-0.0442655912990223, 0.0173733625406716),
    (-0.0524323095862384, 0.015015825012757),
]
GROUP = [
    (-0.0876269608795944, 0.0230474099815232),
    (-0.0212783329358987, 0.0185912208081438),
    (-0.0459545277368072, 0.0179714452432232),
]
EVENT = [
    (-0.0332122037837542, 0.0133659635774059),
    (-0.0573456479257483, 0.0171496442892364),
    (-0.137870386660852, 0.0307883597041053),
    (-0.10953945536511, 0.0323152785480507),
]
NEVER = [
    (-0.0211467366918433, 0.0113935648352396),
    (-0.0533558653415615, 0.0157744281621729),
    (-0.141080104628566, 0.0322891808795742),
    (-0.107544274673025, 0.0329231688783015),
]
POISSON = [
    (-25.3497484355494, 15.8862762958862),
    (1.09175116997388, 40.2952222352926),
    (-75.1246321552693, 23.1541376499351),
    (-101.823979344829, 27.0877431076141),
]
# Without lpop: cohort 2004 in its four periods, 2006 in two, 2007 in one.
PLAIN = [
    (-0.0193723636759116, 0.0223952764912568),
    (-0.0783190990620529, 0.030506236091693),
    (-0.136078114440309, 0.0354768817979489),
    (-0.104707471576594, 0.0338947465597152),
    (0.00251386194191313, 0.0199448451562706),
    (-0.0391927355917248, 0.0240232361043774),
    (-0.0431060328087001, 0.0184422693090335),
]
PLAIN_NEVER = [
    (-0.0105032462209509, 0.0233633078987137),
    (-0.0704231581031381, 0.0311343819027016),
    (-0.137258738889396, 0.0366116000064794),
    (-0.100811363085397, 0.0345251351219756),
    (-0.00376929367371485, 0.0314933678411734),
    (0.00275081875051886, 0.0196530028296998),
    (-0.00459460695286396, 0.0178409306056071),
    (-0.041224471546218, 0.0203268606975245),
    (0.00330635669251332, 0.0245699429153858),
    (0.033813012275807, 0.0212312006908406),
    (0.0310871193896906, 0.0179638358765074),
    (-0.0260544107191967, 0.0167358589135634),
]
DESIGN = Design(
    outcome="lemp",
    event=Event(column="on", kind="dose"),
    window=EventWindow(leads=1, lags=3, reference=-1),
    fixed_effects=("countyreal", "year"),
    covariance=Clustered("countyreal", "none"),
    controls=("lpop",),
)


@pytest.fixture(scope="module")
def counties(data_dir: Path) -> Panel:
    path = data_dir / "validation" / "did" / "mpdta.csv"
    if not path.exists():
        pytest.skip("no mpdta.csv of the R package did")
    rows = pd.read_csv(path)
    rows["on"] = ((rows["first.treat"] > 0) & (rows["year"] >= rows["first.treat"])).astype(float)
    rows["emp"] = np.exp(rows["lemp"])
    return Panel(rows, ("countyreal",), "year")


def check(
    estimate: Estimate, published: list[tuple[float, float]], parameters: int, places: tuple[float, float]
) -> None:
    rows = 2499 / (2500 - parameters) if parameters else 1.0
    factor = np.sqrt(500 / 499 * rows)
    for coef, se, (value, error) in zip(estimate.coef, estimate.std_errors, published, strict=False):
        assert coef == pytest.approx(value, rel=places[0])
        assert se * factor == pytest.approx(error, rel=places[1])


CASES: list[tuple[By, list[tuple[float, float]]]] = [
    ("simple", SIMPLE),
    ("calendar", CALENDAR),
    ("group", GROUP),
    ("event_time", EVENT),
]


@pytest.mark.parametrize(("by", "published"), CASES)
@pytest.mark.parametrize("pooled", [False, True])
def test_linear_with_a_control(counties: Panel, by: By, published: list[tuple[float, float]], *, pooled: bool) -> None:
    method = ExtendedTwoWay(shares="fixed", pooled=pooled)
    # 22 coefficients: lpop, its 3 cohorts, its 4 periods, 7 effects, each also times lpop; 4 cohorts, 5 years.
    check(aggregate_att(counties, DESIGN, method, by=by), published, 30, (1e-9, NUMERICAL))


def test_never_struck_only(counties: Panel) -> None:
    method = ExtendedTwoWay(shares="fixed", compared="never", pooled=True)
    check(aggregate_att(counties, DESIGN, method, by="event_time"), NEVER, 40, (1e-9, NUMERICAL))


@pytest.mark.parametrize(("compared", "published", "parameters"), [("not_yet", PLAIN, 15), ("never", PLAIN_NEVER, 20)])
def test_every_cohort_in_every_period(
    counties: Panel, compared: str, published: list[tuple[float, float]], parameters: int
) -> None:
    method = ExtendedTwoWay(shares="fixed", compared=compared)  # type: ignore[arg-type]
    estimate = aggregate_att(counties, replace(DESIGN, controls=()), method, by="pairs")
    assert len(estimate.coef) == len(published)
    check(estimate, published, parameters, (1e-9, 1e-9))


def test_poisson_in_levels(counties: Panel) -> None:
    """etwfe fits until the deviance moves by 1e-8, which leaves six or seven digits."""
    method = ExtendedTwoWay("poisson_level", shares="fixed", pooled=True)
    estimate = aggregate_att(counties, replace(DESIGN, outcome="emp"), method, by="event_time")
    check(estimate, POISSON, 30, (1e-6, 1e-5))
