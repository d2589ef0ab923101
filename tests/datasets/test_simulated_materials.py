"""Simulated materials: the published sizes, the marginals, and the planted coefficients in the expected outcomes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.materials import Materials
from eventpanel.datasets.simulated import PLANTED, simulate_materials
from eventpanel.datasets.simulated.study import Study, draw_study
from eventpanel.datasets.simulated.world import CODES, WITH_REGIME
from tests.datasets.plain_regressions import (
    RECORD,
    Floats,
    change,
    institutions_years,
    lead_mean,
    long_difference,
    look_up,
    pairs_of,
    regime_bias,
    stacked,
    unrest_years,
    wide,
)

SEEDS = (1, 2, 3)
EXACT = 1e-8
GIANTS = {"CHN": 0, "USA": 1}
Both = tuple[Materials, Study]


@pytest.fixture(scope="module", params=SEEDS)
def both(request: pytest.FixtureRequest) -> Both:
    return simulate_materials(request.param), draw_study(request.param)


def by_year(values: Floats) -> pd.DataFrame:
    return pd.DataFrame(values, index=CODES[WITH_REGIME], columns=list(RECORD))


def test_samples_have_the_published_sizes(both: Both) -> None:
    """N of Tables 2 to 5, A.17 and A.20."""
    materials, _ = both
    goods = materials.panel("goods").frame
    pairs = len(goods) // goods["product"].nunique()
    assert (goods["product"].nunique(), pairs * 18) == (16, 402_300)
    assert {exporter: len(stacked(regime_bias(materials, exporter)).rows) for exporter in GIANTS} == dict.fromkeys(
        GIANTS, 2_394
    )
    weak, mature = unrest_years(materials), unrest_years(materials, mature=True)
    assert (len(weak.rows), len(mature.rows)) == (1_226, 1_474)
    gdp = wide(materials, "gdp")
    known = [int((~np.isnan(look_up(gdp, one.rows))).sum()) for one in (weak, mature)]
    assert known == [1_200, 1_448]
    ahead = institutions_years(materials)
    assert (len(ahead.rows), int((~np.isnan(look_up(gdp, ahead.rows))).sum())) == (1_052, 1_032)
    assert [len(long_difference(materials, "CHN", low=low).rows) for low in (True, False)] == [46, 45]
    assert len(long_difference(materials, "USA").rows) == 46


def test_nothing_else_is_missing_for_importers_with_a_regime(both: Both) -> None:
    materials, _ = both
    frame = materials.countries.frame
    inside = frame[frame["importer"].isin(CODES[WITH_REGIME]) & frame["year"].isin(RECORD)]
    missing = inside.isna().sum()
    assert missing[missing > 0].to_dict() == {
        "polity2": 93,
        "gdp": 52,
        **dict.fromkeys(("institutions", "fair_elections", "free_media", "peaceful", "monitors"), 27),
    }


def test_the_list_of_deals_has_the_published_marginals(both: Both) -> None:
    """Counts of section 2 and Figures A.2 to A.4 of the paper; those of China and the United States are drawn."""
    materials, study = both
    deals = materials.deals.frame
    assert (len(deals), deals["exporter"].nunique(), deals["importer"].nunique()) == (1_636, 36, 136)
    assert int(deals["carnegie"].sum()) == 313
    assert deals["smart_city"].mean() == pytest.approx(0.79, abs=0.03)
    links = deals.groupby("exporter")["importer"].nunique()
    # Nine standard deviations of the number of links fit between the bounds; a deviation of China's own adds to it.
    assert abs(links["CHN"] - 89 - 149 * study.deviation.deals) < 24
    assert abs(links["USA"] - 60) < 24
    others = links.drop(["CHN", "USA"]).sort_values(ascending=False)
    assert others.head(10).tolist() == pytest.approx([50, 49, 48, 41, 41, 39, 29, 24, 24, 23], abs=4)
    yearly = deals.groupby("year").size()
    assert yearly.idxmax() == 2019
    assert yearly.index.min() == 2008
    assert yearly[[2015, 2016, 2017, 2018, 2019]].is_monotonic_increasing


def test_regimes_agree(both: Both) -> None:
    frame = both[0].countries.frame.dropna(subset="polity2")
    assert ((frame["polity2"] < 7) == (frame["regimes_of_the_world"] < 2)).all()


def test_china_sells_nearly_every_good_to_nearly_everyone(both: Both) -> None:
    materials, study = both
    goods = materials.panel("goods").frame
    mine = goods[goods["exporter"] == "CHN"]
    expected = 0.99 - (study.deviation.total - study.deviation.deals)
    # Five standard errors of a share of 149 x 16 draws.
    assert (mine["trade"] > 0).mean() == pytest.approx(expected, abs=5 * np.sqrt(expected * (1 - expected) / len(mine)))
    yearly = materials.panel("goods_years").frame.groupby(["exporter", "importer", "product"])["trade"].sum()
    total = goods[goods["exporter"].isin(list(GIANTS))].set_index(["exporter", "importer", "product"])["trade"]
    pd.testing.assert_series_equal(yearly.sort_index(), total.sort_index(), check_dtype=False)


@pytest.mark.parametrize("controls", [True, False])
def test_equation_2_is_planted(both: Both, controls: bool) -> None:
    materials, study = both
    for exporter, position in GIANTS.items():
        chances = study.chances[position]
        goods = np.repeat(study.advantage.goods[position, WITH_REGIME][:, None], 16, axis=1)
        expected = np.column_stack([goods, chances.ever, chances.ever_smart])
        found = stacked(regime_bias(materials, exporter, controls=controls)).coefficients(expected.reshape(-1))[0]
        planted = PLANTED["table_3: China, Low x AI" if exporter == "CHN" else "table_3: US, Low x AI"]
        assert found == pytest.approx(planted, abs=EXACT)


def test_equation_3_is_planted(both: Both) -> None:
    """Same year as published for the weak and China; two years before, one and two after nothing; others nothing."""
    materials, study = both
    for mature in (False, True):
        regression = unrest_years(materials, mature=mature)
        for exporter, position in GIANTS.items():
            expected = look_up(by_year(study.chances[position].record), regression.rows)
            same_year = PLANTED["table_4: same year"] if exporter == "CHN" and not mature else 0.0
            found = regression.coefficients(expected)[:4]
            assert found == pytest.approx([same_year, 0, 0, 0], abs=EXACT)


def test_equation_4_is_planted(both: Both) -> None:
    materials, study = both
    years = wide(materials, "institutions").columns
    signal = pd.DataFrame(study.institutions.signal, index=CODES[WITH_REGIME], columns=years)
    for name, exporter, low in (
        ("autocracies", "CHN", True),
        ("mature democracies", "CHN", False),
        ("US exports", "USA", True),
    ):
        regression = long_difference(materials, exporter, low=low)
        found = regression.coefficients(change(signal).loc[regression.rows["importer"]].to_numpy())[0]
        assert found == pytest.approx(PLANTED[f"table_5: {name}"], abs=EXACT)
    regression = institutions_years(materials)
    found = regression.coefficients(look_up(lead_mean(signal), regression.rows))[0]
    assert found == pytest.approx(PLANTED["table_a20: AI x unrest"], abs=EXACT)


def test_equation_1_is_planted_but_for_the_deviation_of_china(both: Both) -> None:
    materials, study = both
    regression = pairs_of(materials)
    place = [pd.Index(CODES).get_indexer(pd.Index(regression.rows[name])) for name in ("exporter", "importer")]
    found = regression.coefficients(study.advantage.ahead[place[0], place[1]])[0]
    assert found == pytest.approx(PLANTED["table_2: China x AI"] + study.deviation.total, abs=EXACT)


def test_the_regression_by_pairs_is_the_stacked_one() -> None:
    """China x AI with all controls times AI, on 402,300 rows."""
    materials, study = simulate_materials(4), draw_study(4)
    regression = pairs_of(materials)
    place = [pd.Index(CODES).get_indexer(pd.Index(regression.rows[name])) for name in ("exporter", "importer")]
    goods, ai, smart = (getattr(study.advantage, name)[place[0], place[1]] for name in ("goods", "ai", "smart"))
    outcome = np.column_stack([*[goods] * 16, ai, smart]).reshape(-1)
    found = stacked(regression).coefficients(outcome)[0]
    assert found == pytest.approx(regression.coefficients((ai + smart) / 2 - goods)[0], abs=EXACT)


def test_probabilities_lie_inside_the_unit_interval(both: Both) -> None:
    study = both[1]
    assert all(one.yearly.min() > 0 and one.yearly.max() < 1 for one in study.chances.values())
    off = ~np.eye(len(CODES), dtype=bool)
    for part in (study.advantage.goods, study.advantage.ai, study.advantage.smart):
        assert part[off].min() >= 0
        assert part[off].max() < 1


def test_same_seed_same_data() -> None:
    one, same, other = simulate_materials(7), simulate_materials(7), simulate_materials(8)
    for part in ("deals", "countries", "pairs", "goods", "goods_years", "importers", "arms", "investment"):
        pd.testing.assert_frame_equal(getattr(one, part).frame, getattr(same, part).frame)
        assert not getattr(one, part).frame.equals(getattr(other, part).frame)


def test_a_shifted_outcome_is_noticed() -> None:
    """The check of equation (3) can fail: one probability moved by a tenth moves the coefficient."""
    materials, study = simulate_materials(1), draw_study(1)
    regression = unrest_years(materials)
    expected = look_up(by_year(study.chances[0].record), regression.rows)
    expected[np.argmax(regression.columns[:, 0])] += 0.1
    assert abs(regression.coefficients(expected)[0] - PLANTED["table_4: same year"]) > 1e-5
