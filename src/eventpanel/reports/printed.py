"""A result for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from eventpanel.reports.results import Result
from eventpanel.reports.tables import number
from eventpanel.reports.terminal import aligned, wrapped

__all__ = ["result_text"]

NUMBERS = ("estimate", "std_error", "p_value", "conf_low", "conf_high")
HEAD = ("", *NUMBERS)


def result_text(result: Result) -> str:
    """One result: title, a table for each group and for their difference, notes and tests."""
    estimate = result.estimate
    about = f"{estimate.design.outcome} on {estimate.design.event.describe()}"
    parts = [wrapped(f"== {result.title} ({result.name})"), wrapped(about)]
    for path in result.paths:
        table = path.tidy(result.level)
        parts += [_block(group, table[table["group"] == group]) for group in path.groups]
    others = estimate.tidy(result.level).query("event_time.isna()")
    if len(others):
        parts.append(_block("Other terms", others))
    return "\n".join([*parts, "", *map(wrapped, result.notes), ""])


def _block(name: str, table: pd.DataFrame) -> str:
    rows = [[_name(line), *_numbers(line)] for line in table.to_dict("records")]
    return f"\n{wrapped(name or 'All units')}\n{aligned(HEAD, rows)}"


def _name(line: dict[Hashable, Any]) -> str:
    name = line["variable"] if pd.isna(line["event_time"]) else line["term"].removeprefix(f"{line['variable']}, ")
    role = "" if line["role"] == "estimate" else f" ({line['role']})"
    return str(name).removesuffix(f" [{line['group']}]") + role


def _numbers(line: dict[Hashable, Any]) -> list[str]:
    p_value = "" if pd.isna(line["p_value"]) else f"{line['p_value']:.4f}"
    return [p_value if key == "p_value" else number(line[key], line["std_error"]) for key in NUMBERS]
