"""Judging: what lines say of the headline, by rules that are the same for all checks and stated on the page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Answer, Finding
from eventpanel.robustness.lines import Line, made, unmade

__all__ = ["judge_placebos", "judge_tests", "judge_variations"]

# Variations: the headline holds where at least this share keeps sign and significance; it breaks where fewer than half
# keep the sign, or where the median is less than this share of the headline.
KEPT, SHRUNK = 0.9, 0.5
RULES = (
    "Numbers that should stay. Holds: at least nine in ten keep the sign and leave zero out of their interval. Breaks: "
    "fewer than half keep the sign, or their median is below half of the headline or of the other sign. Weakens: "
    "anything between. Where no number is in the unit of the headline, only signs and intervals count.",
    "Numbers that should be nothing. Breaks: more than twice as many are significant as chance would give, and more "
    "than one. Weakens: more than chance would give. Holds: no more than that.",
    "Other tests of the headline. Holds: all reject. Weakens: at least half. Breaks: fewer.",
    "Cannot tell: the headline itself is not significant, or nothing could be made.",
    "A check that judges by other numbers says so in its own text.",
)


def judge_variations(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge numbers that should stay what they are.

    Parameters
    ----------
    case : Case
    lines : sequence of Line
    """
    same, sign = made(lines, "variation"), np.sign(case.headline.coef[0])
    others, failed = made(lines, "other"), unmade(lines)
    if not same and not others:
        return Finding(
            "cannot tell", "Nothing could be made: " + "; ".join(dict.fromkeys(f.note for f in failed)) + "."
        )
    counted = same or others
    kept = [bool(np.sign(line.estimate) == sign) for line in counted]
    sure = [keeps and line.is_significant for keeps, line in zip(kept, counted, strict=True)]
    middle = float(np.median([line.estimate for line in counted]))
    words = [
        f"{sum(kept)} of {len(counted)} {'variations' if same else 'estimates in other units'} keep the sign, "
        f"{sum(sure)} with an interval that leaves zero out."
    ]
    if same:
        low, high = min(line.estimate for line in same), max(line.estimate for line in same)
        words.append(f"They run from {low:.4g} to {high:.4g}, median {middle:.4g}; the headline is {_said(case)}.")
    if same and others:
        agree = sum(bool(np.sign(line.estimate) == sign) for line in others)
        words.append(f"In other units {agree} of {len(others)} have the same sign.")
    if failed:
        words.append(f"{len(failed)} could not be made.")
    ratio = middle / float(case.headline.coef[0]) if same else 1.0
    return Finding(_answer(case, float(np.mean(kept)), float(np.mean(sure)), ratio), " ".join(words))


def _answer(case: Case, kept: float, sure: float, ratio: float) -> Answer:
    if not is_significant(case):
        return "cannot tell"
    if kept < 0.5 or ratio < SHRUNK:
        return "breaks"
    return "holds" if sure >= KEPT else "weakens"


def is_significant(case: Case) -> bool:
    """Whether the interval of the headline leaves zero out.

    Parameters
    ----------
    case : Case
    """
    bounds = case.headline.conf_int(case.level).iloc[0]
    return bool(bounds["lower"] > 0 or bounds["upper"] < 0)


def _said(case: Case) -> str:
    one = case.headline
    return f"{one.coef[0]:.4g} (s.e. {one.std_errors.iloc[0]:.3g})"


def judge_placebos(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge numbers that should be nothing.

    Parameters
    ----------
    case : Case
    lines : sequence of Line
    """
    placebos, failed = made(lines, "placebo"), unmade(lines)
    if not placebos:
        return Finding("cannot tell", "No placebo could be made: " + "; ".join(dict.fromkeys(f.note for f in failed)))
    alpha = 1 - case.level
    beyond = [line for line in placebos if line.p_value < alpha]
    expected = alpha * len(placebos)
    words = (
        f"{len(beyond)} of {len(placebos)} placebos are significant at {alpha:.0%}, where {expected:.2g} are expected "
        "by chance" + (f": {', '.join(line.label for line in beyond[:5])}." if beyond else ".")
    )
    if len(beyond) > max(1.0, 2 * expected):
        return Finding("breaks", words)
    return Finding("weakens" if len(beyond) > max(expected, 0.5) else "holds", words)


def judge_tests(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge p-values of the headline by other ways of inference.

    Parameters
    ----------
    case : Case
    lines : sequence of Line
    """
    tests = made(lines, "test")
    if not tests:
        return Finding("cannot tell", "No test could be made.")
    alpha = 1 - case.level
    beyond = [line for line in tests if line.p_value < alpha]
    largest = max(tests, key=lambda line: line.p_value)
    words = (
        f"{len(beyond)} of {len(tests)} tests reject at {alpha:.0%}; the largest p-value is {largest.p_value:.3g} "
        f"({largest.label})."
    )
    if not is_significant(case):
        return Finding("cannot tell", words)
    share = len(beyond) / len(tests)
    return Finding("holds" if share == 1 else "weakens" if share >= SHRUNK else "breaks", words)
