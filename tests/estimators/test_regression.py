"""Regression on cells against the same regression on rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.cluster_robust import crv2, crv3, leave_one_out
from eventpanel.estimators.core.least_squares import least_squares
from eventpanel.estimators.core.moments import moments
from eventpanel.estimators.core.sandwich import clustered
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.matrices import matrices
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.regression import Regression, by_rows, compact
from tests.estimators.designs import design

REGIME = Moderator(name="regime", column="regime", timing="fixed", groups=("low", "high"))
SUPPLIER = Moderator(name="supplier", column="side", timing="fixed", groups=("east", "west"))
PAIRS = ("importer^exporter", "exporter^year")


def pairs(seed: int = 1, importers: int = 16, exporters: int = 4, years: int = 9) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    keys = [(f"I{i:02d}", f"X{e}", 2000 + t) for i in range(importers) for e in range(exporters) for t in range(years)]
    frame = pd.DataFrame(keys, columns=["importer", "exporter", "year"])
    unrest = rng.poisson(0.8, (importers, years)).astype(float)
    number = frame["importer"].str[1:].astype(int)
    frame["x"] = unrest[number, frame["year"] - 2000]
    frame["regime"] = np.where(number < importers // 2, "low", "high")
    frame["side"] = np.where(frame["exporter"] < "X2", "east", "west")
    frame["weight"] = rng.uniform(0.5, 2.0, len(frame))
    frame["control"] = rng.normal(size=len(frame))
    frame["y"] = frame["x"] + rng.normal(size=len(frame)) + number
    return frame


def of_pairs(frame: pd.DataFrame, **changes: object) -> tuple[Panel, Design]:
    base = design(fixed_effects=PAIRS, moderator=REGIME)
    asked = replace(base, event=replace(base.event, by="importer"), **changes)  # type: ignore[arg-type]
    return Panel(frame, ("importer", "exporter"), "year"), asked


def results(r: Regression, k: int) -> list[np.ndarray]:
    within = absorb(np.column_stack([r.y, r.X]), r.effects, r.weights).columns
    fit = least_squares(within[:, 0], within[:, 1:], r.weights)
    m = moments(r.y, r.X, r.effects, r.clusters, r.weights)
    vcov, dof = crv2(m)
    return [fit.coef, m.coef[:k], fit.bread, clustered(fit, r.clusters), vcov, dof, crv3(m), leave_one_out(m)]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"moderator": None},
        {"fixed_effects": ("importer", "year")},
        {"fixed_effects": ("importer", "exporter", "year")},
        {"fixed_effects": ("importer^exporter", "regime^year")},
        {"fixed_effects": ("importer^exporter", "exporter^regime^year")},
        {"moderator": SUPPLIER, "fixed_effects": (*PAIRS, "supplier")},
        {"moderator": SUPPLIER, "fixed_effects": ("importer", "year")},
        {"sample": Sample(first=2003)},
        {"fixed_effects": ()},
    ],
)
def test_cells_are_the_rows(changes: dict[str, object]) -> None:
    m = matrices(*of_pairs(pairs(), **changes))
    small, whole = compact(m), by_rows(m)
    assert len(small.y) * 2 <= len(whole.y)
    for got, want in zip(results(small, len(m.terms)), results(whole, len(m.terms)), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-10 * np.abs(want).max())


def test_importers_may_enter_late_if_all_their_pairs_do() -> None:
    frame = pairs()
    late = (frame["importer"] == "I03") & (frame["year"] < 2004)
    m = matrices(*of_pairs(frame[~late]))
    small, whole = compact(m), by_rows(m)
    assert len(small.y) < len(whole.y)
    for got, want in zip(results(small, len(m.terms)), results(whole, len(m.terms)), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-10 * np.abs(want).max())


@pytest.mark.parametrize("lost", [4, 40, 572])
def test_one_missing_pair_is_enough_to_keep_the_rows(lost: int) -> None:
    m = matrices(*of_pairs(pairs().drop(index=lost)))
    assert len(compact(m).y) == len(m.y)


@pytest.mark.parametrize("changes", [{"weights": "weight"}, {"controls": ("control",)}])
def test_what_differs_inside_cells_keeps_the_rows(changes: dict[str, object]) -> None:
    m = matrices(*of_pairs(pairs(), **changes))
    assert len(compact(m).y) == len(m.y)


def test_clusters_inside_cells_keep_the_rows() -> None:
    m = matrices(*of_pairs(pairs(), covariance=Clustered("exporter", "reghdfe")))
    assert len(compact(m).y) == len(m.y)
