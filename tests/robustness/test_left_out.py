"""What is left out and dropped: lines are direct estimates, and what is planted is found."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from eventpanel.datasets.errors import NotAvailableError
from eventpanel.estimating import estimate_by_name
from eventpanel.estimators.influential import drop_influential
from eventpanel.robustness.case import Case
from eventpanel.robustness.checks import influential, leave_out
from eventpanel.robustness.lines import Line
from tests.robustness.planted import found_by, judged, line, planted_case, planted_frame

LEAVE, DROP = leave_out.CHECK, influential.CHECK
BY: dict[str, str | int] = {"importer": "U07", "region": "R3", "year": 2004}
# Cross-products per cluster on one side, rows on the other.
close = partial(pytest.approx, rel=1e-9)


def without(case: Case, column: str, gone: tuple[str | int, ...]) -> list[float]:
    """Estimate, standard error, p-value and bounds on the rows of all other values."""
    rest = tuple(value for value in case.panel.frame[column].unique() if value not in gone)
    design = replace(case.design, sample=replace(case.design.sample, where=((column, rest),)))
    one = case.target.of(estimate_by_name(case.question.estimator, case.panel, design))
    row = one.tidy(case.level).iloc[0]
    return [float(row[name]) for name in ("estimate", "std_error", "p_value", "conf_low", "conf_high")]


def numbers(found: Line) -> list[float]:
    return [found.estimate, found.std_error, found.p_value, found.conf_low, found.conf_high]


@pytest.mark.parametrize("level", [0.95, 0.9])
def test_each_line_is_the_estimate_without_it(level: float) -> None:
    case = planted_case(level=level, leave_out={"by": list(BY)})
    found = found_by(LEAVE, case)
    for by, value in BY.items():
        assert numbers(line(found, by, str(value))) == close(without(case, by, (value,)))
        values = case.panel.frame[by].nunique() - 2 * (by == "year")
        assert sum(x.part == by and x.role == "variation" for x in found.lines) == values
    assert LEAVE.draw is not None
    assert len(LEAVE.draw(case, found).axes) == len(BY)


def test_without_a_section_the_clusters_and_the_period_are_left_out() -> None:
    assert [part.name for part in LEAVE.parts(planted_case())] == ["importer", "year"]


def test_another_estimator_is_estimated_again() -> None:
    case = planted_case("deals", design={"estimator": "ppml"}, leave_out={"by": ["region"]})
    assert numbers(line(found_by(LEAVE, case), "region", "R1")) == close(without(case, "region", ("R1",)))


def one_carries_it() -> Case:
    """No effect but in one importer, for which it is large."""
    frame = planted_frame()
    return planted_case(0.2 * frame["noise"] + np.where(frame["importer"] == "U03", 30.0, -0.15) * frame["x"])


def test_an_importer_that_carries_the_sign_is_named() -> None:
    case = one_carries_it()
    assert np.sign(case.headline.coef[0]) == 1
    found = judged(LEAVE, case)
    # A headline that is not significant cannot fall; the sign is told all the same.
    assert "the sign changes without U03" in found.words
    assert found.answer == "cannot tell"


def test_answers() -> None:
    assert judged(LEAVE, planted_case()).answer == "holds"
    assert judged(LEAVE, planted_case("noise")).answer == "cannot tell"


def test_judging_by_the_one_that_hurts_most() -> None:
    case = planted_case()
    kept = Line(
        "leave_out", "importer", "U01", "variation", "", estimate=0.3, p_value=0.01, conf_low=0.1, conf_high=0.5
    )
    unsure, other = kept._replace(label="U02", conf_low=-0.1), kept._replace(label="U03", estimate=-0.1, conf_low=-0.2)
    assert LEAVE.judge(case, [kept]).answer == "holds"
    found = LEAVE.judge(case, [kept, unsure])
    assert (found.answer, "significance is lost without U02" in found.words) == ("weakens", True)
    found = LEAVE.judge(case, [kept, unsure, other])
    assert (found.answer, "the sign changes without U03" in found.words) == ("breaks", True)


def test_the_only_value_cannot_be_left_out_and_says_why() -> None:
    frame = planted_frame().assign(world="all")
    case = planted_case(leave_out={"by": ["world"]})
    case = replace(case, panel=case.panel.with_frame(frame.assign(made=frame["y"])))
    found = found_by(LEAVE, case)
    assert [x.role for x in found.lines] == ["headline", "not made"]
    assert LEAVE.judge(case, found.lines).answer == "cannot tell"
    assert LEAVE.draw is not None
    LEAVE.draw(case, found)


def test_the_curve_is_what_is_estimated_without_those_that_go() -> None:
    case = planted_case(level=0.9, influential={"most": 3})
    found, direct = found_by(DROP, case), drop_influential(case.panel, case.design, case.target, 3, level=0.9)
    part = "aim: significance at 10% is lost"
    steps = [x for x in found.lines if x.part == part]
    gone = tuple(x.label.partition(": ")[2] for x in steps)
    assert gone == tuple(direct.curve.loc[direct.curve["aim"] == "significance", "left_out"])[1:]
    for k, step in enumerate(steps, 1):
        assert numbers(step) == close(without(case, "importer", gone[:k]))
    assert DROP.draw is not None
    assert len(DROP.draw(case, found).axes) == 3


def test_one_that_carries_the_sign_breaks_it() -> None:
    found = found_by(DROP, one_carries_it())
    needed = {x.label: x for x in found.lines if x.part == influential.NEEDED}
    assert (needed["the sign changes"].estimate, needed["the sign changes"].note) == (1.0, "U03")
    assert needed["the sign changes"].n_clusters == 40
    case = planted_case()
    assert "when 1 of 40 is dropped (2.5%: U03)" in DROP.judge(case, found.lines).words
    assert DROP.judge(case, found.lines).answer == "breaks"


def test_many_that_have_to_go_hold() -> None:
    found = judged(DROP, planted_case(influential={"most": 2}))
    assert found.answer == "holds"
    assert "The sign changes: not with the 2 most influential dropped." in found.words
    nothing = judged(DROP, planted_case("noise", influential={"most": 1}))
    assert (nothing.answer, "The headline is not significant with all of them" in nothing.words) == (
        "cannot tell",
        True,
    )


def test_the_share_is_of_the_groups_under_test() -> None:
    case = planted_case(
        design={"moderator": "regime", "fixed_effects": ["importer", "regime^year"]},
        group="low",
        influential={"most": 1},
    )
    assert {x.n_clusters for x in found_by(DROP, case).lines if x.part == influential.NEEDED} == {20.0}


def test_an_order_that_all_aims_share_is_told_once() -> None:
    case = planted_case(influential={"most": 2, "by": "year"})
    found = found_by(DROP, case)
    assert [x.part for x in found.lines if x.role == "variation"] == ["whatever the aim"] * 2


def test_a_poisson_headline_has_no_influence_here() -> None:
    with pytest.raises(NotAvailableError, match="made by ppml"):
        DROP.parts(planted_case("deals", design={"estimator": "ppml"}))
