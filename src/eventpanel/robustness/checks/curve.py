"""Specification curve: all combinations of the axes, tested together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from eventpanel.datasets.errors import EventPanelError, NotAvailableError
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.curve_draws import CurveDraws, JointDraws
from eventpanel.estimators.curve_statistics import joint_statistics
from eventpanel.estimators.design import Design, cluster_name
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.joint_curve import joint_curve
from eventpanel.estimators.many import estimate_many
from eventpanel.estimators.score_curve import score_curve
from eventpanel.estimators.target import Target
from eventpanel.robustness.case import Case, Question
from eventpanel.robustness.check import Check, Finding, Part
from eventpanel.robustness.curve_judge import JOINT, UNTESTED, family_of, judge_curve
from eventpanel.robustness.figures.curve import draw_curve
from eventpanel.robustness.lines import ABSENT, Found, Line, Role, line_of, not_made, with_interval
from eventpanel.robustness.specifications import Specification, Specifications, specifications
from eventpanel.robustness.variation import estimate_of, reason, same_quantity, unit_of
from eventpanel.robustness_section import CurveSection

__all__ = ["CHECK"]

NAME = "curve"
# Specifications of one part: enough to share what is absorbed, few enough to be kept often.
SIZE = 100
OWN = ("estimate", "std_error", "dof")
# Columns of the table of many designs.
NUMBERS = ("estimate", "std_error", "p_value", "nobs", "n_clusters", "n_treated", "dof")


def parts(case: Case) -> Sequence[Part]:
    """Pieces of the curve that share samples and effects."""
    every = _specifications(case).valid
    if len(every) < 2:
        raise NotAvailableError(
            "The study crosses no axes.", "[robustness.curve], [robustness.axes.NAME]", "add a curve and axes"
        )
    ordered = sorted(every, key=lambda one: repr(_sharing(one.question)))
    pieces = [tuple(ordered[start : start + SIZE]) for start in range(0, len(ordered), SIZE)]
    return [Part(NAME, f"piece {i} of {len(pieces)}", partial(_piece, one)) for i, one in enumerate(pieces, 1)]


def _settings(case: Case) -> CurveSection:
    if case.section.curve is None:
        raise NotAvailableError("The study has no curve.", "[robustness.curve]", "add it: draws = 500 is enough")
    return case.section.curve


def _specifications(case: Case) -> Specifications:
    asked = _settings(case)
    return case.panel.once(
        ("specifications", case.study.model_dump_json()), lambda: specifications(case, asked.axes, asked.without)
    )


def _sharing(question: Question) -> Hashable:
    d = question.design
    return question.estimator, d.sample, d.fixed_effects, d.weights, d.moderator, d.event, d.window, d.controls


def _how(case: Case) -> JointDraws:
    asked = _settings(case)
    return JointDraws(
        seed=case.section.seed,
        by=asked.by or cluster_name(case.panel, case.design),
        draws=asked.draws,
        null=asked.null,
        strata=tuple(asked.strata),
    )


def _piece(some: Sequence[Specification], case: Case) -> Found:
    """Estimate specifications, then draw them."""
    lines: dict[str, Line] = {}
    draws: dict[str, tuple[float, ...]] = {}
    by_target: dict[Target, dict[str, Question]] = defaultdict(dict)
    alone: dict[Target, dict[str, Estimate]] = defaultdict(dict)
    for one in some:
        question = one.question
        if question.estimator == "distributed_lag" and not question.target.minus:
            by_target[question.target][one.label] = question
            continue
        made_of = _alone(case, one.label, question)
        lines[one.label] = made_of[0]
        if made_of[1] is not None:
            alone[question.target][one.label] = made_of[1]
    for target, questions in by_target.items():
        lines |= _many(case, target, questions)
        designs = {label: q.design for label, q in questions.items() if lines[label].role != "not made"}
        _keep(joint_curve(case.panel, designs, target, _how(case)), lines, draws)
    for target, estimates in alone.items():
        for drawn in _drawn_alone(case, target, estimates):
            _keep(drawn, lines, draws)
    return Found(tuple(lines[one.label] for one in some), draws)


def _drawn_alone(case: Case, target: Target, estimates: Mapping[str, Estimate]) -> list[CurveDraws]:
    """Draw estimates that were made one by one: as designs where they are linear, else by their contributions."""
    how = _how(case)
    linear = {label: e.design for label, e in estimates.items() if e.estimator == "distributed_lag"}
    others = {label: e for label, e in estimates.items() if label not in linear}
    drawn = [joint_curve(case.panel, linear, target, how)] if linear else []
    if others and how.null == "permutation":
        empty, none = np.empty(0), np.empty((0, how.draws))
        why = dict.fromkeys(others, "histories are permuted in linear specifications only")
        return [*drawn, CurveDraws((), empty, empty, empty, none, none, (), why)]
    return [*drawn, score_curve(others, target, how)] if others else drawn


def _blank(case: Case, label: str, question: Question) -> Line:
    role: Role = "variation" if same_quantity(case, question) else "other"
    return Line(NAME, family_of(question), label, role, question.target.describe(), unit_of(question))


def _alone(case: Case, label: str, question: Question) -> tuple[Line, Estimate | None]:
    blank = _blank(case, label, question)
    try:
        estimate = estimate_of(case, question)
        line = line_of(blank, question.target.of(estimate), case.level)
    except EventPanelError as error:
        return not_made(blank, reason(error)), None
    return line, None if line.role == "not made" else estimate


def _many(case: Case, target: Target, questions: Mapping[str, Question]) -> dict[str, Line]:
    """Estimate distributed lags together; where one of them is refused, each by itself."""
    designs: dict[str, Design] = {label: question.design for label, question in questions.items()}
    try:
        table = estimate_many(case.panel, designs)
    except EventPanelError:
        return {label: _alone(case, label, question)[0] for label, question in questions.items()}
    watched = table[(table["event_time"] == target.event_time) & (table["group"] == target.group)]
    found = dict(zip(watched["design"], watched[list(NUMBERS)].to_numpy(dtype=float), strict=True))
    return {label: _filled(_blank(case, label, q), found.get(label), case.level) for label, q in questions.items()}


def _filled(blank: Line, numbers: Floats | None, level: float) -> Line:
    if numbers is None or np.isnan(numbers[0]):
        return not_made(blank, ABSENT)
    estimate, error, p_value, nobs, clusters, treated, dof = map(float, numbers)
    return with_interval(
        blank._replace(
            estimate=estimate,
            std_error=error,
            dof=dof,
            p_value=p_value,
            nobs=nobs,
            n_clusters=clusters,
            n_treated=treated,
        ),
        level,
    )


def _keep(curve: CurveDraws, lines: dict[str, Line], draws: dict[str, tuple[float, ...]]) -> None:
    """Put draws beside their lines, and say how each was drawn or why it was not."""
    for i, label in enumerate(curve.labels):
        own = (float(getattr(curve, name)[i]) for name in OWN)
        draws[str(label)] = (*own, *curve.estimates[i].tolist(), *curve.draws[i].tolist())
        lines[str(label)] = lines[str(label)]._replace(note=f"drawn: {curve.drawn[i]}")
    for label, why in curve.refused.items():
        lines[str(label)] = lines[str(label)]._replace(note=f"{UNTESTED}: {why}")


def _curve(found: Found) -> CurveDraws:
    """Specifications with their draws, put together again."""
    lines = {line.label: line for line in found.lines if line.label in found.draws}
    table = np.array([found.draws[label] for label in lines])
    half = (table.shape[1] - len(OWN)) // 2
    kinds = tuple(line.note.removeprefix("drawn: ") for line in lines.values())
    estimate, error, dof = table[:, : len(OWN)].T
    estimates, t = table[:, len(OWN) : len(OWN) + half], table[:, len(OWN) + half :]
    return CurveDraws(tuple(lines), estimate, error, dof, estimates, t, kinds)


def join(case: Case, found: Found) -> list[Line]:
    """Joint tests, one family at a time, the headline's first."""
    if not found.draws:
        return []
    curve = _curve(found)
    families = {line.label: line.part for line in found.lines}
    table = joint_statistics(curve, families, case.target.sign, case.alpha)
    table = table[table["specifications"] > 1].assign(own=lambda t: t["family"] != family_of(case.question))
    return [
        Line(
            NAME,
            f"{JOINT}: {row['family']}",
            str(row["statistic"]),
            "test",
            f"{row['statistic']} of {row['specifications']} specifications",
            estimate=float(row["value"]),
            p_value=float(row["p_value"]),
            p_error=float(row["p_error"]),
            draws=float(row["draws"]),
            note=f"under the null {row['null_median']:.3g} (median), {row['null_mean']:.3g} (mean); "
            f"drawn: {row['drawn']}",
        )
        for _, row in table.sort_values("own", kind="stable").iterrows()
    ]


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge the family of the headline, and say how many combinations are not in it."""
    refused = 0 if case.section.curve is None else len(_specifications(case).refused)
    return judge_curve(case, lines, refused)


def tables(case: Case, found: Found) -> dict[str, pd.DataFrame]:
    """Every specification with its choices, and every combination that was refused with the reason."""
    every = _specifications(case)
    lines = {line.label: line for line in found.lines}
    chosen = [dict(one.choices) | lines[one.label]._asdict() for one in every.valid if one.label in lines]
    refused = [dict(one.choices) | {"reason": one.reason} for one in every.refused]
    axes = [axis for axis, _ in every.valid[0].choices]
    drop = ["check", "label", "position", "draws", "p_error"]
    return {
        "curve_specifications": pd.DataFrame(chosen).drop(columns=drop, errors="ignore"),
        "curve_refused": pd.DataFrame(refused, columns=[*axes, "reason"]),
    }


def draw(case: Case, found: Found) -> Figure:
    """Draw the headline's family, choices below."""
    choices = {one.label: one.choices for one in _specifications(case).valid}
    return draw_curve(case, [line for line in found.lines if line.part == family_of(case.question)], choices)


CHECK = Check(
    name=NAME,
    title="Specification curve",
    question="Would other defensible choices, all of them together, have told another story?",
    reading="Every combination of the options of the axes is estimated. Those that estimate the same quantity are "
    "tested together: under the null of no effect whole clusters change the sign of their residuals, the same clusters "
    "in every specification, and the median effect, the share that is significant in the predicted direction and "
    "Stouffer's Z are computed in every draw as in the data (Simonsohn, Simmons and Nelson 2020). Combinations that "
    "cannot be made are listed with the reason in curve_refused.csv.",
    parts=parts,
    judge=judge,
    draw=draw,
    join=join,
    tables=tables,
)
