"""Windows, cutoffs and common rows: each number is that of a direct call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from eventpanel.datasets.errors import NotAvailableError
from eventpanel.estimators.bands import simultaneous_critical
from eventpanel.estimators.core.distributions import t_quantile
from eventpanel.estimators.core.multivariate_t import standardise
from eventpanel.estimators.joint import joined
from eventpanel.estimators.window import EventWindow
from eventpanel.robustness.catalogue import CHECKS
from eventpanel.robustness.checks import cutoffs, rescaled, same_sample, windows
from eventpanel.robustness.figures.forest import forest
from eventpanel.robustness.figures.sweep import SIMULTANEOUS
from eventpanel.robustness.variation import headline
from tests.robustness.small import (
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


def test_windows_are_those_of_direct_estimates_and_too_long_ones_say_why() -> None:
    case = small_case(windows={"longest": 7})
    found = found_by(windows.CHECK, case)
    for part, label, leads, lags in (
        ("leads and lags", "3 leads, 3 lags", 3, 3),
        ("leads alone", "1 lead, 2 lags", 1, 2),
        ("lags alone", "2 leads, 4 lags", 2, 4),
    ):
        one = direct(case, window=EventWindow(leads=leads, lags=lags, reference=None))
        assert numbers(named(found.lines, label, part=part)) == numbers_of(one)
    # Fourteen years hold no window of seven leads and seven lags.
    long = named(found.lines, "7 leads, 7 lags")
    assert long.role == "not made"
    assert "window" in long.note
    assert finding_of(windows.CHECK, small_case(windows={"longest": 4})).answer == "holds"
    assert windows.CHECK.draw is not None
    assert len(windows.CHECK.draw(case, found).axes) == 3


def test_windows_that_do_not_hold_the_watched_event_time_say_so() -> None:
    found = found_by(windows.CHECK, small_case(event_time=2, windows={"longest": 2}))
    assert "does not hold" in named(found.lines, "2 leads, 1 lag", part="lags alone").note


def test_an_effect_of_the_last_years_alone_does_not_survive_windows_that_lose_them() -> None:
    frame = PANEL.frame
    late = np.where(frame["year"] >= 2010, 2.0, -0.9) * (frame["polity"] < 5)
    panel = PANEL.with_frame(frame.assign(y=frame["y"] + late * frame["x"]))
    assert finding_of(windows.CHECK, small_case(panel, windows={"longest": 5})).answer != "holds"


def test_without_an_effect_windows_cannot_tell() -> None:
    case = small_case(small_panel(Truth(low=0.0)), windows={"longest": 3})
    assert finding_of(windows.CHECK, case).answer == "cannot tell"


def test_cutoffs_are_those_of_direct_estimates_with_a_band_for_all() -> None:
    case = small_case(cutoffs={"moderator": "regime", "cutoffs": [3, 5, 7]})
    found = found_by(cutoffs.CHECK, case)
    moderator = case.design.moderator
    assert moderator is not None
    ones = [direct(case, moderator=replace(moderator, below=float(cut))) for cut in (3, 5, 7)]
    for cut, one in zip((3, 5, 7), ones, strict=True):
        line = named(found.lines, f"regime below {cut}")
        assert numbers(line) == numbers_of(one)
        below = int((np.arange(44) % 11 < cut).sum())
        assert line.note == f"low: {below} clusters; high: {44 - below} clusters"
    critical = named(found.lines, "all cutoffs at once", quantity=SIMULTANEOUS)
    correlation = standardise(joined(ones).vcov)[1]
    dof = min(float(one.dof[0]) for one in ones)
    assert critical.estimate == simultaneous_critical(correlation, dof, 0.95)
    # Wider than one interval, narrower than Bonferroni's.
    assert t_quantile(0.975, dof) < critical.estimate < t_quantile(1 - 0.025 / 3, dof)
    # The joint test rejects exactly where the band leaves zero out somewhere.
    test = named(found.lines, "all cutoffs at once", role="test")
    beyond = [abs(one.coef[0]) > critical.estimate * one.std_errors.iloc[0] for one in ones]
    assert (test.p_value < 0.05) == any(beyond)
    assert cutoffs.CHECK.judge(case, found.lines).words.endswith(f"leaves zero out at {sum(beyond)} of them: 3, 5, 7.")
    assert cutoffs.CHECK.draw is not None
    cutoffs.CHECK.draw(case, found)


def test_without_cutoffs_every_whole_number_in_the_middle_of_the_column_is_tried() -> None:
    found = found_by(cutoffs.CHECK, small_case())
    assert [line.position for line in found.lines if line.role == "variation"] == list(range(1, 10))


@pytest.mark.parametrize(
    "section", [{"estimate": "plain", "group": ""}, {"cutoffs": {"moderator": "supplier", "cutoffs": [1]}}]
)
def test_a_headline_without_a_cutoff_has_none_to_move(section: dict[str, Any]) -> None:
    with pytest.raises(NotAvailableError):
        cutoffs.CHECK.parts(small_case(**section))


def test_an_effect_that_cutoffs_higher_up_mix_away_breaks() -> None:
    # Groups cut higher up mix importers that gain with importers that lose.
    panel = small_panel(Truth(low=0.35, high=-0.5))
    case = small_case(panel, cutoffs={"moderator": "regime", "cutoffs": [8, 9, 10]})
    assert finding_of(cutoffs.CHECK, case).answer == "breaks"


AXES = {
    "controls": {"with gaps": {"also_controls": ["gaps"]}, "still": {"also_controls": ["still"]}},
    "sample": {"from 2004": {"sample": {"first": 2004}}},
}


def test_options_on_common_rows_are_estimates_without_the_other_rows() -> None:
    case = small_case(axes=AXES)
    found = found_by(same_sample.CHECK, case)
    # An independent way to the same rows: no outcome elsewhere.
    frame = PANEL.frame
    whole = PANEL.with_frame(frame.assign(y=frame["y"].where(frame["gaps"].notna())))
    for label, controls in (("headline on the common rows", ()), ("with gaps", ("gaps",)), ("still", ("still",))):
        one = direct(case, whole, controls=controls)
        line = named(found.lines, label, role="variation")
        assert numbers(line) == pytest.approx(numbers_of(one), rel=1e-12)
        assert line.nobs == one.nobs
    lost = int(case.headline.nobs - one.nobs)
    assert f"lost to controls: with gaps ({lost})." in same_sample.CHECK.judge(case, found.lines).words
    rows = named(found.lines, same_sample.ROWS)
    assert rows.nobs == one.nobs < case.headline.nobs
    assert "sample: from 2004" in rows.note
    assert not [line for line in found.lines if line.label == "from 2004"]
    assert same_sample.CHECK.judge(case, found.lines).answer == "holds"
    assert "common to all" in same_sample.CHECK.judge(case, found.lines).words


def test_what_rests_on_few_rows_says_so() -> None:
    late = {"sample": {"from 2004": {"sample": {"first": 2004}}, "from 2009": {"sample": {"first": 2009}}}}
    case = small_case(axes=late)
    found = found_by(CHECKS["axes"], case)
    few = named(found.lines, "from 2009")
    share = few.nobs / case.headline.nobs
    assert share < 0.5
    assert few.note == f"rests on {share:.0%} of the rows of the headline"
    assert named(found.lines, "from 2004").note == ""
    assert f"rows rest: from 2009 ({few.nobs:,.0f})." in CHECKS["axes"].judge(case, found.lines).words
    (axes,) = forest(case, found).axes
    labels = [one.get_text() for one in axes.get_yticklabels()]
    assert labels == ["headline", "from 2004", f"from 2009 (N\u00a0=\u00a0{few.nobs:,.0f})"]


def test_the_few_that_leave_zero_out_are_named() -> None:
    case = small_case()
    one = headline(case, "axes")
    one = one._replace(role="variation", nobs=one.nobs - 1)
    vague = [one._replace(label=f"vague {i}", conf_low=-1.0, conf_high=9.0) for i in range(4)]
    said = CHECKS["axes"].judge(case, [*vague, one._replace(label="sure, and alone", conf_low=0.1)]).words
    assert "1 with an interval that leaves zero out: sure, and alone." in said
    assert "leaves zero out. They" in CHECKS["axes"].judge(case, [one, vague[0]]).words


def test_options_that_change_the_sample_alone_leave_nothing_to_hold_fixed() -> None:
    with pytest.raises(NotAvailableError):
        same_sample.CHECK.parts(small_case(axes={"sample": AXES["sample"]}))


def test_an_effect_of_the_rows_that_others_lack_breaks_on_common_rows() -> None:
    # The effect is in rows without the control alone.
    frame = PANEL.frame
    effect = np.where(frame["gaps"].isna(), 3.5, -0.35) * (frame["polity"] < 5)
    case = small_case(PANEL.with_frame(frame.assign(y=frame["y"] + effect * frame["x"])), axes=AXES)
    assert numbers_of(case.headline)[0] > 0.3
    assert finding_of(same_sample.CHECK, case).answer == "breaks"


def test_other_units_change_nothing_but_the_unit() -> None:
    case = small_case()
    found = found_by(rescaled.CHECK, case)
    own = case.headline
    line = named(found.lines, "y times 1000")
    assert line.estimate == pytest.approx(1000 * own.coef[0], rel=1e-12)
    assert line.estimate / line.std_error == pytest.approx(own.tstats.iloc[0], rel=1e-12)
    assert named(found.lines, "x times 0.001").estimate == pytest.approx(1000 * own.coef[0], rel=1e-12)
    assert rescaled.CHECK.judge(case, found.lines).answer == "holds"


def test_a_rescaled_estimate_that_does_not_follow_breaks() -> None:
    case = small_case()
    lines = list(found_by(rescaled.CHECK, case).lines)
    place = lines.index(named(lines, "y times 1000"))
    lines[place] = lines[place]._replace(std_error=lines[place].std_error * (1 + 1e-8))
    assert rescaled.CHECK.judge(case, lines).answer == "breaks"


def test_an_event_that_is_no_plain_dose_is_left_alone() -> None:
    event = {"column": "x", "kind": "dose", "by": "importer", "transform": "log1p"}
    case = small_case(PANEL, study={"event": event})
    assert [part.name for part in rescaled.CHECK.parts(case)] == ["outcome"]


def test_estimators_whose_numbers_depend_on_units_are_not_held_to_them() -> None:
    case = small_case()
    with pytest.raises(NotAvailableError):
        rescaled.CHECK.parts(replace(case, question=replace(case.question, estimator="probit")))
