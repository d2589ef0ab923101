"""Lead placebo: the event as if it had happened some periods earlier, the true path held fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eventpanel.estimating import estimate_by_name
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.inference import wald
from eventpanel.estimators.lead_placebo import with_far_leads
from eventpanel.estimators.target import Target
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Check, Finding, Part
from eventpanel.robustness.figures.path import placebo_path
from eventpanel.robustness.judge import is_significant
from eventpanel.robustness.lines import ABSENT, Found, Line, Role, line_of, made, not_made, unmade
from eventpanel.robustness.reassignment import need_regression
from eventpanel.robustness.variation import unit_of

__all__ = ["CHECK"]

NAME = "lead_placebo"
JOINT = "all far leads are zero"
PATH = "rest of the path"


def parts(case: Case) -> Sequence[Part]:
    """One regression, with all leads up to the farthest."""
    need_regression(case)
    return [Part(NAME, "far leads", _leads)]


def _leads(case: Case) -> Found:
    ahead = case.section.lead_placebo.ahead
    design = with_far_leads(case.design, ahead)
    estimate = estimate_by_name(case.question.estimator, case.panel, design)
    times = [k for k in design.window.event_times if k != design.window.reference]
    lines = [_line(case, estimate, k, _role(k, case, ahead)) for k in times]
    return Found((_joint(case, estimate, ahead), *lines))


def _role(event_time: int, case: Case, ahead: Sequence[int]) -> Role:
    if -event_time in ahead:
        return "placebo"
    return "variation" if event_time == case.target.event_time else "other"


def _line(case: Case, estimate: Estimate, event_time: int, role: Role) -> Line:
    """Watch the same groups at another event time; what was not identified says so."""
    target = replace(case.target, event_time=event_time)
    part = {"placebo": "far leads", "variation": "headline with far leads"}.get(role, PATH)
    label = Target(event_time=event_time).describe() if role != "variation" else "headline, far leads added"
    blank = Line(NAME, part, label, role, target.describe(), unit_of(case.question), position=float(event_time))
    if not _held(estimate, target):
        return not_made(blank, ABSENT)
    return line_of(blank, target.of(estimate), case.level)


def _held(estimate: Estimate, target: Target) -> bool:
    groups = [target.group, *([target.minus] if target.minus else [])]
    held = {(term.event_time, term.group) for term in estimate.terms if not term.binned}
    return all((target.event_time, group) in held for group in groups)


def _joint(case: Case, estimate: Estimate, ahead: Sequence[int]) -> Line:
    targets = [replace(case.target, event_time=-a) for a in ahead]
    blank = Line(NAME, "far leads", JOINT, "test", "p-value, far leads jointly", unit_of(case.question))
    if not all(_held(estimate, target) for target in targets):
        return not_made(blank, "a far lead is not identified")
    far = [target.of(estimate).terms[0] for target in targets]
    weights = np.array([target.weights(estimate.terms) for target in targets])
    test = wald(estimate.combine(weights, tuple(far)), far, JOINT)
    if np.isnan(test.statistic):
        return not_made(blank, test.remark)
    return blank._replace(
        p_value=test.p_value,
        nobs=float(estimate.nobs),
        n_clusters=float(estimate.n_clusters),
        n_treated=float(estimate.n_treated),
        note=f"F({test.dof[0]:g}, {test.dof[1]:g}) = {test.statistic:.3g}",
    )


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge by the joint test, and by whether a lead as large as the headline would have been seen."""
    placebos, joint = made(lines, "placebo"), made(lines, "test")
    if not placebos:
        failed = dict.fromkeys(line.note for line in unmade(lines))
        return Finding("cannot tell", f"No far lead could be estimated: {'; '.join(failed)}.")
    alpha, value = case.alpha, float(case.headline.coef[0])
    beyond = [line for line in placebos if line.p_value < alpha / len(placebos)]
    told = "; ".join(f"{line.label} {line.estimate:.3g} (p = {line.p_value:.3g})" for line in placebos)
    words = f"Far leads: {told}."
    if joint:
        words += f" Jointly p = {joint[0].p_value:.3g}."
    if joint and joint[0].p_value < alpha:
        words += " Outcomes differ before the event, or events are foreseen."
        return Finding("breaks" if is_significant(case) else "cannot tell", words)
    if beyond:
        words += f" {beyond[0].label} is beyond chance by itself (Bonferroni)."
        return Finding("weakens" if is_significant(case) else "cannot tell", words)
    if all(line.conf_low <= value <= line.conf_high for line in placebos):
        return Finding("cannot tell", words + " Their intervals hold the headline too: the data cannot tell.")
    return Finding("holds" if is_significant(case) else "cannot tell", words)


CHECK = Check(
    name=NAME,
    title="Events some periods earlier",
    question="Had every event happened some periods earlier, would an effect be found?",
    reading="Leads far ahead of the event join the regression; the true path and all nearer leads stay in it, for "
    "where events recur the years before one are years after another. The null is that far leads are zero, jointly by "
    "an F test. The headline with far leads added should stay what it is. Rows whose far leads the record does not "
    "tell drop out. Far leads whose intervals hold the headline too are no evidence either way.",
    parts=parts,
    judge=judge,
    draw=placebo_path,
)
