"""Confounding: how strong an unobserved variable would have to be to explain the headline away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eventpanel.datasets.errors import NotAvailableError, first_few, number
from eventpanel.estimators.confounding import Confounding, confounding
from eventpanel.estimators.core.distributions import t_quantile
from eventpanel.robustness.case import Case, Question
from eventpanel.robustness.check import Answer, Check, Finding, Part
from eventpanel.robustness.figures.confounding import BENCHMARKS, COEFFICIENT, contours
from eventpanel.robustness.judge import is_significant
from eventpanel.robustness.lines import Found, Line, unmade, with_interval
from eventpanel.robustness.variation import Variation, headline, line_of_variation, unit_of

__all__ = ["CHECK"]

NAME, SHARES = "confounding", "robustness values"
CONTROLLED = "headline with the benchmarks as controls"
# Multiples of a benchmark that are shown, how far is looked for the one at which the headline falls, what is enough.
SHOWN, FURTHEST, ENOUGH = (1, 2, 3), 50, 2
REACH = "times as strong as a benchmark"
LOOKED, STRONGEST = "more was not tried", "none can be stronger"
SIGN, SIGNIFICANCE = "times that leave the sign", "times that leave the significance"
# Labels of shares.
ZERO, EDGE, CLASSICAL = "to zero", "to the edge of significance", "to the edge of significance, independent rows"
ALL, DELTA, DELTA_ALL = (
    "to zero, if all of the outcome is explained",
    "Oster's delta at 1.3 R2",
    "Oster's delta at R2 = 1",
)


def parts(case: Case) -> Sequence[Part]:
    """One part."""
    if not case.is_linear:
        raise NotAvailableError(
            f"Shares of variation are those of least squares; the headline is made by {case.question.estimator}.",
            "[robustness] estimate",
            "choose a distributed lag as the headline",
        )
    return [Part(NAME, "headline", _confounded)]


def _confounded(case: Case) -> Found:
    times, question = range(1, FURTHEST + 1), _with_benchmarks(case)
    found = confounding(case.panel, question.design, case.target, _benchmarks(case), multiples=times, alpha=case.alpha)
    c = found.coefficient
    own = (c.estimate, c.std_error, c.dof, c.robust_error, c.robust_dof)
    lines = (*_controlled(case, question, found), *_shares(found), *_bounds(case, found), *_reach(case, found))
    return Found((headline(case, NAME), *lines), {COEFFICIENT: own, **_strengths(found)})


def _with_benchmarks(case: Case) -> Question:
    """Ask the question of the headline with benchmarks among the controls that are columns and no terms of it yet."""
    design, columns = case.design, case.panel.frame.columns
    added = [one for one in case.section.confounding.benchmarks if one in columns and one not in design.controls]
    return replace(case.question, design=replace(design, controls=(*design.controls, *added)))


def _controlled(case: Case, question: Question, found: Confounding) -> list[Line]:
    """Estimate with the benchmarks that were added; beside it the same rows without controls."""
    added = question.design.controls[len(case.design.controls) :]
    if not added:
        return []
    note = f"all of this check is of this estimate: {', '.join(added)} added to the controls"
    if found.selection is not None:
        note += f"; without controls {found.selection.short:.4g} on the same rows"
    return [line_of_variation(case, NAME, Variation(SHARES, CONTROLLED, question, "variation", note=note))]


def _strengths(found: Confounding) -> dict[str, tuple[float, ...]]:
    """Shares of event and outcome of each benchmark once to three times, for the figure."""
    shown = found.bounds[found.bounds["multiple"].isin(SHOWN) & found.bounds["r2_treatment"].notna()]
    return {
        f"{row['multiple']:g} x {row['benchmark']}": (float(row["r2_treatment"]), float(row["r2_outcome"]))
        for row in shown.to_dict("records")
    }


def _benchmarks(case: Case) -> Sequence[str]:
    """Those of the study, else the controls of the headline that were estimated."""
    estimated = {term.variable for term in case.estimate.terms if term.event_time is None}
    return case.section.confounding.benchmarks or [one for one in case.design.controls if one in estimated]


def _shares(found: Confounding) -> list[Line]:
    c, alpha = found.coefficient, found.alpha
    share = "share of what is left of event and outcome"
    rows = (
        (ZERO, share, c.robustness, "algebra: the covariance does not enter"),
        (EDGE, share, c.robust_robustness_at(alpha), found.covariance),
        (CLASSICAL, share, c.robustness_at(alpha), "classical standard error"),
        (ALL, "share of what is left of the event", c.partial_r2, "partial R2 of the headline with the outcome"),
        (DELTA, "selection on unobserved over observed", found.delta(), _of_controls(found)),
        (DELTA_ALL, "selection on unobserved over observed", found.delta(1.0), _of_controls(found)),
    )
    blank = Line(NAME, SHARES, "", "size", "")
    return [
        blank._replace(label=label, quantity=quantity, unit=quantity, estimate=float(value), note=note)
        for label, quantity, value, note in rows
    ]


def _of_controls(found: Confounding) -> str:
    return "no controls, no delta" if found.selection is None else ""


def _bounds(case: Case, found: Confounding) -> list[Line]:
    """Adjust the headline for confounders once to three times as strong as each benchmark."""
    blank = Line(NAME, BENCHMARKS, "", "size", "the headline with such a confounder", unit_of(case.question))
    rows = found.bounds[found.bounds["multiple"].isin(SHOWN)].to_dict("records")
    lines = [
        blank._replace(
            label=f"{row['multiple']:g} x {row['benchmark']}",
            estimate=float(row["estimate"]),
            std_error=float(row["robust_error"]),
            dof=found.coefficient.robust_dof,
            note=f"R2 {row['r2_treatment']:.3g} with the event, {row['r2_outcome']:.3g} with the outcome",
        )
        for row in rows
    ]
    return [with_interval(line, case.level) for line in lines]


def _reach(case: Case, found: Confounding) -> list[Line]:
    """How many times as strong as each benchmark a confounder may be, whole times only."""
    sign, c = np.sign(case.headline.coef[0]), found.coefficient
    critical = float(t_quantile(0.5 + case.level / 2, np.array([c.robust_dof]))[0])
    lines = []
    for benchmark, table in found.bounds.groupby("benchmark", sort=False):
        # Where the bound is missing no confounder can be so strong; comparisons with it are false.
        left = sign * table["estimate"]
        kept = {SIGN: left > 0, SIGNIFICANCE: left - critical * table["robust_error"] > 0}
        possible = int(table["estimate"].notna().sum())
        for quantity, holds in kept.items():
            times = int(np.argmin([*holds, False]))
            note = "" if times < possible else LOOKED if possible == FURTHEST else STRONGEST
            line = Line(NAME, REACH, str(benchmark), "size", quantity, quantity, estimate=float(times), note=note)
            lines.append(line)
    return lines


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge by benchmarks; a share alone does not say whether it is large."""
    share = {line.label: line.estimate for line in lines if line.part == SHARES and line.role == "size"}
    if not share:
        failed = [line.note for line in unmade(lines)]
        return Finding("cannot tell", f"Nothing could be compared: {first_few(dict.fromkeys(failed))}.")
    reach = [line for line in lines if line.part == REACH]
    edge = (
        f"and {share[EDGE]:.2%} to take it to the edge of significance"
        if share[EDGE]
        else "which is not significant as it is"
    )
    words = [
        *(_told(case, line) for line in lines if line.label == CONTROLLED and line.role == "variation"),
        f"A confounder would have to explain at least {share[ZERO]:.2%} of the variation left of both event and "
        f"outcome to take the estimate to zero, {edge}.",
        *(_words(one, reach, over_edge=not share[EDGE]) for one in dict.fromkeys(line.label for line in reach)),
    ]
    if not reach:
        words.append("The study names no control to compare this with.")
    if not np.isnan(share[DELTA]):
        words.append(
            f"For an effect of zero, selection on unobserved variables would have to be {abs(share[DELTA]):.3g} times "
            f"that on the controls{', and of the other sign' if share[DELTA] < 0 else ''} (Oster's delta, R2 1.3 times "
            "its value)."
        )
    return Finding(_answer(case, reach), " ".join(words))


def _told(case: Case, line: Line) -> str:
    return (
        f"With the benchmarks as controls the estimate is {line.estimate:.4g} (s.e. {line.std_error:.3g}, "
        f"{line.nobs:,.0f} rows; {case.headline.coef[0]:.4g} and {case.headline.nobs:,} without)."
    )


def _words(benchmark: str, reach: Sequence[Line], *, over_edge: bool) -> str:
    sign, sure = (next(x for x in reach if (x.label, x.quantity) == (benchmark, q)) for q in (SIGN, SIGNIFICANCE))
    if not _is_left(sign):
        return f"One as strong as {benchmark} would change the sign."
    note = f" ({sign.note})" if sign.note else ""
    up_to = f"One up to {number(int(sign.estimate), 'time')} as strong as {benchmark} leaves the sign{note}"
    if over_edge:
        return f"{up_to}."
    if not _is_left(sure):
        return f"{up_to}, but one as strong removes the significance."
    return f"{up_to}, and up to {number(int(sure.estimate), 'time')} the significance too."


def _is_left(line: Line) -> bool:
    return line.estimate >= 1 or line.note == STRONGEST


def _is_enough(line: Line) -> bool:
    return line.estimate >= ENOUGH or line.note == STRONGEST


def _answer(case: Case, reach: Sequence[Line]) -> Answer:
    if not is_significant(case) or not reach:
        return "cannot tell"
    if not all(_is_left(line) for line in reach if line.quantity == SIGN):
        return "breaks"
    return "holds" if all(_is_enough(line) for line in reach if line.quantity == SIGNIFICANCE) else "weakens"


CHECK = Check(
    name=NAME,
    title="Unobserved confounding",
    question="How strong would something that nobody measured have to be to explain the headline away?",
    reading="Shares are of what fixed effects and the other terms leave (Cinelli and Hazlett 2020, "
    "doi:10.1111/rssb.12348); the estimate's is algebra, that of significance takes the clustered standard error to "
    "change as the classical one does. Shares mean little alone: benchmarks say what a confounder as strong as an "
    "observed variable would do; those that the headline does not control for are added to its controls here. It holds "
    f"where one {ENOUGH} times as strong as each leaves sign and significance, and breaks where one as strong as some "
    "changes the sign. A benchmark that says nothing of the event is no "
    "comparison. Oster's delta: 2019, doi:10.1080/07350015.2016.1227711.",
    parts=parts,
    judge=judge,
    draw=contours,
)
