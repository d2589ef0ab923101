"""Ways to treat zeros agree where they must, and depend on the unit as Chen and Roth say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Robust
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.ppml import percent, ppml
from eventpanel.estimators.target import Target
from eventpanel.estimators.zeros import rescaled, zero_handling
from tests.estimators.designs import design
from tests.panels import random_frame


def panel_of_deals(seed: int = 1) -> Panel:
    frame = random_frame(seed, units=30, periods=10)
    deals = np.random.default_rng(seed).poisson(0.4 * np.exp(0.3 * frame["x"])).astype(float)
    return Panel(frame.assign(deals=np.where(np.arange(len(frame)) % 41 == 0, np.nan, deals)), ("importer",), "year")


DEALS = design(outcome="deals")


def test_each_way_is_the_estimate_it_names() -> None:
    panel, target = panel_of_deals(), Target(event_time=1)
    table = zero_handling(panel, DEALS, target, "deals", factors=[1, 10])
    rows = {str(name): part for name, part in table.groupby("outcome")}
    frame = panel.frame
    logs = np.log(frame["deals"].where(frame["deals"] > 0))
    ways = {
        "log(1 + y)": (100, np.log1p(10 * frame["deals"])),
        "arcsinh": (100, np.arcsinh(frame["deals"])),
        "any": (100, (frame["deals"] > 0).where(frame["deals"].notna()).astype(float)),
        "count": (1, frame["deals"]),
        "log of positive values": (100, logs),
    }
    for name, (scale, values) in ways.items():
        found = target.of(distributed_lag(panel.with_frame(frame.assign(deals=values)), DEALS))
        row = rows[name].iloc[-1]
        assert row["estimate"] == pytest.approx(scale * found.coef[0], rel=1e-9)
        assert row["std_error"] == pytest.approx(scale * found.std_errors.iloc[0], rel=1e-9)
        assert row["conf_high"] == pytest.approx(scale * found.conf_int()["upper"].iloc[0], rel=1e-9)
        assert row["nobs"] == found.nobs
    counts = target.of(ppml(panel, DEALS))
    row = rows["Poisson"].iloc[0]
    expected = percent(counts).iloc[0]
    assert row[["estimate", "std_error", "conf_low", "conf_high"]].tolist() == pytest.approx(
        expected.tolist(), rel=1e-9
    )
    assert row["p_value"] == counts.pvalues.iloc[0]


def test_every_row_says_its_unit_and_whether_it_depends_on_that_of_the_outcome() -> None:
    table = zero_handling(panel_of_deals(), DEALS, Target(), "deals", factors=[1])
    said = table.set_index("outcome")[["unit", "on_unit"]].T.to_dict("list")
    assert said == {
        "any": ["percentage points", "none"],
        "count": ["deals", "proportional to the unit"],
        "Poisson": ["per cent", "none"],
        "log(1 + y)": ["log points, unit-dependent", "depends on the unit"],
        "arcsinh": ["log points, unit-dependent", "depends on the unit"],
        "log of positive values": ["log points, among positive rows", "none"],
    }


def test_what_depends_on_the_unit_is_found_and_not_assumed() -> None:
    table = rescaled(panel_of_deals(), DEALS, Target(), "deals", factors=[1e-3, 1, 1e3])
    found = table.groupby("outcome")["on_unit"].unique().map(list).to_dict()
    depends = ["depends on the unit"]
    assert found == {"any": ["none"], "Poisson": ["none"], "log(1 + y)": depends, "arcsinh": depends}
    # Where no row is zero, arcsinh of large numbers is a logarithm: nothing depends but by the share 1 / (4 y^2).
    panel = panel_of_deals()
    large = panel.with_frame(panel.frame.assign(deals=1e9 * (1 + panel.frame["deals"])))
    table = rescaled(large, DEALS, Target(), "deals", factors=[1, 1000])
    assert set(table.loc[table["outcome"] == "arcsinh", "on_unit"]) == {"none"}
    # And a dummy that never varies has no estimate, and says why.
    rows = table[table["outcome"] == "any"]
    assert rows["estimate"].isna().all() and set(rows["on_unit"]) == {"unknown"} and (rows["note"] != "").all()


def test_ten_times_the_unit_adds_log_ten_times_the_extensive_margin() -> None:
    """Chen and Roth: log(1 + a y) is log a + log y where y is positive and a is large, and zero where it is zero."""
    panel = panel_of_deals()
    table = zero_handling(panel, DEALS, Target(), "deals", factors=[1e8, 1e9])
    first, second = table.loc[table["outcome"] == "log(1 + y)", "estimate"].to_numpy()
    extensive = table.loc[table["outcome"] == "any", "estimate"].to_numpy()[0]
    # What is left of the one is 1 / (a y) at most, 1e-8, of coefficients times 100.
    assert second - first == pytest.approx(np.log(10) * extensive, abs=1e-5)


def test_small_units_lead_to_the_count() -> None:
    """log(1 + a y) is a y where a y is small; what is left is a y / 2 of it."""
    table = zero_handling(panel_of_deals(), DEALS, Target(), "deals", factors=[1e-7])
    found = dict(zip(table["outcome"], table["estimate"], strict=True))
    assert found["log(1 + y)"] / 1e-7 / 100 == pytest.approx(found["count"], rel=1e-5)


def test_an_estimator_that_refuses_leaves_its_row_empty_with_the_reason() -> None:
    table = zero_handling(panel_of_deals(), replace(DEALS, covariance=Robust("HC3")), Target(), "deals", factors=[1])
    (row,) = table[table["outcome"] == "Poisson"].to_dict("records")
    assert np.isnan(row["estimate"]) and "linear" in row["note"] and row["nobs"] == 0
    assert table["estimate"].notna().sum() == 5
    assert (table.loc[table["estimate"].notna(), "note"] == "").all()


def test_columns_of_the_panel_stay_what_they_are() -> None:
    panel = panel_of_deals()
    plain = zero_handling(panel, DEALS, Target(), "deals", factors=[1])
    frame = panel.frame.rename(columns={"control": "any"}).assign(count=1.0)
    named = zero_handling(panel.with_frame(frame), replace(DEALS, controls=("any",)), Target(), "deals", factors=[1])
    other = zero_handling(panel, replace(DEALS, controls=("control",)), Target(), "deals", factors=[1])
    assert named["estimate"].tolist() == other["estimate"].tolist() != plain["estimate"].tolist()


def test_negative_values_and_factors_are_refused() -> None:
    panel = panel_of_deals()
    with pytest.raises(DesignError, match="negative"):
        zero_handling(panel, DEALS, Target(), "control")
    with pytest.raises(DesignError, match="factor"):
        rescaled(panel, DEALS, Target(), "deals", factors=[0.0])
