"""Results and tables for a terminal of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd

from eventpanel.reports.results import Result
from eventpanel.reports.tables import number

__all__ = ["aligned", "result_text", "wrapped"]

WIDTH = 79
NUMBERS = ("estimate", "std_error", "p_value", "conf_low", "conf_high")
HEAD = ("", *NUMBERS)


def wrapped(text: str, indent: str = "") -> str:
    """Fold a text at the width of a terminal, further lines indented."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def aligned(head: Sequence[str], rows: Sequence[Sequence[object]], indent: str = "  ") -> str:
    """Arrange cells in columns, the first to the left, the others to the right; heads break at underscores.

    Parameters
    ----------
    head : sequence of str
        Names of the columns.
    rows : sequence of sequences
        As many cells as the head; a missing number is left empty.
    indent : str
        Before every line.

    Examples
    --------
    >>> print(aligned(["unit", "not_covered"], [["KEN", 12], ["UGA", 3]]))
      unit      not
            covered
      KEN        12
      UGA         3
    """
    broken = [name.split("_") for name in head]
    height = max(map(len, broken))
    lines = [[*name, *[""] * (height - len(name))] for name in broken]
    cells = [[_cell(value) for value in row] for row in rows]
    columns = list(zip(*[*zip(*lines, strict=True), *cells], strict=True))
    widths = [max(map(len, column)) for column in columns]
    gap = " " if len(indent) + sum(widths) + 2 * len(widths) > WIDTH else "  "
    table = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in zip(*columns, strict=True)]
    return "\n".join((indent + gap.join(row)).rstrip() for row in table)


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return "" if pd.isna(value) else f"{value:.0f}"


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
