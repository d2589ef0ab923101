"""Several ways, lags, places and dyads against loops over all pairs of rows, and against one another."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from eventpanel.estimators.core import places as module
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.conley import Kernel, spatial
from eventpanel.estimators.core.dyadic import dyadic
from eventpanel.estimators.core.hc import robust
from eventpanel.estimators.core.least_squares import Fit
from eventpanel.estimators.core.multiway import multiway
from eventpanel.estimators.core.places import Distance, distances, neighbours
from eventpanel.estimators.core.sandwich import clustered
from eventpanel.estimators.core.semidefinite import semidefinite
from eventpanel.estimators.core.serial import bartlett, serial
from tests.estimators.core.pairs import bartlett_weight, by_pairs, example, fitted, kilometres, planar

KINDS = ("plain", "weighted", "poisson")
FRAME = example()


@lru_cache
def fit_of(kind: str) -> Fit:
    return fitted(FRAME, kind)


def codes(name: str) -> Codes:
    return FRAME[name].to_numpy(dtype=np.int64)


def sandwich(fit: Fit, meat: Floats) -> Floats:
    return fit.bread @ meat @ fit.bread


def close(got: Floats, want: Floats) -> None:
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12 * np.abs(want).max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "ways", [("unit",), ("unit", "time"), ("region", "time", "good"), ("unit", "time", "good", "partner")]
)
def test_rows_that_share_a_cluster_of_any_way(kind: str, ways: tuple[str, ...]) -> None:
    fit = fit_of(kind)
    want = by_pairs(fit, FRAME, lambda a, b: float(any(a[way] == b[way] for way in ways)))
    close(multiway(fit, [codes(way) for way in ways], own_factors=False), want)


def test_ways_that_nest_are_the_outer_one_and_their_order_says_nothing() -> None:
    fit = fit_of("plain")
    outer = multiway(fit, [codes("region"), codes("unit"), np.arange(98)], own_factors=False)
    close(outer, clustered(fit, codes("region")))
    ways = [codes(name) for name in ("unit", "time", "good")]
    for own in (True, False):
        close(multiway(fit, ways[::-1], own_factors=own), multiway(fit, ways, own_factors=own))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lags", [0, 1, 3, 8])
def test_lags_along_units_and_along_the_calendar(kind: str, lags: int) -> None:
    fit = fit_of(kind)
    # A hole in the calendar: no row in period 5.
    moved = FRAME.assign(time=FRAME["time"] + (FRAME["time"] > 4))
    times, none = moved["time"].to_numpy(), np.zeros(98, dtype=np.int64)

    def along(a: dict[str, float], b: dict[str, float]) -> float:
        return bartlett_weight(a["time"] - b["time"], lags)

    close(sandwich(fit, serial(fit.scores, none, times, bartlett(lags))), by_pairs(fit, moved, along))
    for by in ("unit", "region"):
        want = by_pairs(fit, moved, lambda a, b, by=by: along(a, b) * (a[by] == b[by]))  # type: ignore[misc]
        close(sandwich(fit, serial(fit.scores, codes(by), times, bartlett(lags))), want)


def test_no_lags_are_clusters_of_periods_or_rows() -> None:
    fit, times, none = fit_of("plain"), codes("time"), np.zeros(98, dtype=np.int64)
    close(sandwich(fit, serial(fit.scores, none, times, bartlett(0))), clustered(fit, times))
    close(sandwich(fit, serial(fit.scores, codes("unit"), times, bartlett(0))), robust(fit))
    close(serial(fit.scores, none, times + 1990, bartlett(2)), serial(fit.scores, none, times, bartlett(2)))


def apart(a: dict[str, float], b: dict[str, float], distance: Distance) -> float:
    one, other = (a["lat"], a["lon"]), (b["lat"], b["lon"])
    return planar(one, other) if distance == "fixest_triangular" else kilometres(one, other, module.RADIUS[distance])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("distance", ["great_circle", "fixest_spherical", "fixest_triangular"])
@pytest.mark.parametrize("kernel", ["uniform", "bartlett"])
@pytest.mark.parametrize("cutoff", [1500.0, 4500.0])
def test_places_within_a_cutoff(kind: str, distance: Distance, kernel: Kernel, cutoff: float) -> None:
    fit = fit_of(kind)
    where = FRAME[["lat", "lon"]].to_numpy()

    def weight(a: dict[str, float], b: dict[str, float]) -> float:
        gap = apart(a, b, distance)
        near = float(gap <= cutoff and a["time"] == b["time"])
        return near if kernel == "uniform" else near * (1 - gap / cutoff)

    got = sandwich(fit, spatial(fit.scores, where, codes("time"), cutoff, kernel, distance))
    close(got, by_pairs(fit, FRAME, weight))
    assert not np.allclose(got, robust(fit))


@pytest.mark.parametrize("kernel", ["uniform", "bartlett"])
def test_no_cutoff_is_hc0_and_the_whole_globe_is_clusters_of_periods(kernel: Kernel) -> None:
    fit, where = fit_of("plain"), FRAME[["lat", "lon"]].to_numpy()
    close(sandwich(fit, spatial(fit.scores, where, codes("time"), 0.0, kernel, "great_circle")), robust(fit))
    if kernel == "uniform":
        whole = spatial(fit.scores, where, codes("time"), 30_000.0, kernel, "great_circle")
        close(sandwich(fit, whole), clustered(fit, codes("time")))


def test_rows_of_one_place_are_neighbours_at_any_cutoff() -> None:
    fit = fit_of("plain")
    where: Floats = np.asarray(np.outer(codes("region"), [10.1, 7.7]), dtype=np.float64)
    got = sandwich(fit, spatial(fit.scores, where, np.zeros(98, dtype=np.int64), 0.0, "bartlett", "great_circle"))
    close(got, clustered(fit, codes("region")))


GLOBE: Floats = np.asarray(
    np.column_stack([np.degrees(np.arcsin(np.linspace(-1, 1, 241))), (np.arange(241) * 137.50776405) % 360 - 180]),
    dtype=np.float64,
)


@pytest.mark.parametrize("distance", ["great_circle", "fixest_spherical", "fixest_triangular"])
@pytest.mark.parametrize("cutoff", [500.0, 2500.0, 9000.0, 25_000.0])
def test_every_neighbour_is_found_also_at_the_poles_and_the_date_line(
    distance: Distance, cutoff: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = np.repeat(np.arange(241), 241), np.tile(np.arange(241), 241)
    gaps = distances(GLOBE[grid[0]], GLOBE[grid[1]], distance)
    monkeypatch.setattr(module, "BLOCK", 100)
    found = list(neighbours(GLOBE, np.zeros(241, dtype=np.int64), cutoff, distance))
    assert len(found) > 1
    pairs = np.concatenate([one * 241 + other for one, other, _ in found])
    assert sorted(pairs.tolist()) == np.flatnonzero(gaps <= cutoff).tolist()
    np.testing.assert_array_equal(np.concatenate([km for _, _, km in found]), gaps[pairs])


def test_distances_are_those_of_other_formulas() -> None:
    one, other = GLOBE[:120], GLOBE[121:]
    for distance in ("great_circle", "fixest_spherical"):
        want = [kilometres((a, b), (c, d), module.RADIUS[distance]) for (a, b), (c, d) in zip(one, other, strict=True)]
        np.testing.assert_allclose(distances(one, other, distance), want, rtol=1e-9)
    want = [planar((a, b), (c, d)) for (a, b), (c, d) in zip(one, other, strict=True)]
    np.testing.assert_allclose(distances(one, other, "fixest_triangular"), want, rtol=1e-12)
    # Paris to New York: the antipodes are half a circumference apart.
    antipodes = distances(np.array([[48.0, 2.0]]), np.array([[-48.0, -178.0]]), "great_circle")
    np.testing.assert_allclose(antipodes, np.pi * 6371.0088, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_share_a_member_in_either_role(kind: str) -> None:
    fit = fit_of(kind)
    assert (FRAME["unit"] == FRAME["partner"]).any()

    def weight(a: dict[str, float], b: dict[str, float]) -> float:
        return float(bool({a["unit"], a["partner"]} & {b["unit"], b["partner"]}))

    want = by_pairs(fit, FRAME, weight)
    close(dyadic(fit, codes("unit"), codes("partner")), want)
    close(dyadic(fit, codes("partner"), codes("unit")), want)


def everything(fit: Fit, frame: pd.DataFrame) -> list[Floats]:
    unit, time, good, partner = (frame[c].to_numpy(dtype=np.int64) for c in ("unit", "time", "good", "partner"))
    where = frame[["lat", "lon"]].to_numpy()
    return [
        multiway(fit, [unit, time, good], own_factors=True),
        sandwich(fit, serial(fit.scores, unit, time, bartlett(2))),
        sandwich(fit, serial(fit.scores, 0 * unit, time, bartlett(2))),
        sandwich(fit, spatial(fit.scores, where, time, 2000.0, "bartlett", "great_circle")),
        dyadic(fit, unit, partner),
    ]


def test_the_order_and_the_names_of_rows_say_nothing() -> None:
    want = everything(fit_of("weighted"), FRAME)
    order = np.random.default_rng(4).permutation(98)
    shuffled = FRAME.iloc[order].reset_index(drop=True)
    renamed = shuffled.assign(unit=11 - shuffled["unit"], partner=11 - shuffled["partner"], good=3 - shuffled["good"])
    for got, plain in zip(everything(fitted(renamed, "weighted"), renamed), want, strict=True):
        close(got, plain)


def test_weights_are_copies_of_rows() -> None:
    """Where whole sums of scores count, a row of weight three is three rows."""
    frame = FRAME.assign(weight=1.0 + FRAME["good"] % 3)
    copies = frame.loc[frame.index.repeat(frame["weight"].astype(int))].reset_index(drop=True)
    want = everything(fitted(copies, "plain"), copies)
    for got, plain in zip(everything(fitted(frame, "weighted"), frame), want, strict=True):
        np.testing.assert_allclose(got, plain, rtol=1e-9, atol=1e-12)


def test_negative_eigenvalues_become_zero_and_nothing_else_changes() -> None:
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
    matrix = basis @ np.diag([3.0, 2.0, 1.0, -0.5]) @ basis.T
    repaired, changed = semidefinite(matrix)
    assert changed
    np.testing.assert_allclose(repaired, basis @ np.diag([3.0, 2.0, 1.0, 0.0]) @ basis.T, atol=1e-12)
    kept, changed = semidefinite(repaired)
    assert not changed
    assert kept is repaired


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_whether_there_is_a_negative_eigenvalue_does_not_depend_on_units(scale: float) -> None:
    matrix = np.array([[4.0, 3.0], [3.0, 2.0]])
    units = np.array([1.0, scale])
    assert semidefinite(matrix * np.outer(units, units))[1]
    assert not semidefinite(np.array([[4.0, 2.0], [2.0, 2.0]]) * np.outer(units, units))[1]
