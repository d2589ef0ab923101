"""The first column made alone is the first column of the whole exhibit."""

from __future__ import annotations

import pandas as pd
import pytest

from eventpanel.brookings import comparative_advantage
from eventpanel.brookings.catalogue import CATALOGUE
from eventpanel.brookings.exhibit import Exhibit, numbers
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.simulated import simulate_materials

KEYS = ["panel", "column", "term"]


@pytest.fixture(scope="module")
def world() -> Materials:
    return simulate_materials(1)


@pytest.mark.parametrize("exhibit", [one for one in CATALOGUE if one.first is not None], ids=lambda one: one.name)
def test_the_first_column_alone(world: Materials, exhibit: Exhibit, monkeypatch: pytest.MonkeyPatch) -> None:
    # The first column alone has no placebo exporters.
    monkeypatch.setattr(comparative_advantage, "with_placebos", lambda panel, ask, made, switches: (made, None))
    assert exhibit.first is not None
    alone = numbers(exhibit.first(world, Switches())).set_index(KEYS)
    whole = numbers(exhibit.make(world, Switches())).set_index(KEYS)
    assert len(alone.reset_index()[["panel", "column"]].drop_duplicates()) == 1
    pd.testing.assert_frame_equal(alone, whole.loc[alone.index], rtol=1e-12)
