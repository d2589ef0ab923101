"""The names users know, and tables of estimates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame, random_panel


@pytest.fixture(scope="module")
def estimate() -> Estimate:
    return distributed_lag(random_panel(2), design(moderator=REGIME, controls=("control",)))


def test_names_of_linearmodels_and_statsmodels(estimate: Estimate) -> None:
    assert estimate.bse.equals(estimate.std_errors)
    assert estimate.tvalues.equals(estimate.tstats)
    assert estimate.cov_params().equals(estimate.cov)
    np.testing.assert_allclose(estimate.std_errors**2, np.diag(estimate.cov), rtol=1e-12)
    np.testing.assert_allclose(estimate.tstats, estimate.params / estimate.std_errors)
    assert estimate.nobs == estimate.sample.sum()


def test_intervals_and_p_values_agree(estimate: Estimate) -> None:
    for level in (0.90, 0.95):
        bounds = estimate.conf_int(level)
        covers = (bounds["lower"] <= 0) & (bounds["upper"] >= 0)
        assert (covers == (estimate.pvalues >= 1 - level)).all()
    half = stats.t.ppf(0.975, estimate.dof) * estimate.std_errors
    np.testing.assert_allclose(estimate.conf_int()["upper"], estimate.params + half)
    with pytest.raises(DesignError, match="between 0 and 1"):
        estimate.conf_int(95)


def test_tidy_is_sorted_and_complete(estimate: Estimate) -> None:
    table = estimate.tidy()
    assert table["group"].tolist() == ["low"] * 5 + ["high"] * 5 + [""]
    assert table["event_time"].dropna().tolist() == [-2, -1, 0, 1, 2] * 2
    np.testing.assert_allclose(table.set_index("term").loc[estimate.names, "estimate"], estimate.params)


def test_summary_says_what_a_reader_needs(estimate: Estimate) -> None:
    text = estimate.summary()
    for needed in ("N = ", "clusters = 44", "Fixed effects: importer, year", "clustered by importer", "reghdfe", "95%"):
        assert needed in text
    assert repr(estimate) == text


def test_maketables_protocol(estimate: Estimate) -> None:
    table = estimate.__maketables_coef_table__
    assert list(table.columns) == ["b", "se", "t", "p", "ci95l", "ci95u"]
    assert table.index.name == "Coefficient"
    assert estimate.__maketables_stat__("N") == estimate.nobs
    assert estimate.__maketables_stat__("unheard_of") is None
    assert estimate.__maketables_depvar__ == "y"
    assert estimate.__maketables_fixef_string__ == "importer+year"
    assert estimate.__maketables_vcov_info__ == {"vcov_type": "CRV1", "clustervar": "importer"}


def test_glance_is_one_row(estimate: Estimate) -> None:
    row = estimate.glance()
    assert len(row) == 1
    assert row["nobs"].iloc[0] == estimate.nobs


def test_html_escapes_names() -> None:
    frame = random_frame(2).rename(columns={"control": "<script>"})
    got = distributed_lag(Panel(frame, ("importer",), "year"), design(controls=("<script>",)))
    assert "<script>" not in got._repr_html_()


def test_ledger_and_sample_add_up() -> None:
    frame = random_frame(2, missing=0.1)
    frame.loc[::17, "y"] = np.nan
    frame.loc[::19, "control"] = np.nan
    panel = Panel(frame, ("importer",), "year")
    got = distributed_lag(panel, design(controls=("control",)))
    assert got.ledger["rows"].sum() + got.nobs == len(frame)
    assert got.by_group["rows"].sum() == got.nobs
    causes = got.ledger["cause"].drop_duplicates().tolist()
    assert causes[0] == "no value of the outcome y"
    assert "lead 2 of the event x outside its record" in causes
    assert causes.index("no value of the control control") > causes.index("lag 2 of the event x outside its record")


def test_leads_come_from_the_whole_record_also_outside_the_sample() -> None:
    frame = random_frame(2)
    frame.loc[frame["year"] > 2013, "y"] = np.nan
    got = distributed_lag(Panel(frame, ("importer",), "year"), design())
    used = frame["year"].to_numpy()[got.sample]
    # Two lags cost 2000 and 2001; two leads cost nothing, since the event is known to 2015.
    assert (used.min(), used.max()) == (2002, 2013)


def test_a_gap_gives_a_missing_lead_not_the_wrong_year() -> None:
    frame = random_frame(2)
    hole = (frame["importer"] == "U007") & (frame["year"] == 2008)
    got = distributed_lag(Panel(frame[~hole], ("importer",), "year"), design())
    panel = Panel(frame[~hole], ("importer",), "year")
    used = panel.frame[got.sample]
    years = set(used.loc[used["importer"] == "U007", "year"])
    assert years == set(range(2002, 2014)) - {2006, 2007, 2008, 2009, 2010}


def test_caller_data_is_not_changed() -> None:
    frame = random_frame(2, missing=0.1).sample(frac=1, random_state=1)
    before = frame.copy()
    panel = Panel(frame, ("importer",), "year")
    inside = panel.frame.copy()
    distributed_lag(panel, design(moderator=REGIME))
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(panel.frame, inside)
