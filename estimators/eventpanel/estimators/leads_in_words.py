"""What the leads of an estimate can show and cannot, in sentences for a report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventpanel.datasets.errors import first_few, number
from eventpanel.estimators.combinations import between, one_group
from eventpanel.estimators.estimate import Estimate, check_level
from eventpanel.estimators.event_coefficients import REFERENCE, event_coefficients
from eventpanel.estimators.inference import wald
from eventpanel.estimators.path import Term
from eventpanel.estimators.pretrend_power import detectable_slope, pretrend_power

__all__ = ["leads_in_words"]

# Probabilities with which a trend is noticed, as in Roth (2022), and how sentences say that it is not.
HALF, MOST = 0.5, 0.8


def leads_in_words(estimate: Estimate, group: str | None = None, *, level: float = 0.95) -> tuple[str, ...]:
    """Say what the leads show: how many, their tests, which trends would escape them, and what these would do.

    Parameters
    ----------
    estimate : Estimate
    group : str, optional
        Needed where there are several.
    level : float
        Level of the intervals that leads are read with.

    Returns
    -------
    tuple of str
        Sentences. Binned ends are not counted among the leads.

    Raises
    ------
    DesignError
        No such group, or a lead without a variance.

    References
    ----------
    Roth 2022, doi:10.1257/aeri.20210236.

    Examples
    --------
    See docs/methods/pretrends.md.
    """
    check_level(level)
    chosen, window = one_group(estimate, group), estimate.design.window
    last = REFERENCE - (window.reference == REFERENCE)
    leads = [term for term in between(estimate, chosen, -np.inf, last) if not term.binned]
    if not leads:
        return (
            "No coefficient before the event is free: the leads show nothing, and no trend can be ruled out.",
            "Estimate with two or more leads, of which the last is the reference.",
        )
    told = [_count(estimate, leads), *_tests(estimate, leads, level)]
    if window.reference != REFERENCE:
        return (
            *told,
            f"How large a trend they would notice is not said: it is counted from event time {REFERENCE}, which is "
            f"not the reference; estimate with reference={REFERENCE}.",
        )
    return (*told, *_trends(estimate, chosen, level))


def _count(estimate: Estimate, leads: Sequence[Term]) -> str:
    times, window = first_few([term.event_time for term in leads], 12), estimate.design.window
    free = f"{number(len(leads), 'coefficient')} before the event {_are(len(leads))} free: event time {times}"
    if window.reference is None:
        return f"{free}; no event time is left out."
    if estimate.base:
        return f"{free}. Event time {window.reference} is the reference ({estimate.base})."
    what = (
        "which is a restriction: the effect there is assumed to be zero"
        if window.is_restricted
        else "which is a normalisation: effects are differences from it"
    )
    return f"{free}. Event time {window.reference} is the reference, {what}."


def _tests(estimate: Estimate, leads: Sequence[Term], level: float) -> tuple[str, str]:
    test, size = wald(estimate, leads, "all leads are zero"), 1 - level
    if np.isnan(test.p_value):
        joint = f"They cannot be tested jointly: {test.remark}."
    else:
        differ = "differ" if test.p_value < size else "do not differ"
        numbers = f"F({test.dof[0]:g}, {test.dof[1]:g}) = {test.statistic:.3f}, p = {test.p_value:.4f}"
        joint = f"Jointly they {differ} from zero at {size:.0%}: {numbers}."
    rows = [estimate.terms.index(term) for term in leads]
    alone = int((estimate.pvalues.to_numpy()[rows] < size).sum())
    return joint, f"By itself, {alone or 'none'} of them {_are(alone)} significant at {size:.0%}."


def _trends(estimate: Estimate, group: str, level: float) -> list[str]:
    """Trends that the leads would notice, and what they would do to the same-period effect."""
    c = event_coefficients(estimate, group)
    half, most = (detectable_slope(c, power, level=level) for power in (HALF, MOST))
    joint = [detectable_slope(c, power, level=level, test="joint") for power in (HALF, MOST)]
    noticed = (
        f"A linear trend of {half:.4g} per period would make a lead significant in {HALF:.0%} of all samples, "
        f"one of {most:.4g} in {MOST:.0%}"
    )
    by_joint = f"the joint test would notice slopes of {joint[0]:.4g} and {joint[1]:.4g} as often."
    told = [f"{noticed}." if np.isnan(joint[0]) else f"{noticed}; {by_joint}"]
    effect = float(c.coef[c.event_times == 0].sum())
    if effect == 0:
        return told
    slope = float(np.copysign(half, effect))
    under = pretrend_power(c, slope, level=level)
    passing = float(under.after_passing[c.event_times == 0][0])
    whole = pretrend_power(c, effect, level=level)
    return [
        *told,
        f"These slopes are {half / abs(effect):.0%} and {most / abs(effect):.0%} of the same-period estimate of "
        f"{effect:.4g}.",
        f"Going on for one more period, a trend of {slope:.4g} would account for as much of that estimate and leave "
        f"{effect - slope:.4g}; in samples in which no lead is significant it would on average give a same-period "
        f"coefficient of {passing:.4g} without any effect.",
        f"A trend steep enough to be the whole of that estimate would make a lead significant with probability "
        f"{whole.power:.3f}.",
    ]


def _are(count: int) -> str:
    return "are" if count > 1 else "is"
