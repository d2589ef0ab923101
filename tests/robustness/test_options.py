"""Options change what they name of the headline and nothing else; combinations are all there, each once."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from eventpanel.build import build_designs
from eventpanel.datasets.errors import StudyError
from eventpanel.estimators.covariance import Clustered, DriscollKraay, Robust
from eventpanel.estimators.window import EventWindow
from eventpanel.robustness.checks import axes, curve
from eventpanel.robustness.run import plan_checks
from eventpanel.robustness.runner import work
from eventpanel.robustness.specifications import AS_SET, specifications
from eventpanel.robustness.trends import trend_names
from tests.robustness.curves import AXES, curve_case

CASE = curve_case({})


def test_without_changes_the_question_is_the_estimate_of_the_study() -> None:
    assert CASE.changed({}).design == build_designs(CASE.study)["main"]


def test_tables_merge_lists_replace_and_also_adds() -> None:
    base = CASE.design
    changed = CASE.changed(
        {"window": {"leads": 3}, "also_controls": ["weight"], "covariance": {"small_sample": "statsmodels"}}
    ).design
    assert changed.window == EventWindow(leads=3, lags=1, reference=None)
    assert changed.controls == ("control", "weight")
    assert changed.covariance == Clustered("importer", "statsmodels")
    assert replace(changed, window=base.window, controls=base.controls, covariance=base.covariance) == base
    assert CASE.changed({"controls": ["weight"]}).design.controls == ("weight",)


def test_a_control_that_is_there_is_not_added_twice() -> None:
    assert CASE.changed({"also_controls": ["control", "weight"]}).design.controls == ("control", "weight")


def test_none_takes_the_moderator_away_and_the_target_with_it() -> None:
    question = CASE.changed({"moderator": "none"})
    assert question.design.moderator is None
    assert (question.target.group, CASE.target.group) == ("", "low")


def test_none_takes_a_key_of_a_moderator_away() -> None:
    lagged = {"regime": {"timing": "lagged", "by": "importer", "lag": 1}}
    held = CASE.changed({"moderators": lagged}).design.moderator
    assert held is not None
    assert (held.timing, held.by) == ("lagged", "importer")
    again = CASE.changed({"moderators": {"regime": {"groups": "none"}}}).design.moderator
    assert again is not None
    assert again.groups == ()


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"colour": 1}, "colour"),
        ({"window": {"leads": "two"}}, "window.leads"),
        ({"window": {"ahead": 1}}, "window.ahead"),
        ({"estimator": "magic"}, "magic"),
        ({"moderator": "nobody"}, "nobody"),
        ({"also_controls": "control"}, "also_controls"),
    ],
)
def test_what_an_option_cannot_be_is_said(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(StudyError) as error:
        CASE.changed(changes)
    assert what in str(error.value)


def test_trends_are_years_from_the_middle_in_the_rows_of_one_unit() -> None:
    names = trend_names(CASE.panel, "importer")
    frame = CASE.panel.frame
    assert len(names) == frame["importer"].nunique() - 1
    total = frame[list(names)].sum(axis=1)
    expected = np.where(frame["importer"] == "U000", 0.0, frame["year"] - 2007.5)
    assert np.array_equal(total, expected)
    assert CASE.changed({"trends": "importer"}).design.controls == ("control", *names)


def test_all_combinations_are_there_once() -> None:
    found = specifications(CASE)
    every = set(product(*([AS_SET, *options] for options in AXES.values())))
    assert {tuple(option for _, option in one.choices) for one in found.valid} == every
    assert found.valid[0].label == "headline"
    assert found.valid[0].question == CASE.question
    assert len({one.question for one in found.valid}) == len(found.valid) == 36
    assert found.refused == ()


def test_combinations_that_cannot_be_are_listed_with_the_reason() -> None:
    axes = {
        "a": {"late": {"sample": {"first": 2004}}, "same": {}},
        "b": {"later": {"sample": {"first": 2006}}, "early": {"sample": {"last": 2010}}},
        "c": {"bad": {"window": {"reference": 5}}, "excluded": {"window": {"lags": 2}}},
    }
    case = curve_case({"axes": axes})
    found = specifications(case, without=[{"a": "late", "c": "excluded"}])
    reasons = {tuple(option for _, option in one.choices): one.reason for one in found.refused}
    assert len(found.valid) + len(found.refused) == 27
    assert reasons["late", "later", AS_SET] == "a and b both set sample.first"
    assert "outside the window" in reasons[AS_SET, AS_SET, "bad"]
    assert reasons["late", AS_SET, "excluded"] == "left out by the study"
    assert reasons["same", "early", AS_SET] == "the same as b: early"
    assert {one.choices[1][1] for one in found.valid if one.choices[0][1] == "late"} == {AS_SET, "early"}


def test_options_that_set_a_key_to_one_value_may_be_combined() -> None:
    axes = {"a": {"x": {"sample": {"first": 2004}}}, "b": {"y": {"sample": {"first": 2004, "last": 2010}}}}
    labels = {one.label for one in specifications(curve_case({"axes": axes})).valid}
    assert labels == {"headline", "a: x", "b: y"}


@pytest.mark.parametrize("asked", [{"axes": ["nothing"]}, {"without": [{"years": "nothing"}]}])
def test_an_axis_or_option_that_is_not_there_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(StudyError, match="nothing"):
        specifications(CASE, **asked)


def test_a_covariance_of_another_kind_keeps_only_what_it_knows() -> None:
    assert CASE.changed({"covariance": {"kind": "HC1"}}).design.covariance == Robust("HC1")
    driscoll = {"kind": "driscoll_kraay", "lags": 2, "small_sample": "fixest"}
    assert CASE.changed({"covariance": driscoll}).design.covariance == DriscollKraay(lags=2, small_sample="fixest")
    jackknife = CASE.changed({"covariance": {"kind": "CRV3", "small_sample": "none"}}).design.covariance
    assert jackknife == Clustered("importer", "none", "CRV3")
    with pytest.raises(StudyError, match="by is not known to it"):
        CASE.changed({"covariance": {"kind": "HC1", "by": "importer"}})


def test_a_moderator_is_not_taken_away_without_its_fixed_effects() -> None:
    effects = ["importer", "regime^year"]
    with pytest.raises(StudyError, match="keeps its fixed effects"):
        CASE.changed({"moderator": "none", "fixed_effects": effects})
    assert CASE.changed({"moderator": "none", "fixed_effects": ["year"]}).design.fixed_effects == ("year",)


@pytest.mark.parametrize(
    ("option", "what"),
    [
        ({"evnt": {}}, "evnt"),
        ({"window": {"lead": 1}}, "did you mean leads"),
        ({"moderators": "regime"}, "by tables"),
        ({"moderators": {"regme": {"below": 6}}}, "regme"),
        ({"moderators": {"regime": "none"}}, "by tables"),
        ({"covariance": {"kind": "driscoll_kraay"}}, "lags is missing"),
        ({"estimator": ["ppml"]}, "no estimator"),
        ({"moderator": "nobody"}, "nobody"),
        ({"trends": 3}, "Trends"),
    ],
)
def test_an_option_that_cannot_be_read_is_refused_before_anything_is_estimated(
    option: dict[str, Any], what: str
) -> None:
    with pytest.raises(StudyError, match=what) as error:
        curve_case({"axes": {"mine": {"typed wrong": option}}})
    assert "robustness.axes.mine, option 'typed wrong'" in error.value.where


def test_no_option_is_called_as_the_headline() -> None:
    with pytest.raises(StudyError, match="name of the headline"):
        curve_case({"axes": {"mine": {AS_SET: {"window": {"leads": 2}}}}})


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"group": ""}, "robustness.group is missing"),
        ({"group": "lower"}, "robustness.group is 'lower'"),
        ({"minus": "higher"}, "robustness.minus is 'higher'"),
        ({"event_time": 4}, "event_time is 4"),
    ],
)
def test_a_headline_that_is_not_there_is_told_by_its_key(asked: dict[str, Any], what: str) -> None:
    with pytest.raises(StudyError, match=what) as error:
        curve_case(asked)
    assert ("-1, 0, 1" if "event_time" in asked else "'low', 'high'") in error.value.where


def test_an_option_that_changes_nothing_is_no_variation() -> None:
    case = curve_case({"axes": {"mine": {"nothing": {}}}})
    (part,) = axes.CHECK.parts(case)
    lines = part.work(case).lines
    assert [(line.role, line.note) for line in lines[1:]] == [("not made", "the same as the headline")]


def test_a_curve_that_cannot_be_drawn_says_why() -> None:
    case = curve_case({"axes": {"window": AXES["window"]}, "curve": {"by": "nobody", "draws": 19}})
    (part,) = curve.CHECK.parts(case)
    found = work(part, case)
    assert curve.CHECK.tables is not None
    curve.CHECK.tables(case, found)
    finding = curve.CHECK.judge(case, found.lines)
    assert finding.answer == "cannot tell"
    assert "nobody" in finding.words


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"leave_out": {"by": ["importer", "importr"]}}, "leave_out.by names 'importr'.*did you mean importer"),
        ({"randomisation": {"strata": ["nothing"]}}, "randomisation.strata names 'nothing'"),
        ({"curve": {"by": "exporter^importer"}}, "curve.by names 'exporter'"),
    ],
)
def test_a_setting_that_names_no_column_is_refused_before_anything_is_made(
    settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(StudyError, match=words):
        plan_checks(curve_case(settings))


def test_columns_moderators_and_parts_may_be_named() -> None:
    settings = {"leave_out": {"by": ["event", "regime^year"]}, "randomisation": {"strata": ["regime"]}}
    assert plan_checks(curve_case(settings)).parts


def test_combinations_of_one_name_are_refused() -> None:
    axes = {
        "a": {"x; b: y": {"sample": {"first": 2004}}, "x": {"sample": {"first": 2005}}},
        "b": {"y": {"controls": []}},
    }
    with pytest.raises(StudyError, match="the same name"):
        specifications(curve_case({"axes": axes}))


def test_too_many_combinations_are_refused_at_once() -> None:
    options = {f"{i}": {"sample": {"first": 1900 + i}} for i in range(250)}
    with pytest.raises(StudyError, match="63,001 combinations"):
        specifications(curve_case({"axes": {"a": options, "b": options}}))
