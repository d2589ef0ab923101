"""Judging: what lines say of a headline, whatever check they come from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventpanel.datasets.errors import NotAvailableError
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Check
from eventpanel.robustness.checks import (
    curve,
    cutoffs,
    differences,
    influential,
    lead_placebo,
    leave_out,
    placebo_events,
    placebo_outcomes,
    power,
    pretrends,
    randomised,
    rescaled,
    windows,
)
from eventpanel.robustness.curve_judge import JOINT, UNTESTED, family_of
from eventpanel.robustness.judge import able, judge_placebos, judge_tests, judge_variations
from eventpanel.robustness.lines import Line, not_made
from eventpanel.robustness.plan import Checked, Plan
from eventpanel.robustness.summary import chance
from eventpanel.robustness.variation import headline
from eventpanel.robustness.verdict import headline_in_words, verdict_in_words
from tests.robustness.planted import found_by, judged, planted_case, planted_frame

CASE, NOTHING = planted_case(), planted_case("noise")
OWN = headline(CASE, "toy")


def row(label: str, estimate: float = 0.3, error: float = 0.05, **more: object) -> Line:
    """A variation with an interval of two errors on either side."""
    line = OWN._replace(label=label, role="variation", estimate=estimate, std_error=error, p_value=0.001)
    return line._replace(conf_low=estimate - 2 * error, conf_high=estimate + 2 * error)._replace(**more)  # type: ignore[arg-type]


def placebos(*p_values: float) -> list[Line]:
    return [Line("toy", "", f"P{i}", "placebo", "x", estimate=0.1, p_value=p) for i, p in enumerate(p_values)]


def drawn(p: float, draws: float, error: float = 0.01) -> Line:
    return Line("toy", "", "a test", "test", "p", p_value=p, draws=draws, p_error=error)


def test_the_headline_itself_does_not_count_as_a_variation_of_itself() -> None:
    again = OWN._replace(label="again", role="variation")
    assert judge_variations(CASE, [again] * 9 + [row("small", 0.1)]).answer == "breaks"
    alone = judge_variations(CASE, [again])
    assert (alone.answer, "the headline itself" in alone.words) == ("cannot tell", True)
    # A window of one lead and one lag is the headline's own, and comes up on every side.
    found = judged(windows.CHECK, planted_case(windows={"longest": 1}))
    assert found.answer == "cannot tell"
    rescaled_row = OWN._replace(role="other", unit="cents", estimate=100 * OWN.estimate)
    assert judge_variations(CASE, [rescaled_row]).answer == "cannot tell"


@pytest.mark.parametrize(("made", "lost", "answer"), [(2, 2, "holds"), (2, 3, "cannot tell"), (0, 3, "cannot tell")])
def test_few_of_many_variations_tell_nothing(made: int, lost: int, answer: str) -> None:
    failed = [not_made(row(f"lost {i}"), "no rows") for i in range(lost)]
    assert judge_variations(CASE, [row(f"made {i}") for i in range(made)] + failed).answer == answer
    assert leave_out.CHECK.judge(CASE, [row(f"made {i}") for i in range(made)] + failed).answer == answer


def test_one_variation_is_said_in_the_singular() -> None:
    words = judge_variations(CASE, [row("one", 0.1)]).words
    assert words.startswith("1 of 1 variation keeps the sign, 0 with an interval")


@pytest.mark.parametrize(
    ("p_values", "answer"),
    [
        # One of six below .05 comes by chance in a quarter of all studies without any effect on placebos.
        ((0.04, 0.2, 0.3, 0.4, 0.5, 0.6), "holds"),
        ((0.008, 0.2, 0.3, 0.4, 0.5, 0.6), "weakens"),
        ((0.04, 0.045, 0.3, 0.4, 0.5, 0.6), "breaks"),
        # Two of ten and more: 8.6 %; three: 1.2 %, by the binomial distribution.
        ((0.04, 0.04, *[0.5] * 8), "holds"),
        ((0.04, 0.04, 0.04, *[0.5] * 7), "breaks"),
        ((0.04,), "weakens"),
        ((0.06,), "holds"),
    ],
)
def test_placebos_are_held_to_what_chance_gives(p_values: tuple[float, ...], answer: str) -> None:
    assert judge_placebos(CASE, placebos(*p_values)).answer == answer


def test_clean_placebos_seldom_speak_against_a_headline() -> None:
    """Of six independent placebos without any effect: at most twice the level, whatever the level."""
    p_values = np.random.default_rng(1).random((1000, 6))
    for level in (0.95, 0.9):
        case = planted_case(level=level)
        against = [judge_placebos(case, placebos(*row_of)).answer != "holds" for row_of in p_values.tolist()]
        # Three standard errors of the simulation above.
        assert np.mean(against) < 2 * (1 - level) + 3 * np.sqrt(2 * (1 - level) / 1000)


def test_tests_that_cannot_reject_are_not_judged() -> None:
    # Nine draws and the data: no p-value below .1; twenty in all allow .05 exactly, which rejects.
    assert judge_tests(CASE, [drawn(0.1, 9)]).answer == "cannot tell"
    assert judge_tests(CASE, [drawn(0.05, 19), drawn(0.1, 9)]).answer == "holds"
    assert judge_tests(CASE, [drawn(0.1, 19)]).answer == "breaks"
    # All ten assignments there are, the data among them.
    ten = planted_case(level=0.9)
    assert able([drawn(0.1, 10, 0.0)], ten.alpha)
    assert judge_tests(ten, [drawn(0.1, 10, 0.0)]).answer == "holds"
    assert judge_tests(CASE, []).answer == "cannot tell"


def joint(p: float, draws: float = 99) -> list[Line]:
    part = f"{JOINT}: {family_of(CASE.question)}"
    names = ("median effect", "share significant", "Stouffer Z")
    return [
        Line("curve", part, name, "test", "x", estimate=1.0, p_value=p, p_error=0.01, draws=draws) for name in names
    ]


def test_a_curve_of_which_little_was_drawn_tells_nothing() -> None:
    family = family_of(CASE.question)
    rows = [row(f"s{i}", part=family) for i in range(4)]
    undrawn = [row(f"u{i}", part=family, note=f"{UNTESTED}: CRV3") for i in range(5)]
    assert curve.CHECK.judge(CASE, [*joint(0.01), *rows]).answer == "holds"
    found = curve.CHECK.judge(CASE, [*joint(0.01), *rows, *undrawn])
    assert (found.answer, "5 of them could not be drawn" in found.words) == ("cannot tell", True)
    assert curve.CHECK.judge(CASE, [*joint(0.2, draws=9), *rows]).answer == "cannot tell"
    assert curve.CHECK.judge(CASE, [*joint(0.2), *rows]).answer == "breaks"


@pytest.mark.parametrize("check", [lead_placebo.CHECK, pretrends.CHECK, leave_out.CHECK], ids=lambda check: check.name)
def test_nothing_breaks_a_headline_that_is_not_significant(check: Check) -> None:
    rejects = Line("x", "", "all leads are zero", "test", "p-value", p_value=0.001)
    far = Line("x", "", "3 before", "placebo", "x", estimate=1.0, p_value=0.001, conf_low=0.5, conf_high=1.5)
    assert check.judge(NOTHING, [rejects, far, *found_by(check, NOTHING).lines]).answer == "cannot tell"


def test_power_against_half_the_headline_judges_nothing() -> None:
    strong = planted_frame()["y"] + planted_frame()["x"]
    assert judged(power.CHECK, planted_case(strong)).answer == "cannot tell"
    assert judged(power.CHECK, planted_case(strong, power={"effect": 1.0})).answer == "holds"


def test_a_moderator_between_zero_and_one_is_cut_at_quantiles() -> None:
    frame = planted_frame()
    share = frame["importer"].str[1:].astype(int) / 40
    case = planted_case(design={"moderator": "regime"}, group="low")
    case = replace(case, panel=case.panel.with_frame(frame.assign(polity=share)))
    places = [line.position for line in found_by(cutoffs.CHECK, case).lines if line.part == cutoffs.PART][1:10]
    rows = share[case.estimate.sample]
    assert places == pytest.approx(np.quantile(rows, np.linspace(0.1, 0.9, 9)).tolist(), rel=1e-12)


def test_the_verdict_counts_no_certificates_and_says_what_there_is_to_survive() -> None:
    held = judged(rescaled.CHECK, CASE)
    assert held.answer == "holds"
    one = Checked(rescaled.CHECK, found_by(rescaled.CHECK, CASE), held)
    assert verdict_in_words(CASE, Plan((), ()), [one]) == "Of 0 checks the headline survives 0."
    assert "nothing to survive" in verdict_in_words(NOTHING, Plan((), ()), [])
    against = planted_case(direction="negative")
    assert "not the predicted one" in headline_in_words(against)
    assert "does not show what was predicted" in verdict_in_words(against, Plan((), ()), [])
    assert "predicted" not in verdict_in_words(CASE, Plan((), ()), [])


@pytest.mark.parametrize(
    "check",
    [randomised.CHECK, placebo_events.CHECK, lead_placebo.CHECK, influential.CHECK, power.CHECK, leave_out.CHECK],
    ids=lambda check: check.name,
)
def test_a_negative_prediction_of_the_mirrored_outcome_is_the_same_question(check: Check) -> None:
    mirrored = planted_case(-planted_frame()["y"], direction="negative", power={"effect": -0.2})
    cases = (planted_case(power={"effect": 0.2}), mirrored)
    found, other = (found_by(check, case).lines for case in cases)
    tests, others = ([x.p_value for x in lines if x.role in ("test", "variation")] for lines in (found, other))
    assert others == pytest.approx(tests, rel=1e-6, abs=1e-300, nan_ok=True)
    one, two = (check.judge(case, lines).answer for case, lines in zip(cases, (found, other), strict=True))
    assert one == two != "cannot tell"


def test_how_many_have_to_go_is_told_at_the_level_of_the_study() -> None:
    """A p-value of .08 is significant at 10 %: dropping none does not take that away."""
    noise, x = planted_frame()["noise"], planted_frame()["x"]
    one = next(case for case in (planted_case(noise + b * x, 0.9) for b in np.arange(0, 0.3, 0.01)) if is_between(case))
    needed = {line.label: line for line in found_by(influential.CHECK, one).lines if line.part == influential.NEEDED}
    assert needed["significance at 10% is lost"].estimate >= 1


def is_between(case: Case) -> bool:
    return 0.055 < float(case.headline.pvalues.iloc[0]) < 0.095


def test_a_scheme_under_which_most_units_keep_their_history_is_not_judged() -> None:
    frame, case = planted_frame(), planted_case(randomisation={"strata": ["region"]})
    # Strata of one unit but for the first, which has three: six permutations cannot reject.
    alone = np.where(frame["importer"] < "U03", "R", frame["importer"])
    one = replace(case, panel=case.panel.with_frame(frame.assign(region=alone)))
    found = found_by(randomised.CHECK, one)
    assert [line.role for line in found.lines] == ["size", "test"]
    assert "not judged" in found.lines[0].note
    assert randomised.CHECK.judge(one, found.lines).answer == "holds"
    assert randomised.CHECK.draw is not None
    assert len(randomised.CHECK.draw(one, found).axes) == 2


def test_placebos_too_noisy_to_show_the_headline_are_no_evidence() -> None:
    spread = {name: float(CASE.panel.values(name)[CASE.estimate.sample].std()) for name in ("y", "gdp")}
    alike = OWN.estimate / spread["y"] * spread["gdp"]
    none = Line("toy", "", "gdp", "placebo", "x", estimate=0.0, p_value=0.9)
    for end, answer in ((0.9, "holds"), (1.1, "cannot tell")):
        found = placebo_outcomes.CHECK.judge(CASE, [none._replace(conf_low=-end * alike, conf_high=end * alike)])
        assert (found.answer, "rules out" in found.words) == (answer, answer != "holds")


def test_no_draw_is_no_probability_of_zero() -> None:
    assert chance(drawn(0.0, 99)) == "< 0.01"
    assert chance(drawn(0.02, 99)) == "0.02"
    assert chance(OWN._replace(p_value=0.0)) == "0"


def test_a_gap_is_not_compared_with_the_group_it_takes_off_already() -> None:
    gap = planted_case(design={"moderator": "regime"}, group="low", minus="high")
    with pytest.raises(NotAvailableError, match="no counterpart"):
        differences.CHECK.parts(gap)


def test_a_trend_is_no_thousands_of_per_cent_of_a_headline_of_nothing() -> None:
    slope = Line("pretrends", "", "", "size", pretrends.SLOPE, estimate=50.0)
    lines = [slope._replace(position=often) for often in pretrends.OFTEN]
    assert "one of 50 (more than 10 times it)" in pretrends.CHECK.judge(CASE, lines).words


def test_a_row_that_is_merely_imprecise_does_not_count() -> None:
    """As large as the headline, its interval longer than that of the headline and around it and zero."""
    rows, wide = [row(f"sure {i}") for i in range(5)], row("wide", OWN.estimate, 0.6 * OWN.estimate)
    found = judge_variations(CASE, [*rows, wide])
    assert (found.answer, "1 too imprecise to count" in found.words) == ("holds", True)
    # As imprecise and much smaller, or nearly as precise: these count.
    small = row("small", 0.4 * OWN.estimate, 0.6 * OWN.estimate)
    assert judge_variations(CASE, [*rows, small]).answer == "weakens"
    assert judge_variations(CASE, [row("sure"), wide, wide._replace(label="too")]).answer == "cannot tell"
