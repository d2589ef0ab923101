"""Our numbers and linearmodels' on the studies people run."""

from __future__ import annotations

import pytest

from eventpanel.build import build_designs, build_panel
from eventpanel.estimators.cross_check import cross_check
from eventpanel.study import load_study
from tests.estimators.designs import design
from tests.panels import random_panel


@pytest.mark.parametrize("name", ["regimes", "suppliers"])
def test_the_demo_agrees(name: str) -> None:
    study = load_study("demo")
    table = cross_check(build_panel(study), build_designs(study)[name])
    assert len(table) == 10
    assert table["difference"].max() < 1e-10


def test_weights_and_controls_agree() -> None:
    table = cross_check(random_panel(3), design(weights="weight", controls=("control",)))
    assert table["term"].iloc[-1] == "control"
    # With weights linearmodels absorbs by iteration, to a tolerance of its own near 1e-8.
    assert table["difference"].max() < 1e-7
