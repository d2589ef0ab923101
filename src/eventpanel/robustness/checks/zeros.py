"""Zeros: the headline under every usual way to treat an outcome with zeros."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eventpanel.datasets.errors import NotAvailableError, first_few
from eventpanel.estimators.zeros import zero_handling
from eventpanel.robustness.case import Case, Question
from eventpanel.robustness.check import Check, Finding, Part
from eventpanel.robustness.figures.zeros import DEPENDS, OTHER_ROWS, WITHOUT_UNIT, by_unit
from eventpanel.robustness.judge import judge_variations
from eventpanel.robustness.lines import ABSENT, Found, Line, Row, made, not_made
from eventpanel.robustness.variation import headline, unit_of
from eventpanel.robustness_section import ZerosSection

__all__ = ["CHECK"]

NAME = "zeros"
# What the effects of zero_handling are in.
OF = {
    "any": "percentage points of any {column}",
    "count": "{column}",
    "Poisson": "per cent of {column}",
    "log(1 + y)": "100 log(1 + {factor:g} {column})",
    "arcsinh": "100 arcsinh({column})",
    "log of positive values": "100 log({column})",
}
NOTES = {
    DEPENDS: "no percentage: another unit of the outcome gives another number",
    OTHER_ROWS: "rows are selected by the outcome",
    WITHOUT_UNIT: "",
}


def parts(case: Case) -> Sequence[Part]:
    """One part: the event is coded once for all rows."""
    return [Part(NAME, _settings(case).column, _treated)]


def _settings(case: Case) -> ZerosSection:
    if case.section.zeros is None:
        raise NotAvailableError("The study names no count.", "[robustness.zeros]", 'add it: column = "deals"')
    return case.section.zeros


def _treated(case: Case) -> Found:
    asked = _settings(case)
    table = zero_handling(case.panel, case.design, case.target, asked.column, factors=asked.factors, level=case.level)
    return Found((headline(case, NAME), *(_line(case, asked.column, row) for row in table.to_dict("records"))))


def _line(case: Case, column: str, row: Row) -> Line:
    part = _part(row)
    label = f"log(1 + {row['factor']:g} y)" if row["outcome"] == "log(1 + y)" else str(row["outcome"])
    line = Line(
        NAME,
        part,
        label,
        "other",
        case.target.describe(),
        _unit(case, column, row),
        position=float(row["factor"]) if row["outcome"] == "log(1 + y)" else np.nan,
        note=NOTES[part],
    )
    if np.isnan(row["estimate"]):
        return not_made(line, str(row["note"]) or ABSENT)
    return line._replace(
        estimate=float(row["estimate"]),
        std_error=float(row["std_error"]),
        p_value=float(row["p_value"]),
        conf_low=float(row["conf_low"]),
        conf_high=float(row["conf_high"]),
        nobs=float(row["nobs"]),
    )


def _part(row: Row) -> str:
    if row["outcome"] == "log of positive values":
        return OTHER_ROWS
    return DEPENDS if row["on_unit"] == "depends on the unit" else WITHOUT_UNIT


def _unit(case: Case, column: str, row: Row) -> str:
    """Say what one of it means, per what of the event."""
    of = OF[row["outcome"]].format(column=column, factor=row["factor"])
    return unit_of(Question("distributed_lag", replace(case.design, outcome=of), case.target))


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge the ways that do not depend on the unit, by sign and significance."""
    mine = [line for line in lines if line.part == WITHOUT_UNIT]
    if not mine:
        failed = dict.fromkeys(line.note for line in lines if line.role == "not made")
        return Finding("cannot tell", f"Nothing could be made: {first_few(failed)}.")
    found = judge_variations(case, mine)
    said = [f"{_sized(case, line)} (p = {line.p_value:.3g})" for line in made(mine, "other")]
    words = [found.words, *([f"Each by itself: {'; '.join(said)}."] if said else [])]
    logs = [line for line in made(lines, "other") if line.part == DEPENDS and not np.isnan(line.position)]
    if len(logs) > 1:
        low, high = (choose(logs, key=lambda line: line.estimate) for choose in (min, max))
        words.append(
            f"100 times the coefficient of log(1 + a y) runs from {low.estimate:.3g} at a = {low.position:g} to "
            f"{high.estimate:.3g} at a = {high.position:g}: it is no percentage, and is not counted."
        )
    return Finding(found.answer, " ".join(words))


def _sized(case: Case, line: Line) -> str:
    """Say a number with its unit."""
    column = _settings(case).column
    return {
        "any": f"any {column} {line.estimate:+.3g} percentage points",
        "count": f"count {line.estimate:+.3g} {column}",
        "Poisson": f"Poisson {line.estimate:+.3g}%",
    }[line.label]


CHECK = Check(
    name=NAME,
    title="How zeros are treated",
    question="Does the headline depend on how an outcome with many zeros is measured?",
    reading="Whether there is any, how many, and the count by Poisson compare by sign and significance: each has its "
    "own unit. The coefficient of log(1 + y) is no percentage: counted in another unit, any size can be had where the "
    "event turns zeros into positive values (Chen and Roth 2024, doi:10.1093/qje/qjad054); the figure shows it, and "
    "the finding leaves it out, as it does the logarithm of positive values, whose rows the outcome itself selects.",
    parts=parts,
    judge=judge,
    draw=by_unit,
)
