"""Placebos, leads and differences: each number is that of a direct call or of a regression that must agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import NotAvailableError
from eventpanel.estimators.bootstrap import Bootstrap
from eventpanel.estimators.combinations import difference
from eventpanel.estimators.design import Sample
from eventpanel.estimators.event_coefficients import event_coefficients
from eventpanel.estimators.honest_did import honest_did
from eventpanel.estimators.inference import lead_test, wald
from eventpanel.estimators.multiple import adjust, romano_wolf
from eventpanel.estimators.normalised import normalised
from eventpanel.estimators.placebo_units import Placebo
from eventpanel.estimators.placebo_units import placebo_units as exchanged
from eventpanel.estimators.pretrend_power import detectable_slope, pretrend_power
from eventpanel.robustness.case import Case
from eventpanel.robustness.checks import differences, placebo_outcomes, placebo_units, pretrends
from tests.robustness.small import (
    EXPORTERS,
    PANEL,
    Truth,
    direct,
    finding_of,
    found_by,
    named,
    numbers,
    numbers_of,
    small_case,
    small_panel,
)

UNITS: dict[str, Any] = {"placebo_units": {"by": "exporter", "actual": "CHN"}}
OUTCOMES = ["still", "moved", "gaps"]


def test_placebo_outcomes_are_direct_estimates_with_p_values_for_the_family() -> None:
    case = small_case(placebo_outcomes={"outcomes": OUTCOMES})
    found = found_by(placebo_outcomes.CHECK, case)
    ones = {name: direct(case, outcome=name) for name in OUTCOMES}
    for name, one in ones.items():
        assert numbers(named(found.lines, name, role="placebo")) == numbers_of(one)
    holm = adjust(pd.Series({name: numbers_of(one)[2] for name, one in ones.items()}), "holm")
    table = romano_wolf(
        case.panel,
        {name: one.design for name, one in ones.items()},
        Bootstrap(draws=199, seed=1),
        [case.headline.terms[0]],
    )
    for name, p in zip(OUTCOMES, table["p_romano_wolf"], strict=True):
        assert named(found.lines, name, quantity=placebo_outcomes.HOLM).p_value == holm[name]
        line = named(found.lines, name, quantity=placebo_outcomes.ROMANO_WOLF)
        assert (line.p_value, line.draws) == (p, 199)
        assert line.p_error == pytest.approx(np.sqrt(p * (1 - p) / 199))
    assert not [line for line in found.lines if line.quantity == placebo_outcomes.GAP]


def test_of_outcomes_that_happen_or_not_the_difference_is_that_of_their_difference() -> None:
    base = small_case().study
    study = {"design": base.design.model_dump(exclude_none=True) | {"outcome": "deal"}}
    case = small_case(PANEL, study, placebo_outcomes={"outcomes": ["other_deal", "still"]})
    frame = PANEL.frame
    whole = PANEL.with_frame(frame.assign(apart=frame["deal"] - frame["other_deal"]))
    lines = found_by(placebo_outcomes.CHECK, case).lines
    line = named(lines, "deal less other_deal")
    assert numbers(line) == pytest.approx(numbers_of(direct(case, whole, outcome="apart")), rel=1e-10)
    assert [x.label for x in lines if x.quantity == placebo_outcomes.GAP] == ["deal less other_deal"]


@pytest.mark.parametrize(("outcomes", "answer"), [(["still"], "holds"), (["moved", "still", "y"], "breaks")])
def test_outcomes_that_stay_hold_and_outcomes_that_move_break(outcomes: list[str], answer: str) -> None:
    assert finding_of(placebo_outcomes.CHECK, small_case(placebo_outcomes={"outcomes": outcomes})).answer == answer


def test_a_placebo_that_may_be_as_large_as_the_headline_proves_nothing() -> None:
    # Outcomes of 0 and 1, so that both compare; the headline is not far from zero.
    frame = PANEL.frame
    noise = np.random.default_rng(5).random((2, len(frame)))
    deal = noise[0] < 0.2 + 0.05 * frame["x"].clip(upper=3) * (frame["polity"] < 5)
    panel = PANEL.with_frame(frame.assign(deal=deal * 1.0, other_deal=(noise[1] < 0.3) * 1.0))
    study = {"design": small_case().study.design.model_dump(exclude_none=True) | {"outcome": "deal"}}
    case = small_case(panel, study, placebo_outcomes={"outcomes": ["other_deal"]})
    finding = finding_of(placebo_outcomes.CHECK, case)
    assert case.headline.pvalues.iloc[0] < 0.05
    assert finding.answer == "cannot tell"
    assert "too imprecise to tell" in finding.words


def test_placebo_outcomes_are_drawn_on_one_axis_in_their_own_deviations() -> None:
    scaled = PANEL.with_frame(PANEL.frame.assign(large=1000 * PANEL.frame["still"]))
    case = small_case(scaled, placebo_outcomes={"outcomes": ["still", "large"]})
    assert placebo_outcomes.CHECK.draw is not None
    (axes,) = placebo_outcomes.CHECK.draw(case, found_by(placebo_outcomes.CHECK, case)).axes
    assert "in its standard deviations" in axes.get_title("left")
    points = [float(np.asarray(one.get_xdata())[0]) for one in axes.lines if one.get_marker() == "o"]
    assert len(points) == 3
    assert points[2] == pytest.approx(points[1], rel=1e-9)
    deviation = np.std(scaled.values("y")[case.estimate.sample])
    assert points[0] == pytest.approx(case.headline.coef[0] / deviation, rel=1e-12)


def test_placebo_outcomes_that_are_not_there_say_so() -> None:
    with pytest.raises(NotAvailableError):
        placebo_outcomes.CHECK.parts(small_case())
    found = found_by(placebo_outcomes.CHECK, small_case(placebo_outcomes={"outcomes": ["nowhere"]}))
    assert "There is no column 'nowhere'" in named(found.lines, "nowhere").note


def test_other_units_are_direct_estimates_on_their_samples_and_the_actual_one_is_ranked() -> None:
    case = small_case(**UNITS)
    found = found_by(placebo_units.CHECK, case)
    values = {"CHN": case.headline}
    for unit in EXPORTERS[1:]:
        values[unit] = direct(case, sample=Sample(where=(("exporter", (unit,)),)))
        assert numbers(named(found.lines, unit, role="placebo")) == numbers_of(values[unit])
    for what, size in (
        ("coefficient", {unit: abs(one.coef[0]) for unit, one in values.items()}),
        ("t", {unit: abs(one.tstats.iloc[0]) for unit, one in values.items()}),
    ):
        rank = sum(value >= size["CHN"] for value in size.values())
        assert named(found.lines, f"rank by absolute {what}").p_value == rank / 6
    family = [line for line in found.lines if line.quantity == placebo_units.FAMILY]
    assert [line.label for line in family] == list(EXPORTERS)
    # Six units allow no p-value below one in six.
    assert placebo_units.CHECK.judge(case, found.lines).answer == "cannot tell"
    assert placebo_units.CHECK.draw is not None
    placebo_units.CHECK.draw(case, found)


def test_with_a_level_that_six_units_can_reach_the_first_rank_holds() -> None:
    assert finding_of(placebo_units.CHECK, small_case(PANEL, {"output": {"level": 0.8}}, **UNITS)).answer == "holds"


def test_an_effect_that_others_have_more_of_breaks() -> None:
    of = {"CHN": 0.6} | dict.fromkeys(("DEU", "FRA", "JPN", "KOR"), 2.0)
    case = small_case(small_panel(Truth(of=of)), **UNITS)
    finding = finding_of(placebo_units.CHECK, case)
    assert finding.answer == "breaks"
    assert "ranks 5 of 6" in finding.words
    assert "4 of 5 others are significant" in finding.words


def test_units_with_paths_of_their_own_are_taken_from_the_estimate() -> None:
    case = small_case(estimate="suppliers", group="CHN", **UNITS)
    found = found_by(placebo_units.CHECK, case)
    for unit in EXPORTERS[1:]:
        value = case.estimate.coef[case.estimate.names.index(f"x, same period [{unit}]")]
        assert named(found.lines, unit).estimate == value
    apart = small_case(estimate="suppliers", group="CHN", minus="USA", **UNITS)
    rest = [line.label for line in found_by(placebo_units.CHECK, apart).lines if line.role == "placebo"]
    assert rest == ["DEU", "FRA", "JPN", "KOR"]


def test_units_exchange_what_tells_them_apart() -> None:
    case = small_case(estimate="ours", group="yes", **UNITS)
    found = found_by(placebo_units.CHECK, case)
    table = exchanged(PANEL, case.design, Placebo(by="exporter", actual="CHN", column="ours"))
    table = table[(table["event_time"] == 0) & (table["group"] == "yes")]
    for unit, estimate, t in zip(table["unit"], table["estimate"], table["statistic"], strict=True):
        line = named(found.lines, str(unit))
        assert line.estimate == pytest.approx(estimate, rel=1e-12)
        assert line.estimate / line.std_error == pytest.approx(t, rel=1e-12)
    assert named(found.lines, "rank by absolute coefficient").p_value == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    "section",
    [
        {},
        {"placebo_units": {"by": "regime", "actual": "CHN"}},
        {"placebo_units": {"by": "exporter", "actual": "ITA"}},
        {"placebo_units": {"by": "exporter", "actual": "CHN", "among": ["CHN"]}},
        {"placebo_units": {"by": "exporter", "actual": "DEU"}},
    ],
)
def test_units_that_cannot_take_the_place_are_refused(section: dict[str, Any]) -> None:
    with pytest.raises(NotAvailableError):
        placebo_units.CHECK.parts(small_case(**section))


def test_leads_and_their_power_are_those_of_direct_calls() -> None:
    case = small_case()
    found = found_by(pretrends.CHECK, case)
    test = lead_test(case.estimate, "low")
    assert named(found.lines, "all leads are zero").p_value == test.p_value
    c = normalised(case.estimate, "low")
    assert named(found.lines, "slope that a lead notices in 80% of samples").estimate == detectable_slope(c, 0.8)
    joint = detectable_slope(c, 0.5, test="joint")
    assert named(found.lines, "slope that the joint test notices in 50% of samples").estimate == joint
    effect = float(c.coef[c.event_times == 0][0])
    whole = named(found.lines, "probability that a lead notices a line that is the whole effect")
    assert whole.estimate == pretrend_power(c, effect).power
    honest = honest_did(c, restriction="relative_magnitude", bounds=[1.0], event_time=0)
    assert named(found.lines, "largest M, relative magnitude").estimate == honest.breakdown
    line = named(found.lines, "M = 1", part="relative_magnitude")
    assert (line.conf_low, line.conf_high) == tuple(honest.table[["lower", "upper"]].to_numpy()[0])
    words = pretrends.CHECK.judge(case, found.lines).words
    assert "The joint test of 2 leads does not reject" in words
    assert f"Seen from the period before, the effect is {effect:.4g}" in words
    assert pretrends.CHECK.draw is not None
    pretrends.CHECK.draw(case, found)


def test_with_the_period_before_as_reference_the_path_is_taken_as_it_is() -> None:
    case = small_case(PANEL, {"window": {"leads": 3, "lags": 2, "reference": -1}}, minus="high")
    found = found_by(pretrends.CHECK, case)
    c = event_coefficients(difference(case.estimate, "low", "high"), "low - high")
    assert named(found.lines, "slope that a lead notices in 50% of samples").estimate == detectable_slope(c, 0.5)
    assert "Seen from" not in pretrends.CHECK.judge(case, found.lines).words


def test_a_strong_effect_without_a_trend_holds_and_one_that_begins_before_breaks() -> None:
    assert finding_of(pretrends.CHECK, small_case(small_panel(Truth(low=1.5)))).answer == "holds"
    assert finding_of(pretrends.CHECK, small_case(small_panel(Truth(low=0.5, ahead=1.0)))).answer == "breaks"


def test_a_weak_effect_is_one_that_leads_cannot_defend() -> None:
    finding = finding_of(pretrends.CHECK, small_case(small_panel(Truth(low=0.2))))
    assert finding.answer == "cannot tell"


def test_without_leads_there_is_nothing_to_look_at() -> None:
    with pytest.raises(NotAvailableError):
        pretrends.CHECK.parts(small_case(PANEL, {"window": {"leads": 0, "lags": 2, "reference": "none"}}))
    with pytest.raises(NotAvailableError):
        pretrends.CHECK.parts(small_case(event_time=-1))
    found = found_by(pretrends.CHECK, small_case(PANEL, {"window": {"leads": 1, "lags": 1, "reference": "none"}}))
    assert "No coefficient lies before" in named(found.lines, pretrends.POWER).note


def test_differences_between_groups_are_those_of_the_path_and_between_units_those_of_their_difference() -> None:
    case = small_case(**UNITS)
    found = found_by(differences.CHECK, case)
    path = difference(case.estimate, "low", "high")
    at = next(i for i, term in enumerate(path.terms) if term.event_time == 0)
    line = named(found.lines, "low less high")
    assert numbers(line) == (path.coef[at], path.std_errors.iloc[at], path.pvalues.iloc[at])
    joint = [x for x in found.lines if x.quantity == differences.JOINT]
    assert joint[0].p_value == wald(path, path.terms, "").p_value
    # Of two exporters with the same importers and years, the regression of the difference of their outcomes.
    frame = PANEL.frame.set_index(["exporter", "importer", "year"])
    china = frame.loc[["CHN"]].reset_index()
    keys = pd.MultiIndex.from_frame(china[["importer", "year"]])
    german = frame.loc["DEU"]["y"].reindex(keys).to_numpy()
    mean = frame.drop(index="CHN")["y"].groupby(["importer", "year"]).mean().reindex(keys).to_numpy()
    for label, other in (("CHN less DEU", german), ("CHN less the mean of 5 others", mean)):
        one = direct(case, PANEL.with_frame(china.assign(y=china["y"] - other)))
        assert numbers(named(found.lines, label)) == pytest.approx(numbers_of(one), rel=1e-9)
    one = direct(case, PANEL.with_frame(china.assign(y=mean)))
    assert numbers(named(found.lines, "the mean of 5 others")) == pytest.approx(numbers_of(one), rel=1e-9)
    assert differences.CHECK.draw is not None
    differences.CHECK.draw(case, found)


def test_an_effect_of_one_group_of_one_unit_holds_and_one_of_all_breaks() -> None:
    assert finding_of(differences.CHECK, small_case(small_panel(Truth(low=1.0)), **UNITS)).answer == "holds"
    everywhere = small_panel(Truth(high=0.5, of=dict.fromkeys(EXPORTERS, 1.0)))
    assert finding_of(differences.CHECK, small_case(everywhere, **UNITS)).answer == "breaks"


def test_an_imprecise_other_side_is_not_a_zero() -> None:
    finding = finding_of(differences.CHECK, small_case(small_panel(Truth(noise_high=12.0))))
    assert finding.answer == "cannot tell"
    assert "no difference can be shown" in finding.words
    assert "both zero and the headline: too imprecise to tell" in finding.words


def test_a_headline_without_groups_or_units_has_no_counterpart() -> None:
    with pytest.raises(NotAvailableError):
        differences.CHECK.parts(small_case(estimate="plain", group=""))


def two_ways(case: Case) -> dict[str, Any]:
    design = case.study.design.model_dump(exclude_none=True)
    return {"design": design | {"covariance": {"by": ["importer", "year"], "small_sample": "reghdfe"}}}


def test_without_clusters_of_one_column_what_needs_them_says_so() -> None:
    case = small_case(PANEL, two_ways(small_case()), placebo_outcomes={"outcomes": ["still", "moved"]}, **UNITS)
    units = found_by(differences.CHECK, case).lines
    assert "does not tell what each cluster contributes" in named(units, "CHN less DEU").note
    assert named(units, "DEU").role == "other"
    assert "could not be made" in differences.CHECK.judge(case, units).words
    for check, label in ((placebo_outcomes.CHECK, "all placebo outcomes"), (placebo_units.CHECK, "all units")):
        assert "clusters of one way" in named(found_by(check, case).lines, label).note


def test_of_poisson_means_all_placebos_compare() -> None:
    design = small_case().study.design.model_dump(exclude_none=True) | {"outcome": "deal", "estimator": "ppml"}
    case = small_case(PANEL, {"design": design}, placebo_outcomes={"outcomes": ["other_deal", "still"]})
    lines = found_by(placebo_outcomes.CHECK, case).lines
    other = named(lines, "other_deal", role="placebo")
    assert other.unit == "log mean of other_deal per unit of x"
    line = named(lines, "deal less other_deal")
    assert line.estimate == case.headline.coef[0] - other.estimate
    # Between perfect dependence and its opposite.
    own = float(case.headline.std_errors.iloc[0])
    assert abs(own - other.std_error) < line.std_error < own + other.std_error
    assert "negative values" in named(lines, "still").note
    assert not [x for x in lines if x.quantity == placebo_outcomes.ROMANO_WOLF]


def test_the_same_case_gives_the_same_numbers() -> None:
    case = small_case(placebo_outcomes={"outcomes": OUTCOMES}, **UNITS)
    for check in (placebo_outcomes.CHECK, placebo_units.CHECK):
        assert repr(found_by(check, case)) == repr(found_by(check, case))
