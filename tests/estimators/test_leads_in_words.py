"""Sentences about leads: every number in them is computed here again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.event_coefficients import event_coefficients
from eventpanel.estimators.inference import joint_test
from eventpanel.estimators.leads_in_words import leads_in_words
from eventpanel.estimators.pretrend_power import detectable_slope, pretrend_power
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.panels import random_panel

pytestmark = pytest.mark.filterwarnings("ignore:the effect at event time")
WINDOW = EventWindow(leads=3, lags=2, reference=-1)


def estimated(window: EventWindow = WINDOW) -> Estimate:
    return distributed_lag(random_panel(1), design(window=window))


def test_numbers_are_those_of_the_tests() -> None:
    estimate = estimated()
    told = leads_in_words(estimate)
    test = joint_test(estimate, ["x[-3]", "x[-2]"])
    assert told[0] == (
        "2 coefficients before the event are free: event time -3, -2. Event time -1 is the reference, which is a "
        "restriction: the effect there is assumed to be zero."
    )
    assert told[1] == (
        f"Jointly they do not differ from zero at 5%: F(2, 43) = {test.statistic:.3f}, p = {test.p_value:.4f}."
    )
    assert (estimate.pvalues.iloc[:2] > 0.05).all()
    assert told[2] == "By itself, none of them is significant at 5%."


def test_numbers_are_those_of_the_slopes() -> None:
    estimate = estimated()
    told = leads_in_words(estimate)
    half, most = detectable_slope(estimate, 0.5), detectable_slope(estimate, 0.8)
    joint = [detectable_slope(estimate, power, test="joint") for power in (0.5, 0.8)]
    effect = float(estimate.params["x, same period"])
    passing = pretrend_power(estimate, half).table.set_index("event_time")["after_passing"].to_dict()[0]
    assert told[3:] == (
        f"A linear trend of {half:.4g} per period would make a lead significant in 50% of all samples, one of "
        f"{most:.4g} in 80%; the joint test would notice slopes of {joint[0]:.4g} and {joint[1]:.4g} as often.",
        f"These slopes are {half / effect:.0%} and {most / effect:.0%} of the same-period estimate of {effect:.4g}.",
        f"Going on for one more period, a trend of {half:.4g} would account for as much of that estimate and leave "
        f"{effect - half:.4g}; in samples in which no lead is significant it would on average give a same-period "
        f"coefficient of {passing:.4g} without any effect.",
        "A trend steep enough to be the whole of that estimate would make a lead significant with probability "
        f"{pretrend_power(estimate, effect).power:.3f}.",
    )


def test_one_lead_by_hand() -> None:
    """The closed form, for a published table in which one lead is free: standard error 0.021, estimate 0.073."""
    estimate = estimated(replace(WINDOW, leads=2))
    coef = np.array([0.005, 0.073, 0.02, 0.01])
    estimate = replace(estimate, coef=coef, vcov=np.diag([0.021, 0.02, 0.02, 0.02]) ** 2, dof=np.full(4, np.inf))
    told = leads_in_words(estimate)
    critical = float(special.ndtri(0.975))
    half, most = 0.021 * critical, 0.021 * (critical + float(special.ndtri(0.8)))
    assert told[0].startswith("1 coefficient before the event is free: event time -2.")
    assert f"A linear trend of {half:.4g} per period" in told[3]
    assert f"one of {most:.4g} in 80%" in told[3]
    assert told[4] == "These slopes are 56% and 81% of the same-period estimate of 0.073."
    assert f"leave {0.073 - half:.4g}" in told[5]
    # One lead that has nothing to do with the estimate: passing the test changes nothing after the event.
    assert f"coefficient of {half:.4g} without any effect" in told[5]
    whole = special.ndtr(0.073 / 0.021 - critical)
    assert told[6].endswith(f"with probability {whole:.3f}.")


def test_a_negative_estimate_has_a_negative_trend() -> None:
    estimate = estimated()
    turned = replace(estimate, coef=-estimate.coef)
    half, effect = detectable_slope(estimate, 0.5), float(turned.params["x, same period"])
    told = leads_in_words(turned)
    assert effect < 0
    assert f"a trend of {-half:.4g} would account for as much of that estimate and leave {effect + half:.4g}" in told[5]
    assert told[4] == leads_in_words(estimate)[4].replace(f"of {-effect:.4g}.", f"of {effect:.4g}.")


def test_binned_ends_make_the_reference_a_normalisation() -> None:
    told = leads_in_words(estimated(replace(WINDOW, ends="bin")))
    assert told[0].startswith("2 coefficients before the event are free: event time -3, -2.")
    assert told[0].endswith("which is a normalisation: effects are differences from it.")


def test_without_a_reference_no_trend_is_judged() -> None:
    told = leads_in_words(estimated(replace(WINDOW, reference=None)))
    assert told[0] == ("3 coefficients before the event are free: event time -3, -2, -1; no event time is left out.")
    assert told[-1].endswith("estimate with reference=-1.")
    assert len(told) == 4


def test_without_free_leads_there_is_nothing_to_say() -> None:
    told = leads_in_words(estimated(replace(WINDOW, leads=1)))
    assert told[0] == "No coefficient before the event is free: the leads show nothing, and no trend can be ruled out."


def test_significant_leads_are_counted() -> None:
    estimate = estimated()
    shifted = replace(estimate, coef=np.where(np.arange(5) == 1, 5.0, estimate.coef))
    told = leads_in_words(shifted)
    assert told[1].startswith("Jointly they differ from zero at 5%: F(2, 43)")
    assert told[2] == "By itself, 1 of them is significant at 5%."


def test_leads_of_a_group() -> None:
    estimate = distributed_lag(random_panel(1), design(window=WINDOW, moderator=REGIME))
    slope = detectable_slope(event_coefficients(estimate, "low"), 0.5)
    assert f"A linear trend of {slope:.4g} per period" in leads_in_words(estimate, "low")[3]


def test_leads_that_cannot_be_tested_jointly() -> None:
    estimate = estimated()
    same = np.array([0, 0, 2, 3, 4])
    told = leads_in_words(replace(estimate, coef=estimate.coef[same], vcov=estimate.vcov[np.ix_(same, same)]))
    assert told[1] == "They cannot be tested jointly: the covariance is singular: too few clusters."
    assert told[3].endswith("in 80%.")
