"""Table A.20 against a plain regression on dummies; its sample, its switches, what is missing."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from eventpanel.brookings.exhibit import Content, numbers
from eventpanel.brookings.institutions_panel import EXHIBITS, institutions_panel
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from tests.brookings.made_countries import random_materials, with_columns, without
from tests.brookings.test_institutions import elsewhere

# Trends of importers with a single row are not estimated, and say so.
pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.cautions.EstimationWarning")
(TABLE,) = EXHIBITS
TERMS = ["AI", "unrest", "AI x unrest"]


@cache
def materials() -> Materials:
    return random_materials(5, countries=40)


@cache
def made_of(switches: str) -> Content:
    return TABLE.make(materials(), Switches.model_validate_json(switches))


def made(switches: Switches) -> Content:
    return made_of(switches.model_dump_json())


def by_hand(outcome: str) -> Any:
    """Rows of Table A.20 from the definitions, row by row."""
    data = materials()
    frame: Any = data.countries.frame
    inside = frame[(frame["polity2"] < 7) & frame["year"].between(2000, 2020)]
    mean, deviation = inside["unrest"].mean(), inside["unrest"].std()
    index = frame.set_index(["importer", "year"])[outcome]
    bought = set(data.deals.frame.query("exporter == 'CHN'")[["importer", "year"]].itertuples(index=False, name=None))
    rows = []
    for row in inside.query("importer != 'CHN' and year <= 2017").itertuples():
        key = row.importer, row.year
        rows.append(
            {
                "importer": key[0],
                "year": key[1],
                "y": np.mean([index[key[0], key[1] + step] for step in (1, 2, 3)]),
                "AI": float(key in bought),
                "unrest": (frame.loc[row.Index, "unrest"] - mean) / deviation,
                "log_trade": np.log(frame.loc[row.Index, "total_trade"]),
                "log_gdp": np.log(frame.loc[row.Index, "gdp"]),
                "revenue": frame.loc[row.Index, "government_revenue"],
            }
        )
    made: Any = pd.DataFrame(rows)
    made = made[made.groupby("importer")["year"].transform("size") > 1]
    return made.assign(**{"AI x unrest": made["AI"] * made["unrest"]})


def on_dummies(rows: Any, controls: list[str], *, trend: bool) -> Any:
    dummies = pd.get_dummies(rows["importer"], dtype=float)
    parts = [rows[[*TERMS, *controls]], dummies, pd.get_dummies(rows["year"], dtype=float).iloc[:, 1:]]
    if trend:
        parts.append(dummies.iloc[:, 1:].mul(rows["year"] - 2008, axis=0).add_prefix("trend "))
    design = pd.concat(parts, axis=1)
    groups = rows["importer"].astype("category").cat.codes
    return sm.OLS(rows["y"], design).fit(cov_type="cluster", cov_kwds={"groups": groups})


@pytest.mark.parametrize(("title", "outcome"), [("Overall index", "institutions"), ("Free media", "free_media")])
@pytest.mark.parametrize(
    ("step", "controls"), [(1, []), (2, []), (3, ["log_trade"]), (5, ["log_trade", "log_gdp", "revenue"])]
)
def test_it_is_the_regression_on_dummies(title: str, outcome: str, step: int, controls: list[str]) -> None:
    rows = by_hand(outcome)
    fit = on_dummies(rows, controls, trend=step > 1)
    found: Any = numbers(made(Switches()))
    found = found[(found["panel"] == title) & (found["column"] == f"({step})")]
    assert list(found["term"]) == TERMS
    np.testing.assert_allclose(found["estimate"], fit.params[TERMS], rtol=1e-7, atol=1e-10)
    # The rule of reghdfe does not count the importers' own effects, nested in the clusters, beyond a constant.
    importers = rows["importer"].nunique()
    whole = np.linalg.matrix_rank(fit.model.exog)
    factor = np.sqrt((len(rows) - whole) / (len(rows) - (whole - importers + 1)))
    np.testing.assert_allclose(found["std_error"], fit.bse[TERMS] * factor, rtol=1e-6)
    assert (found["nobs"] == len(rows)).all()
    assert (found["clusters"] == importers).all()


def test_the_next_years_lie_within_the_panel() -> None:
    panel = institutions_panel(materials(), Switches()).panel
    frame: Any = panel.frame.set_index(["importer", "year"])
    known = frame.index[frame["ahead_institutions"].notna()]
    assert set(known.get_level_values("year")) == set(range(2000, 2018))
    index = frame["institutions"]
    assert frame.loc[("XAB", 2010), "ahead_institutions"] == pytest.approx(
        (index["XAB", 2011] + index["XAB", 2012] + index["XAB", 2013]) / 3
    )


def test_a_missing_year_ahead_makes_the_mean_missing() -> None:
    data = materials()
    frame = data.countries.frame
    hole = (frame["importer"] == "XAB") & (frame["year"] == 2012)
    panel = institutions_panel(with_columns(data, institutions=frame["institutions"].mask(hole)), Switches()).panel
    own = panel.frame[panel.frame["importer"] == "XAB"].set_index("year")["ahead_institutions"]
    assert set(own.index[own.isna()]) == {2009, 2010, 2011, 2018, 2019, 2020, 2021}


def test_those_switches_change_it_that_it_names_and_no_others() -> None:
    # With the regime of the base year in force, so that the base year can matter; the other way is the default.
    start = Switches(regime_timing="base")
    changes = elsewhere(TABLE, start)
    changes[TABLE.uses.index("regime_timing")] = Switches()
    here = numbers(made(start))
    same = [here.equals(numbers(made(switches))) for switches in changes]
    assert same == [False] * len(TABLE.uses) + [True]


@pytest.mark.parametrize("column", ["unrest", "polity2"])
def test_what_is_not_there_is_named(column: str) -> None:
    with pytest.raises(NotAvailableError, match=f"lack {column}"):
        TABLE.make(without(materials(), column), Switches())


def test_without_any_index_there_is_no_table() -> None:
    data = materials()
    for column in ("institutions", "fair_elections", "free_media", "peaceful", "monitors"):
        data = without(data, column)
    with pytest.raises(NotAvailableError, match="lack institutions, fair_elections"):
        TABLE.make(data, Switches())


@pytest.mark.parametrize(
    ("column", "left"), [("total_trade", "(3)"), ("gdp", "(4)"), ("government_revenue", "(5)"), ("monitors", "")]
)
def test_columns_that_need_what_is_not_there_are_left_out(column: str, left: str) -> None:
    content = TABLE.make(without(materials(), column), Switches())
    whole: Any = numbers(made(Switches()))
    kept = whole["column"] < left if left else whole["panel"] != "Election monitors"
    pd.testing.assert_frame_equal(numbers(content), whole[kept].reset_index(drop=True))
    assert content.notes[-1].endswith(f"lack {column}. no {column} here")
