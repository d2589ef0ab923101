"""Each exhibit of equations (1) and (2) names the switches that change it, and no other."""

from __future__ import annotations

import numpy as np
import pytest

from eventpanel.brookings import comparative_advantage, goods_figures, regime_bias, samples
from eventpanel.brookings.exhibit import Exhibit, numbers
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from tests.brookings.product_materials import product_materials

EXHIBITS = (*comparative_advantage.EXHIBITS, *goods_figures.EXHIBITS, *regime_bias.EXHIBITS)
OTHER: dict[str, object] = {
    "regime_cutoff": "polity_10",
    "regime_base": 2012,
    "countries": "top_100",
    "interact_controls": "none",
    "ceiling_goods": "drop",
    "unrest_years": "2008_2021",
    "regime_timing": "base",
    "reading": "event",
    "year_before": "estimated",
    "figure_5_outcome": "any",
    "high_unrest": "mean_plus_sd",
    "institution_years": "2018_2020",
    "early_sample": "carnegie",
    "counts": "all",
    "figure_a7_test": "welch",
    "arms_regimes": "weak",
}


@pytest.fixture(scope="module")
def world() -> Materials:
    return product_materials(2, 18)


def estimates(exhibit: Exhibit, world: Materials, **change: object) -> np.ndarray:
    return numbers(exhibit.make(world, Switches.model_validate(change)))["estimate"].to_numpy()


def differ(some: np.ndarray, others: np.ndarray) -> bool:
    return some.shape != others.shape or not np.allclose(some, others, rtol=1e-9, atol=1e-9, equal_nan=True)


def test_every_switch_is_tried() -> None:
    assert OTHER.keys() == Switches.model_fields.keys()
    assert all(getattr(Switches(), name) != value for name, value in OTHER.items())


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=[exhibit.name for exhibit in EXHIBITS])
def test_switches_that_an_exhibit_names_are_those_that_change_it(
    exhibit: Exhibit, world: Materials, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = sorted(set(world.countries.frame["importer"]) - {"XAA", "XAB"})
    # A small world has no 100 countries.
    monkeypatch.setattr(samples, "top_100", lambda materials, switches: few)
    # Placebo exporters rest on the rows and terms of the columns, which are compared here.
    monkeypatch.setattr(comparative_advantage, "with_placebos", lambda panel, ask, made, switches: (made, None))
    before = estimates(exhibit, world)
    silent = [name for name in exhibit.uses if not differ(estimates(exhibit, world, **{name: OTHER[name]}), before)]
    assert silent == []
    others = {name: value for name, value in OTHER.items() if name not in exhibit.uses}
    assert not differ(estimates(exhibit, world, **others), before)


def test_names_and_numbers_are_those_of_the_paper() -> None:
    assert [exhibit.number for exhibit in EXHIBITS] == [
        *("Table 2", "Table A.2", "Table A.5", "Table A.8", "Table A.9", "Table A.14", "Figure 2", "Figure 3"),
        *("Table 3", "Table A.3", "Table A.6", "Table A.10", "Table A.11", "Table A.12", "Table A.13"),
    ]
    for exhibit in EXHIBITS:
        assert exhibit.name == exhibit.number.lower().replace(" ", "_").replace(".", "")
