"""A published lead placebo: trade agreements four years ahead, which should not matter for trade today.

Yotov, Piermartini, Monteiro and Larch (2016), An Advanced Guide to Trade Policy Analysis, chapter 1, exogeneity of
agreements: agreement .520 (.086), four years ahead .077 (.092), with exporter-year, importer-year and pair effects,
every fourth year from 1986 to 2006.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event
from eventpanel.estimators.lead_placebo import lead_placebo
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.window import EventWindow
from tests.reference.test_poisson import table

KEYS = ["exporter", "importer", "pair_id"]


@pytest.fixture(scope="module")
def panel(data_dir: Path) -> Panel:
    """Periods of four years; the record of agreements reaches to 2010, trade to 2006."""
    rows = table(data_dir / "trade" / "agtpa_applications.rda")
    rows = rows.astype(dict.fromkeys(("year", "trade", "rta", "rta_lead4"), float))
    rows = rows[rows["year"].isin([1986, 1990, 1994, 1998, 2002, 2006])]
    # The column of leads leaves out agreements of 1990 and before, which the pair effects absorb.
    older = rows[rows["year"] == 1990].set_index(KEYS)["rta"]
    last = rows[rows["year"] == 2006]
    ahead = last["rta_lead4"].to_numpy() + older.reindex(pd.MultiIndex.from_frame(last[KEYS])).to_numpy()
    frame = pd.concat([rows, last.assign(year=2010.0, trade=np.nan, rta=ahead)], ignore_index=True)
    frame = frame.assign(period=((frame["year"] - 1986) // 4).astype(int))
    frame["flow"] = frame["exporter"].astype(str) + ">" + frame["importer"].astype(str)
    return Panel(frame[["flow", *KEYS, "period", "trade", "rta"]], ("flow",), "period")


def test_agreements_ahead(panel: Panel) -> None:
    design = Design(
        outcome="trade",
        event=Event(column="rta", kind="dose"),
        window=EventWindow(leads=0, lags=0, reference=None),
        fixed_effects=("exporter^period", "importer^period", "pair_id"),
        covariance=Clustered("pair_id", "ppmlhdfe"),
    )
    placebo = lead_placebo(panel, design, (1,), model="poisson")
    # Printed with three decimals.
    assert placebo["estimate"].iloc[0] == pytest.approx(0.077, abs=6e-4)
    assert placebo["std_error"].iloc[0] == pytest.approx(0.092, abs=6e-4)
    assert placebo["nobs"].iloc[0] == 28_482
    # One lead: the joint test is its own.
    assert placebo["p_value"].iloc[1] == pytest.approx(placebo["p_value"].iloc[0], rel=1e-9)
    whole = ppml(panel, replace(design, window=replace(design.window, leads=1)))
    assert whole.params["rta, same period"] == pytest.approx(0.520, abs=6e-4)
    assert whole.std_errors["rta, same period"] == pytest.approx(0.086, abs=6e-4)
