"""Summary: one row a check, and every setting in force, as texts for page, Markdown and LaTeX."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel

from eventpanel.estimators.core.arrays import Floats
from eventpanel.reports.tables import Grid
from eventpanel.robustness.case import Case
from eventpanel.robustness.lines import Line, Role, made
from eventpanel.robustness.plan import Checked, Plan
from eventpanel.robustness.verdict import headline_in_words, not_shown_in_words, verdict_in_words

__all__ = ["chance", "settings", "short", "summary"]

# What a check is summed up by: the first of these that it has.
ROLES: tuple[Role, ...] = ("variation", "placebo", "other", "test", "size")


def short(value: float) -> str:
    """Four digits; empty if missing.

    Parameters
    ----------
    value : float

    Examples
    --------
    >>> short(0.123456), short(float("nan"))
    ('0.1235', '')
    """
    return "" if np.isnan(value) else f"{value:.4g}"


def chance(line: Line) -> str:
    """Say a p-value; one of zero out of so many draws is less than one of them.

    Parameters
    ----------
    line : Line
    """
    return f"< {1 / line.draws:.2g}" if line.p_value == 0 and line.draws > 0 else short(line.p_value)


def summary(case: Case, plan: Plan, checked: Sequence[Checked]) -> Grid:
    """One row a check: its answer, how many numbers it rests on, their range, how many are significant.

    Parameters
    ----------
    case : Case
    plan : Plan
    checked : sequence of Checked
    """
    rows: list[tuple[str, ...]] = [
        (one.check.title, one.finding.answer, *_numbers(case, one.found.lines)) for one in checked
    ]
    rows += [(check.title, "not made", "", "", "", "") for check, _ in plan.without]
    notes = [headline_in_words(case), verdict_in_words(case, plan, checked)]
    notes += [f"{one.check.title}: {one.finding.answer}. {one.finding.words}" for one in checked]
    notes += [f"{check.title}: not made. {reason}" for check, reason in plan.without]
    head = ("", "Answer", "Numbers", "Range", "Median", f"p below {_alpha(case)}")
    shown = ": the headline does not show what was predicted" if not_shown_in_words(case) else ""
    return Grid(f"Robustness of {case.target.describe()}{shown}", head, tuple(rows), (_own(case),), tuple(notes))


def _own(case: Case) -> tuple[str, ...]:
    one = case.headline
    return (
        "Headline",
        "",
        "1",
        f"{one.coef[0]:.4g} (s.e. {one.std_errors.iloc[0]:.3g})",
        "",
        f"p = {one.pvalues.iloc[0]:.3g}",
    )


def _alpha(case: Case) -> str:
    return f"{case.alpha:.3g}"


def _numbers(case: Case, lines: Sequence[Line]) -> tuple[str, str, str, str]:
    """Count, range, median and significance of the numbers that a check rests on; p-values where it has only these."""
    shown = next((found for role in ROLES if (found := made(lines, role))), [])
    if not shown:
        return "", "", "", ""
    tests = shown[0].role == "test"
    values = np.array([line.p_value if tests else line.estimate for line in shown])
    values = values[~np.isnan(values)]
    kind = "p = " if tests else ""
    compared = len({line.unit for line in shown}) == 1 and len(values) > 0
    sure = sum(line.p_value < case.alpha for line in shown)
    return (
        f"{len(shown)}",
        kind + " to ".join(dict.fromkeys(_ends(shown, values, tests=tests))) if compared else "",
        f"{kind}{np.median(values):.4g}" if compared else "",
        "" if all(np.isnan(line.p_value) for line in shown) else f"{sure} of {len(shown)}",
    )


def _ends(shown: Sequence[Line], values: Floats, *, tests: bool) -> tuple[str, str]:
    if not tests:
        return short(values.min()), short(values.max())
    told = [line for line in shown if not np.isnan(line.p_value)]
    low, high = (choose(told, key=lambda line: line.p_value) for choose in (min, max))
    return chance(low), chance(high)


def settings(section: BaseModel, start: str = "robustness") -> list[tuple[str, str, str]]:
    """Every setting in force: key as in the study file, value, and whether it is the default.

    Parameters
    ----------
    section : BaseModel
    start : str
        Key of the table.
    """
    rows: list[tuple[str, str, str]] = []
    for name in type(section).model_fields:
        value, key = getattr(section, name), f"{start}.{name}"
        if isinstance(value, BaseModel):
            rows += settings(value, key)
        elif name == "axes" and isinstance(value, dict):
            rows += [
                (f"{key}.{axis}", f"{option}: {_said(changes)}", "set")
                for axis, options in value.items()
                for option, changes in options.items()
            ]
        else:
            default = type(section).model_fields[name].get_default(call_default_factory=True)
            rows.append((key, _said(value), "default" if value == default else "set"))
    return rows


def _said(value: Any) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)
