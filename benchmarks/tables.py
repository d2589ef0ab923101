"""Rows as a table of text, and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.harness import Row

HEAD = ("work", "peer", "ours", "peer's", "ratio", "target", "met", "ours min", "peer's min", "limit", "agree", "note")
VERDICTS = {True: "yes", False: "NO", None: "?"}


def text(rows: Sequence[Row]) -> str:
    """Table of aligned columns."""
    cells = [HEAD, *map(_cells, rows)]
    widths = [max(len(row[j]) for row in cells) for j in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def markdown(rows: Sequence[Row]) -> str:
    """Table in Markdown."""
    lines = [HEAD, ("---",) * len(HEAD), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.work,
        row.peer or "-",
        _seconds(row.ours_s),
        _seconds(row.peer_s),
        "-" if row.ratio is None else f"{row.ratio:.3g}",
        row.target,
        VERDICTS[row.met],
        _seconds(row.ours_min_s),
        _seconds(row.peer_min_s),
        _seconds(row.limit_s),
        "-" if row.agreement is None else f"{row.agreement:.0e}",
        row.note,
    )


def _seconds(value: float | None) -> str:
    if value is None:
        return "-"
    for unit, scale in (("us", 1e6), ("ms", 1e3)):
        if value * scale < 1000:
            return f"{value * scale:.3g} {unit}"
    return f"{value:.3g} s"
