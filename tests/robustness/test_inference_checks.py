"""Checks of inference: the numbers of direct calls, planted cases, refusals, figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from eventpanel.datasets.errors import NotAvailableError
from eventpanel.estimators.bootstrap import Bootstrap
from eventpanel.estimators.covariance import Clustered, Conley, DriscollKraay
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.effective_clusters import effective_clusters
from eventpanel.estimators.few_treated import FewTreated, few_treated
from eventpanel.estimators.lead_placebo import lead_placebo
from eventpanel.estimators.placebo_draws import placebo_draws
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.randomisation import Randomisation, randomisation
from eventpanel.estimators.score_bootstrap import score_bootstrap
from eventpanel.estimators.target import Target
from eventpanel.estimators.wild_bootstrap import wild_bootstrap
from eventpanel.robustness.case import Case
from eventpanel.robustness.catalogue import asked_checks
from eventpanel.robustness.check import Check, Finding
from eventpanel.robustness.checks import few_clusters, placebo_events, randomised
from eventpanel.robustness.checks import lead_placebo as far_leads
from eventpanel.robustness.figures.histograms import histograms
from eventpanel.robustness.figures.inference import methods
from eventpanel.robustness.figures.path import placebo_path
from eventpanel.robustness.lines import Found, Line
from tests.robustness.inference_cases import World, finding, found_in, the_line, world_case

pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.distributed_lag.EstimationWarning")
PLAIN = world_case(World())
BY_REGIME = world_case(World(), "regimes", group="low", minus="high", randomisation={"strata": ["polity"]})
COUNTS = world_case(World(), "counts")
CHECKS = (randomised.CHECK, placebo_events.CHECK, far_leads.CHECK, few_clusters.CHECK)


@pytest.mark.parametrize("case", [PLAIN, BY_REGIME, COUNTS], ids=["plain", "gap", "poisson"])
def test_randomised_is_the_table_of_randomisation(case: Case) -> None:
    found = found_in(randomised.CHECK, case)
    gap = ("low", "high") if case.target.minus else ()
    for scheme in ("permute", "shift"):
        how = Randomisation(
            draws=99,
            seed=1,
            scheme=scheme,
            strata=tuple(case.section.randomisation.strata) if scheme == "permute" else (),
            model="linear" if case.is_linear else "poisson score",
        )
        table = randomisation(case.panel, case.design, how, difference=gap)
        row = table[(table["event_time"] == 0) & (table["group"] == ("low - high" if gap else ""))].iloc[0]
        (line,) = [x for x in found.lines if x.part == scheme]
        assert (line.p_value, line.p_error, line.draws) == (row["p_value"], row["p_error"], row["draws"])
        drawn = placebo_draws(case.panel, case.design, how, case.target)
        assert found.draws[line.label] == (drawn.estimate, *drawn.estimates)
        assert line.estimate == drawn.estimate


def test_records_of_other_periods_exchange_among_themselves() -> None:
    # The last four importers have no record before 2003.
    late = PLAIN.panel.frame["importer"].isin([f"I{i}" for i in range(10, 14)]) & (PLAIN.panel.frame["year"] < 2003)
    short = replace(PLAIN, panel=PLAIN.panel.with_frame(PLAIN.panel.frame[~late].reset_index(drop=True)))
    (line,) = [x for x in found_in(randomised.CHECK, short).lines if x.part == "permute"]
    how = Randomisation(draws=99, seed=1, scheme="permute", unequal="match")
    assert line.p_value == placebo_draws(short.panel, short.design, how, short.target).p_value
    assert "whose records cover the same periods" in line.note


def test_the_score_test_says_that_its_number_is_one_step() -> None:
    assert "one Newton step" in found_in(randomised.CHECK, COUNTS).lines[0].note


def test_placebo_events_are_spells_where_there_is_room_for_them() -> None:
    found = found_in(placebo_events.CHECK, PLAIN)
    drawn = placebo_draws(PLAIN.panel, PLAIN.design, Randomisation(draws=99, seed=1, scheme="spells"), PLAIN.target)
    assert [line.p_value for line in found.lines] == [drawn.p_value, drawn.p_directed]
    assert {line.part for line in found.lines} == set(found.draws) == {"spells dealt out anew"}
    assert finding(placebo_events.CHECK, PLAIN).answer == "holds"


def test_a_dose_without_quiet_years_is_turned_around_instead() -> None:
    # Every year of every importer but one has an event.
    case = world_case(World(least=1.0, rate=1.0))
    panel = case.panel.with_frame(
        case.panel.frame.assign(x=lambda f: f["x"].where((f["importer"] != "I01") | (f["year"] != 2005), 0.0))
    )
    found = found_in(placebo_events.CHECK, replace(case, panel=panel))
    assert "13 of 14 importer units with events have no quiet period" in found.lines[0].note
    assert [line.part for line in found.lines] == ["spells dealt out anew"] * 2 + ["records turned around"] * 2
    turned = placebo_draws(panel, case.design, Randomisation(draws=99, seed=1, scheme="shift"), case.target)
    assert found.lines[2].p_value == turned.p_value
    said = placebo_events.CHECK.judge(case, found.lines)
    assert said.words.startswith("Records turned around in time give an effect")
    assert "13 of 14 importer units with events have no quiet period" in said.words


def test_records_that_cannot_be_dealt_out_at_all_say_why() -> None:
    found = found_in(placebo_events.CHECK, world_case(World(least=1.0, rate=1.0)))
    assert found.lines[0].role == "not made" and "nothing to deal out" in found.lines[0].note
    assert found.lines[1].part == "records turned around"


@pytest.mark.parametrize("check", [randomised.CHECK, placebo_events.CHECK], ids=lambda check: check.name)
def test_events_without_effect_are_no_larger_than_made_up_ones(check: Check) -> None:
    # Lines of a null beside a headline that is significant, then its own.
    null = found_in(check, world_case(World(effect=0.0)))
    assert check.judge(PLAIN, null.lines).answer == "breaks"
    assert finding(check, world_case(World(effect=0.0))).answer == "cannot tell"


def test_far_leads_are_the_table_of_lead_placebo() -> None:
    case = world_case(World(), "regimes", group="low", lead_placebo={"ahead": [2, 3]})
    found = found_in(far_leads.CHECK, case)
    table = lead_placebo(case.panel, case.design, (2, 3)).query("group == 'low'")
    for a in (2, 3):
        row, line = table[table["event_time"] == -a].iloc[0], the_line(found, f"{a} before", role="placebo")
        assert (line.estimate, line.std_error, line.position) == pytest.approx(
            (row["estimate"], row["std_error"], -a), rel=1e-12
        )
        assert (line.p_value, line.conf_low) == pytest.approx((row["p_value"], row["conf_low"]), rel=1e-9)
    joint = table[table["event_time"].isna()].iloc[0]
    assert the_line(found, "all far leads", role="test").p_value == pytest.approx(joint["p_value"], rel=1e-9)
    wide = replace(case.design, window=replace(case.design.window, leads=3))
    again = case.target.of(distributed_lag(case.panel, wide))
    assert the_line(found, "headline", role="variation").estimate == pytest.approx(again.coef[0], rel=1e-12)
    assert {line.position for line in found.lines if line.role == "other"} == {-1, 1}


def test_far_leads_of_a_gap_are_the_difference_of_the_groups() -> None:
    case = world_case(World(), "regimes", group="low", minus="high", lead_placebo={"ahead": [2]})
    line = the_line(found_in(far_leads.CHECK, case), "2 before", role="placebo")
    table = lead_placebo(case.panel, case.design, (2,)).set_index("group")
    row = table[table["event_time"] == -2]["estimate"]
    assert line.estimate == pytest.approx(row["low"] - row["high"], rel=1e-9)


def test_an_answer_to_events_three_years_ahead_breaks_the_headline() -> None:
    ahead = {"ahead": [2, 3]}
    assert finding(far_leads.CHECK, world_case(World(importers=30, treated=30), lead_placebo=ahead)).answer == "holds"
    said = finding(far_leads.CHECK, world_case(World(importers=30, treated=30, ahead=0.5), lead_placebo=ahead))
    assert said.answer == "breaks" and "3 before" in said.words


def test_leads_too_vague_to_exclude_the_headline_tell_nothing() -> None:
    wide = Line("", "far leads", "3 before", "placebo", "", estimate=0.1, p_value=0.8, conf_low=-2.0, conf_high=2.2)
    joint = Line("", "far leads", "all", "test", "", p_value=0.8)
    assert far_leads.judge(PLAIN, (joint, wide)).answer == "cannot tell"


def test_a_lead_that_the_record_does_not_hold_is_refused_with_its_reason() -> None:
    found = found_in(far_leads.CHECK, world_case(World(), lead_placebo={"ahead": [20]}))
    assert [line.role for line in found.lines] == ["not made"] and found.lines[0].note


def plain_columns(case: Case) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Rows with whole windows, the path with the target first, and dummies of importers and years."""
    frame = case.panel.frame.sort_values(["importer", "year"])
    lags = {k: frame.groupby("importer")["x"].shift(k).to_numpy() for k in (0, -1, 1)}
    path = np.column_stack(list(lags.values()))
    keep = np.flatnonzero(~np.isnan(path).any(axis=1))
    rows = frame.loc[frame.index[keep]]
    dummies = pd.get_dummies(rows["importer"]).join(pd.get_dummies(rows["year"], drop_first=True)).to_numpy(dtype=float)
    return rows, path[keep], dummies


def squares_of(rows: pd.DataFrame, path: np.ndarray, dummies: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum of squares of the target's regressor in each importer, all else taken out."""
    root, others = np.sqrt(weights), np.column_stack([path[:, 1:], dummies])
    right, left = path[:, 0] * root, others * root[:, None]
    return np.bincount(pd.factorize(rows["importer"])[0], weights=(right - left @ np.linalg.lstsq(left, right)[0]) ** 2)


def test_effective_clusters_are_those_of_the_residualised_regressor() -> None:
    rows, path, dummies = plain_columns(PLAIN)
    squares = squares_of(rows, path, dummies, np.ones(len(rows)))
    found = effective_clusters(PLAIN.panel, PLAIN.design, PLAIN.target)
    assert found.table["partial"].to_numpy() == pytest.approx(squares / squares.sum(), rel=1e-9)
    spread = np.var(squares) / squares.mean() ** 2
    assert found.effective == pytest.approx(len(squares) / (1 + spread), rel=1e-9)
    # Three terms, and years less one; the effects of importers are taken out before.
    assert found.table["leverage"].sum() == pytest.approx(3 + rows["year"].nunique() - 1, rel=1e-9)
    assert found.table["events"].tolist() == rows.groupby("importer")["x"].sum().tolist()


def test_effective_clusters_under_poisson_weigh_rows_by_their_means() -> None:
    rows, path, dummies = plain_columns(COUNTS)
    mu = sm.GLM(rows["n"].to_numpy(), np.column_stack([path, dummies]), family=sm.families.Poisson()).fit(tol=1e-12).mu
    squares = squares_of(rows, path, dummies, mu)
    found = effective_clusters(COUNTS.panel, COUNTS.design, COUNTS.target, model="poisson")
    assert found.table["partial"].to_numpy() == pytest.approx(squares / squares.sum(), rel=1e-6)
    assert found.effective == pytest.approx(squares.sum() ** 2 / (squares**2).sum(), rel=1e-6)


def test_equal_clusters_count_each_and_one_drops_out_with_its_events() -> None:
    # One event each, in the middle of the record: residualised on effects of importers alone all weigh the same.
    frame = PLAIN.panel.frame.assign(x=lambda f: 1.0 * (f["year"] == 2006))
    design = replace(PLAIN.design, fixed_effects=("importer",))
    assert effective_clusters(PLAIN.panel.with_frame(frame), design, Target()).effective == pytest.approx(14, rel=1e-9)
    frame["x"] *= frame["importer"] != "I03"
    found = effective_clusters(PLAIN.panel.with_frame(frame), design, Target())
    assert found.effective == pytest.approx(13, rel=1e-9)
    silent = found.table[found.table["cluster"] == "I03"]
    assert silent[["events", "partial"]].to_numpy().tolist() == [[0.0, 0.0]]


def test_one_heavy_cluster_leaves_few_effective_ones() -> None:
    found = found_in(few_clusters.CHECK, world_case(World(heavy=30.0)))
    assert the_line(found, "effective number").estimate < 2
    assert the_line(found, "largest share of leverage").note.startswith("I00;")
    assert the_line(found, "clusters", note="with rows in the groups of the headline").estimate == 14
    equal = found_in(few_clusters.CHECK, PLAIN)
    assert 8 < the_line(equal, "effective number").estimate <= 14


def test_every_way_is_its_direct_call() -> None:
    found, panel, design = found_in(few_clusters.CHECK, PLAIN), PLAIN.panel, PLAIN.design
    ways = {
        "CRV1": design.covariance,
        "CRV2": Clustered("importer", "none", "CRV2"),
        "CRV3": Clustered("importer", "none", "CRV3"),
        "Driscoll-Kraay, 2 lags": DriscollKraay(2, "fixest"),
        "Conley": Conley(
            latitude="latitude",
            longitude="longitude",
            cutoff_km=1000,
            kernel="bartlett",
            distance="great_circle",
            serial_lags=2,
            serial_by="importer",
            small_sample="fixest",
        ),
    }
    for label, covariance in ways.items():
        one = distributed_lag(panel, replace(design, covariance=covariance)).tidy().iloc[1]
        line = the_line(found, label)
        assert (line.estimate, line.p_value, line.conf_low, line.conf_high) == tuple(
            one[["estimate", "p_value", "conf_low", "conf_high"]]
        ), label
    row = wild_bootstrap(panel, design, Bootstrap(draws=99, seed=1)).iloc[1]
    line = the_line(found, "wild cluster bootstrap, Rademacher")
    assert (line.p_value, line.conf_low, line.conf_high) == tuple(row[["p_value", "conf_low", "conf_high"]])
    assert "second way" in the_line(found, "clusters of two ways", role="not made").note


def test_few_clusters_draw_webb_and_several_exporters_have_two_ways() -> None:
    case = world_case(World(importers=9, treated=9, exporters=4))
    found = found_in(few_clusters.CHECK, case)
    row = wild_bootstrap(case.panel, case.design, Bootstrap(draws=99, seed=1, weights="webb")).iloc[1]
    assert the_line(found, "wild cluster bootstrap, Webb").p_value == row["p_value"]
    asked = replace(case.design, covariance=Clustered(("importer", "exporter"), "fixest"))
    one = distributed_lag(case.panel, asked)
    line = the_line(found, "clusters of importer and of exporter")
    assert (line.p_value, line.dof) == (one.pvalues.iloc[1], 3)


def test_two_treated_clusters_are_judged_by_comparing_units() -> None:
    case = world_case(World(importers=40, treated=2, rate=0.8, effect=2.0), draws=199)
    found = found_in(few_clusters.CHECK, case)
    row = few_treated(case.panel, case.design, FewTreated(draws=199, seed=1)).iloc[1]
    line = the_line(found, "few treated")
    assert (line.p_value, line.conf_low, line.n_treated) == (row["p_value"], row["conf_low"], 2)
    compared = [x for x in found.lines if x.part in ("randomisation", "few treated")]
    assert len(compared) == 2 and all(x.p_value < 0.05 for x in compared)
    # CRV2 hardly ever rejects with two treated clusters: it counts with fourteen, and does not here.
    doubt = the_line(found, "CRV2")._replace(p_value=0.9)
    said = few_clusters.judge(case, (*compared, doubt))
    assert said.answer == "holds" and "randomisation and few treated count" in said.words
    assert few_clusters.judge(PLAIN, (*compared, doubt)).answer == "weakens"


def test_poisson_has_its_own_ways() -> None:
    found = found_in(few_clusters.CHECK, COUNTS)
    row = score_bootstrap(COUNTS.panel, COUNTS.design, Bootstrap(draws=99, seed=1)).iloc[1]
    line = the_line(found, "score bootstrap")
    assert (line.p_value, line.conf_low) == (row["p_value"], row["conf_low"])
    crv3 = ppml(COUNTS.panel, replace(COUNTS.design, covariance=Clustered("importer", "none", "CRV3")))
    assert the_line(found, "CRV3").p_value == crv3.pvalues.iloc[1]
    assert "linear headline" in the_line(found, "few treated", role="not made").note


def test_a_gap_of_groups_has_the_bootstrap_of_the_difference() -> None:
    found = found_in(few_clusters.CHECK, BY_REGIME)
    how = Bootstrap(draws=99, seed=1, weights="webb")
    table = wild_bootstrap(BY_REGIME.panel, BY_REGIME.design, how, difference=("low", "high"))
    row = table[(table["group"] == "low - high") & (table["event_time"] == 0)].iloc[0]
    line = the_line(found, "wild cluster bootstrap, Webb")
    assert (line.estimate, line.p_value, line.conf_high) == tuple(row[["estimate", "p_value", "conf_high"]])
    assert the_line(found, "few treated").role == "not made"


def judged(**p_values: float) -> Finding:
    """The judgement of the plain case with p-values put in."""
    parts = {"CRV1": "by cluster", "CRV2": "by cluster", "CRV3": "by cluster", "wild": "bootstrap"}
    names = {"CRV1": "CRV1, t(G-1)", "CRV2": "CRV2, Satterthwaite", "CRV3": "CRV3, jackknife", "wild": "wild bootstrap"}
    return few_clusters.judge(
        PLAIN, [Line("few_clusters", parts[k], names[k], "test", "", p_value=p) for k, p in p_values.items()]
    )


def test_crv1_alone_is_not_trusted() -> None:
    alone = judged(CRV1=0.01, CRV2=0.2, CRV3=0.3, wild=0.2)
    assert alone.answer == "breaks" and "CRV1 rejects and CRV3, jackknife and wild bootstrap do not" in alone.words
    mixed = judged(CRV1=0.01, CRV2=0.02, CRV3=0.03, wild=0.06)
    assert mixed.answer == "weakens" and "do not trust CRV1" in mixed.words
    agreed = judged(CRV1=0.01, CRV2=0.02, CRV3=0.03, wild=0.01)
    assert agreed.answer == "holds" and agreed.words.startswith("All 4 ways of inference agree: each rejects")
    # CRV1 does not decide.
    assert judged(CRV1=0.06, CRV2=0.02, CRV3=0.03, wild=0.01).answer == "holds"
    assert "none rejects" in judged(CRV1=0.2, CRV2=0.3).words


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_figures_and_tables_are_made(check: Check) -> None:
    found = found_in(check, PLAIN)
    assert check.draw is not None
    figure = check.draw(PLAIN, found)
    assert figure.axes and all(axes.get_title("left") for axes in figure.axes)
    assert [c.name for c in asked_checks([check.name])] == [check.name]
    if check.tables is not None:
        table = check.tables(PLAIN, found)["few_clusters_weights"]
        assert len(table) == 14 and table["share_of_leverage"].sum() == pytest.approx(1.0)


def test_figures_of_what_could_not_be_drawn_are_empty() -> None:
    path = [x for x in found_in(far_leads.CHECK, PLAIN).lines if x.role == "other"]
    assert len(placebo_path(PLAIN, Found(tuple(path))).axes) == 1
    line = the_line(found_in(randomised.CHECK, PLAIN), "whole")
    assert len(histograms(PLAIN, Found((line,), {line.label: (0.5,)})).axes) == 1
    facts = [x for x in found_in(few_clusters.CHECK, PLAIN).lines if x.role == "size"]
    assert len(methods(PLAIN, Found(tuple(facts))).axes) == 1


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_headlines_that_are_no_regression_are_refused(check: Check) -> None:
    other = replace(PLAIN, question=replace(PLAIN.question, estimator="lp_did"))
    with pytest.raises(NotAvailableError, match="distributed lag or Poisson"):
        check.parts(other)
