"""The covariance table of a study: every kind, and keys that are missing or too many."""

from __future__ import annotations

import pytest

from eventpanel.build import build_designs
from eventpanel.covariances import KEYS
from eventpanel.datasets.errors import DesignError, StudyError
from eventpanel.estimators.covariance import Clustered, Conley, Covariance, DriscollKraay, Dyadic, NeweyWest, Robust
from eventpanel.study import load_study

PLACE = "kind='conley', latitude='lat', longitude='lon', cutoff_km=500, kernel='uniform', distance='great_circle'"
FITTING: dict[str, Covariance] = {
    "by='importer', small_sample='reghdfe'": Clustered("importer", "reghdfe"),
    "by=['importer', 'year'], small_sample='fixest'": Clustered(("importer", "year"), "fixest"),
    "by='importer', small_sample='none', kind='CRV3'": Clustered("importer", "none", "CRV3"),
    "kind='HC3'": Robust("HC3"),
    "kind='driscoll_kraay', lags=2, small_sample='linearmodels'": DriscollKraay(2, "linearmodels"),
    "kind='newey_west', by='exporter^importer', lags=0, small_sample='none'": NeweyWest("exporter^importer", 0, "none"),
    "kind='dyadic', members=['exporter', 'importer'], small_sample='members'": Dyadic(
        ("exporter", "importer"), "members"
    ),
    f"{PLACE}, serial_lags=2, serial_by='importer', small_sample='fixest'": Conley(
        latitude="lat",
        longitude="lon",
        cutoff_km=500.0,
        kernel="uniform",
        distance="great_circle",
        serial_lags=2,
        serial_by="importer",
        small_sample="fixest",
    ),
}


def built(table: str) -> Covariance:
    study = load_study("demo", [f"design.covariance={{{table}}}"])
    return next(iter(build_designs(study).values())).covariance


@pytest.mark.parametrize("table", FITTING)
def test_a_table_is_a_covariance(table: str) -> None:
    assert built(table) == FITTING[table]


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ("by='importer'", "small_sample is missing"),
        ("small_sample='none'", "by is missing"),
        ("kind='HC1', small_sample='none'", "small_sample is not known to it"),
        ("kind='driscoll_kraay', small_sample='none', by='year'", "lags is missing, by is not known to it"),
        (f"{PLACE}, small_sample='none'", "serial_lags is missing"),
        ("kind='newey_west', by=['importer', 'year'], lags=1, small_sample='none'", "by = ['importer', 'year']"),
        ("kind='dyadic', small_sample='none'", "members is missing"),
    ],
)
def test_keys_of_another_kind(table: str, where: str) -> None:
    with pytest.raises(StudyError) as caught:
        built(table)
    assert where in caught.value.where


@pytest.mark.parametrize(
    "table",
    [
        "kind='driscoll_kraay', lags=2, small_sample='reghdfe'",
        "kind='dyadic', members=['exporter'], small_sample='none'",
        "kind='dyadic', members=['exporter', 'importer', 'year'], small_sample='none'",
        "by=['importer', 'year'], small_sample='none', kind='CRV2'",
        "by=['importer', 'importer'], small_sample='none'",
    ],
)
def test_values_that_do_not_fit(table: str) -> None:
    with pytest.raises(DesignError):
        built(table)


def test_every_kind_is_on_the_list() -> None:
    with pytest.raises(StudyError) as caught:
        load_study("demo", ["design.covariance.kind=HC9"])
    for kind in KEYS:
        assert f"'{kind}'" in caught.value.where
