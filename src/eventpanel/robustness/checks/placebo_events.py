"""Placebo events: made-up events with the frequency and the spell lengths of the true ones, unit by unit."""

from __future__ import annotations

from collections.abc import Sequence

from eventpanel.datasets.errors import EventPanelError
from eventpanel.estimators.record import event_unit
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Check, Finding, Part
from eventpanel.robustness.figures.histograms import histograms
from eventpanel.robustness.judge import able, is_significant
from eventpanel.robustness.lines import Found, Line, made, not_made
from eventpanel.robustness.reassignment import (
    Reassigned,
    Scheme,
    drawn,
    line_of_draws,
    need_regression,
    units_with_event,
    values_of,
)
from eventpanel.robustness.variation import reason

__all__ = ["CHECK"]

NAME = "placebo_events"
DEALT, TURNED = "spells dealt out anew", "records turned around"
TWO, ONE = "as large on either side", "as large in the predicted direction"
# Above this share of held units with events, the placebo says little, and records are turned around as well.
MOST = 0.5


def parts(case: Case) -> Sequence[Part]:
    """All draws are one part, for the second scheme depends on the first."""
    need_regression(case)
    return [Part(NAME, "made-up events", _events)]


def _events(case: Case) -> Found:
    blank = Line(NAME, DEALT, DEALT, "test", f"p-value by placebo events, {case.target.describe()}")
    try:
        dealt = drawn(case, "spells")
    except EventPanelError as error:
        return _both(Found((not_made(blank, reason(error)),)), _found(case, "shift", drawn(case, "shift")))
    struck = units_with_event(case)
    if len(dealt.draws.held) <= MOST * struck:
        return _found(case, "spells", dealt)
    unit = event_unit(case.panel, case.design.event)
    why = (
        f"{len(dealt.draws.held)} of {struck} {unit} units with events have no quiet period to move them into: "
        "read the turned records instead"
    )
    return _both(_found(case, "spells", dealt, why), _found(case, "shift", drawn(case, "shift")))


def _found(case: Case, scheme: Scheme, found: Reassigned, note: str = "") -> Found:
    part = TURNED if scheme == "shift" else DEALT
    quantity = f"p-value by placebo events, {case.target.describe()}"
    blank = Line(NAME, part, TWO, "test", quantity, note=note)
    lines = (line_of_draws(case, blank, found), line_of_draws(case, blank._replace(label=ONE), found, "one"))
    return Found(lines, {part: values_of(found)})


def _both(first: Found, second: Found) -> Found:
    return Found((*first.lines, *second.lines), first.draws | second.draws)


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge by the share of placebos that are as large: of turned records where spells could hardly be moved."""
    tests, alpha = made(lines, "test"), case.alpha
    told = [line for line in tests if line.part == TURNED] or tests
    if not told:
        return Finding("cannot tell", "No placebo could be drawn.")
    p, one = (next(line for line in told if line.label == label) for label in (TWO, ONE))
    words = (
        f"{'Records turned around in time' if p.part == TURNED else 'Made-up spells of the same number and length'} "
        f"give an effect as large as the headline's with p = {p.p_value:.3g}, in the predicted direction "
        f"p = {one.p_value:.3g} ({p.draws:.0f} draws)."
    )
    if p.part == TURNED:
        why = next(line.note for line in lines if line.part == DEALT).split(": read")[0].split(" (")[0]
        words += f" Spells say little: {why[:1].lower()}{why[1:].rstrip('.')}."
    if not is_significant(case) or not able([p], alpha):
        return Finding("cannot tell", words)
    if p.p_value <= alpha:
        return Finding("holds", words)
    return Finding("weakens" if one.p_value <= alpha else "breaks", words)


CHECK = Check(
    name=NAME,
    title="Made-up events",
    question="Do events that never happened, as frequent and as long as the true ones, show the same effect?",
    reading="The spells of each unit are dealt out anew over its own record: the same number of events of the same "
    "lengths and sizes, at other times. The null is that events have no effect; p is the share of placebos whose t "
    "statistic is at least as large, the data counted in. A unit with an event in every period cannot be dealt out; "
    "where that is most of them, records are turned around in time instead. Placebos should centre on zero, with the "
    "headline in their tail.",
    parts=parts,
    judge=judge,
    draw=histograms,
)
