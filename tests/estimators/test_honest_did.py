"""Honest sets at the door: order, what is tested, what is refused, and what is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.core.relative_magnitude import relative_set
from eventpanel.estimators.core.sensitivity import Effect
from eventpanel.estimators.core.smoothness import frontier, shortest
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.event_coefficients import EventCoefficients
from eventpanel.estimators.honest import Honest
from eventpanel.estimators.honest_did import honest_did
from eventpanel.estimators.normalised import normalised
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame, random_panel

pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.solution.EstimationWarning")
TIMES = np.array([-4, -3, -2, 0, 1, 2])
COEF = np.array([0.1, -0.2, 0.1, 1.2, 1.0, 0.8])
VCOV = 0.02 * (0.4 + 0.6 * np.eye(6))
PATH = EventCoefficients(TIMES, COEF, VCOV)
REFERENCE = EventWindow(leads=3, lags=1, reference=-1)


def honest(source: Estimate | EventCoefficients = PATH, **changes: Any) -> Honest:
    asked: dict[str, Any] = {"restriction": "relative_magnitude", "bounds": [0.5, 1.0]}
    return honest_did(source, **(asked | changes))


@pytest.fixture(scope="module")
def estimate() -> Estimate:
    return distributed_lag(random_panel(2), design(window=REFERENCE, controls=("control",)))


def rows(found: Honest) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return found.table[["bound", "lower", "upper"]].to_numpy(dtype=np.float64)


def test_the_table() -> None:
    found = honest(event_time=1)
    effect = Effect(COEF, VCOV, np.array([0.0, 1.0, 0.0]))
    assert list(found.table) == ["restriction", "bound", "lower", "upper", "method"]
    assert (found.table["method"] == "C-LF").all()
    expected = [[bound, *relative_set(effect, bound, 0.95)] for bound in (0.5, 1.0)]
    np.testing.assert_array_equal(rows(found), expected)
    found = honest(event_time=1, restriction="smoothness", level=0.9)
    assert (found.table["method"] == "FLCI").all()
    one = shortest(frontier(effect), 1.0, 0.9)
    np.testing.assert_allclose(rows(found)[1], [1.0, one.centre - one.half, one.centre + one.half])
    assert found.original == pytest.approx((1 - 1.6448536 * 0.02**0.5, 1 + 1.6448536 * 0.02**0.5))


@pytest.mark.parametrize("restriction", ["relative_magnitude", "smoothness", "relative_smoothness"])
def test_the_order_of_coefficients_does_not_matter(restriction: str) -> None:
    order = np.array([3, 0, 5, 2, 4, 1])
    shuffled = EventCoefficients(TIMES[order], COEF[order], VCOV[np.ix_(order, order)])
    weights = {2: 0.75, 0: 0.25}
    found = honest(shuffled, restriction=restriction, event_time=weights)
    np.testing.assert_array_equal(rows(found), rows(honest(restriction=restriction, event_time=weights)))
    assert found.estimate == pytest.approx(0.25 * 1.2 + 0.75 * 0.8)


@pytest.mark.parametrize("restriction", ["relative_magnitude", "smoothness", "relative_smoothness"])
def test_an_estimate_gives_its_path_and_nothing_else(estimate: Estimate, restriction: str) -> None:
    kept = [estimate.terms.index(term) for term in estimate.path]
    times = np.array([term.event_time for term in estimate.path])
    arrays = EventCoefficients(times, estimate.coef[kept], estimate.vcov[np.ix_(kept, kept)])
    assert len(estimate.terms) > len(kept)
    np.testing.assert_array_equal(
        rows(honest(estimate, restriction=restriction)), rows(honest(arrays, restriction=restriction))
    )


def test_each_group_has_its_own_sets() -> None:
    both = distributed_lag(random_panel(2), design(window=REFERENCE, moderator=REGIME))
    low, high = (honest(both, group=group) for group in ("low", "high"))
    assert low.estimate == both.params["x, same period [low]"]
    assert high.estimate == both.params["x, same period [high]"]
    with pytest.raises(DesignError, match="name one of the groups"):
        honest(both)


def test_poisson_paths_are_paths() -> None:
    frame = random_frame(3)
    frame["y"] = np.random.default_rng(1).poisson(np.exp(0.3 * frame["x"]))
    panel = replace(random_panel(3), frame=frame)
    found = honest(ppml(panel, design(window=REFERENCE)), restriction="smoothness", bounds=[0.0])
    assert np.isfinite(rows(found)).all()


def test_a_free_reference_is_subtracted() -> None:
    free = distributed_lag(random_panel(2), design(window=replace(REFERENCE, reference=None)))
    with pytest.raises(DesignError, match="subtract it: honest_did"):
        honest(free)
    path = normalised(free)
    by_hand = free.params.to_numpy() - free.params["x, 1 before"]
    assert path.event_times.tolist() == [-3, -2, 0, 1]
    np.testing.assert_allclose(path.coef, by_hand[[0, 1, 3, 4]])
    names = ["x, 3 before", "x, 1 before"]
    block = free.cov.loc[names, names].to_numpy()
    assert path.vcov[0, 0] == pytest.approx(block[0, 0] + block[1, 1] - 2 * block[0, 1])
    assert np.isfinite(rows(honest(path))).all()


def test_there_must_be_something_to_subtract(estimate: Estimate) -> None:
    with pytest.raises(DesignError, match="no coefficient at event time -1"):
        normalised(estimate)


def test_binned_ends_are_left_out_and_said_to_be() -> None:
    binned = distributed_lag(random_panel(2), design(window=EventWindow(leads=3, lags=1, reference=-1, ends="bin")))
    found = honest(binned)
    assert "before: -3 to -2; after: 0 to 1." in found.summary()
    assert "Binned ends are left out" in found.summary()


@pytest.mark.parametrize("restriction", ["relative_magnitude", "smoothness", "relative_smoothness"])
def test_the_breakdown_is_where_zero_comes_in(restriction: str) -> None:
    found = honest(restriction=restriction)
    bounds = found.breakdown * np.array([1 - 1e-6, 1 + 1e-6])
    low = rows(honest(restriction=restriction, bounds=bounds))[:, 1]
    assert low[0] > 0 > low[1]
    assert f"outside the set is M = {found.breakdown:.4g}." in found.summary()


def test_there_may_be_no_breakdown() -> None:
    found = honest(EventCoefficients(TIMES, 0.1 * COEF, VCOV))
    assert np.isnan(found.breakdown)
    assert "No bound leaves zero outside" in found.summary()


@pytest.mark.parametrize(
    ("event_time", "words"),
    [
        (0, "Effect at event time 0:"),
        ({1: 1.0}, "Effect at event time 1:"),
        ({0: 0.5, 1: 0.5}, "Average effect at event times 0 to 1:"),
        ({0: -1, 2: 1}, "Effect -1 x[0] + 1 x[2]:"),
    ],
)
def test_what_is_tested_is_said(event_time: Any, words: str) -> None:
    found = honest(event_time=event_time)
    assert found.summary().startswith(words)
    assert repr(found) == found.summary()
    assert found.effect in found._repr_html_()


def test_one_coefficient_before_is_said_to_be_all() -> None:
    short = EventCoefficients(TIMES[2:], COEF[2:], VCOV[2:, 2:])
    assert "the only move is that from -2 to -1" in honest(short).summary()
    smooth = honest(short, restriction="smoothness").summary()
    assert "all that is known of the slope is that from -2 to -1" in smooth


def test_degrees_of_freedom_are_said_not_to_be_used(estimate: Estimate) -> None:
    assert "the leads have 43 degrees of freedom" in honest(estimate).summary()
    assert "degrees of freedom" not in honest().summary()


def without(*times: int) -> EventCoefficients:
    kept = np.flatnonzero(~np.isin(TIMES, times))
    return EventCoefficients(TIMES[kept], COEF[kept], VCOV[np.ix_(kept, kept)])


def later_only() -> EventCoefficients:
    return EventCoefficients(TIMES[3:], COEF[3:], VCOV[3:, 3:])


def singular() -> EventCoefficients:
    same = VCOV.copy()
    same[0, 1:], same[1:, 0] = same[1, 1:], same[1:, 1]
    same[0, 1] = same[1, 0] = same[1, 1]
    return EventCoefficients(TIMES, COEF, same)


@pytest.mark.parametrize(
    ("source", "changes", "match"),
    [
        (without(-3), {}, "missing: -3"),
        (without(1), {"event_time": 2}, "missing: 1"),
        (later_only(), {}, "and 1 before the reference at least.*\n.*missing: -2"),
        (
            without(-4, -3),
            {"restriction": "relative_smoothness"},
            "and 2 before the reference at least.*\n.*missing: -3",
        ),
        (PATH, {"event_time": -2}, "event time -2; the path has 0, 1, 2"),
        (PATH, {"event_time": 3}, "event time 3"),
        (PATH, {"event_time": {0: 0.0}}, "without weight"),
        (PATH, {"event_time": {0: np.nan}}, "without weight"),
        (PATH, {"bounds": []}, "none of them negative"),
        (PATH, {"bounds": [1, -0.5]}, "bounds=-0.5"),
        (PATH, {"bounds": [np.inf]}, "bounds=inf"),
        (PATH, {"restriction": "RM"}, "Unknown restriction 'RM'"),
        (PATH, {"level": 1.0}, "between 0 and 1"),
        (EventCoefficients(TIMES, COEF, VCOV - 0.05 + 0.05 * np.eye(6)), {}, "without negative eigenvalues"),
        (EventCoefficients(TIMES, COEF, VCOV + np.triu(VCOV, 1)), {}, "must be symmetric"),
        (singular(), {"restriction": "smoothness"}, "singular, or nearly so"),
    ],
)
def test_what_cannot_be_done_is_refused(source: EventCoefficients, changes: dict[str, Any], match: str) -> None:
    with pytest.raises(DesignError, match=match):
        honest(source, **changes)


def test_a_singular_covariance_is_no_matter_where_it_is_not_inverted() -> None:
    # The largest of two moves before: one of them is known to be zero.
    assert np.isfinite(rows(honest(singular()))).all()
