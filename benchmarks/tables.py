"""Rows as a table of text, and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.harness import Row

HEAD = ("work", "peer", "ours", "peer's", "ratio", "target", "met", "ours min", "peer's min", "limit", "agree", "note")
VERDICTS = {True: "yes", False: "NO", None: "?"}


def text(rows: Sequence[Row]) -> str:
    """Table of aligned columns."""
    return aligned([HEAD, *map(_cells, rows)])


def markdown(rows: Sequence[Row]) -> str:
    """Table in Markdown."""
    return piped([HEAD, *map(_cells, rows)])


def aligned(cells: Sequence[Sequence[str]]) -> str:
    """Lines of aligned columns; the first line is the head."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)


def piped(cells: Sequence[Sequence[str]]) -> str:
    """Lines of a table in Markdown; the first line is the head."""
    lines = [cells[0], ("---",) * len(cells[0]), *cells[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.work,
        row.peer or "-",
        seconds(row.ours_s),
        seconds(row.peer_s),
        "-" if row.ratio is None else f"{row.ratio:.3g}",
        row.target,
        VERDICTS[row.met],
        seconds(row.ours_min_s),
        seconds(row.peer_min_s),
        seconds(row.limit_s),
        "-" if row.agreement is None else f"{row.agreement:.0e}",
        row.note,
    )


def seconds(value: float | None) -> str:
    """Write a time in the unit that suits it."""
    if value is None:
        return "-"
    for unit, scale in (("us", 1e6), ("ms", 1e3)):
        if value * scale < 1000:
            return f"{value * scale:.3g} {unit}"
    return f"{value:.3g} s"
