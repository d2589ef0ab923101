"""Axes: every option of every axis of the study, one at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from eventpanel.datasets.errors import EventPanelError, NotAvailableError
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Check, Part
from eventpanel.robustness.figures.forest import forest
from eventpanel.robustness.judge import judge_variations
from eventpanel.robustness.lines import Found, Line, not_made
from eventpanel.robustness.variation import Variation, headline, line_of_variation

__all__ = ["CHECK"]

NAME = "axes"


def parts(case: Case) -> Sequence[Part]:
    """One part an axis."""
    if not case.section.axes:
        raise NotAvailableError("The study has no axes.", "[robustness.axes.NAME]", "add alternatives")
    return [Part(NAME, axis, partial(_options, axis)) for axis in case.section.axes]


def _options(axis: str, case: Case) -> Found:
    return Found((headline(case, NAME, axis), *(_line(case, axis, option) for option in case.section.axes[axis])))


def _line(case: Case, axis: str, option: str) -> Line:
    changes = case.section.axes[axis][option]
    if _changes_nothing(case, changes):
        return not_made(Line(NAME, axis, option, "not made", case.target.describe()), "the same as the headline")
    return line_of_variation(case, NAME, Variation(axis, option, changes))


def _changes_nothing(case: Case, changes: Mapping[str, Any]) -> bool:
    try:
        return case.changed(changes) == case.question
    except EventPanelError:
        return False


CHECK = Check(
    name=NAME,
    title="One change at a time",
    question="Does the headline depend on one choice: source, event, window, regime, sample, effects, controls?",
    reading="Each row changes one choice and keeps all others. Rows in the unit of the headline should stay near it; "
    "rows in another unit compare by sign and significance only.",
    parts=parts,
    judge=judge_variations,
    draw=forest,
)
