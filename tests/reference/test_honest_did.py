"""Honest sets against published ones: the R package HonestDiD (asheshrambachan/HonestDiD, MIT, commit 6813f02).

Two things in the package are simulated, and explain the tolerances. The quantile of the folded normal comes from a
million draws, with a standard error of 0.1 % of it; the least favourable critical value, a 99.5 % quantile, from a
thousand. Sets of relative magnitudes are points of a grid of a thousand over 40 standard errors of the effect. Ours are
exact in all three.
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
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.event_coefficients import EventCoefficients
from eventpanel.estimators.events import Event
from eventpanel.estimators.honest import Honest
from eventpanel.estimators.honest_did import honest_did
from eventpanel.estimators.window import EventWindow

# Medicaid expansions: README_cache of the package, chunks 6 (smoothness), 4 (first year, as printed in the README),
# 5 (the same again) and 7 (average of both years).
SMOOTH = {
    0.00: (0.025941479027, 0.06072578638),
    0.01: (0.013197025151, 0.07867074254),
    0.02: (0.002856995951, 0.09071603941),
    0.03: (-0.007142576403, 0.10071561176),
    0.04: (-0.017142576402, 0.11071561176),
    0.05: (-0.027142576401, 0.12071561176),
}
FIRST = {
    0.5: (0.024130122238, 0.06726330158),
    1.0: (0.017093720963, 0.07196297648),
    1.5: (0.008586907802, 0.07959882791),
    2.0: (-0.001067025897, 0.08834728003),
}
AGAIN = {
    0.0: (0.0287656312125, 0.06431042392),
    0.5: (0.0240018961073, 0.06724195322),
    1.0: (0.0170395140303, 0.07200568832),
    1.5: (0.0082449261437, 0.07970095272),
    2.0: (-0.0009161029049, 0.08812909945),
}
AVERAGE = {
    0.0: (0.040530467149, 0.07512256249),
    0.5: (0.032141783195, 0.07981560161),
    1.0: (0.019384317306, 0.09014856149),
    1.5: (0.005824264875, 0.10350149481),
    2.0: (-0.008538374095, 0.11724861536),
}
# Lovenheim and Willen (2019), women's employment after 15 years: data/VignetteResults.rda of the package's vignette,
# which the commit 98ea3e6 took out.
LOVENHEIM_WILLEN = {
    0.000: (3.9054468895, 8.374721276),
    0.005: (2.1063200339, 8.156882227),
    0.010: (-0.0829056139, 8.190835656),
    0.015: (-2.3839998964, 8.030196381),
    0.020: (-4.9460143939, 7.505833647),
    0.025: (-8.1304436469, 6.220914859),
    0.030: (-10.5596510767, 5.548280293),
    0.035: (-12.7752024678, 5.037805594),
    0.040: (-14.1037747077, 5.384253362),
}
# Benzarti and Carloni (2019), profits in the first year, from the same file: changes of slope relative to those before.
BENZARTI_CARLONI = {
    0.0: (0.21212121212, 0.3131313131),
    0.5: (0.15151515152, 0.3939393939),
    1.0: (0.07070707071, 0.4949494949),
    1.5: (-0.01010101010, 0.5959595960),
    2.0: (-0.11111111111, 0.6969696970),
}


@pytest.fixture(scope="module")
def medicaid(data_dir: Path) -> Estimate:
    """States that expanded Medicaid in 2014 against those that had not by 2015, two-way effects, clustered by state."""
    path = data_dir / "validation" / "ehec" / "ehec_data.csv"
    if not path.exists():
        pytest.skip("no ehec_data.csv of the course Advanced DID (Mixtape-Sessions)")
    frame = pd.read_csv(path)
    frame = frame[(frame["year"] < 2016) & (frame["yexp2"] != 2015)]
    # The record of the event reaches beyond the outcome, as six leads and a lag need it.
    every = pd.MultiIndex.from_product([frame["stfips"].unique(), range(2007, 2022)], names=["stfips", "year"])
    full = frame.set_index(["stfips", "year"])[["dins"]].reindex(every).reset_index()
    expands = full["stfips"].map(frame.groupby("stfips")["yexp2"].first()) == 2014
    full["expansion"] = (expands & (full["year"] == 2014)).astype(float)
    design = Design(
        outcome="dins",
        event=Event(column="expansion", kind="dose"),
        window=EventWindow(leads=6, lags=1, reference=-1),
        fixed_effects=("stfips", "year"),
        covariance=Clustered("stfips", "fixest"),
    )
    with pytest.warns(UserWarning, match="restriction, not a normalisation"):
        return distributed_lag(Panel(full, ("stfips",), "year"), design)


def ends(found: Honest) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return found.table[["lower", "upper"]].to_numpy(dtype=np.float64)


def within(found: Honest, grid: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[list[float]]:
    """Outermost points of a grid that lie in each set: what a package that tests points can report."""
    return [grid[(low <= grid) & (grid <= high)][[0, -1]].tolist() for low, high in ends(found)]


def test_the_regression(medicaid: Estimate) -> None:
    assert (medicaid.nobs, medicaid.n_clusters) == (344, 43)
    published = [-0.005285, -0.011297, -0.002676, -0.001419, 0.000340, 0.046447, 0.069206]
    np.testing.assert_allclose(medicaid.coef, published, atol=5e-7)


def test_smoothness_of_medicaid(medicaid: Estimate) -> None:
    found = honest_did(medicaid, restriction="smoothness", bounds=list(SMOOTH))
    # 0.12 % of half the length of the first, 0.017.
    np.testing.assert_allclose(ends(found), list(SMOOTH.values()), atol=3e-5)
    # "Breakdown value M of about 0.03", read off the table: zero comes in between 0.02 and 0.03.
    assert 0.02 < found.breakdown < 0.03
    assert found.original == pytest.approx((0.029, 0.064), abs=5e-4)


def test_relative_magnitudes_of_medicaid(medicaid: Estimate) -> None:
    found = honest_did(medicaid, restriction="relative_magnitude", bounds=list(FIRST))
    # A step of the grid is 3.7e-4, and the data have been revised a little since: see the next test.
    np.testing.assert_allclose(ends(found), list(FIRST.values()), atol=5e-4)
    assert 1.5 < found.breakdown < 2.0


def test_relative_magnitudes_of_medicaid_on_the_grid_of_the_package(medicaid: Estimate) -> None:
    found = honest_did(medicaid, restriction="relative_magnitude", bounds=list(AGAIN))
    inside = within(found, np.linspace(-20, 20, 1000) * found.std_error)
    np.testing.assert_allclose(inside, list(AGAIN.values()), atol=1e-7)


def test_the_average_of_medicaid(medicaid: Estimate) -> None:
    weights = {0: 0.5, 1: 0.5}
    found = honest_did(medicaid, restriction="relative_magnitude", bounds=list(AVERAGE), event_time=weights)
    np.testing.assert_allclose(ends(found), list(AVERAGE.values()), atol=5e-4)
    assert found.original == pytest.approx((0.040, 0.075), abs=5e-4)


def example(data_dir: Path, name: str) -> EventCoefficients:
    """An event study of the package, its event times counted so that the reference is -1."""
    rdata = pytest.importorskip("rdata")
    path = data_dir / "validation" / "HonestDiD" / f"{name}data_EventStudy.rda"
    if not path.exists():
        pytest.skip(f"no {path.name} of the R package HonestDiD")
    study = next(iter(rdata.read_rda(path).values()))
    times = np.ravel(study["timeVec"]) - np.ravel(study["referencePeriod"])[0] - 1
    return EventCoefficients(times.astype(np.int64), np.ravel(study["betahat"]), np.asarray(study["sigma"]))


def test_smoothness_of_lovenheim_and_willen(data_dir: Path) -> None:
    path = example(data_dir, "LW")
    assert (len(path.event_times), int(path.before.sum())) == (32, 9)
    found = honest_did(path, restriction="smoothness", bounds=list(LOVENHEIM_WILLEN), event_time=16)
    ours, theirs = ends(found), np.array(list(LOVENHEIM_WILLEN.values()))
    half = (ours[:, 1] - ours[:, 0]) / 2
    # Lengths differ by their quantile alone, centres by how closely the shortest interval was sought: it is flat there.
    np.testing.assert_allclose((theirs[:, 1] - theirs[:, 0]) / 2 / half, 1, atol=1.5e-3)
    np.testing.assert_allclose((theirs - ours).mean(axis=1) / half, 0, atol=7e-3)


def test_the_plain_interval_of_benzarti_and_carloni(data_dir: Path) -> None:
    # data/VignetteResults.rda, as above.
    found = honest_did(example(data_dir, "BC"), restriction="smoothness", bounds=[0.0])
    assert found.original == pytest.approx((0.1587749428, 0.2331472927), abs=1e-9)


def test_relative_smoothness_of_benzarti_and_carloni(data_dir: Path) -> None:
    path = example(data_dir, "BC")
    found = honest_did(path, restriction="relative_smoothness", bounds=list(BENZARTI_CARLONI))
    # Published as points of a grid of a hundred from -1 to 1: the outermost that lie inside ours.
    inside = within(found, np.linspace(-1, 1, 100))
    np.testing.assert_allclose(inside, list(BENZARTI_CARLONI.values()), atol=1e-9)
    assert 1.0 < found.breakdown < 1.5
