"""Many designs at once against one at a time."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.events import Threshold
from eventpanel.estimators.many import estimate_many
from eventpanel.estimators.solution import EstimationWarning
from tests.estimators.test_regression import PAIRS, REGIME, of_pairs, pairs


def varied(frame: pd.DataFrame, **changes: Any) -> tuple[Panel, dict[Any, Design]]:
    panel, base = of_pairs(frame, **changes)
    rng = np.random.default_rng(5)
    held = panel.frame.assign(z=panel.frame["y"] ** 2, w=rng.normal(size=len(panel.frame)))
    held["gap"] = held["y"].where(rng.random(len(held)) > 0.05)
    designs: dict[Any, Design] = {}
    for outcome in ("y", "z", "gap"):
        for threshold in (0.0, 1.0):
            event = replace(base.event, kind="threshold", threshold=Threshold(rule="absolute", value=threshold))
            for effects in (PAIRS, ("importer", "year"), ("importer^exporter", "regime^year")):
                for sample in (Sample(), Sample(where=(("exporter", ("X0", "X1", "X3")),))):
                    for controls in ((), ("control",), ("control", "w")):
                        changed = replace(
                            base, outcome=outcome, event=event, fixed_effects=effects, sample=sample, controls=controls
                        )
                        designs[outcome, threshold, effects, bool(sample.where), controls] = changed
    return panel.with_frame(held), designs


def one_by_one(panel: Panel, designs: dict[Any, Design]) -> pd.DataFrame:
    tables = []
    for label, design in designs.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EstimationWarning)
            got = distributed_lag(panel, design)
        tables.append(got.tidy().assign(label=[label] * len(got.tidy()), nobs=got.nobs, n_clusters=got.n_clusters))
    return pd.concat(tables, ignore_index=True)


@pytest.mark.parametrize("drop", [0, 25])
@pytest.mark.parametrize("changes", [{}, {"moderator": None}, {"weights": "weight"}])
def test_the_numbers_are_those_of_single_estimates(drop: int, changes: dict[str, object]) -> None:
    frame = pairs()
    lost = np.random.default_rng(2).choice(len(frame), drop, replace=False).tolist()
    panel, designs = varied(frame.drop(index=lost), **changes)
    if "moderator" in changes:
        designs = {k: replace(d, moderator=None) for k, d in designs.items() if "regime^year" not in d.fixed_effects}
    got, want = estimate_many(panel, designs), one_by_one(panel, designs)
    assert got["design"].tolist() == want["label"].tolist()
    for column in ("term", "group", "nobs", "n_clusters"):
        assert got[column].tolist() == want[column].tolist()
    for column in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
        np.testing.assert_allclose(got[column], want[column], rtol=1e-8, atol=1e-11)


def test_collinear_terms_are_missing() -> None:
    panel, base = of_pairs(pairs(), moderator=REGIME)
    twice = panel.with_frame(panel.frame.assign(twin=2 * panel.frame["control"]))
    designs = {"both": replace(base, controls=("control", "twin")), "one": replace(base, controls=("control",))}
    table = estimate_many(twice, designs).set_index(["design", "term"])["estimate"]
    assert np.isnan(table["both", "twin"])
    assert table["both"].drop("twin").to_numpy() == pytest.approx(table["one"].to_numpy(), rel=1e-9)
