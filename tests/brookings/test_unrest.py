"""Exhibits of equation (3): samples, plain twins, identities, planted truth, pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from eventpanel.brookings import readings, unrest_figures, unrest_goods, unrest_models, unrest_tables
from eventpanel.brookings.exhibit import Content, Exhibit, numbers
from eventpanel.brookings.published import published
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.unrest_differences import Pair, difference
from eventpanel.brookings.unrest_models import (
    EVENT_TIMES,
    SPECIFICATIONS,
    Fitted,
    column,
    fit,
    method_of_reading,
    term_name,
)
from eventpanel.brookings.unrest_outcomes import Outcome, any_deal
from eventpanel.brookings.unrest_panel import REGIME, UNREST, Regime, unrest_panel
from eventpanel.brookings.unrest_parts import estimated
from eventpanel.datasets.errors import IdentificationError, NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.simulated import simulate_materials
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.events import Event
from eventpanel.estimators.inference import difference as between
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.window import EventWindow
from tests.brookings.small import EFFECT, PRODUCTS, small_materials

EXHIBITS = {
    one.name: one for module in (unrest_tables, unrest_figures, unrest_goods, readings) for one in module.EXHIBITS
}
SAME_YEAR = term_name(0)


@cache
def materials() -> Materials:
    return small_materials(1)


@cache
def content(name: str, **switches: Any) -> Content:
    made: Content = EXHIBITS[name].make(materials(), Switches(**switches))
    return made


def cells(name: str, panel: str, head: str = "(1)", **switches: Any) -> pd.DataFrame:
    """One column of an exhibit, by term."""
    held = numbers(content(name, **switches))
    return held[(held["panel"] == panel) & (held["column"] == head)].set_index("term")


def value(name: str, panel: str, head: str, term: str, what: str = "estimate") -> float:
    return float(cells(name, panel, head)[what].to_dict()[term])


# N of the paper's tables 4 and A.17; 26 rows without GDP leave column (4).
@pytest.mark.parametrize(
    ("name", "rows"), [("table_4", [1226, 1226, 1226, 1200]), ("table_a17", [1474, 1474, 1474, 1448])]
)
def test_samples_have_the_rows_of_the_paper(name: str, rows: list[int]) -> None:
    assert [int(one.nobs) for one in content(name).columns[:4]] == rows


def test_simulated_materials_have_them_too_and_the_planted_effect_is_inside_its_interval() -> None:
    data = simulate_materials(1)
    regimes: dict[Regime, list[int]] = {"weak": [1226, 1200], "mature": [1474, 1448]}
    for regime, rows in regimes.items():
        panel = any_deal().on(data, unrest_panel(data, Switches(), (regime,)).panel)
        found = [
            fit(panel, one, method_of_reading(Switches())).estimate for one in (SPECIFICATIONS[0], SPECIFICATIONS[3])
        ]
        assert [one.nobs for one in found if one is not None] == rows
        # What is planted: nothing for mature democracies, and nothing but in the same year.
        first = column(Fitted(SPECIFICATIONS[0], found[0]), "", "(1)")
        truth = data.planted["table_4: same year"] if regime == "weak" else 0.0
        now = next(one for one in first.coefficients if one.term == SAME_YEAR)
        assert abs(now.estimate - truth) < 2.0 * now.std_error


def test_unrest_has_mean_zero_and_deviation_one_over_the_sample() -> None:
    rows = unrest_panel(materials(), Switches())
    inside = rows.panel.frame.query("in_sample == 1")[UNREST]
    assert len(inside) == 1226
    assert abs(inside.mean()) < 1e-12
    assert abs(inside.std(ddof=1) - 1) < 1e-12


def by_hand(with_controls: bool) -> tuple[pd.Series, pd.DataFrame]:
    """Rows of Table 4, column (1) or (4), written out from the lists."""
    frame = materials().countries.frame
    deals = set(
        materials().deals.frame.query("exporter == 'CHN'")[["importer", "year"]].itertuples(index=False, name=None)
    )
    sample = frame[(frame["polity2"] < 7) & (frame["year"] >= 2000) & (frame["year"] <= 2020)]
    unrest = {(i, y): u for i, y, u in frame[["importer", "year", "unrest"]].itertuples(index=False)}
    mean, sd = sample["unrest"].mean(), sample["unrest"].std(ddof=1)
    keep = sample.dropna(subset="gdp") if with_controls else sample
    cells = list(keep[["importer", "year"]].itertuples(index=False, name=None))
    y = pd.Series([float(cell in deals) for cell in cells])
    x = {term_name(-h): [(unrest[i, t + h] - mean) / sd for i, t in cells] for h in (2, 0, -1, -2)}
    who = pd.get_dummies(keep["importer"].reset_index(drop=True), drop_first=True, dtype=float)
    years = pd.get_dummies(keep["year"].reset_index(drop=True), drop_first=True, dtype=float)
    parts = [pd.DataFrame(x), who, years]
    if with_controls:
        parts.append(who.mul(keep["year"].reset_index(drop=True) - 2010, axis=0).add_prefix("trend "))
        parts.append(keep[["total_trade", "gdp"]].reset_index(drop=True).transform(np.log))
    wide = sm.add_constant(pd.concat(parts, axis=1))
    return y, wide.set_axis([str(name) for name in wide.columns], axis=1).set_index(keep["importer"].to_numpy())


@pytest.mark.parametrize(("head", "with_controls"), [("(1)", False), ("(4)", True)])
def test_table_4_equals_a_regression_on_dummies(head: str, *, with_controls: bool) -> None:
    y, x = by_hand(with_controls)
    groups = pd.factorize(x.index)[0]
    plain = sm.OLS(y.to_numpy(), x.reset_index(drop=True)).fit(cov_type="cluster", cov_kwds={"groups": groups})
    mine = cells("table_4", "All AI", head)
    assert list(mine.index) == [term_name(-2), SAME_YEAR, term_name(1), term_name(2)]
    # Both solve the same least squares; 1e-10 leaves four digits for dummies and trends.
    np.testing.assert_allclose(mine["estimate"], plain.params[mine.index], atol=1e-10)
    # The importers' own dummies are nested in the clusters, and reghdfe does not count them.
    n, k, nested = len(y), x.shape[1], groups.max()
    factor = np.sqrt((n - k) / (n - k + nested))
    np.testing.assert_allclose(mine["std_error"], plain.bse[mine.index] * factor, rtol=1e-8)


def test_deals_two_years_before_unrest_stand_in_the_row_of_two_years_before() -> None:
    frame = materials().countries.frame
    high = frame[frame["unrest"] > frame["unrest"].quantile(0.8)]
    for event_time in (-2, 1):
        when = high[["importer"]].assign(year=high["year"] + event_time, exporter="CHN", smart_city=True)
        deals = replace(materials().deals, frame=when[when["year"] <= 2021])
        data = replace(materials(), deals=deals)
        rows = any_deal().on(data, unrest_panel(data, Switches()).panel)
        made = column(fit(rows, SPECIFICATIONS[0], method_of_reading(Switches())), "", "(1)")
        first = pd.Series({one.term: one.estimate for one in made.coefficients})
        assert first.idxmax() == term_name(event_time)
        assert first.drop(term_name(event_time)).abs().max() < 0.2 * first.max()


def test_the_planted_effect_is_inside_its_interval_and_no_other_term_is_far_from_zero() -> None:
    mine = cells("table_4", "All AI")
    apart = ((mine["estimate"] - EFFECT * (mine.index == SAME_YEAR)) / mine["std_error"]).abs()
    assert (mine["dof"] == 58).all()
    # 2.0017 is the 97.5 % point of t(58); three terms without an effect are beyond 3 with probability below 0.012.
    assert apart.to_dict()[SAME_YEAR] < 2.0017
    assert apart.drop(SAME_YEAR).max() < 3


def test_orthogonalised_same_year_is_the_scaled_sum_of_the_distributed_lag() -> None:
    for head in ("(1)", "(4)"):
        own, by_hand = (value("five_readings", "3. Orthogonalised", head, n) for n in (SAME_YEAR, readings.IDENTITY))
        assert abs(own - by_hand) < 1e-12


def test_the_sum_is_the_sum_of_the_five_terms() -> None:
    plain = cells("five_readings", "1. Distributed lag")["estimate"]
    assert abs(plain.to_dict()[readings.SUM] - plain[[term_name(k) for k in EVENT_TIMES]].sum()) < 1e-14


def first_column(switches: Switches, outcome: Outcome | None = None, **regime: Any) -> Fitted:
    """Column (1) of a table, in the reading of the switches."""
    rows = unrest_panel(materials(), switches, **regime).panel
    return fit((outcome or any_deal()).on(materials(), rows), SPECIFICATIONS[0], method_of_reading(switches))


@pytest.mark.parametrize(
    ("reading", "panel"),
    [
        ("distributed_lag", "2. One year before left out"),
        ("orthogonalised", "3. Orthogonalised"),
        ("local_projections", "4. Local projections"),
        ("event", "5. Event"),
    ],
)
def test_the_switch_chooses_the_reading(reading: str, panel: str) -> None:
    made = column(first_column(Switches.model_validate({"reading": reading})), "", "(1)")
    own = numbers(Content(columns=(made,))).set_index("term")
    other = cells("five_readings", panel).drop(readings.IDENTITY, errors="ignore")
    columns = ["estimate", "std_error", "dof", "nobs"]
    pd.testing.assert_frame_equal(own[columns], other[columns], check_exact=True)


def stacked(first: Fitted, moderator: Moderator, panel: Any, rows: Any) -> Any:
    design = Design(
        outcome="outcome",
        event=Event(column=UNREST, kind="dose", by="importer"),
        window=EventWindow(leads=2, lags=2, reference=-1),
        fixed_effects=(f"importer^{moderator.column}", f"{moderator.column}^year"),
        covariance=Clustered("importer", "reghdfe"),
        moderator=moderator,
        sample=rows,
    )
    assert first.estimate is not None
    return distributed_lag(panel, design)


def pair_of(outcome: Outcome, regime: Regime) -> Pair:
    scale = unrest_panel(materials(), Switches()).scale
    other = first_column(Switches(), outcome, regimes=(regime,), scale=scale)
    return Pair("one", "other", first_column(Switches()), other)


@pytest.mark.filterwarnings("ignore::eventpanel.estimators.cautions.EstimationWarning")
def test_the_difference_of_regimes_equals_a_stacked_regression() -> None:
    pair, switches = pair_of(any_deal(), "mature"), Switches()
    scale = unrest_panel(materials(), switches).scale
    rows = unrest_panel(materials(), switches, ("weak", "mature"), scale)
    moderator = Moderator(name="regime", column=REGIME, timing="contemporaneous", groups=("weak", "mature"))
    whole = stacked(
        pair.first, moderator, any_deal().on(materials(), rows.panel), Sample(where=(("in_sample", (1.0,)),))
    )
    check_same(pair, between(whole, "weak", "mature"))


@pytest.mark.filterwarnings("ignore::eventpanel.estimators.cautions.EstimationWarning")
def test_the_difference_of_exporters_equals_a_stacked_regression() -> None:
    pair = pair_of(any_deal("USA"), "weak")
    rows = unrest_panel(materials(), Switches()).panel
    frames = [any_deal(who).on(materials(), rows).frame.assign(exporter=who) for who in ("CHN", "USA")]
    panel = replace(rows, frame=pd.concat(frames, ignore_index=True), unit=("exporter", "importer"))
    moderator = Moderator(name="exporter", column="exporter", timing="fixed", groups=("CHN", "USA"))
    whole = stacked(pair.first, moderator, panel, Sample(where=(("in_sample", (1.0,)),)))
    check_same(pair, between(whole, "CHN", "USA"))


def check_same(pair: Pair, other: Any) -> None:
    found = difference(pair)
    assert found is not None
    np.testing.assert_allclose(found.coef, other.coef, atol=1e-11)
    # Each half has its own small-sample factor here, and the stacked regression one for both: below 1 % of the error.
    np.testing.assert_allclose(found.std_errors, other.std_errors, rtol=0.01)


def test_the_third_panel_is_the_first_less_the_second() -> None:
    for head in ("(1)", "(4)"):
        weak, mature, gap = (
            cells("figure_a5", panel, head)["estimate"]
            for panel in (unrest_figures.WEAK, unrest_figures.MATURE, "A less B")
        )
        pd.testing.assert_series_equal(gap, weak - mature, atol=1e-13, rtol=0)


def test_published_numbers_have_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unrest_models, "run_method", refuse)
    printed = published()
    names = {one.name for one in unrest_tables.EXHIBITS}
    assert names <= set(printed["exhibit"])
    for name in sorted(names):
        made = numbers(EXHIBITS[name].make(replace(materials()), Switches()))
        there = set(made[["panel", "column", "term"]].itertuples(index=False, name=None))
        wanted = printed.loc[printed["exhibit"] == name, ["panel", "column", "term"]]
        assert set(wanted.itertuples(index=False, name=None)) <= there


def test_weak_democracies_can_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unrest_models, "run_method", refuse)
    made = EXHIBITS["figure_a5"].make(replace(materials()), Switches(arms_regimes="weak"))
    assert {one.panel for one in made.columns} == {unrest_figures.WEAK}


class Watching(Switches):
    """Switches that remember which were read."""

    def __getattribute__(self, name: str) -> Any:
        if name in Switches.model_fields:
            SEEN.add(name)
        return super().__getattribute__(name)


SEEN: set[str] = set()


def refuse(*_: Any) -> None:
    raise IdentificationError("Nothing is estimated.", "", "")


def test_table_and_figure_share_what_is_estimated() -> None:
    parts = (unrest_tables.ALL_AI, unrest_figures.PANELS[0])
    table, figure = (estimated(materials(), Switches(), part) for part in parts)
    assert [mine is other for mine, other in zip(table.fits, figure.fits, strict=True)] == [True] * 4
    later = estimated(materials(), Switches(unrest_years="2008_2021"), unrest_tables.ALL_AI)
    assert later.fits[0].estimate is not None
    assert table.fits[0].estimate is not None
    assert later.fits[0].estimate.nobs != table.fits[0].estimate.nobs


@pytest.mark.parametrize("exhibit", EXHIBITS.values(), ids=EXHIBITS)
def test_switches_that_are_read_are_those_that_an_exhibit_names(
    exhibit: Exhibit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unrest_models, "run_method", refuse)
    SEEN.clear()
    exhibit.make(replace(materials()), Watching(regime_timing="base"))
    assert set(exhibit.uses) == SEEN


@pytest.mark.parametrize(
    "other",
    [
        {"regime_cutoff": "polity_10"},
        {"regime_timing": "base"},
        {"unrest_years": "2008_2021"},
        {"reading": "orthogonalised"},
        {"year_before": "estimated"},
    ],
)
def test_every_switch_named_changes_the_numbers(other: dict[str, str]) -> None:
    mine, changed = (
        column(first_column(Switches.model_validate(held)), "", "(1)").coefficients for held in ({}, other)
    )
    assert mine != changed


def test_the_base_year_counts_where_regimes_are_those_of_a_base_year() -> None:
    # The importer that changes is weak in 2000 to 2007.
    held = [unrest_panel(materials(), Switches(regime_timing="base", regime_base=year)) for year in (2007, 2008)]
    assert [int(rows.panel.frame["in_sample"].sum()) for rows in held] == [59 * 21, 58 * 21]


def test_figure_5_has_a_bar_for_each_good_and_ai() -> None:
    made = content("figure_5")
    assert len(made.columns[0].coefficients) == len(PRODUCTS) + 1 == len(drawn("figure_5", made).axes[0].patches)
    assert made.columns[0].coefficients[-1].term == "AI"
    # In logarithms, the bar of AI is column (2) of Table A.7.
    assert value("figure_5", "", "(1)", "AI") == value("table_a7", "", "(2)", SAME_YEAR)


def test_figure_5_with_any_trade_leaves_out_goods_that_never_vary() -> None:
    goods = materials().goods_years
    assert goods is not None
    few = goods.frame[goods.frame["product"].isin(PRODUCTS[:2])]
    few = few.assign(trade=few["trade"].mask(few["product"] == PRODUCTS[0], 1.0))
    data = replace(materials(), goods_years=replace(goods, frame=few))
    made = EXHIBITS["figure_5"].make(data, Switches(figure_5_outcome="any"))
    first, second, ai = made.columns[0].coefficients
    assert np.isnan(first.estimate) and not np.isnan(second.estimate)
    assert any("Radioactive materials is not estimated" in note for note in made.notes)
    assert len(drawn("figure_5", made).axes[0].patches) == 2
    # With deals as 0 or 1, the bar of AI is column (2) of Table 4.
    assert ai.estimate == value("table_4", "All AI", "(2)", SAME_YEAR)


def drawn(name: str, made: Content) -> Figure:
    draw = EXHIBITS[name].draw
    assert draw is not None
    figure: Figure = draw(made, 0.90, "SIMULATED")
    figure.canvas.draw()
    return figure


def intervals(figure: Figure) -> Iterator[tuple[int, int, int]]:
    """By panel: intervals, full points, hollow points."""
    for ax in figure.axes:
        bars = sum(len(one.get_segments()) for one in ax.collections if isinstance(one, LineCollection))
        points = [line for line in ax.lines if line.get_marker() not in ("None", "", None)]
        sizes = [(line.get_markerfacecolor() == "white", len(np.asarray(line.get_xdata()))) for line in points]
        yield bars, sum(n for is_hollow, n in sizes if not is_hollow), sum(n for is_hollow, n in sizes if is_hollow)


@pytest.mark.parametrize(("name", "panels"), [("figure_4", 2), ("figure_a5", 3), ("figure_a6", 3)])
def test_paths_have_four_points_a_specification_and_a_hollow_one(name: str, panels: int) -> None:
    figure = drawn(name, content(name))
    assert list(intervals(figure)) == [(4 * 4, 4 * 4, 4)] * panels
    for ax in figure.axes:
        for segments in (one.get_segments() for one in ax.collections if isinstance(one, LineCollection)):
            assert all(one[0, 1] < one[1, 1] for one in segments)


def test_a_path_without_a_term_left_out_has_no_hollow_point() -> None:
    made = Content(columns=(column(first_column(Switches(year_before="estimated")), "", "(1)"),))
    assert list(intervals(drawn("figure_4", made))) == [(5, 5, 0)]


def without(part: str, *columns: str) -> Materials:
    held = getattr(materials(), part)
    return replace(materials(), **{part: replace(held, frame=held.frame.drop(columns=list(columns)))})


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("table_4", lambda: without("countries", "unrest")),
        ("table_4", lambda: without("countries", "polity2")),
        ("table_a4", lambda: without("deals", "carnegie")),
        ("table_a15", lambda: replace(materials(), goods_years=None)),
        ("figure_5", lambda: replace(materials(), goods_years=None)),
        ("figure_a5", lambda: replace(materials(), arms=None)),
        ("figure_a6", lambda: replace(materials(), investment=None)),
    ],
)
def test_what_the_data_lack_is_not_available(name: str, data: Any) -> None:
    with pytest.raises(NotAvailableError):
        EXHIBITS[name].make(data(), Switches())


def test_what_only_some_columns_need_empties_these_alone() -> None:
    made = unrest_tables.make([unrest_tables.ALL_AI], (), without("countries", "gdp"), Switches())
    assert [np.isnan(one.coefficients[1].estimate) for one in made.columns] == [False, False, False, True]
    assert any("Column (4) is empty" in note and "gdp" in note for note in made.notes)
    parts = [unrest_tables.ALL_AI, unrest_tables.SMART_CITY]
    made = unrest_tables.make(parts, (), without("deals", "smart_city"), Switches())
    assert [one.head for one in made.columns] == ["(1)", "(2)", "(3)", "(4)"]
    assert any("smart_city" in note for note in made.notes)


def test_notes_say_scale_restriction_leads_and_bands() -> None:
    said = " ".join(content("table_4").notes)
    for words in (
        "per one standard deviation of unrest",
        "restriction that its effect is zero",
        "leads can show",
        "simultaneous band",
    ):
        assert words in said
    assert "China less United States, column (1), same year" in said
    bands = content("table_4").more["simultaneous_bands"]
    mine = bands[(bands["column"] == "(1)") & (bands["term"] == SAME_YEAR) & (bands["level"] == 0.95)]
    estimate, error = (value("table_4", "All AI", "(1)", SAME_YEAR, what) for what in ("estimate", "std_error"))
    # Wider than an interval by itself, narrower than Bonferroni over four terms.
    assert 2.0017 < (float(mine["upper"].item()) - estimate) / error < 2.58


def test_an_outcome_that_never_varies_is_missing_and_said() -> None:
    goods = materials().goods_years
    assert goods is not None
    always = replace(materials(), goods_years=replace(goods, frame=goods.frame.assign(trade=1.0)))
    made = EXHIBITS["table_a15"].make(always, Switches())
    assert numbers(made)["estimate"].isna().all()
    assert sum("is empty" in note for note in made.notes) == 2 * len(SPECIFICATIONS)
