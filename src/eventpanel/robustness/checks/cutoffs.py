"""Cutoffs: the moderator cut elsewhere, at every value that leaves some units on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from eventpanel.datasets.errors import EventPanelError, NotAvailableError, first_few
from eventpanel.estimators.bands import simultaneous_critical
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.multivariate_t import largest_survival, standardise
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.joint import joined
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Check, Finding, Part
from eventpanel.robustness.figures.sweep import SIMULTANEOUS, sweep
from eventpanel.robustness.judge import judge_variations
from eventpanel.robustness.lines import Found, Line, line_of, made, not_made
from eventpanel.robustness.variation import headline, reason, unit_of, watched

__all__ = ["CHECK"]

NAME, PART = "cutoffs", "cutoff of the moderator"
# Without cutoffs in the study: whole numbers between these quantiles of the column, in the rows of the headline.
QUANTILES = (0.1, 0.9)
FEWEST = 3


class _Cut(NamedTuple):
    """A moderator, and where it is cut."""

    moderator: str
    cutoffs: tuple[float, ...]


def parts(case: Case) -> Sequence[Part]:
    """One part: a band for all cutoffs needs all estimates."""
    _cut(case)
    return [Part(NAME, PART, _sweep)]


def _cut(case: Case) -> _Cut:
    section, design = case.section.cutoffs, case.design
    used = [one for one in (design.moderator, *(m for m, _ in design.sample.among)) if one is not None]
    if section is not None:
        if section.moderator not in [one.name for one in used if one.below is not None]:
            raise NotAvailableError(
                f"The headline has no moderator {section.moderator!r} with a cutoff.",
                f"its moderators: {first_few(one.name for one in used) or 'none'}",
                "name one that has `below`",
            )
        return _Cut(section.moderator, tuple(dict.fromkeys(section.cutoffs)))
    if design.moderator is None or design.moderator.below is None:
        raise NotAvailableError("The headline has no moderator with a cutoff.", "", "there is nothing to move")
    values = case.panel.values(design.moderator.column)[case.estimate.sample]
    return _Cut(design.moderator.name, _even(values))


def _even(values: Floats) -> tuple[float, ...]:
    """Whole numbers between two quantiles; where there are hardly any, as on a scale from zero to one, quantiles."""
    low, high = np.nanquantile(values, QUANTILES)
    whole = np.arange(np.ceil(low), np.floor(high) + 1)
    chosen = whole if len(whole) >= FEWEST else np.unique(np.nanquantile(values, np.linspace(*QUANTILES, 9)))
    return tuple(chosen.tolist())


def _sweep(case: Case) -> Found:
    cut = _cut(case)
    tried = [_one(case, cut.moderator, cutoff) for cutoff in cut.cutoffs]
    estimates = [one for _, one in tried if one is not None]
    lines = (headline(case, NAME, PART), *(line for line, _ in tried))
    return Found((*lines, *_together(case, estimates)))


def _one(case: Case, moderator: str, cutoff: float) -> tuple[Line, Estimate | None]:
    label = f"{moderator} below {cutoff:g}"
    blank = Line(NAME, PART, label, "variation", case.target.describe(), unit_of(case.question), position=float(cutoff))
    one = watched(case, {"moderators": {moderator: {"below": cutoff}}})
    line = line_of(blank, one, case.level)
    if isinstance(one, str) or line.role == "not made":
        return line, None
    sides = "; ".join(f"{size.group or 'all'}: {size.clusters} clusters" for size in one.sizes)
    return line._replace(note=sides), one


def _together(case: Case, estimates: Sequence[Estimate]) -> tuple[Line, ...]:
    """Critical value of a band around all cutoffs, and the test of the largest t statistic."""
    if len(estimates) < 2:
        return ()
    blank = Line(NAME, PART, "all cutoffs at once", "size", SIMULTANEOUS)
    try:
        scale, correlation = standardise(joined(estimates).vcov)
    except EventPanelError as error:
        return (not_made(blank, reason(error)),)
    if np.isnan(scale).any():
        return (not_made(blank, "a cutoff has no variance"),)
    dof = min(float(one.dof[0]) for one in estimates)
    largest = float(np.abs(np.array([one.coef[0] for one in estimates]) / scale).max())
    told = f"largest |t| of {len(estimates)} cutoffs: {largest:.3g}, with {dof:g} degrees of freedom"
    return (
        blank._replace(estimate=simultaneous_critical(correlation, dof, case.level), dof=dof),
        blank._replace(
            role="test",
            quantity="p-value, largest |t|",
            p_value=largest_survival(largest, correlation, dof),
            dof=dof,
            note=told,
        ),
    )


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge the cutoffs as variations, and say where the band for all of them leaves zero out."""
    found = judge_variations(case, lines)
    critical = [line.estimate for line in lines if line.quantity == SIMULTANEOUS and not np.isnan(line.estimate)]
    if not critical:
        return found
    cuts = made(lines, "variation")
    beyond = [line.position for line in cuts if abs(line.estimate) > critical[0] * line.std_error]
    where = f": {first_few((f'{one:g}' for one in beyond), 12)}" if beyond else ""
    return Finding(
        found.answer,
        f"{found.words} A band for all {len(cuts)} cutoffs at once leaves zero out at {len(beyond)} of them{where}.",
    )


CHECK = Check(
    name=NAME,
    title="Where the moderator is cut",
    question="Does the headline depend on the cutoff that parts the groups?",
    reading="The same coefficient with the moderator cut at other values. Where the effect is there, moving the cutoff "
    "moves some units between the groups and the estimate a little; one lone cutoff that works would be a choice made "
    "by its result. Pointwise intervals hold one cutoff at a time, the dotted band all of them at once. Notes say how "
    "many clusters each side has: few on a side make a wide interval, not a zero.",
    parts=parts,
    judge=judge,
    draw=sweep,
)
