"""Covariances as values: what they refuse, and what they say of themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.covariance import Clustered, Conley, Counts, DriscollKraay, Dyadic, NeweyWest, Robust

PLACE: dict[str, Any] = {
    "latitude": "lat",
    "longitude": "lon",
    "cutoff_km": 500.0,
    "kernel": "uniform",
    "distance": "great_circle",
    "serial_lags": 0,
    "small_sample": "none",
}
WRONG: list[tuple[Any, dict[str, Any], str]] = [
    (Clustered, {"by": (), "small_sample": "none"}, "columns that differ"),
    (Clustered, {"by": ("a", "a"), "small_sample": "none"}, "columns that differ"),
    (Clustered, {"by": ("a", "b"), "small_sample": "none", "kind": "CRV2"}, "clusters of one way"),
    (Clustered, {"by": "a", "small_sample": "stata"}, "choose one of reghdfe, fixest"),
    (Clustered, {"by": "a", "small_sample": "reghdfe", "kind": "CRV3"}, "its own small-sample correction"),
    (Clustered, {"by": ("a", "b", "c"), "small_sample": "statsmodels"}, "one or two ways"),
    (Clustered, {"by": ("a", "b", "c"), "small_sample": "linearmodels"}, "one or two ways"),
    (Robust, {"kind": "HC4"}, "choose one of HC0"),
    (DriscollKraay, {"lags": -1, "small_sample": "none"}, "cannot be negative"),
    (DriscollKraay, {"lags": 1, "small_sample": "reghdfe"}, "choose one of fixest"),
    (NeweyWest, {"by": "a", "lags": -1, "small_sample": "none"}, "cannot be negative"),
    (NeweyWest, {"by": "a", "lags": 1, "small_sample": "linearmodels"}, "choose one of fixest, statsmodels, none"),
    (Conley, PLACE | {"cutoff_km": -1.0}, "A cutoff is a distance"),
    (Conley, PLACE | {"cutoff_km": float("nan")}, "A cutoff is a distance"),
    (Conley, PLACE | {"kernel": "gauss"}, "choose one of uniform, bartlett"),
    (Conley, PLACE | {"distance": "flat"}, "choose one of great_circle"),
    (Conley, PLACE | {"small_sample": "reghdfe"}, "choose one of fixest, none"),
    (Conley, PLACE | {"serial_lags": 2}, "the units they run along"),
    (Conley, PLACE | {"serial_by": "a"}, "the units they run along"),
    (Dyadic, {"members": ("a", "a"), "small_sample": "none"}, "two members"),
    (Dyadic, {"members": "ab", "small_sample": "none"}, "two members"),
    (Dyadic, {"members": ("a", "b"), "small_sample": "reghdfe"}, "choose one of members, none"),
]


@pytest.mark.parametrize(("kind", "values", "words"), WRONG)
def test_values_that_do_not_fit(kind: Any, values: dict[str, Any], words: str) -> None:
    with pytest.raises(DesignError, match=words):
        kind(**values)


# 100 rows, 9 clusters or periods, 3 terms, 30 dummies of which 20 are nested, the others 11 levels less one.
COUNTS = Counts(nobs=100, clusters=9, terms=3, absorbed=30, nested=20, free=11)


@pytest.mark.parametrize(
    ("covariance", "factor"),
    [
        (Clustered("a", "reghdfe"), 9 / 8 * 99 / (100 - 3 - 10 - 1)),
        (Clustered("a", "fixest"), 9 / 8 * 99 / (100 - 3 - 11 - 1)),
        (Clustered("a", "statsmodels"), 9 / 8 * 99 / (100 - 33)),
        (Clustered(("a", "b"), "statsmodels"), 99 / (100 - 33)),
        (Clustered("a", "linearmodels"), 100 / (100 - 33)),
        (Clustered("a", "ppmlhdfe"), 9 / 8),
        (Clustered("a", "none"), 1.0),
        (Robust("HC1"), 100 / (100 - 33)),
        (Robust("HC3"), 1.0),
        (DriscollKraay(1, "fixest"), 9 / 8 * 99 / (100 - 15)),
        (DriscollKraay(1, "statsmodels"), 9 / 8 * 99 / (100 - 33)),
        (DriscollKraay(1, "linearmodels"), 100 / (100 - 33)),
        (NeweyWest("a", 1, "fixest"), 9 / 8 * 99 / (100 - 15)),
        (NeweyWest("a", 1, "statsmodels"), 100 / (100 - 33)),
        (replace(Conley(**PLACE), small_sample="fixest"), 99 / (100 - 15)),
        (Conley(**PLACE), 1.0),
        (Dyadic(("a", "b"), "members"), 9 / 8),
        (Dyadic(("a", "b"), "none"), 1.0),
    ],
)
def test_factors_are_their_formulas(covariance: Any, factor: float) -> None:
    assert covariance.factor(COUNTS) == pytest.approx(factor, rel=1e-15)


@pytest.mark.parametrize("covariance", [Clustered("a", "fixest"), Robust("HC1"), DriscollKraay(0, "statsmodels")])
def test_no_degree_of_freedom(covariance: Any) -> None:
    with pytest.raises(DesignError, match="No degree of freedom"):
        covariance.factor(Counts(nobs=30, clusters=9, terms=10, absorbed=25, nested=0, free=25))


def test_one_way_may_be_a_text_or_a_tuple() -> None:
    assert Clustered(("a",), "none").ways == Clustered("a", "none").ways == ("a",)
    assert Clustered("a", "reghdfe").describe() == (
        "clustered by a (CRV1); small-sample rule reghdfe: G/(G-1) x (N-1)/(N-K), K without effects nested in the "
        "clusters; t(G-1)"
    )
    assert Clustered(("a", "b"), "none").describe() == (
        "clustered by a and b (CRV1); small-sample rule none: no factor; t(G-1), G the fewest of any way"
    )
