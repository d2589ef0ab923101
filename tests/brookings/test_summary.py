"""Table 1 against numbers worked out by hand, and against a recount in plain Python."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eventpanel.brookings.exhibit import Content
from eventpanel.brookings.flows import STRONG, WEAK
from eventpanel.brookings.summary import TERMS, by_country, make_table_1
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel
from tests.brookings.own_deals import LABEL, SOURCE, random_materials, records

ALL_COUNTRIES = Switches(counts="all")


def tiny() -> Materials:
    """Four countries and two years; Sudan has no regime and stands outside the list of deals."""
    deals = pd.DataFrame(
        [
            ("CHN", "KEN", 2008, True),
            ("CHN", "KEN", 2008, False),
            ("USA", "KEN", 2008, True),
            ("ISR", "BRA", 2008, True),
            ("BRA", "BRA", 2008, True),
            ("DEU", "BRA", 2007, None),
        ],
        columns=["exporter", "importer", "year", "smart_city"],
    )
    nan, exp = np.nan, np.exp
    countries = pd.DataFrame(
        [
            ("KEN", 2007, 3.0, 10.0, exp(2.0), exp(1.0), -1.0),
            ("KEN", 2008, 3.0, 30.0, exp(4.0), exp(1.0), 0.0),
            ("BRA", 2007, 8.0, 4.0, exp(5.0), exp(3.0), 1.0),
            ("BRA", 2008, 8.0, nan, exp(5.0), exp(5.0), nan),
            ("DEU", 2007, 10.0, 0.0, 1.0, 0.0, 0.5),
            ("DEU", 2008, 10.0, 0.0, 1.0, 0.0, 0.5),
            ("SDN", 2007, nan, 100.0, nan, nan, nan),
            ("SDN", 2008, nan, 100.0, nan, nan, nan),
        ],
        columns=["importer", "year", "polity2", "unrest", "gdp", "total_trade", "institutions"],
    )
    goods = pd.DataFrame(
        [
            ("CHN", "KEN", "525", 0.25 * exp(3.0)),
            ("USA", "KEN", "525", 0.75 * exp(3.0)),
            ("CHN", "BRA", "525", exp(1.0)),
            ("CHN", "DEU", "525", 0.0),
        ],
        columns=["exporter", "importer", "product", "trade"],
    )
    return Materials(
        kind="own",
        label=LABEL,
        deals=records(deals, ["KEN", "BRA", "DEU"], 2007, 2008),
        countries=Panel(countries, ("importer",), "year", (SOURCE,)),
        goods=Panel(goods, ("exporter", "importer", "product"), None, (SOURCE,)),
    )


def value(content: Content, head: str, term: str) -> float:
    return next(one.estimate for c in content.columns if c.head == head for one in c.coefficients if one.term == term)


# All countries: mean and standard deviation of the values of Kenya, Brazil, Germany (and Sudan's unrest).
BY_HAND: dict[str, tuple[list[float], ...]] = {
    "AI imports": ([3, 2, 0], [2, 0], [3]),
    "AI imports from China": ([2, 0, 0], [0, 0], [2]),
    "AI imports from the US": ([1, 0, 0], [0, 0], [1]),
    "Smart-city AI imports": ([2, 1, 0], [1, 0], [2]),
    "Unrest events": ([20, 4, 0, 100], [4, 0], [20]),
    "log GDP": ([3, 5, 0], [5, 0], [3]),
    "log trade": ([1, 4], [4], [1]),
    "log frontier trade": ([3, 1], [1], [3]),
    "Institutional index": ([-0.5, 1, 0.5], [1, 0.5], [-0.5]),
}


@pytest.mark.parametrize("term", TERMS)
def test_a_tiny_table_is_that_worked_out_by_hand(term: str) -> None:
    content = make_table_1(tiny(), ALL_COUNTRIES)
    for name, numbers in zip(("All countries", STRONG, WEAK), BY_HAND[term], strict=True):
        spread = np.std(numbers, ddof=1) if len(numbers) > 1 else np.nan
        assert value(content, f"{name}: mean", term) == pytest.approx(np.mean(numbers), rel=1e-14)
        assert value(content, f"{name}: s.d.", term) == pytest.approx(spread, rel=1e-14, nan_ok=True)


def test_a_watched_country_without_deals_is_a_zero_and_one_outside_the_list_is_missing() -> None:
    held = by_country(tiny(), ALL_COUNTRIES)["AI imports"]
    assert held["DEU"] == 0
    assert np.isnan(held["SDN"])


def test_countries_are_counted_in_their_regime_or_in_none() -> None:
    content = make_table_1(tiny(), ALL_COUNTRIES)
    assert [column.nobs for column in content.columns] == [4, 4, 2, 2, 1, 1]
    assert any("SDN" in note for note in content.notes)


def test_the_largest_hundred_have_a_gdp() -> None:
    assert list(by_country(tiny(), Switches()).index) == ["BRA", "DEU", "KEN"]


def test_counts_equal_a_plain_recount() -> None:
    materials, switches = random_materials(3), Switches()
    countries, deals = materials.countries.frame, materials.deals.frame
    base = countries[countries["year"] == 2007]
    ranked = sorted(zip(base["gdp"], base["importer"], base["polity2"], strict=True))[-100:]
    counts: Counter[str] = Counter()
    for exporter, importer in zip(deals["exporter"], deals["importer"], strict=True):
        counts[importer] += exporter != importer and exporter == "CHN"
    content = make_table_1(materials, switches)
    for head, is_weak in ((STRONG, False), (WEAK, True)):
        mine = [counts[importer] for _, importer, polity in ranked if (polity < 7) == is_weak]
        assert value(content, f"{head}: mean", "AI imports from China") == pytest.approx(sum(mine) / len(mine))


def test_what_is_not_there_is_missing_and_said() -> None:
    materials = tiny()
    frame = materials.countries.frame.drop(columns=["institutions"])
    lacking = replace(
        materials,
        countries=materials.countries.with_frame(frame),
        goods=None,
        absent={"institutions": "Nobody counted elections.", "goods": "No customs here."},
    )
    content = make_table_1(lacking, ALL_COUNTRIES)
    assert np.isnan(value(content, f"{WEAK}: mean", "Institutional index"))
    assert "Not there: Institutional index. Nobody counted elections." in content.notes
    assert "Not there: log frontier trade. No customs here." in content.notes


@pytest.mark.parametrize(("column", "switches"), [("polity2", ALL_COUNTRIES), ("gdp", Switches())])
def test_without_regimes_or_sizes_there_is_no_table(column: str, switches: Switches) -> None:
    materials = tiny()
    frame = materials.countries.frame.drop(columns=[column])
    with pytest.raises(NotAvailableError):
        make_table_1(replace(materials, countries=materials.countries.with_frame(frame)), switches)
