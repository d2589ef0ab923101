"""Regression tables as Markdown and LaTeX: event times in rows, groups and their difference in columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.inference import cumulative
from eventpanel.estimators.path import Term
from eventpanel.reports.results import Result

__all__ = ["Grid", "grid", "latex", "latex_grids", "markdown", "markdown_grids", "number"]

LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of texts, ready to be printed.

    Attributes
    ----------
    title : str
    columns : tuple of str
        Column heads, the first one empty.
    rows : tuple of tuple of str
        A coefficient, its standard error in brackets on the row below.
    counts : tuple of tuple of str
        Rows, clusters, clusters with an event, mean of the outcome.
    notes : tuple of str
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    counts: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def grid(result: Result) -> Grid:
    """Arrange a result as a table."""
    groups = [(path, group) for path in result.paths for group in path.groups]
    rows: list[tuple[str, ...]] = []
    for event_time, binned in _times(result.estimate):
        cells = [_cell(path, event_time, group) for path, group in groups]
        rows += _pair(_row_name(event_time, binned=binned), cells)
    sums = {path: cumulative(path) for path in result.paths}
    totals = [_number(sums[path], path.groups.index(group)) for path, group in groups]
    rows += _pair("Sum of the path", totals)
    for term in result.estimate.terms:
        if term.event_time is None:
            cell = _number(result.estimate, result.estimate.terms.index(term))
            name = str(term) if len(groups) == 1 else f"{term} (all groups)"
            rows += _pair(name, [cell] + [("", "")] * (len(groups) - 1))
    columns = ("", *[group or result.estimate.design.outcome for _, group in groups])
    return Grid(result.title, columns, tuple(rows), _counts(result, groups), _notes(result))


def _times(estimate: Estimate) -> list[tuple[int, bool]]:
    terms = [*estimate.path, *estimate.reference]
    return sorted({(t.event_time, t.binned) for t in terms if t.event_time is not None})


def _row_name(event_time: int, *, binned: bool) -> str:
    text = str(Term("", event_time, "", binned)).removeprefix(", ")
    return text[0].upper() + text[1:]


def _cell(path: Estimate, event_time: int, group: str) -> tuple[str, str]:
    for index, term in enumerate(path.terms):
        if term.event_time == event_time and term.group == group:
            return _number(path, index)
    if any(t.event_time == event_time and t.group == group for t in path.reference):
        return "0", "(reference)"
    return "", ""


def number(value: float, scale: float = np.nan) -> str:
    """Four decimals, or three digits where these would hide a small number or swell a large one; empty if missing.

    Parameters
    ----------
    value : float
    scale : float
        What is small or large here, such as the standard error; the value itself if missing.

    Examples
    --------
    >>> number(0.07304), number(-0.000002), number(-0.000002, 0.02), number(float("nan"))
    ('0.0730', '-2e-06', '-0.0000', '')
    """
    if np.isnan(value):
        return ""
    size = abs(value) if np.isnan(scale) else scale
    return f"{value:.4f}" if size == 0 or 0.001 <= size < 100_000 else f"{value:.3g}"


def _number(path: Estimate, index: int) -> tuple[str, str]:
    error = path.std_errors.iloc[index]
    return number(path.coef[index], error), f"({number(error) or 'n.a.'})"


def _pair(name: str, cells: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    return [(name, *[value for value, _ in cells]), ("", *[error for _, error in cells])]


def _counts(result: Result, groups: Sequence[tuple[Estimate, str]]) -> tuple[tuple[str, ...], ...]:
    by_group = {str(row["group"]): row for row in result.estimate.by_group.to_dict("records")}
    what = "Clusters" if result.estimate.design.covariance.ways else "Units"
    names = {"rows": "Rows", "clusters": what, "treated_clusters": f"{what} with an event"}
    rows = [
        (name, *[f"{by_group[group][key]}" if group in by_group else "" for _, group in groups])
        for key, name in names.items()
    ]
    means = [number(by_group[group]["outcome_mean"]) if group in by_group else "" for _, group in groups]
    return (*rows, ("Mean of the outcome", *means))


def _notes(result: Result) -> tuple[str, ...]:
    estimate = result.estimate
    outcome = (
        f"Outcome: {estimate.design.outcome}. Event: {estimate.design.event.describe()}. Standard errors in brackets."
    )
    return (outcome, *result.notes)


def markdown(results: Sequence[Result], title: str, label: str) -> str:
    """All results as one Markdown page.

    Parameters
    ----------
    results : sequence of Result
    title, label : str
        Head of the page, and what the data are.
    """
    return markdown_grids([grid(result) for result in results], title, label)


def markdown_grids(grids: Sequence[Grid], title: str, label: str) -> str:
    """Tables as one Markdown page.

    Parameters
    ----------
    grids : sequence of Grid
    title, label : str
        Head of the page, and what the data are.
    """
    parts = [f"# {_plain(title)}", f"**{_plain(label)}**"]
    for table in grids:
        head = "| " + " | ".join(_plain(c) for c in table.columns) + " |"
        rule = "|:--|" + "--:|" * (len(table.columns) - 1)
        body = ["| " + " | ".join(_plain(c) for c in row) + " |" for row in (*table.rows, *table.counts)]
        notes = [f"- {_plain(note)}" for note in table.notes]
        parts += [f"## {_plain(table.title)}", "\n".join([head, rule, *body]), "\n".join(notes)]
    return "\n\n".join(parts) + "\n"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is: on one line, none of its signs or of HTML's at work."""
    return re.sub(r"([\\`*_{}\[\]|#])", r"\\\1", _one_line(text)).replace("&", "&amp;").replace("<", "&lt;")


def latex(results: Sequence[Result], title: str, label: str) -> str:
    """All results as LaTeX tables; needs the packages booktabs and threeparttable.

    Parameters
    ----------
    results : sequence of Result
    title, label : str
        Comment at the top; the label, what the data are, stands under every table too.
    """
    return latex_grids([grid(result) for result in results], title, label)


def latex_grids(grids: Sequence[Grid], title: str, label: str) -> str:
    """Tables in LaTeX; needs the packages booktabs and threeparttable.

    Parameters
    ----------
    grids : sequence of Grid
    title, label : str
        Comment at the top; the label, what the data are, stands under every table too.
    """
    parts = [f"% {_one_line(title)}", f"% {_one_line(label)}", r"% needs \usepackage{booktabs,threeparttable}"]
    for table in grids:
        lines = [
            r"\begin{table}[htbp]\centering",
            r"\begin{threeparttable}",
            rf"\caption{{{_tex(table.title)}}}",
            rf"\begin{{tabular}}{{l{'r' * (len(table.columns) - 1)}}}",
            r"\toprule",
            _tex_row(table.columns),
            r"\midrule",
            *[_tex_row(row) for row in table.rows],
            r"\midrule",
            *[_tex_row(row) for row in table.counts],
            r"\bottomrule",
            r"\end{tabular}",
            r"\begin{tablenotes}\footnotesize",
            rf"\item \textbf{{{_tex(label)}}}",
            *[rf"\item {_tex(note)}" for note in table.notes],
            r"\end{tablenotes}",
            r"\end{threeparttable}",
            r"\end{table}",
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _tex(text: str) -> str:
    return "".join(LATEX.get(character, character) for character in _one_line(text))


def _tex_row(cells: Sequence[str]) -> str:
    return " & ".join(_tex(cell) for cell in cells) + r" \\"
