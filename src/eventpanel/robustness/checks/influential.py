"""Influential: how few clusters would have to go for the headline to fall."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import NotAvailableError, first_few
from eventpanel.estimators.core.arrays import Mask
from eventpanel.estimators.design import cluster_name
from eventpanel.estimators.influential import Dropping, drop_influential
from eventpanel.estimators.moderator import groups_or_one
from eventpanel.estimators.parts import parts_of
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Answer, Check, Finding, Part
from eventpanel.robustness.figures.left_out import dropped
from eventpanel.robustness.judge import is_significant
from eventpanel.robustness.lines import Found, Line, Row, line_of_row, unmade
from eventpanel.robustness.variation import headline, unit_of

__all__ = ["CHECK"]

NAME = "influential"
NEEDED = "how many have to go"
# Up to this share of all is few. One country of a hundred is a story of that country; a quarter of them is a sample.
FEW = 0.05


def _aims(case: Case) -> dict[str, str]:
    """Put in words what is to fall, as drop_influential calls it."""
    level = f"{100 * case.alpha:.3g}%"
    return {
        "sign": "the sign changes",
        "significance": f"significance at {level} is lost",
        "opposite": f"the opposite sign becomes significant at {level}",
    }


def parts(case: Case) -> Sequence[Part]:
    """One part: all aims start from the same cross-products."""
    if not case.is_linear:
        raise NotAvailableError(
            f"Influence is known for a distributed lag; the headline is made by {case.question.estimator}.",
            "[robustness] estimate",
            "see the check leave_out, which estimates again",
        )
    return [Part(NAME, _by(case), _dropped)]


def _by(case: Case) -> str:
    return case.section.influential.by or cluster_name(case.panel, case.design)


def _dropped(case: Case) -> Found:
    by = _by(case)
    found = drop_influential(case.panel, case.design, case.target, case.section.influential.most, by, level=case.level)
    every = len(parts_of(case.panel, case.design, by).among(_under_test(case)).labels)
    paths = _paths(case, found)
    lines = [_line(case, part, row) for part, path in paths.items() for row in path if row["dropped"]]
    return Found((headline(case, NAME), *_needed(case, found, every), *lines))


def _paths(case: Case, found: Dropping) -> dict[str, Sequence[Row]]:
    """Rows by aim; an order that all aims share is told once."""
    curves = {aim: found.curve[found.curve["aim"] == aim] for aim in _aims(case)}
    if len({tuple(curve["left_out"]) for curve in curves.values()}) == 1:
        return {"whatever the aim": curves["sign"].to_dict("records")}
    return {f"aim: {_aims(case)[aim]}": curve.to_dict("records") for aim, curve in curves.items()}


def _under_test(case: Case) -> Mask:
    """Rows of the sample in the groups of the headline, shape (rows of the panel,)."""
    groups, target = groups_or_one(case.panel, case.design.moderator), case.target
    return case.estimate.sample & (groups.of(target.group) | groups.of(target.minus))


def _needed(case: Case, found: Dropping, every: int) -> list[Line]:
    """One line an aim: how many of all have to go."""
    blank = Line(
        NAME, NEEDED, "", "size", f"how many have to go, by {_by(case)}", f"of {every}", n_clusters=float(every)
    )
    lines, most = [], case.section.influential.most
    for row in found.needed.to_dict("records"):
        enough = not pd.isna(row["dropped"])
        note = first_few(row["left_out"], most) if enough else f"not within {most} dropped"
        count = float(row["dropped"]) if enough else np.nan
        lines.append(blank._replace(label=_aims(case)[row["aim"]], estimate=count, position=float(most), note=note))
    return lines


def _line(case: Case, part: str, row: Row) -> Line:
    blank = Line(
        NAME,
        part,
        f"{row['dropped']}: {row['left_out']}",
        "variation",
        case.target.describe(),
        unit_of(case.question),
        position=float(row["dropped"]),
        note=f"{row['rows']} rows dropped so far",
    )
    return line_of_row(blank, row, case.level)


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge by the share that has to go."""
    needed = {line.label: line for line in lines if line.part == NEEDED}
    if not needed:
        failed = [line.note for line in unmade(lines)]
        return Finding("cannot tell", f"Nothing could be dropped: {first_few(dict.fromkeys(failed))}.")
    every = next(iter(needed.values())).n_clusters
    words = f"Dropped by {_by(case)}, of which the headline rests on {every:.0f}."
    return Finding(_answer(case, needed), " ".join([words, *map(_words, needed.values())]))


def _words(line: Line) -> str:
    said, every = f"{line.label[0].upper()}{line.label[1:]}", line.n_clusters
    if np.isnan(line.estimate):
        some = f"the {line.position:.0f} most influential" if line.position < every - 2 else "as many as can be"
        return f"{said}: not with {some} dropped."
    if not line.estimate:
        return "The headline is not significant with all of them: nothing has to go for that."
    verb = "is" if line.estimate == 1 else "are"
    return f"{said} when {line.estimate:.0f} of {every:.0f} {verb} dropped ({line.estimate / every:.1%}: {line.note})."


def _answer(case: Case, needed: dict[str, Line]) -> Answer:
    if not is_significant(case):
        return "cannot tell"

    def is_few(aim: str) -> bool:
        line = needed[_aims(case)[aim]]
        return bool(line.estimate <= max(1.0, FEW * line.n_clusters))

    return "breaks" if is_few("sign") else "weakens" if is_few("significance") else "holds"


def tables(case: Case, found: Found) -> dict[str, pd.DataFrame]:
    """How many have to go for each aim, and which."""
    rows = [(x.label, x.estimate, x.estimate / x.n_clusters, x.note) for x in found.lines if x.part == NEEDED]
    return {"influential_needed": pd.DataFrame(rows, columns=["aim", "dropped", "share", "which"])}


CHECK = Check(
    name=NAME,
    title="The fewest that would have to go",
    question="How few clusters carry the headline: how many would have to be dropped for it to fall?",
    reading="The most influential are dropped one after another against the headline, which is estimated again exactly "
    "after each (Broderick, Giordano and Meager 2020, arXiv:2011.14999). The search is greedy: other sets of fewer may "
    f"do it, so the numbers are upper bounds. It breaks where one, or up to {FEW:.0%} of all, change the sign, and "
    "weakens where as few remove significance. That is a finding about these, not a proof that they are wrong.",
    parts=parts,
    judge=judge,
    draw=dropped,
    tables=tables,
)
