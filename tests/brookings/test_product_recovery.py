"""Equations (1) and (2) on a whole simulated study: the printed samples, and the planted truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventpanel.brookings.comparative_advantage import EXHIBITS as ADVANTAGE
from eventpanel.brookings.comparative_advantage import advantage_ask
from eventpanel.brookings.exhibit import Content, column_of, numbers
from eventpanel.brookings.placebo_exporters import with_placebos
from eventpanel.brookings.product_panel import product_panel
from eventpanel.brookings.product_tables import fitted, models, shown
from eventpanel.brookings.regime_bias import EXHIBITS as BIAS
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.simulated import simulate_materials

MAKE = {exhibit.name: exhibit.make for exhibit in (*ADVANTAGE, *BIAS)}
# Printed in Beraja, Kao, Yang and Yuchtman (2023, doi:10.3386/w31676).
PRINTED_ROWS = {
    "table_3": 2394,
    "table_a3": 2261,
    "table_a6": 2394,
    "table_a9": 5364,
    "table_a10": 4788,
    "table_a11": 2261,
    "table_a12": 2394,
    "table_a13": 2394,
}


@pytest.fixture(scope="module")
def study() -> Materials:
    return simulate_materials(1)


def one(content: Content, term: str, panel: str = "", column: str = "(1)") -> pd.Series:
    table = numbers(content)
    (found,) = table.index[(table["term"] == term) & (table["panel"] == panel) & (table["column"] == column)]
    row: pd.Series = table.loc[found]
    return row


@pytest.mark.parametrize(("name", "rows"), PRINTED_ROWS.items())
def test_rows_are_as_many_as_printed(study: Materials, name: str, rows: int) -> None:
    assert {column.nobs for column in MAKE[name](study, Switches()).columns} == {rows}


def test_table_2_has_the_printed_rows_and_the_planted_gap_in_its_placebo_interval(study: Materials) -> None:
    # The first of its columns, in which the gap is planted.
    panel = product_panel(study, Switches())
    ask = advantage_ask("any")
    model, _ = next(models(ask, Switches()))
    fit = fitted(panel, model)
    column = column_of(fit, "", "(1)", {term: shown(term) for term in ask.terms})
    ((column, _),), _ = with_placebos(panel, ask, [(column, fit)], Switches())
    found = {cell.term: cell.estimate for cell in column.coefficients}
    assert column.nobs == 402_300
    low, high = (found[f"China x AI: placebo interval, {end}"] for end in ("low", "high"))
    assert low < study.planted["table_2: China x AI"] < high
    # No other exporter is as far ahead: the smallest rank there is.
    assert found["China x AI: placebo p"] == pytest.approx(1 / 150, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["table_2", "table_a2", "table_a5", "table_a8"])
def test_rows_of_all_pairs_are_as_many_as_printed(study: Materials, name: str) -> None:
    assert {column.nobs for column in MAKE[name](study, Switches()).columns} == {402_300}


def test_top_100_leaves_the_largest(study: Materials) -> None:
    panel = product_panel(study, Switches(countries="top_100"))
    assert len(panel.frame) == 100 * 99 * 18
    base = study.countries.frame.query("year == 2007").set_index("importer")["gdp"]
    inside = base.index.isin(panel.codes("importer").labels)
    assert base[inside].min() > base[~inside].max()


@pytest.mark.parametrize(("country", "column"), [("China", "(1)"), ("US", "(5)")])
def test_planted_regime_bias_is_in_the_interval(study: Materials, country: str, column: str) -> None:
    """One study is one draw: of 99.9 % intervals one in a thousand lacks the truth."""
    found = one(MAKE["table_3"](study, Switches()), "Low x AI", f"A. {country}", column)
    half = stats.t.ppf(0.9995, found["dof"]) * found["std_error"]
    assert abs(found["estimate"] - study.planted[f"table_3: {country}, Low x AI"]) < half


@pytest.mark.slow
def test_regime_bias_is_the_planted_one_on_average_of_seeds() -> None:
    found: dict[str, list[float]] = {"China": [], "US": []}
    for seed in range(100, 140):
        study = simulate_materials(seed)
        content = MAKE["table_3"](study, Switches())
        for country, column in (("China", "(1)"), ("US", "(5)")):
            gap = one(content, "Low x AI", f"A. {country}", column)["estimate"]
            found[country].append(gap - study.planted[f"table_3: {country}, Low x AI"])
    for errors in found.values():
        # 40 draws: a mean beyond 3.5 of its standard errors has probability .001.
        assert abs(np.mean(errors)) < 3.5 * np.std(errors, ddof=1) / np.sqrt(len(errors))
