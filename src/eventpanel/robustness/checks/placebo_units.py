"""Placebo units: every other unit, such as an exporter, in the role of the one under test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from eventpanel.datasets.errors import EventPanelError, NotAvailableError, first_few, number
from eventpanel.datasets.panel import Panel
from eventpanel.estimating import estimate_by_name
from eventpanel.estimators.core.distributions import t_two_sided
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.placebo_units import Placebo, ranks
from eventpanel.estimators.placebo_units import placebo_units as exchanged
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Answer, Check, Finding, Part
from eventpanel.robustness.counterparts import family_lines, in_its_place, is_alone, other_units, units_section
from eventpanel.robustness.figures.forest import ordered
from eventpanel.robustness.judge import is_significant
from eventpanel.robustness.lines import Found, Line, Row, line_of, made, not_made, with_interval
from eventpanel.robustness.variation import headline, reason, unit_of, watched

__all__ = ["CHECK"]

NAME, PART = "placebo_units", "placebo units"
RANK, FAMILY = "p-value, rank", "p-value, Romano-Wolf"


class _Way(NamedTuple):
    """How others take the place of the actual unit."""

    lines: Callable[[Case, Sequence[str]], list[Line]]
    words: str


def parts(case: Case) -> Sequence[Part]:
    """One part: a rank needs all units."""
    other_units(case)
    _way(case)
    return [Part(NAME, PART, _ranked)]


def _way(case: Case) -> _Way:
    section, design = units_section(case), case.design
    if is_alone(case):
        return _Way(_in_the_sample, f"the sample is that of the {section.by} alone")
    moderator = design.moderator
    if moderator is not None and moderator.column == section.by:
        if section.actual not in (case.target.group, case.target.minus):
            raise NotAvailableError(f"The headline is not about {section.actual}.", case.target.describe(), "")
        return _Way(_of_the_path, f"each {section.by} has a path of its own in the estimate of the headline")
    column = design.event.column if moderator is None else moderator.column
    varies = case.panel.frame.groupby([one for one in case.panel.keys if one != section.by])[column].nunique()
    if not (varies > 1).any():
        raise NotAvailableError(
            f"Nothing in the headline tells one {section.by} from another.",
            f"{column} is the same for all of them",
            f"restrict the sample to {section.actual}, or let a moderator or the event differ by {section.by}",
        )
    return _Way(partial(_exchanged, column), f"units exchange their {column} with {section.actual}")


def _ranked(case: Case) -> Found:
    section, way = units_section(case), _way(case)
    own = headline(case, NAME, PART)._replace(label=section.actual, note=f"actual; {way.words}")
    others = way.lines(case, other_units(case))
    lines = [own, *others]
    return Found((*lines, *_ranks(case, lines), *_family(case, others)))


def _blank(case: Case, unit: str) -> Line:
    return Line(NAME, PART, unit, "placebo", case.target.describe(), unit_of(case.question))


def _in_the_sample(case: Case, units: Sequence[str]) -> list[Line]:
    """Estimate again on the sample of each unit."""
    return [line_of(_blank(case, unit), watched(case, in_its_place(case, unit)), case.level) for unit in units]


def _of_the_path(case: Case, units: Sequence[str]) -> list[Line]:
    """Take the path of each unit from the estimate of the headline."""
    actual, target = units_section(case).actual, case.target
    rest = [unit for unit in units if unit not in (target.group, target.minus)]
    lines = []
    for unit in rest if target.minus else units:
        group, minus = (unit if name == actual else name for name in (target.group, target.minus))
        try:
            one: Estimate | str = replace(target, group=group, minus=minus).of(case.estimate)
        except EventPanelError as error:
            one = reason(error)
        lines.append(line_of(_blank(case, unit), one, case.level))
    return lines


def _exchanged(column: str, case: Case, units: Sequence[str]) -> list[Line]:
    """Let each unit exchange a column with the actual one."""
    section, target = units_section(case), case.target
    placebo = Placebo(by=section.by, actual=section.actual, column=column, among=tuple(units))
    table = exchanged(case.panel, case.design, placebo, estimator=partial(_target_of, case))
    dof = float(case.headline.dof[0])
    shown = table[~table["actual"] & (table["event_time"] == target.event_time)]
    return [_of_row(case, row, dof) for row in shown.to_dict("records")]


def _of_row(case: Case, row: Row, dof: float) -> Line:
    blank = _blank(case, str(row["unit"]))
    if row["remark"]:
        return not_made(blank, str(row["remark"]))
    estimate, t = float(row["estimate"]), float(row["statistic"])
    line = blank._replace(estimate=estimate, std_error=abs(estimate / t) if t else np.nan, dof=dof)
    return with_interval(line._replace(p_value=float(t_two_sided(t, dof))), case.level)


def _target_of(case: Case, panel: Panel, design: Design) -> Estimate:
    """Estimate nothing but the number that is watched."""
    return case.target.of(estimate_by_name(case.question.estimator, panel, design))


def _ranks(case: Case, lines: Sequence[Line]) -> list[Line]:
    """Rank p-values of the actual unit, by coefficient and by t; units that could not be estimated rank first."""
    able = [line.role != "not made" for line in lines]
    size = np.array([line.estimate if there else np.nan for line, there in zip(lines, able, strict=True)])
    studentised = size / np.array([line.std_error for line in lines])
    note = f"of {number(len(lines), 'unit')}; the smallest p-value that so many allow is {1 / len(lines):.3g}" + (
        "" if all(able) else f"; {able.count(False)} without an estimate counted against the actual one"
    )
    return [
        Line(NAME, PART, f"rank by absolute {what}", "test", RANK, p_value=float(ranks(values)[0]), note=note)
        for what, values in (("coefficient", size), ("t", studentised))
    ]


def _family(case: Case, others: Sequence[Line]) -> tuple[Line, ...]:
    units = [line.label for line in others if line.role == "placebo"]
    if not is_alone(case) or not case.is_linear or not units:
        return ()
    blank = Line(NAME, PART, "all units", "test", FAMILY)
    designs = {units_section(case).actual: case.design} | {
        unit: case.changed(in_its_place(case, unit)).design for unit in units
    }
    try:
        return family_lines(case, blank, designs)
    except EventPanelError as error:
        return (not_made(blank, reason(error)),)


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge the rank of the actual unit; where units are few, no rank can be small enough."""
    placebos, tests = made(lines, "placebo"), made(lines, "test")
    ranked = [line for line in tests if line.quantity == RANK]
    if not placebos or not ranked:
        return Finding("cannot tell", "No other unit could be estimated.")
    actual, alpha = units_section(case).actual, case.alpha
    count = 1 + len(placebos) + sum(line.role == "not made" for line in lines if line.quantity != FAMILY)
    p = max(line.p_value for line in ranked)
    beyond = [line.label for line in placebos if line.is_significant]
    alone = "is" if len(placebos) == 1 else "are"
    words = [
        f"{actual} ranks {round(min(x.p_value for x in ranked) * count)} of {count} by "
        f"{'coefficient' if ranked[0].p_value <= ranked[1].p_value else 't'}; rank p-values "
        f"{ranked[0].p_value:.3g} (coefficient) and {ranked[1].p_value:.3g} (t).",
        f"{len(beyond)} of {number(len(placebos), 'other')} {alone} significant without the rest"
        + (f": {first_few(beyond)}." if beyond else "."),
    ]
    if 1 / count > alpha:
        words.append(f"With {count} units no rank p-value can be below {1 / count:.2g}.")
    family = [line for line in tests if line.quantity == FAMILY]
    words += [
        f"Corrected for all units, {one.label} has p = {one.p_value:.3g}." for one in family if one.label == actual
    ]
    return Finding(_answer(case, p, 1 / count), " ".join(words))


def _answer(case: Case, p: float, smallest: float) -> Answer:
    if not is_significant(case) or (smallest > case.alpha and p <= smallest):
        return "cannot tell"
    if p <= case.alpha:
        return "holds"
    return "breaks" if p > 0.5 else "weakens"


CHECK = Check(
    name=NAME,
    title="Other units in the same role",
    question="Is the effect special to the unit under test, or do others show it as well?",
    reading="The same design with every other unit in the place of the actual one. If nothing were special about it, "
    "its rank by absolute value would be as likely as any other: the p-value is that rank over the number of units. "
    "It assumes that units are exchangeable under the null; large and small ones are not, which is why t is ranked "
    "too. With few units even the first rank proves little.",
    parts=parts,
    judge=judge,
    draw=ordered,
)
