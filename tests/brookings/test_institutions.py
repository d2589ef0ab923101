"""Table 5, A.18, A.19: against plain loops and statsmodels, refitting without each country, switches, gaps."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from eventpanel.brookings.exhibit import Content, Exhibit, numbers
from eventpanel.brookings.institutions import EXHIBITS
from eventpanel.brookings.long_differences import CHINESE, Trade, high_unrest, long_differences
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.records import Records
from tests.brookings.made_countries import random_materials, with_columns, without

TABLE_5, TABLE_A18, TABLE_A19 = EXHIBITS
STRICT = Switches(high_unrest="mean_plus_sd", institution_years="2018_2020", regime_cutoff="polity_6", regime_base=2010)
CONTROLS = ["total_ai", "total_unrest", "log_trade", "log_gdp"]


@cache
def materials() -> Materials:
    return random_materials(3)


@cache
def made_of(number: int, switches: str) -> Content:
    return EXHIBITS[number].make(materials(), Switches.model_validate_json(switches))


def made(number: int, switches: Switches) -> Content:
    return made_of(number, switches.model_dump_json())


def by_hand(exporter: str, switches: Switches, *, smart_city: bool = False) -> Any:
    """Rows of equation (4) country by country, from the definitions, and from nothing of the package."""
    data = materials()
    cutoff = {"polity_7": 7, "polity_6": 6}[switches.regime_cutoff]
    first, last = (int(year) for year in switches.institution_years.split("_"))
    rows: list[dict[str, Any]] = []
    own: Any
    for importer, own in data.countries.frame.groupby("importer"):
        if importer == exporter:
            continue
        own = own.set_index("year")
        deals = data.deals.frame
        mine = deals[(deals["exporter"] == exporter) & (deals["importer"] == importer)]
        bought = set(mine.loc[mine["smart_city"], "year"] if smart_city else mine["year"])
        unrest = own["unrest"].loc[2000:2020].to_numpy()
        line = np.median(unrest) if switches.high_unrest == "above_median" else unrest.mean() + unrest.std(ddof=1)
        rows.append(
            {
                "importer": importer,
                "weak": own["polity2"].loc[switches.regime_base] < cutoff,
                "x": sum(year in bought and own["unrest"].loc[year] > line for year in range(2000, 2021)),
                "total_ai": len(bought & set(range(2000, 2021))),
                "total_unrest": unrest.sum(),
                "log_trade": np.log(own["total_trade"].loc[2000:2020].mean()),
                "log_gdp": np.log(own["gdp"].loc[switches.regime_base]),
                **{
                    name: own[name].loc[first:last].mean() - own[name].loc[2000]
                    for name in ("institutions", "fair_elections", "free_media", "peaceful", "monitors")
                },
            }
        )
    return pd.DataFrame(rows)


def regress(rows: Any, outcome: str, controls: list[str]) -> Any:
    return sm.OLS(rows[outcome], sm.add_constant(rows[["x", *controls]].astype(float))).fit()


@pytest.mark.parametrize("switches", [Switches(), STRICT], ids=["as inferred", "as printed in notes"])
@pytest.mark.parametrize(("panel", "exporter", "weak"), [("A", "CHN", True), ("B", "CHN", False), ("C", "USA", True)])
def test_table_5_is_that_of_plain_loops_and_statsmodels(
    switches: Switches, panel: str, exporter: str, weak: bool
) -> None:
    rows = by_hand(exporter, switches).query("weak == @weak")
    found: Any = numbers(made(0, switches))
    found = found[found["panel"].str.startswith(panel)]
    assert list(found["term"].unique()) == ["AI x unrest"]
    for step, (_, one) in enumerate(found.iterrows()):
        fit = regress(rows, "institutions", CONTROLS[:step])
        assert one["column"] == f"({step + 1})"
        assert one["nobs"] == fit.nobs == len(rows)
        # Exact formulas on both sides; normal equations of statsmodels' pinv cost digits with controls of size 1e4.
        assert one["estimate"] == pytest.approx(fit.params["x"], rel=1e-8, abs=1e-10)
        assert one["std_error"] == pytest.approx(fit.get_robustcov_results("HC1").bse[1], rel=1e-8)
        assert one["dof"] == fit.df_resid


@pytest.mark.parametrize(
    ("title", "outcome"),
    [
        ("Fair elections", "fair_elections"),
        ("Free media", "free_media"),
        ("Peaceful elections", "peaceful"),
        ("Election monitors", "monitors"),
    ],
)
def test_table_a18_takes_each_index(title: str, outcome: str) -> None:
    found: Any = numbers(made(1, Switches()))
    fit = regress(by_hand("CHN", Switches()).query("weak"), outcome, CONTROLS)
    one = found[(found["panel"] == title) & (found["column"] == "(5)")].iloc[0]
    assert one["estimate"] == pytest.approx(fit.params["x"], rel=1e-8)


def test_table_a19_counts_deals_on_smart_cities_alone() -> None:
    found: Any = numbers(made(2, Switches()))
    fit = regress(by_hand("CHN", Switches(), smart_city=True).query("weak"), "institutions", CONTROLS[:1])
    assert found.loc[1, "estimate"] == pytest.approx(fit.params["x"], rel=1e-8)
    assert not np.allclose(found["estimate"], numbers(made(0, Switches()))["estimate"][:5])


def test_influence_is_that_of_fits_without_each_country() -> None:
    content = made(0, Switches())
    rows = by_hand("CHN", Switches()).query("weak").reset_index(drop=True)
    whole = regress(rows, "institutions", CONTROLS)
    each = pd.Series(
        {
            row.importer: regress(rows.drop(index=row.Index), "institutions", CONTROLS).params["x"]
            for row in rows.itertuples()
        }
    )
    steady: Any = content.more["steadiness"].iloc[4]
    assert steady["HC3"] == pytest.approx(whole.HC3_se["x"], rel=1e-8)
    assert steady["lowest"] == pytest.approx(each.min(), rel=1e-7)
    assert steady["highest"] == pytest.approx(each.max(), rel=1e-7)
    assert (steady["lowest_without"], steady["highest_without"]) == (each.idxmin(), each.idxmax())
    pulls: Any = content.more["influential_countries"]
    pulls = pulls[(pulls["panel"].str.startswith("A")) & (pulls["column"] == "(5)")]
    most = (each - whole.params["x"]).abs().sort_values(ascending=False)
    assert list(pulls["importer"]) == list(most.index[:3])
    leverage = pd.Series(whole.get_influence().hat_matrix_diag, index=rows["importer"])
    np.testing.assert_allclose(pulls["leverage"], leverage[pulls["importer"]], rtol=1e-8)
    np.testing.assert_allclose(pulls["without"], each[pulls["importer"]], rtol=1e-7)


def test_a_country_is_never_its_own_importer() -> None:
    assert "CHN" not in set(long_differences(materials(), Switches()).frame["importer"])
    american = set(long_differences(materials(), Switches(), Trade("USA")).frame["importer"])
    assert "USA" not in american
    assert "CHN" in american


def test_a_year_on_the_line_is_not_above_it() -> None:
    data = materials()
    flat = with_columns(data, unrest=7.0)
    assert (high_unrest(flat, Switches())[flat.countries.frame["year"] <= 2020] == 0.0).all()
    assert (long_differences(flat, Switches()).frame["ai_in_unrest"] == 0.0).all()
    rising = with_columns(data, unrest=data.countries.frame["year"] - 2000.0)
    high = high_unrest(rising, Switches())
    assert set(rising.countries.frame.loc[high == 1.0, "year"]) == set(range(2011, 2021))
    assert high[rising.countries.frame["year"] > 2020].isna().all()


def test_a_sum_with_a_missing_year_is_missing() -> None:
    data = materials()
    frame = data.countries.frame
    gone = with_columns(data, unrest=frame["unrest"].mask((frame["importer"] == "XAB") & (frame["year"] == 2012)))
    before: Any = long_differences(data, Switches()).frame.set_index("importer")
    after: Any = long_differences(gone, Switches()).frame.set_index("importer")
    assert after.loc["XAB", ["ai_in_unrest", "total_unrest"]].isna().all()
    assert after.loc["XAB", "total_ai"] == before.loc["XAB", "total_ai"]
    pd.testing.assert_frame_equal(before.drop(index="XAB"), after.drop(index="XAB"))


def test_only_the_hundred_largest_with_a_regime_stand_in_it() -> None:
    data = random_materials(4, countries=120)
    frame = data.countries.frame
    data = with_columns(data, polity2=frame["polity2"].mask(frame["importer"].isin(["XAB", "XAC", "XAD"])))
    known = data.countries.frame.query("year == 2007 and polity2.notna()").set_index("importer")["gdp"]
    assert len(known) == 117
    expected = set(known.nlargest(100).index) - {"CHN"}
    assert set(long_differences(data, Switches()).frame["importer"]) == expected


OTHER: dict[str, Any] = {
    "regime_cutoff": "polity_6",
    "regime_base": 2012,
    "countries": "top_100",
    "interact_controls": "none",
    "ceiling_goods": "drop",
    "unrest_years": "2008_2021",
    "regime_timing": "base",
    "reading": "event",
    "year_before": "estimated",
    "figure_5_outcome": "any",
    "high_unrest": "mean_plus_sd",
    "institution_years": "2018_2020",
    "early_sample": "carnegie",
    "counts": "all",
    "figure_a7_test": "student",
    "arms_regimes": "weak",
}


def test_every_switch_is_tried() -> None:
    assert set(OTHER) == set(Switches.model_fields)


def elsewhere(exhibit: Exhibit, start: Switches | None = None) -> list[Switches]:
    """Switches of which one that the exhibit uses stands otherwise; last, those of which all others do."""
    held = start or Switches()
    others = {name: value for name, value in OTHER.items() if name not in exhibit.uses}
    return [held.model_copy(update={name: OTHER[name]}) for name in exhibit.uses] + [held.model_copy(update=others)]


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.name)
def test_those_switches_change_it_that_it_names_and_no_others(exhibit: Exhibit) -> None:
    place = EXHIBITS.index(exhibit)
    here = numbers(made(place, Switches()))
    same = [here.equals(numbers(made(place, switches))) for switches in elsewhere(exhibit)]
    assert same == [False] * len(exhibit.uses) + [True]


@pytest.mark.parametrize("column", ["unrest", "gdp", "polity2", "institutions"])
def test_what_is_not_there_is_named(column: str) -> None:
    with pytest.raises(NotAvailableError, match=f"lack {column}.*\n.*no {column} here"):
        TABLE_5.make(without(materials(), column), Switches())


def test_a_part_of_the_index_that_is_not_there_is_left_out() -> None:
    data = without(materials(), "free_media")
    assert numbers(TABLE_5.make(data, Switches())).equals(numbers(made(0, Switches())))
    content, whole = TABLE_A18.make(data, Switches()), numbers(made(1, Switches()))
    assert numbers(content).equals(whole[whole["panel"] != "Free media"].reset_index(drop=True))
    assert content.notes[-1].startswith("Left out: Free media (1), Free media (2), Free media (3)")
    assert content.notes[-1].endswith("The data on countries lack free_media. no free_media here")


def test_columns_whose_control_is_not_there_are_left_out() -> None:
    content, whole = TABLE_5.make(without(materials(), "total_trade"), Switches()), numbers(made(0, Switches()))
    assert numbers(content).equals(whole[whole["column"].isin(["(1)", "(2)", "(3)"])].reset_index(drop=True))
    assert "no total_trade here" in content.notes[-1]


@pytest.mark.filterwarnings("ignore::eventpanel.estimators.cautions.EstimationWarning")
def test_a_panel_that_the_sample_cannot_give_is_left_out() -> None:
    data = materials()
    chinese = replace(data, deals=replace(data.deals, frame=data.deals.frame.query("exporter == 'CHN'")))
    content, whole = TABLE_5.make(chinese, Switches()), numbers(made(0, Switches()))
    kept = whole[~whole["panel"].str.startswith("C") | ~whole["column"].isin(["(1)", "(2)"])]
    assert numbers(content)[["panel", "column"]].equals(kept[["panel", "column"]].reset_index(drop=True))
    assert numbers(content)["estimate"][10:].isna().all()
    assert content.notes[-2].startswith("Left out: C. US exports (1). No term of the regression is identified.")
    assert content.notes[-1].startswith("Left out: C. US exports (2). No term of the regression is identified.")
    assert "C. US exports (5): AI x unrest is not estimated (the same in every row)." in content.notes


def test_a_list_that_does_not_know_smart_cities_is_refused() -> None:
    data = materials()
    deals = replace(data.deals, frame=data.deals.frame.drop(columns="smart_city"))
    with pytest.raises(NotAvailableError, match="lacks smart_city"):
        TABLE_A19.make(replace(data, deals=deals), Switches())


def test_deals_and_unrest_must_have_a_year_in_common() -> None:
    data = materials()
    frame = data.countries.frame
    late = with_columns(data, unrest=frame["unrest"].where(frame["year"] > 2020))
    with pytest.raises(NotAvailableError, match="No year has both"):
        long_differences(late, Switches())


def test_years_after_the_list_are_not_asked_for() -> None:
    data = materials()
    covered = data.deals.covered[data.deals.covered["year"] <= 2018]
    short = replace(data, deals=Records(data.deals.frame.query("year <= 2018"), covered, data.deals.source))
    found = long_differences(short, Switches(), CHINESE).frame.set_index("importer")
    whole = long_differences(data, Switches(), CHINESE).frame.set_index("importer")
    assert found["ai_in_unrest"].notna().all()
    assert (found["total_ai"] <= whole["total_ai"]).all()
    assert (found["total_ai"] < whole["total_ai"]).any()
