"""Pretrends: what the leads show, which trends would escape them, and what a trend would leave of the headline."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from eventpanel.datasets.errors import DesignError, EventPanelError, NotAvailableError, first_few, number
from eventpanel.estimators.combinations import difference
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.event_coefficients import REFERENCE, EventCoefficients, event_coefficients
from eventpanel.estimators.honest import Restriction
from eventpanel.estimators.honest_did import honest_did
from eventpanel.estimators.inference import lead_test
from eventpanel.estimators.leads_in_words import leads_in_words
from eventpanel.estimators.normalised import normalised
from eventpanel.estimators.path import Term
from eventpanel.estimators.pretrend_power import detectable_slope, pretrend_power
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Answer, Check, Finding, Part
from eventpanel.robustness.figures.sweep import sweep
from eventpanel.robustness.judge import is_significant
from eventpanel.robustness.lines import Found, Line, line_of, made, not_made
from eventpanel.robustness.variation import reason, unit_of

__all__ = ["CHECK"]

NAME, LEADS, POWER = "pretrends", "leads", "trends that leads would notice"
JOINT, SLOPE, SEEN, WHOLE = "p-value, all leads", "slope noticed", "effect from the period before", "power"
BREAKDOWN, SET = "breakdown value", "robust set"
# Probabilities with which a trend is noticed, as in Roth (2022).
OFTEN = (0.5, 0.8)
# Bounds of the sets: in moves before the event, and as shares of the effect.
BOUNDS: dict[Restriction, tuple[float, ...]] = {
    "relative_magnitude": (0, 0.25, 0.5, 0.75, 1, 1.5, 2),
    "smoothness": (0, 0.05, 0.1, 0.2, 0.3, 0.5),
}
# The least M of relative magnitude that a headline should survive: as much as was seen before the event.
AS_MUCH = 1.0
# Slopes beyond this many times the headline are not told in per cent of it.
MUCH = 10


def parts(case: Case) -> Sequence[Part]:
    """Look at the leads, their power, and sets for each restriction."""
    times = [term.event_time or 0 for term in case.estimate.path if not term.binned]
    if min(times) >= 0:
        raise NotAvailableError("The headline has no lead.", f"event times {first_few(times, 12)}", "add leads")
    bounds = [Part(NAME, one, partial(_bounded, one)) for one in BOUNDS]
    if case.target.event_time <= REFERENCE:
        raise NotAvailableError(
            "The headline is itself a lead.", case.target.describe(), "trends are judged for an effect after the event"
        )
    return [Part(NAME, LEADS, _leads), Part(NAME, POWER, _power), *bounds]


def _path(case: Case) -> tuple[Estimate, str]:
    """Return the estimate with the path of the target, and the group of that path."""
    target = case.target
    if not target.minus:
        return case.estimate, target.group
    return difference(case.estimate, target.group, target.minus), f"{target.group} - {target.minus}"


def _coefficients(case: Case) -> EventCoefficients:
    """Take the path as moves from the period before the event."""
    path, group = _path(case)
    if case.design.window.reference == REFERENCE:
        return event_coefficients(path, group)
    return normalised(path, group)


def _leads(case: Case) -> Found:
    path, group = _path(case)
    chosen = [t for t in path.path if t.group == group and (t.event_time or 0) < 0 and not t.binned]
    lines = [_lead(case, path, term) for term in chosen]
    for kind, name in (("F", "all leads are zero"), ("sup-t", "the largest lead is zero")):
        test = lead_test(path, group, kind="F" if kind == "F" else "sup-t")
        lines.append(Line(NAME, LEADS, name, "test", JOINT, p_value=test.p_value, dof=test.dof[1], note=str(test)))
    words = " ".join(leads_in_words(path, group, level=case.level))
    return Found((*lines, Line(NAME, LEADS, "in words", "size", f"{number(len(chosen), 'lead')}", note=words)))


def _lead(case: Case, path: Estimate, term: Term) -> Line:
    blank = Line(NAME, LEADS, str(Term("", term.event_time)).removeprefix(", "), "placebo", "lead")
    line = line_of(blank, path.select([term]), case.level)
    return line._replace(unit=unit_of(case.question))


def _power(case: Case) -> Found:
    c, blank = _coefficients(case), Line(NAME, POWER, "", "size", SLOPE, unit_of(case.question))
    if not c.before.any():
        raise DesignError(
            "No coefficient lies before the period before the event.", f"event times {first_few(c.event_times)}", ""
        )
    effect = _effect(case, c)
    lines = [blank._replace(label=f"effect seen from event time {REFERENCE}", quantity=SEEN, estimate=effect)]
    for test, name in (("any", "a lead"), ("joint", "the joint test")):
        for often in OFTEN:
            slope = detectable_slope(c, often, level=case.level, test="any" if test == "any" else "joint")
            label = f"slope that {name} notices in {often:.0%} of samples"
            note = f"{slope / abs(effect):.0%} of that effect, per period" if effect else ""
            lines.append(blank._replace(label=label, estimate=slope, note=note, position=often))
    if effect:
        found = pretrend_power(c, effect / (case.target.event_time - REFERENCE), level=case.level)
        label = "probability that a lead notices a line that is the whole effect"
        lines.append(blank._replace(label=label, quantity=WHOLE, unit="", estimate=found.power, note=str(found)))
    return Found(tuple(lines))


def _effect(case: Case, c: EventCoefficients) -> float:
    """Take the watched event time, less the period before."""
    return float(c.coef[c.event_times == case.target.event_time].sum())


def _bounded(restriction: Restriction, case: Case) -> Found:
    c = _coefficients(case)
    blank = Line(NAME, restriction, "", "size", BREAKDOWN)
    scale = 1.0 if restriction == "relative_magnitude" else abs(_effect(case, c))
    asked = [scale * bound for bound in BOUNDS[restriction]]
    try:
        found = honest_did(
            c, restriction=restriction, bounds=asked, event_time=case.target.event_time, level=case.level
        )
    except EventPanelError as error:
        return Found((not_made(blank._replace(label=restriction), reason(error)),))
    label = f"largest M, {restriction.replace('_', ' ')}"
    told = found.describe()
    lines = [blank._replace(label=label, estimate=found.breakdown, note=" ".join(told[1:]))]
    sets = blank._replace(quantity=SET, unit=unit_of(case.question), estimate=found.estimate)
    for bound, low, high in found.table[["bound", "lower", "upper"]].to_numpy(dtype=float).tolist():
        lines.append(sets._replace(label=f"M = {bound:.4g}", conf_low=low, conf_high=high, position=bound))
    return Found(tuple(lines))


def draw(case: Case, found: Found) -> Figure:
    """Draw the sets against their bounds.

    Parameters
    ----------
    case : Case
    found : Found
    """
    names = {"relative_magnitude": "Trend moves by at most M times its largest move before"}
    names["smoothness"] = "Slope of the trend changes by at most M"
    sets = [line for line in found.lines if line.quantity == SET]
    return sweep(case, Found(tuple(x._replace(role="other", part=names[x.part]) for x in sets)))


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge the leads by what they show and by what they could have shown."""
    joint = [line for line in made(lines, "test") if line.label == "all leads are zero"]
    leads = [line for line in lines if line.quantity == "lead"]
    words, value = [], abs(float(case.headline.coef[0]))
    if joint:
        verb = "rejects" if joint[0].p_value < case.alpha else "does not reject"
        words.append(f"The joint test of {number(len(leads), 'lead')} {verb} (p = {joint[0].p_value:.3g}).")
    half, most = (_slope(lines, often) for often in OFTEN)
    words.append(
        "No trend can be ruled out by them."
        if np.isinf(most)
        else f"A linear trend of {half:.3g} per period, {_share(half, value)} the headline, would escape them in half "
        f"of all samples, one of {most:.3g} ({_share(most, value)} it) in one of five."
    )
    seen = [x.estimate for x in lines if x.quantity == SEEN]
    if seen and abs(abs(seen[0]) - value) > 1e-9 * value:
        words.append(f"Seen from the period before, the effect is {seen[0]:.4g}.")
    broken = {x.part: x.estimate for x in lines if x.quantity == BREAKDOWN and x.role == "size"}
    words += [_broken(name, m) for name, m in broken.items()]
    rejected = bool(joint) and joint[0].p_value < case.alpha
    return Finding(_answer(case, most, broken.get("relative_magnitude", np.nan), rejects=rejected), " ".join(words))


def _share(slope: float, value: float) -> str:
    """Say how much of a size a slope is; of next to nothing no percentage says anything."""
    return f"{slope / value:.0%} of" if slope <= MUCH * value else f"more than {MUCH} times"


def _slope(lines: Sequence[Line], often: float) -> float:
    """Take the flattest line that a test notices so often; without any, none is steep enough."""
    slopes = [x.estimate for x in lines if x.quantity == SLOPE and x.position == often and not np.isnan(x.estimate)]
    return min(slopes, default=np.inf)


def _broken(restriction: str, bound: float) -> str:
    what = (
        "moves of the trend as large as {} times the largest before"
        if restriction == "relative_magnitude"
        else "changes of its slope by {} a period"
    )
    if np.isnan(bound):
        return f"Under {restriction.replace('_', ' ')} no bound leaves zero out."
    return f"The sign survives {what.format(f'{bound:.3g}')}."


def _answer(case: Case, slope: float, breakdown: float, *, rejects: bool) -> Answer:
    survives = breakdown >= AS_MUCH
    if not is_significant(case):
        return "cannot tell"
    if rejects:
        return "weakens" if survives else "breaks"
    if slope >= abs(float(case.headline.coef[0])):
        return "cannot tell"
    return "holds" if survives else "weakens"


CHECK = Check(
    name=NAME,
    title="Trends before the event",
    question="Was the outcome already moving before the event, and would the leads have shown it?",
    reading="Leads should be nothing. That they are not significant says little by itself: the slopes say which linear "
    "trends they would notice (Roth 2022, doi:10.1257/aeri.20210236). Breakdown values say how far trends may depart "
    "from parallel until the set of effects holds zero (Rambachan and Roth 2023, doi:10.1093/restud/rdad018): above 1 "
    "in relative magnitude, departures may be larger than any seen before. A path without a reference at the period "
    "before the event is looked at from there, every coefficient less that one.",
    parts=parts,
    judge=judge,
    draw=draw,
)
