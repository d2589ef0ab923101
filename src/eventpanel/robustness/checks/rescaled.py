"""Rescaled: other units of outcome and event must change the unit of the coefficient and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from eventpanel.datasets.errors import NotAvailableError
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Check, Finding, Part
from eventpanel.robustness.lines import Found, Line, made, unmade
from eventpanel.robustness.variation import Variation, headline, line_of_variation, unit_of

__all__ = ["CHECK"]

NAME, FACTORS = "rescaled", (0.001, 1000.0)
# Largest relative distance that is rounding: of least squares, and of a Poisson fit that stops when it is close.
CLOSE = {"distributed_lag": 1e-10, "ppml": 1e-6}


def parts(case: Case) -> Sequence[Part]:
    """One part what is rescaled."""
    if case.question.estimator not in CLOSE:
        raise NotAvailableError(
            f"The estimates of {case.question.estimator} depend on the unit of the outcome.", "", "nothing to check"
        )
    what = ["outcome", *(["event"] if case.design.event.kind == "dose" else [])]
    return [Part(NAME, one, partial(_rescaled, one)) for one in what if one == "outcome" or _is_plain(case)]


def _is_plain(case: Case) -> bool:
    """Whether a factor of the event passes through its coding."""
    design = case.design
    effects = [part for name in design.fixed_effects for part in name.split("^")]
    others = (*design.controls, design.outcome, design.weights, design.offset, *effects)
    grouped = [one.column for one in (design.moderator, *(m for m, _ in design.sample.among)) if one is not None]
    return design.event.transform == "none" and design.event.column not in (*others, *grouped)


def _rescaled(what: str, case: Case) -> Found:
    return Found((headline(case, NAME, what), *(_line(case, what, factor) for factor in FACTORS)))


def _line(case: Case, what: str, factor: float) -> Line:
    name = case.design.outcome if what == "outcome" else case.design.event.column
    # In its place, so that the sources still say of the column what they have seen.
    panel = case.panel.with_frame(case.panel.frame.assign(**{name: factor * case.panel.values(name)}))
    label = f"{name} times {factor:g}"
    line = line_of_variation(case, NAME, Variation(what, label, case.question, "other", factor), panel)
    beyond = max(_off(case, line))
    return line._replace(unit=f"{unit_of(case.question)}, {label}", note=f"off by {beyond:.1e} of itself")


def _off(case: Case, line: Line) -> tuple[float, float]:
    """Relative distance of coefficient and t from what they must be."""
    own, t = float(case.headline.coef[0]), float(case.headline.tstats.iloc[0])
    expected = own * _follows(case, line.part, line.position)
    return abs(line.estimate - expected) / abs(expected), abs(line.estimate / line.std_error - t) / abs(t)


def _follows(case: Case, what: str, factor: float) -> float:
    """Say what a coefficient is multiplied by."""
    if what == "outcome":
        return factor if case.is_linear else 1.0
    return 1.0 if case.design.event.scale != "none" else 1 / factor


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Hold every line to rounding."""
    scaled, failed = made(lines, "other"), unmade(lines)
    if failed or not scaled:
        return Finding("breaks", "Rescaled columns could not be estimated: " + "; ".join(x.note for x in failed) + ".")
    most, allowed = max(max(_off(case, line)) for line in scaled), CLOSE[case.question.estimator]
    words = (
        f"Over {len(scaled)} changes of unit, coefficient and t are off by at most {most:.1e} of themselves (allowed: "
        f"{allowed:.0e})."
    )
    return Finding("holds" if most <= allowed else "breaks", words)


CHECK = Check(
    name=NAME,
    title="Other units of measurement",
    question="Does the result depend on the unit in which outcome or event are measured?",
    reading="Outcome and event are multiplied by constants. Coefficients must follow exactly and t must stay, up to "
    "rounding. This says nothing of the effect: it certifies that columns pass through the estimate as they should.",
    parts=parts,
    judge=judge,
    certifies=True,
)
