"""Judging: what lines say of the headline, by rules that are the same for all checks and stated on the page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import binom

from eventpanel.datasets.errors import first_few, number
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Answer, Finding
from eventpanel.robustness.lines import Line, made, unmade
from eventpanel.robustness.variation import rests_on_few

__all__ = ["KEPT", "able", "is_most", "is_significant", "judge_placebos", "judge_tests", "judge_variations"]

# Variations: the headline holds where at least this share keeps sign and significance; it breaks where fewer than half
# keep the sign, or where the median is less than this share of the headline.
KEPT = 0.9
SHRUNK = 0.5
# A standard error of more than this many times that of the headline is that of a less precise estimate.
LONGER = 1.25
# P-values closer than this share of themselves, on as many rows, are those of the same estimate.
SAME = 1e-9
# How many are named.
NAMED = 3
RULES = (
    "Numbers that should stay. Holds: at least nine in ten keep the sign and leave zero out of their interval. Breaks: "
    "fewer than half keep the sign, or their median is below half of the headline or of the other sign. Weakens: "
    "anything between. Where no number is in the unit of the headline, only signs and intervals count. A row that is "
    "the headline itself does not count. Nor does one that is merely imprecise: at least half of the headline, with a "
    "standard error more than a quarter larger, and zero and the headline in its interval; where most are, nothing "
    "can be told.",
    "Numbers that should be nothing. Breaks: two or more are significant, and so many would be by chance less often "
    "than the level of the tests, were they independent. Weakens: one is significant even after Bonferroni's "
    "correction for their number. Holds: neither.",
    "Other tests of the headline. Holds: all reject. Weakens: at least half. Breaks: fewer. A test with too few draws "
    "or assignments to reject at all does not count.",
    "Cannot tell: the headline itself is not significant, nothing could be made, or fewer than half of what was asked.",
    "A check that judges by other numbers says so in its own text.",
    "Checks overlap, for several look at the same rows in another way, and each errs by chance: their number is no "
    "score. What each says is what counts. A check of numbers and not of the effect is not counted where it holds.",
)


def judge_variations(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge numbers that should stay what they are.

    Parameters
    ----------
    case : Case
    lines : sequence of Line
    """
    same, others = ([x for x in made(lines, role) if not _is_headline(case, x)] for role in ("variation", "other"))
    repeats = len(made(lines, "variation", "other")) - len(same) - len(others)
    failed, counted = unmade(lines), same or others
    if not counted:
        reasons = "; ".join(dict.fromkeys(f.note for f in failed)) or "every row is the headline itself"
        return Finding("cannot tell", f"Nothing could be made: {reasons}.")
    sign, imprecise = np.sign(case.headline.coef[0]), [line for line in same if _is_imprecise(case, line)]
    kept = [bool(np.sign(line.estimate) == sign) for line in counted]
    sure = [keeps and line.is_significant for keeps, line in zip(kept, counted, strict=True)]
    what = number(len(counted), "variation" if same else "estimate") + ("" if same else " in other units")
    verb = "keeps" if len(counted) == 1 else "keep"
    out = f"{sum(sure)} with an interval that leaves zero out{_only(counted, sure)}"
    words = [f"{sum(kept)} of {what} {verb} the sign, {out}.", *_range(case, same)]
    if imprecise:
        words.append(f"{len(imprecise)} too imprecise to count: as large, with a longer interval that holds zero.")
    if same and others:
        agree = sum(bool(np.sign(line.estimate) == sign) for line in others)
        words.append(f"In other units {agree} of {len(others)} have the same sign.")
    words += _few(case, [*same, *others])
    if repeats:
        words.append(f"{number(repeats, 'row')} {'is' if repeats == 1 else 'are'} the headline itself, not counted.")
    words += [f"{len(failed)} could not be made."] if failed else []
    telling = len(counted) - len(imprecise)
    if not is_most(telling, len(imprecise)) or not is_most(len(same) + len(others), len(failed)):
        return Finding("cannot tell", " ".join(words))
    ratio = float(np.median([line.estimate for line in same])) / float(case.headline.coef[0]) if same else 1.0
    return Finding(_answer(case, float(np.mean(kept)), sum(sure) / telling, ratio), " ".join(words))


def _range(case: Case, same: Sequence[Line]) -> list[str]:
    if not same:
        return []
    values = [line.estimate for line in same]
    return [
        f"They run from {min(values):.4g} to {max(values):.4g}, median {np.median(values):.4g}; the headline is "
        f"{_said(case)}."
    ]


def _is_imprecise(case: Case, line: Line) -> bool:
    """Whether a row lost its significance for its length alone: it is as large, and holds the headline and zero."""
    value, error = float(case.headline.coef[0]), float(case.headline.std_errors.iloc[0])
    alike = line.estimate / value >= SHRUNK and line.conf_low <= value <= line.conf_high
    return bool(alike and not line.is_significant and line.std_error > LONGER * error)


def _is_headline(case: Case, line: Line) -> bool:
    """Whether a row repeats the headline, in whatever unit."""
    one, p = case.headline, float(case.headline.pvalues.iloc[0])
    close = abs(line.p_value - p) <= SAME * p and (p > 0 or line.estimate == one.coef[0])
    return bool(close and line.nobs == one.nobs)


def is_most(found: int, failed: int) -> bool:
    """Whether at least half of what was asked could be made.

    Parameters
    ----------
    found, failed : int
    """
    return found >= failed


def _few(case: Case, lines: Sequence[Line]) -> list[str]:
    """Name those that rest on few rows; where all do, the check asks for it."""
    few = [f"{line.label} ({line.nobs:,.0f})" for line in lines if rests_on_few(case, line)]
    if not few or len(few) == len(lines):
        return []
    return [f"On fewer than half of the headline's {case.headline.nobs:,} rows rest: {_named(few)}."]


def _only(lines: Sequence[Line], sure: Sequence[bool]) -> str:
    """Name those that leave zero out where few do."""
    some = [line.label for line, is_sure in zip(lines, sure, strict=True) if is_sure]
    return f": {_named(some)}" if some and len(some) <= NAMED and len(some) < len(lines) / 2 else ""


def _named(labels: Sequence[str]) -> str:
    """List labels, which may hold commas."""
    rest = len(labels) - NAMED
    return "; ".join([*labels[:NAMED], *([f"and {rest} more"] if rest > 0 else [])])


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
        reasons = "; ".join(dict.fromkeys(f.note for f in failed)) or "none was asked for"
        return Finding("cannot tell", f"No placebo could be made: {reasons}.")
    alpha = case.alpha
    beyond = [line for line in placebos if line.p_value < alpha]
    verb = "is" if len(placebos) == 1 else "are"
    words = (
        f"{len(beyond)} of {number(len(placebos), 'placebo')} {verb} significant at {alpha:.3g}, where "
        f"{alpha * len(placebos):.2g} would be expected by chance"
        + (f": {first_few(line.label for line in beyond)}." if beyond else ".")
    )
    if not is_most(len(placebos), len(failed)):
        return Finding("cannot tell", f"{words} {len(failed)} could not be made.")
    if len(beyond) > 1 and binom.sf(len(beyond) - 1, len(placebos), alpha) < alpha:
        return Finding("breaks", words)
    alone = min(line.p_value for line in placebos) < alpha / len(placebos)
    return Finding("weakens" if alone else "holds", words)


def able(lines: Sequence[Line], alpha: float) -> list[Line]:
    """Keep tests that can reject: those by draws have a smallest p-value, which must not lie above the level.

    Parameters
    ----------
    lines : sequence of Line
    alpha : float
    """
    return [line for line in lines if np.isnan(line.draws) or _least(line) <= alpha]


def _least(line: Line) -> float:
    """Find the smallest p-value that draws allow; where all assignments are taken the data are one of them."""
    every = line.p_error == 0 and line.p_value < 1
    return 1 / line.draws if every else 1 / (1 + line.draws)


def judge_tests(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge p-values of the headline by other ways of inference.

    Parameters
    ----------
    case : Case
    lines : sequence of Line
    """
    asked, alpha = made(lines, "test"), case.alpha
    tests = able(asked, alpha)
    if not tests:
        why = f"too few draws for a p-value of {alpha:.3g}" if asked else "none could be made"
        return Finding("cannot tell", f"No test can be judged: {why}.")
    beyond = [line for line in tests if line.p_value <= alpha]
    largest = max(tests, key=lambda line: line.p_value)
    verb = "rejects" if len(tests) == 1 else "reject"
    words = (
        f"{len(beyond)} of {number(len(tests), 'test')} {verb} at {alpha:.3g}; the largest p-value is "
        f"{largest.p_value:.3g} ({largest.label})."
    )
    failed = [line for line in lines if line.role == "not made"]
    if not is_significant(case) or not is_most(len(tests), len(failed)):
        return Finding("cannot tell", words)
    share = len(beyond) / len(tests)
    return Finding("holds" if share == 1 else "weakens" if share >= SHRUNK else "breaks", words)
