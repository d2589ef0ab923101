"""Texts and tables for a terminal of 80 columns; what only lists does not wait for pandas."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from math import isnan

__all__ = ["aligned", "wrapped"]

WIDTH = 79


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
    return "" if isnan(value) else f"{value:.0f}"
