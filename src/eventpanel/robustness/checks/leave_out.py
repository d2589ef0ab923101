"""Leave out: the headline without each country, region, year, exporter or event."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from eventpanel.datasets.errors import first_few
from eventpanel.estimating import estimate_by_name
from eventpanel.estimators.design import cluster_name
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.leave_out import leave_out
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Answer, Check, Finding, Part
from eventpanel.robustness.figures.left_out import extremes
from eventpanel.robustness.judge import is_most, is_significant
from eventpanel.robustness.lines import Found, Line, Row, line_of_row, made, unmade
from eventpanel.robustness.variation import headline, unit_of

__all__ = ["CHECK"]

NAME = "leave_out"


def parts(case: Case) -> Sequence[Part]:
    """One part for each thing that is left out one at a time."""
    return [Part(NAME, by, partial(_without_each, by)) for by in _what(case)]


def _what(case: Case) -> tuple[str, ...]:
    asked, period = case.section.leave_out, case.panel.period
    by = asked.by if asked is not None else [cluster_name(case.panel, case.design), *([period] if period else [])]
    return tuple(dict.fromkeys(by))


def _without_each(by: str, case: Case) -> Found:
    again = distributed_lag if case.is_linear else partial(estimate_by_name, case.question.estimator)
    table = leave_out(case.panel, case.design, case.target, by, again)
    return Found((headline(case, NAME, by), *(_line(case, by, row) for row in table.to_dict("records"))))


def _line(case: Case, by: str, row: Row) -> Line:
    blank = Line(NAME, by, str(row["left_out"]), "variation", case.target.describe(), unit_of(case.question))
    line = line_of_row(blank, row, case.level)
    if line.role == "not made":
        return line
    moved = f"{row['rows']} rows left out; {row['change']:+.2f} s.e."
    return line._replace(note="; ".join(filter(None, [moved, str(row["note"])])))


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge by the one whose absence hurts most."""
    shown, failed = made(lines, "variation"), unmade(lines)
    if not shown:
        return Finding("cannot tell", "Nothing could be left out: " + first_few(dict.fromkeys(x.note for x in failed)))
    words = [_words(case, by, [x for x in shown if x.part == by]) for by in dict.fromkeys(x.part for x in shown)]
    if failed:
        words.append(f"{len(failed)} could not be left out: {first_few(f'{x.part} {x.label}' for x in failed)}.")
    return Finding(_answer(case, shown) if is_most(len(shown), len(failed)) else "cannot tell", " ".join(words))


def _words(case: Case, by: str, lines: Sequence[Line]) -> str:
    low, high = min(lines, key=lambda x: x.estimate), max(lines, key=lambda x: x.estimate)
    most = max(lines, key=lambda x: abs(x.estimate - float(case.headline.coef[0])))
    turned, lost = _turned(case, lines), _lost(case, lines)
    if turned:
        said = f"the sign changes without {first_few(turned)}"
    elif lost:
        said = f"significance is lost without {first_few(lost)}"
    else:
        said = "none of them removes the sign or the significance" if is_significant(case) else "none turns the sign"
    return (
        f"Leaving out one {by} at a time ({len(lines)}): {low.estimate:.4g} to {high.estimate:.4g}; {most.label} "
        f"moves it most, to {most.estimate:.4g}; {said}."
    )


def _turned(case: Case, lines: Sequence[Line]) -> list[str]:
    sign = np.sign(float(case.headline.coef[0]))
    return [line.label for line in lines if np.sign(line.estimate) != sign]


def _lost(case: Case, lines: Sequence[Line]) -> list[str]:
    return [line.label for line in lines if not line.is_significant] if is_significant(case) else []


def _answer(case: Case, lines: Sequence[Line]) -> Answer:
    if not is_significant(case):
        return "cannot tell"
    if _turned(case, lines):
        return "breaks"
    return "weakens" if _lost(case, lines) else "holds"


CHECK = Check(
    name=NAME,
    title="Without each country, year or event",
    question="Is the headline made by one country, one year, one event?",
    reading="The same coefficient estimated again without each of them; the event keeps the coding of the whole "
    "record. It holds where none of them removes sign or significance, weakens where one removes significance, and "
    "breaks where one changes the sign. A headline with a p-value just below the level always loses it without some; "
    "see then how far it moves, in standard errors.",
    parts=parts,
    judge=judge,
    draw=extremes,
)
