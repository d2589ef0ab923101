"""Comparisons of a study: designs, options, cards, differences; as the file says and as the command runs them."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest
from markupsafe import escape

from eventpanel.build import build_panel
from eventpanel.comparisons import build_comparisons, study_cards
from eventpanel.datasets.errors import DesignError, StudyError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.card import Card, card
from eventpanel.estimators.lag_plans import DistributedLag
from eventpanel.estimators.local_projections import LocalProjections
from eventpanel.estimators.matching import Lagged, Matching, Refinement
from eventpanel.estimators.panel_match import PanelMatch
from eventpanel.reports.document import Report, page
from eventpanel.reports.events import Compared, card_terms, card_units, cards_events, cards_table, comparison_table
from eventpanel.run import check_study, compare_study, estimate_study, render
from eventpanel.sections import Study
from eventpanel.study import load_study

OPTIONS = 'comparisons.methods.options={local_projections = {lagged_outcome = false, model = "poisson"}}'
TWO = 'comparisons.methods.methods=["distributed_lag", "local_projections"]'


@cache
def two() -> tuple[Study, Panel, dict[str, Card]]:
    """The demo with two estimators compared, its panel, and all its cards."""
    study = load_study("demo", [TWO])
    panel = build_panel(study)
    return study, panel, study_cards(study, panel)


def test_a_comparison_takes_from_the_study_what_it_does_not_say() -> None:
    study = load_study("demo")
    design, methods = build_comparisons(study)["methods"]
    assert design.outcome == study.design.outcome
    assert (design.event.kind, design.window.reference) == ("threshold", -1)
    assert design.fixed_effects == ("exporter^importer", "year")
    assert methods["distributed_lag"] == DistributedLag()


def test_options_are_those_of_the_estimator() -> None:
    methods = build_comparisons(load_study("demo", [TWO, OPTIONS]))["methods"][1]
    assert methods["local_projections"] == LocalProjections("poisson", lagged_outcome=False)


def test_options_may_be_tables_of_their_own() -> None:
    asked = (
        "comparisons.methods.options={panel_match = {matching = {history = 3, lasting = true}, "
        'refinement = {by = "mahalanobis", size = 4, covariates = [{column = "deals", first = 1, last = 2}]}}}'
    )
    study = load_study("demo", ['comparisons.methods.methods=["panel_match"]', asked])
    made = build_comparisons(study)["methods"][1]["panel_match"]
    refined = Refinement(by="mahalanobis", size=4, covariates=(Lagged("deals", first=1, last=2),))
    assert made == PanelMatch(matching=Matching(history=3, lasting=True), refinement=refined)


@pytest.mark.parametrize(
    ("setting", "error", "match"),
    [
        ('comparisons.methods.methods=["lp_dod"]', DesignError, "Unknown method 'lp_dod'"),
        ("comparisons.methods.methods=[]", StudyError, "methods"),
        ("comparisons.methods.options={ppml = {model = 1}}", StudyError, "not among its methods"),
        ("comparisons.methods.options={local_projections = {lag = 1}}", StudyError, "no option 'lag'"),
        (
            'comparisons.methods.options={local_projections = {model = "logit"}}',
            StudyError,
            r"options.local_projections.model: must be 'linear' or 'poisson', not 'logit'",
        ),
        (
            'comparisons.methods.options={local_projections = {lagged_outcome = "no"}}',
            StudyError,
            r"options.local_projections.lagged_outcome: must be true or false, not 'no'",
        ),
        (
            'comparisons={m = {title = "M", methods = ["lp_did"], options = {lp_did = {quiet = "three"}}}}',
            StudyError,
            r"options.lp_did.quiet: must be a whole number, not 'three'",
        ),
        (
            'comparisons={m = {title = "M", methods = ["lp_did"], options = {lp_did = {pooled = [0, 1.5]}}}}',
            StudyError,
            r"options.lp_did.pooled: must be a whole number",
        ),
        (
            'comparisons={m = {title = "M", methods = ["lp_did"], options = {lp_did = {quiet = -1}}}}',
            DesignError,
            "quiet must not be negative",
        ),
        (
            'comparisons={m = {title = "M", methods = ["panel_match"], options = {panel_match = {matching = 3}}}}',
            StudyError,
            "options.panel_match.matching: must be a table",
        ),
        (
            'comparisons={m = {title = "M", methods = ["panel_match"], options = {panel_match = {matching = {}}}}}',
            StudyError,
            "options.panel_match.matching is not complete",
        ),
        ('comparisons.methods.methods=["lp_did", "lp_did"]', StudyError, "must differ from one another"),
        ("comparisons.methods.draws=10", StudyError, "at least 99"),
        ('comparisons.methods.moderator="wealth"', StudyError, "no moderator 'wealth'"),
    ],
)
def test_slips_are_named(setting: str, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        build_comparisons(load_study("demo", [TWO, setting]))


def test_cards_of_a_study_are_those_of_its_estimates_and_of_all_it_compares() -> None:
    study, panel, cards = two()
    assert list(cards) == [
        "estimate regimes",
        "estimate suppliers",
        "comparison methods, distributed_lag",
        "comparison methods, local_projections",
    ]
    design = build_comparisons(study)["methods"][0]
    same = card(LocalProjections(), panel, design)
    pd.testing.assert_frame_equal(cards["comparison methods, local_projections"].events, same.events)
    table, events = cards_table(cards), cards_events(cards)
    assert events.groupby("card", sort=False).size().tolist() == table["events"].tolist()
    assert ((events["use"] == "dropped") == (events["reason"] != "")).all()


def test_a_comparison_in_which_every_estimator_refuses_has_its_page_and_figure() -> None:
    asked = ['comparisons.methods.methods=["callaway_santanna", "sun_abraham"]']
    study = load_study("demo", asked)
    checked = check_study(study)
    found = compare_study(study, checked.panel)
    assert found["methods"].found.table().empty
    assert len(comparison_table(found, 0.95)) == 0
    files = render(study, checked, estimate_study(study, checked.panel), found)
    text = files["report.html"].decode()
    assert "callaway_santanna refuses: " in text
    assert "sun_abraham refuses: " in text
    assert files["estimators.png"]


def test_the_page_says_once_what_an_estimator_estimates() -> None:
    _, panel, cards = two()
    text = page(Report("T", "L", panel, [], {}, cards, (), {"event_study": b"png"}))
    terms = card_terms(cards.values())
    assert [name for name, _, _ in terms] == ["distributed_lag", "local_projections"]
    assert all(text.count(str(escape(said))) == 1 for _, estimand, said_all in terms for said in (estimand, *said_all))
    assert [text.count(f"<summary>{name}</summary>") for name in cards] == [1] * len(cards)


def test_country_by_country_names_every_event_once() -> None:
    for one in two()[2].values():
        lines = card_units(one)
        counted = [int(count) for _, names in lines for count in pd.Series(names).str.findall(r"\((\d+)\)")[0]]
        assert sum(counted) == len(one.events)
        assert lines[0][0].startswith("Used: ")


def test_a_comparison_of_a_study_is_that_of_the_function() -> None:
    study = load_study("demo", [TWO, "comparisons.methods.draws=99"])
    panel = build_panel(study)
    steps: list[str] = []
    found = compare_study(study, panel, steps.append)["methods"]
    assert steps == ["comparing methods"]
    assert list(found.found.estimates) == ["distributed_lag", "local_projections"]
    assert found.differences["p_joint"].notna().all()
    table = comparison_table({"methods": found}, 0.9)
    narrow = table[table["role"] == "estimate"]
    assert (narrow["conf_high"] - narrow["conf_low"] < 2 * 1.7 * narrow["std_error"]).all()


def test_the_page_says_who_refuses_and_has_no_difference_of_one() -> None:
    study = load_study("demo", [TWO, 'comparisons.methods.window={leads = 2, lags = 2, reference = "none"}'])
    panel = build_panel(study)
    found = compare_study(study, panel)
    assert isinstance(found["methods"], Compared)
    assert found["methods"].differences.empty
    cards = study_cards(study, panel)
    pictures = {"event_study": b"png", "estimators": b"png"}
    text = page(Report("T", "L", panel, [], {}, cards, tuple(found.values()), pictures))
    assert "local_projections refuses: " in text
    assert "period before the event" in text
    assert "Country by country" in text
