"""Weights: effects in single cells as outcomes, sums of one and zero, dyads, differences by plain least squares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.events import Event
from eventpanel.estimators.twfe_weights import TwfeWeights, twfe_weights
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame, random_panel

pytestmark = pytest.mark.filterwarnings("ignore:the effect at event time")
Kind = Literal["levels", "differences"]
KINDS: tuple[Kind, ...] = ("levels", "differences")
STATIC = EventWindow(leads=0, lags=0, reference=None)
CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"controls": ("control",), "weights": "weight"},
    {"moderator": REGIME},
    {"window": EventWindow(leads=2, lags=1, reference=-1, ends="bin")},
    {"window": STATIC},
)


def dyads(seed: int = 0, exporters: int = 6) -> Panel:
    """Importers' events, and an outcome of pairs with exporters."""
    frame = random_frame(seed, units=24, periods=10)
    pairs = frame.merge(pd.DataFrame({"exporter": [f"E{e}" for e in range(exporters)]}), how="cross")
    pairs["y"] += np.random.default_rng(seed).normal(size=len(pairs))
    return Panel(pairs, ("importer", "exporter"), "year")


def sums(found: TwfeWeights) -> Floats:
    table = found.table
    return np.asarray(table["total"].to_numpy().reshape(len(found.terms), len(found.effects)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("changes", CHANGES)
def test_own_weights_add_up_to_one_and_others_to_zero(kind: Kind, changes: dict[str, Any]) -> None:
    found = twfe_weights(random_panel(2, missing=0.1), design(**changes), kind=kind)
    # Sums of about 500 products: rounding of 1e-16 each.
    np.testing.assert_allclose(sums(found), np.eye(len(found.terms)), atol=1e-12)
    assert found.terms == found.effects


@pytest.mark.parametrize("changes", CHANGES)
def test_coefficients_are_those_of_the_distributed_lag(changes: dict[str, Any]) -> None:
    panel = random_panel(2, missing=0.1)
    estimate = distributed_lag(panel, design(**changes))
    found = twfe_weights(panel, design(**changes))
    want = estimate.params[[str(term) for term in found.terms]].to_numpy()
    np.testing.assert_allclose(found.coef, want, rtol=1e-10, atol=1e-13)


def with_effect(panel: Panel, found: TwfeWeights, cell: int, effect: int) -> Panel:
    """Panel whose outcome is the effect of one event alone, of size one per dose, in one cell."""
    frame = panel.frame.copy()
    unit, year = found.places.loc[cell, ["importer", "year"]]
    here = (frame["importer"] == unit) & (frame["year"] == year)
    frame["y"] = np.where(here, found.doses[cell, effect], 0.0)
    return panel.with_frame(frame)


@pytest.mark.parametrize("changes", CHANGES[:3])
def test_an_effect_in_one_cell_alone_is_the_weight(changes: dict[str, Any]) -> None:
    panel, asked = random_panel(3, units=12, periods=9, missing=0.05), design(**changes)
    found = twfe_weights(panel, asked)
    rng = np.random.default_rng(0)
    for cell, effect in rng.permutation(np.argwhere(found.doses != 0))[:6]:
        with pytest.warns(UserWarning, match="clusters") as caught:
            estimate = distributed_lag(with_effect(panel, found, cell, effect), asked)
        assert len(caught)
        for term in found.terms:
            table = found.cells(term, found.effects[effect])
            got = estimate.params[str(term)]
            assert got == pytest.approx(table["weight"].to_dict()[cell], abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_effects_that_differ_add_up_to_the_coefficients(kind: Kind) -> None:
    panel, asked = random_panel(4, missing=0.1), design(weights="weight")
    found = twfe_weights(panel, asked, kind=kind)
    rng = np.random.default_rng(1)
    effects = rng.normal(size=found.doses.shape)
    outcome = found.places.assign(made=(effects * found.doses).sum(axis=1))
    frame = panel.frame.merge(outcome, how="left", on=["importer", "year"])
    # Rows outside the sample keep an outcome, of which nothing may depend.
    frame["y"] = frame["made"].fillna(frame["y"]) + 10.0 * frame["year"] + frame["importer"].str[1:].astype(float)
    again = twfe_weights(panel.with_frame(frame), asked, kind=kind)
    want = [
        sum(
            float(effects[found.doses[:, j] != 0, j] @ found.cells(term, effect)["weight"])
            for j, effect in enumerate(found.effects)
        )
        for term in found.terms
    ]
    # The year effects are of size 20,000.
    np.testing.assert_allclose(again.coef, want, atol=1e-9)


def test_differences_by_plain_least_squares() -> None:
    panel = random_panel(5, units=20, periods=8, missing=0.15)
    found = twfe_weights(panel, design(window=STATIC), kind="differences")
    before = panel.frame.assign(year=panel.frame["year"] + 1)
    steps = panel.frame.merge(before, on=["importer", "year"], suffixes=("", "_before"))
    change, outcome = steps["x"] - steps["x_before"], steps["y"] - steps["y_before"]
    X = np.column_stack([change, pd.get_dummies(steps["year"]).to_numpy(dtype=float)])
    beta = np.linalg.lstsq(X, outcome.to_numpy(), rcond=None)[0][0]
    assert found.coef[0] == pytest.approx(beta, rel=1e-10)
    left = change - X[:, 1:] @ np.linalg.lstsq(X[:, 1:], change.to_numpy(), rcond=None)[0]
    load = (left / (left @ change)).to_numpy()
    taken = steps[["importer", "year"]].assign(load=load)
    given = steps[["importer"]].assign(year=steps["year"] - 1, load=-load)
    loads = pd.concat([taken, given]).groupby(["importer", "year"])["load"].sum()
    cells = found.cells().set_index(["importer", "year"])
    want = (loads.reindex(cells.index).fillna(0.0) * cells["dose"]).to_numpy()
    np.testing.assert_allclose(cells["weight"], want, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_pairs_count_by_cell_of_the_event(kind: Kind) -> None:
    panel = dyads()
    asked = design(event=Event(column="x", kind="dose", by="importer"), fixed_effects=("importer^exporter", "year"))
    found = twfe_weights(panel, asked, kind=kind)
    np.testing.assert_allclose(sums(found), np.eye(5), atol=1e-12)
    assert not found.places.duplicated().any()
    assert (found.shares == 6).all()
    # Weights of one keep every row, where rows could stand as cells.
    frame = panel.frame.assign(one=1.0)
    plain = twfe_weights(panel.with_frame(frame), replace(asked, weights="one"), kind=kind)
    np.testing.assert_allclose(plain.loads, found.loads, atol=1e-14)
    np.testing.assert_allclose(plain.coef, found.coef, rtol=1e-9)


def test_order_of_rows_does_not_matter() -> None:
    panel = random_panel(6, missing=0.1)
    turned = panel.with_frame(panel.frame.sample(frac=1.0, random_state=0).reset_index(drop=True))
    for kind in KINDS:
        one, other = (twfe_weights(p, design(), kind=kind) for p in (panel, turned))
        pd.testing.assert_frame_equal(one.table, other.table, atol=1e-12)


def staggered() -> tuple[Panel, Design]:
    """One early and one late unit that stay treated, and one that never is: two by three, by hand."""
    frame = pd.DataFrame([(u, t) for u in ("early", "late", "never") for t in (1, 2, 3)], columns=["u", "t"])
    first = frame["u"].map({"early": 2, "late": 3, "never": 9})
    frame["x"] = (frame["t"] >= first).astype(float)
    frame["y"] = frame["x"] * 1.0
    asked = Design(
        outcome="y",
        event=Event(column="x", kind="dose"),
        window=STATIC,
        fixed_effects=("u", "t"),
        covariance=Clustered("u", "none"),
    )
    return Panel(frame, ("u",), "t"), asked


def test_three_units_by_hand() -> None:
    panel, asked = staggered()
    found = twfe_weights(panel, asked)
    # D less means of units (2/3, 1/3, 0) and periods (0, 1/3, 2/3), plus 1/3: in treated cells 1/3, 0 and 1/3.
    cells = found.cells().set_index(["u", "t"])["weight"]
    np.testing.assert_allclose(cells.to_numpy(), [0.5, 0.0, 0.5], atol=1e-14)
    row = found.table.iloc[0]
    assert (row["positive"], row["negative"], row["zero"]) == (2, 0, 1)
    # Weights relative to shares of a third: 1.5, 0, 1.5, whose variance is one half.
    assert row["spread_to_zero"] == pytest.approx(1 / np.sqrt(0.5))
    assert np.isnan(row["spread_to_opposite"])
    np.testing.assert_allclose(found.cells()["natural_weight"], 1 / 3)


def test_measures_are_missing_where_they_mean_nothing() -> None:
    panel = random_panel(7)
    several = twfe_weights(panel, design()).table
    assert several[["spread_to_zero", "spread_to_opposite"]].isna().all(axis=None)
    signed = design(window=STATIC, event=Event(column="x", kind="dose", scale="sd"))
    found = twfe_weights(panel, signed)
    assert found.table[["spread_to_zero", "spread_to_opposite"]].isna().all(axis=None)
    assert found.cells()["natural_weight"].isna().all()


def test_sentences() -> None:
    panel = random_panel(8)
    found = twfe_weights(panel, design())
    table, lines = found.table, str(found).splitlines()
    own = table[table["own"]].iloc[0]
    assert len(lines) == 5
    assert lines[0].startswith(
        f"x, 2 before: a weighted sum of the effects of {own['positive']} cells with positive and {own['negative']} "
        f"with negative weights, which add up to {own['sum_positive']:.3f} and {own['sum_negative']:.3f}"
    )
    other = table[~table["own"] & (table["coefficient"] == "x, 2 before")]
    absolute = other["sum_positive"] - other["sum_negative"]
    assert lines[0].endswith(
        f"enter with weights of {absolute.sum():.3f} in absolute value, {absolute.max():.3f} at one of them."
    )
    assert str(twfe_weights(panel, design(window=STATIC))).endswith(".")


def test_a_term_that_was_not_estimated_keeps_its_effects() -> None:
    frame = pd.DataFrame([(u, t) for u in range(30) for t in range(8)], columns=["importer", "year"])
    # The event happens in the same two years apart everywhere, so that its lead is its lag.
    rng = np.random.default_rng(0)
    frame["x"] = np.where(frame["year"].isin([2, 4, 6]), frame["importer"] % 5, 0.0) * 1.0
    frame["y"] = rng.normal(size=len(frame))
    asked = design(window=EventWindow(leads=1, lags=1, reference=None))
    found = twfe_weights(Panel(frame, ("importer",), "year"), asked)
    assert len(found.terms) == 2 < len(found.effects) == 3
    gone = next(effect for effect in found.effects if effect not in found.terms)
    table = found.table
    assert table.loc[table["effect"] == str(gone), "total"].abs().max() > 0.1
    kept = table[table["effect"] != str(gone)]
    np.testing.assert_allclose(kept["total"], kept["own"].astype(float), atol=1e-12)


def test_what_cannot_be_asked_is_refused() -> None:
    panel = random_panel(9)
    with pytest.raises(DesignError, match="Unknown kind"):
        twfe_weights(panel, design(), kind="logs")  # type: ignore[arg-type]
    with pytest.raises(DesignError, match="has no offset"):
        twfe_weights(panel, design(offset="control"))
    with pytest.raises(DesignError, match="name one of the terms"):
        twfe_weights(panel, design()).cells()
    even = panel.with_frame(panel.frame[panel.frame["year"] % 2 == 0].reset_index(drop=True))
    with pytest.raises(DesignError, match="two periods in a row"):
        twfe_weights(even, design(window=STATIC), kind="differences")
