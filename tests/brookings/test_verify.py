"""Published numbers are set beside ours, and agreement means the printed digits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eventpanel.brookings.catalogue import CATALOGUE
from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit, numbers
from eventpanel.brookings.headlines import HEADLINES
from eventpanel.brookings.headlines import PLACES as PLACES_OF_HEADLINES
from eventpanel.brookings.made import Made, Version, make_exhibits
from eventpanel.brookings.published import KEYS, published
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.verify import AGREE, CANNOT, DIFFER, INSIDE, OTHER, OUTSIDE, PLACES, compare, summary
from eventpanel.datasets.simulated import simulate_materials
from tests.brookings.toy_exhibits import toy_materials


def made_of(*columns: Column, name: str = "table_9", refused: str = "") -> Made:
    def never(*_: object) -> Content:
        raise AssertionError("not called")

    exhibit = Exhibit(name=name, number="Table 9", title="T", uses=(), make=never)
    content = None if refused else Content(columns=columns)
    return Made(exhibit=exhibit, versions=(Version(name="as set", switches=(), content=content, refused=refused),))


def column(value: float, head: str = "(1)", nobs: float = 100, error: float = np.nan, panel: str = "A") -> Column:
    return Column(panel=panel, head=head, coefficients=(Coefficient("b", value, error, 30.0),), nobs=nobs)


def line(
    estimate: float, decimals: int, column: str = "(1)", nobs: float = np.nan, error: float = np.nan
) -> pd.DataFrame:
    row = ("table_9", "A", column, "b", estimate, error, "", nobs, decimals, "")
    return pd.DataFrame([row], columns=[*KEYS, "estimate", "std_error", "stars", "nobs", "decimals", "remark"])


def verdict(table: pd.DataFrame, what: str = "estimate") -> tuple[str, str]:
    one = table[table["what"] == what].iloc[0]
    return str(one["verdict"]), str(one["why"])


@pytest.mark.parametrize(
    ("printed", "decimals", "ours", "expected"),
    [
        (0.222, 3, 0.2224999, AGREE),
        (0.222, 3, 0.2225, AGREE),  # half a unit: either rounding rule may have printed it
        (0.222, 3, 0.2215, AGREE),
        (0.222, 3, 0.22251, DIFFER),
        (0.222, 3, 0.22149, DIFFER),
        (-0.004, 3, 0.004, DIFFER),
        (5951, 0, 5951.4, AGREE),
        (5951, 0, 5951.6, DIFFER),
        (13.2, 1, 13.249, AGREE),
        (13.2, 1, 13.26, DIFFER),
    ],
)
def test_agreement_is_that_of_the_printed_digits(printed: float, decimals: int, ours: float, expected: str) -> None:
    table = compare([made_of(column(ours))], toy_materials(), line(printed, decimals))
    assert verdict(table)[0] == expected
    assert table["difference"].iloc[0] == pytest.approx(ours - printed)


def test_standard_errors_and_n_are_published_numbers_too() -> None:
    table = compare([made_of(column(0.2, error=0.1034))], toy_materials(), line(0.2, 3, nobs=100, error=0.103))
    assert table["what"].tolist() == ["estimate", "std. error", "N"]
    assert table["verdict"].tolist() == [AGREE] * 3


def test_n_is_compared_exactly_and_another_sample_is_not_compared() -> None:
    table = compare([made_of(column(0.2, nobs=101, error=0.1))], toy_materials(), line(0.2, 3, nobs=100, error=0.1))
    assert verdict(table, "N") == (DIFFER, "")
    assert verdict(table) == (CANNOT, "N is 101, published 100")
    assert verdict(table, "std. error") == (CANNOT, "N is 101, published 100")


def test_n_is_compared_once_a_column() -> None:
    two = pd.concat([line(0.2, 3, nobs=100), line(0.3, 3, nobs=100).assign(term="c"), line(0.2, 3, "(2)", nobs=100)])
    table = compare([made_of(column(0.2), column(0.2, "(2)"))], toy_materials(), two)
    assert (table["what"] == "N").sum() == 2


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ([], "no such exhibit"),
        ([made_of(refused="There are no goods.\n  where: here")], "exhibit not made: There are no goods."),
        ([made_of(column(0.2, panel="B"))], "no such panel: A"),
        ([made_of(column(0.2, "(2)"))], "no such column: (1)"),
        ([made_of(replace(column(0.2), coefficients=(Coefficient("c", 0.2),)))], "no such term: b"),
        ([made_of(column(np.nan))], "not estimated"),
    ],
)
def test_what_cannot_be_compared_says_why(made: list[Made], why: str) -> None:
    table = compare(made, toy_materials(), line(0.2, 3))
    assert verdict(table) == (CANNOT, why)
    assert np.isnan(table["ours"].iloc[0])


def test_a_missing_standard_error_is_not_zero() -> None:
    table = compare([made_of(column(0.2))], toy_materials(), line(0.2, 3, error=0.1))
    assert verdict(table, "std. error") == (CANNOT, "no std. error")


@pytest.mark.parametrize(("which", "expected"), [("smallest", 0.196), ("largest", 0.261)])
def test_ends_of_a_range_are_those_of_all_panels_and_columns(which: str, expected: float) -> None:
    columns = [column(0.21), column(0.196, "(2)"), column(0.261, panel="B"), column(np.nan, "(2)", panel="B")]
    table = compare([made_of(*columns)], toy_materials(), line(expected, 3, which))
    assert verdict(table) == (AGREE, "")


def test_the_version_as_set_counts() -> None:
    one = made_of(column(0.2))
    printed = Version(name="as printed", switches=(), content=Content(columns=(column(0.9),)))
    table = compare([replace(one, versions=(*one.versions, printed))], toy_materials(), line(0.2, 3))
    assert verdict(table) == (AGREE, "")


@pytest.mark.parametrize(("kind", "why"), [("simulated", "simulated data"), ("public", "other data")])
def test_other_data_are_not_expected_to_agree(kind: str, why: str) -> None:
    table = compare([made_of(column(0.2))], toy_materials(kind), line(0.2, 3, nobs=100))
    assert verdict(table) == (OTHER, why)
    assert verdict(table, "N") == (OTHER, why)
    assert "not expected to agree" in summary(table, toy_materials(kind))


# The 97.5 % quantile of t with 30 degrees of freedom is 2.0423 (tables of the t distribution).
@pytest.mark.parametrize(("ours", "expected"), [(0.222 + 0.2042, INSIDE), (0.222 - 0.2043, OUTSIDE)])
def test_of_planted_numbers_the_interval_is_asked(ours: float, expected: str) -> None:
    materials = toy_materials("simulated", {"table_2: China x AI": 0.222, "table_2: other": 0.222})
    made = made_of(Column(panel="", head="(1)", coefficients=(Coefficient("China x AI", ours, 0.1, 30.0),), nobs=100))
    made = replace(made, exhibit=replace(made.exhibit, name="table_2"))
    keys = {"exhibit": "table_2", "panel": "", "term": "China x AI"}
    table = compare([made], materials, line(0.222, 3, error=0.1, nobs=100).assign(**keys))
    assert verdict(table) == (expected, "planted in simulated data")
    assert verdict(table, "std. error") == (OTHER, "simulated data")
    # Another published value than the truth that was planted is not asked.
    table = compare([made], materials, line(0.475, 3).assign(**keys))
    assert verdict(table) == (OTHER, "simulated data")


def test_every_planted_coefficient_is_a_published_number() -> None:
    planted = simulate_materials(1).planted
    assert set(planted) == set(PLACES)
    table = published().set_index(["exhibit", "panel", "term"])["estimate"].sort_index()
    for name, truth in planted.items():
        assert np.isclose(table.loc[PLACES[name]], truth).any(), name


def test_the_summary_counts_and_gives_reasons() -> None:
    both = pd.concat([line(0.2, 3), line(0.3, 3, "(2)"), line(0.3, 3, "(3)")])
    table = compare([made_of(column(0.2), column(0.2, "(2)"))], toy_materials(), both)
    lines = summary(table, toy_materials()).splitlines()
    assert lines == [
        "3 published numbers of 1 tables and figures: 1 agree, 1 differ, 1 cannot be compared.",
        "Cannot be compared, 1: no such column: (3)",
    ]


def test_published_numbers_are_whole() -> None:
    table = published()
    assert not table.duplicated(list(KEYS)).any()
    assert table["estimate"].notna().all()
    assert table["decimals"].between(0, 4).all()
    for name in ("estimate", "std_error"):
        digits = table[name] * 10.0 ** table["decimals"]
        held = digits.notna()
        assert np.allclose(digits[held], digits[held].round(), atol=1e-6), name
    assert table.groupby(list(KEYS[:3]))["nobs"].nunique().max() == 1
    assert set(table["stars"]) <= {"", "*", "**", "***"}


def test_published_numbers_cannot_be_changed_by_a_reader() -> None:
    mine = published()
    mine["estimate"] = 0.0
    assert (published()["estimate"] != 0).any()


def test_every_exhibit_with_published_numbers_is_in_the_catalogue() -> None:
    assert set(published()["exhibit"]) <= {one.name for one in CATALOGUE}


# Section 5, D2 of the study's design: 150 * 149 * 18 rows and 133 * 18 rows.
def test_published_n_are_those_of_the_samples() -> None:
    nobs = published().set_index(["exhibit", "column"])["nobs"]
    assert set(nobs["table_2"]) == {150 * 149 * 18}
    assert set(nobs["table_3"]) == {133 * 18}
    assert set(nobs["table_a11"]) == {133 * 17}


# What is made in well under a second; the others are slow.
QUICK = ("table_1", "table_5", "table_a18", "table_a19", "figure_a7")


def check_names(names: set[str]) -> None:
    """Every published number and every headline of some exhibits is there on simulated data."""
    materials = simulate_materials(1)
    made = make_exhibits([one for one in CATALOGUE if one.name in names], materials, Switches())
    assert {one.exhibit.name for one in made} == names
    table = compare(made, materials, published().query("exhibit in @names"))
    # Any trade with China is the rule in the simulation as in the paper (D4), so that its dummy may not vary.
    lacking = table[
        (table["verdict"] == CANNOT) & ~((table["exhibit"] == "table_a15") & (table["why"] == "not estimated"))
    ]
    assert lacking.empty, lacking.to_string()
    for one in HEADLINES:
        if one.exhibit.name in names:
            content = next(held.versions[0].content for held in made if held.exhibit is one.exhibit)
            assert content is not None
            mine = numbers(content).set_index(["panel", "column", "term"])["estimate"]
            assert np.isfinite(mine[one.panel, one.column, one.term]), one.name


def test_names_are_those_of_the_exhibits() -> None:
    check_names(set(QUICK))


@pytest.mark.slow
def test_names_are_those_of_all_exhibits() -> None:
    check_names((set(published()["exhibit"]) | {one.exhibit.name for one in HEADLINES}) - set(QUICK))


def test_all_headlines_are_watched() -> None:
    assert [one.exhibit.name for one in HEADLINES] == [place[0] for _, place, _ in PLACES_OF_HEADLINES]
    for one in HEADLINES:
        assert set(one.switches) <= set(one.exhibit.uses)
