"""Few treated units and placebo units at the door."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Sample
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.events import Event
from eventpanel.estimators.few_treated import FewTreated, few_treated
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.placebo_units import Placebo, placebo_units
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.solution import EstimationWarning
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import design
from tests.panels import random_frame

pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.solution.EstimationWarning")
SHORT = EventWindow(leads=1, lags=1, reference=None)
HOW = FewTreated(draws=2000, seed=1)


def frame(units: int = 30, treated: int = 2, effect: float = 1.0) -> pd.DataFrame:
    """Events happen in the first units only; the outcome moves by the effect in the same year."""
    out = random_frame(5, units=units, periods=12)
    number = out["importer"].str[1:].astype(int)
    out["x"] = np.where(number < treated, out["x"], 0.0)
    out["size"] = 1.0 + number % 5
    out["y"] = effect * out["x"] + np.random.default_rng(8).normal(size=len(out)) + 0.1 * number
    return out


def panel_of(table: pd.DataFrame) -> Panel:
    return Panel(table, ("importer",), "year")


def test_the_table() -> None:
    asked = design(window=SHORT)
    table = few_treated(panel_of(frame()), asked, HOW)
    estimate = distributed_lag(panel_of(frame()), asked)
    np.testing.assert_allclose(table["estimate"], estimate.coef)
    assert table["term"].tolist() == estimate.names
    assert (table[["treated", "controls", "left_out", "draws"]].to_numpy() == [2, 28, 0, 784]).all()
    assert table["enumerated"].all()
    assert ((table["conf_low"] < table["estimate"]) & (table["estimate"] < table["conf_high"])).all()
    inside = (table["conf_low"] <= 0) & (table["conf_high"] >= 0)
    assert (inside == (table["p_value"] > 0.05)).all()
    assert table["p_value"].to_numpy()[1] < 0.05


def test_the_interval_equals_one_by_hand() -> None:
    table = frame(units=45, treated=1)
    got = few_treated(panel_of(table), design(window=SHORT), HOW, level=0.9)
    wide = {k: table.groupby("importer")["x"].shift(k).to_numpy() for k in (-1, 0, 1)}
    rows = np.asarray(~np.isnan(np.array(list(wide.values()))).any(axis=0))
    unit, year = (pd.factorize(table[c][rows])[0] for c in ("importer", "year"))
    columns = np.column_stack([table["y"], *wide.values()])[rows]
    within = absorb(columns, [unit, year]).columns
    X, y = within[:, 1:], within[:, 0]
    coef = np.linalg.lstsq(X, y, rcond=None)[0]
    residuals = (y - X @ coef).reshape(45, -1)
    errors = residuals[1:] @ X[unit == 0] @ np.linalg.inv(X.T @ X)
    ordered = np.sort(errors, axis=0)
    # 45 ranks, 5 % on each side: the second value from each end.
    np.testing.assert_allclose(got["conf_low"], coef - ordered[-2], rtol=1e-9)
    np.testing.assert_allclose(got["conf_high"], coef - ordered[1], rtol=1e-9)


def test_equal_sizes_are_conley_and_taber() -> None:
    table = frame().assign(size=3.0)
    want = few_treated(panel_of(table), design(window=SHORT), HOW)
    got = few_treated(panel_of(table), design(window=SHORT), FewTreated(draws=2000, seed=1, size="size"))
    numbers = ["estimate", "p_value", "conf_low", "conf_high"]
    np.testing.assert_allclose(got[numbers].to_numpy(), want[numbers].to_numpy(), rtol=1e-9)


def test_small_treated_units_get_wider_intervals_where_small_units_vary_more() -> None:
    table = frame(units=60)
    table["y"] = table["x"] + np.random.default_rng(1).normal(size=len(table)) * (5 / table["size"])
    table["size"] = table["size"] ** 2
    plain = few_treated(panel_of(table), design(window=SHORT), HOW)
    sized = few_treated(panel_of(table), design(window=SHORT), FewTreated(draws=2000, seed=1, size="size"))
    width = [(one["conf_high"] - one["conf_low"]).to_numpy() for one in (sized, plain)]
    # Sizes of the treated are 1 and 4, those of all 1 to 25.
    assert (width[0] > 1.2 * width[1]).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.sample(frac=1, random_state=1),
        lambda f: f.assign(importer="Z" + f["importer"]),
        lambda f: f.assign(y=f["y"] + (f["year"] - 2000) ** 2),
        lambda f: f.assign(size=f["size"] * 1e6),
    ],
)
def test_what_must_not_matter(change: Any) -> None:
    how = FewTreated(draws=2000, seed=1, size="size")
    base = few_treated(panel_of(frame()), design(window=SHORT), how)
    got = few_treated(panel_of(change(frame())), design(window=SHORT), how)
    np.testing.assert_allclose(got["conf_low"], base["conf_low"], rtol=1e-7)
    np.testing.assert_allclose(got["p_value"], base["p_value"], atol=1e-12)


def test_weights_scale_and_dyads() -> None:
    """Exporters added up have the same estimate and, errors being sums too, the same interval."""
    table, rng = frame(), np.random.default_rng(2)
    dyads = pd.concat([table.assign(exporter=e, y=table["x"] + rng.normal(size=len(table))) for e in "ABC"])
    event = Event(column="x", kind="dose", by="importer")
    effects = ("importer^exporter", "exporter^year")
    asked = design(window=SHORT, event=event, fixed_effects=effects)
    got = few_treated(Panel(dyads, ("exporter", "importer"), "year"), asked, HOW)
    total = dyads.groupby(["importer", "year", "x"])[["y"]].sum().reset_index()
    want = few_treated(panel_of(total), design(window=SHORT), HOW)
    for name in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(got[name] * 3, want[name], rtol=1e-9)
    twice = few_treated(panel_of(total.assign(w=2.0)), design(window=SHORT, weights="w"), HOW)
    np.testing.assert_allclose(twice["conf_low"], want["conf_low"], rtol=1e-9)


def test_a_control_without_the_rows_of_the_treated_is_left_out_by_name() -> None:
    table = frame()
    table.loc[(table["importer"] == "U007") & (table["year"] == 2005), "y"] = np.nan
    with pytest.warns(EstimationWarning, match="left out: U007"):
        got = few_treated(panel_of(table), design(window=SHORT), HOW)
    assert (got["left_out"] == 1).all()
    assert (got["controls"] == 27).all()


def test_what_is_refused() -> None:
    with pytest.raises(DesignError, match="Draws are needed"):
        FewTreated(draws=0, seed=1)
    with pytest.raises(DesignError, match="too few units without an event"):
        few_treated(panel_of(frame(treated=30)), design(window=SHORT), HOW)
    sizes = frame().assign(size=lambda f: f["size"].where(f["importer"] != "U004", 0.0))
    with pytest.raises(DesignError, match=r"not positive[\s\S]*U004"):
        few_treated(panel_of(sizes), design(window=SHORT), FewTreated(draws=9, seed=1, size="size"))
    with pytest.raises(DesignError, match="between 0 and 1"):
        few_treated(panel_of(frame()), design(window=SHORT), HOW, level=95)


def dyads_of(exporters: str, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    base = random_frame(6, units=8, periods=7)
    table = pd.concat([base.assign(exporter=e, y=rng.normal(size=len(base))) for e in exporters], ignore_index=True)
    table["y"] += np.where(table["exporter"] == "C", 2.0 * table["x"], 0.0)
    return table.assign(maker=np.where(table["exporter"] == "C", "China", "others"))


MAKER = Moderator(name="maker", column="maker", timing="fixed", groups=("China", "others"))
CHINA = Placebo(by="exporter", actual="C", column="maker")
DYADIC = design(
    window=SHORT,
    event=Event(column="x", kind="dose", by="importer"),
    fixed_effects=("importer^exporter", "exporter^year"),
    moderator=MAKER,
)


@pytest.mark.parametrize("missing", [False, True])
def test_placebo_exporters_are_estimates_with_another_label(missing: bool) -> None:
    table, seen = dyads_of("ABCDEF"), list[str]()
    if missing:
        table = table[np.random.default_rng(3).random(len(table)) > 0.1]
    panel = Panel(table, ("exporter", "importer"), "year")
    got = placebo_units(panel, DYADIC, CHINA, step=seen.append)
    assert seen == list("ABDEF")
    assert got.groupby("unit", sort=False).size().to_dict() == dict.fromkeys("CABDEF", 6)
    for exporter in "ACE":
        labelled = table.assign(maker=np.where(table["exporter"] == exporter, "China", "others"))
        want = distributed_lag(Panel(labelled, ("exporter", "importer"), "year"), DYADIC)
        part = got[got["unit"] == exporter]
        np.testing.assert_allclose(part["estimate"], want.coef, rtol=1e-9)
        np.testing.assert_allclose(part["statistic"], want.tstats, rtol=1e-9)
    now = got[got["term"] == "x, same period [China]"].set_index("unit")
    size = now["estimate"].abs()
    assert now["p_estimate"].to_dict() == {u: (size >= size[u]).mean() for u in now.index}
    assert now.loc["C", "p_estimate"] == 1 / 6
    assert now["actual"].to_dict() == {u: u == "C" for u in now.index}


def test_placebo_units_exchange_their_events() -> None:
    table = frame(units=12, treated=1)
    got = placebo_units(panel_of(table), design(window=SHORT), Placebo(by="importer", actual="U000", column="x"))
    record = table[table["importer"] == "U000"].set_index("year")["x"]
    moved = table.assign(x=np.where(table["importer"] == "U005", table["year"].map(record), 0.0))
    want = distributed_lag(panel_of(moved), design(window=SHORT))
    np.testing.assert_allclose(got[got["unit"] == "U005"]["estimate"], want.coef, rtol=1e-9)
    data = got[got["actual"] & (got["event_time"] == 0)]
    assert data["p_estimate"].tolist() == [1 / 12]


def test_placebo_units_take_another_estimator_and_fewer_units() -> None:
    table = dyads_of("ABCD")
    table["y"] = np.random.default_rng(1).poisson(1.0, len(table))
    panel = Panel(table, ("exporter", "importer"), "year")
    asked = design(
        window=SHORT,
        event=Event(column="x", kind="dose", by="importer"),
        fixed_effects=("importer^exporter", "exporter^year"),
        moderator=MAKER,
        covariance=Clustered("importer", "ppmlhdfe"),
    )
    few = Placebo(by="exporter", actual="C", column="maker", among=("A", "C"))
    got = placebo_units(panel, asked, few, estimator=ppml)
    assert got["unit"].unique().tolist() == ["C", "A"]
    np.testing.assert_allclose(got[got["actual"]]["estimate"], ppml(panel, asked).coef, rtol=1e-9)


def test_a_placebo_that_cannot_be_estimated_counts_against_the_data() -> None:
    table = dyads_of("ABCD")
    # Exporter A is seen for two importers only: as a group of its own it has too few clusters.
    table = table[(table["exporter"] != "A") | table["importer"].isin(["U000", "U001"])]
    got = placebo_units(Panel(table, ("exporter", "importer"), "year"), DYADIC, CHINA)
    lost = got[got["unit"] == "A"]
    assert lost["estimate"].isna().all()
    assert lost["remark"].str.contains("2 cluster").all()
    assert (got[got["actual"]]["p_estimate"] >= 2 / 4).all()


def test_placebos_that_make_no_sense_are_refused() -> None:
    panel = Panel(dyads_of("ABC"), ("exporter", "importer"), "year")
    with pytest.raises(DesignError, match="no unit column"):
        placebo_units(panel, DYADIC, Placebo(by="maker", actual="China", column="maker"))
    with pytest.raises(DesignError, match="There is no exporter 'X'"):
        placebo_units(panel, DYADIC, Placebo(by="exporter", actual="X", column="maker"))
    with pytest.raises(DesignError, match="no row has"):
        placebo_units(panel, design(sample=Sample(where=(("exporter", ("Q",)),)), event=DYADIC.event), CHINA)
