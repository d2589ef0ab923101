"""Variation: a labelled question; the number that is watched of it becomes a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from eventpanel.datasets.errors import EventPanelError
from eventpanel.datasets.panel import Panel
from eventpanel.estimating import estimate_by_name
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.robustness.case import Case, Question
from eventpanel.robustness.lines import Line, Role, line_of, not_made

__all__ = [
    "Variation",
    "estimate_of",
    "headline",
    "line_of_variation",
    "reason",
    "rests_on_few",
    "same_quantity",
    "unit_of",
    "watched",
]

# What coefficients of these are in, instead of units of the outcome.
MEASURES = {
    "ppml": "log mean of ",
    "debiased_ppml": "log mean of ",
    "imputation_poisson": "log mean of ",
    "extended_two_way_poisson": "log mean of ",
    "logit": "log odds of ",
    "probit": "probit index of ",
}
WITHOUT = " without "
# Share of the headline's rows below which a number is said to rest on few.
FEW = 0.5


class Variation(NamedTuple):
    """A question that differs from the headline in something that has a name.

    Attributes
    ----------
    part, label : str
        As in a line.
    asked : Question, or mapping
        A mapping is what it changes of the headline; see :meth:`eventpanel.robustness.case.Case.changed`.
    role : str, optional
        ``"variation"`` or ``"other"`` by what it estimates, where nothing is given.
    position : float
    note : str
    """

    part: str
    label: str
    asked: Question | Mapping[str, Any]
    role: Role | None = None
    position: float = float("nan")
    note: str = ""


def unit_of(question: Question) -> str:
    """Say what a coefficient means: of which outcome, per what; those of one unit compare.

    A column called ``"NAME without SOMETHING"`` holds the outcome NAME with something left out of it, in its unit.

    Parameters
    ----------
    question : Question
    """
    outcome, _, _ = question.design.outcome.partition(WITHOUT)
    return f"{MEASURES.get(question.estimator, '')}{outcome} per {_per(question.design)}"


def _per(design: Design) -> str:
    event = design.event
    if event.is_binary:
        return "event"
    if event.scale != "none":
        return "s.d. of the event"
    return f"unit of {'log(1 + ' if event.transform == 'log1p' else ''}{event.column}" + (
        ")" if event.transform == "log1p" else ""
    )


def same_quantity(case: Case, question: Question) -> bool:
    """Whether a question asks for the headline's number in another way: same unit, same groups.

    Parameters
    ----------
    case : Case
    question : Question
    """
    return unit_of(question) == unit_of(case.question) and question.target == case.target


def line_of_variation(case: Case, check: str, variation: Variation, panel: Panel | None = None) -> Line:
    """Estimate a variation; what cannot be estimated says why.

    Parameters
    ----------
    case : Case
    check : str
    variation : Variation
    panel : Panel, optional
        Instead of the case's.
    """
    part, label, asked, role, position, note = variation
    blank = Line(check, part, label, "not made", case.target.describe(), position=position, note=note)
    try:
        question = asked if isinstance(asked, Question) else case.changed(asked)
    except EventPanelError as error:
        return not_made(blank, reason(error))
    blank = blank._replace(
        role=role or ("variation" if same_quantity(case, question) else "other"),
        quantity=question.target.describe(),
        unit=unit_of(question),
    )
    line = line_of(blank, watched(case, question, panel), case.level)
    if line.role == "not made" or not rests_on_few(case, line):
        return line
    few = f"rests on {line.nobs / case.headline.nobs:.0%} of the rows of the headline"
    return line._replace(note="; ".join(filter(None, (line.note, few))))


def rests_on_few(case: Case, line: Line) -> bool:
    """Whether a number has fewer than half of the rows of the headline; not where the number of rows is unknown.

    Parameters
    ----------
    case : Case
    line : Line
    """
    return bool(line.nobs < FEW * case.headline.nobs)


def watched(case: Case, asked: Question | Mapping[str, Any], panel: Panel | None = None) -> Estimate | str:
    """Estimate the number that is watched, or say why it cannot be.

    Parameters
    ----------
    case : Case
    asked : Question, or mapping
        A mapping is what is changed of the headline; see :meth:`eventpanel.robustness.case.Case.changed`.
    panel : Panel, optional
        Instead of the case's.
    """
    try:
        question = asked if isinstance(asked, Question) else case.changed(asked)
        return question.target.of(estimate_of(case, question, panel))
    except EventPanelError as error:
        return reason(error)


def headline(case: Case, check: str, part: str = "") -> Line:
    """Return the headline as a line of a check.

    Parameters
    ----------
    case : Case
    check, part : str
    """
    blank = Line(check, part, "headline", "headline", case.target.describe(), unit_of(case.question))
    return line_of(blank, case.headline, case.level)


def reason(error: EventPanelError) -> str:
    """Say an error on one line.

    Parameters
    ----------
    error : EventPanelError
    """
    return error.what + (f" ({error.where})" if error.where else "")


def estimate_of(case: Case, question: Question, panel: Panel | None = None) -> Estimate:
    """Estimate a question with its whole path.

    Parameters
    ----------
    case : Case
    question : Question
    panel : Panel, optional
        Instead of the case's.
    """
    return estimate_by_name(question.estimator, case.panel if panel is None else panel, question.design)
