"""What a specification curve says of the headline: the joint tests of its family, and how many keep its sign."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventpanel.datasets.errors import first_few, number
from eventpanel.robustness.case import Case, Question
from eventpanel.robustness.check import Answer, Finding
from eventpanel.robustness.judge import KEPT, able, is_most, is_significant
from eventpanel.robustness.lines import Line, made
from eventpanel.robustness.variation import unit_of

__all__ = ["JOINT", "UNTESTED", "family_of", "judge_curve"]

JOINT = "joint test"
UNTESTED = "not in the joint test"


def family_of(question: Question) -> str:
    """Name what a specification estimates; only within it do numbers compare.

    Parameters
    ----------
    question : Question
    """
    return f"{unit_of(question)}, {question.target.describe()}"


def judge_curve(case: Case, lines: Sequence[Line], refused: int) -> Finding:
    """Judge the family of the headline by its joint tests, and by how many specifications keep the sign.

    Parameters
    ----------
    case : Case
    lines : sequence of Line
        Joint tests and specifications.
    refused : int
        Combinations that were left out.
    """
    family = family_of(case.question)
    mine = [line for line in made(lines, "variation", "other") if line.part == family]
    joint = [line for line in made(lines, "test") if line.part == f"{JOINT}: {family}"]
    if not joint:
        return Finding("cannot tell", _untested(mine, lines))
    sign, alpha = np.sign(float(case.headline.coef[0])), case.alpha
    kept = float(np.mean([np.sign(line.estimate) == sign for line in mine]))
    sure = float(np.mean([np.sign(line.estimate) == sign and line.p_value < alpha for line in mine]))
    told = "; ".join(f"{t.label} {t.estimate:.3g}, p = {t.p_value:.3g}" for t in joint)
    middle = float(np.median([line.estimate for line in mine]))
    words = (
        f"{len(mine)} specifications estimate the headline's quantity: median {middle:.4g}, {kept:.0%} with its sign, "
        f"{sure:.0%} also significant at {alpha:.3g}. Together, against no effect: {told}."
    )
    rest = len(made(lines, "variation", "other")) - len(mine)
    if rest:
        words += f" {rest} more estimate other quantities and are tested apart."
    untested = sum(line.note.startswith(UNTESTED) for line in mine)
    if untested:
        words += f" {untested} of them could not be drawn and are not in the joint test."
    if refused:
        words += f" {number(refused, 'combination')} left out or the same as another: curve_refused.csv says why."
    return Finding(_answer(case, joint, kept, is_whole=is_most(len(mine) - untested, untested)), words)


def _answer(case: Case, joint: Sequence[Line], kept: float, *, is_whole: bool) -> Answer:
    tests = able(joint, case.alpha)
    if not is_significant(case) or not tests or not is_whole:
        return "cannot tell"
    reject = [t.p_value <= case.alpha for t in tests]
    if not any(reject):
        return "breaks"
    return "holds" if all(reject) and kept >= KEPT else "weakens"


def _untested(mine: Sequence[Line], lines: Sequence[Line]) -> str:
    """Say how many were estimated, and what stood against drawing them."""
    against = dict.fromkeys(
        line.note.rstrip(".") for line in lines if line.note and not line.note.startswith("drawn: ")
    )
    why = f": {first_few(against, 2)}" if against else ""
    many = number(len(mine), "specification")
    return f"{many} of the headline's quantity could be estimated. No joint test could be made{why}."
