"""The built-in study on the publishers' files, against a script that shares no code with it."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import eventpanel.run
from eventpanel.build import build_panel
from eventpanel.reports.results import Result, estimates_table
from eventpanel.robustness.case import Case, case_of
from eventpanel.robustness.checks import axes
from eventpanel.robustness.specifications import specifications
from eventpanel.run import check_study, estimate_study, render, run_study
from eventpanel.study import load_study
from tests.realdata import unrest_deals_by_hand

FILES = (
    "estimates.csv", "table.md", "table.tex", "event_study.png", "event_study.pdf", "ledger.csv", "coverage.csv",
    "manifest.json", "report.html",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("study") / "out"
    run_study(load_study("unrest-deals"), out, data_dir)
    return out


@pytest.fixture(scope="module")
def results(data_dir: Path) -> tuple[Result, ...]:
    study = load_study("unrest-deals")
    return estimate_study(study, check_study(study, data_dir).panel)


def test_numbers_equal_those_of_pandas_and_linearmodels(results: tuple[Result, ...], data_dir: Path) -> None:
    by_hand = unrest_deals_by_hand.all_estimates(data_dir)
    short = {"autocracy or weak democracy": "weak", "strong democracy": "strong", "": "all"}
    assert [result.name for result in results] == list(by_hand)
    for result in results:
        want, estimate = by_hand[result.name], result.estimate
        names = [
            term.variable if term.event_time is None else f"{short.get(term.group, term.group)} {term.event_time}"
            for term in estimate.terms
        ]
        assert sorted(names) == sorted(want.index)
        np.testing.assert_allclose(estimate.coef, want.loc[names, "coef"], rtol=1e-8)
        np.testing.assert_allclose(estimate.std_errors, want.loc[names, "se"], rtol=1e-8)


def test_the_other_script_shares_no_code() -> None:
    tree = ast.parse(Path(unrest_deals_by_hand.__file__).read_text("utf-8"))
    imported = [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    imported += [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    assert not any(name.startswith("eventpanel") for name in imported)


def test_all_files_are_written_and_say_what_the_data_are(folder: Path) -> None:
    for name in FILES:
        assert (folder / name).stat().st_size > 0
    for name in ("table.md", "table.tex", "report.html", "estimates.csv", "ledger.csv", "coverage.csv"):
        assert "not the data of the paper" in (folder / name).read_text("utf-8"), name


def test_the_table_of_numbers_is_the_estimates(results: tuple[Result, ...]) -> None:
    table = estimates_table(results)
    path = table[(table["estimate"] == "arms") & (table["part"] == "path")].set_index("term")
    np.testing.assert_allclose(path["value"], results[0].estimate.params[path.index], rtol=0)


def test_other_questions_run_too(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Pictures are those of the fixture.
    monkeypatch.setattr(eventpanel.run, "save", lambda *_: b"a picture")
    study = load_study(
        "unrest-deals",
        ["window.leads=3", "moderators.regime.below=6", "moderators.regime.timing=lagged", "event.kind=onset",
         "event.transform=none", "event.scale=none", "event.threshold.rule=unit_sd", "event.threshold.value=1.0"],
    )  # fmt: skip
    study = study.model_copy(
        update={
            "moderators": {**study.moderators, "regime": study.moderators["regime"].model_copy(update={"base": None})}
        }
    )
    checked = check_study(study, data_dir)
    results = estimate_study(study, checked.panel)
    assert [t.event_time for t in results[0].estimate.path[:6]] == [-3, -2, -1, 0, 1, 2]
    assert "report.html" in render(study, checked, results, {})


SCALED = """
title = "Arms deals and protest as a share of all events"
label = "Arms deals (SIPRI) and GDELT: not the data of the paper on trade in AI."
panel = { first = 2010, last = 2020 }
event = { column = "protest_share", kind = "dose", scale = "sd" }
window = { leads = 1, lags = 1, reference = "none" }
inputs.arms = { source = "sipri_register", file = "trade/sipri_trade_register.csv", count = "deals", join = "1:1" }
estimates.all = { title = "Any arms deal" }
derive.any_deal = { how = "any_of", columns = ["deals"] }
derive.protest_share = { how = "ratio", columns = ["gdelt_14", "gdelt_events"] }

[inputs.protests]
source = "gdelt_acled"
file = "unrest/gdelt_acled_ucdp_country_years.csv"
options = { measure = "gdelt" }
join = "1:1"

[inputs.events]
source = "gdelt_totals"
file = "unrest/gdelt_all_events_by_fips.csv"
join = "1:1"

[design]
outcome = "any_deal"
fixed_effects = ["importer", "year"]
covariance = { by = "importer", small_sample = "reghdfe" }
"""


def test_protest_scaled_by_all_events(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "scaled.toml").write_text(SCALED, "utf-8")
    study = load_study(str(tmp_path / "scaled.toml"))
    checked = check_study(study, data_dir)
    frame = checked.panel.frame
    known = frame["protest_share"].notna()
    np.testing.assert_allclose(
        frame.loc[known, "protest_share"], (frame["gdelt_14"] / frame["gdelt_events"])[known], rtol=1e-15
    )
    # Covered by the protest file from 2012 and by the totals up to 2020, their last whole year.
    assert (frame.loc[known, "year"].min(), frame.loc[known, "year"].max()) == (2012, 2020)
    (result,) = estimate_study(study, checked.panel)
    assert [term.event_time for term in result.estimate.path] == [-1, 0, 1]
    used = frame["year"][result.estimate.sample]
    assert (used.min(), used.max()) == (2013, 2019)


@pytest.fixture(scope="module")
def case(data_dir: Path) -> Case:
    study = load_study("unrest-deals")
    return case_of(study, build_panel(study, data_dir))


@pytest.mark.slow
def test_the_headline_of_the_checks_is_that_of_the_other_script(case: Case, data_dir: Path) -> None:
    by_hand = unrest_deals_by_hand.all_estimates(data_dir)["arms"]
    np.testing.assert_allclose(case.headline.coef, by_hand.loc[["weak 0"], "coef"], rtol=1e-8)
    np.testing.assert_allclose(case.headline.std_errors, by_hand.loc[["weak 0"], "se"], rtol=1e-8)


@pytest.mark.slow
def test_every_option_of_every_axis_is_estimated(case: Case) -> None:
    lines = [line for part in axes.CHECK.parts(case) for line in part.work(case).lines]
    assert [line.label for line in lines if line.role == "not made"] == []
    assert len({line.label for line in lines}) == 1 + sum(map(len, case.section.axes.values()))


@pytest.mark.slow
def test_the_curve_has_hundreds_of_valid_specifications_and_the_placebos_are_there(case: Case) -> None:
    curve, outcomes = case.section.curve, case.section.placebo_outcomes
    assert curve is not None
    assert outcomes is not None
    assert len(specifications(case, curve.axes, curve.without).valid) >= 500
    assert set(outcomes.outcomes) <= set(case.panel.frame.columns)
    assert case.panel.frame["exporter"].nunique() == 20
