"""Zeros, confounding and power: lines are those of direct calls, and what is planted is found."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import NotAvailableError
from eventpanel.estimators.confounding import confounding
from eventpanel.estimators.detectable import Simulation, detectable
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.zeros import zero_handling
from eventpanel.robustness.check import Check
from eventpanel.robustness.checks import confounding as confounded
from eventpanel.robustness.checks import influential, leave_out, power, zeros
from eventpanel.robustness.figures.power import FORMULA, SIMULATED
from tests.robustness.planted import found_by, judged, line, planted_case, planted_frame

ZEROS, CONFOUNDING, POWER = zeros.CHECK, confounded.CHECK, power.CHECK
COUNT: dict[str, Any] = {"zeros": {"column": "deals", "factors": [0.01, 1, 100]}}
CONTROLLED = {"controls": ["gdp"]}


@pytest.mark.parametrize("check", [ZEROS, CONFOUNDING, POWER, leave_out.CHECK, influential.CHECK], ids=lambda c: c.name)
def test_what_is_found_can_be_kept_and_drawn(check: Check) -> None:
    case = planted_case("deals", design=CONTROLLED, **COUNT)
    found = found_by(check, case)
    kept = json.loads(json.dumps([found.lines, found.draws]))
    assert [tuple(map(repr, one)) for one in kept[0]] == [tuple(map(repr, one)) for one in found.lines]
    assert check.draw is not None
    check.draw(case, found)


def test_zeros_are_treated_as_by_a_direct_call() -> None:
    case = planted_case(level=0.9, **COUNT)
    found = found_by(ZEROS, case)
    direct = zero_handling(case.panel, case.design, case.target, "deals", factors=[0.01, 1, 100])
    shown = [x for x in found.lines if x.role == "other"]
    assert [(x.estimate, x.std_error, x.p_value, x.nobs) for x in shown] == [
        tuple(row) for row in direct[["estimate", "std_error", "p_value", "nobs"]].to_numpy().tolist()
    ]
    assert [x.position for x in shown if x.label.startswith("log(1")] == [0.01, 1.0, 100.0]
    # The dummy by hand, at the level of the study.
    made = case.panel.with_frame(case.panel.frame.assign(some=(case.panel.frame["deals"] > 0) * 100.0))
    one = case.target.of(distributed_lag(made, replace(case.design, outcome="some"))).conf_int(0.9).iloc[0]
    dummy = line(found, "sign and size without the choice of a unit", "any")
    assert (dummy.conf_low, dummy.conf_high) == pytest.approx((one["lower"], one["upper"]), rel=1e-9)
    assert dummy.unit == "percentage points of any deals per unit of x"


def test_the_logarithm_is_shown_and_not_counted() -> None:
    finding = judged(ZEROS, planted_case("deals", **COUNT))
    assert finding.answer == "holds"
    # The count is the headline itself.
    assert "2 of 2" in finding.words
    for unit in (r"any deals \+[\d.]+ percentage points", r"Poisson \+[\d.]+%"):
        assert re.search(unit, finding.words)
    assert "from " in finding.words
    assert "a = 100: it is no percentage, and is not counted" in finding.words


def test_margins_of_opposite_signs_do_not_hold() -> None:
    """Events make deals more frequent and each of them smaller, so that the mean falls."""
    frame = planted_frame()
    calm = frame["x"] == 0
    sold: pd.Series = (frame["noise"] < np.where(calm, -0.5, 0.2)) * np.where(calm, 30.0, 4.0)
    case = planted_case(**COUNT)
    found = judged(ZEROS, replace(case, panel=case.panel.with_frame(frame.assign(deals=sold))))
    assert (found.answer, "1 of 3" in found.words) == ("breaks", True)


def test_zeros_need_a_count_that_is_not_negative() -> None:
    with pytest.raises(NotAvailableError, match="names no count"):
        ZEROS.parts(planted_case())
    found = judged(ZEROS, planted_case(zeros={"column": "noise"}))
    assert found.answer == "cannot tell"


def test_confounders_are_those_of_a_direct_call() -> None:
    case = planted_case(level=0.9, design=CONTROLLED)
    found = found_by(CONFOUNDING, case)
    direct = confounding(case.panel, case.design, case.target, ["gdp"], multiples=range(1, 51), alpha=0.1)
    c = direct.coefficient
    shares = {x.label: x.estimate for x in found.lines if x.part == confounded.SHARES}
    assert shares[confounded.ZERO] == c.robustness
    # The level is one less .9 on both sides, to rounding.
    assert shares[confounded.EDGE] == pytest.approx(c.robust_robustness_at(0.1), rel=1e-12)
    assert shares[confounded.CLASSICAL] == pytest.approx(c.robustness_at(0.1), rel=1e-12)
    assert (shares[confounded.DELTA], shares[confounded.DELTA_ALL]) == (direct.delta(), direct.delta(1.0))
    assert [x.estimate for x in found.lines if x.label.endswith(" x gdp")] == direct.bounds["estimate"].tolist()[:3]
    left = direct.bounds["estimate"].dropna()
    reach = {x.quantity: x.estimate for x in found.lines if x.part == confounded.REACH}
    assert reach[confounded.SIGN] == (left > 0).sum()
    assert found.draws["coefficient"] == (c.estimate, c.std_error, c.dof, c.robust_error, c.robust_dof)


def test_a_strong_control_shows_how_weak_the_headline_is() -> None:
    """The control moves event and outcome; the event itself hardly matters."""
    frame = planted_frame()
    weak = planted_case(6 * frame["gdp"] + 0.12 * frame["x"] + frame["noise"], design=CONTROLLED)
    found = judged(CONFOUNDING, weak)
    assert (found.answer, "One as strong as gdp would change the sign" in found.words) == ("breaks", True)
    assert judged(CONFOUNDING, planted_case(design=CONTROLLED)).answer == "holds"
    assert judged(CONFOUNDING, planted_case("noise", design=CONTROLLED)).answer == "cannot tell"


def test_shares_without_a_benchmark_cannot_tell() -> None:
    case = planted_case()
    found = found_by(CONFOUNDING, case)
    finding = CONFOUNDING.judge(case, found.lines)
    assert (finding.answer, "names no control" in finding.words) == ("cannot tell", True)
    assert CONFOUNDING.draw is not None
    CONFOUNDING.draw(case, found)


def test_a_benchmark_that_is_no_control_becomes_one() -> None:
    """The same shares as those of a headline that has the control, and Oster's delta of it."""
    own, other = planted_case(design=CONTROLLED), planted_case(confounding={"benchmarks": ["gdp"]})
    shares = [{x.label: x.estimate for x in found_by(CONFOUNDING, c).lines if x.role == "size"} for c in (own, other)]
    assert shares[0] == shares[1]
    assert np.isfinite(shares[1][confounded.DELTA])
    added = line(found_by(CONFOUNDING, other), confounded.SHARES, confounded.CONTROLLED)
    assert (added.estimate, added.std_error) == (own.headline.coef[0], own.headline.std_errors.iloc[0])
    # No row is lost: without controls the same rows give the headline.
    assert f"without controls {other.headline.coef[0]:.4g} on the same rows" in added.note
    assert judged(CONFOUNDING, other).words.startswith(
        f"With the benchmarks as controls the estimate is {added.estimate:.4g}"
    )
    assert [x for x in found_by(CONFOUNDING, own).lines if x.role == "variation"] == []


def test_what_is_not_significant_has_no_significance_to_lose() -> None:
    words = judged(CONFOUNDING, planted_case("noise", design=CONTROLLED)).words
    assert "which is not significant" in words
    assert "the significance" not in words


def test_an_unknown_benchmark_is_said() -> None:
    assert "no other term" in judged(CONFOUNDING, planted_case(confounding={"benchmarks": ["nowhere"]})).words
    with pytest.raises(NotAvailableError, match="made by ppml"):
        CONFOUNDING.parts(planted_case("deals", design={"estimator": "ppml"}))


@pytest.mark.parametrize("estimator", ["distributed_lag", "ppml"])
def test_power_is_that_of_a_direct_call(estimator: Any) -> None:
    case = planted_case("deals", design={"estimator": estimator}, power={"effect": 0.2}, seed=5)
    found = found_by(POWER, case)
    direct = detectable(
        case.panel,
        case.design,
        case.target,
        effects=[0.2],
        simulation=Simulation(seed=5, draws=99),
        estimator=estimator,
    )
    assert [x.estimate for x in found.lines if x.part == power.MINIMUM] == direct.minimums["effect"].tolist()
    at = direct.curve[direct.curve["asked"]].iloc[0]
    assert line(found, FORMULA, "effect 0.2").estimate == at["power"]
    drawn = line(found, SIMULATED, "effect 0.2")
    assert (drawn.estimate, drawn.p_error, drawn.draws) == (at["simulated_power"], at["monte_carlo_error"], 99)
    assert line(found, power.WORTH, power.TOO_LARGE).estimate == at["exaggeration"]


def test_findings_on_power() -> None:
    named = judged(POWER, planted_case(power={"effect": 0.3}))
    assert (named.answer, "An effect of 0.3 is found" in named.words) == ("holds", True)
    told = judged(POWER, planted_case(power={"effect": 0.9, "source": "a paper, Table 1"})).words
    assert "An effect of 0.9 (a paper, Table 1) is found" in told
    assert "leaves it out" in told
    small = judged(POWER, planted_case(power={"effect": 0.02}))
    assert (small.answer, "too large on average" in small.words) == ("weakens", True)
    nothing = judged(POWER, planted_case("noise", power={"effect": 0.02}))
    assert (nothing.answer, "not significant" in nothing.words) == ("cannot tell", True)
    frame = planted_frame()
    half = judged(POWER, planted_case(0.12 * frame["x"] + frame["noise"]))
    assert (half.answer, "Half the headline" in half.words) == ("cannot tell", True)


def test_power_without_clusters_is_not_simulated_and_that_of_a_logit_not_known() -> None:
    found = found_by(POWER, planted_case(design={"covariance": {"kind": "HC1"}}))
    assert [x for x in found.lines if x.part == SIMULATED] == []
    case = planted_case()
    with pytest.raises(NotAvailableError, match="made by logit"):
        POWER.parts(replace(case, question=replace(case.question, estimator="logit")))
