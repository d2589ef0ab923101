"""Counts from tables by cluster are those of the rows that are left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Mask
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event
from eventpanel.estimators.target import Target
from eventpanel.estimators.without import ByClusters, by_clusters
from tests.estimators.designs import REGIME
from tests.estimators.designs import design as plain
from tests.panels import random_frame

pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.cautions.EstimationWarning")


def dyads(missing: float) -> Panel:
    """Three exporters face each importer; of two columns nearly a whole level belongs to one importer."""
    frame = random_frame(units=16, periods=8)
    parts = [frame.assign(exporter=name, y=frame["y"] + 0.1 * place) for place, name in enumerate("ABC")]
    frame = pd.concat(parts, ignore_index=True)
    frame["year_of"] = np.where(frame["importer"] == "U003", "own", frame["year"].astype(str))
    frame["alone"] = np.where((frame["importer"] == "U003") & (frame["year"] == 2004), "alone", "all")
    frame.loc[(frame["importer"] == "U005") & (frame["exporter"] == "A") & (frame["year"] == 2003), "alone"] = "alone"
    keep = np.random.default_rng(2).random(len(frame)) >= missing
    return Panel(frame[keep].reset_index(drop=True), ("exporter", "importer"), "year")


def design(**changes: Any) -> Design:
    return plain(event=Event(column="x", kind="dose", by="importer"), **changes)


def found_by(panel: Panel, asked: Design) -> ByClusters:
    found = by_clusters(panel, asked, Target(group="low" if asked.moderator else ""))
    assert found is not None
    return found


def outs(number: int) -> list[Mask]:
    """Each cluster, and some sets of up to all but two."""
    rng = np.random.default_rng(4)
    sets = [rng.permutation(number) < size for size in (2, 3, 5, number // 2, number - 2) for _ in range(3)]
    return [*np.eye(number, dtype=bool), *sets]


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("rule", ["reghdfe", "fixest"])
@pytest.mark.parametrize(
    ("effects", "moderator"),
    [
        (("exporter^importer", "year"), None),
        (("exporter^importer", "regime^year"), REGIME),
        (("year",), None),
        (("importer", "year_of"), None),
        (("importer", "alone"), None),
        (("exporter", "year"), None),
    ],
)
def test_answers_are_those_of_the_rows(
    missing: float, rule: Literal["reghdfe", "fixest"], effects: tuple[str, ...], moderator: Any
) -> None:
    asked = design(fixed_effects=effects, moderator=moderator, covariance=Clustered("importer", rule))
    found = found_by(dyads(missing), asked)
    assert found.tables is not None
    by_rows = replace(found, tables=None)
    for out in outs(16):
        # Whole numbers on both sides, and the same sums after them.
        assert found.answer(out) == by_rows.answer(out) or found.answer(out) is by_rows.answer(out) is None


def test_tables_tell_where_they_can_and_only_there() -> None:
    one = np.eye(16, dtype=bool)
    even = found_by(dyads(0.0), design(fixed_effects=("exporter^importer", "year"))).tables
    assert even is not None
    assert all(even.without(out) is not None for out in one)
    # With U003 gone a single row is left at its level.
    lone = found_by(dyads(0.0), design(fixed_effects=("importer", "alone"))).tables
    assert lone is not None
    assert [lone.without(out) is None for out in one] == [place == 3 for place in range(16)]


@pytest.mark.parametrize("effects", [(), ("importer", "exporter^importer"), ("importer", "exporter", "year")])
def test_other_effects_are_counted_by_rows(effects: tuple[str, ...]) -> None:
    assert found_by(dyads(0.0), design(fixed_effects=effects)).tables is None
