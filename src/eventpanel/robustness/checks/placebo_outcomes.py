"""Placebo outcomes: the same design with outcomes that the event should not move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from eventpanel.datasets.errors import EventPanelError, NotAvailableError, number
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.multiple import adjust
from eventpanel.estimators.path import Term
from eventpanel.robustness.case import Case, Question
from eventpanel.robustness.check import Check, Finding, Part
from eventpanel.robustness.counterparts import family_lines, weighted
from eventpanel.robustness.figures.forest import forest
from eventpanel.robustness.judge import is_significant, judge_placebos
from eventpanel.robustness.lines import Found, Line, line_of, made, not_made
from eventpanel.robustness.variation import MEASURES, headline, reason, unit_of, watched

__all__ = ["CHECK"]

NAME, PART = "placebo_outcomes", "placebo outcomes"
HOLM, ROMANO_WOLF, GAP = "p-value, Holm", "p-value, Romano-Wolf", "headline less placebo"


def parts(case: Case) -> Sequence[Part]:
    """One part: p-values for the family need all outcomes."""
    if case.section.placebo_outcomes is None:
        raise NotAvailableError("The study names no placebo outcomes.", "[robustness.placebo_outcomes]", "add outcomes")
    return [Part(NAME, PART, _outcomes)]


def _outcomes(case: Case) -> Found:
    section = case.section.placebo_outcomes
    names = () if section is None else tuple(dict.fromkeys(section.outcomes))
    tried = {name: _one(case, name) for name in names}
    lines = [line for line, _ in tried.values()]
    estimates = {name: one for name, (_, one) in tried.items() if one is not None}
    more = (*_holm(lines), *_family(case, list(estimates)), *_gaps(case, estimates))
    return Found((headline(case, NAME), *lines, *more))


def _question(case: Case, outcome: str) -> Question:
    # As it stands: options that change the outcome would not take columns that are no outcome of the study.
    return replace(case.question, design=replace(case.design, outcome=outcome))


def _one(case: Case, outcome: str) -> tuple[Line, Estimate | None]:
    blank = Line(NAME, PART, outcome, "placebo", case.target.describe())
    try:
        question = _question(case, outcome)
    except EventPanelError as error:
        return not_made(blank, reason(error)), None
    one = watched(case, question)
    line = line_of(blank._replace(unit=unit_of(question)), one, case.level)
    return line, None if isinstance(one, str) or line.role == "not made" else one


def _holm(lines: Sequence[Line]) -> list[Line]:
    alone = pd.Series({line.label: line.p_value for line in lines if line.role == "placebo"}, dtype=float)
    if len(alone) < 2:
        return []
    note = f"for all {len(alone)} placebo outcomes together, whatever their dependence"
    return [
        Line(NAME, PART, str(name), "test", HOLM, p_value=float(p), note=note)
        for name, p in adjust(alone, "holm").items()
    ]


def _family(case: Case, names: Sequence[str]) -> tuple[Line, ...]:
    if len(names) < 2 or not case.is_linear:
        return ()
    blank = Line(NAME, PART, "all placebo outcomes", "test", ROMANO_WOLF)
    try:
        return family_lines(case, blank, {name: _question(case, name).design for name in names})
    except EventPanelError as error:
        return (not_made(blank, reason(error)),)


def _gaps(case: Case, estimates: dict[str, Estimate]) -> list[Line]:
    """Headline less placebo, where one of the one is one of the other."""
    return [_gap(case, name, one) for name, one in estimates.items() if _compare(case, name, one)]


def _compare(case: Case, outcome: str, one: Estimate) -> bool:
    """Whether coefficients are shares of a mean, or both of something that happens or not."""
    if case.question.estimator in MEASURES:
        return True
    columns = ((case.design.outcome, case.headline.sample), (outcome, one.sample))
    return all(np.isin(case.panel.values(name)[sample], (0.0, 1.0)).all() for name, sample in columns)


def _gap(case: Case, outcome: str, one: Estimate) -> Line:
    label = f"{case.design.outcome} less {outcome}"
    blank = Line(NAME, PART, label, "test", GAP)
    try:
        return line_of(blank, weighted([case.headline, one], [1, -1], Term(label)), case.level)
    except EventPanelError as error:
        return not_made(blank, reason(error))


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge the placebos, and say what they are for the whole family and against the headline."""
    found = judge_placebos(case, lines)
    tests, words = made(lines, "test"), [found.words]
    for kind in (HOLM, ROMANO_WOLF):
        smallest = min((line.p_value for line in tests if line.quantity == kind), default=np.nan)
        words += [] if np.isnan(smallest) else [f"Smallest {kind.replace('p-value, ', '')} p-value: {smallest:.3g}."]
    gaps = [line for line in tests if line.quantity == GAP]
    apart = sum(line.is_significant for line in gaps)
    if gaps:
        of = number(len(gaps), "placebo")
        words.append(f"The headline differs significantly from {apart} of {of} in the same measure.")
    blind = not gaps and not _sees(case, lines)
    if blind:
        words.append("No placebo rules out an effect as large as the headline, in standard deviations of its outcome.")
    if not is_significant(case):
        words.append("The headline is not significant itself: placebos have nothing to defend.")
    elif blind or (gaps and not apart):
        words.append("So placebos may be as large as the headline: they are too imprecise to tell.")
    open_ = not is_significant(case) or (found.answer == "holds" and (blind or (bool(gaps) and not apart)))
    return Finding("cannot tell" if open_ else found.answer, " ".join(words))


def _sees(case: Case, lines: Sequence[Line]) -> bool:
    """Whether the interval of some placebo leaves out the headline, both in standard deviations of their outcomes."""

    def spread(name: str) -> float:
        return float(np.nanstd(case.panel.values(name)[case.headline.sample]))

    share = float(case.headline.coef[0]) / spread(case.design.outcome)
    sizes = [(line, share * spread(line.label)) for line in made(lines, "placebo")]
    return any(not line.conf_low <= size <= line.conf_high for line, size in sizes)


def draw(case: Case, found: Found) -> Figure:
    """Draw headline and placebos on one axis, each in standard deviations of its own outcome."""
    # Logs of means compare as they are.
    if case.question.estimator in MEASURES:
        return forest(case, found)
    shown = [line for line in made(found.lines, "headline", "placebo") if not np.isnan(line.estimate)]
    return forest(case, found._replace(lines=tuple(_in_deviations(case, line) for line in shown)))


def _in_deviations(case: Case, line: Line) -> Line:
    outcome = case.design.outcome if line.role == "headline" else line.label
    deviation = float(np.nanstd(case.panel.values(outcome)[case.estimate.sample])) or 1.0
    label = f"headline: {outcome}" if line.role == "headline" else line.label
    sizes = {name: getattr(line, name) / deviation for name in ("estimate", "conf_low", "conf_high")}
    _, per, event = line.unit.rpartition(" per ")
    return line._replace(label=label, unit=f"each outcome, in its standard deviations,{per}{event}", **sizes)


CHECK = Check(
    name=NAME,
    title="Outcomes that should not move",
    question="Does the event also move outcomes that the explanation says nothing about?",
    reading="The same design with other outcomes; each should be nothing. A placebo whose interval is wide has passed "
    "no test: it may be as large as the headline. Holm's p-values and those of Romano and Wolf (common draws of whole "
    "clusters) are for all placebo outcomes together. Differences from the headline are formed where coefficients are "
    "in the same measure, with the covariance between them; else effects compare in standard deviations of outcomes.",
    parts=parts,
    judge=judge,
    draw=draw,
)
