"""Whose surveillance technology countries use: shares by regime, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eventpanel.brookings.exhibit import numbers
from eventpanel.brookings.suppliers import EXHIBITS, by_regime, exhibits_of
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel
from tests.brookings.toy_exhibits import toy_materials

# Country: Polity in 2014 and 2018, Chinese and American technology.
TICKS = {
    "KEN": (9, 9, 1, 0), "UGA": (-1, -1, 1, 1), "EGY": (-4, -4, 0, 1), "IRN": (-7, -7, 1, 0), "FRA": (9, 10, 1, 1),
    "SAU": (-10, 8, 0, 1), "DEU": (10, 10, 0, 1), "MLT": (np.nan, np.nan, 1, 0),
}  # fmt: skip


@pytest.fixture
def materials() -> Materials:
    rows = [
        (name, year, score)
        for name, (early, late, *_) in TICKS.items()
        for year, score in ((2014, early), (2018, late))
    ]
    countries = pd.DataFrame(rows, columns=["importer", "year", "polity2"])
    ticks = pd.DataFrame([(name, *one[2:]) for name, one in TICKS.items()])
    ticks.columns = pd.Index(["importer", "technology_from_chn", "technology_from_usa"])
    return replace(
        toy_materials("public", {}),
        countries=Panel(countries, ("importer",), "year"),
        importers=Panel(ticks, ("importer",), None),
    )


def test_regimes_are_those_of_the_last_year_with_a_score(materials: Materials) -> None:
    weak = by_regime(materials, Switches())["weak"]
    # Saudi Arabia's score of this example rose between the years.
    assert weak.drop("MLT").to_dict() == {"KEN": 0, "UGA": 1, "EGY": 1, "IRN": 1, "FRA": 0, "SAU": 0, "DEU": 0}
    assert np.isnan(weak["MLT"])


def test_shares_and_differences_by_hand(materials: Materials) -> None:
    content = EXHIBITS[0].make(materials, Switches())
    table = numbers(content).set_index(["column", "term"])
    weak, mature, gap = (column.head for column in content.columns)
    assert table.loc[(weak, "Chinese technology"), "estimate"] == pytest.approx(2 / 3)
    assert table.loc[(mature, "Chinese technology"), "estimate"] == 0.5
    assert table.loc[(weak, "Both"), "estimate"] == pytest.approx(1 / 3)
    assert table.loc[(mature, "American technology"), "estimate"] == 0.75
    errors = np.sqrt([2 / 9 / 3, 1 / 4 / 4])
    assert table.loc[(weak, "Chinese technology"), "std_error"] == pytest.approx(errors[0])
    assert table.loc[(gap, "Chinese technology"), "estimate"] == pytest.approx(2 / 3 - 0.5)
    assert table.loc[(gap, "Chinese technology"), "std_error"] == pytest.approx(np.hypot(*errors))
    assert "without one: MLT" in " ".join(content.notes)


def test_only_data_with_the_index_have_the_exhibit(materials: Materials) -> None:
    assert exhibits_of(materials) == EXHIBITS
    without = replace(materials, importers=None)
    assert exhibits_of(without) == ()
    with pytest.raises(NotAvailableError):
        EXHIBITS[0].make(without, Switches())
