"""Same sample: every option on the rows that all of them have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from eventpanel.datasets.errors import EventPanelError, NotAvailableError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Mask
from eventpanel.robustness.case import Case, Question
from eventpanel.robustness.check import Check, Finding, Part
from eventpanel.robustness.figures.forest import forest
from eventpanel.robustness.judge import judge_variations
from eventpanel.robustness.lines import Found, Line, not_made
from eventpanel.robustness.variation import Variation, estimate_of, headline, line_of_variation, reason

__all__ = ["CHECK"]

NAME, ROWS, OWN = "same_sample", "rows common to all", "headline on the common rows"
LACKS = "rows of the headline that it has not"
# Rows that are alone in a fixed effect go one round after another; more rounds than this are not tried.
ROUNDS = 5


def parts(case: Case) -> Sequence[Part]:
    """One part: which rows are common needs all options."""
    if not any(not _moves_rows(changes) for _, _, changes in _options(case)):
        raise NotAvailableError(
            "The study has no option that keeps the sample.", "[robustness.axes.NAME]", "add alternatives"
        )
    return [Part(NAME, ROWS, _common)]


def _options(case: Case) -> list[tuple[str, str, Mapping[str, Any]]]:
    return [(axis, name, changes) for axis, options in case.section.axes.items() for name, changes in options.items()]


def _moves_rows(changes: Mapping[str, Any]) -> bool:
    """Whether an option asks for another sample."""
    return "sample" in changes


def _common(case: Case) -> Found:
    questions, failed = {("", OWN): case.question}, []
    masks = {("", OWN): case.estimate.sample}
    for axis, name, changes in _options(case):
        if _moves_rows(changes):
            continue
        try:
            questions[axis, name] = case.changed(changes)
            masks[axis, name] = estimate_of(case, questions[axis, name]).sample
        except EventPanelError as error:
            questions.pop((axis, name), None)
            failed.append(not_made(Line(NAME, axis, name, "not made", case.target.describe()), reason(error)))
    rows, settled = _settled(case, list(questions.values()), np.logical_and.reduce(list(masks.values())))
    lines = [
        _line(case, key, question, rows, int(masks[key].sum()) - int(rows.sum())) for key, question in questions.items()
    ]
    costs = [_cost(key, int((masks["", OWN] & ~mask).sum())) for key, mask in masks.items()]
    size = _size(case, rows)
    if not settled:
        size = size._replace(note=f"{size.note}; some options still leave out rows that are alone in a fixed effect")
    return Found((headline(case, NAME), *lines, *failed, size, *sorted(filter(None, costs), key=lambda x: -x.nobs)))


def _settled(case: Case, questions: Sequence[Question], rows: Mask) -> tuple[Mask, bool]:
    """Take rows off until every option uses all that are left."""
    for _ in range(ROUNDS):
        panel, left = _marked(case.panel, rows), rows
        for question in questions:
            try:
                left = left & estimate_of(case, _within(question), panel).sample
            except EventPanelError:
                continue
        if (left == rows).all():
            return rows, True
        rows = left
    return rows, False


def _marked(panel: Panel, rows: Mask) -> Panel:
    return panel.with_frame(panel.frame.assign(**{ROWS: rows.astype(float)}))


def _within(question: Question) -> Question:
    """Ask the same question on the marked rows; leads and lags still come from the whole record."""
    sample = question.design.sample
    where = (*sample.where, (ROWS, (1.0,)))
    return replace(question, design=replace(question.design, sample=replace(sample, where=where)))


def _line(case: Case, key: tuple[str, str], question: Question, rows: Mask, fewer: int) -> Line:
    note = f"{fewer:,} rows fewer than on its own" if fewer else "on the rows it has anyway"
    variation = Variation(*key, _within(question), note=note)
    return line_of_variation(case, NAME, variation, _marked(case.panel, rows))


def _cost(key: tuple[str, str], rows: int) -> Line | None:
    """Rows of the headline that an option has not; nothing where it has all."""
    return Line(NAME, *key, "size", LACKS, "rows", nobs=float(rows)) if rows else None


def _size(case: Case, rows: Mask) -> Line:
    aside = [f"{axis}: {name}" for axis, name, changes in _options(case) if _moves_rows(changes)]
    note = f"left out, since they change the sample on purpose: {first_few(aside, 30)}" if aside else ""
    return Line(NAME, "", ROWS, "size", "rows", nobs=float(rows.sum()), note=note)


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge the options as variations, and say how many rows they share."""
    found = judge_variations(case, lines)
    rows = [line for line in lines if line.label == ROWS]
    own = [line for line in lines if line.label == OWN and line.role == "variation"]
    words = [found.words]
    if rows:
        words.append(f"{rows[0].nobs:,.0f} rows are common to all; the headline alone has {case.headline.nobs:,}.")
    costs = [line for line in lines if line.quantity == LACKS][:3]
    if costs:
        most = "; ".join(f"{line.part}: {line.label} ({line.nobs:,.0f})" for line in costs)
        words.append(f"Most of its rows are lost to {most}.")
    if own:
        words.append(f"On the common rows it is {own[0].estimate:.4g} (s.e. {own[0].std_error:.3g}).")
    return Finding(found.answer, " ".join(words))


CHECK = Check(
    name=NAME,
    title="All options on the same rows",
    question="Do options differ because of what they change, or because they use other rows?",
    reading="Every option is estimated again on the rows that all of them have. What differs here and not in the own "
    "samples, or the other way round, is due to rows. Options that change the sample on purpose are left out.",
    parts=parts,
    judge=judge,
    draw=forest,
)
