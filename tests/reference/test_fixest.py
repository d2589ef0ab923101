"""fixest's numbers on the arithmetic panel and on its own examples.

R 4.2.2, fixest 0.12.2, default small-sample correction ``ssc()``:
``feols(y ~ x + control | unit + time, d, fixef.tol = 1e-11)`` and so on, ``fepois(count ~ x + control | unit + time, d,
glm.tol = 1e-12, fixef.tol = 1e-11)``; then ``vcov(e, v, attr = TRUE)`` with v ``"hetero"``, ``~unit + time``,
``DK(2) ~ time``, ``NW(2) ~ unit + time``, ``conley(3000) ~ lat + lon``, ``conley(1500, distance = "spherical")``:
standard errors of x and control, and ``df.t``. Fitted to 1e-11, printed with 13 digits.
Examples: ``quakes`` of R, ``PetersenCL`` of sandwich, and fixest's ``trade``, Euros on log(dist_km) with four effects.
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
from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.conley import spatial
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.hc import robust
from eventpanel.estimators.core.least_squares import Fit, least_squares
from eventpanel.estimators.core.multiway import multiway
from eventpanel.estimators.core.places import Distance
from eventpanel.estimators.core.poisson import poisson
from eventpanel.estimators.core.serial import bartlett, serial
from eventpanel.estimators.covariance import Clustered, Conley, Counts, Covariance, DriscollKraay, NeweyWest, Robust
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.events import Event
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.window import EventWindow
from tests.formula_panel import formula_frame, formula_panel

FIXEST: dict[tuple[str, str], tuple[float, float, int]] = {
    ("m3", "coef"): (0.3874598462123, 0.07727724632911, 98),
    ("m3", "HC1"): (0.1282176076293, 0.1797671486987, 73),
    ("m3", "unit"): (0.07659101330084, 0.1868717380899, 11),
    ("m3", "region"): (0.1012835884137, 0.2616215204126, 3),
    ("m3", "unit+time"): (0.02805610274889, 0.1409639863865, 8),
    ("m3", "unit+time+good"): (0.0929050198213, 0.1403792982623, 3),
    ("m3", "region+time"): (0.1000691344022, 0.239662342976, 3),
    ("m3", "DK2"): (0.07614703389498, 0.09968307658779, 8),
    ("m3", "NW2"): (0.1132205377994, 0.1622330767782, 8),
    ("m2", "coef"): (0.4010376452523, 0.06896497378311, 98),
    ("m2", "HC1"): (0.1242209512704, 0.1793686235194, 76),
    ("m2", "unit"): (0.09148259353475, 0.1835200572968, 11),
    ("m2", "region"): (0.09246901108207, 0.2562799931625, 3),
    ("m2", "unit+time"): (0.05791917705204, 0.1350609053053, 8),
    ("m2", "unit+time+good"): (0.0922274572584, 0.1369762413763, 3),
    ("m2", "region+time"): (0.08939266983102, 0.2318089364699, 3),
    ("m2", "DK2"): (0.07963671243595, 0.0997491430524, 8),
    ("m2", "NW2"): (0.1110205704216, 0.1597110278082, 8),
    ("w2", "coef"): (0.3697292597661, 0.112832054016, 98),
    ("w2", "HC1"): (0.124461622439, 0.1753425347299, 76),
    ("w2", "unit"): (0.09208653747558, 0.191891046226, 11),
    ("w2", "region"): (0.118025773576, 0.2508663920359, 3),
    ("w2", "unit+time"): (0.06999048102226, 0.1373852045092, 8),
    ("w2", "unit+time+good"): (0.1218227253038, 0.1204412870104, 3),
    ("w2", "region+time"): (0.1208845887946, 0.2193433130921, 3),
    ("w2", "DK2"): (0.08175843068274, 0.09557583908457, 8),
    ("w2", "NW2"): (0.1083669324335, 0.156450407339, 8),
    ("p2", "coef"): (0.1087693858825, -0.06506146979378, 98),
    ("p2", "HC1"): (0.09622093555012, 0.1171955568609, 76),
    ("p2", "unit"): (0.08625428151895, 0.1305482705581, 11),
    ("p2", "region"): (0.0836219931425, 0.07888267475664, 3),
    ("p2", "unit+time"): (0.04445529622775, 0.1384594161691, 8),
    ("p2", "unit+time+good"): (0.1155163579029, 0.1185972311616, 3),
    ("p2", "region+time"): (0.04486104223649, 0.1025532489165, 3),
    ("p2", "DK2"): (0.08078610349045, 0.0817596286617, 8),
    ("p2", "NW2"): (0.0942462321051, 0.1041365555899, 8),
    ("m0", "coef"): (0.4515827455195, 0.1087307956395, 98),
    ("m0", "HC1"): (0.134389912897, 0.1487504843766, 95),
    ("m0", "unit"): (0.08608934087637, 0.1424862578108, 11),
    ("m0", "region"): (0.1340070374416, 0.09496437577635, 3),
    ("m0", "unit+time"): (0.0437586230605, 0.1083389774039, 8),
    ("m0", "unit+time+good"): (0.08621552785898, 0.06403042262347, 3),
    ("m0", "region+time"): (0.1298938518293, 0.07302004352536, 3),
    ("m0", "DK2"): (0.1192890893624, 0.1112516110958, 8),
    ("m0", "NW2"): (0.1323032216026, 0.1450312886075, 8),
    ("m2", "triangular 3000"): (0.1111526446973, 0.1168349712524, 87),
    ("m2", "spherical 1500"): (0.107843621234, 0.09866974717465, 87),
    ("p2", "triangular 3000"): (0.05371652741814, 0.1223154585158, 87),
    ("p2", "spherical 1500"): (0.03797819171932, 0.1135615052409, 87),
}
EFFECTS = {
    "m0": (),
    "m2": ("unit", "time"),
    "w2": ("unit", "time"),
    "p2": ("unit", "time"),
    "m3": ("unit", "time", "good"),
}
BOTH = Clustered(("firm", "year"), "fixest")
# Where an eigenvalue of the covariance is negative.
NEGATIVE = {("m2", "unit+time"), ("m3", "unit+time")}
ASKED: dict[str, Covariance] = {
    "HC1": Robust("HC1"),
    "unit": Clustered("unit", "fixest"),
    "region": Clustered("region", "fixest"),
    "unit+time": Clustered(("unit", "time"), "fixest"),
    "unit+time+good": Clustered(("unit", "time", "good"), "fixest"),
    "region+time": Clustered(("region", "time"), "fixest"),
    "DK2": DriscollKraay(2, "fixest"),
    "NW2": NeweyWest("unit", 2, "fixest"),
}


def estimate(model: str, asked: Covariance, panel: Panel | None = None) -> Estimate:
    design = Design(
        outcome="count" if model == "p2" else "y",
        event=Event(column="x", kind="dose"),
        window=EventWindow(leads=0, lags=0, reference=None),
        fixed_effects=EFFECTS[model],
        controls=("control",),
        weights="weight" if model == "w2" else None,
        covariance=asked,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return (ppml if model == "p2" else distributed_lag)(panel or formula_panel(), design)


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("model", EFFECTS)
def test_fixest(model: str, name: str) -> None:
    got = estimate(model, ASKED[name])
    *coef, nobs = FIXEST[model, "coef"]
    *errors, dof = FIXEST[model, name]
    assert got.nobs == nobs
    np.testing.assert_allclose(got.coef, coef, rtol=1e-9)
    assert got.dof.tolist() == [dof, dof]
    repaired = any("semidefinite" in note for note in got.notes)
    assert repaired == ((model, name) in NEGATIVE)
    if not repaired:
        np.testing.assert_allclose(got.std_errors, errors, rtol=1e-9)


@pytest.mark.parametrize(("model", "name"), sorted(NEGATIVE))
def test_fixest_leaves_a_covariance_as_it_is_unless_a_variance_is_negative(model: str, name: str) -> None:
    """Here an eigenvalue is negative and no variance is."""
    frame, fit = formula_frame(), fitted(model)
    vcov = multiway(fit, [frame[way].to_numpy() for way in name.split("+")], own_factors=False)
    levels = {"unit": 12, "time": 9, "good": 4}
    free = sum(levels[effect] - 1 for effect in EFFECTS[model] if effect not in name.split("+"))
    factor = Clustered(("unit", "time"), "fixest").factor(Counts(98, 9, 2, absorbed=0, nested=0, free=free))
    assert np.linalg.eigvalsh(vcov)[0] < 0
    np.testing.assert_allclose(np.sqrt(factor * np.diag(vcov)), FIXEST[model, name][:2], rtol=1e-9)


def fitted(model: str) -> Fit:
    frame = formula_frame()
    X, effects = frame[["x", "control"]].to_numpy(), [frame[name].to_numpy() for name in EFFECTS[model]]
    if model == "p2":
        return poisson(frame["count"].to_numpy(dtype=float), X, effects).fit
    within = absorb(np.column_stack([frame["y"], X]), effects).columns
    return least_squares(within[:, 0], within[:, 1:])


@pytest.mark.parametrize(
    ("name", "distance", "cutoff"),
    [("triangular 3000", "fixest_triangular", 3000.0), ("spherical 1500", "fixest_spherical", 1500.0)],
)
@pytest.mark.parametrize("model", ["m2", "p2"])
def test_conley_of_fixest(model: str, name: str, distance: Distance, cutoff: float) -> None:
    """fixest pools the periods: every row is given as a unit of its own in one period."""
    place = Conley(
        latitude="lat",
        longitude="lon",
        cutoff_km=cutoff,
        kernel="uniform",
        distance=distance,
        serial_lags=0,
        small_sample="fixest",
    )
    pooled = Panel(formula_frame().assign(row=np.arange(98), when=0), ("row",), "when")
    got = estimate(model, place, pooled)
    *errors, dof = FIXEST[model, name]
    np.testing.assert_allclose(got.std_errors, errors, rtol=1e-9)
    # Unit effects, which are nested in latitudes, are not counted; t has N-K degrees of freedom in fixest.
    assert dof == 98 - 11
    assert got.dof.tolist() == [11, 11]


def test_quakes(data_dir: Path) -> None:
    """Printed with four decimals, the default cutoff of one degree as 111 km."""
    rows = pd.read_csv(data_dir / "validation" / "quakes" / "quakes.csv")
    fit = least_squares(rows["depth"].to_numpy(dtype=float), np.column_stack([np.ones(1000), rows["mag"]]))
    np.testing.assert_allclose(fit.coef, [881.625, -123.421], atol=5e-4)
    counts = Counts(nobs=1000, clusters=1000, terms=1, absorbed=1, nested=0)
    assert np.sqrt(robust(fit)[1, 1] * Robust("HC1").factor(counts)) == pytest.approx(15.9922, abs=5e-5)
    places, same = rows[["lat", "long"]].to_numpy(), np.zeros(1000, dtype=np.int64)
    printed: list[tuple[float, Distance, float]] = [
        (100.0, "fixest_triangular", 19.2323),
        (200.0, "fixest_triangular", 22.8824),
        (200.0, "fixest_spherical", 22.8950),
    ]
    for cutoff, distance, error in printed:
        meat = spatial(fit.scores, places, same, cutoff, "uniform", distance)
        assert np.sqrt((fit.bread @ meat @ fit.bread)[1, 1] * 999 / 998) == pytest.approx(error, abs=5e-5)


def test_petersen(data_dir: Path) -> None:
    """Petersen's test data, y on x: ``feols(y ~ x, d)``, ten digits, constant and x.

    The last is ``~firm + year`` with ``ssc(cluster.df = "conventional")``, each part its own G/(G-1).
    """
    rows = rda(data_dir / "validation" / "sandwich" / "PetersenCL.rda").astype(float)
    fit = least_squares(rows["y"].to_numpy(), np.column_stack([np.ones(5000), rows["x"]]))
    firm, year = (recode(rows[name].to_numpy(dtype=np.int64)) for name in ("firm", "year"))
    unit = np.zeros(5000, dtype=np.int64)
    lags = bartlett(3)
    printed: list[tuple[Floats, Covariance, int, list[float]]] = [
        (robust(fit), Robust("HC1"), 5000, [0.02836067223, 0.02839516147]),
        (multiway(fit, [firm], own_factors=False), Clustered("firm", "fixest"), 500, [0.06701270370, 0.05059572588]),
        (multiway(fit, [year], own_factors=False), Clustered("year", "fixest"), 10, [0.02338672110, 0.03338891341]),
        (multiway(fit, [firm, year], own_factors=False), BOTH, 10, [0.06806695266, 0.05529739064]),
        (
            hac(fit, serial(fit.scores, firm, year, lags)),
            NeweyWest("firm", 3, "fixest"),
            10,
            [0.04492615734, 0.03795795868],
        ),
        (
            hac(fit, serial(fit.scores, unit, year, lags)),
            DriscollKraay(3, "fixest"),
            10,
            [0.02296476656, 0.02638675342],
        ),
        (
            multiway(fit, [firm, year], own_factors=True),
            replace(BOTH, small_sample="statsmodels"),
            10,
            [0.06506391820, 0.05355802294],
        ),
    ]
    for vcov, asked, clusters, errors in printed:
        counts = Counts(5000, clusters, terms=1, absorbed=1, nested=0)
        np.testing.assert_allclose(np.sqrt(asked.factor(counts) * np.diag(vcov)), errors, rtol=1e-9)


def hac(fit: Fit, meat: Floats) -> Floats:
    return fit.bread @ meat @ fit.bread


def rda(path: Path) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = next(iter(rdata.read_rda(path).values()))
    assert isinstance(frame, pd.DataFrame)
    return frame.reset_index(drop=True)


def test_trade_by_two_ways(data_dir: Path) -> None:
    """fixest's walk-through: clustered by origin .115678, by origin and destination .130734."""
    rows = rda(data_dir / "trade" / "fixest_trade.RData")
    names = ("Origin", "Destination", "Product", "Year")
    effects: list[Codes] = [recode(pd.factorize(rows[name])[0]) for name in names]
    X = np.log(rows["dist_km"].to_numpy(dtype=float))[:, None]
    fit = poisson(rows["Euros"].to_numpy(dtype=float), X, effects).fit
    sizes = [int(codes.max()) + 1 for codes in effects]
    for ways, error in ((1, 0.115678), (2, 0.130734)):
        free = sum(sizes[ways:]) - len(sizes[ways:])
        counts = Counts(len(X), min(sizes[:ways]), 1, absorbed=0, nested=0, free=free)
        factor = Clustered(names[:ways], "fixest").factor(counts)
        vcov = factor * multiway(fit, effects[:ways], own_factors=False)
        assert np.sqrt(vcov.item()) == pytest.approx(error, abs=5e-7)
