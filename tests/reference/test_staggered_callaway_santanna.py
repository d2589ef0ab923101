"""Callaway and Sant'Anna's minimum wage example, as printed by the R package did.

Values: R did at commit 71ba8a5 of its repository: docs/articles/did-basics.md, docs/reference/aggte.md, README.md; four
digits. Standard errors there come from a multiplier bootstrap, which differs by up to a tenth from one page to the next
on the same data, so they are compared with that tolerance only. Those of the covariance itself are certified by the
oracle in tests/estimators/test_staggered_oracles.py.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.aggregate_att import By, aggregate_att
from eventpanel.estimators.callaway_santanna import CallawaySantanna, callaway_santanna
from eventpanel.estimators.cautions import EstimationWarning
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.events import Event
from eventpanel.estimators.window import EventWindow

DIGITS = 5e-5
BOOTSTRAP = 0.18
PAIRS = {
    (2004, 2004): (-0.0105, 0.0243),
    (2004, 2005): (-0.0704, 0.0331),
    (2004, 2006): (-0.1373, 0.0412),
    (2004, 2007): (-0.1008, 0.0358),
    (2006, 2004): (0.0065, 0.0230),
    (2006, 2005): (-0.0028, 0.0210),
    (2006, 2006): (-0.0046, 0.0175),
    (2006, 2007): (-0.0412, 0.0196),
    (2007, 2004): (0.0305, 0.0147),
    (2007, 2005): (-0.0027, 0.0156),
    (2007, 2006): (-0.0311, 0.0179),
    (2007, 2007): (-0.0261, 0.0175),
}
DYNAMIC = {
    -3: (0.0305, 0.0157),
    -2: (-0.0006, 0.0136),
    -1: (-0.0245, 0.0144),
    0: (-0.0199, 0.0124),
    1: (-0.0510, 0.0163),
    2: (-0.1373, 0.0402),
    3: (-0.1008, 0.0354),
}
AVERAGES: dict[By, list[tuple[float, float]]] = {
    "simple": [(-0.04, 0.0119)],
    "event_time": [*[DYNAMIC[k] for k in range(4)], (-0.0772, 0.0208)],
    "group": [(-0.0797, 0.03), (-0.0229, 0.0163), (-0.0261, 0.0167), (-0.031, 0.0126)],
    "calendar": [(-0.0105, 0.0242), (-0.0704, 0.0319), (-0.0488, 0.0206), (-0.0371, 0.0133), (-0.0417, 0.0175)],
}
METHOD = CallawaySantanna(compared="never", base="varying")


@pytest.fixture(scope="module")
def counties(data_dir: Path) -> Panel:
    path = data_dir / "validation" / "did" / "mpdta.csv"
    if not path.exists():
        pytest.skip("no mpdta.csv of the R package did")
    rows = pd.read_csv(path)
    rows["on"] = ((rows["first.treat"] > 0) & (rows["year"] >= rows["first.treat"])).astype(float)
    return Panel(rows, ("countyreal",), "year")


def design(leads: int, lags: int, reference: int | None = None) -> Design:
    return Design(
        outcome="lemp",
        event=Event(column="on", kind="dose"),
        window=EventWindow(leads=leads, lags=lags, reference=reference),
        fixed_effects=("countyreal", "year"),
        covariance=Clustered("countyreal", "none"),
    )


def check(estimate: Estimate, published: list[tuple[float, float]]) -> None:
    assert len(estimate.coef) == len(published)
    for coef, se, (value, error) in zip(estimate.coef, estimate.std_errors, published, strict=True):
        assert coef == pytest.approx(value, abs=DIGITS)
        assert se == pytest.approx(error, rel=BOOTSTRAP)


def test_every_cohort_in_every_period(counties: Panel) -> None:
    estimate = aggregate_att(counties, design(3, 1), METHOD, by="pairs")
    assert [str(term) for term in estimate.terms] == [f"on, events of {g} in {t}" for g, t in PAIRS]
    check(estimate, list(PAIRS.values()))


def test_event_study(counties: Panel) -> None:
    with pytest.warns(EstimationWarning, match="left out at event times -3, -1"):
        early = callaway_santanna(counties, design(3, 1), compared="never", base="varying")
    with pytest.warns(EstimationWarning, match="left out at event times -1"):
        late = callaway_santanna(counties, design(1, 3), compared="never", base="varying")
    check(early, [DYNAMIC[k] for k in range(-3, 2)])
    check(late, [DYNAMIC[k] for k in range(-1, 4)])


@pytest.mark.parametrize("by", AVERAGES)
def test_averages(counties: Panel, by: By) -> None:
    check(aggregate_att(counties, design(3, 1), METHOD, by=by), AVERAGES[by])


def test_mean_over_cohorts_counts_them_by_size(counties: Panel) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimate = aggregate_att(counties, design(3, 1), METHOD, by="group")
    sizes = counties.frame[counties.frame["year"] == 2003].groupby("first.treat").size()[[2004, 2006, 2007]].to_numpy()
    assert estimate.coef[3] == pytest.approx(float(sizes @ estimate.coef[:3] / sizes.sum()), rel=1e-12)
