"""The family as a case of the checks: Table 4 once more, its further columns as options, exporters as placebos."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from eventpanel import rerun
from eventpanel.brookings.family import Family, family_from, load_family
from eventpanel.brookings.robust import robust_case
from eventpanel.brookings.robust_panel import companies, without_company
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.unrest_models import Fitted
from eventpanel.brookings.unrest_outcomes import any_deal
from eventpanel.brookings.unrest_panel import unrest_panel
from eventpanel.brookings.unrest_parts import Part, estimated
from eventpanel.brookings.unrest_tables import ALL_AI
from eventpanel.datasets.errors import StudyError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.records import Records
from eventpanel.robustness import run as runner
from eventpanel.robustness.case import Case
from eventpanel.robustness.checks import axes
from eventpanel.robustness.lines import Found
from eventpanel.robustness.run import Job, robustness_files
from eventpanel.robustness.runner import work
from eventpanel.robustness.specifications import specifications
from eventpanel.robustness.variation import estimate_of
from eventpanel.study import load_study, study_from
from tests.brookings.small import small_materials

SELLERS = ("Alpha", "Beta", "Gamma")


@cache
def materials() -> Materials:
    """Small materials whose deals also have companies, one after the other."""
    held = small_materials(1)
    deals = held.deals.frame.assign(company=[SELLERS[i % 3] for i in range(len(held.deals.frame))])
    return replace(held, deals=Records(deals, held.deals.covered, held.deals.source))


def family(section: dict[str, Any] | None, **switches: Any) -> Family:
    built_in = load_family("brookings")
    tables = {"robustness": section, "switches": built_in.switches.model_dump() | switches}
    return family_from(built_in.model_dump() | tables, "brookings")


def shortest(**more: Any) -> dict[str, Any]:
    return {"estimate": "table_4", **more}


@cache
def whole() -> Case:
    """The section of the built-in study."""
    return robust_case(load_family("brookings"), materials())


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"regime_cutoff": "polity_6", "year_before": "estimated"},
        {"regime_timing": "base", "regime_base": 2005, "unrest_years": "2008_2021"},
    ],
)
def test_the_headline_is_column_1_of_table_4_as_the_switches_stand(switches: dict[str, Any]) -> None:
    made = robust_case(family(shortest(), **switches), materials()).estimate
    table = estimated(materials(), Switches(**switches), ALL_AI).fits[0].estimate
    assert table is not None
    assert made.nobs == table.nobs
    assert [term.event_time for term in made.path] == [term.event_time for term in table.path]
    np.testing.assert_allclose(made.coef, table.coef, rtol=0, atol=1e-10)
    np.testing.assert_allclose(made.std_errors, table.std_errors, rtol=0, atol=1e-10)


def test_the_further_columns_of_table_4_are_options() -> None:
    fits = estimated(materials(), Switches(), ALL_AI).fits
    for fit, controls in zip(fits[1:], ([], ["log_trade"], ["log_trade", "log_gdp"]), strict=True):
        question = whole().changed({"trends": "importer", "also_controls": controls})
        one = question.target.of(estimate_of(whole(), question))
        want, error = same_year(fit)
        # The trends of a table are centred in its sample, those of a case in its panel; importers hold the difference.
        np.testing.assert_allclose(one.coef, [want], rtol=0, atol=1e-10)
        np.testing.assert_allclose(one.std_errors, [error], rtol=0, atol=1e-10)


def same_year(fit: Fitted) -> tuple[float, float]:
    assert fit.estimate is not None
    place = [term.event_time for term in fit.estimate.terms].index(0)
    return float(fit.estimate.coef[place]), float(fit.estimate.std_errors.iloc[place])


def test_another_exporter_takes_the_place_of_china_on_the_same_scale() -> None:
    rows = unrest_panel(materials(), Switches())
    want = estimated(materials(), Switches(), Part("", any_deal("USA")), rows.scale).fits[0]
    question = whole().changed({"sample": {"where": {"exporter": ["USA"]}}})
    np.testing.assert_allclose(
        question.target.of(estimate_of(whole(), question)).coef, [same_year(want)[0]], rtol=0, atol=1e-10
    )


def test_a_company_is_left_out_of_the_deals() -> None:
    frame, deals = whole().panel.frame, materials().deals.frame
    china = frame[frame["exporter"] == "CHN"].set_index(["importer", "year"])
    rest = deals[(deals["exporter"] == "CHN") & (deals["company"] != "Beta")]
    any_left = set(zip(rest["importer"], rest["year"], strict=True))
    held = china[without_company("Beta")].dropna()
    assert {key for key, value in held.items() if value == 1.0} == any_left & set(held.index)
    assert (held <= china.loc[held.index, "any_ai_deal"]).all()
    assert companies(materials()) == SELLERS
    assert [f"without {one}" for one in SELLERS] == list(whole().section.axes["company"])


def test_what_the_data_lack_makes_no_column() -> None:
    lacking = replace(small_materials(1), goods_years=None, arms=None, investment=None)
    case = robust_case(family(shortest()), lacking)
    absent = ("any_arms_deal", "any_project", "imports of Steam turbines")
    assert not set(absent) & set(case.panel.frame.columns)
    assert "company" not in case.section.axes


def test_every_option_of_the_built_in_section_is_estimated() -> None:
    lines = [line for part in axes.CHECK.parts(whole()) for line in part.work(whole()).lines]
    # Invented countries without a table of regions lie in none.
    assert {line.label for line in lines if line.role == "not made"} <= {"also regions by year"}
    assert {line.role for line in lines if line.part == "company"} == {"headline", "variation"}
    assert len({line.label for line in lines}) > 30


def test_the_curve_of_the_built_in_section_has_hundreds_of_valid_specifications() -> None:
    curve = whole().section.curve
    assert curve is not None
    assert curve.axes is not None
    without_trends = [one for one in curve.axes if one != "trends"]
    assert len(specifications(whole(), without_trends).valid) >= 500


@pytest.mark.parametrize(
    ("section", "switches", "what"),
    [
        (None, {}, "no robustness section"),
        ({"estimate": "table_5"}, {}, "column .1. of Table 4"),
        ({"estimate": "table_4"}, {"reading": "orthogonalised"}, "as a distributed lag"),
    ],
)
def test_what_is_no_case_is_refused(section: dict[str, Any] | None, switches: dict[str, Any], what: str) -> None:
    with pytest.raises(StudyError, match=what):
        robust_case(family(section, **switches), materials())


def test_a_run_of_checks_is_made_again_from_its_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run_parts", here)
    monkeypatch.setattr(rerun, "materials_of", lambda *_: materials())
    case = robust_case(family(shortest(), regime_cutoff="polity_6"), materials())
    files = robustness_files(case, Job(names=("rescaled",)))
    study = json.loads(files["manifest.json"])["study"]
    assert study["robustness"]["checks"] == ["rescaled"]
    assert study["switches"]["regime_cutoff"] == "polity_6"
    assert rerun.rerun("robustness", study, (), print) == files


def test_a_run_of_checks_of_a_study_is_made_again_from_its_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run_parts", here)
    section = {"estimate": "regimes", "group": "autocracy or weak democracy", "checks": ["rescaled"]}
    held = load_study("demo").model_dump() | {"robustness": section}
    files = rerun.rerun("robustness", held, (), print)
    again = json.loads(files["manifest.json"])
    assert again["command"] == "robustness"
    assert study_from(again["study"], "demo") == study_from(held, "demo")


def here(case: Case, parts: Any, *_: Any) -> dict[Any, Found]:
    """Run parts in this process."""
    return {part: work(part, case) for part in parts}
